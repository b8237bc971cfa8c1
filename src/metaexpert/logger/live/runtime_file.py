"""Runtime files: how running processes of this user can be reached, for this user alone.

One file per process, mode 0600, in `metaexpert` under `XDG_RUNTIME_DIR`, else in `/tmp/metaexpert-<uid>`; a
directory is used only if it has mode 0700 and belongs to the user. The process holds a lock on its file for
as long as it runs. Its number proves nothing, because containers that share the directory all have a process
1.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, NamedTuple

from metaexpert.logger.errors import printable
from metaexpert.logger.shared.descriptors import above_standard
from metaexpert.logger.shared.regular_files import NotRegularError, open_regular

#: A file of ours has a few hundred bytes.
MAX_FILE_BYTES: Final = 64 * 1024

_PRIVATE_FILE: Final = 0o600
_PRIVATE_DIRECTORY: Final = 0o700
_OTHERS: Final = 0o077
_HOST: Final = re.compile(r"[A-Za-z0-9._:%-]{1,255}")
_MAX_PORT: Final = 65_535
_LOOKS: Final = 3
#: Where a user's directory is if the system gives none to the session; other users have theirs there too.
_FALLBACK: Final = "/tmp"


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A process that runs, and where its control server is; without one `port` is None.

    `pid` is its number in its own container. `started` is RFC 3339.
    """

    pid: int
    name: str
    mode: str | None
    started: str
    log_directory: str
    host: str | None = None
    port: int | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str | None:
        """The address of the control server, or None if there is none."""
        return None if self.host is None or self.port is None else server_url(self.host, self.port)


class Found(NamedTuple):
    """What lies in the directories of runtime files: the processes that run, and what is no runtime file."""

    processes: list[RunningProcess]
    problems: list[str]


def server_url(host: str, port: int) -> str:
    """Return the address at which a server that listens on `host` is reached from this machine."""
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{local}]:{port}" if ":" in local else f"http://{local}:{port}"


class RuntimeFile:
    """The file of this process, which holds a lock on it until it ends, whatever ends it."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self._descriptor: int | None = None
        self._process = secrets.token_hex(8)
        self._version = 0

    def write(self, process: RunningProcess) -> Path:
        """Say what `process` says, in one step, and return the file's path.

        Raises OSError where there is no directory that belongs to this user alone.
        """
        directory = _own_directory()
        self._version += 1
        # No name is used twice, so that a process that found the lock of one free never removes another.
        name = f"{process.pid}-{self._process}-{self._version}"
        path, part = directory / f"{name}.json", directory / f".{name}.part"
        descriptor = _locked(part)
        try:
            os.write(descriptor, json.dumps(asdict(process)).encode())
            part.replace(path)
        except OSError:
            os.close(descriptor)
            part.unlink(missing_ok=True)
            raise
        self.remove()
        self.path, self._descriptor = path, descriptor
        return path

    def remove(self) -> None:
        """Remove the file, if there is one."""
        if self.path is not None:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
        self.forget()

    def forget(self) -> None:
        """Leave the file to its other holder: in a child, to the parent."""
        self.path = None
        if self._descriptor is not None:
            # Not unlocked: the lock is the parent's too.
            os.close(self._descriptor)
            self._descriptor = None


def _locked(path: Path) -> int:
    """Return a descriptor of a new file of this user's own, locked."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = above_standard(os.open(path, flags, _PRIVATE_FILE))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor


def running_processes() -> list[RunningProcess]:
    """Return the processes that have a file and run, by number. Files of ended ones are removed."""
    return look_around().processes


def look_around() -> Found:
    """Return what `running_processes` does, and in words what lies there that is no runtime file."""
    for _ in range(_LOOKS):
        found, has_changed = _look()
        if not has_changed:
            break
    return found


