"""The names of the native module, in the one place that imports it.

`process.engine` starts and stops what is behind them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

try:
    from metaexpert.logger import _native
except ImportError as problem:
    if "interpreter" not in str(problem):
        raise
    raise ImportError(
        "metaexpert.logger serves the main interpreter of a process only, and this is another one; "
        "log from the main interpreter, or use processes"
    ) from None
from metaexpert.logger._native import (
    PRESETS,
    Channel,
    Columns,
    Context,
    Counting,
    Fields,
    Following,
    Printer,
    Search,
    TakenMethod,
    Unpacked,
    begin_exit,
    bind_descriptor,
    close_channels,
    condition_refusal,
    count_unstarted,
    count_untold,
    current_fields,
    exception_beginning,
    flush,
    follow,
    forget_after_fork,
    forks,
    is_running,
    known_of,
    level_builtin,
    log_builtin,
    method_descriptor,
    needs,
    note_missing_streams,
    packing_of,
    park_if_ending,
    patterns_refusal,
    plain_logger_builtin,
    recover,
    set_context_variable,
    set_synchronous,
    set_worker,
    shutdown,
    start,
    stats,
    submit_handed,
    submit_record,
    time_ns,
    usual_exception,
)
from metaexpert.logger._native import lasting as _lasting

if TYPE_CHECKING:
    import os
    from pathlib import Path

__all__ = [
    "PRESETS",
    "Channel",
    "Columns",
    "Context",
    "Counting",
    "Fields",
    "Following",
    "Printer",
    "Search",
    "TakenMethod",
    "Unpacked",
    "begin_exit",
    "bind_descriptor",
    "close_channels",
    "condition_refusal",
    "count_unstarted",
    "count_untold",
    "current_fields",
    "exception_beginning",
    "family",
    "flush",
    "follow",
    "forget_after_fork",
    "forks",
    "is_running",
    "known_of",
    "lasting",
    "level_builtin",
    "log_builtin",
    "method_descriptor",
    "needs",
    "note_missing_streams",
    "packing_of",
    "park_if_ending",
    "patterns_refusal",
    "plain_logger_builtin",
    "recover",
    "set_context_variable",
    "set_synchronous",
    "set_worker",
    "shutdown",
    "start",
    "stats",
    "submit_handed",
    "submit_record",
    "time_ns",
    "usual_exception",
]

#: Objects that exist once per process, by name: a second import of the package finds them as the first left
#: them.
lasting: Final[dict[str, Any]] = _lasting()


def family(path: str | os.PathLike[str]) -> list[tuple[Path, Path, int | None, int]]:
    """Return the files of the log at `path`: each file, its writer's, the writer's process, and its number.

    Raises OSError for a directory that cannot be listed.
    """
    return _native.family(path)
