"""Paths by their text: the names of directories and files that a setting may have."""

from __future__ import annotations

import os
from typing import Any, Final

from metaexpert.logger.config.unusable import UnusableValueError
from metaexpert.logger.errors import shown

_MAX_NAME_BYTES: Final = 255


class PathError(UnusableValueError):
    """A path that no setting can have."""


def check_directory(value: Any) -> str:
    """Return the text of the path of a directory. Raises `PathError` for anything else."""
    text = _text(value)
    if not text.strip():
        raise PathError(f"must name a directory, was {shown(value)}", 'use "." for the current one')
    return text


def check_filename(value: Any) -> str:
    """Return the text of the path of a file: an absolute one, or one that stays inside the log directory.

    Raises `PathError` for anything else.
    """
    text = _text(value)
    if not text.strip():
        raise PathError(f"must name a file, was {shown(value)}", "leave it out for the default")
    parts = text.replace(os.sep, "/").split("/")
    if ".." in parts:
        raise PathError(
            f"must stay inside the log directory, was {shown(text)}",
            'leave ".." out, set log_file_path, or give an absolute path',
        )
    if parts[-1] in ("", "."):
        raise PathError(f"must name a file, not a directory, was {shown(text)}")
    if any(len(part.encode()) > _MAX_NAME_BYTES for part in parts):
        raise PathError(f"must have names of at most {_MAX_NAME_BYTES} bytes, was {shown(text)}")
    return text


def _text(value: Any) -> str:
    if not isinstance(value, str | os.PathLike):
        raise PathError(f"must be a path, was {shown(value)}")
    text = os.fspath(value)
    if not isinstance(text, str):
        raise PathError(f"must be a path in text, not bytes, was {shown(value)}")
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise PathError(f"must be a path without control characters, was {shown(text)}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise PathError(f"must be a path in UTF-8, was {text!a}") from None
    return text
