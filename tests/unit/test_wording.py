"""Numbers and their nouns agree."""

import pytest

from metaexpert.wording import counted


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 bars"), (1, "1 bar"), (2, "2 bars"), (1_200, "1,200 bars")]
)
def test_one_alone_is_singular(count, said):
    """1 takes the noun as it is, every other number its plural, and thousands are set apart."""
    assert counted(count, "bar") == said
