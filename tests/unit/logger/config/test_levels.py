"""Facts about reading levels by name or number."""

import logging

import pytest

from metaexpert.logger.config.levels import MAX_LEVEL, UnknownLevelError, canonical_level, parse_level


@pytest.fixture
def notice_level():
    """A level of the user's own, taken back afterwards."""
    logging.addLevelName(25, "Notice")
    yield 25
    logging._levelToName.pop(25)
    logging._nameToLevel.pop("Notice")


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("INFO", 20),
        ("info", 20),
        (" Warning ", 30),
        ("WARN", 30),
        ("fatal", 50),
        (15, 15),
        ("15", 15),
        ("NOTSET", 0),
    ],
)
def test_names_in_any_case_and_numbers_are_levels(given: object, number: int) -> None:
    """Every way `logging` names a level, in any case, gives its number."""
    assert parse_level(given) == number


def test_a_level_added_to_logging_is_known_by_its_name(notice_level: int) -> None:
    """`logging.addLevelName` is obeyed, in any case, and its own spelling is shown."""
    assert parse_level("NOTICE") == notice_level
    assert canonical_level(25) == "Notice"


def test_the_canonical_form_is_the_name_or_else_the_number() -> None:
    """Aliases become the standard name; a number without a name stays one."""
    assert canonical_level("warn") == "WARNING"
    assert canonical_level(10) == "DEBUG"
    assert canonical_level("15") == 15


def test_an_unknown_name_suggests_the_nearest() -> None:
    """A typing error is met with the name that was meant."""
    with pytest.raises(UnknownLevelError) as caught:
        parse_level("INF0")

    assert str(caught.value) == 'unknown level "INF0"; did you mean "INFO"?'


def test_a_name_near_to_nothing_lists_the_levels() -> None:
    """Without a near name the standard ones are listed."""
    with pytest.raises(UnknownLevelError, match="use one of NOTSET, DEBUG, INFO, WARNING, ERROR, CRITICAL"):
        parse_level("purple")


@pytest.mark.parametrize("given", [True, 1.5, None, [], -1, MAX_LEVEL + 1, "", "-5", "1e3", "٣", "9" * 5000])
def test_what_is_no_level_is_refused(given: object) -> None:
    """Bools, floats, negative and huge numbers, empty text and foreign digits are not levels."""
    with pytest.raises(ValueError, match="level"):
        parse_level(given)
