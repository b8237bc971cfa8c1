"""Facts about laying documents over each other."""

from hypothesis import given
from hypothesis import strategies as st

from metaexpert.logger.config.documents import leaves, merge, plain, removals_as_none, without_nones
from metaexpert.logger.config.models import FilterConfiguration

KEYS = st.sampled_from("abc")
DOCUMENTS = st.recursive(
    st.dictionaries(KEYS, st.none() | st.integers(0, 9), max_size=3),
    lambda inner: st.dictionaries(KEYS, inner | st.integers(0, 9), max_size=3),
    max_leaves=6,
)


@given(DOCUMENTS, DOCUMENTS)
def test_everything_the_upper_document_names_is_in_the_result(lower: dict, upper: dict) -> None:
    """No value of the winner is lost, and nothing is there that neither said."""
    merged = dict(leaves(merge(lower, upper)))
    said = [*leaves(lower), *leaves(upper)]

    assert all(merged[path] == value for path, value in leaves(upper))
    assert all(item in said for item in merged.items())


# Every key is always a table or always a value, and nothing is removed: what ordinary layers look like.
SHAPED = st.fixed_dictionaries(
    {},
    optional={"a": st.integers(), "b": st.dictionaries(KEYS, st.integers(), max_size=3), "c": st.integers()},
)


@given(SHAPED, SHAPED, SHAPED)
def test_ordinary_layers_merge_in_any_grouping(low: dict, middle: dict, high: dict) -> None:
    """A source may collect its own calls first and be laid over the others afterwards."""
    assert merge(merge(low, middle), high) == merge(low, merge(middle, high))


def test_tables_merge_and_lists_are_replaced() -> None:
    """A list is one value: it is not added to."""
    assert merge({"a": {"x": 1, "l": [1]}, "b": 2}, {"a": {"y": 3, "l": [2]}}) == {
        "a": {"x": 1, "y": 3, "l": [2]},
        "b": 2,
    }


def test_a_removal_hides_what_lies_below() -> None:
    """A table laid over a removal starts afresh."""
    removed = merge({"handlers": {"file": {"max_size": 1}}}, {"handlers": {"file": None}})

    assert removed == {"handlers": {"file": None}}
    assert merge(removed, {"handlers": {"file": {"level": "INFO"}}}) == {
        "handlers": {"file": {"level": "INFO"}}
    }


@given(DOCUMENTS, DOCUMENTS)
def test_merging_leaves_its_arguments_alone(lower: dict, upper: dict) -> None:
    """A refused change can leave no trace in what was there."""
    before = repr((lower, upper))

    merge(lower, upper)

    assert repr((lower, upper)) == before


def test_nones_are_dropped_at_every_depth() -> None:
    """What is None has its default; falsy values are values."""
    assert without_nones({"a": None, "b": {"c": None, "d": 0}, "e": []}) == {"b": {"d": 0}, "e": []}


def test_false_removes_a_handler() -> None:
    """TOML has no null, so `console = false` says it."""
    assert removals_as_none({"handlers": {"console": False}, "capture_stdlib": False}) == {
        "handlers": {"console": None},
        "capture_stdlib": False,
    }


def test_models_become_what_was_given_to_them() -> None:
    """A model in a document names its set fields only, and copies share nothing with the original."""
    original = {"filter": FilterConfiguration(category="trade"), "list": [1]}

    document = plain(original)

    assert document == {"filter": {"category": "trade"}, "list": [1]}
    assert document["list"] is not original["list"]
