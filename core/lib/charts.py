"""Geometry of the charts under templates/components: percentages across, pixels down, so that text keeps its size on every screen."""

import itertools
import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

Number = int | float | Decimal

BAR_ROW = 46
BAR_LINE = 20  # of a label that takes several
BAR_LETTERS = 32  # as many as stand beside a figure on a phone
BAR_LINES = 4
BAR_LABEL_BASELINE = 15
BAR_TOP = 23
BAR_HEIGHT = 12
LINE_HEIGHT = 240
LINE_TOP = 14
LINE_BOTTOM = 30
SCALE_STEPS = 4
LINE_LEFT = 7.0
LINE_RIGHT = 99.0
MOST_LABELS = 7
GRID_ROW = 58
GRID_HEAD = 22
GRID_COLUMN = 76  # pixels: more columns than fit are scrolled to
GRID_FITS = 4
GRID_LETTERS = 11
NICE_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Bar:
    """One horizontal bar: its words, and where it lies (x and width in per cent, y in pixels).

    `lines` are those of its label, each with its y: text in a picture goes on no new line by itself.
    """

    label: str
    value: Number
    text: str
    lines: tuple[tuple[str, int], ...]
    label_y: int
    bar_y: int
    x: str
    width: str
    lead: bool


@dataclass(frozen=True, slots=True)
class BarChart:
    bars: tuple[Bar, ...]
    height: int
    bar_height: int = BAR_HEIGHT


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across the chart at y, with the figure it stands for."""

    text: str
    y: str
    label_y: str


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a line: its words, and its place. `label` is empty where the axis has no room for it."""

    name: str
    value: Number
    text: str
    x: str
    y: str
    label: str
    anchor: str
    last: bool


@dataclass(frozen=True, slots=True)
class Segment:
    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True)
class LineChart:
    points: tuple[Point, ...]
    segments: tuple[Segment, ...]
    ticks: tuple[Tick, ...]
    height: int = LINE_HEIGHT
    label_y: int = LINE_HEIGHT - 8


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure with its bar. `x` and `width` in per cent, the rest in pixels; `lead`: it is marked; without a bar it is out."""

    text: str
    x: str
    text_y: int
    bar_y: int
    width: str
    lead: bool


@dataclass(frozen=True, slots=True)
class GridRow:
    label: str
    label_y: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class GridChart:
    """Bars in rows and columns. `width` is of the drawing, in per cent or pixels; `track` of a full bar, in per cent."""

    heads: tuple[tuple[str, str], ...]
    rows: tuple[GridRow, ...]
    width: str
    height: int
    track: str
    bar_height: int = BAR_HEIGHT


def number_text(value: Number, unit: str = "") -> str:
    """The figure as readers see it: thousands apart, a true minus, at most two decimals, then its unit."""
    text = f"{abs(value):,.2f}".rstrip("0").rstrip(".")
    sign = "−" if value < 0 and text != "0" else ""
    return f"{sign}{text}{unit_text(unit)}"


def unit_text(unit: str) -> str:
    """A unit as it follows a figure: apart, but kept on the same line."""
    return f"\u00a0{unit}" if unit else ""


def nice_scale(least: float, most: float) -> list[float]:
    """Round figures from at or below `least` to at or above `most`, in about four steps; zero is one of them if it lies between."""
    if not (math.isfinite(least) and math.isfinite(most)):
        raise ValueError("A chart needs finite figures.")
    if most - least <= max(abs(least), abs(most)) * 1e-12 or most - least < 1e-290:
        least, most = (least - 1, most + 1) if least else (0.0, 1.0)
    rough = (most - least) / SCALE_STEPS
    exponent = math.floor(math.log10(rough))
    power = 10.0**exponent
    step = next(nice * power for nice in NICE_STEPS if nice * power >= rough * (1 - 1e-9))
    first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    return [round(index * step, 3 - exponent) + 0.0 for index in range(first, last + 1)]


def bar_chart(rows: Iterable[Sequence[object]], *, unit: str = "") -> BarChart:
    """Horizontal bars from (label, value) or (label, value, text shown); the longest fills the width, the highest is marked.

    Equal values are drawn and marked alike. Negative values have no length to draw and are refused.
    """
    entries = [_entry(row, unit) for row in rows]
    if any(value < 0 for _, value, _ in entries):
        raise ValueError("A bar chart needs figures of zero or more.")
    most = max((value for _, value, _ in entries), default=0)
    bars, top = [], 0
    for label, value, text in entries:
        parts = textwrap.wrap(label, BAR_LETTERS, max_lines=BAR_LINES, placeholder="…") or [label]
        bars.append(
            Bar(
                label=label,
                value=value,
                text=text,
                lines=tuple((part, top + BAR_LABEL_BASELINE + n * BAR_LINE) for n, part in enumerate(parts)),
                label_y=top + BAR_LABEL_BASELINE,
                bar_y=top + BAR_TOP + (len(parts) - 1) * BAR_LINE,
                x="0",
                width=_percent(float(value) / float(most) * 100 if most else 0.0),
                lead=bool(most) and value == most,
            )
        )
        top = bars[-1].bar_y + BAR_ROW - BAR_TOP
    return BarChart(tuple(bars), max(top - 4, 1))


def grid_chart(heads: Sequence[str], rows: Iterable[tuple[str, Sequence[tuple[Number, bool] | None]]]) -> GridChart:
    """A bar for each figure of a table. Rows are (label, cells), a cell (value, whether it is marked) or None where there is none.

    All bars are on one scale, so that they compare across rows and columns.
    """
    lines = [(label, list(cells)) for label, cells in rows]
    most = max((float(cell[0]) for _, cells in lines for cell in cells if cell), default=0.0)
    share = 100 / max(len(heads), 1)
    track = share * 0.9

    def cell_at(row: int, column: int, cell: tuple[Number, bool] | None) -> Cell:
        top = GRID_HEAD + row * GRID_ROW
        width = float(cell[0]) / most * track if cell and most else 0.0
        text = number_text(cell[0]) if cell else "–"
        return Cell(text, _percent(column * share), top + 32, top + 38, _percent(width), bool(cell and cell[1]))

    drawn = tuple(
        GridRow(
            label,
            GRID_HEAD + row * GRID_ROW + BAR_LABEL_BASELINE,
            tuple(cell_at(row, column, cell) for column, cell in enumerate(cells)),
        )
        for row, (label, cells) in enumerate(lines)
    )
    places = tuple((_short(head), _percent(column * share)) for column, head in enumerate(heads))
    width = "100%" if len(heads) <= GRID_FITS else str(len(heads) * GRID_COLUMN)
    return GridChart(places, drawn, width, GRID_HEAD + max(len(lines), 1) * GRID_ROW, _percent(track))


def _short(head: str) -> str:
    """As much of a column's heading as stands above it."""
    return head if len(head) <= GRID_LETTERS else f"{head[: GRID_LETTERS - 1].rstrip()}…"


