"""The life of the native engine in this process: start, stop, exit and fork.

`start` is called by configuration; after a `shutdown`, and in a forked child, the next record starts the
engine again with what was last in force.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from metaexpert.logger.process.deadline import Deadline
from metaexpert.logger.process.forks import ForkLock, at_fork
from metaexpert.logger.shared import native

_AFTER_ALL_OTHERS: Final = -1_000

#: The time that the end of the interpreter waits for records to be written, in seconds.
EXIT_TIMEOUT: Final = 10.0
_EXIT_GRACE: Final = 2.0
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def _process() -> tuple[int, int]:
    """Return what tells this process from the one that forked it; their numbers may be the same."""
    return os.getpid(), native.forks()


def _new_run_id() -> str:
    # As many digits as a UUID has, whose module takes longer to import than the rest of this one.
    return os.urandom(16).hex()


class _Engine:
    """The state that outlives a start."""

    def __init__(self) -> None:
        self.lock = ForkLock(native.park_if_ending)
        self.document: Mapping[str, Any] | None = None
        self.run_id = _new_run_id()
        #: The process that all of this belongs to: a forked child inherits it, and begins again.
        self.process = _process()
        #: The parent of this process, if logging was configured before the fork.
        self.parent: int | None = None
        self.lowest_level = 0
        self.listeners: list[Callable[[], None]] = []
        self.configurer: Callable[[bool], bool] | None = None
        self.exit_registered_in: tuple[int, int] | None = None
        #: A record was lost because no engine could be started; until one is, or `shutdown` has told of it.
        self.has_refused = False
        #: The thread whose end is the process's: the one that runs the program, not the one that imports.
        self.main_thread = threading.main_thread().ident
        self.thread_end = threading.local()
        #: The process is the child of a fork in another thread, or of such a child.
        self.is_without_main_thread = type(threading.main_thread()).__name__ != "_MainThread"


_engine: Final[_Engine] = native.lasting.setdefault("engine", _Engine())


def on_change(listener: Callable[[], None]) -> None:
    """Call `listener` whenever the engine starts, stops, or takes another configuration."""
    _engine.listeners.append(listener)


def on_unconfigured(configurer: Callable[[bool], bool]) -> None:
    """Call `configurer` when a record arrives and nothing is configured.

    It starts the engine, or returns False or raises if it can't; with `anew` it tries again after a failure.
    """
    _engine.configurer = configurer


def run_id() -> str:
    """Return what tells this process's pipeline from all others."""
    _leave_parent()
    return _engine.run_id


def announce_change() -> None:
    """Tell the listeners that something on which the way of records depends has changed."""
    for listener in _engine.listeners:
        listener()


def is_configured() -> bool:
    """Tell whether a configuration was ever put in force in this process (or its parent, before a fork)."""
    return _engine.document is not None


def wants(level: int) -> bool:
    """Tell whether any handler takes records of `level`."""
    return level >= _engine.lowest_level


def start(document: Mapping[str, Any], *, again: bool = False) -> None:
    """Put the engine's configuration `document` in force.

    Raises ValueError for a document that it refuses and OSError for a file that it can't open; what was in
    force before then stays in force. A document that was in force before, and is to be `again`, is not
    refused for a file, which a forked child may have lost the right to open: records are counted as lost
    until it opens.
    """
    _leave_parent()
    with _engine.lock.held():
        before = _engine.document
        if before is not None and _needs_new_queue(before, document):
            _restart(before, document)
        else:
            native.set_worker(_is_worker())
            native.start(_text_of(document), _engine.run_id, again)
        _engine.document = document
        _engine.has_refused = False
        _engine.lowest_level = min((sink["level"] for sink in document["sinks"]), default=0)
        _register_exit()
        _register_thread_end()
        announce_change()


def ensure_running() -> bool:
    """Start the engine again if it was stopped. Returns False if it never ran or can't start now."""
    _leave_parent()
    if native.is_running():
        return True
    with _engine.lock.held():
        if _engine.document is None:
            return False
        try:
            start(_engine.document, again=True)
        except (OSError, ValueError):
            return False
        return True


def start_as_named() -> None:
    """Start the engine for a handler that a logging configuration names, if it is not configured yet.

    Raises `ConfigurationError` if what environment or files say is wrong.
    """
    _leave_parent()
    if _engine.document is None and _engine.configurer is not None:
        _engine.configurer(True)


def ensure_configured(level: int) -> bool:
    """Start the engine for a record of `level` if it does not run, also if it is not configured yet.

    Returns False if it can't now: the record is counted as lost. Raises `ConfigurationError`, once, if what
    environment or files say is wrong.
    """
    _leave_parent()
    if native.is_running():
        return True
    is_started = False
    try:
        is_configured = _engine.document is not None or (
            _engine.configurer is not None and _engine.configurer(False)
        )
        is_started = is_configured and ensure_running()
    finally:
        if not is_started:
            _engine.has_refused = True
            native.count_unstarted(level)
    return is_started


def flush(timeout: object = None, *, told: bool = True) -> bool:
    """Wait until every record submitted before is written, for `timeout` seconds as `Deadline` has them.

    Returns False on timeout, and if a record was lost that an earlier call of this thread has not answered
    for. One whose answer nobody sees is not `told`.
    """
    _leave_parent()
    if _engine.document is None:
        return not _engine.has_refused
    return native.flush(Deadline(timeout).left(), told)


