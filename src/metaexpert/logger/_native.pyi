"""The native engine, as `engine` uses it: nothing else of the library imports this module."""

from collections.abc import Callable, Container, Mapping, Sequence
from contextvars import ContextVar
from logging import Filter, Handler, Logger, LogRecord
from os import PathLike
from pathlib import Path
from types import MethodType, TracebackType
from typing import Any, Self, TypeVar, final

from typing_extensions import disjoint_base

_Function = TypeVar("_Function", bound=Callable[..., Any])

#: Formats that are chosen by their names alone, and whether each shows times that a `datefmt` is for.
PRESETS: tuple[tuple[str, bool], ...]

@final
class Fields:
    """An immutable set of fields, its values captured when it was made."""

    def __new__(cls, mapping: dict[str, Any], base: Fields | None = None) -> Fields:
        """Return the fields of `base` updated with `mapping`."""
    def to_dict(self) -> dict[str, Any]:
        """Return a copy of the fields as they were given."""

@disjoint_base
class Context:
    """A context manager that adds `fields` to those of the variable that `set_context_variable` was given.

    The fields are captured on entry. A context can be entered again, also while it is open. Raises
    RuntimeError for an end without a beginning.
    """

    def __new__(cls, **fields: Any) -> Self: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _value: BaseException | None,
        _trace: TracebackType | None,
        /,
    ) -> None: ...
    def _given(self) -> dict[str, Any]:
        """Return a copy of the fields as they were given."""

@final
class Columns:
    """The records of logs as Arrow columns: of all logs in `directory`, or of those at the paths `logs`.

    `wanted` is that of `Search`. The lines are read at once, for the names and types of all columns, and
    again for each stream, which reads the same lines whatever happened to the files since. Raises as
    `Search`.
    """

    def __new__(
        cls, directory: Path | None, logs: Sequence[Path], wanted: Mapping[str, object], /
    ) -> Self: ...
    @property
    def names(self) -> list[str]:
        """The names of the columns, in their order."""
    @property
    def records(self) -> int:
        """How many records there are."""
    def only(self, names: Sequence[str], /) -> Columns:
        """Return the same records with these columns alone. Raises KeyError for a name that is none."""
    def report(self) -> list[tuple[Path, list[tuple[str, int]], list[str]]]:
        """Return what could not be read, as `Search.report` does."""
    def __arrow_c_schema__(self) -> object:
        """Return the types of the columns, as a PyCapsule of the Arrow C data interface."""
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the records in batches, as a PyCapsule of the Arrow C stream interface.

        Its types are always those of `__arrow_c_schema__`. A stream fails where a file was written over
        meanwhile. Raises OSError where threads cannot be started.
        """

@final
class Following:
    """What is appended to logs and wanted; made by `follow`."""

    def wait(self, timeout_s: float, /) -> list[tuple[bytes, int, str | None, bool]]:
        """Return the lines that are appended within `timeout_s`, as `Search.next_batch` gives them.

        Returns as soon as there are some, and an empty list early when a signal comes.
        """
    def files(self) -> list[Path]:
        """Return the files that lines came from."""
    def take_report(self) -> list[tuple[Path, list[tuple[str, int]], list[str]]]:
        """Return what could not be read since the last call, as `Search.report` does."""

@final
class Printer:
    """Shows lines on `descriptor`.

    `shown` says how: `format` (`text`, `json`, `raw`, `csv` or `template`), `template`, `fields`, `hide`,
    `constant`, `zone` (`local`, `UTC` or a name), `colour`, and the lines `before` and `after` each that is
    wanted, of which there are `most`. Raises ValueError for what cannot be shown.
    """

    def __new__(cls, shown: Mapping[str, object], descriptor: int, /) -> Self: ...
    def print(self, search: Search, /) -> int:
        """Show what `search` finds, and return how many lines were wanted so far. Raises OSError."""
    def print_appended(self, following: Following, timeout_s: float, /) -> bool:
        """Show what is appended within `timeout_s`; False once `most` lines were shown. Raises OSError."""

@final
class Search:
    """Lines of logs in order of time, each once: of all logs in `directory`, or of those at the paths `logs`.

    `wanted` says which lines: `conditions` (expressions, all of which must hold), `text` (which the line has;
    with `is_regex` a regular expression, with `ignores_case` in capitals or not), `is_inverted`, `since_ns`
    and `until_ns` (nanoseconds since 1970, the second excluded), `last` (only so many), `gives_all` (lines
    that are not wanted, too), `is_strict` (all lines are checked in full), `now_ns` (which spans such as
    `10m` end at).

    Raises ValueError for a bad expression, saying where it is wrong, and OSError for a directory that cannot
    be listed.
    """

    def __new__(
        cls, directory: Path | None, logs: Sequence[Path], wanted: Mapping[str, object], /
    ) -> Self: ...
    def next_batch(self) -> list[tuple[bytes, int, str | None, bool]] | None:
        """Return the next lines, None at the end.

        A line is its bytes without the line end, the place of its file among `files()`, why it is no record
        (None for a record), and whether it is wanted. Raises OSError where threads cannot be started.
        """
    def count(self, most: int | None) -> int:
        """Return how many lines are wanted, `most` of them at most."""
    def files(self) -> list[Path]:
        """Return the files that are read, as they were called when they were opened."""
    def report(self) -> list[tuple[Path, list[tuple[str, int]], list[str]]]:
        """Return what could not be read so far.

        Of each file these are its lines that are no records, by why they are not, and why something of it
        could not be read at all.
        """

@final
class Counting:
    """Counts of the records that a search finds, whose arguments are as for `Search`.

    With names of fields in `by` records are counted by the values of these. `has_all` says that all records
    are wanted, so that numbers which none of them has are missing. Raises what `Search` raises.
    """

    def __new__(
        cls,
        directory: Path | None,
        files: Sequence[Path],
        wanted: Mapping[str, object],
        by: Sequence[str],
        has_all: bool,
        /,
    ) -> Self: ...
    def read_on(self) -> bool:
        """Count more records for a moment; False when there are no more. Raises as `Search.next_batch`."""
    def to_json(self) -> str:
        """Return what was counted so far, as JSON."""
    def report(self) -> list[tuple[Path, list[tuple[str, int]], list[str]]]:
        """Return what could not be read so far, as `Search.report` does."""

@final
class Unpacked:
    """The text of a gzip or zstd file, unpacked as it is read: all members and frames are one text.

    `descriptor` is copied; reading goes on from its position. `packing` is `gzip` or `zstd`. Raises
    ValueError for anything else and OSError for a descriptor that is not open.
    """

    def __new__(cls, descriptor: int, packing: str, /) -> Self: ...
    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end.

        Raises EOFError where the file is cut off, ValueError where it is damaged, and OSError.
        """

