"""FR-008: the control server's life in a process: its start, its end, and what it leaves alone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger.live import runtime_file
from support.command_process import environment
from support.control_harness import eventually

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]

BEGIN = """
import json, logging, os, signal, socket, sys, threading, time, urllib.request
from metaexpert.logger import ConfigurationError, configure, configuration, flush, get_logger, serve, shutdown

def get(url, path="/health"):
    with urllib.request.urlopen(url + path, timeout=20) as answer:
        return answer.status, json.load(answer)

def is_open(server):
    with socket.socket() as probe:
        return probe.connect_ex((server.host, server.port)) == 0
"""


@pytest.fixture(autouse=True)
def runtime_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for the runtime files of a test's processes."""
    directory = tmp_path / "run"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(directory))
    return directory / "metaexpert"


@contextmanager
def running(directory: Path, script: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program that prints a line when it is ready and ends when its input does."""
    program = directory / "program.py"
    program.write_text(
        textwrap.dedent(BEGIN + script) + "\nprint('ready', flush=True)\nsys.stdin.read()\n", encoding="utf-8"
    )
    process = subprocess.Popen(
        [sys.executable, str(program)],
        cwd=directory,
        env={**environment(), **env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        # Records on the console may come first, or between the word and the end of its line.
        is_ready = any("ready" in line for line in iter(process.stdout.readline, ""))
        assert is_ready, process.communicate()[1]
        yield process
    finally:
        process.communicate(timeout=30)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def post(port: int, change: dict[str, Any]) -> dict[str, Any]:
    """Send a change."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/logging/configure",
        json.dumps(change).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        document = json.load(answer)
    assert isinstance(document, dict)
    return document


def test_nothing_of_it_is_loaded_without_being_asked_for(run_python: Run) -> None:
    """A program without control loads no web server and starts no thread."""
    outcome = run_python(
        BEGIN
        + """
configure(handlers={"console": None})
print(sorted({"starlette", "uvicorn", "asyncio", "metaexpert.logger.control"} & set(sys.modules)))
print([thread.name for thread in threading.enumerate()])
"""
    )

    assert outcome.stdout.splitlines() == ["[]", "['MainThread']"]


def test_serving_configures_if_nobody_has(run_python: Run) -> None:
    """`serve()` alone gives a working server, and configures the logging that it controls."""
    outcome = run_python(
        BEGIN
        + """
server = serve()
print(get(server.url), server.host, server.port > 0, configuration().origin("default_level"))
"""
    )

    assert "(200, {'status': 'success', 'message': 'logging works'}) 127.0.0.1 True default" in outcome.stdout
    assert "The control server listens" in outcome.messages()


def test_the_server_leaves_the_logging_and_signals_of_the_program_alone(run_python: Run) -> None:
    """No handler, level or filter of uvicorn's loggers changes, and signal handlers stay."""
    outcome = run_python(
        BEGIN
        + """
def state():
    names = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
    loggers = [(l.level, l.handlers, l.propagate, l.disabled) for l in map(logging.getLogger, names)]
    return loggers, [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)], logging.getLevelName(5)
configure(handlers={"console": None}, default_level="DEBUG")
before = state()
server = serve()
for path in ("/health", "/metrics", "/logging/stats"):
    urllib.request.urlopen(server.url + path, timeout=20).read()
print(before == state())
"""
    )

    assert outcome.stdout == "True\n"
    assert {record["module"] for record in outcome.records()} <= {"metaexpert.logger.control", "asyncio"}


def test_a_second_call_keeps_or_replaces_the_server(run_python: Run) -> None:
    """The same address gives the same server, with the latest token; another address replaces it."""
    outcome = run_python(
        BEGIN
        + """
configure(handlers={"console": None})
first = serve()
print(serve(port=first.port) is first, serve(token="t0ken") is first, first.token)
second = serve("localhost")
print(second is first, get(second.url)[0])
first.stop()
print(is_open(first), is_open(second))
"""
    )

    assert outcome.stdout.splitlines() == ["True True t0ken", "False 200", "False True"]


def test_a_port_in_use_is_a_clear_error(run_python: Run) -> None:
    """It names host, port and what to do, and leaves the configuration in force whole."""
    outcome = run_python(
        BEGIN
        + """
taken = socket.create_server(("127.0.0.1", 0))
port = taken.getsockname()[1]
before = configure(handlers={"console": None})
for attempt in (lambda: serve(port=port), lambda: configure(default_level="ERROR", control={"port": port})):
    try:
        attempt()
    except ConfigurationError as error:
        print(str(error).replace(str(port), "PORT"))
print(configuration() is before, configuration().control)
"""
    )

    problem = (
        "control.port: cannot listen on 127.0.0.1, port PORT: Address already in use; "
        "use another port, or 0 for a free one"
    )
    assert outcome.stdout.splitlines() == [problem, problem, "True None"]


def test_an_address_beyond_this_machine_takes_a_token(run_python: Run) -> None:
    """Without one it is refused, from every source."""
    outcome = run_python(
        BEGIN
        + """
for attempt in (lambda: serve("0.0.0.0"), lambda: configure(control={"host": "0.0.0.0"})):
    try:
        attempt()
    except ConfigurationError as error:
        print(error)
print(serve("0.0.0.0", token="t0ken").url.startswith("http://127.0.0.1:"))
"""
    )

    problem = (
        'control.token must be given, since "0.0.0.0" is not this machine alone; '
        "give a token, or use the host 127.0.0.1"
    )
    assert [line for line in outcome.stdout.splitlines() if "listens" not in line] == [
        problem,
        problem,
        "True",
    ]


def test_the_configuration_starts_moves_and_stops_it(run_python: Run) -> None:
    """The table `control` is followed like any other setting; a server of `serve()` is not touched by it."""
    outcome = run_python(
        BEGIN
        + """
from metaexpert.logger.control import lifecycle
configure(handlers={"console": None}, control={})
first = lifecycle._control.server
configure(default_level="DEBUG")
print(lifecycle._control.server is first, get(first.url)[0])
configure(control={"token": "t0ken"})
print(lifecycle._control.server is first, first.token)
configure(control={"host": "localhost"})
second = lifecycle._control.server
first.stop()
print(second is first, is_open(first), is_open(second))
configure(control=None)
second.stop()
print(lifecycle._control.server, is_open(second))
own = serve()
configure(default_level="INFO")
print(lifecycle._control.server is own, is_open(own))
"""
    )

    assert outcome.stdout.splitlines() == [
        "True 200",
        "True t0ken",
        "False False True",
        "None False",
        "True True",
    ]


def test_the_environment_switches_it_on(tmp_path: Path) -> None:
    """`METAEXPERT_CONTROL=HOST:PORT` is all it takes: a running program is reconfigured from outside."""
    port = free_port()
    with running(
        tmp_path, "configure(handlers={'console': None})", METAEXPERT_CONTROL=f"127.0.0.1:{port}"
    ) as process:
        assert post(port, {"default_level": "DEBUG"})["status"] == "success"
        (expert,) = [each for each in runtime_file.running_processes() if each.pid == process.pid]
        assert (expert.port, expert.log_directory, expert.name) == (
            port,
            str(tmp_path / "logs"),
            "program.py",
        )


def test_the_runtime_file_goes_with_the_process(tmp_path: Path, runtime_directory: Path) -> None:
    """It exists while the server runs and is removed at the end; after a kill the next reader removes it."""
    with running(tmp_path, "serve()") as process:
        (path,) = runtime_directory.iterdir()
        assert path.name.startswith(f"{process.pid}-")
    assert list(runtime_directory.iterdir()) == []

    with running(tmp_path, "serve()") as process:
        process.kill()
    assert len(list(runtime_directory.iterdir())) == 1
    assert process.pid not in [each.pid for each in runtime_file.running_processes()]
    assert list(runtime_directory.iterdir()) == []


def test_a_program_ends_as_ever(run_python: Run) -> None:
    """A server with a connection open, and a temporary change, hold up no exit and lose no record."""
    outcome = run_python(
        BEGIN
        + """
configure(handlers={"console": None})
server = serve()
held = socket.create_connection((server.host, server.port))
from metaexpert.logger.live.changes import change
change({"include": ["run_id"], "ttl_seconds": 600})
for n in range(500):
    get_logger("bot").info("m", n=n)
sys.exit(3)
""",
        code=3,
    )

    assert [record["n"] for record in outcome.records() if record["message"] == "m"] == list(range(500))
    assert outcome.stderr == ""


def test_a_shutdown_stops_it_and_the_next_configuration_starts_it(run_python: Run) -> None:
    """`shutdown()` frees the port; `configure()` with `control` in force brings the server back."""
    outcome = run_python(
        BEGIN
        + """
from metaexpert.logger.control import lifecycle
configure(handlers={"console": None}, control={})
first = lifecycle._control.server
print(is_open(first), shutdown(10), is_open(first))
configure()
print(get(lifecycle._control.server.url)[0])
"""
    )

    assert outcome.stdout.splitlines() == ["True True False", "200"]


def test_a_forked_child_has_no_server(run_python: Run) -> None:
    """The child neither answers nor holds the port when its parent has stopped, and may configure."""
    outcome = run_python(
        BEGIN
        + """
configure(handlers={"console": None}, control={})
from metaexpert.logger.control import lifecycle
server = lifecycle._control.server
get(server.url)
ready, go = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    configure(default_level="DEBUG")
    get_logger("bot").info("from the child")
    os.write(ready[1], b"1" if lifecycle._control.server is None else b"0")
    os.read(go[0], 1)
    flush()
    os._exit(0)
print(os.read(ready[0], 1), get(server.url)[0])
server.stop()
print(is_open(server))
os.write(go[1], b"1")
os.waitpid(child, 0)
"""
    )

    assert outcome.stdout.splitlines() == ["b'1' 200", "False"]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_process_does_not_ask_for_the_port(method: str, run_python: Run) -> None:
    """Workers of multiprocessing configure as their parent did, without a server of their own."""
    outcome = run_python(
        f"""
import multiprocessing, sys
from metaexpert.logger import configure

def work():
    configure(handlers={{"console": None}})
    from metaexpert.logger.control import lifecycle
    sys.exit(0 if lifecycle._control.server is None else 1)

if __name__ == "__main__":
    configure(handlers={{"console": None}})
    worker = multiprocessing.get_context("{method}").Process(target=work)
    worker.start()
    worker.join()
    print(worker.exitcode)
""",
        env={"METAEXPERT_CONTROL": f"127.0.0.1:{free_port()}", "PYTHONWARNINGS": "ignore"},
    )

    assert outcome.stdout == "0\n"


def test_changes_under_load_lose_and_double_nothing(run_python: Run) -> None:
    """While four threads log, a hundred changes arrive over HTTP: every record is in exactly one file."""
    outcome = run_python(
        BEGIN
        + """
unrotated = {"max_size": 0}
configure(handlers={"console": None, "file": unrotated}, queue={"wait_ms": 20000, "protect_level": "DEBUG"})
server = serve()
done = threading.Event()
counts = {}
def work(name):
    log, n = get_logger(f"bot.{name}"), 0
    while not done.is_set() or n < 1000:
        log.info("m", who=name, n=n)
        n += 1
        if n % 20 == 0:
            time.sleep(0.001)  # leaves the interpreter to the others
    counts[name] = n
threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
for thread in threads: thread.start()
for number in range(100):
    file = {"filename": f"part{number % 7}.log"}
    change = {"handlers": {"file": file}, "include": [["run_id"], []][number % 2]}
    request = urllib.request.Request(server.url + "/logging/configure", json.dumps(change).encode(),
                                     {"content-type": "application/json"})
    assert json.load(urllib.request.urlopen(request, timeout=20))["status"] == "success"
done.set()
for thread in threads: thread.join()
assert flush(20)
print(json.dumps(counts))
"""
    )

    counts = json.loads(outcome.stdout)
    found: dict[str, list[int]] = {name: [] for name in counts}
    for path in sorted((outcome.directory / "logs").glob("*.log")):
        if path.name.startswith(("part", "expert")):
            for record in outcome.records(f"logs/{path.name}"):
                if record["message"] == "m":
                    found[record["who"]].append(record["n"])
    assert {name: sorted(numbers) for name, numbers in found.items()} == {
        name: list(range(count)) for name, count in counts.items()
    }


def test_a_hangup_reloads_a_program_with_a_file(tmp_path: Path) -> None:
    """SIGHUP reads the files of a running program again, and does not end it."""
    toml = tmp_path / "metaexpert.toml"
    toml.write_text('default_level = "ERROR"\n[control]\n[handlers]\nconsole = false\n')
    with running(tmp_path, "configure()") as process:
        (expert,) = [each for each in runtime_file.running_processes() if each.pid == process.pid]
        toml.write_text('default_level = "DEBUG"\n[control]\n[handlers]\nconsole = false\n')
        os.kill(process.pid, signal.SIGHUP)

        def level() -> str:
            with urllib.request.urlopen(f"{expert.url}/logging/configure", timeout=20) as answer:
                return str(json.load(answer)["default_level"])

        eventually(lambda: level() == "DEBUG", "the file holds")
        assert process.poll() is None


def test_a_hangup_ends_a_program_without_files(tmp_path: Path) -> None:
    """Where nothing is watched, SIGHUP does what it always did."""
    # A program that is started with `nohup`, as these tests may be, ignores it.
    script = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)
configure(handlers={"console": None})
"""
    with running(tmp_path, script) as process:
        os.kill(process.pid, signal.SIGHUP)
        assert process.wait(timeout=20) == -signal.SIGHUP


def test_a_flood_of_connections_is_bounded(run_python: Run) -> None:
    """Beyond a limit the oldest idle one is closed, so that the program's descriptors stay its own."""
    outcome = run_python(
        BEGIN
        + """
from metaexpert.logger.control.protocol import MAX_CONNECTIONS
configure(handlers={"console": None})
server = serve()
held = [socket.create_connection((server.host, server.port)) for _ in range(MAX_CONNECTIONS)]
print(get(server.url)[0])
try:
    print(held[0].recv(100))
except ConnectionError:
    print(b"")
print(len(server.connections) <= MAX_CONNECTIONS)
"""
    )

    assert outcome.stdout.splitlines() == ["200", "b''", "True"]
