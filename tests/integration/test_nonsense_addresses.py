"""A nonsensical name of a control server or a running expert ends in one line, not in a traceback."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from metaexpert.cli import control_client
from metaexpert.cli.app import run_command_line
from metaexpert.logger.live.runtime_file import RunningProcess, RuntimeFile

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory in which runtime files are."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "metaexpert").mkdir(mode=0o700)
    return tmp_path / "metaexpert"


@contextmanager
def answering(answer: bytes, *, is_slow: bool = False) -> Iterator[int]:
    """Have something at a port that gives every connection this answer."""
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                pieces = [bytes([each]) for each in answer] if is_slow else [answer]
                for piece in pieces:
                    try:
                        connection.sendall(piece)
                    except OSError:
                        break
                    if over.wait(0.02 if is_slow else 0):
                        break

    listener = socket.create_server(("127.0.0.1", 0))
    server = threading.Thread(target=serve)
    server.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        server.join(20)


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the only line on stderr."""
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "http://",
        "ftp://127.0.0.1:80",
        "file:///etc/passwd",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:-1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:port",
        "http://[::1",
        "http://[nonsense]:80",
        "http://user:password@127.0.0.1:80",
        "http://a b:80",
        "http://\u00fc:80",
        "http://\udcff:80",
        "http://127.0.0.1\x00:80",
        "://",
        "//127.0.0.1:80",
    ],
)
def test_what_is_no_url_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the exit code of bad input, and what to give instead."""
    assert run_command_line(["logs", "configure", "--show", "--url", url]) == 2
    line = one_line(capsys)
    assert line.startswith("error: ")
    assert "is not the address of a control server" in line
    assert line.endswith("give http://HOST:PORT")


@pytest.mark.parametrize("token", ["t\u00f6ken", "to ken", "to\nken"])
def test_what_is_no_token_is_refused(token: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anybody is asked."""
    arguments = ["logs", "configure", "--show", "--url", "http://127.0.0.1:9", "--token", token]
    assert run_command_line(arguments) == 2
    assert one_line(capsys) == "error: the token must be printable ASCII characters without spaces"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 x OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200,
        OK % (4, b"\xff\xfe{}"),
        OK % (2, b"[]"),
        OK % (2, b"{}"),
        OK % (100_000, b"[" * 100_000),
        OK % (2**24, b" " * 2**24),
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<a/>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=[
        "nothing",
        "ssh",
        "cut off",
        "no status",
        "headers",
        "not UTF-8",
        "a list",
        "empty",
        "deep",
        "huge",
        "moved",
        "a page",
        "no chunk",
    ],
)
def test_what_is_no_control_server_is_told(answer: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever listens at the address: no redirect is followed, and every answer is bounded."""
    with answering(answer) as port:
        code = run_command_line(["logs", "configure", "--show", "--url", f"http://127.0.0.1:{port}"])

    assert code == control_client.UNREACHABLE
    line = one_line(capsys)
    assert f"http://127.0.0.1:{port}" in line
    assert "is not a control server" in line or "nobody answers" in line


def test_an_answer_that_trickles_in_is_not_waited_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time limit is for the answer as a whole."""
    monkeypatch.setattr(control_client, "TIMEOUT_SECONDS", 0.3)
    with answering(OK % (100_000, b" " * 100_000), is_slow=True) as port:
        code = run_command_line(["logs", "configure", "--show", "--url", f"http://127.0.0.1:{port}"])

    assert code == control_client.UNREACHABLE
    assert "no answer in 0.3 s" in one_line(capsys)


COMMANDS: dict[str, list[str]] = {
    "ps": ["ps"],
    "ps --json": ["ps", "--json"],
    "configure": ["logs", "configure", "--show", "--json"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_no_runtime_file_is_told_in_a_line(
    command: str, directory: Path, capsys: pytest.CaptureFixture[str], fresh_logging: None
) -> None:
    """On stderr: what, which, and what to do; the command goes on without it."""
    (directory / "1.json").write_bytes(b"\xff\xfe nonsense")
    (directory / "1.json").chmod(0o600)
    (directory / "2\x1b[2J.json").symlink_to("nothing")

    assert run_command_line(COMMANDS[command]) == 0

    output = capsys.readouterr()
    told = [line for line in output.err.splitlines() if not line.startswith("note: ")]
    assert told == [
        f"warning: {directory}/1.json is no runtime file: it is not UTF-8 at byte 0; remove it",
        rf"warning: {directory}/2\x1b[2J.json is no runtime file: must be a file, was a link; remove it",
    ]
    if "--json" in COMMANDS[command]:
        json.loads(output.out)


@pytest.fixture
def told() -> Iterator[Callable[..., None]]:
    """Write runtime files, each as of a process of its own that runs."""
    files: list[RuntimeFile] = []

    def tell(**facts: object) -> None:
        files.append(RuntimeFile())
        base = asdict(RunningProcess(1, "bot", None, "2026-01-01T00:00:00Z", "/logs", "127.0.0.1", 9))
        files[-1].write(RunningProcess(**{**base, **facts}))  # type: ignore[arg-type]

    yield tell
    for each in files:
        each.remove()


def test_programs_of_one_number_are_all_shown(
    told: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each row has its own name and figures, and `--pid` is not what tells them apart."""
    with answering(OK % (27, b'{"logged": 1, "dropped": 2}')) as port:
        told(name="first", port=port, log_directory="/one")
        told(name="second", port=None, host=None, log_directory="/two")
        assert run_command_line(["ps", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    shown = sorted((row["pid"], row["name"], row["dropped"]) for row in rows)
    assert shown == [
        (1, "first", 2),
        (1, "second", None),
    ]

    told(name="third", port=port, log_directory="/three")
    assert run_command_line(["logs", "configure", "--show"]) == 2
    assert one_line(capsys).endswith("choose one with --dir or --url")
    assert run_command_line(["logs", "configure", "--show", "--dir", "/three"]) == control_client.UNREACHABLE


def test_figures_that_are_none_are_not_shown(
    told: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A server that says nonsense costs its row its figures."""
    with answering(OK % (31, b'{"logged": "x", "dropped": [1]}')) as port:
        told(port=port, started="once upon a time", name="b\x1bt")
        assert run_command_line(["ps"]) == 0
    assert r"b\x1bt" in capsys.readouterr().out


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("nothing"), lambda path: None])
def test_what_is_no_log_directory_is_told(
    make: Callable[[Path], object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`logs recover` names it and says what to give."""
    make(tmp_path / "logs")
    assert run_command_line(["logs", "recover", "--dir", str(tmp_path / "logs")]) == 2
    line = one_line(capsys)
    assert line.startswith("error: ")
    assert "--dir" in line