@final
class Channel:
    """A logger's way into the pipeline.

    Its builtins serve calls while the `empty` lists are empty, each of the `single` pairs is a list and the
    one item it holds, the `classes` and the record factory of `logging` are unchanged, and each of the
    `loggers` has the class that it has now and the attributes beside it, or none of a name with None. After a
    change, and after `close`, they pass every call on to their `slow` callable.
    """

    def __new__(
        cls,
        name: str,
        bound: Fields | None,
        empty: list[list[Any]],
        single: list[tuple[list[Handler], Handler | Filter]],
        classes: list[type] = ...,
        loggers: list[tuple[Logger, list[tuple[str, tuple[Any] | None]]]] = ...,
    ) -> Channel: ...
    @staticmethod
    def listened_to(
        logger: Logger,
        name: str,
        bound: Fields | None,
        sized: list[tuple[list[Any], int]],
        classes: list[type],
    ) -> Channel:
        """Return the channel of a `logger` whose records foreign handlers get as well, by `callHandlers`.

        Its builtins serve calls while the `sized` lists have so many items, and the `classes` are unchanged.
        """
    @property
    def is_listened(self) -> bool:
        """Tell whether foreign handlers get the records as well."""
    @property
    def bound(self) -> Fields | None:
        """Return the fields of its bound logger."""
    def derive(self, bound: Fields | None, handlers: list[Handler]) -> Channel:
        """Return a channel with other `bound` fields that also depends on `handlers` being empty."""
    def is_open(self) -> bool:
        """Tell whether its builtins serve calls now."""
    def close(self) -> None:
        """Send every later call of the channel's builtins to their `slow`."""
    def submit(
        self,
        level: int,
        level_name: str | None,
        category: str | None,
        message: object,
        arguments: tuple[Any, ...],
        fields: dict[str, Any] | None,
        exception: tuple[str, str, str] | None,
        stack: str | None,
        caller: tuple[str, int, str] | None,
    ) -> bool:
        """Submit a prepared record; False if no engine runs.

        `exception` is (type, message, stacktrace), `caller` (file, line, function).
        """

