"""The control server: a listening socket and a thread that serves it."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import signal
import socket
import threading
from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final

from metaexpert.logger.control.guard import Guard
from metaexpert.logger.control.listener import Listener
from metaexpert.logger.errors import ConfigurationError, Problem
from metaexpert.logger.live.runtime_file import server_url
from metaexpert.logger.shared.descriptors import standard_taken

_BACKLOG: Final = 64
_START_SECONDS: Final = 10.0
_GRACE_SECONDS: Final = 1.0


class ControlServer:
    """A server that listens from its making on, and answers from `start` to `stop`.

    Raises `ConfigurationError` for an address that cannot be listened on: not this machine's, in use, or
    beyond loopback without a token.
    """

    def __init__(self, host: str, port: int = 0, token: str | None = None) -> None:
        self.host = host
        self._asked_port = port
        self._guard = Guard(host, token)
        self._socket = _listen(host, port, token)
        self.port: int = self._socket.getsockname()[1]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        #: Those that are open now.
        self.connections: Collection[Any] = ()
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="metaexpert-log-control", daemon=True)

    def __repr__(self) -> str:
        return f"<ControlServer {self.url}{'' if self.is_running else ' stopped'}>"

    @property
    def url(self) -> str:
        """The address of the server, `http://127.0.0.1:8765`."""
        return server_url(self.host, self.port)

    @property
    def token(self) -> str | None:
        """The token that each request has to bring; may be changed while the server runs."""
        return self._guard.token

    @token.setter
    def token(self, token: str | None) -> None:
        self._guard.token = token

    @property
    def is_running(self) -> bool:
        """Whether requests are answered."""
        return self._thread.is_alive()

    def is_at(self, host: str, port: int) -> bool:
        """Tell whether the server runs where `host` and `port`, which may be 0 for any, ask for it."""
        return self.is_running and host == self.host and port in (self._asked_port, self.port)

    def start(self) -> None:
        """Answer requests from now on. Raises what prevents it."""
        self._thread.start()
        self._ready.wait(_START_SECONDS)
        if self._problem is not None:
            self.close()
            raise self._problem

    def stop(self, timeout: float | None = 2 * _GRACE_SECONDS) -> None:
        """Answer what was asked already, then stop; waits for it for `timeout` seconds, None not at all."""
        loop, stopping = self._loop, self._stopping
        if loop is not None and stopping is not None:
            with suppress(RuntimeError):  # closed meanwhile
                loop.call_soon_threadsafe(stopping.set)
        if timeout is not None and self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        self.close()

    def close(self) -> None:
        """Stop listening at once: for a server that was never started, and for the child after a fork."""
        # A server that runs closes its socket by itself, in its own thread.
        if not self._thread.is_alive():
            self._socket.close()

    def _run(self) -> None:
        # Signals are the program's: its main thread must be the one that they interrupt.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            with standard_taken():
                runner = asyncio.Runner()
                runner.get_loop()
            with runner:
                runner.run(self._serve())
        except BaseException as problem:
            self._problem = problem
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        from uvicorn.server import ServerState

        from metaexpert.logger.control.application import application
        from metaexpert.logger.control.protocol import MAX_HEAD_BYTES, ControlProtocol, QuietConfig

        config = QuietConfig(
            application(self._guard),
            http=ControlProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
            log_config=None,
            access_log=False,
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        )
        config.load()
        state = ServerState()
        self.connections = state.connections

        def connection() -> Any:
            return ControlProtocol(config=config, server_state=state, app_state={})

        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        listener = await self._loop.create_server(connection, sock=self._socket, backlog=_BACKLOG)
        self._ready.set()
        await self._stopping.wait()
        listener.close()
        if state.tasks:
            await asyncio.wait(tuple(state.tasks), timeout=_GRACE_SECONDS)
        for each in tuple(state.connections):
            each.transport.close()


def _listen(host: str, port: int, token: str | None) -> Listener:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise _refusal("host", f"must be an address of this machine, was {host}: {error.strerror}") from None
    if token is None and not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
        raise _refusal("token", f"must be given, since {host} is not this machine alone")
    listener = Listener(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise _refusal("host", f"must be an address of this machine, was {host}") from None
        what = f"cannot listen on {host}, port {port}: {error.strerror}"
        raise _refusal("port", what, "use another port, or 0 for a free one") from None
    return listener


def _refusal(setting: str, reason: str, suggestion: str | None = None) -> ConfigurationError:
    return ConfigurationError([Problem(f"control.{setting}", reason, suggestion=suggestion)])