def line_chart(rows: Iterable[Sequence[object]], *, unit: str = "") -> LineChart:
    """A line through (label, value) or (label, value, text shown), evenly spaced, on a nice scale that starts at zero where it can.

    Where all values are whole numbers, so is what stands beside the lines across.
    """
    entries = [_entry(row, unit) for row in rows]
    if not entries:
        return LineChart((), (), ())
    values = [float(value) for _, value, _ in entries]
    scale = nice_scale(min(0.0, *values), max(0.0, *values))
    xs = [_across(index, len(entries)) for index in range(len(entries))]
    ys = [_down(value, scale) for value in values]
    shown = _labelled(len(entries))
    points = tuple(
        Point(
            name=label,
            value=value,
            text=text,
            x=_percent(xs[index]),
            y=_pixels(ys[index]),
            label=label if index in shown else "",
            anchor="start" if index == 0 else "end" if index == len(entries) - 1 else "middle",
            last=index == len(entries) - 1,
        )
        for index, (label, value, text) in enumerate(entries)
    )
    segments = tuple(Segment(a.x, a.y, b.x, b.y) for a, b in itertools.pairwise(points))
    counts = all(isinstance(value, int) for _, value, _ in entries)
    ticks = tuple(
        Tick(number_text(mark), _pixels(_down(mark, scale)), _pixels(_down(mark, scale) - 5))
        for mark in scale
        if mark.is_integer() or not counts
    )
    return LineChart(points, segments, ticks)


def _entry(row: Sequence[object], unit: str) -> tuple[str, Number, str]:
    label, value = str(row[0]), row[1]
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        raise ValueError(f"“{value}” is not a figure that can be drawn.")
    return label, value, str(row[2]) if len(row) > 2 else number_text(value, unit)


def _across(index: int, count: int) -> float:
    return (LINE_LEFT + LINE_RIGHT) / 2 if count == 1 else LINE_LEFT + index * (LINE_RIGHT - LINE_LEFT) / (count - 1)


def _down(value: float, scale: Sequence[float]) -> float:
    drawn = LINE_HEIGHT - LINE_TOP - LINE_BOTTOM
    return LINE_TOP + (scale[-1] - value) / (scale[-1] - scale[0]) * drawn


def _labelled(count: int) -> set[int]:
    """Which points get a label under the axis: the first, the last, and evenly between."""
    step = max(1, math.ceil((count - 1) / (MOST_LABELS - 1)))
    shown = set(range(0, count, step))
    if count - 1 not in shown:
        shown -= {index for index in shown if index and count - 1 - index < step}
    return shown | {count - 1}


def _percent(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"


def _pixels(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
