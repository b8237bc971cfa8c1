"""FR-006: records over the network, to destinations that vanish and come back, and to a real rsyslog."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import flush, shutdown, stats

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome

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
    """Records that are logged while nobody listens arrive in order once somebody does; the file does not
    wait.
    """
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
    """A real one on a UDP port, a TCP port and two Unix sockets, writing into files of their names.

    `own` is as its own socket is; `unix` reads RFC 5424.
    """

    def __init__(self, program: str, directory: Path) -> None:
        self.directory = directory
        self.ports = {"udp": _free_port(socket.SOCK_DGRAM), "tcp": _free_port(socket.SOCK_STREAM)}
        self.socket = directory / "log.sock"
        self.own = directory / "own.sock"
        rules = "\n".join(
            f'ruleset(name="{name}") {{ action(type="omfile" file="{directory}/{name}" template="parts") }}'
            for name in ("udp", "tcp", "unix", "own")
        )
        template = 'template(name="parts" type="list") { property(name="jsonmesg") constant(value="\\n") }'
        text = f"""
global(workDirectory="{directory}" maxMessageSize="64k")
module(load="imudp") module(load="imtcp") module(load="imuxsock" sysSock.use="off")
{template}
{rules}
input(type="imuxsock" socket="{directory / "own.sock"}" ruleset="own")
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
        paths = {"unix": self.socket, "own": self.own}
        return f"unix://{paths[way]}" if way in paths else f"{way}://127.0.0.1:{self.ports[way]}"

    def messages(self, way: str) -> list[dict[str, Any]]:
        """Return the messages that came that way, as it understood them."""
        path = self.directory / way
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def is_listening(self) -> bool:
        """Tell whether it is ready."""
        assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
        if not (self.socket.exists() and self.own.exists()):
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
    form = "rfc5424" if way == "unix" else "syslog"
    logs.configure(handlers={"net": {"type": "syslog", "url": rsyslog.url(way), "format": form}})
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


def test_a_real_rsyslog_understands_what_its_own_socket_gets(rsyslog: Rsyslog, logs: "Logs") -> None:
    """Program, process, severity and text arrive as `syslog(3)` has them, and fields follow the text."""
    logs.configure(handlers={"net": {"type": "syslog", "url": rsyslog.url("own")}})
    logs.logger.error("Order %s\nfailed", 17, note="a b", price=1.5)
    assert flush(PATIENCE_S)
    eventually(lambda: len(rsyslog.messages("own")) >= 1)

    (message,) = rsyslog.messages("own")
    assert (message["syslogfacility"], message["syslogseverity"]) == ("1", "3")
    assert message["procid"] == str(os.getpid())
    assert message["syslogtag"] == f"{message['programname']}[{os.getpid()}]:"
    text = message["msg"].strip()
    assert re.fullmatch(
        r'Order 17\\nfailed module=bot seq=\d+ timestamp=20\S+\.\d{9}Z note="a b" price=1\.5', text
    )


def test_text_can_not_begin_a_message_of_its_own_at_a_collector_that_splits(
    rsyslog: Rsyslog, logs: "Logs"
) -> None:
    """No message is longer than the collector takes, wherever its text is cut, and each cut is counted."""
    url, most = rsyslog.url("tcp"), 2048
    logs.configure(handlers={"net": {"type": "syslog", "url": url, "max_bytes": most}})
    for padding in range(most - 100, most + 150, 5):
        logs.logger.info("x" * padding + "\n\0<8>1 2026-01-01T00:00:00Z bank pay 1 - - forged", n=padding)
    assert flush(PATIENCE_S)
    eventually(lambda: len(rsyslog.messages("tcp")) >= 50)

    messages = rsyslog.messages("tcp")
    assert len(messages) == 50
    assert {message["hostname"] for message in messages} == {socket.gethostname()}
    assert all(len(message["rawmsg"].encode()) <= most for message in messages)
    assert all(message["msg"].endswith(" bytes cut>") for message in messages)
    assert all(message["structured-data"].endswith('"]') for message in messages)
    assert stats().sinks["net"].cut == 50


