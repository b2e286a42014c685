"""No figure that is shown tells of a few people, not by itself and not by taking others from a whole."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from surveys.questionnaires.disclosure import hidden_cells, hidden_in_sum, hidden_parts, hidden_shares
from surveys.questionnaires.kinds.measures import in_ranges

LEAST = 5
COUNTS = st.lists(st.integers(0, 12), min_size=1, max_size=6)
AMOUNTS = st.lists(st.integers(0, 11), max_size=50)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 9), min_size=width, max_size=width), min_size=2, max_size=4)
)


@given(COUNTS)
def test_what_is_hidden_of_a_whole_is_large_together_or_all_there_is(counts):
    hidden = hidden_parts(counts, LEAST)
    rest = [number for place, number in enumerate(counts) if place not in hidden and number]
    assert all(number >= LEAST for number in rest)
    if hidden and rest:
        assert len(hidden) > 1
        assert sum(counts[place] for place in hidden) >= LEAST


@given(COUNTS, st.integers(0, 9))
def test_of_shares_neither_those_who_gave_an_answer_nor_those_who_did_not_are_a_few(counts, more):
    whole = max(counts) + more
    shown = [number for place, number in enumerate(counts) if place not in hidden_shares(counts, whole, LEAST)]
    assert all(not 0 < each < LEAST for number in shown for each in (number, whole - number))


@given(COUNTS, st.integers(0, 9))
def test_of_figures_with_a_known_sum_what_is_hidden_is_not_a_few_or_all_there_is(counts, more):
    whole = max(counts) + more
    hidden = hidden_in_sum(counts, whole, LEAST)
    assert hidden_shares(counts, whole, LEAST) <= hidden
    behind = sum(counts[place] for place in hidden)
    if hidden and any(number for place, number in enumerate(counts) if place not in hidden):
        assert len(hidden) > 1
        assert all(not 0 < each < LEAST for each in (behind, len(hidden) * whole - behind))


@given(AMOUNTS, AMOUNTS)
def test_ranges_of_some_leave_no_few_when_they_are_taken_from_the_ranges_of_all(some, others):
    def ranges(numbers, **more):
        return in_ranges(list(Counter(numbers).items()), [2, 4, 6, 8, 10], LEAST, lambda *edges: edges, **more)

    every = ranges(some + others)
    for own in ranges(some, among=list(Counter(some + others).items())):
        low, high = own.label
        first = next(place for place, each in enumerate(every) if each.label[0] == low)
        last = next(place for place, each in enumerate(every) if each.label[1] == high)
        assert own.count >= LEAST
        assert not 0 < sum(each.count for each in every[first : last + 1]) - own.count < LEAST


@given(TABLES)
def test_no_hidden_cell_of_a_table_follows_from_its_sums(table):
    hidden = hidden_cells(table, LEAST)
    small = {
        (row, column) for row, cells in enumerate(table) for column, number in enumerate(cells) if 0 < number < LEAST
    }
    assert small <= hidden
    for cell in small:
        assert _on_a_circle(hidden, cell) or _all_of_both_lines(table, hidden, cell)


def _on_a_circle(hidden, cell, way=()):
    """Whether hidden cells can be changed, cell among them, with all sums as they are: back to it by rows and columns in turn."""
    way = way or (cell,)
    axis = (len(way) + 1) % 2
    if axis and way[-1][1] == cell[1] and len(way) > 1:
        return True
    beside = [other for other in hidden if other not in way and other[axis] == way[-1][axis]]
    return any(_on_a_circle(hidden, cell, (*way, other)) for other in beside)


def _all_of_both_lines(table, hidden, cell):
    """Where a whole row and a whole column are hidden, nothing more can be."""
    row, column = cell
    return all((row, each) in hidden for each in range(len(table[0]))) and all(
        (each, column) in hidden for each in range(len(table))
    )