@final
class TakenMethod:
    """A logging method as it is taken from its logger: called like a builtin, otherwise a bound method.

    Made of a function and an object it is the object's method, as `weakref.WeakMethod` wants it.
    """

    def __new__(cls, function: Callable[..., Any], logger: Any, /) -> Self: ...
    def __call__(self, /, *args: Any, **kwargs: Any) -> None: ...

def level_builtin(
    channel: Channel,
    level: int,
    category: str | None,
    slow: Callable[..., None],
    enabled: bool = True,
    name: str | None = None,
) -> Callable[..., None]:
    """Return a builtin that logs at `level` under `category`, in place of a logger's method `name`.

    If it is not `enabled` it does nothing while the channel is open. Calls that it cannot serve go to `slow`.
    """

def log_builtin(channel: Channel, threshold: int, slow: Callable[..., None]) -> Callable[..., None]:
    """Return a builtin whose first argument is the level; it does nothing below `threshold`."""

def plain_logger_builtin(channel: Channel, own: MethodType) -> Callable[..., None]:
    """Return a builtin in place of the `_log` of a logger, whose bound method `own` is.

    Calls that it cannot serve go to the `_log` that the logger's class has then.
    """

def submit_handed(record: LogRecord, usual: type[LogRecord], copied: object) -> bool:
    """Submit `record` if this thread is handing it out and nobody has changed it.

    True if the pipeline has it now, or had it before; then its class is `copied` in place of `usual`.
    """

def known_of(record: LogRecord) -> tuple[dict[str, Any], Fields | None, Fields | None, bool] | None:
    """Return what is known about a record that the native engine has made; None for any other.

    The call's fields, those that were bound, those of the context, and whether this pipeline has it.
    """

def close_channels() -> None:
    """Close every channel that exists now, in one step, however many there are."""

def start(document: str, run_id: str, again: bool = False) -> None:
    """Put the configuration `document` (JSON) in force, starting the engine if it does not run.

    Raises ValueError for a document that it refuses and OSError for a file that it cannot open; nothing
    changes then. A document that was in force before (`again`) is not refused for such a file: each record
    tries to open it again.
    """

def lasting() -> dict[str, Any]:
    """Return the dictionary that the library keeps over a second import: always the same one."""

def forks() -> int:
    """Return how many forks lie between the first process that had the library and this one."""

def set_worker(is_worker: bool) -> None:
    """Say whether this process works for another one, which has files without a number in their names."""

def note_missing_streams(stdout: bool, stderr: bool) -> None:
    """Say which standard streams the process was started without; their numbers are never written to."""

def is_running() -> bool:
    """Tell whether records are being taken."""

def flush(timeout: float | None = None, told: bool = True) -> bool:
    """Wait until every record submitted before is written by every handler that wants it.

    Returns False after `timeout` seconds, and if a record was lost for which no earlier call of this thread
    has answered. A call whose answer nobody sees is not `told`, and leaves the losses to the next one. Signal
    handlers run meanwhile, and what they raise is raised here.
    """

def shutdown(timeout: float | None = None) -> bool:
    """Write what is there and stop the engine.

    Returns False if the engine did not end within `timeout` seconds, if records are left, or if a record was
    lost since the engine began. Without an engine it answers for the last one.
    """

def stats() -> dict[str, Any] | None:
    """Return the counters of the running engine, else of the last one, else None."""

def needs() -> tuple[bool, bool, bool]:
    """Return (caller, thread, task): whether some format shows them."""

def set_context_variable(variable: ContextVar[Any]) -> None:
    """Name the variable whose value, a `Fields`, every record has; `Context` sets it."""

def current_fields() -> Fields | None:
    """Return the captured fields of all contexts that are open here, or None."""

