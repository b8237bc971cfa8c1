"""The standard library's own tests of `logging` come out the same with our loggers."""

import pytest

from support.standard_suite import (
    OUT_OF_SCOPE,
    ROLES,
    STANDARD,
    Difference,
    compare,
    differences,
    is_shipped,
    passed,
)

#: Fewer tests than any supported interpreter ships: a suite that loads nothing agrees with everything.
FEWEST = 150


@pytest.mark.timeout(400)
@pytest.mark.skipif(not is_shipped(), reason="this interpreter was installed without its own test suite")
def test_the_suite_of_the_standard_library_comes_out_the_same() -> None:
    """Be `MetaLogger` the class of new loggers or `logging.Logger` itself, the engine idle or running."""
    outcomes, found = compare(ROLES)

    assert passed(outcomes[STANDARD]) > FEWEST
    assert {role: [str(each) for each in differing] for role, differing in found.items()} == {
        role: [] for role in ROLES
    }


def test_each_kind_of_difference_is_seen() -> None:
    """A test that fails instead of passing, is skipped or was not run at all is a difference; others not."""
    (out_of_scope,) = OUT_OF_SCOPE
    standard = {"a": "passed", "b": "passed", "c": "passed", "d": "skipped: no IPv6", out_of_scope: "passed"}
    ours = {"a": "passed", "b": "failed", "d": "skipped: no IPv6", "e": "passed", out_of_scope: "failed"}

    assert differences(standard, ours) == [
        Difference("b", "passed", "failed"),
        Difference("c", "passed", None),
        Difference("e", None, "passed"),
    ]
