"""Where a running expert leaves how to reach it, for its own user alone.

One file a process, mode 0600, in `metaexpert` under `XDG_RUNTIME_DIR`, else in `/tmp/metaexpert-<uid>`; a
directory is used only if it has mode 0700 and belongs to the user.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

_PRIVATE_FILE: Final = 0o600
_PRIVATE_DIRECTORY: Final = 0o700
_OTHERS: Final = 0o077
_STARTED_FIELD: Final = 19


@dataclass(frozen=True, slots=True)
class RunningExpert:
    """A process that runs, and where its control server is; without one `port` is None.

    `started` is RFC 3339; `process_start` tells the process from a later one of the same number.
    """

    pid: int
    name: str
    mode: str | None
    started: str
    process_start: str
    log_directory: str
    host: str | None = None
    port: int | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str | None:
        """The address of the control server, None where there is none."""
        return None if self.host is None or self.port is None else server_url(self.host, self.port)


def server_url(host: str, port: int) -> str:
    """Return the address at which a server that listens on `host` is reached from this machine."""
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{local}]:{port}" if ":" in local else f"http://{local}:{port}"


def write(expert: RunningExpert) -> Path:
    """Write the file of this process, in one step, and return its path.

    Raises OSError where there is no directory that belongs to this user alone.
    """
    directory = _own_directory()
    path, part = directory / f"{expert.pid}.json", directory / f".{expert.pid}.part"
    part.unlink(missing_ok=True)
    descriptor = os.open(
        part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _PRIVATE_FILE
    )
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(expert), file)
    part.replace(path)
    return path


def running_experts() -> list[RunningExpert]:
    """Return the processes that have a file and run, by number. Files of ended ones are removed."""
    found: dict[int, RunningExpert] = {}
    for directory in _candidates():
        if _is_private(directory):
            found |= {expert.pid: expert for expert in _experts_in(directory)}
    return [found[pid] for pid in sorted(found)]


def process_start(pid: int) -> str:
    """Return what tells process `pid` from others of that number: its start in clock ticks since boot.

    Empty where the system does not tell (outside Linux), or the process is gone.
    """
    try:
        # The name, in parentheses, may hold anything.
        after_name = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return ""
    return after_name[_STARTED_FIELD].decode() if len(after_name) > _STARTED_FIELD else ""


def _candidates() -> list[Path]:
    fallback = Path(f"/tmp/metaexpert-{os.getuid()}")
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


def _experts_in(directory: Path) -> Iterator[RunningExpert]:
    with suppress(OSError):
        for path in sorted(directory.glob("*.json")):
            expert = _read(path)
            if expert is None:
                continue
            if _is_alive(expert):
                yield expert
            else:
                path.unlink(missing_ok=True)


def _read(path: Path) -> RunningExpert | None:
    """Return what a file says, None for one that is not ours or no runtime file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, encoding="utf-8") as file:
            status = os.fstat(descriptor)
            if status.st_uid != os.getuid() or status.st_mode & _OTHERS or not stat.S_ISREG(status.st_mode):
                return None
            document: Any = json.load(file)
        return RunningExpert(**document) if isinstance(document.get("pid"), int) else None
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _is_alive(expert: RunningExpert) -> bool:
    try:
        os.kill(expert.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return process_start(expert.pid) == expert.process_start
