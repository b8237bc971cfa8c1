"""Properties of a record: any keys and values give one strictly valid line, ordinary values exactly."""

import datetime as dt
import decimal
import json
import logging
import math
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metaexpert.logger import LogEntry, flush, log_context

if TYPE_CHECKING:
    from support.logs import Logs

CORE = {"timestamp", "level", "module", "message", "category", "exception", "stack_info", "seq"}
CORE |= {"run_id", "thread_id", "process_id", "caller"}
#: Words that keep their meaning in a logging call.
WORDS = {"exc_info", "stack_info", "stacklevel", "extra", "category"}

PROFILE = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

#: Any text, with lone surrogates and control characters.
texts = st.text(st.characters(), max_size=30)
encodable = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ordinary = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | encodable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(encodable, inner, max_size=4),
    max_leaves=10,
)


class Hostile:
    """An object whose methods raise."""

    def __init__(self, error: type[Exception]) -> None:
        self.error = error

    def __str__(self) -> str:
        raise self.error("hostile")

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        raise self.error("hostile")

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise self.error("hostile")

    def __len__(self) -> int:
        raise self.error("hostile")

    def __iter__(self) -> Any:
        raise self.error("hostile")

    def __getattr__(self, name: str) -> Any:
        raise self.error("hostile")


hostile = st.sampled_from([ValueError, RecursionError, AttributeError, TypeError, MemoryError]).map(Hostile)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.binary(max_size=20)
    | st.decimals()
    | st.fractions()
    | st.complex_numbers()
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | hostile,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(texts | st.integers() | st.none() | st.booleans() | st.binary(max_size=3), inner)
        | st.frozensets(st.integers() | texts, max_size=4)
    ),
    max_leaves=12,
)
keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        *sorted(CORE),
        *(f"{name}_" for name in sorted(CORE)),
        "self",
        "msg",
        "name",
        "args",
        "context",
        "__",
        "",
    ]
)
keywords = st.dictionaries(keys.filter(lambda key: key not in WORDS), anything, max_size=6)
extras = st.dictionaries(keys | texts | st.integers() | st.none(), anything, max_size=6)


def written(logs: "Logs", offset: int) -> bytes:
    """Return what was appended to the file since it had `offset` bytes."""
    assert flush(20)
    with (logs.directory / "expert.log").open("rb") as file:
        file.seek(offset)
        return file.read()


def size(logs: "Logs") -> int:
    """Return the file's size once everything is written."""
    assert flush(20)
    # Without a record there is no file.
    path = logs.directory / "expert.log"
    return path.stat().st_size if path.exists() else 0


def only_record(line: bytes) -> dict[str, Any]:
    """Return the one record in `line`, parsed strictly twice: by `json` and by the library's reader."""
    assert line.endswith(b"\n")
    text = line.decode("utf-8")
    assert len(text.splitlines()) == 1
    assert text[:-1].isprintable() or not any(character < " " for character in text[:-1])

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    def refuse(word: str) -> Any:
        raise AssertionError(word)

    record: dict[str, Any] = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    assert LogEntry.from_json(text).message == record["message"]
    return record


@PROFILE
@given(message=encodable, fields=keywords, extra=extras)
def test_any_call_gives_one_valid_line(
    both_ways: "Logs", message: str, fields: dict[str, Any], extra: dict[Any, Any]
) -> None:
    """Whatever a call is given as fields and in `extra`, one strictly valid line appears with its message."""
    before = size(both_ways)
    both_ways.logger.info(message, extra=extra, **fields)

    record = only_record(written(both_ways, before))
    assert (record["message"], record["module"], record["level"]) == (message, "bot", "INFO")


@pytest.fixture
def unmasked(both_ways: "Logs") -> "Logs":
    """Logging that masks nothing: a generated name may be that of a secret."""
    both_ways.configure(redact={"defaults": False})
    return both_ways


