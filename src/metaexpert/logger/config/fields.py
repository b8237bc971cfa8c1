"""The types of single fields: each says in one sentence what it must be, with its unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Annotated, Any, Final, NoReturn

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SecretStr,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from metaexpert.logger.config.formats import PRESETS, check_date_format, check_format
from metaexpert.logger.config.levels import MAX_LEVEL, canonical_level
from metaexpert.logger.config.paths import check_directory, check_filename
from metaexpert.logger.config.unusable import UnusableValueError
from metaexpert.logger.errors import did_you_mean, shown
from metaexpert.logger.shared import native

#: The type of our own errors within pydantic's; `problems` passes their text on as it is.
OWN_ERROR: Final = "metaexpert"

_NO_SEPARATORS: Final = str.maketrans("", "", "_-.")
_MAX_PATTERNS: Final = 100
#: Returns the name that another text stands for, None where it stands for none.
Guess = Callable[[str], str | None]
#: `10`, `10 MB`, `10MiB`, `8k`
_QUANTITY: Final = re.compile(
    r"(?P<number>[0-9]{1,15})(?P<unit>\s*(?:(?P<prefix>[kmgt])(?P<binary>i)?)?b?)", re.IGNORECASE
)


def refuse(
    reason: str, suggestion: str | None = None, allowed: Iterable[str] = (), excerpt: str = ""
) -> NoReturn:
    """Raise the pydantic error that becomes a `Problem` with exactly these words."""
    # Half of a surrogate pair, which pydantic can't render, is shown by its number.
    reason = reason.encode("utf-8", "backslashreplace").decode("utf-8")
    context = {
        "reason": reason,
        "suggestion": suggestion,
        "allowed": tuple(allowed),
        "excerpt": excerpt,
    }
    raise PydanticCustomError(OWN_ERROR, "{reason}", context)


class Quantity:
    """An integer number of `unit` from `minimum` to `maximum`, in values as in the JSON Schema.

    With `zero`, 0 is allowed as well and means `zero`.
    """

    def __init__(self, unit: str, minimum: int, maximum: int, zero: str | None = None) -> None:
        self._unit, self._zero = unit, zero
        self._minimum, self._maximum = minimum, maximum

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check a value before pydantic does, in words of our own."""
        return core_schema.no_info_before_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the schema of the numbers that are taken."""
        least: JsonSchemaValue = {"minimum": self._minimum}
        if self._zero is not None and self._minimum > 1:
            least = {"anyOf": [{"const": 0}, least]}
        elif self._zero is not None:
            least = {"minimum": 0}
        return {**handler(schema), **least, "maximum": self._maximum}

    def _checked(self, value: Any) -> int:
        unit, minimum, maximum = self._unit, self._minimum, self._maximum
        if isinstance(value, bool) or not isinstance(value, int):
            number = "an integer" if unit.startswith("(") else "an integer number of"
            refuse(f"must be {number} {unit}, was {shown(value)}", _as_integer(value, unit))
        if self._zero is not None and value == 0:
            return 0
        if value < minimum:
            least = f"0 or at least {minimum}" if self._zero is not None else f"at least {minimum}"
            refuse(f"must be {least} {unit}, was {value}", self._zero and f"use 0 for {self._zero}")
        if value > maximum:
            refuse(f"must be at most {maximum} {unit}, was {shown(value)}")
        return int(value)


def _as_integer(value: Any, unit: str) -> str | None:
    """Return the number to write for `"5"`, or for `"10 MB"` as loguru has it.

    None for a text that is not a number of `unit`.
    """
    found = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if found is None or (found["unit"] and unit != "bytes"):
        return None
    power = "kmgt".index(found["prefix"].lower()) + 1 if found["prefix"] else 0
    return f"write {int(found['number']) * (1024 if found['binary'] else 1000) ** power}"


def choice(*names: str, guess: Guess = lambda _: None) -> BeforeValidator:
    """Return the check of a text that is one of `names`; `guess` says which of them another stands for."""

    def check(value: Any) -> Any:
        if not isinstance(value, str) or value not in names:
            refuse_choice(value, names, guess)
        return value

    return BeforeValidator(check)


def refuse_choice(value: Any, names: Collection[str], guess: Guess) -> NoReturn:
    """Raise the error for a value that is none of `names`, with the one that was probably meant."""
    meant = None
    if isinstance(value, str):
        guessed = guess(value)
        meant = did_you_mean(value, names) if guessed is None else f'did you mean "{guessed}"?'
    refuse(f"must be one of {', '.join(names)}, was {shown(value)}", meant, names)


def folded(name: str) -> str:
    """Return a name as all of its spellings have it: in lower case, without separators."""
    return name.translate(_NO_SEPARATORS).lower()


def _checked_by(check: Callable[[Any], Any], allowed: Iterable[str] = ()) -> BeforeValidator:
    """Return what has `check` look at a value, and refuses one with the reason that it raises."""

    def checked(value: Any) -> Any:
        try:
            return check(value)
        except UnusableValueError as error:
            refuse(error.reason, error.suggestion, allowed)

    return BeforeValidator(checked)


def _text(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip():
        refuse(f"must be text that is not empty, was {shown(value)}", "leave it out for none")
    return value


def _token(value: Any) -> Any:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    # Text that a header can carry as it is; the value itself is never shown.
    if not isinstance(text, str) or not text or not all("!" <= character <= "~" for character in text):
        refuse("must be text of printable ASCII characters without spaces", "leave it out for none")
    return SecretStr(text)


def _flag(value: Any) -> Any:
    if not isinstance(value, bool):
        refuse(f"must be true or false, was {shown(value)}")
    return value


def _texts(value: Any) -> Any:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, list | tuple | set | frozenset):
        refuse(
            f"must be a list, was {shown(value)}",
            f"write [{shown(value)}]" if isinstance(value, str) else None,
        )
    items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
    for item in items:
        if not isinstance(item, str) or not item.strip():
            refuse(f"must be a list of texts, was {shown(value)}")
    return tuple(dict.fromkeys(items))


def _secret_names(value: Any) -> Any:
    names = _texts(value)
    for name in names:
        if not any(character.isalpha() for character in name):
            refuse(f"must be names with letters, had {shown(name)}")
    return names


def _patterns(value: Any) -> Any:
    patterns = _texts(value)
    if len(patterns) > _MAX_PATTERNS:
        refuse(
            f"must be at most {_MAX_PATTERNS} regular expressions, were {len(patterns)}", "join some with |"
        )
    refusal = native.patterns_refusal(patterns)
    if refusal is not None:
        index, problem, advice = refusal
        subject = "these" if index is None else shown(patterns[index])
        refuse(f"{subject} {problem}", advice)
    return patterns


def _condition(value: Any) -> Any:
    text = _text(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        refuse(f"must be text in Unicode, was {shown(text)}", "leave out halves of surrogate pairs")
    refusal = native.condition_refusal(text)
    if refusal is not None:
        problem, advice, excerpt = refusal
        refuse(f"must be a condition: {problem}", advice, excerpt=excerpt)
    return value


def choices(*names: str) -> BeforeValidator:
    """Return the check of a list of texts, each one of `names`; one named twice counts once."""

    def check(value: Any) -> Any:
        items = _texts(value)
        for item in items:
            if item not in names:
                meant = did_you_mean(item, names)
                refuse(f"must be a list of {', '.join(names)}, had {shown(item)}", meant, names)
        return items

    return BeforeValidator(check)


_LEVEL_SCHEMA: Final = {
    "anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0, "maximum": MAX_LEVEL}]
}

#: A level as its name, or as its number when it has no name.
Level = Annotated[str | int, _checked_by(canonical_level), WithJsonSchema(_LEVEL_SCHEMA)]
#: The name of a preset or a `%`-style format.
Format = Annotated[
    str,
    _checked_by(check_format, PRESETS),
    Field(examples=[*PRESETS, "%(asctime)s %(message)s"]),
]
DateFormat = Annotated[str, _checked_by(check_date_format), Field(examples=["%H:%M:%S", "%d.%m.%Y %H:%M"])]
Directory = Annotated[str, _checked_by(check_directory)]
Filename = Annotated[str, _checked_by(check_filename)]
Text = Annotated[str, BeforeValidator(_text)]
Token = Annotated[SecretStr, BeforeValidator(_token)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
SecretNames = Annotated[tuple[str, ...], BeforeValidator(_secret_names)]
#: The code that applies it checks it.
Condition = Annotated[
    str,
    BeforeValidator(_condition),
    Field(examples=["symbol = BTCUSDT and (price > 100 or exception exists)"]),
]
#: The code that runs them checks them.
Patterns = Annotated[tuple[str, ...], BeforeValidator(_patterns)]
