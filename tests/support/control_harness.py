"""A client of the control server that speaks HTTP, for tests."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import metaexpert.logger
from metaexpert.logger.control.server import ControlServer
from metaexpert.logger.live import runtime_file

if TYPE_CHECKING:
    from support.logs import Logs

TIMEOUT_S = 20


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body, which must be JSON."""
        assert self.headers["content-type"] == "application/json", self
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """The message of an answer in the contract's shape, which is checked."""
        expected = "success" if self.status == 200 else "error"
        assert set(self.document) == {"status", "message"}, self.document
        assert self.document["status"] == expected
        assert self.document["message"]
        return str(self.document["message"])


class Client:
    """One connection after the other to a control server."""

    def __init__(self, server: ControlServer) -> None:
        self.server = server
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT_S)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request and return the answer."""
        self.connection.request(method, path, body, dict(headers or {}))
        response = self.connection.getresponse()
        return Answer(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            response.read(),
        )

    def get(self, path: str, **headers: str) -> Answer:
        """Send a GET request."""
        return self.ask("GET", path, headers=headers)

    def post(self, body: Any, **headers: str) -> Answer:
        """Send a change: bytes and texts as they are, anything else as JSON."""
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        named = {"content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.ask("POST", "/logging/configure", data, named)


@contextmanager
def serving(**options: Any) -> Iterator[Client]:
    """Run a server in this process, and connect to it."""
    client = Client(metaexpert.logger.serve(**options))
    try:
        yield client
    finally:
        client.connection.close()
        client.server.stop()


def eventually(holds: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait until something holds; fails when it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not in {seconds} s: {what}"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def own_runtime_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the runtime files of a test to itself, and those of whatever else runs on this machine away."""
    directory = tmp_path / "run"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(directory))
    monkeypatch.setattr(runtime_file, "_FALLBACK", str(tmp_path))
    return directory


@pytest.fixture
def live(logs: Logs) -> Logs:
    """Logging that is configured, and whose live parts end with the test."""
    logs.configure()
    return logs


@pytest.fixture
def client(live: Logs) -> Iterator[Client]:
    """A client of a control server without a token in this process."""
    with serving() as connected:
        yield connected
