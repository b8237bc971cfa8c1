"""The formats a handler can have, and the checking of `%`-style ones before the first record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from metaexpert.logger.config.unusable import UnusableValueError
from metaexpert.logger.errors import did_you_mean, shown
from metaexpert.logger.shared import native

#: The format of machines: its times are RFC 3339, whatever people like to read.
JSON: Final = "json"
#: Formats that the engine knows by their names alone, and those of them whose times a `datefmt` is for.
PRESETS: Final = tuple(name for name, _ in native.PRESETS)
DATED_PRESETS: Final = tuple(name for name, is_dated in native.PRESETS if is_dated)
#: The default of syslog handlers: the format that their destination reads.
SYSLOG: Final = "syslog"
#: The native protocol of systemd's journal, over its Unix socket alone.
JOURNALD: Final = "journald"
#: The formats of syslog handlers, and of no others.
SYSLOG_FORMATS: Final = (SYSLOG, "rfc5424", "rfc3164", JOURNALD)

_TEXT_ATTRIBUTES: Final = frozenset(
    {
        "name", "levelname", "pathname", "filename", "module", "funcName", "asctime", "message",
        "threadName", "processName", "taskName", "category",
    }
)  # fmt: skip
_INTEGER_ATTRIBUTES: Final = frozenset({"levelno", "lineno", "thread", "process", "seq"})
_FLOAT_ATTRIBUTES: Final = frozenset({"created", "msecs", "relativeCreated"})
#: What the engine shows by name: the attributes of a `LogRecord`
#: (docs.python.org/3/library/logging.html#logrecord-attributes), and two of our own.
ATTRIBUTES: Final = _TEXT_ATTRIBUTES | _INTEGER_ATTRIBUTES | _FLOAT_ATTRIBUTES
#: Names of keys of the JSON record and of other loggers, that no attribute goes by: they would show nothing.
_OTHER_NAMES: Final[Mapping[str, str]] = {
    "level": "write %(levelname)s",
    "timestamp": "write %(asctime)s",
    "run_id": "it is in JSON files alone, with include",
    "thread_id": "write %(thread)d",
    "process_id": "write %(process)d",
    "caller": "write %(pathname)s, %(lineno)d or %(funcName)s",
    "logger_name": "write %(name)s",
    "logname": "write %(name)s",
    "loglevel": "write %(levelname)s",
    "log_level": "write %(levelname)s",
    "line_number": "write %(lineno)d",
    "msg": "write %(message)s",
    "args": "write %(message)s",
    "exception": "leave it out: a traceback follows its record by itself",
    "exc_info": "leave it out: a traceback follows its record by itself",
    "exc_text": "leave it out: a traceback follows its record by itself",
    "stack_info": "leave it out: a stack follows its record by itself",
}
#: What loguru and `{`-styles of other loggers call an attribute; a field has another name.
_ATTRIBUTE_MEANT: Final[Mapping[str, str]] = {
    "time": "asctime",
    "timestamp": "asctime",
    "level": "levelname",
    "function": "funcName",
    "line": "lineno",
    "file": "filename",
    "event": "message",
    "msg": "message",
}
#: Names that a refused one could have meant.
_KNOWN_NAMES: Final = (
    f"known are {', '.join(sorted(ATTRIBUTES))}; any other name shows the field of that name"
)
# Long names that hardly resemble a field's: one wrong letter in them is a typing error.
_DISTINCTIVE: Final = ATTRIBUTES - {"created", "category"}
_DISTINCTIVE_LENGTH: Final = 7
#: The widest the engine makes a value.
_MAX_WIDTH: Final = 1000
_MAX_DIGITS: Final = 9
_MAX_DATE_FORMAT: Final = 200

# As texts, which `re` compiles at their first use: most programs have presets alone.
_DIRECTIVE: Final = (
    r"%(?:%|\((?P<name>[^()]*)\)[#0 +-]*(?P<width>[0-9]*)(?:\.(?P<precision>[0-9]*))?[hlL]?"
    r"(?P<kind>[diouxXeEfFgGcrsa]))"
)
# No two of its parts match the same, because otherwise a long text without a closing brace would take
# quadratic time.
_OTHER_STYLE: Final = r"\$?\{(?P<name>[A-Za-z_]\w*)(?:[^\w{}][^{}]*)?\}|\$(?P<bare>[A-Za-z_]\w*)"


class FormatError(UnusableValueError):
    """A format that no record could be written with."""


def check_format(text: object) -> str:
    """Return `text` if it names a preset or is a well-formed `%`-style format of `logging`.

    A `%`-style format may show any field (`%(symbol)s`). Raises `FormatError` for an unknown preset, a
    broken directive, a conversion that the attribute cannot have, a near miss of an attribute's name, or
    a control character, and what is no text.
    """
    if not isinstance(text, str):
        raise FormatError(f"must be text, was {shown(text)}", f"use {', '.join(PRESETS)} or a %-style format")
    if text in PRESETS or text in SYSLOG_FORMATS:
        return text
    if "%" not in text:
        raise _not_a_format(text)
    if any(character not in "\t\r\n" and not character.isprintable() for character in text):
        raise FormatError(f"must be printable text, was {shown(text)}", "leave out control characters")
    names = list(_directives(text))
    if not names:
        raise FormatError(f"must show at least one attribute, was {shown(text)}", "add %(message)s")
    for name, kind in names:
        _check_directive(text, name, kind)
    return text


def check_date_format(value: object) -> str:
    """Return `value` if it is a `strftime` format that shows something of a time. Raises `FormatError`."""
    if not isinstance(value, str) or not value.strip():
        raise FormatError(
            f"must be text that is not empty, was {shown(value)}", "leave it out for the default"
        )
    if not value.isprintable() or len(value) > _MAX_DATE_FORMAT:
        raise FormatError(
            f"must be printable text of at most {_MAX_DATE_FORMAT} characters, was {shown(value)}"
        )
    if re.search(r"%[^%]", value.replace("%%", "")) is None:
        raise FormatError(f"must show at least a part of the time, was {shown(value)}", 'use "%H:%M:%S"')
    return value


def shows_time(text: str) -> bool:
    """Tell whether a format shows `%(asctime)s`, or a time of a preset's own, that `datefmt` is for."""
    return text in DATED_PRESETS or "%(asctime)" in text


