"""Plots as SVG: bars and lines, small, of text that scales, readable on a light and on a dark page.

A file carries its colours for both as a style sheet, which browsers apply to an image too. Nothing else is
needed to draw, so nothing else is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

#: Ways to lay out an axis.
LINEAR, LOG, NINES, STEPS = "linear", "log", "nines", "steps"
BARS, LINES = "bars", "lines"

WIDTH: Final = 760
_HEIGHT: Final = 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 190, 34, 44
_BAR, _BAR_LEFT = 22, 230
#: Labels at the ends of lines keep this distance.
_LABEL: Final = 13
_STYLE: Final = """
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 13px; }
.faint { fill: #59636e; font-size: 11px; }
.grid { stroke: #d1d9e0; }
.bar { fill: #8c959f; }
.own.bar { fill: #0969da; }
.line { fill: none; stroke-width: 1.5; }
.own.line { stroke-width: 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .faint { fill: #9198a1; }
  .grid { stroke: #3d444d; }
  .bar { fill: #656c76; }
  .own.bar { fill: #4493f8; }
}
"""
_OWN_COLOUR: Final = "#2f81f7"
#: Told apart on white and on black.
_COLOURS: Final = (
    *("#8c6bb1", "#2da44e", "#d4a72c", "#e16f24", "#cf222e", "#1b9e9e"),
    *("#bf3989", "#8a7340", "#7d8590", "#57ab5a", "#b083f0", "#e5534b"),
)


@dataclass(frozen=True, slots=True)
class Plot:
    """What a plot shows: a bar for each series, or a line through its points."""

    name: str
    """The file's, without `.svg`."""
    kind: str
    title: str
    y_label: str
    series: Mapping[str, Sequence[Sequence[float]]]
    """Points `(x, y)`; a bar has one, whose x means nothing."""
    own: Sequence[str] = field(default_factory=tuple)
    """The series that stand out."""
    x_label: str = ""
    x_scale: str = LINEAR
    y_scale: str = LOG


def write(plots: Sequence[Plot], directory: Path) -> list[Path]:
    """Write each plot into `directory`, which is made if need be; returns the files."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / f"{plot.name}.svg" for plot in plots]
    for plot, path in zip(plots, paths, strict=True):
        path.write_text(drawn(plot), encoding="utf-8")
    return paths


def read(document: Mapping[str, Any]) -> Plot:
    """Return the plot that a benchmark's JSON describes."""
    return Plot(**document)


def drawn(plot: Plot) -> str:
    """Return the plot as an SVG document. Raises `ValueError` for one without points."""
    if not any(plot.series.values()):
        raise ValueError(f"the plot {plot.name!r} has nothing to show")
    return _bars(plot) if plot.kind == BARS else _lines(plot)


def _document(plot: Plot, height: float, parts: Sequence[str]) -> str:
    title = escape(plot.title)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
            f'width="{WIDTH}" height="{height:.0f}" role="img">',
            f"<title>{title}</title>",
            f"<style>{escape(_STYLE)}</style>",
            _text(8, 18, plot.title, "title"),
            *parts,
            "</svg>\n",
        )
    )


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start", colour: str = "") -> str:
    style = f' style="fill:{colour}"' if colour else ""
    name = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{name}{style} text-anchor="{anchor}">{escape(text)}</text>'


# -- bars -------------------------------------------------------------------------------------------------


def _bars(plot: Plot) -> str:
    values = {name: points[0][1] for name, points in plot.series.items() if points}
    place, ticks = _axis(plot.y_scale, list(values.values()), _BAR_LEFT, WIDTH - 90, from_zero=True)
    bottom = _TOP + _BAR * len(values) + 6
    parts = []
    for tick in ticks:
        x = place(tick)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom:.0f}"/>')
        parts.append(_text(x, bottom + 14, _short(tick), "faint", "middle"))
    label = plot.y_label + (", logarithmic scale" if plot.y_scale == LOG else "")
    parts.append(_text((_BAR_LEFT + WIDTH - 90) / 2, bottom + 30, label, "faint", "middle"))
    for row, (name, value) in enumerate(values.items()):
        y = _TOP + _BAR * row + 4
        own = "own " if name in plot.own else ""
        width = max(place(value) - _BAR_LEFT, 1.0)
        parts.append(_text(_BAR_LEFT - 8, y + 12, name, anchor="end"))
        parts.append(
            f'<rect class="{own}bar" x="{_BAR_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR - 7}" rx="2"/>'
        )
        parts.append(_text(_BAR_LEFT + width + 6, y + 12, _short(value), "faint"))
    return _document(plot, bottom + 40, parts)


# -- lines ------------------------------------------------------------------------------------------------


def _lines(plot: Plot) -> str:
    series = {name: points for name, points in plot.series.items() if points}
    points = [point for each in series.values() for point in each]
    right, bottom = WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    across, x_ticks = _axis(plot.x_scale, [x for x, _ in points], _LEFT, right)
    up, y_ticks = _axis(plot.y_scale, [y for _, y in points], bottom, _TOP + 14, from_zero=True)
    x_names = {across(tick): _percent(tick) if plot.x_scale == NINES else _short(tick) for tick in x_ticks}
    parts = _grid(plot, x_names, {up(tick): _short(tick) for tick in y_ticks})
    colours = iter(_COLOURS * (1 + len(series) // len(_COLOURS)))
    of = {name: _OWN_COLOUR if name in plot.own else next(colours) for name in series}
    for name, each in series.items():
        own = "own " if name in plot.own else ""
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in each)
        parts.append(f'<polyline class="{own}line" style="stroke:{of[name]}" points="{path}"/>')
    ends = {name: (across(each[-1][0]), up(each[-1][1])) for name, each in series.items()}
    for name, y in spread({name: y for name, (_, y) in ends.items()}, _TOP + 14, bottom).items():
        parts.append(_text(right + 10, y + 4, name, colour=of[name]))
    return _document(plot, _HEIGHT, parts)


def _grid(plot: Plot, across: Mapping[float, str], up: Mapping[float, str]) -> list[str]:
    """Return the lines at the places given, with what they stand for, and the axes' labels."""
    right, bottom = WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    parts = [_text(8, _TOP + 4, plot.y_label, "faint")]
    for y, name in up.items():
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(_LEFT - 6, y + 4, name, "faint", "end"))
    for x, name in across.items():
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP + 14}" y2="{bottom}"/>')
        parts.append(_text(x, bottom + 15, name, "faint", "middle"))
    parts.append(_text((_LEFT + right) / 2, bottom + 34, plot.x_label, "faint", "middle"))
    return parts


def spread(wanted: Mapping[str, float], top: float, bottom: float) -> dict[str, float]:
    """Return where labels go that belong at the heights `wanted`: in order, apart, and within the plot."""
    order = sorted(wanted, key=lambda name: wanted[name])
    places: dict[str, float] = {}
    least = top
    for name in order:
        places[name] = max(wanted[name], least)
        least = places[name] + _LABEL
    most = bottom
    for name in reversed(order):
        places[name] = min(places[name], most)
        most = places[name] - _LABEL
    return places


# -- axes -------------------------------------------------------------------------------------------------


def _axis(
    scale: str, values: Sequence[float], start: float, end: float, *, from_zero: bool = False
) -> tuple[Callable[[float], float], list[float]]:
    """Return what places a value between `start` and `end`, and the values that get a tick."""
    transform: Callable[[float], float]
    if scale == NINES:
        transform, ticks = _nines, [fraction for fraction in _NINES if fraction <= max(values) + 1e-12]
        low, high = 0.0, transform(max(values))
    elif scale == STEPS:
        # Few numbers, each of them measured: they are the ticks, and the axis ends with them.
        transform, ticks = _decades, sorted(set(values))
        low, high = transform(ticks[0]), transform(ticks[-1])
    elif scale == LOG:
        transform = _decades
        positive = [value for value in values if value > 0] or [1.0]
        exponents = range(math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive))) + 1)
        ticks = [10.0**exponent for exponent in exponents]
        low, high = transform(ticks[0]), transform(ticks[-1])
    else:
        transform, low = float, 0.0 if from_zero else min(values)
        step = _step(max(values) - low)
        ticks = [step * number for number in range(math.ceil(low / step), math.ceil(max(values) / step) + 1)]
        high = max(ticks[-1], *values) if ticks else max(values)
    width = (high - low) or 1.0
    return lambda value: start + (end - start) * (transform(value) - low) / width, ticks


_NINES: Final = (0.0, 0.9, 0.99, 0.999, 0.9999, 0.99999)


def _nines(fraction: float) -> float:
    return -math.log10(max(1 - fraction, 1e-9))


def _decades(value: float) -> float:
    return math.log10(max(value, 1e-9))


def _step(span: float) -> float:
    """Return a round step that fits about five times into `span`."""
    raw = (span or 1.0) / 5
    power: float = 10.0 ** math.floor(math.log10(raw))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)


def _percent(fraction: float) -> str:
    return f"{fraction * 100:.6g} %"


def _short(value: float) -> str:
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"
