"""Facts about checking formats before the first record."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaexpert.logger.config.formats import ATTRIBUTES, FormatError, check_format


@pytest.mark.parametrize(
    "text",
    [
        "json",
        "console",
        "text",
        "%(message)s",
        "%(asctime)s [%(levelname)-8s] %(name)s: %(message)s",
        "%(created)d %(msecs)03d %(lineno)5d %(process)x 100%%",
        "%(symbol)s %(price).2f %(message)s",
        "%(model)s %(names)s %(messages)s %(levels)s %(seq)d %(category)s",
        "%(message)s\t%(order-id)s",
        "%(asctime)s\n  %(message)s",
        "%(message).s%%%(price)10.3lf",
    ],
)
def test_presets_and_well_formed_formats_pass(text: str) -> None:
    """Attributes of `logging`, members of our record and any field may be shown."""
    assert check_format(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("jsn", 'did you mean "json"'),
        ("", "must be json, console, text, ecs, gcp, otel, logfmt or a %-style format"),
        ("{message}", r"write %\(message\)s instead of \{message\}"),
        ("${levelname}", r"write %\(levelname\)s instead"),
        ("%(message)", "broken at column 1"),
        ("%(asctime)s %(message", "broken at column 13"),
        ("%s", "broken at column 1"),
        ("100% %(message)s", "broken at column 4"),
        ("100%%", "must show at least one attribute"),
        ("%()s", "must name an attribute"),
        ("%(message)d", "message is text; write %\\(message\\)s"),
        ("%(lineno)c", "lineno is an integer"),
        ("%(created)x", "created is a float"),
        ("%(message)s%(level)s", r"write %\(levelname\)s"),
        ("%(message)s%(exc_text)s", "a traceback follows its record by itself"),
        ("%(message)1001s", "widths and precisions of at most 1000"),
        ("%(message).99999999999999999999s", "widths and precisions of at most 1000"),
        ("%(message)*s", "broken at column 1"),
        ("%(message)%", "broken at column 1"),
        ("%(message)s\x1b[0m", "control characters"),
    ],
)
def test_a_bad_format_is_refused_with_advice(text: str, reason: str) -> None:
    """Every way to write a format wrongly is told with where it is or what to write."""
    with pytest.raises(FormatError, match=reason):
        check_format(text)


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("levlname", "levelname"),
        ("levelName", "levelname"),
        ("level_name", "levelname"),
        ("mesage", "message"),
        ("messgae", "message"),
        ("asctimee", "asctime"),
        ("func_name", "funcName"),
        ("threadname", "threadName"),
    ],
)
def test_a_misspelt_attribute_is_not_taken_for_a_field(misspelt: str, meant: str) -> None:
    """One wrong letter, case or underscore in an attribute's name is told with the attribute meant."""
    with pytest.raises(FormatError, match=f'did you mean "{meant}"'):
        check_format(f"%({misspelt})s")


# Names of fields as strategies use them; none may be mistaken for an attribute.
FIELDS = (
    "symbol",
    "side",
    "price",
    "qty",
    "model",
    "line",
    "names",
    "fee",
    "time",
    "order_id",
    "modules",
    "path",
)


@pytest.mark.parametrize("field", FIELDS)
def test_an_ordinary_field_is_no_misspelling(field: str) -> None:
    """Names that merely resemble a short attribute stay fields."""
    assert check_format(f"%({field})s")


@given(
    st.lists(st.sampled_from(sorted(ATTRIBUTES - {"taskName", "seq", "category"})), min_size=1, max_size=5)
)
def test_what_passes_is_accepted_and_written_by_logging(names: list[str]) -> None:
    """A format we let through is one that `logging` itself can write a record with."""
    text = check_format(" ".join(f"%({name})s" for name in names))
    record = logging.LogRecord("n", 20, "p.py", 1, "m", (), None)

    line = logging.Formatter(text).format(record)

    assert line.strip()


@given(st.text(alphabet="%()sdf.x message\n{}", max_size=20))
def test_any_text_is_either_a_format_or_refused(text: str) -> None:
    """No text makes the check itself fail, and what passes survives `%` with a value for each name."""

    class Anything(dict[str, object]):
        def __missing__(self, key: str) -> object:
            return 1

    try:
        check_format(text)
    except FormatError:
        return
    assert text % Anything()


@pytest.mark.parametrize("text", ["{" + "a" * 200_000, "{a" * 100_000, "${a b" * 50_000], ids=len)
def test_a_long_text_that_is_no_format_is_refused_as_a_short_one(text: str) -> None:
    """What is looked for in it is looked for once: the square of its length would take hours."""
    with pytest.raises(FormatError, match="or a %-style format"):
        check_format(text)