def shutdown(timeout: object = None) -> bool:
    """Write what is there and stop, for `timeout` seconds, as `Deadline` understands them.

    Returns False if that took longer, if another thread's change of the configuration did, or if a record was
    lost since the engine was started. Called again, it answers for the end of the last engine once more.
    """
    _leave_parent()
    deadline = Deadline(timeout)
    with _engine.lock.held_within(deadline.left()) as is_held:
        if not is_held:
            return False
        is_whole = native.shutdown(deadline.left()) or _engine.document is None
        has_refused, _engine.has_refused = _engine.has_refused, False
        announce_change()
        return is_whole and not has_refused


def forget() -> None:
    """Forget what was in force: the next start is the first. The engine must have been shut down."""
    _leave_parent()
    with _engine.lock.held():
        _engine.document = None
        _engine.run_id = _new_run_id()
        _engine.lowest_level = 0
        _engine.has_refused = False
        announce_change()


def statistics() -> dict[str, Any] | None:
    """Return the counters of the running engine, or of the last one; None before the first start."""
    return native.stats()


def recover(directory: str, *, everything: bool = False, files: Sequence[str] = ()) -> dict[str, Any]:
    """Write what killed processes left behind for the log `directory`; `recovery` explains the document."""
    document: dict[str, Any] = json.loads(native.recover(directory, everything, list(files)))
    return document


def _text_of(document: Mapping[str, Any]) -> str:
    """Return the document as JSON; half of a surrogate pair is replaced, as it is in records."""
    return _LONE_SURROGATE.sub("\ufffd", json.dumps(document, ensure_ascii=False))


def _needs_new_queue(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    same: bool = before["queue"]["capacity_bytes"] == after["queue"]["capacity_bytes"]
    return not same and native.is_running()


def _restart(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Change the queue's size, which takes a new engine; the old configuration comes back on an error."""
    if not native.shutdown(None):
        # The one that is stopped cannot be asked any more.
        native.count_untold()
    try:
        native.start(_text_of(after), _engine.run_id)
    except (OSError, ValueError):
        native.start(_text_of(before), _engine.run_id)
        raise


def _register_exit() -> None:
    """Have everything written at the end of this process, however it ends by itself."""
    if _engine.exit_registered_in is None:
        atexit.register(_finish)
    if _engine.exit_registered_in == _process():
        return
    _engine.exit_registered_in = _process()
    if "multiprocessing.util" in sys.modules:
        from multiprocessing import parent_process, util

        # A worker begins by forgetting all finalizers; a hook of its birth, or its main module, may have
        # logged by then, and this too.
        util.register_after_fork(_engine, _register_worker_exit)
        if parent_process() is not None:
            _register_worker_exit(_engine)


def _register_worker_exit(_: _Engine) -> None:
    """Have everything written at the end of a worker: it leaves past atexit, but runs its finalizers."""
    from multiprocessing.util import Finalize

    Finalize(None, _finish_worker, exitpriority=_AFTER_ALL_OTHERS)


class _ThreadEnd:
    """Lies in a thread's own storage, which goes when the thread ends."""

    def __del__(self) -> None:
        shutdown(EXIT_TIMEOUT)


def _register_thread_end() -> None:
    """Have everything written at the end of this thread, if nothing else ends the process.

    The child of a fork in another thread than the main one never comes to an interpreter's end: it ends with
    its last thread, which must not be the backend's. Should another thread log after this one, it starts the
    engine again, and ends it.
    """
    if _engine.is_without_main_thread:
        _engine.thread_end.hook = _ThreadEnd()


def _finish_worker() -> None:
    """Write everything. Threads that outlast a worker's function log on, each record written at once.

    No interpreter is finalised after this that they would have to keep away from.
    """
    shutdown(EXIT_TIMEOUT)
    native.set_synchronous(True)


def _finish() -> None:
    """Write everything at the interpreter's end; what is logged even later is written at once."""
    # Daemon threads that go on logging must not be in native code when the interpreter ends them.
    native.begin_exit(_EXIT_GRACE)
    ForkLock.renew_all()
    shutdown(EXIT_TIMEOUT)
    native.set_synchronous(True)


def _leave_parent() -> None:
    """In a forked child, leave the parent's engine alone; the first record starts one of the child's own.

    Called by whatever starts an engine, because a hook of the program's may log before ours has run.
    """
    process = _process()
    if _engine.process == process:
        return
    native.forget_after_fork()
    _engine.lock.renew()
    _engine.is_without_main_thread |= threading.get_ident() != _engine.main_thread
    _engine.run_id = _new_run_id()
    _engine.process = process
    _engine.parent = None if _engine.document is None else os.getppid()
    _engine.has_refused = False
    announce_change()


def _is_worker() -> bool:
    """Tell whether the process works for one that lives, unlike a daemon, whose parent has left."""
    if _engine.parent is not None:
        return _engine.parent == os.getppid()
    if "multiprocessing.process" not in sys.modules:
        return False
    from multiprocessing import current_process, parent_process

    parent = parent_process()
    # A worker that still imports the program's main module has its name, and knows of no parent yet.
    return current_process().name != "MainProcess" if parent is None else parent.is_alive()


# Not ours to write to, whatever has their numbers now. The interpreter looked before anybody else.
native.note_missing_streams(sys.__stdout__ is None, sys.__stderr__ is None)
at_fork(in_child=_leave_parent)
