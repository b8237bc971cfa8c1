"""Bounds on a document's shape, checked before a parser reads it.

Parsers recurse for each level of nesting, and `tomllib` takes more than the square of a key's parts: a file
of a megabyte keeps it busy for hours.
"""

from __future__ import annotations

import re
from typing import Final

#: Far beyond any configuration, `dictConfig` documents and other tools' tables of `pyproject.toml` included.
MAX_DEPTH: Final = 64

_JSON_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
#: A text without its end reaches to the end of the document: looking for it once is enough.
_TOML_STRING_OR_COMMENT: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?(?:"""|\Z)'
    r"|'''.*?(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*"?'
    r"|'[^'\n]*'?"
    r"|#[^\n]*",
    re.DOTALL,
)
_LONG_KEY: Final = re.compile(rf"(?<![\w-])(?:[\w-]+[ \t]*\.[ \t]*){{{MAX_DEPTH}}}")
_BRACKET: Final = re.compile(r"[\[\]{}]")


class TooDeepError(ValueError):
    """A document is nested more than `limit` levels deep."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"nested more than {limit} levels deep")


def check_json_depth(text: str, limit: int = MAX_DEPTH) -> None:
    """Raise `TooDeepError` for a JSON text that is nested more than `limit` levels deep."""
    _check_brackets(_JSON_STRING.sub("", text), limit)


def check_toml_depth(text: str) -> None:
    """Raise `TooDeepError` for a TOML text whose values or keys have more than `MAX_DEPTH` levels."""
    # A quoted part of a key is one all the same.
    bare = _TOML_STRING_OR_COMMENT.sub(lambda found: "" if found[0][0] == "#" else "_", text)
    if _LONG_KEY.search(bare) is not None:
        raise TooDeepError(MAX_DEPTH)
    _check_brackets(bare, MAX_DEPTH)


def _check_brackets(text: str, limit: int) -> None:
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > limit:
            raise TooDeepError(limit)
