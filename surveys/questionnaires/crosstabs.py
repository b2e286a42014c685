"""Two questions against each other: how those who gave each answer to one answered the other."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.lib import charts
from surveys.models import Survey
from surveys.questionnaires import counts, versions
from surveys.questionnaires.disclosure import hidden_cells, hidden_in_sum, hidden_parts, hidden_shares, is_small
from surveys.questionnaires.filters import Filter, ResultsHidden, counted_rows
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.kinds.base import PARTS, SEVERAL
from surveys.questionnaires.questions import Definition, Question
from surveys.questionnaires.results import NOT_SHOWN, is_sum_known, shape_of
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
    some = _Counted.of(rows, one, other)
    every = _Counted.of(survey.responses.counted(), one, other) if filters else None
    if some.both < survey.min_cell:
        raise ResultsHidden(f"Fewer than {survey.min_cell} answered both: too few to show.")
    return _table(some, every, survey.min_cell)


def _table(some: "_Counted", every: "_Counted | None", least: int) -> Crosstab:
    down, across = some.one.labels(), some.other.labels()
    table = [[some.cells[row, column] for column in across] for row in down]
    untold_rows = _hidden_margin(some.one, [some.rows[row] for row in down], some.both, least)
    untold_columns = _hidden_margin(some.other, [some.columns[column] for column in across], some.both, least)
    others = {
        (place, number)
        for place, row in enumerate(down)
        for number, column in enumerate(across)
        if place in untold_rows
        or number in untold_columns
        or is_small(some.rows[row] - table[place][number], least)
        or is_small(some.columns[column] - table[place][number], least)
        or (every is not None and is_small(every.cells[row, column] - table[place][number], least))
    }
    hidden = hidden_cells(table, least, others)
    cells = [
        tuple(None if (place, number) in hidden else count for number, count in enumerate(line))
        for place, line in enumerate(table)
    ]
    bases = [None if place in untold_rows else some.rows[row] for place, row in enumerate(down)]
    return Crosstab(
        some.one, some.other, tuple(down.values()), tuple(across.values()), tuple(cells), tuple(bases), some.both
    )


def _hidden_margin(variable: Variable, numbers: list[int], both: int, least: int) -> set[int]:
    """The rows or columns of which not even the sum is shown: it would tell of a few, or be told by the others."""
    if shape_of(variable.question) == PARTS:
        return hidden_parts(numbers, least)
    if is_sum_known(variable.question):
        return hidden_in_sum(numbers, both, least)
    return hidden_shares(numbers, both, least)


@dataclass(frozen=True)
class _Counted:
    """Those who answered both: in each cell, in each row, in each column, and all."""

    one: Variable
    other: Variable
    cells: Counter[tuple[str, str]]
    rows: Counter[str]
    columns: Counter[str]
    both: int

    @classmethod
    def of(cls, responses: counts.Rows, one: Variable, other: Variable) -> "_Counted":
        cells, rows, columns = Counter[tuple[str, str]](), Counter[str](), Counter[str]()
        both = 0
        for first, second, number in counts.together(responses, one.question.id, other.question.id):
            down, across = one.keys_of(first), other.keys_of(second)
            if down and across:  # else a matrix whose row was left out
                both += number
                rows.update(dict.fromkeys(down, number))
                columns.update(dict.fromkeys(across, number))
                cells.update({(row, column): number for row in down for column in across})
        return cls(one, other, cells, rows, columns, both)