def method_descriptor(function: _Function, level: int | None, category: str | None) -> _Function:
    """Return a descriptor for a class of loggers that does what the method `function` does, but sooner.

    The class gives `function` itself. An instance gives what its `_take(name)` returns, or `function` bound
    to it. The descriptor serves the first call of a bound logger whose unbound logger has its builtins.
    """

def bind_descriptor(function: _Function) -> _Function:
    """Return a descriptor for a class of loggers that does what its `bind`, the `function`, does, but sooner.

    While the logger's fast way is open, the bound logger is made as `MetaLogger._derived` makes it, and has a
    channel from the beginning.
    """

def begin_exit(timeout: float) -> bool:
    """Let no other thread into the native code any more, and wait until none is inside.

    Returns False if one was still inside after `timeout` seconds.
    """

def park_if_ending() -> None:
    """Never return on another thread once `begin_exit` was called."""

def set_synchronous(synchronous: bool) -> None:
    """Make each call wait until its record is written, or no longer."""

def follow(
    directory: Path | None, logs: Sequence[Path], wanted: Mapping[str, object], /
) -> tuple[Search, Following]:
    """Return a `Search` through what the logs have now, and what is appended to them behind it."""

def forget_after_fork() -> None:
    """Forget, in a forked child, the engine that belongs to the parent."""

def recover(directory: str, everything: bool = False, files: list[str] = ...) -> str:
    """Write what killed processes left behind for the log `directory`, or for all; return a JSON report.

    Nothing outside of the directory is written to but `files`. Never touches what a living process has. What
    goes wrong is in the report, ring by ring.
    """

def count_unstarted(level: int) -> None:
    """Count a record of `level` that found no engine and could not start one."""

def count_untold() -> None:
    """Count the losses of an engine that cannot be asked any more: the next `flush` is False."""

def patterns_refusal(patterns: Sequence[str]) -> tuple[int | None, str, str] | None:
    """Return why `redact.patterns` cannot be used, None if they can.

    The answer is the place of the pattern, or None for all of them together; what is wrong, as in
    "is too large …"; and what to do. Compiling the patterns and measuring their cost releases the GIL.
    """

def condition_refusal(expression: str) -> tuple[str, str | None, str] | None:
    """Return why `filter.where` cannot be used, None if it can.

    The answer is what is wrong; what to do, if there is something to say; and two lines, of which the first
    has the place in the expression and the second a caret below it.
    """

def exception_beginning(exception: BaseException, most: int) -> str | None:
    """Return the first `most` bytes of `str(exception)`; None if it has no more, or a text of its own."""

def usual_exception(exception: BaseException, trace: TracebackType | None) -> tuple[str, str, str] | None:
    """Return (type, message, stacktrace) of an exception with this traceback; None for an unusual one.

    The stacktrace is that of `traceback.format_exception`, without line breaks at its end. Unusual are those
    with suggestions, notes or parts, with a text that their own code refuses or that is very long, of a class
    with its own ways, or among many causes, and all where the program limits or replaces what `traceback`
    does. A class's own `__str__` is run once.
    """

def nothing() -> Callable[..., None]:
    """Return a builtin that accepts any arguments and does nothing."""

def family(path: str | PathLike[str], /) -> list[tuple[Path, Path, int | None, int]]:
    """Return the files of the log at `path`, in the order of `metaexpert.reader.family`.

    Each with the file that its writer appends to, the process in that file's name, and its own number.
    Raises OSError for a directory that cannot be listed.
    """

def packing_of(beginning: bytes, /) -> str | None:
    """Return `gzip` or `zstd` for a file that begins so, None for one that is not packed."""

def submit_record(
    record: LogRecord,
    message: str | None,
    exception: tuple[str, str, str] | None,
    fields: Mapping[str, Any] | None,
    attributes: Container[str] | None,
    bound: Fields | None = None,
    is_complete: bool = False,
) -> bool:
    """Submit a record of any logger; `message` replaces its own formatting. False if no engine runs.

    `fields` are its fields under the names used in the call; `attributes` are the record's attributes that
    hold them, `bound` those of its logger. With `is_complete` there are no others, such as those of the
    running context.
    """

def time_ns(text: str, now_ns: int, /) -> int | None:
    """Return the time that RFC 3339, a date, or a span like `10m` before `now_ns` says, None for no time."""
