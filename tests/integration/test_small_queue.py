"""A queue of the smallest size carries records whole."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.processes import Outcome

SCRIPT = """
from metaexpert.logger import configure, flush, get_logger
configure(handlers={"console": None, "trades": None, "errors": None}, queue={"capacity_bytes": 65536})
log = get_logger("bot")
log.info("first call, from a new site", text="y" * size)
log.info("%s arguments", "two", extra={"text": "y" * size})
flush()
"""


@pytest.mark.parametrize("size", [1, 2000])
def test_the_smallest_queue_cuts_nothing_of_an_ordinary_record(
    run_python: Callable[..., "Outcome"], size: int
) -> None:
    """Message and fields of a few kilobytes pass a 64 KiB queue as they are."""
    outcome = run_python(f"size = {size}\n" + SCRIPT)
    assert outcome.exit_code == 0, outcome.stderr
    first, second = outcome.records()
    assert (first["message"], first["text"]) == ("first call, from a new site", "y" * size)
    assert (second["message"], second["text"]) == ("two arguments", "y" * size)
