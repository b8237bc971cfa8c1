"""FR-006: records over the network, to destinations that vanish and come back, and to a real rsyslog."""

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import flush, shutdown, stats

if TYPE_CHECKING:
    from conftest import Logs, Outcome

PATIENCE_S = 30
Run = Callable[..., "Outcome"]


class Collector:
    """A server on a port of its own that takes lines until the other side has ended, or `until` is in one."""

    def __init__(self, port: int = 0) -> None:
        self.listener = socket.create_server(("127.0.0.1", port))
        self.listener.settimeout(PATIENCE_S)
        self.port = self.listener.getsockname()[1]
        self.lines: list[str] = []

    def take(self, until: str | None = None) -> None:
        """Take one connection, then be gone."""
        connection, _ = self.listener.accept()
        connection.settimeout(PATIENCE_S)
        with connection, connection.makefile("rb") as stream:
            for line in stream:
                assert line.endswith(b"\n"), "a torn line"
                self.lines.append(line.decode())
                if until is not None and until in self.lines[-1]:
                    break
        self.listener.close()

    def taking(self, until: str | None = None) -> threading.Thread:
        """Do so on a thread."""
        thread = threading.Thread(target=self.take, args=(until,))
        thread.start()
        return thread

    def records(self) -> list[dict[str, Any]]:
        """Return what has come, each line whole."""
        return [json.loads(line) for line in self.lines]


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, stats()
        time.sleep(0.01)


def test_console_file_and_network_get_what_is_theirs(run_python: Run) -> None:
    """Several destinations at once, each with its own level, format and filter."""
    collector = Collector()
    taking = collector.taking()

    outcome = run_python(
        f"""
from metaexpert.logger import configure, get_logger
configure(handlers={{
    "console": {{"level": "ERROR", "format": "%(message)s"}},
    "net": {{"type": "tcp", "url": "tcp://127.0.0.1:{collector.port}", "filter": {{"category": "trade"}}}},
}})
log = get_logger("bot")
log.info("seen")
log.trade("filled", price=1.5)
log.error("failed")
"""
    )

    taking.join(PATIENCE_S)
    assert outcome.stdout.splitlines() == ["failed"]
    assert outcome.messages() == ["seen", "filled", "failed"]
    assert [(record["message"], record["price"]) for record in collector.records()] == [("filled", 1.5)]


def test_an_outage_of_a_second_loses_nothing(logs: "Logs") -> None:
    """What is logged while nobody is there arrives when somebody is, in order; the file waits for nothing."""
    collector = Collector()
    taking = collector.taking(until='"n":199')
    net = {"type": "tcp", "url": f"tcp://127.0.0.1:{collector.port}"}
    logs.configure(handlers={"net": net})
    for n in range(200):
        logs.logger.info("m", n=n)
    taking.join(PATIENCE_S)

    gone_at = time.monotonic()
    n = 200
    while time.monotonic() - gone_at < 1:
        logs.logger.info("m", n=n)
        n += 1
        time.sleep(0.001)
    eventually(lambda: stats().sinks["net"].problem is not None)
    eventually(lambda: len((logs.directory / "expert.log").read_text().splitlines()) == n)
    again = Collector(collector.port)
    taking = again.taking()
    assert flush(PATIENCE_S)
    seen = stats()
    assert shutdown(PATIENCE_S)
    taking.join(PATIENCE_S)

    got = [record["n"] for record in collector.records() + again.records()]
    assert n > 300
    assert sorted(set(got)) == list(range(n))
    assert got[200:] == sorted(got[200:])
    assert seen.sinks["net"].reconnects >= 1
    assert (seen.written, seen.dropped) == (seen.logged, 0)


def test_a_destination_that_never_was_costs_its_records_and_nothing_else(run_python: Run) -> None:
    """They are counted and told at the end, which comes in time; the file has everything."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    outcome = run_python(
        f"""
from metaexpert.logger import configure, get_logger, shutdown, stats
configure(handlers={{"console": None, "net": {{"type": "tcp", "url": "tcp://127.0.0.1:{port}"}}}})
for n in range(100):
    get_logger("bot").info("m", n=n)
assert not shutdown(20)
seen = stats()
print(seen.sinks["net"].dropped, seen.sinks["file"].written, seen.logged == seen.written + seen.dropped)
"""
    )

    assert outcome.stdout.split() == ["100", "100", "True"]
    assert [record["n"] for record in outcome.records()] == list(range(100))
    assert f"handler net (tcp://127.0.0.1:{port}): Connection refused" in outcome.stderr


def test_a_forked_child_has_a_connection_of_its_own(run_python: Run) -> None:
    """Parent and child each send whole lines, and the parent's connection ends with the parent."""
    outcome = run_python(
        """
import os, socket
from metaexpert.logger import configure, flush, get_logger, shutdown
listener = socket.create_server(("127.0.0.1", 0))
listener.settimeout(30)
url = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
configure(handlers={"console": None, "net": {"type": "tcp", "url": url}})
log = get_logger("bot")
log.info("parent")
assert flush(20)
parent = listener.accept()[0]
ready, go = os.pipe()
child = os.fork()
if child == 0:
    os.close(go)
    log.info("child")
    assert flush(20)
    os.read(ready, 1)
    assert shutdown(20)
    os._exit(0)
of_child = listener.accept()[0]
assert shutdown(20)
for stream in (parent, of_child):
    stream.settimeout(30)
print(parent.makefile().read().count('"parent"'))
os.close(go)
print(of_child.makefile().read().count('"child"'))
print(os.waitpid(child, 0)[1])
"""
    )

    assert outcome.stdout.split() == ["1", "1", "0"]


