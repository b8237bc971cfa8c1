"""What a logging call was given, and where it was made."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from types import FrameType
from typing import Any, Final

#: What `MetaLogger._log` takes by position.
_LOG_PARAMETERS: Final = frozenset({"self", "level", "msg", "args"})

_HERE: Final = os.path.dirname(__file__)
#: Source files whose frames never made a call; the native engine asks for them, too.
SOURCE_FILES: Final = frozenset(
    {logging._srcfile, *(os.path.join(_HERE, f"{name}.py") for name in ("meta", "fast_path", "timing"))}
)


def without_parameters(words: dict[str, Any]) -> dict[str, Any]:
    """Return `words` with those that `_log` takes by position moved to `extra`, where they stay fields."""
    taken = words.keys() & _LOG_PARAMETERS
    if taken:
        moved = {name: words.pop(name) for name in tuple(words) if name in taken}
        words["extra"] = {**extra_fields(words.get("extra")), **moved}
    return words


def extra_fields(extra: object) -> Mapping[Any, Any]:
    """Return the fields in `extra`; what is no mapping is itself a field of that name."""
    if not extra:
        return {}
    return extra if isinstance(extra, Mapping) else {"extra": extra}


def own_fields(extra: Mapping[Any, Any], fields: Mapping[str, Any]) -> tuple[dict[Any, Any], str | None]:
    """Return a call's fields, and the category if one of them is one: the keyword, else that of `extra`."""
    own = {**extra, **fields}
    category = own.get("category")
    if not isinstance(category, str):
        return own, None
    if "category" in fields and "category" in extra:
        own["category"] = extra["category"]
    else:
        del own["category"]
    return own, category


def find_caller(
    frame: FrameType | None, stack_info: bool, stacklevel: int
) -> tuple[str, int, str, str | None]:
    """Return file, line, function and, if asked for, stack of the call that led to `frame`."""
    while frame is not None:
        if not _is_internal(frame.f_code.co_filename):
            stacklevel -= 1
            if stacklevel <= 0 or frame.f_back is None:
                break
        frame = frame.f_back
    if frame is None:
        return "(unknown file)", 0, "(unknown function)", None
    stack = _stack_text(frame) if stack_info else None
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, stack


def _is_internal(file: str) -> bool:
    """Tell whether frames of `file` are passed over, as `logging` does with its own and those of imports."""
    return file in SOURCE_FILES or ("importlib" in file and "_bootstrap" in file)


def _stack_text(frame: FrameType) -> str:
    import io
    import traceback

    text = io.StringIO()
    text.write("Stack (most recent call last):\n")
    # Not `format_stack`: programs that shorten stacks patch what `logging` calls.
    traceback.print_stack(frame, file=text)
    return text.getvalue().rstrip("\n")
