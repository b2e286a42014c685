"""Which figures are not shown, so that none tells of a few people: not by itself, and not by taking others from a whole.

A figure is small if it counts somebody, but fewer than the survey says (`Survey.min_cell`). Nobody is behind a zero, so it is
shown. docs/counting.md says what this keeps and what it cannot.
"""

from collections.abc import Collection, Iterable, Sequence

Place = tuple[int, int]  # a row and a column


def is_small(number: int, least: int) -> bool:
    return 0 < number < least


def hidden_parts(counts: Sequence[int], least: int) -> set[int]:
    """The places of the parts of one whole that are not shown: the small ones, and the next ones until these hide them.

    What is hidden is two parts at least, with `least` people or more together: so their sum, which anybody can work out, is
    not small itself and tells none of them.
    """
    hidden = {place for place, number in enumerate(counts) if is_small(number, least)}
    others = sorted((number, place) for place, number in enumerate(counts) if number >= least)
    for _, place in others:
        if not hidden or (len(hidden) > 1 and sum(counts[each] for each in hidden) >= least):
            break
        hidden.add(place)
    return hidden


def hidden_shares(counts: Sequence[int], whole: int, least: int) -> set[int]:
    """The places of figures that are not shown where people are in any number of them: small, or all but a few."""
    return {place for place, number in enumerate(counts) if is_small(number, least) or is_small(whole - number, least)}


def hidden_in_sum(counts: Sequence[int], whole: int, least: int, others: Collection[int] = ()) -> set[int]:
    """The places that are not shown where all figures sum to something known, such as two answers of each: `others` as well.

    As with parts, what is hidden hides each other: neither those behind it nor those who are not are a few together.
    """
    hidden = hidden_shares(counts, whole, least) | set(others)
    shown = sorted((number, place) for place, number in enumerate(counts) if place not in hidden and number)
    for _, place in shown:
        behind = sum(counts[each] for each in hidden)
        beside = len(hidden) * whole - behind
        if not hidden or (len(hidden) > 1 and not is_small(behind, least) and not is_small(beside, least)):
            break
        hidden.add(place)
    return hidden


def hidden_cells(table: Sequence[Sequence[int]], least: int, others: Collection[Place] = ()) -> set[Place]:
    """The places of a table that are not shown: small ones and `others`, and more, so that no sum of a line tells them."""
    hidden = set(others) | {
        (row, column)
        for row, cells in enumerate(table)
        for column, number in enumerate(cells)
        if is_small(number, least)
    }
    while more := _next_to_hide(table, hidden, least):
        hidden.add(more)
    return hidden


def _next_to_hide(table: Sequence[Sequence[int]], hidden: set[Place], least: int) -> Place | None:
    """The smallest cell that has to be hidden as well, if there is one."""
    for line in _lines(table):
        own = [place for place in line if place in hidden]
        is_told = own and (len(own) < 2 or sum(table[row][column] for row, column in own) < least)
        if is_told and (found := _smallest(table, line, hidden)):
            return found
    for row, column in sorted(hidden):
        if _is_told(hidden, (row, column)):
            beside = [place for place in _places(table) if place[0] == row or place[1] == column]
            if found := _smallest(table, beside, hidden):
                return found
    return None


def _places(table: Sequence[Sequence[int]]) -> list[Place]:
    return [(row, column) for row, cells in enumerate(table) for column in range(len(cells))]


def _lines(table: Sequence[Sequence[int]]) -> Iterable[list[Place]]:
    """All rows, then all columns."""
    places = _places(table)
    for axis in (0, 1):
        for number in sorted({place[axis] for place in places}):
            yield [place for place in places if place[axis] == number]


def _smallest(table: Sequence[Sequence[int]], places: Iterable[Place], hidden: set[Place]) -> Place | None:
    """The cell with the fewest people that is shown so far; one with nobody only where there is no other."""
    shown = [place for place in places if place not in hidden]
    return min(
        shown, key=lambda place: (table[place[0]][place[1]] == 0, table[place[0]][place[1]], place), default=None
    )


def _is_told(hidden: set[Place], cell: Place) -> bool:
    """Whether sums of rows and columns leave one value for a cell: without it, its row and its column are not connected.

    Rows and columns are the ends of hidden cells: a cell that is on no circle of them can be worked out (Gusfield 1988).
    """
    rest = hidden - {cell}
    rows, columns = {cell[0]}, set[int]()
    while True:
        reached = {column for row, column in rest if row in rows}
        if cell[1] in reached:
            return False
        back = {row for row, column in rest if column in reached}
        if reached <= columns and back <= rows:
            return True
        columns |= reached
        rows |= back
