"""What a call site's names were in one call does not decide what they are in the next."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.logs import Logs


def test_one_field_left_out_is_no_name_of_the_next_call(logs: "Logs") -> None:
    """Where the record has no room for exactly one field, each call says so, and values keep their names."""
    logs.configure(limits={"items": 2})
    for number in range(3):
        logs.logger.info("three", a=number, b=2, c=3)
        record = logs.last()
        assert (record["a"], record["b"], record["fields_left_out"]) == (number, 2, 1)
        logs.logger.info("three", extra={"a": number, "b": 2}, c=3)
        record = logs.last()
        assert (record["a"], record["b"], record["fields_left_out"]) == (number, 2, 1)


@pytest.mark.parametrize("in_extra", [False, True])
def test_a_category_may_be_a_field_in_one_call_and_none_in_the_next(logs: "Logs", in_extra: bool) -> None:
    """A text is the category, whatever the same call site had as one before; anything else is a field."""
    logs.configure()
    for category in (None, "trade", [1], "trade", None, "signal"):
        if in_extra:
            logs.logger.info("either", extra={"category": category, "b": 1})
        else:
            logs.logger.info("either", category=category, b=1)
        name = "category" if isinstance(category, str) else "category_"
        record = logs.last()
        assert (record.get(name), record["b"]) == (category, 1)
        assert len({"category", "category_"} & record.keys()) == 1