def _look() -> tuple[Found, bool]:
    """Return what lies there, and whether a file went meanwhile, for which there may be a new one."""
    processes: dict[str, RunningProcess] = {}
    problems: list[str] = []
    has_changed = False
    for path in (path for directory in _candidates() for path in _files_in(directory)):
        try:
            process = _read(path)
        except FileNotFoundError:
            process = None
        except (OSError, ValueError, RecursionError) as error:
            problems.append(printable(f"{path} is no runtime file: {_reason(error)}; remove it"))
            continue
        if process is None:
            has_changed = True
        else:
            # A process that is just writing another version has two for a moment.
            processes[path.name.rpartition("-")[0]] = process
    in_order = sorted(processes.values(), key=lambda each: (each.pid, each.started))
    return Found(in_order, problems), has_changed


def _candidates() -> list[Path]:
    fallback = Path(_FALLBACK) / f"metaexpert-{os.getuid()}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    return [Path(runtime) / "metaexpert", fallback] if os.path.isabs(runtime) else [fallback]


def _own_directory() -> Path:
    problem = OSError("no directory of this user's own for the runtime file")
    for directory in _candidates():
        try:
            with suppress(FileExistsError):
                directory.mkdir(mode=_PRIVATE_DIRECTORY)
            if _is_private(directory):
                return directory
            problem = PermissionError(f"{directory} does not belong to this user alone")
        except OSError as error:
            problem = error
    raise problem


def _is_private(directory: Path) -> bool:
    try:
        status = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & _OTHERS


def _files_in(directory: Path) -> list[Path]:
    """Return the files of the directory that may be runtime files, the later versions of one behind."""
    try:
        names = [name for name in os.listdir(directory) if name.endswith(".json")]
    except OSError:
        return []
    if not _is_private(directory):
        return []
    return sorted((directory / name for name in names), key=lambda path: (len(path.name), path.name))


def _read(path: Path) -> RunningProcess | None:
    """Return what a file of a process that runs says; None for one that has ended, whose file is removed.

    Raises OSError or ValueError for anything but a runtime file of this user.
    """
    descriptor = open_regular(path, follow_links=False)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if status.st_uid != os.getuid():
            raise ValueError("it belongs to another user")
        if status.st_mode & _OTHERS:
            raise ValueError(f"others may read or write it (mode {stat.S_IMODE(status.st_mode):03o})")
        content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise ValueError(f"it has more than {MAX_FILE_BYTES:,} bytes")
        process = _parsed(content)
        if _is_held(descriptor):
            return process
    path.unlink(missing_ok=True)
    return None


def _is_held(descriptor: int) -> bool:
    """Tell whether a process holds the lock of a runtime file: it does while it runs."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _parsed(content: bytes) -> RunningProcess:
    document: Any = json.loads(content.decode("utf-8"))
    if not isinstance(document, dict):
        raise ValueError("it must hold a JSON object")
    known: dict[str, Any] = {each.name: document.get(each.name) for each in fields(RunningProcess)}
    for name in ("pid", "port"):
        _check(known, name, int, is_optional=name == "port")
    for name in ("name", "started", "log_directory", "mode", "host", "token"):
        _check(known, name, str, is_optional=name in ("mode", "host", "token"))
    process = RunningProcess(**known)
    if process.host is not None and _HOST.fullmatch(process.host) is None:
        raise ValueError("host must be a host's name or address")
    if process.port is not None and not 0 < process.port <= _MAX_PORT:
        raise ValueError(f"port must be from 1 to {_MAX_PORT}, was {process.port}")
    return process


def _check(document: dict[str, Any], name: str, kind: type, *, is_optional: bool) -> None:
    value = document[name]
    if (value is None and is_optional) or (isinstance(value, kind) and not isinstance(value, bool)):
        return
    raise ValueError(f"{name} must be {'a number' if kind is int else 'text'}")


def _reason(error: Exception) -> str:
    if isinstance(error, NotRegularError):
        return error.reason
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 at byte {error.start}"
    if isinstance(error, json.JSONDecodeError | RecursionError):
        return "it is not JSON"
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
