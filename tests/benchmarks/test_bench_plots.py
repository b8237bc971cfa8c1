"""The plots: well-formed, inside their frame, readable on light and dark pages."""

import itertools
from xml.etree import ElementTree

import pytest

from harness import svg

NAME = "{http://www.w3.org/2000/svg}"
LATENCY = svg.Plot(
    "latency",
    svg.LINES,
    "Cost <of> a call & more",
    "ns",
    {
        "ours & theirs": [(0.0, 100.0), (0.9, 120.0), (0.999, 300.0)],
        "other": [(0.0, 5000.0), (0.9, 7000.0), (0.999, 2e6)],
    },
    own=("ours & theirs",),
    x_scale=svg.NINES,
)
RATES = svg.Plot(
    "rates", svg.BARS, "Rates", "a second", {"ours": [(0, 4e6)], "other": [(0, 2e5)]}, own=("ours",)
)


@pytest.mark.parametrize("plot", [LATENCY, RATES], ids=lambda plot: plot.name)
def test_plot_is_well_formed_and_names_all(plot: svg.Plot) -> None:
    """Names with `<` and `&` don't break the document, and each series has its label."""
    root = ElementTree.fromstring(svg.drawn(plot))
    texts = [text.text for text in root.iter(f"{NAME}text")]
    assert root.tag == f"{NAME}svg"
    assert plot.title in texts
    assert set(plot.series) <= set(texts)
    assert "prefers-color-scheme: dark" in root.findtext(f"{NAME}style", "")


def test_lines_stay_inside_the_frame() -> None:
    """Every point of every line lies on the picture, larger values higher up, further nines to the right."""
    root = ElementTree.fromstring(svg.drawn(LATENCY))
    lines = list(root.iter(f"{NAME}polyline"))
    assert len(lines) == 2
    for line in lines:
        points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        assert len(points) == 3
        assert all(0 <= x <= svg.WIDTH and 0 <= y <= float(root.attrib["height"]) for x, y in points)
        for (left, lower), (right, upper) in itertools.pairwise(points):
            assert left < right
            assert lower > upper


def test_longer_bars_are_larger_figures() -> None:
    """Bars begin at one line, and their order is that of the figures; ours is marked."""
    bars = list(ElementTree.fromstring(svg.drawn(RATES)).iter(f"{NAME}rect"))
    ours, other = bars
    assert float(ours.attrib["width"]) > float(other.attrib["width"]) > 0
    assert ours.attrib["class"] == "own bar"
    assert float(ours.attrib["x"]) + float(ours.attrib["width"]) <= svg.WIDTH


@pytest.mark.parametrize("scale", [svg.LINEAR, svg.LOG, svg.STEPS])
@pytest.mark.parametrize("values", [(0.0, 0.0), (1.0, 1.0), (0.0, 3.0), (1e-3, 1e9)])
def test_any_range_of_values_can_be_drawn(values: tuple[float, float], scale: str) -> None:
    """Nothing but zeros, equal values and twelve decades all get an axis."""
    for kind in (svg.BARS, svg.LINES):
        series = {"a": [(1.0, values[0]), (2.0, values[1])]}
        plot = svg.Plot("x", kind, "X", "ns", series, y_scale=scale)
        text = svg.drawn(plot)
        assert "nan" not in text
        assert list(ElementTree.fromstring(text).iter(f"{NAME}text"))


def test_steps_are_the_numbers_measured() -> None:
    """An axis of steps has a tick for each number there is a point for, and for no other."""
    series = {"ours": [(1.0, 5.0), (4.0, 6.0), (64.0, 7.0)]}
    root = ElementTree.fromstring(svg.drawn(svg.Plot("x", svg.LINES, "X", "ns", series, x_scale=svg.STEPS)))
    ticks = [text.text for text in root.iter(f"{NAME}text") if text.attrib.get("text-anchor") == "middle"]
    assert ticks == ["1", "4", "64", None]


def test_plot_without_points_is_refused() -> None:
    """An empty picture would pass for a result."""
    with pytest.raises(ValueError, match="'empty' has nothing to show"):
        svg.drawn(svg.Plot("empty", svg.LINES, "Empty", "ns", {"ours": []}))


def test_labels_of_close_lines_stay_apart_and_inside() -> None:
    """Twelve lines that end at one height get labels that cover none of the others, in their order."""
    wanted = {f"line {number}": 300.0 + number / 10 for number in range(12)}
    places = svg.spread(wanted, 50, 336)
    heights = [places[name] for name in wanted]
    assert all(lower - upper >= 12 for upper, lower in itertools.pairwise(heights))
    assert min(heights) >= 50
    assert max(heights) <= 336
