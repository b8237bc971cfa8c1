"""Facts about the bounds of a document's shape."""

import json
import tomllib

import pytest

from metaexpert.logger.config.nesting import MAX_DEPTH, TooDeepError, check_json_depth, check_toml_depth

DEEP = MAX_DEPTH + 1
MIB = 2**20


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * DEEP + "]" * DEEP,
        "x = " + "{a = " * DEEP + "1" + "}" * DEEP,
        "a." * DEEP + "a = 1",
        "[" + "a." * DEEP + "a]",
        "[[" + "a . " * DEEP + "a]]",
        "x = {" + '"a".' * DEEP + "a = 1}",
        "'a'." * DEEP + "a = 1",
    ],
)
def test_toml_that_is_nested_too_deeply_is_refused(text: str) -> None:
    """In values and in keys, quoted ones and with blanks as well."""
    tomllib.loads(text)
    with pytest.raises(TooDeepError, match=f"more than {MAX_DEPTH} levels"):
        check_toml_depth(text)


@pytest.mark.parametrize(
    "text",
    [
        "a." * (MAX_DEPTH - 1) + "a = 1",
        'x = "' + "[" * DEEP + '"',
        "x = '" + "a." * DEEP + "'",
        'x = """\n' + "a." * DEEP + '"" [[[ \\""""',
        "x = '''\n" + "{" * DEEP + "'''",
        "# " + "[a." * DEEP,
        'x = "\\"' + "[" * DEEP + "\" # it's",
        "x = [" + "1.5, " * DEEP + "]",
        "\n".join(f"[t{number}]" for number in range(DEEP)),
    ],
)
def test_toml_that_only_looks_nested_is_taken(text: str) -> None:
    """In texts and comments brackets and dots mean nothing."""
    tomllib.loads(text)
    check_toml_depth(text)


def test_json_is_bounded_as_well() -> None:
    """By what is outside of texts."""
    check_json_depth(json.dumps({"a": "[" * DEEP + '"{'}))
    with pytest.raises(TooDeepError):
        check_json_depth("[" * DEEP)


@pytest.mark.parametrize(
    "piece", ["a", "a.", "a ", '"', '"""', "'", "'''", "\\", '"\\', "[", "#", ". ", "a\n"]
)
def test_a_megabyte_of_anything_is_looked_at_in_one_go(piece: str) -> None:
    """The test's own timeout is what a square would run into."""
    for check in (check_toml_depth, check_json_depth):
        try:
            check(piece * (MIB // len(piece)))
        except TooDeepError:
            continue
