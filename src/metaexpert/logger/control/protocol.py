"""HTTP as the control server speaks it: few connections, bounded in time, and one shape of answers."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from metaexpert.logger.control.answers import JSON_TYPE
from metaexpert.logger.control.audit import LOGGER

#: Descriptors are the trading process's: a flood of connections must not use them up.
MAX_CONNECTIONS: Final = 64
#: From the connection, or the answer before, to the whole head of a request.
HEAD_TIMEOUT_SECONDS: Final = 10.0
MAX_HEAD_BYTES: Final = 16 * 1024


class QuietConfig(uvicorn.Config):
    """Settings of uvicorn that leave the logging of the process alone."""

    def configure_logging(self) -> None:
        """Do nothing: levels and handlers are those of our own configuration."""


class ControlProtocol(H11Protocol):
    """One connection to the control server."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = logging.getLogger(LOGGER)
        self.access_log = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; what is no HTTP at all ends the connection."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._head_is_here()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if not self.transport.is_closing():
            self._await_head()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, in the shape of all answers."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        body = json.dumps({"status": "error", "message": msg}).encode()
        headers = [
            (b"content-type", JSON_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        response = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        for event in (response, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _await_head(self) -> None:
        self._head_is_here()
        self._deadline = self.loop.call_later(HEAD_TIMEOUT_SECONDS, self._give_up)

    def _head_is_here(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self.conn.their_state is h11.IDLE:
            self.transport.abort()
