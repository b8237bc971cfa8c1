"""The control server of this process: started by `serve()` or by the configuration, at most one at a time."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from metaexpert.logger.config import LogConfiguration, Sources, log_directory
from metaexpert.logger.config.models import ControlConfiguration
from metaexpert.logger.control.server import ControlServer
from metaexpert.logger.live import presence
from metaexpert.logger.live.audit import audit_logger
from metaexpert.logger.process import parts, service
from metaexpert.logger.process.forks import at_fork
from metaexpert.logger.shared import native

#: The time that the server has at its end for the answers in progress, in seconds.
_LONGEST_STOP_S: Final = 2.0


class _Control:
    """The server, and whether the configuration asked for it."""

    def __init__(self) -> None:
        self.server: ControlServer | None = None
        self.is_configured = False
        self.is_registered = False
        self.is_child = False


_control: Final[_Control] = native.lasting.setdefault("control", _Control())


def serve(host: str, port: int, token: str | None) -> ControlServer:
    """Start the server that code asks for, or return the one that runs there; see `logger.serve`."""
    with service.changing():
        service.begin_again()
        asked = _checked(host, port, token)
        server = _control.server
        if server is not None and server.is_at(asked.host, asked.port):
            server.token = token
        else:
            server = ControlServer(asked.host, asked.port, token)
            _take_over(server)
        _control.is_configured = False
        _announce(server, service.configuration())
        return server


@contextmanager
def following(_sources: Sources, configuration: LogConfiguration) -> Iterator[None]:
    """Let the server follow `configuration` once the block has succeeded; the address is taken before it.

    A server that code asked for stays. Raises `ConfigurationError` for an address that can't be listened on.
    """
    wanted = None if _is_worker() else configuration.control
    server = _control.server
    is_kept = server is not None and (
        not _control.is_configured or (wanted is not None and server.is_at(wanted.host, wanted.port))
    )
    opened = None
    if wanted is not None and not is_kept:
        opened = ControlServer(wanted.host, wanted.port, _token_of(wanted))
    try:
        yield
    except BaseException:
        if opened is not None:
            opened.close()
        raise
    if opened is not None:
        _take_over(opened)
        _control.is_configured = True
    elif server is not None and _control.is_configured:
        if wanted is None:
            stop(timeout=None)
        else:
            server.token = _token_of(wanted)
    if _control.server is not None:
        _announce(_control.server, configuration)


def stop(timeout: float | None = _LONGEST_STOP_S) -> None:
    """Stop the server, if one runs; waits at most `timeout` seconds for it, None not at all."""
    server, _control.server = _control.server, None
    if server is not None:
        presence.withdraw_server()
        server.stop(timeout)


def _take_over(server: ControlServer) -> None:
    """Start `server` in place of the one that runs."""
    server.start()
    before, _control.server = _control.server, server
    if before is not None:
        # Not waited for: what it is doing may wait for what we hold.
        before.stop(timeout=None)
    if not _control.is_registered:
        _control.is_registered = True
        atexit.register(stop)
    audit_logger().info("The control server listens", event_name="log.control_started", url=server.url)


def _announce(server: ControlServer, configuration: LogConfiguration) -> None:
    try:
        presence.announce_server(server.host, server.port, server.token, log_directory(configuration))
    except OSError as error:
        audit_logger().warning(
            "Commands cannot find this process by itself: its runtime file cannot be written",
            event_name="log.control_hidden",
            reason=str(error),
        )


def _checked(host: str, port: int, token: str | None) -> ControlConfiguration:
    control = LogConfiguration(control={"host": host, "port": port, "token": token}).control
    assert control is not None
    return control


def _token_of(control: ControlConfiguration) -> str | None:
    return None if control.token is None else control.token.get_secret_value()


def _is_worker() -> bool:
    """Tell whether this process works for another one of the program, whose server is the program's."""
    multiprocessing = sys.modules.get("multiprocessing")
    return _control.is_child or (multiprocessing is not None and multiprocessing.parent_process() is not None)


def _forget_parent() -> None:
    """A child has no server: its thread is not here, and its socket must not outlive the parent."""
    server, _control.server = _control.server, None
    _control.is_child = True
    if server is not None:
        server.close()


at_fork(in_child=_forget_parent)
parts.begin("control server", stop, longest_stop_s=_LONGEST_STOP_S, following=following)
