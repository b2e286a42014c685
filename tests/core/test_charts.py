"""Charts are drawn from the figures: lengths in proportion, equal ones alike, scales in round numbers."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.lib.charts import MOST_LABELS, bar_chart, grid_chart, line_chart, nice_scale, number_text


def widths(*values):
    return [bar.width for bar in bar_chart([(str(value), value) for value in values]).bars]


def test_bars_are_as_long_as_their_counts():
    assert widths(200, 100, 50, 0) == ["100%", "50%", "25%", "0%"]


def test_equal_counts_look_equal_and_share_the_mark():
    bars = bar_chart([("A", 21), ("B", 21), ("C", 5)]).bars
    assert bars[0].width == bars[1].width
    assert [bar.lead for bar in bars] == [True, True, False]


def test_nothing_counted_draws_empty_bars_and_marks_none():
    bars = bar_chart([("A", 0), ("B", 0)]).bars
    assert [(bar.width, bar.lead) for bar in bars] == [("0%", False), ("0%", False)]


def test_a_chart_of_nothing_has_no_bars():
    assert bar_chart([]).bars == ()
    assert line_chart([]).points == ()


def test_bars_do_not_overlap_and_fit_the_height():
    chart = bar_chart([(str(n), n) for n in range(1, 9)])
    tops = [bar.bar_y for bar in chart.bars]
    assert all(later - earlier > chart.bar_height for earlier, later in itertools.pairwise(tops))
    assert tops[-1] + chart.bar_height <= chart.height


def test_a_long_label_takes_several_lines_and_is_cut_nowhere_that_a_reader_needs():
    long = "A bridge that checks both chains by itself, without anybody in between"
    chart = bar_chart([(long, 2), ("None", 1)])
    first, second = chart.bars
    assert " ".join(line for line, _ in first.lines) == first.label == long
    assert all(len(line) <= 32 for line, _ in first.lines)
    ys = [y for _, y in first.lines]
    assert ys == sorted(set(ys))
    assert ys[-1] < first.bar_y < first.bar_y + chart.bar_height < second.lines[0][1]
    assert second.bar_y + chart.bar_height <= chart.height
    assert len(bar_chart([("x" * 900, 1)]).bars[0].lines) == 4


def test_the_text_given_is_shown_instead_of_the_figure():
    assert bar_chart([("A", 292, "292 votes")]).bars[0].text == "292 votes"


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "12", None, True])
def test_a_bar_refuses_what_it_cannot_draw(value):
    with pytest.raises(ValueError, match=r"."):
        bar_chart([("A", value)])


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567, "1,234,567"), (-60, "−60"), (Decimal("49.70"), "49.7"), (0.005, "0.01"), (-0.001, "0"), (1.5, "1.5")],
)
def test_figures_are_written_as_readers_expect(value, text):
    assert number_text(value) == text


def test_a_unit_stays_on_the_figures_line():
    assert number_text(12, "BTC") == "12\u00a0BTC"


@pytest.mark.parametrize(
    ("least", "most", "scale"),
    [(0, 97, [0, 25, 50, 75, 100]), (-60, 530, [-200, 0, 200, 400, 600]), (0, 0, [0, 0.25, 0.5, 0.75, 1])],
)
def test_a_scale_uses_round_figures(least, most, scale):
    assert nice_scale(least, most) == scale


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
@example(-9.144298141582371e-12, 9.144298141582371e-12)
@example(0.0, 5e-324)
@example(1e12, 1e12 + 1e-4)
def test_a_scale_always_covers_its_figures_in_few_steps(one, other):
    least, most = min(one, other), max(one, other)
    scale = nice_scale(least, most)
    slack = max(abs(least), abs(most)) * 1e-6
    assert scale[0] <= least + slack
    assert scale[-1] >= most - slack
    assert 2 <= len(scale) <= 7


def test_a_line_puts_higher_figures_higher_and_joins_them_all():
    chart = line_chart([("Jan", 10), ("Feb", 30), ("Mar", 20)])
    heights = [float(point.y) for point in chart.points]
    assert heights[1] < heights[2] < heights[0]
    assert len(chart.segments) == 2
    assert (chart.segments[0].x2, chart.segments[0].y2) == (chart.points[1].x, chart.points[1].y)


def test_a_line_starts_its_scale_at_zero():
    assert next(tick.text for tick in line_chart([("a", 80), ("b", 97)]).ticks) == "0"


def test_counts_stand_beside_whole_numbers():
    assert [tick.text for tick in line_chart([("a", 0), ("b", 0)]).ticks] == ["0", "1"]
    assert [tick.text for tick in line_chart([("a", 0), ("b", 10)]).ticks] == ["0", "5", "10"]
    assert [tick.text for tick in line_chart([("a", 0.0), ("b", 0.9)]).ticks][:2] == ["0", "0.25"]


@given(st.integers(1, 400))
def test_the_axis_never_has_more_labels_than_fit(count):
    labels = [point.label for point in line_chart([(str(n), n) for n in range(count)]).points if point.label]
    assert len(labels) <= MOST_LABELS
    assert labels[-1] == str(count - 1)


def test_the_bars_of_a_grid_are_on_one_scale_and_what_is_missing_has_none():
    chart = grid_chart(["Round 1", "Round 2"], [("Ada", [(4, False), (6, True)]), ("Bit", [(3, False), None])])
    widths = [[cell.width for cell in row.cells] for row in chart.rows]
    assert widths == [["30%", "45%"], ["22.5%", "0%"]]
    assert chart.track == "45%"
    assert [cell.lead for cell in chart.rows[0].cells] == [False, True]
    assert chart.rows[1].cells[1].text == "–"


def test_a_grid_of_many_columns_is_wider_than_the_page_and_its_headings_are_cut():
    chart = grid_chart(["A very long name", *"bcdefg"], [("Ada", [(1, False)] * 7)])
    assert int(chart.width) > 375
    assert chart.heads[0][0] == "A very lon…"
    assert grid_chart([], []).height > 0
