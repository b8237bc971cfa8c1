"""Facts about connections that are no help to anybody."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from metaexpert.logger.control import body, protocol
from support.control_harness import Client, eventually


@contextmanager
def connected(client: Client) -> Iterator[socket.socket]:
    """Open a bare connection to the server."""
    with socket.create_connection((client.server.host, client.server.port), timeout=20) as raw:
        yield raw


def rest(raw: socket.socket) -> bytes:
    """Return what comes until the server closes the connection."""
    received = b""
    try:
        while part := raw.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


HEAD = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"


def trickle(raw: socket.socket, data: bytes) -> None:
    """Send a byte every now and then until the connection is ended."""
    try:
        for byte in data:
            raw.sendall(bytes([byte]))
            time.sleep(0.01)
    except OSError:
        pass


@pytest.mark.parametrize(
    ("sent", "deadline"),
    [
        (b"", "FIRST_BYTE_TIMEOUT_SECONDS"),
        (b"GET /health HTTP/1.1\r\nHost: loc", "HEAD_TIMEOUT_SECONDS"),
        (HEAD + b"\r\n", "FIRST_BYTE_TIMEOUT_SECONDS"),
        (HEAD + b"\r\nGET", "HEAD_TIMEOUT_SECONDS"),
    ],
    ids=["nothing", "half a head", "nothing after an answer", "half a head after an answer"],
)
def test_a_request_that_does_not_come_ends_its_connection(
    sent: bytes, deadline: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever connects has to say what for, in time, and so for each further request."""
    monkeypatch.setattr(protocol, deadline, 0.1)
    with connected(client) as raw:
        raw.sendall(sent)
        assert rest(raw).count(b"HTTP/1.1 200") == sent.count(b"\r\n\r\n")
    assert client.get("/health").status == 200


def test_a_head_that_trickles_in_has_one_deadline(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted from its first byte: each further one gains no time."""
    monkeypatch.setattr(protocol, "HEAD_TIMEOUT_SECONDS", 0.2)
    with connected(client) as raw:
        sender = threading.Thread(target=trickle, args=(raw, HEAD + b"X: " + b"x" * 5_000))
        sender.start()
        assert rest(raw) == b""
        sender.join(20)
        assert not sender.is_alive()


def test_a_body_that_trickles_in_has_one_deadline(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a head has; it is refused in words."""
    monkeypatch.setattr(body, "BODY_TIMEOUT_SECONDS", 0.2)
    head = (
        b"POST /logging/configure HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n"
    )
    with connected(client) as raw:
        raw.sendall(head)
        sender = threading.Thread(target=trickle, args=(raw, b"{" + b" " * 4_000))
        sender.start()
        assert rest(raw).startswith(b"HTTP/1.1 400 ")
        sender.join(20)
        assert not sender.is_alive()


def test_a_body_that_nobody_reads_ends_its_connection(client: Client) -> None:
    """A request that is answered before its body was here leaves no connection that waits for it."""
    with connected(client) as raw:
        raw.sendall(b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n")
        assert rest(raw).startswith(b"HTTP/1.1 405 ")


def test_an_answer_that_is_not_taken_ends_its_connection(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks again and again and never reads is not waited for."""
    monkeypatch.setattr(protocol, "ANSWER_TIMEOUT_SECONDS", 0.2)
    request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connected(client) as raw:
        raw.settimeout(20)
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            raw.sendall(request * 1_000_000)


@pytest.mark.parametrize(
    "sent",
    [b"", HEAD, HEAD + b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n", HEAD + b"\r\n"],
    ids=["nothing", "half a head", "no body", "answered"],
)
def test_idle_connections_lock_nobody_out(sent: bytes, client: Client) -> None:
    """At the limit the one that has been idle for longest gives way to a new one, and to it alone."""
    if b"Content-Length" in sent:
        sent = sent.replace(b"GET /health", b"POST /logging/configure")
    with ExitStack() as stack:
        idle = [stack.enter_context(connected(client)) for _ in range(protocol.MAX_CONNECTIONS)]
        for each in idle:
            each.sendall(sent)
        eventually(lambda: served(client) == protocol.MAX_CONNECTIONS, "all are there")
        is_answered = sent == HEAD + b"\r\n"
        for each in idle if is_answered else ():
            assert each.recv(65536).startswith(b"HTTP/1.1 200")

        assert client.get("/health").status == 200

        ended = [each for each in idle if is_ended(each)]
        assert len(ended) == 1
        # Answers come in an order of their own.
        assert is_answered or ended == idle[:1]


def is_ended(raw: socket.socket) -> bool:
    """Tell whether the server has closed a connection from which nothing is expected any more."""
    raw.setblocking(False)
    try:
        while raw.recv(65536):
            pass
    except BlockingIOError:
        return False
    except ConnectionResetError:
        pass
    return True


def served(client: Client) -> int:
    """Return how many connections the server has."""
    return len(client.server.connections)


def test_a_body_that_does_not_come_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 400, in the shape of all answers."""
    monkeypatch.setattr(body, "BODY_TIMEOUT_SECONDS", 0.1)
    head = (
        b"POST /logging/configure HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    with connected(client) as raw:
        raw.sendall(head)
        answered, _, document = rest(raw).partition(b"\r\n\r\n")

    assert answered.startswith(b"HTTP/1.1 400 ")
    assert "did not arrive within" in json.loads(document)["message"]


def test_a_head_without_end_is_refused(client: Client) -> None:
    """Headers are bounded: what is beyond is no request."""
    with connected(client) as raw:
        raw.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 2 * protocol.MAX_HEAD_BYTES)
        assert rest(raw).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 ", b""))
    assert client.get("/health").status == 200


def test_requests_in_one_go_are_answered_in_order(client: Client) -> None:
    """Pipelined requests on one connection all get their answer."""
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
    with connected(client) as raw:
        raw.sendall(request % b"" * 3 + request % b"Connection: close\r\n")
        assert rest(raw).count(b"HTTP/1.1 200 OK") == 4


def test_an_upgrade_is_not_made(client: Client) -> None:
    """There are no web sockets here: the request is served as what it is."""
    answer = client.get("/health", connection="Upgrade", upgrade="websocket")

    assert answer.status == 200
