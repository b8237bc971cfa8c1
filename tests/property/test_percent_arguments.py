"""Arguments of `%` that need no Python code are formatted as Python formats them."""

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from support.logs import Logs

PROFILE = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@PROFILE
@given(
    template=st.lists(
        st.sampled_from(["%s", "%d", "%f", "%.2f", "%.0f", "%.17f", "%5d", "%x", "%r", "%%", "%", "a", "é"]),
        max_size=5,
    ).map("".join),
    arguments=st.lists(
        st.integers()
        | st.floats()
        | st.booleans()
        | st.none()
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
        min_size=1,
        max_size=4,
    ),
)
def test_arguments_are_formatted_as_python_does(logs: "Logs", template: str, arguments: list[Any]) -> None:
    """A message with arguments is what `%` makes of them, or the template where they do not fit."""
    logs.configure()
    try:
        wanted, fits = template % tuple(arguments), True
    except (TypeError, ValueError, OverflowError):
        wanted, fits = template, False
    logs.logger.info(template, *arguments)
    record = logs.last()
    assert record["message"] == wanted
    assert ("format_error" in record) is not fits


@PROFILE
@given(
    numbers=st.lists(
        st.floats() | st.integers(-(2**40), 2**40).map(lambda number: number / 8) | st.floats(-2, 2),
        min_size=1,
        max_size=20,
    )
)
def test_fixed_digits_are_those_of_the_exact_value(logs: "Logs", numbers: list[float]) -> None:
    """Every number of digits behind the point is rounded as Python rounds, half to even."""
    logs.configure()
    template = " ".join(f"%.{digits}f" for digits in range(18))
    for number in numbers:
        arguments = (number,) * 18
        logs.logger.info(template, *arguments)
        assert logs.last()["message"] == template % arguments