@PROFILE
@given(fields=st.dictionaries(encodable.filter(lambda key: key not in WORDS), ordinary, max_size=6))
def test_ordinary_values_are_exact(unmasked: "Logs", fields: dict[str, Any]) -> None:
    """None, booleans, 64-bit integers, floats, text, lists and mappings of them read back as they were."""
    both_ways = unmasked
    before = size(both_ways)
    both_ways.logger.info("m", **fields)

    record = only_record(written(both_ways, before))
    for name, value in fields.items():
        shown = record[f"{name}_" if name in CORE else name]
        assert shown == value
        assert repr(shown) == repr(value)


@PROFILE
@given(message=texts)
def test_any_message_reads_back(both_ways: "Logs", message: str) -> None:
    """A message without arguments is never interpreted; only lone surrogates are replaced."""
    before = size(both_ways)
    both_ways.logger.info(message)

    replaced = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in message)
    assert only_record(written(both_ways, before))["message"] == replaced


@PROFILE
@given(message=encodable, arguments=st.lists(anything, max_size=3).map(tuple))
def test_any_arguments_give_one_valid_line(
    both_ways: "Logs", message: str, arguments: tuple[Any, ...]
) -> None:
    """Arguments that fit give what `logging` gives; others leave message and arguments in the record."""
    logging.raiseExceptions = False
    before = size(both_ways)
    both_ways.logger.info(message, *arguments)

    assert only_record(written(both_ways, before))["message"] is not None


@PROFILE
@given(
    context=st.dictionaries(keys, anything, max_size=4),
    bound=st.dictionaries(keys, anything, max_size=4),
    fields=keywords,
)
def test_inherited_fields_keep_keys_unique(
    both_ways: "Logs", context: dict[str, Any], bound: dict[str, Any], fields: dict[str, Any]
) -> None:
    """Fields of a context, a bound logger and the call never give a key twice, whatever they are named."""
    logger = both_ways.logger.bind(**bound)
    before = size(both_ways)
    with log_context(**context):
        logger.info("m", **fields)

    assert only_record(written(both_ways, before))["message"] == "m"


@PROFILE
@given(number=st.integers() | st.integers(-(10**300), 10**300))
def test_an_integer_of_any_size_is_exact(both_ways: "Logs", number: int) -> None:
    """Up to 64 bits it is a number, beyond it is text with the same digits."""
    before = size(both_ways)
    both_ways.logger.info("m", number=number)

    shown = only_record(written(both_ways, before))["number"]
    assert int(shown) == number
    assert isinstance(shown, int) == (-(2**63) <= number < 2**64)


@PROFILE
@given(number=st.floats())
def test_a_float_reads_back_bit_for_bit(both_ways: "Logs", number: float) -> None:
    """The shortest text that is the same float again, its sign included; not a number is null."""
    before = size(both_ways)
    both_ways.logger.info("m", number=number)

    shown = only_record(written(both_ways, before))["number"]
    if math.isfinite(number):
        assert isinstance(shown, float)
        assert (shown, math.copysign(1, shown)) == (number, math.copysign(1, number))
    else:
        assert shown is None


@PROFILE
@given(
    value=st.decimals(allow_nan=False)
    | st.uuids()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(dt.UTC))
)
def test_decimals_identifiers_and_times_read_back(
    both_ways: "Logs", value: decimal.Decimal | uuid.UUID | dt.date
) -> None:
    """Their text gives the same value again, a Decimal with its scale."""
    before = size(both_ways)
    both_ways.logger.info("m", value=value)

    shown = only_record(written(both_ways, before))["value"]
    again = type(value).fromisoformat(shown) if isinstance(value, dt.date) else type(value)(shown)
    assert str(again) == str(value)


@pytest.mark.parametrize("layout", ["flat", "nested"])
def test_the_layouts_hold_the_same(layout: str, logs: "Logs") -> None:
    """Any fields read back the same from either layout."""
    # Names that stand for secrets are generated as well.
    logs.configure(field_layout=layout, redact={"defaults": False})

    @PROFILE
    @given(
        fields=st.dictionaries(encodable.filter(lambda key: key not in WORDS | CORE), ordinary, max_size=5)
    )
    def holds(fields: dict[str, Any]) -> None:
        before = size(logs)
        logs.logger.info("m", **fields)
        record = only_record(written(logs, before))
        inside = record["context"] if layout == "nested" else record
        assert {name: inside[name] for name in fields} == fields

    holds()
