"""Values without a truth, an equality or a length cost no record and make no call raise."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import log_context, stats, timed

if TYPE_CHECKING:
    from support.logs import Logs

numpy = pytest.importorskip("numpy")
pandas = pytest.importorskip("pandas")


class Refusal(Exception):
    """What the values below raise."""


class Vague:
    """Something that refuses to be compared, hashed, counted or called true."""

    def __bool__(self) -> bool:
        raise Refusal

    def __len__(self) -> int:
        raise Refusal

    def __eq__(self, other: object) -> bool:
        raise Refusal

    def __lt__(self, other: object) -> bool:
        raise Refusal

    __gt__ = __le__ = __ge__ = __ne__ = __lt__  # type: ignore[assignment]

    def __hash__(self) -> int:
        raise Refusal

    def __index__(self) -> int:
        raise Refusal

    def __str__(self) -> str:
        return "vague"


class Faceless(Vague):
    """Something that does not even say what it is."""

    @property
    def __class__(self) -> type:  # type: ignore[override]
        raise Refusal


class VagueMapping(Mapping[str, Any]):
    """A mapping that does not say how long it is, but has a key `a`."""

    def __getitem__(self, key: str) -> Any:
        return {"a": 1}[key]

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        raise Refusal

    def __str__(self) -> str:
        return "vague mapping"


class UnreadableMapping(VagueMapping):
    """A mapping that does not give its keys."""

    def __iter__(self) -> Iterator[str]:
        raise Refusal


VALUES: dict[str, Callable[[], Any]] = {
    "DataFrame": lambda: pandas.DataFrame({"a": [1, 2]}),
    "Series": lambda: pandas.Series([1, 2]),
    "array": lambda: numpy.array([1, 2]),
    "NA": lambda: pandas.NA,
    "vague": Vague,
    "faceless": Faceless,
    "vague mapping": VagueMapping,
    "unreadable mapping": UnreadableMapping,
}
WORDS = ("extra", "exc_info", "stack_info", "stacklevel")


@pytest.fixture(params=VALUES)
def value(request: pytest.FixtureRequest) -> Any:
    """One such value."""
    return VALUES[request.param]()


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_logging_knows_may_have_any_value(word: str, value: Any, both_ways: "Logs") -> None:
    """The record is written; a value that cannot serve its purpose becomes a field."""
    both_ways.logger.info("one", **{word: value})
    both_ways.logger.exception("two", **{word: value})
    both_ways.logger.bind(b=1).log(20, "three", **{word: value})
    both_ways.logger.trade("four", **{word: value})

    records = both_ways.records()
    assert [record["message"] for record in records] == ["one", "two", "three", "four"]
    if word != "extra" or type(value) is not VagueMapping:
        # `stack_info` is the name of something that records have.
        assert all(word in record or f"{word}_" in record for record in records)
    assert stats().dropped == 0


def test_a_readable_mapping_without_a_length_is_extra(both_ways: "Logs") -> None:
    """Its keys are fields."""
    both_ways.logger.info("m", extra=VagueMapping())

    assert both_ways.last()["a"] == 1


def test_an_argument_may_be_any_value(value: Any, both_ways: "Logs") -> None:
    """Alone, where `logging` asks whether it is a mapping that is not empty, or with others."""
    both_ways.logger.info("one %s", value)
    both_ways.logger.info("two %s %s", value, value)
    logging.getLogger("plain").info("three %s %s", value, 1)

    messages = both_ways.messages()
    assert [message.split()[0] for message in messages] == ["one", "two", "three"]
    assert all("%s" not in message for message in messages)


def test_a_mapping_without_a_length_is_formatted_by_name(both_ways: "Logs") -> None:
    """`%(a)s` finds the key."""
    both_ways.logger.info("a is %(a)s", VagueMapping())

    assert both_ways.messages() == ["a is 1"]


def test_a_record_from_elsewhere_may_have_any_arguments(value: Any, logs: "Logs") -> None:
    """Arguments that are no tuple are formatted as `%` does it."""
    logs.configure()
    record = logging.makeLogRecord({"name": "far", "levelno": 20, "levelname": "INFO", "msg": "m %s"})
    record.args = value
    logging.root.handle(record)
    logs.logger.info("next")

    first, second = logs.messages()
    assert first.startswith("m ")
    assert second == "next"


def test_a_message_or_field_may_be_any_value(value: Any, both_ways: "Logs") -> None:
    """As the message, a field, inside a container, bound, or of a context."""
    both_ways.logger.info(value, one=value, two=[value], three={"value": value})
    both_ways.logger.bind(one=value).info("bound")
    with log_context(one=value):
        both_ways.logger.info("context")
        logging.getLogger("plain").info("plain", extra={"two": value})

    first, *others = both_ways.records()
    assert {"one", "two", "three"} <= first.keys()
    assert [record["message"] for record in others] == ["bound", "context", "plain"]
    assert all("one" in record for record in others)


def test_a_threshold_may_be_any_value(value: Any, both_ways: "Logs") -> None:
    """A value that cannot be compared is not a threshold; the record has it as it was given."""
    with timed(both_ways.logger, "step", threshold_ms=value):
        pass

    record = both_ways.last()
    assert record["operation"] == "step"
    assert "threshold_ms" in record


def test_an_operation_may_be_any_value(value: Any, both_ways: "Logs") -> None:
    """The operation given to `timed` need not be text."""
    with timed(both_ways.logger, value):
        pass

    assert "ms" in both_ways.last()["message"]


def test_a_level_of_any_size_is_written(both_ways: "Logs") -> None:
    """A level beyond what the engine counts with is the highest that it has."""
    both_ways.logger.log(10**20, "m")

    assert both_ways.messages() == ["m"]


def test_a_key_that_refuses_to_be_compared_costs_no_record(both_ways: "Logs") -> None:
    """Also where it has the hash of a word that is looked for."""

    class Key(str):
        def __eq__(self, other: object) -> bool:
            raise Refusal

        def __hash__(self) -> int:
            return hash("category")

    both_ways.logger.info("m", extra={Key("k"): 1, "a": 2})
    both_ways.logger.info("m", extra={Key("k"): 1}, category="c", exc_info=True)

    assert len(both_ways.records()) == 2
