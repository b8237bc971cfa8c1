"""The presence of this process in the registry of running ones: its runs and its control server."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from metaexpert.logger.errors import ConfigurationError
from metaexpert.logger.live.runtime_file import RunningProcess, RuntimeFile
from metaexpert.logger.process import service
from metaexpert.logger.process.forks import at_fork

_SHOWN_CHARACTERS: Final = 80


@dataclass(slots=True)
class _Presence:
    """The last announcement, and its file."""

    told: RunningProcess | None = None
    file: RuntimeFile = field(default_factory=RuntimeFile)
    is_registered: bool = False
    is_run: bool = False


_presence: Final = _Presence()


def announce_server(host: str, port: int, token: str | None, log_directory: str) -> None:
    """Tell where the control server of this process is. Raises OSError if that can't be written."""
    _tell(replace(_here(), host=host, port=port, token=token, log_directory=log_directory))


def withdraw_server() -> None:
    """Tell that this process has no control server any more."""
    if _presence.told is None:
        return
    if _presence.is_run:
        with suppress(OSError):
            _tell(replace(_presence.told, host=None, port=None, token=None))
    else:
        _remove()


def announce_run(name: str, mode: str) -> None:
    """Tell that a run of the program has begun. Never raises: no trade depends on it."""
    _presence.is_run = True
    with suppress(OSError, ConfigurationError):
        from metaexpert.logger.config import log_directory

        directory = log_directory(service.configuration())
        _tell(replace(_here(), name=name[:_SHOWN_CHARACTERS], mode=mode, log_directory=directory))


def withdraw_run() -> None:
    """Tell that the run is over."""
    _presence.is_run = False
    if _presence.told is None:
        return
    if _presence.told.port is None:
        _remove()
    else:
        with suppress(OSError):
            _tell(replace(_presence.told, mode=None))


def _here() -> RunningProcess:
    if _presence.told is not None:
        return _presence.told
    program = os.path.basename(sys.argv[0] if sys.argv else "") or "python"
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return RunningProcess(os.getpid(), program[:_SHOWN_CHARACTERS], None, now, "")


def _tell(process: RunningProcess) -> None:
    if process == _presence.told:
        return
    if not _presence.is_registered:
        _presence.is_registered = True
        atexit.register(_remove)
    _presence.file.write(process)
    _presence.told = process


def _remove() -> None:
    _presence.told = None
    _presence.file.remove()


def _forget_parent() -> None:
    """A child is not its parent: the file stays the parent's."""
    _presence.file.forget()
    _presence.file = RuntimeFile()
    _presence.told = None
    _presence.is_run = False


def _reset() -> None:
    _presence.is_run = False
    _remove()


at_fork(in_child=_forget_parent)
service.on_reset("presence", _reset)