def test_udp_carries_a_record_a_packet(logs: "Logs") -> None:
    """Each is one JSON line without its line break."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(PATIENCE_S)
        logs.configure(
            handlers={"net": {"type": "udp", "url": f"udp://127.0.0.1:{receiver.getsockname()[1]}"}}
        )
        for n in range(20):
            logs.logger.info("m", n=n)
        packets = [receiver.recv(70_000) for _ in range(20)]

    assert [json.loads(packet)["n"] for packet in packets] == list(range(20))
    assert not any(packet.endswith(b"\n") for packet in packets)


class Rsyslog:
    """A real one on a UDP port, a TCP port and a Unix socket, writing into files of their names."""

    def __init__(self, program: str, directory: Path) -> None:
        self.directory = directory
        self.ports = {"udp": _free_port(socket.SOCK_DGRAM), "tcp": _free_port(socket.SOCK_STREAM)}
        self.socket = directory / "log.sock"
        rules = "\n".join(
            f'ruleset(name="{name}") {{ action(type="omfile" file="{directory}/{name}" template="parts") }}'
            for name in ("udp", "tcp", "unix")
        )
        template = 'template(name="parts" type="list") { property(name="jsonmesg") constant(value="\\n") }'
        text = f"""
global(workDirectory="{directory}" maxMessageSize="64k")
module(load="imudp") module(load="imtcp") module(load="imuxsock" sysSock.use="off")
{template}
{rules}
input(type="imudp" address="127.0.0.1" port="{self.ports["udp"]}" ruleset="udp")
input(type="imtcp" address="127.0.0.1" port="{self.ports["tcp"]}" ruleset="tcp")
input(type="imuxsock" socket="{self.socket}" ruleset="unix" useSpecialParser="off" parseHostname="on")
"""
        conf = directory / "rsyslog.conf"
        conf.write_text(text)
        command = [program, "-n", "-f", str(conf), "-i", str(directory / "pid")]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def url(self, way: str) -> str:
        """Return where it takes messages that way."""
        return f"unix://{self.socket}" if way == "unix" else f"{way}://127.0.0.1:{self.ports[way]}"

    def messages(self, way: str) -> list[dict[str, Any]]:
        """Return the messages that came that way, as it understood them."""
        path = self.directory / way
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def is_listening(self) -> bool:
        """Tell whether it is ready."""
        assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
        if not self.socket.exists():
            return False
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.ports["tcp"])) == 0


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture
def rsyslog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rsyslog]:
    """Return a running rsyslog."""
    program = shutil.which("rsyslogd", path="/usr/sbin:/usr/local/sbin:/usr/bin:/sbin")
    if program is None:
        pytest.skip("rsyslogd is not installed (Debian: apt-get install rsyslog)")
    running = Rsyslog(program, tmp_path_factory.mktemp("rsyslog"))
    try:
        eventually(running.is_listening)
        yield running
    finally:
        running.process.terminate()
        running.process.communicate(timeout=PATIENCE_S)


@pytest.mark.parametrize("way", ["udp", "tcp", "unix"])
def test_a_real_rsyslog_understands_every_part(way: str, rsyslog: Rsyslog, logs: "Logs") -> None:
    """Severity, category, program, structured data and message arrive as they were meant, also nasty ones."""
    logs.configure(handlers={"net": {"type": "syslog", "url": rsyslog.url(way)}})
    logs.logger.info("warm-up")
    nasty = 'quote " bracket ] backslash \\ line\nbreak цена'
    logs.logger.trade("Filled %s", nasty, note=nasty, price=1.5)
    for n in range(200):
        logs.logger.warning("m", n=n)
        # Packets that come faster than anybody reads them are lost, as UDP has it.
        if way == "udp":
            assert flush(PATIENCE_S)
    assert flush(PATIENCE_S)
    eventually(lambda: len(rsyslog.messages(way)) >= 202)

    messages = rsyslog.messages(way)
    trade, rest = messages[1], messages[2:]
    assert (trade["syslogfacility"], trade["syslogseverity"]) == ("1", "6")
    assert trade["msgid"] == "trade"
    assert trade["msg"].strip() == "Filled " + nasty.replace("\n", "\\n")
    assert trade["structured-data"].startswith('[fields@32473 module="bot" seq="')
    assert trade["structured-data"].endswith(r'line\\nbreak цена" price="1.5"]')
    assert [f'n="{n}"' in message["structured-data"] for n, message in enumerate(rest)] == [True] * 200
