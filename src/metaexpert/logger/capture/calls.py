"""Arguments and callers of logging calls."""

from __future__ import annotations

import logging
import operator
import sys
from collections.abc import Callable, Mapping
from types import FrameType, FunctionType
from typing import Any, Final, TypeVar, cast

from metaexpert.logger.capture.faults import is_a, stack_text, truth

#: Levels whose names the engine knows: it is told the name of another one, or of one that was renamed.
STANDARD_LEVEL_NAMES: Final = {level: logging.getLevelName(level) for level in (10, 20, 30, 40, 50)}
#: The arguments that `MetaLogger._log` takes by position.
_LOG_PARAMETERS: Final = frozenset({"self", "level", "msg", "args"})

_OWN_MODULES: Final = ("meta", "calls", "fast_path", "timing", "decoration")
#: Modules whose frames never made a call; the native engine asks for them, too. By name: frozen code and code
#: that was compiled elsewhere have files that tell nothing.
CALLING_MODULES: Final = frozenset(
    {logging.__name__, *(f"{__name__.rpartition('.')[0]}.{name}" for name in _OWN_MODULES)}
)
#: Packages that log by `logging` for their callers, and whose logger classes pass over their own frames.
_WRAPPERS: Final = frozenset({"structlog"})

_Caller = tuple[str, int, str, str | None]
_Function = TypeVar("_Function", bound=Callable[..., Any])


def part_of_logging(function: _Function) -> _Function:
    """Return `function`, whose frames have the file of `logging` from now on.

    For all of ours that stand between a call and a handler. Who looks for the caller passes over that file:
    loguru's documented `InterceptHandler`, `logging`'s own `handleError`. A traceback shows the wrong source
    line for such a frame.
    """
    code = cast("FunctionType", function).__code__
    cast("FunctionType", function).__code__ = code.replace(
        co_filename=logging.Logger.handle.__code__.co_filename
    )
    return function


def nearest_level(level: int) -> int:
    """Return the level, or the nearest that has 32 bits."""
    return max(-(2**31), min(level, 2**31 - 1))


def without_parameters(words: dict[str, Any]) -> dict[str, Any]:
    """Return `words` with those that `_log` takes by position moved to `extra`, where they stay fields."""
    taken = words.keys() & _LOG_PARAMETERS
    if taken:
        moved = {name: words.pop(name) for name in tuple(words) if name in taken}
        words["extra"] = {**extra_fields(words.get("extra")), **moved}
    return words


def extra_fields(extra: object) -> dict[Any, Any]:
    """Return the fields in `extra`; a value that is not a readable mapping is a field of that name."""
    if extra is None or extra is False:
        return {}
    try:
        if isinstance(extra, Mapping):
            return dict(extra)
    except Exception:  # the mapping's own code
        return {"extra": extra}
    return {} if truth(extra) is False else {"extra": extra}


def own_fields(extra: dict[Any, Any], fields: Mapping[str, Any]) -> tuple[dict[Any, Any], str | None]:
    """Return a call's fields, and its category if it has one: the keyword, or otherwise that of `extra`."""
    try:
        return _merged(extra, fields)
    except Exception:  # keys whose own code fails when they are compared
        return _merged({"extra": [*extra.items()]}, fields)


def _merged(extra: dict[Any, Any], fields: Mapping[str, Any]) -> tuple[dict[Any, Any], str | None]:
    own = {**extra, **fields}
    category = own.get("category")
    if not is_a(category, str):
        return own, None
    if "category" in fields and "category" in extra:
        own["category"] = extra["category"]
    else:
        del own["category"]
    return own, category


def unusable(exc_info: object, stack_info: object, stacklevel: object) -> dict[str, Any]:
    """Return those of the words that `logging` knows whose values it could not use: they become fields."""
    words: dict[str, Any] = {}
    if not is_a(exc_info, tuple) and not is_a(exc_info, BaseException) and truth(exc_info) is None:
        words["exc_info"] = exc_info
    if truth(stack_info) is None:
        words["stack_info"] = stack_info
    if _number(stacklevel) is None:
        words["stacklevel"] = stacklevel
    return words


def _number(stacklevel: object) -> int | None:
    try:
        return int(stacklevel) if isinstance(stacklevel, float) else operator.index(stacklevel)  # type: ignore[arg-type]
    except Exception:  # no number, or one whose own code fails
        return None


def find_caller(
    frame: FrameType | None, stack_info: object, stacklevel: object, wrapper: str | None = None
) -> _Caller:
    """Return file, line, function and, if asked for, stack of the call that led to `frame`.

    A level that is not a number counts as 1, and a value without a truth asks for no stack. Frames of the
    package `wrapper` are skipped like those of `logging`.
    """
    number = _number(stacklevel)
    level = 1 if number is None else number
    while frame is not None:
        if not _is_internal(frame) and (wrapper is None or _package_of(frame) != wrapper):
            level -= 1
            if level <= 0 or frame.f_back is None:
                break
        frame = frame.f_back
    if frame is None:
        return "(unknown file)", 0, "(unknown function)", None
    stack = stack_text(frame) if truth(stack_info) else None
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, stack


def ask_for_caller(find: Callable[..., _Caller], stack_info: object, stacklevel: object) -> _Caller:
    """Return what the method `find` of a class that is not ours says about the call that led here.

    If it takes our frames for the caller's, they are added to those that it skips.
    """
    frame = sys._getframe()
    own = _own_frames(frame)
    files = {each.f_code.co_filename for each in own}
    first, level, wants_stack = find(False, 1), _number(stacklevel) or 1, truth(stack_info) is True
    if first[0] not in files:
        return first if level == 1 and not wants_stack else find(wants_stack, level)
    wrapper = str(getattr(find, "__module__", "")).partition(".")[0]
    if wrapper in _WRAPPERS:
        return find_caller(frame, wants_stack, level, wrapper)
    caller = find(wants_stack, level + len(own))
    return find_caller(frame, wants_stack, level) if caller[0] in files else caller


def _own_frames(frame: FrameType | None) -> list[FrameType]:
    """Return the library's frames from `frame` on; those of `logging` may lie between."""
    own = []
    while frame is not None and _is_internal(frame):
        if _module_of(frame) != logging.__name__:
            own.append(frame)
        frame = frame.f_back
    return own


def _module_of(frame: FrameType) -> str:
    name = frame.f_globals.get("__name__")
    return name if isinstance(name, str) else ""


def _package_of(frame: FrameType) -> str:
    return _module_of(frame).partition(".")[0]


def _is_internal(frame: FrameType) -> bool:
    """Tell whether a frame is passed over, as `logging` does with its own and those of imports."""
    file = frame.f_code.co_filename
    return _module_of(frame) in CALLING_MODULES or ("importlib" in file and "_bootstrap" in file)
