"""The parameters of a strategy, and the values that an optimisation tries.

A parameter is a name that the strategy file sets on its top level to a number, a text, True, False or None,
or else an argument of `on_init`. A pass sees the file with other values in their places; the file itself is
not touched.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.host.meta_expert import MetaExpert

Value = int | float | str | bool | None
Values = Mapping[str, Value]
MAX_VALUES: Final = 100_000
_WORDS: Final[dict[str, Value]] = {"true": True, "false": False, "none": None}


@dataclass(frozen=True, slots=True)
class Between:
    """All numbers from `low` to `high`, for a random search or Optuna; a grid needs single values."""

    low: float
    high: float

    def __post_init__(self) -> None:
        """Check the bounds; raises `ArgumentError`."""
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ArgumentError(f"Between needs two numbers, the smaller one first, was {self}")


Choices = tuple[Value, ...] | Between
Space = Mapping[str, Choices]


def parse_choices(text: str) -> tuple[str, Choices]:
    """Read `NAME=VALUES`, as `--optimize` takes it; raises `ArgumentError`.

    VALUES is `FROM:TO:STEP`, both ends included, `FROM:TO` for all numbers between, or a list `A,B,C`. Whole
    numbers without a step have a step of 1.
    """
    name, equals, values = text.partition("=")
    if not equals or not name.strip() or not values.strip():
        raise ArgumentError(f"--optimize {text} is not NAME=VALUES; write FAST=5:50:5 or FAST=5,10,20")
    name = name.strip()
    if ":" in values:
        return name, _range(name, values)
    return name, checked_choices(name, [_value(each) for each in values.split(",")])


def checked_choices(name: str, values: object) -> Choices:
    """Return the values of one parameter; raises `ArgumentError` for what is none, or for none at all."""
    if isinstance(values, Between):
        return values
    if isinstance(values, str) or not isinstance(values, Collection):
        raise ArgumentError(f"{name} must have a list, a range or a Between of values, was {values!r}")
    if len(values) > MAX_VALUES:
        raise ArgumentError(f"{name} has {len(values):,} values, {MAX_VALUES:,} are the most")
    choices = tuple(dict.fromkeys(_plain(name, each) for each in values))
    if not choices:
        raise ArgumentError(f"{name} has no value to try")
    return choices


def strategy_space(file: Path, named: Mapping[str, object]) -> dict[str, Choices]:
    """Return the values to try by parameter; raises `ArgumentError` for a name that the strategy lacks."""
    if not named:
        raise ArgumentError("there is no parameter to try; write --optimize NAME=VALUES")
    own = module_parameters(file)
    arguments = [each for each in inspect.signature(MetaExpert.on_init).parameters if each != "self"]
    for name in named:
        if name not in own and name not in arguments:
            raise ArgumentError(_unknown(file, name, own, arguments))
    return {name: checked_choices(name, values) for name, values in named.items()}


def module_parameters(file: Path) -> dict[str, Value]:
    """Return the parameters that a strategy file sets on its top level, with their values."""
    return {
        name: ast.literal_eval(setting.value)
        for statement in parsed(file).body
        for name, setting in _setting(statement)
        if setting.value is not None
    }


def parsed(file: Path) -> ast.Module:
    """Parse a strategy file; raises `ArgumentError` for one that cannot be read or is not Python."""
    try:
        return ast.parse(file.read_bytes(), str(file))
    except OSError as error:
        raise ArgumentError(f"{file} cannot be read: {error.strerror or error}") from None
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise ArgumentError(f"{file}{line} is not Python: {error}") from None


def with_values(module: ast.Module, values: Values) -> tuple[ast.Module, dict[str, Value]]:
    """Put values in their places on the top level; returns those that have none there: of `on_init`."""
    rest = dict(values)
    for statement in module.body:
        for name, setting in _setting(statement):
            if name in values:
                setting.value = ast.copy_location(ast.Constant(values[name]), setting.value or setting)
                rest.pop(name, None)
    return module, rest


def _setting(node: ast.stmt) -> Iterator[tuple[str, ast.Assign | ast.AnnAssign]]:
    """Yield the name that a statement sets to a plain value, with the statement; nothing for any other."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target: ast.expr = node.targets[0]
    elif isinstance(node, ast.AnnAssign):
        target = node.target
    else:
        return
    if isinstance(target, ast.Name) and _is_plain(node.value):
        yield target.id, node


def _is_plain(node: ast.expr | None) -> bool:
    try:
        value = ast.literal_eval(node) if node is not None else ...
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return value is None or isinstance(value, (int, float, str))


def _plain(name: str, value: object) -> Value:
    item = getattr(value, "item", None)
    # A scalar of numpy's, as `numpy.arange` has them.
    value = item() if callable(item) else value
    if isinstance(value, Decimal):
        value = float(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ArgumentError(f"{name} must have finite numbers, texts, True, False or None to try, was {value!r}")


def _range(name: str, text: str) -> Choices:
    try:
        parts = [Decimal(part.strip()) for part in text.split(":")]
    except InvalidOperation:
        raise ArgumentError(f"{name}={text} is no range of numbers; write FROM:TO:STEP") from None
    if len(parts) not in (2, 3) or not all(part.is_finite() for part in parts):
        raise ArgumentError(f"{name}={text} is no range of numbers; write FROM:TO:STEP")
    low, high = parts[:2]
    whole = all(part == part.to_integral_value() for part in parts) and "." not in text
    if len(parts) == 2 and not whole:
        return Between(float(low), float(high))
    step = parts[2] if len(parts) == 3 else Decimal(1)
    if step <= 0 or low > high:
        raise ArgumentError(f"{name}={text} has no value: it must go up from FROM to TO by a positive STEP")
    count = int((high - low) / step) + 1
    if count > MAX_VALUES:
        raise ArgumentError(f"{name} has {count:,} values, {MAX_VALUES:,} are the most")
    numbers = (low + step * at for at in range(count))
    return tuple(int(each) if whole else float(each) for each in numbers)


def _value(text: str) -> Value:
    text = text.strip()
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _unknown(file: Path, name: str, own: Mapping[str, Value], arguments: Collection[str]) -> str:
    close = difflib.get_close_matches(name.lower(), [each.lower() for each in (*own, *arguments)], n=1)
    meant = next((each for each in (*own, *arguments) if [each.lower()] == close), None)
    hint = f"did you mean {meant}? " if meant else ""
    listed = ", ".join(own) or "none"
    return (
        f"{file.name} has no parameter {name}; {hint}It sets on its top level: {listed}; "
        "the arguments of on_init are parameters too"
    )
