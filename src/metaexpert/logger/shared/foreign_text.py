"""Lines of logs in other formats than `json`, and warnings of a reader, which stay out of the log."""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

_WARNINGS_LOGGER: Final = "py.warnings"
_FORMATS: Final = (
    (re.compile(r"(?:\x1b\[[0-9;]*m)*\d\d:\d\d:\d\d\.\d{3}(?:\x1b\[0m)?\s"), 'the format "console"'),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\s"), 'the format "text" or a %-style one'),
    (
        re.compile(r"(?:\x1b\[[0-9;]*m)*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,3})?Z(?:\x1b\[0m)?\s"),
        'the format "console" or "text"',
    ),
    (re.compile(r"<\d{1,3}>"), "a syslog format"),
    (re.compile(r'\{"@timestamp":"'), 'the format "ecs"'),
    (re.compile(r'\{"severity":"'), 'the format "gcp"'),
    (re.compile(r'\{"resourceLogs":\['), 'the format "otel"'),
    (re.compile(r"timestamp=\d{4}-\d\d-\d\dT\S+Z level="), 'the format "logfmt"'),
)
#: Lines that no handler need have written.
SOME_TEXT: Final = "text"


def text_format(line: bytes | Exception) -> str | None:
    """Return the format of a line that `read_log` does not read, None for other JSON and no text."""
    if isinstance(line, Exception):
        return None
    try:
        text = line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return None
    for form, name in _FORMATS:
        if form.match(text):
            return name
    is_text = bool(text.strip()) and text.replace("\t", " ").isprintable()
    return SOME_TEXT if is_text and text.lstrip()[0] not in "{[" else None


@contextmanager
def unlogged_warnings() -> Iterator[None]:
    """Show warnings of this thread on stderr where `logging` would log them: they never become records.

    Filters of `warnings` apply as ever.
    """
    thread = threading.get_ident()

    def stays(record: logging.LogRecord) -> bool:
        if threading.get_ident() != thread:
            return True
        with suppress(OSError, ValueError, AttributeError):  # a stderr that is closed, or none
            sys.stderr.write(f"{record.getMessage().rstrip()}\n")
        return False

    logger = logging.getLogger(_WARNINGS_LOGGER)
    logger.addFilter(stays)
    try:
        yield
    finally:
        logger.removeFilter(stays)
