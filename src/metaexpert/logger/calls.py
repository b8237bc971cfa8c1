"""What a logging call was given, and where it was made."""

from __future__ import annotations

import logging
import operator
import os
from collections.abc import Mapping
from types import FrameType
from typing import Any, Final

from metaexpert.logger.faults import is_a, stack_text, truth

#: What `MetaLogger._log` takes by position.
_LOG_PARAMETERS: Final = frozenset({"self", "level", "msg", "args"})

_OWN_MODULES: Final = ("meta", "fast_path", "timing", "decoration")
_HERE: Final = os.path.dirname(__file__)
#: Source files whose frames never made a call; the native engine asks for them, too.
SOURCE_FILES: Final = frozenset(
    {logging._srcfile, *(os.path.join(_HERE, f"{name}.py") for name in _OWN_MODULES)}
)


def without_parameters(words: dict[str, Any]) -> dict[str, Any]:
    """Return `words` with those that `_log` takes by position moved to `extra`, where they stay fields."""
    taken = words.keys() & _LOG_PARAMETERS
    if taken:
        moved = {name: words.pop(name) for name in tuple(words) if name in taken}
        words["extra"] = {**extra_fields(words.get("extra")), **moved}
    return words


def extra_fields(extra: object) -> dict[Any, Any]:
    """Return the fields in `extra`; what is no mapping, or none that can be read, is a field of that name."""
    if extra is None or extra is False:
        return {}
    try:
        if isinstance(extra, Mapping):
            return dict(extra)
    except Exception:  # the mapping's own code
        return {"extra": extra}
    return {} if truth(extra) is False else {"extra": extra}


def own_fields(extra: dict[Any, Any], fields: Mapping[str, Any]) -> tuple[dict[Any, Any], str | None]:
    """Return a call's fields, and the category if one of them is one: the keyword, else that of `extra`."""
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
    frame: FrameType | None, stack_info: object, stacklevel: object
) -> tuple[str, int, str, str | None]:
    """Return file, line, function and, if asked for, stack of the call that led to `frame`.

    A level that is no number counts as 1, and what does not say whether a stack is wanted asks for none.
    """
    number = _number(stacklevel)
    level = 1 if number is None else number
    while frame is not None:
        if not _is_internal(frame.f_code.co_filename):
            level -= 1
            if level <= 0 or frame.f_back is None:
                break
        frame = frame.f_back
    if frame is None:
        return "(unknown file)", 0, "(unknown function)", None
    stack = stack_text(frame) if truth(stack_info) else None
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, stack


def _is_internal(file: str) -> bool:
    """Tell whether frames of `file` are passed over, as `logging` does with its own and those of imports."""
    return file in SOURCE_FILES or ("importlib" in file and "_bootstrap" in file)
