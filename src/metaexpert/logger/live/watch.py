"""Reading the configuration's files again, when they change and on SIGHUP."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from types import FrameType
from typing import Any, Final

from metaexpert.logger.config import LogConfiguration, Sources, log_directory
from metaexpert.logger.config.destinations.file import OWN_ERRORS_FILE
from metaexpert.logger.errors import ConfigurationError, ShutDownError
from metaexpert.logger.live.audit import audit_logger
from metaexpert.logger.process import parts, service
from metaexpert.logger.process.forks import at_fork
from metaexpert.logger.shared.descriptors import above_standard

#: A file is looked at this often, and read when two looks in a row have found the same change.
POLL_SECONDS: Final = 0.5

_Signature = tuple[int, int, int] | None


class _Watch:
    """The files, what they looked like when they were read, and the thread that looks."""

    def __init__(self) -> None:
        self.files: tuple[str, ...] = ()
        self.seen: dict[str, _Signature] = {}
        #: The number of looks so far.
        self.looks = 0
        self.thread: threading.Thread | None = None
        self.lock = threading.Lock()
        self.woken = threading.Event()
        self.is_asked = False
        self.is_stopped = False
        #: The previous handler of SIGHUP, once we have replaced it.
        self.before: Any = None
        self.has_signal = False
        self.had_terminal = False


_watch: Final = _Watch()


def follow(files: tuple[str, ...]) -> None:
    """Watch `files`, which have just been read; none ends the watching."""
    if not files:
        stop()
        return
    _take_signal()
    with _watch.lock:
        # What was seen before the reading stays, because a later change was not read.
        _watch.seen = {file: _watch.seen.get(file) or _signature(file) for file in files}
        _watch.files = files
        _watch.is_stopped = False
        if _watch.thread is None:
            _watch.thread = threading.Thread(target=_run, name="metaexpert-log-watch", daemon=True)
            _watch.thread.start()


def stop(_timeout: float | None = None) -> None:
    """End the watching, without a wait; SIGHUP does then what it did before it began."""
    with _watch.lock:
        _watch.files = ()
        _watch.seen = {}
        _watch.is_stopped = True
        _watch.woken.set()


def reload(reason: str) -> bool:
    """Read all files again and put in force what they say now.

    A file that cannot be used, for whatever reason, is reported, as a record and in `logging_errors.log`, and
    changes nothing: returns False then.
    """

    def announce(after: LogConfiguration, before: LogConfiguration | None) -> Any:
        changed = after != before
        return lambda: audit_logger().info(
            "The configuration files were read again",
            event_name="log.reloaded",
            reason=reason,
            changed=changed,
        )

    try:
        service.reconfigure(lambda sources: sources.reloaded(), announce)
    except ShutDownError:
        return False
    except Exception as error:
        # Whatever the file holds, it must not end the watching: the next one may be good.
        is_refusal = isinstance(error, ConfigurationError)
        if not service.is_shut_down():
            _report(reason, str(error) if is_refusal else f"{type(error).__name__}: {error}")
        return False
    return True


def _run() -> None:
    pending: dict[str, _Signature] | None = None
    while True:
        _watch.woken.wait(POLL_SECONDS)
        _watch.woken.clear()
        with _watch.lock:
            if _watch.is_stopped:
                _watch.thread = None
                return
        if _watch.is_asked:
            _watch.is_asked = False
            reload("SIGHUP")
            continue
        now = {file: _signature(file) for file in _watch.files}
        _watch.looks += 1
        if now == _watch.seen:
            pending = None
        elif now != pending:
            # An editor may be in the middle of it.
            pending = now
        else:
            changed = sorted(file for file in now if now[file] != _watch.seen.get(file))
            _watch.seen, pending = now, None
            _look_into(changed)


def _look_into(changed: list[str]) -> None:
    gone = [file for file in changed if _watch.seen[file] is None]
    reason = f"{', '.join(changed)} changed"
    if gone:
        _report(reason, f"{', '.join(gone)} is gone; what it said stays in force")
    else:
        reload(reason)


def _signature(file: str) -> _Signature:
    """Return a value that differs once a file was written or replaced; None if there is no file."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _report(reason: str, problem: str) -> None:
    """Say that the old configuration stays, wherever somebody may look."""
    audit_logger().error(
        "The configuration was not changed: what was read is refused",
        event_name="log.reload_failed",
        reason=reason,
        problem=problem,
    )
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    lines = "".join(f"{now} metaexpert.logger: {reason}: {line}\n" for line in problem.splitlines())
    with contextlib.suppress(OSError, ConfigurationError, ValueError, AttributeError):
        sys.stderr.write(lines)
    with contextlib.suppress(OSError, ConfigurationError):
        path = os.path.join(log_directory(service.configuration()), OWN_ERRORS_FILE)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = above_standard(os.open(path, flags, 0o644))
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(lines)


def _take_signal() -> None:
    """Have SIGHUP read the files again, once per process and only from its main thread, as Python requires.

    A handler of the program's own is called after ours; one that it sets later replaces ours.
    """
    if _watch.has_signal or threading.current_thread() is not threading.main_thread():
        return
    before = signal.getsignal(signal.SIGHUP)
    if before is None:  # not Python's own
        return
    if before is _on_hangup:
        # Ours is there still: it must not call itself.
        _watch.has_signal = True
        return
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGHUP, _on_hangup)
        _watch.before, _watch.has_signal = before, True
        _watch.had_terminal = _has_terminal()


def _on_hangup(number: int, frame: FrameType | None) -> None:
    # The watching thread does the work: what was interrupted here may hold the very locks that it takes.
    _watch.is_asked = True
    _watch.woken.set()
    has_ended = not _watch.files or (_watch.had_terminal and not _has_terminal())
    if callable(_watch.before):
        _watch.before(number, frame)
    elif _watch.before == signal.SIG_DFL and has_ended:
        # The terminal was closed, or nothing is watched any more: both end a program.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGHUP)


def _has_terminal() -> bool:
    """Tell whether the process has a terminal that would hang up."""
    try:
        os.close(above_standard(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)))
    except OSError:
        return False
    return True


def _forget_parent() -> None:
    """A child has no watching thread; its next `configure()` starts one."""
    _watch.thread = None
    _watch.lock = threading.Lock()
    _watch.woken = threading.Event()
    _watch.files = ()
    _watch.seen = {}
    _watch.is_asked = False
    if _watch.has_signal:
        with contextlib.suppress(ValueError, OSError):
            if signal.getsignal(signal.SIGHUP) is _on_hangup:
                signal.signal(signal.SIGHUP, _watch.before)
        _watch.has_signal = False


@contextlib.contextmanager
def _following(sources: Sources, configuration: LogConfiguration) -> Iterator[None]:
    yield
    follow(sources.files() if configuration.watch else ())


at_fork(in_child=_forget_parent)
parts.begin("watched files", stop, following=_following)