def _not_a_format(text: str) -> FormatError:
    other = re.search(_OTHER_STYLE, text)
    if other:
        name = other["name"] or other["bare"]
        name = _ATTRIBUTE_MEANT.get(name, name)
        advice = f"write %({name})s instead of {other[0]}"
    else:
        advice = (
            did_you_mean(text, PRESETS) or "a %-style format looks like %(asctime)s %(levelname)s %(message)s"
        )
    return FormatError(f"must be {', '.join(PRESETS)} or a %-style format, was {shown(text)}", advice)


def _directives(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and conversion of each directive, or raise for a `%` that begins none."""
    pattern = re.compile(_DIRECTIVE)
    position = text.find("%")
    while position >= 0:
        directive = pattern.match(text, position)
        if directive is None:
            raise FormatError(
                f"must be a %-style format, was {shown(text)}, broken at column {position + 1}",
                "a directive looks like %(message)s or %(price).2f, a percent sign like %%",
            )
        numbers = [number for number in directive.group("width", "precision") if number]
        if any(len(number) > _MAX_DIGITS or int(number) > _MAX_WIDTH for number in numbers):
            raise FormatError(f"must have widths and precisions of at most {_MAX_WIDTH}, was {shown(text)}")
        if directive["name"] is not None:
            yield directive["name"], directive["kind"]
        position = text.find("%", directive.end())


def _check_directive(text: str, name: str, kind: str) -> None:
    if not name.strip():
        raise FormatError(f"must name an attribute in every directive, was {shown(text)}", "add a name")
    if name in _OTHER_NAMES:
        raise FormatError(
            f"no attribute is named %({name}) in {shown(text)}", f"{_OTHER_NAMES[name]}; {_KNOWN_NAMES}"
        )
    if name not in ATTRIBUTES:
        meant = _near_attribute(name)
        if meant:
            raise FormatError(
                f"unknown attribute %({name}) in {shown(text)}", f'did you mean "{meant}"? {_KNOWN_NAMES}'
            )
        return
    if name in _TEXT_ATTRIBUTES:
        allowed, what = "rsa", "text"
    elif name in _FLOAT_ATTRIBUTES:
        allowed, what = "rsadiueEfFgG", "a float"
    else:
        allowed, what = "rsadiuoxXeEfFgG", "an integer"
    if kind not in allowed:
        raise FormatError(
            f"must not show %({name}) with the conversion {kind!r}, was {shown(text)}",
            f"{name} is {what}; write %({name})s",
        )


def _near_attribute(name: str) -> str | None:
    """Return the attribute that `name` misspells, if it can hardly be the name of a field."""
    folded = name.replace("_", "").replace("-", "").lower()
    for attribute in sorted(ATTRIBUTES):
        if folded == attribute.replace("_", "").lower():
            return attribute
    for attribute in sorted(_DISTINCTIVE):
        plural = name == f"{attribute}s"
        if (
            len(attribute) >= _DISTINCTIVE_LENGTH
            and not plural
            and _one_edit_apart(name.lower(), attribute.lower())
        ):
            return attribute
    return None


def _one_edit_apart(left: str, right: str) -> bool:
    """Tell whether one letter added, left out, changed or swapped with the next makes `left` `right`."""
    if len(left) > len(right):
        left, right = right, left
    if len(right) - len(left) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), len(left))
    if len(left) < len(right):
        return left[start:] == right[start + 1 :]
    swapped = left[start + 1 : start + 2] + left[start : start + 1] + left[start + 2 :]
    return left[start + 1 :] == right[start + 1 :] or swapped == right[start:]
