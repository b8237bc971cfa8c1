"""HTTP as the control server speaks it: few connections, bounded in time, and one shape of answers."""

from __future__ import annotations

import asyncio
import json
import logging
from enum import Enum, auto
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from metaexpert.logger.control.answers import JSON_TYPE
from metaexpert.logger.live.audit import LOGGER

#: Descriptors are the trading process's: a flood of connections must not use them up.
MAX_CONNECTIONS: Final = 64
#: From the connection, or from the answer before, to the first byte of a request.
FIRST_BYTE_TIMEOUT_SECONDS: Final = 5.0
#: From there to the whole head, however its bytes trickle in; the body has a deadline of its own.
HEAD_TIMEOUT_SECONDS: Final = 10.0
#: From an answer that needed no body to the end of that body, which is not read.
REST_TIMEOUT_SECONDS: Final = 10.0
#: From the head to an answer that the client has taken, a change that waits for a disk included.
ANSWER_TIMEOUT_SECONDS: Final = 60.0
MAX_HEAD_BYTES: Final = 16 * 1024


class QuietConfig(uvicorn.Config):
    """Settings of uvicorn that leave the logging of the process alone."""

    def configure_logging(self) -> None:
        """Do nothing: levels and handlers are those of our own configuration."""


class _Wait(Enum):
    """The event that a connection waits for."""

    FIRST_BYTE = auto()
    HEAD = auto()
    ANSWER = auto()
    REST = auto()


class ControlProtocol(H11Protocol):
    """One connection to the control server, with a deadline for each thing that it is waited for.

    If there are too many, the one that has been without a complete request for longest gives way.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = logging.getLogger(LOGGER)
        self.access_log = False
        self._wait = _Wait.FIRST_BYTE
        self._deadline: asyncio.TimerHandle | None = None
        #: The time from which the connection has been without a request.
        self._idle_since = 0.0

    def connection_made(self, transport: Any) -> None:
        """Take a connection, in the place of an idle one if there are too many."""
        super().connection_made(transport)
        self._wait_for(_Wait.FIRST_BYTE)
        there: set[Any] = self.connections
        others = [each for each in there if each is not self and not each.transport.is_closing()]
        if len(others) >= MAX_CONNECTIONS:
            idle = [each for each in others if each.is_incomplete]
            min(idle, key=lambda each: each._idle_since, default=self).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; what is no HTTP at all ends the connection."""
        if self._wait is _Wait.FIRST_BYTE:
            self._wait_for(_Wait.HEAD)
        super().data_received(data)
        if self._wait is _Wait.HEAD and self.conn.their_state is not h11.IDLE:
            self._wait_for(_Wait.ANSWER)
        elif self._wait is _Wait.REST and self.conn.their_state is not h11.SEND_BODY:
            self._wait_for(self._next_wait())

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._idle_since = self.loop.time()
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE:
            # Its body is not here yet. Closing now would take the answer from a client that still sends.
            self._wait_for(_Wait.REST)
        else:
            self._wait_for(self._next_wait())

    @property
    def is_incomplete(self) -> bool:
        """Whether a request, or the rest of one, has yet to come."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

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

    def _next_wait(self) -> _Wait:
        if self.conn.their_state is not h11.IDLE:
            return _Wait.ANSWER
        return _Wait.HEAD if self.conn.trailing_data[0] else _Wait.FIRST_BYTE

    def _wait_for(self, wait: _Wait) -> None:
        self._wait_no_more()
        self._wait = wait
        if wait is _Wait.FIRST_BYTE:
            self._idle_since = self.loop.time()
        seconds = {
            _Wait.FIRST_BYTE: FIRST_BYTE_TIMEOUT_SECONDS,
            _Wait.HEAD: HEAD_TIMEOUT_SECONDS,
            _Wait.ANSWER: ANSWER_TIMEOUT_SECONDS,
            _Wait.REST: REST_TIMEOUT_SECONDS,
        }
        self._deadline = self.loop.call_later(seconds[wait], self._give_up)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self._wait is _Wait.FIRST_BYTE and self.transport.get_write_buffer_size():
            # It is still taking the answer before.
            self._wait_for(_Wait.ANSWER)
        else:
            self.transport.abort()
