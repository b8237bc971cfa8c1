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


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_json_that_is_nested_too_deeply_is_refused(opening: str, closing: str) -> None:
    """One level more than allowed is refused, as many as allowed are not."""
    levels = opening.count("[") + opening.count("{")
    most = MAX_DEPTH // levels
    check_json_depth(opening * most + "1" + closing * most)
    with pytest.raises(TooDeepError, match=f"nested more than {MAX_DEPTH} levels deep"):
        check_json_depth(opening * (most + 1) + "1" + closing * (most + 1))


@pytest.mark.parametrize(
    "document",
    [
        {"a": "[" * DEEP + '"{'},
        {"[" * DEEP: 1},
        ["\\" + "{" * DEEP, '\\"' + "[" * DEEP],
        [{"a": 1}] * DEEP,
    ],
)
def test_json_that_only_looks_nested_is_taken(document: object) -> None:
    """Brackets in texts and keys mean nothing, and neither do those that are closed again."""
    check_json_depth(json.dumps(document))


def test_a_limit_of_one_s_own_is_obeyed() -> None:
    """And named in the error."""
    check_json_depth("[[]]", 2)
    with pytest.raises(TooDeepError, match="nested more than 2 levels deep"):
        check_json_depth("[[[]]]", 2)


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