def test_a_record_that_the_collector_refuses_is_given_up_and_told(run_python: Run) -> None:
    """Three connections break on it, then the next records arrive; what was written and lost adds up."""
    outcome = run_python(
        """
import json, socket, threading
from metaexpert.logger import configure, flush, get_logger, shutdown, stats
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
listener.bind(("127.0.0.1", 0))
listener.listen()
listener.settimeout(60)
lines = []
done = threading.Event()
def serve():
    while not done.is_set():
        connection, _ = listener.accept()
        connection.settimeout(60)
        with connection, connection.makefile("rb", buffering=512) as stream:
            while (line := stream.readline(8192)).endswith(b"\\n"):
                lines.append(json.loads(line))
                # The report of the loss may come before the last record or after it.
                if {"last", "log.gap"} <= {line.get("event_name", line["message"]) for line in lines}:
                    done.set()
                    return
threading.Thread(target=serve, daemon=True).start()
url = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
configure(handlers={"console": None, "net": {"type": "tcp", "url": url}})
log = get_logger("bot")
log.info("first")
log.info("huge", text="x" * 900_000)
log.info("last")
assert done.wait(60), lines
assert not flush(30), "the huge one is lost"
seen = stats()
print([line["message"] for line in lines if line["message"] in ("first", "huge", "last")][-1])
print(sorted({line["seq"] for line in lines if "event_name" not in line}))
print([line["dropped"] for line in lines if line.get("event_name") == "log.gap"])
print(seen.logged, seen.written, seen.dropped, seen.queued, seen.dropped_by_reason["sink"])
shutdown(20)
"""
    )

    last, seqs, gaps, counts = outcome.stdout.splitlines()
    assert (last, seqs, gaps) == ("last", "[1, 3]", "[1]")
    assert counts == "3 2 1 0 1"
    assert "1 record was lost, because three connections in a row broke on it" in outcome.stderr
    assert len(outcome.records()) == 3


def test_a_dead_udp_port_has_not_got_what_it_refused(logs: "Logs") -> None:
    """Each refused record is counted as lost and told, and waits for nothing."""
    port = _free_port(socket.SOCK_DGRAM)
    logs.configure(handlers={"net": {"type": "udp", "url": f"udp://127.0.0.1:{port}"}})
    for n in range(20):
        logs.logger.info("m", n=n)
    assert not flush(PATIENCE_S)

    seen = stats()
    assert (seen.sinks["net"].written, seen.sinks["net"].dropped) == (0, 20)
    assert (seen.logged, seen.written, seen.dropped, seen.queued) == (20, 0, 20, 0)
    assert seen.sinks["file"].written == 20
    shutdown(PATIENCE_S)
    told = (logs.directory / "logging_errors.log").read_text()
    assert "lost" in told
    assert "nobody listens there" in told


def test_a_record_beyond_a_datagram_keeps_its_run_its_exception_and_its_fields(logs: "Logs") -> None:
    """What does not fit is cut with a mark and counted."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(PATIENCE_S)
        url = f"udp://127.0.0.1:{receiver.getsockname()[1]}"
        logs.configure(handlers={"net": {"type": "udp", "url": url}}, include=["run_id", "process_id"])
        try:
            raise ValueError("no balance")
        except ValueError:
            logs.logger.exception("Order failed", order_id=17, answer="x" * 100_000, price=1.5)
        record = json.loads(receiver.recv(70_000))
    assert flush(PATIENCE_S)

    assert (record["message"], record["order_id"], record["price"]) == ("Order failed", 17, 1.5)
    assert record["process_id"] == os.getpid()
    assert record["seq"]
    assert record["run_id"]
    assert (record["exception"]["type"], record["exception"]["message"]) == ("ValueError", "no balance")
    assert "raise ValueError" in record["exception"]["stacktrace"]
    assert (record["fields_left_out"], "answer" in record) == (1, False)
    assert record["cut_bytes"] > 100_000
    assert (stats().sinks["net"].cut, stats().sinks["net"].written) == (1, 1)


def test_the_journals_socket_gets_fields_as_variables(logs: "Logs") -> None:
    """Where `/dev/log` leads to systemd's journal, records go to the socket of its own protocol beside it."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        (Path(folder) / "log").symlink_to("dev-log")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as legacy:
            legacy.bind(f"{folder}/dev-log")
            journal.bind(f"{folder}/socket")
            journal.settimeout(PATIENCE_S)
            url = f"unix://{folder}/log"
            logs.configure(handlers={"net": {"type": "syslog", "url": url}}, include=["caller"])
            try:
                raise ValueError("no")
            except ValueError:
                logs.logger.exception("Order failed", **{"order_id": 17, "Bad name": 1, "message": "mine"})
            found = variables(journal.recv(1 << 20))

    assert (found["MESSAGE"], found["PRIORITY"], found["MODULE"]) == ("Order failed", "3", "bot")
    assert (found["ORDER_ID"], found["MESSAGE_"], found["EXCEPTION_TYPE"]) == ("17", "mine", "ValueError")
    assert found["CODE_FILE"] == __file__
    assert found["STACKTRACE"].splitlines()[-1] == "ValueError: no"
    assert [value for name, value in found.items() if name.startswith("BAD_NAME_")] == ["1"]


def variables(datagram: bytes) -> dict[str, str]:
    """Return what a datagram of the native protocol says, read by its grammar."""
    found = {}
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length = int.from_bytes(datagram[:8], "little")
            value, datagram = datagram[8:][:length], datagram[8 + length :]
            assert datagram.startswith(b"\n")
            datagram = datagram[1:]
        assert re.fullmatch(rb"[A-Z][A-Z0-9_]{0,63}", name), name
        assert name.decode() not in found
        found[name.decode()] = value.decode()
    return found
