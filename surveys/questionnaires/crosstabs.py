"""Two questions against each other: how those who gave each answer to one answered the other."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.lib import charts
from surveys.models import Survey
from surveys.questionnaires import counts, versions
from surveys.questionnaires.disclosure import hidden_cells, is_small
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.kinds.base import PARTS, SEVERAL
from surveys.questionnaires.questions import Definition, Question
from surveys.questionnaires.results import NOT_SHOWN, Filter, ResultsHidden, counted_rows
from surveys.tallying import share


@dataclass(frozen=True, slots=True)
class Variable:
    """What a table is made of: a question, or one row of a matrix."""

    question: Question
    row: str = ""

    @property
    def key(self) -> str:
        return f"{self.question.id}.{self.row}" if self.row else self.question.id

    @property
    def text(self) -> str:
        rows = {each.id: each.text for each in self.question.settings.get("rows") or ()}
        return f"{self.question.text}: {rows[self.row]}" if self.row else self.question.text

    def labels(self) -> dict[str, str]:
        """Its answers, by key."""
        figures = kind_of(self.question).tally(self.question, [])
        return {figure.key: figure.label for figure in figures if figure.row == self.row}

    def keys_of(self, answer: Any) -> list[str]:
        """The keys of the figures in which an answer is counted."""
        figures = kind_of(self.question).tally(self.question, [(answer, 1)])
        return [figure.key for figure in figures if figure.row == self.row and figure.count]


@dataclass(frozen=True)
class Crosstab:
    """Rows are the answers to `first`, columns those to `second`; a cell is None where it would tell of a few people.

    `bases` are those who gave the answer of the row, and any to `second`.
    """

    first: Variable
    second: Variable
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[int | None, ...], ...]
    bases: tuple[int | None, ...]
    both: int

    @cached_property
    def chart(self) -> charts.GridChart:
        """Shares of each row."""
        lines = [
            (label, [_drawn(cell, base, cells) for cell in cells])
            for label, cells, base in zip(self.rows, self.cells, self.bases, strict=True)
        ]
        return charts.grid_chart(self.columns, lines)

    @property
    def head(self) -> list[dict[str, Any]]:
        return [{"text": "Answer"}, *({"text": text, "numeric": True} for text in (*self.columns, "Answered both"))]

    @property
    def table(self) -> list[list[dict[str, Any]]]:
        return [
            [
                {"text": label},
                *({"text": _text(cell, base), "numeric": True} for cell in cells),
                {"text": NOT_SHOWN if base is None else f"{base:,}", "numeric": True},
            ]
            for label, cells, base in zip(self.rows, self.cells, self.bases, strict=True)
        ]


def _drawn(cell: int | None, base: int | None, cells: tuple[int | None, ...]) -> tuple[charts.Number, bool] | None:
    if cell is None or not base:
        return None
    return share(cell, base), bool(cell) and cell == max(each or 0 for each in cells)


def _text(cell: int | None, base: int | None) -> str:
    if cell is None:
        return NOT_SHOWN
    return f"{cell:,} · {share(cell, base)}\u00a0%" if base else f"{cell:,}"


def variables(definition: Definition) -> list[Variable]:
    """What can stand in a table: questions whose figures count people, and the rows of matrices."""
    found = [each for each in definition.questions.values() if kind_of(each).shape in (PARTS, SEVERAL)]
    return [
        Variable(question, row.id if row else "")
        for question in found
        for row in (question.settings.get("rows") or (None,))
    ]


def crosstab(survey: Survey, first: str, second: str, *, filters: Filter | None = None) -> Crosstab:
    """One table, for staff. Raises ResultsHidden: under an embargo, for what cannot stand in it, where too few answered both."""
    rows = counted_rows(survey, filters)
    known = {each.key: each for each in variables(versions.current(survey))}
    if first not in known or second not in known or known[first].question == known[second].question:
        raise ResultsHidden("Choose two different questions.")
    one, other = known[first], known[second]
    least = survey.min_cell
    numbers, bases, columns, both = _counted(rows, one, other)
    if both < least:
        raise ResultsHidden(f"Fewer than {least} answered both: too few to show.")
    across, down = other.labels(), one.labels()
    table = [[numbers[row, column] for column in across] for row in down]
    nearly_all = {
        (place, column)
        for place, row in enumerate(down)
        for column, key in enumerate(across)
        if is_small(bases[row] - table[place][column], least) or is_small(columns[key] - table[place][column], least)
    }
    hidden = hidden_cells(table, least, nearly_all)
    return Crosstab(
        one,
        other,
        tuple(down.values()),
        tuple(across.values()),
        tuple(
            tuple(None if (place, column) in hidden else number for column, number in enumerate(cells))
            for place, cells in enumerate(table)
        ),
        tuple(
            None if is_small(bases[row], least) or is_small(both - bases[row], least) else bases[row] for row in down
        ),
        both,
    )


def _counted(
    rows: counts.Rows, one: Variable, other: Variable
) -> tuple[Counter[tuple[str, str]], Counter[str], Counter[str], int]:
    """The cells, those in each row, those in each column, and all who answered both."""
    cells, bases, columns = Counter[tuple[str, str]](), Counter[str](), Counter[str]()
    both = 0
    for first, second, number in counts.together(rows, one.question.id, other.question.id):
        down, across = one.keys_of(first), other.keys_of(second)
        if not (down and across):
            continue  # a matrix whose row was left out
        both += number
        bases.update(dict.fromkeys(down, number))
        columns.update(dict.fromkeys(across, number))
        cells.update({(row, column): number for row in down for column in across})
    return cells, bases, columns, both
