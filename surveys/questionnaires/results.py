"""What came of a survey: one function for its page, the desk, the articles' block, the media kit and the API."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from core.lib import charts
from core.pagecache import per_generation
from surveys.models import Survey
from surveys.questionnaires import counts, kept_counts, versions
from surveys.questionnaires.disclosure import hidden_cells, hidden_in_sum, hidden_parts, hidden_shares, is_small
from surveys.questionnaires.filters import Filter, ResultsHidden, counted_rows, embargo
from surveys.questionnaires.kinds import Figure, kind_of
from surveys.questionnaires.kinds.base import PARTS, POINTS, RANGES, SEVERAL
from surveys.questionnaires.questions import Question
from surveys.tallying import share

SELF_SELECTED = "Those who answered chose themselves: this is a self-selected, not a representative sample."
NOT_SHOWN = "not shown"
MOST_NAMES = 3  # of answers that are shown together


@dataclass(frozen=True, slots=True)
class Line:
    """A figure as it is shown: several answers where they are only told together; no count where it is not told at all."""

    label: str
    keys: tuple[str, ...]
    count: int | None
    share: str | None = None  # in per cent, to one decimal; points have none

    @property
    def text(self) -> str:
        if self.count is None:
            return NOT_SHOWN
        return f"{self.count:,}" if self.share is None else f"{self.count:,} · {self.share}\u00a0%"


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of a question, or of one row of a matrix. Shares are of `base`, which is None where it is too small to tell."""

    lines: tuple[Line, ...]
    base: int | None
    title: str = ""
    row: str = ""


@dataclass(frozen=True)
class QuestionResult:
    """What came of one question. `shown` were asked it, `answered` of them answered; None where that would tell of a few.

    `withheld` says why there is nothing to show, if so. `measures` are names and figures, such as a mean.
    """

    question: Question
    shown: int | None
    answered: int | None
    tables: tuple[Table, ...] = ()
    measures: tuple[tuple[str, str], ...] = ()
    note: str = ""
    withheld: str = ""

    @property
    def shape(self) -> str:
        return shape_of(self.question)

    @property
    def lines(self) -> tuple[Line, ...]:
        """Of a question without rows."""
        return self.tables[0].lines if self.tables else ()

    @cached_property
    def chart(self) -> charts.BarChart | None:
        if not self.tables or self.tables[0].row:
            return None
        return charts.bar_chart([(line.label, line.count or 0, line.text) for line in self.lines])

    @property
    def table_head(self) -> list[dict[str, Any]]:
        counted = [{"text": self.unit.capitalize(), "numeric": True}]
        return [{"text": "Answer"}, *counted, *([{"text": "Share", "numeric": True}] if self.shape != POINTS else [])]

    @property
    def table_rows(self) -> list[list[dict[str, Any]]]:
        """The figures of a question without rows, in full words."""
        return [
            [{"text": line.label}, *({"text": cell, "numeric": True} for cell in _cells(line))] for line in self.lines
        ]

    @cached_property
    def grid(self) -> charts.GridChart | None:
        """Of a matrix: a row for each of its rows; a dash where a figure is not shown."""
        if not self.tables or not self.tables[0].row:
            return None
        heads = [line.label for line in self.lines]
        rows = [(table.title, [_cell(table, line) for line in table.lines]) for table in self.tables]
        return charts.grid_chart(heads, rows)

    @property
    def grid_head(self) -> list[dict[str, Any]]:
        heads = [{"text": line.label, "numeric": True} for line in self.lines]
        return [{"text": "Row"}, *heads, {"text": "Answered", "numeric": True}]

    @property
    def grid_rows(self) -> list[list[dict[str, Any]]]:
        return [
            [
                {"text": table.title},
                *({"text": line.text, "numeric": True} for line in table.lines),
                {"text": NOT_SHOWN if table.base is None else f"{table.base:,}", "numeric": True},
            ]
            for table in self.tables
        ]

    sample = SELF_SELECTED

    @property
    def unit(self) -> str:
        return "points" if self.shape == POINTS else "answers"


def _cells(line: Line) -> list[str]:
    """A count and its share, as a table has them."""
    if line.count is None:
        return [NOT_SHOWN, ""]
    return [f"{line.count:,}", *([] if line.share is None else [f"{line.share}\u00a0%"])]


def _cell(table: Table, line: Line) -> tuple[charts.Number, bool] | None:
    most = max((each.count or 0 for each in table.lines), default=0)
    return None if line.count is None else (line.count, bool(most) and line.count == most)


@dataclass(frozen=True)
class Results:
    """What came of a survey. Partial answers and those screened out are in no figure."""

    survey: Survey
    responses: int
    partial: int
    screened: int
    questions: list[QuestionResult] = field(default_factory=list)

    def of(self, question: str) -> QuestionResult | None:
        return next((each for each in self.questions if each.question.id == question), None)


# Who may see them


@per_generation
def published(slug: str) -> Results | None:
    """The published results of a survey, as readers see them; None where they see none."""
    survey = Survey.objects.with_results().filter(slug=slug).first()
    if survey is None or embargo(survey):
        return None
    return results(survey, staff=False)


def results(
    survey: Survey, *, filters: Filter | None = None, staff: bool, only: Collection[str] | None = None
) -> Results:
    """Count a survey's responses; of others than staff, the published questions. No figure tells of fewer than `min_cell`.

    `only` names the questions that are wanted. Raises ResultsHidden: under an embargo, where nothing is published, where the
    filters single out too few.
    """
    if not staff and survey.published_at is None:
        raise ResultsHidden("No results of this survey are published.")
    rows = counted_rows(survey, filters)
    definition = versions.current(survey)
    ended = counts.ways(survey.responses.all())
    every = _Counted.of(survey)
    some, beside = (_Counted.of(survey, rows), every) if filters else (every, None)
    wanted = definition.questions if staff else {key: definition.questions.get(key) for key in survey.published}
    questions = [
        _result(each, some, beside, survey.min_cell)
        for each in wanted.values()
        if each and kind_of(each).takes_answers and (only is None or each.id in only)
    ]
    return Results(survey, some.numbers.responses, ended.get("partial", 0), ended.get("screened", 0), questions)


@dataclass(frozen=True)
class _Counted:
    """Some responses: how many, who was asked what, their answers as they are stored, and tags of texts."""

    numbers: counts.Counts
    tags: Mapping[str, Sequence[tuple[str, int]]]

    @classmethod
    def of(cls, survey: Survey, rows: counts.Rows | None = None) -> "_Counted":
        if rows is None:
            return cls(kept_counts.of_survey(survey), counts.tags(survey.responses.counted()))
        return cls(counts.of(rows, versions.current(survey)), counts.tags(rows))

    def answered(self, question: Question) -> int:
        return sum(number for _, number in self.numbers.answers.get(question.id, ()))

    def figures(self, question: Question, least: int, among: "_Counted | None" = None) -> Sequence[Figure]:
        """What came of a question; of texts, how many have each tag of the staff's; of amounts, by the ranges of all."""
        kind, given = kind_of(question), self.numbers.answers.get(question.id, [])
        if kind.is_text:
            return [Figure(name, name, number) for name, number in self.tags.get(question.id, ())]
        if kind.shape == RANGES:
            every = among.numbers.answers.get(question.id, []) if among else None
            return kind.ranges(question, given, least, every)
        return kind.tally(question, given)

    def people(self, question: Question, least: int) -> dict[tuple[str, str], int]:
        """How many are in each figure."""
        return {
            (figure.row, figure.key): figure.count if figure.people is None else figure.people
            for figure in self.figures(question, least)
        }


# One question


def _result(question: Question, some: _Counted, every: _Counted | None, least: int) -> QuestionResult:
    """What came of a question among some responses; of a filter's, beside `every`, from which they can be taken."""
    kind = kind_of(question)
    shown, answered = some.numbers.shown.get(question.id, 0), some.answered(question)
    told = None if is_small(shown, least) or is_small(some.numbers.responses - shown, least) else shown
    if not shown or not answered:
        words = "Nobody has answered this yet." if shown else "Nobody has been asked this yet."
        return QuestionResult(question, told, 0, withheld=words)
    if is_small(answered, least):
        return QuestionResult(question, told, None, withheld=f"Fewer than {least} have answered: too few to show.")
    if every and is_small(every.answered(question) - answered, least):
        words = (
            f"All but a few of those who answered are taken: fewer than {least} would follow from the figures of all."
        )
        return QuestionResult(question, told, None, withheld=words)
    figures = some.figures(question, least, every)
    if not figures:
        return QuestionResult(question, told, answered, note=_counted_in_words(answered, told))
    base = shown if kind.of_shown else answered
    rest = _rest(question, figures, some, every, least)
    tables = tuple(_tables(question, figures, base, rest, least))
    if not any(line.count for table in tables for line in table.lines):
        words = "Too few gave each answer: all figures would tell of a few people."
        return QuestionResult(question, told, answered, withheld=words)
    is_whole = all(len(line.keys) == 1 and line.count is not None for table in tables for line in table.lines)
    measures = tuple(kind.measures(question, some.numbers.answers[question.id])) if is_whole and kind.shape else ()
    note = " ".join(_notes(question, answered, told, least, is_whole=is_whole))
    return QuestionResult(question, told, answered, tables, measures, note)


def _rest(
    question: Question, figures: Sequence[Figure], some: _Counted, every: _Counted | None, least: int
) -> list[int] | None:
    """How many each figure counts beyond the filter; None without one, and of ranges, which are wide enough for both."""
    if every is None or kind_of(question).shape == RANGES:
        return None
    before, now = every.people(question, least), some.people(question, least)
    return [before[figure.row, figure.key] - now[figure.row, figure.key] for figure in figures]


def _tables(
    question: Question, figures: Sequence[Figure], base: int, rest: list[int] | None, least: int
) -> Iterator[Table]:
    shape = shape_of(question)
    if rows := question.settings.get("rows"):
        for row in rows:
            places = [place for place, figure in enumerate(figures) if figure.row == row.id]
            own = [figures[place] for place in places]
            whole = sum(figure.count for figure in own)
            hidden = _hidden([figure.count for figure in own], rest and [rest[place] for place in places], least)
            told = None if is_small(whole, least) else whole
            yield Table(tuple(_lines(own, hidden, whole)), told, row.text, row.id)
    elif shape in (SEVERAL, POINTS):
        hidden = _hidden_of_several(question, figures, base, rest, least)
        yield Table(tuple(_lines(figures, hidden, base if shape == SEVERAL else 0)), base)
    else:
        hidden = _hidden([figure.count for figure in figures], rest, least)
        yield Table(tuple(_together(figures, hidden, base)), base)


def _hidden(numbers: list[int], rest: list[int] | None, least: int) -> set[int]:
    """The parts that are not shown; of a filter's, none that follows from the figures of all."""
    if rest is None:
        return hidden_parts(numbers, least)
    return {place for row, place in hidden_cells([numbers, rest], least) if row == 0}


def _hidden_of_several(
    question: Question, figures: Sequence[Figure], base: int, rest: list[int] | None, least: int
) -> set[int]:
    """The figures that are not shown where people are in several. Points that all but a few gave tell of these few."""
    people = [figure.count if figure.people is None else figure.people for figure in figures]
    others = {place for place, number in enumerate(rest or ()) if is_small(number, least)}
    if shape_of(question) == POINTS:
        most = _places(question) * base
        others |= {place for place, figure in enumerate(figures) if is_small(most - figure.count, least)}
    if is_sum_known(question):
        return hidden_in_sum(people, base, least, others)
    return hidden_shares(people, base, least) | others


def shape_of(question: Question) -> str:
    """The shape of a question's figures: texts can have several tags; where one answer is the most, each gave one."""
    kind = kind_of(question)
    if kind.is_text:
        return SEVERAL
    return PARTS if kind.shape == SEVERAL and question.settings.get("most") == 1 else kind.shape


def is_sum_known(question: Question) -> bool:
    """Whether readers can work out what a question's figures sum to: all places of a ranking, so many answers and no other."""
    if shape_of(question) == POINTS:
        return True
    if kind_of(question).shape != SEVERAL or not question.settings.get("least"):
        return False
    offered = len(question.offered) + bool(question.settings.get("other"))
    return bool(question["least"] >= min(question["most"] or offered, offered))


def _places(question: Question) -> int:
    """How many places a ranking gives, and so the points of the first."""
    return min(question["most"] or len(question.choices), len(question.choices))


def _lines(figures: Sequence[Figure], hidden: set[int], base: int) -> Iterator[Line]:
    for place, figure in enumerate(figures):
        count = None if place in hidden else figure.count
        part = str(share(figure.count, base)) if base and count is not None else None
        yield Line(figure.label, (figure.key,), count, part)


def _together(figures: Sequence[Figure], hidden: set[int], base: int) -> Iterator[Line]:
    """A line for each figure that is shown; what is hidden is shown as one sum, which anybody could work out."""
    yield from (line for line in _lines(figures, hidden, base) if line.count is not None)
    if hidden and len(hidden) < sum(figure.count > 0 for figure in figures):
        few = [figure for place, figure in enumerate(figures) if place in hidden]
        names = [figure.label for figure in few]
        label = " or ".join(names) if len(names) <= MOST_NAMES else f"{len(names)} other answers together"
        whole = sum(figure.count for figure in few)
        yield Line(label, tuple(figure.key for figure in few), whole, str(share(whole, base)))


def _counted_in_words(answered: int, shown: int | None) -> str:
    """The denominator, in a sentence."""
    return f"N = {answered:,} answered" + (f", of {shown:,} who were asked." if shown is not None else ".")


def _notes(question: Question, answered: int, shown: int | None, least: int, *, is_whole: bool) -> Iterator[str]:
    kind = kind_of(question)
    yield _counted_in_words(answered, shown)
    if kind.of_shown:
        yield "Shares are of those who were asked."
    elif kind.is_text:
        yield "Answers in their own words, which we read and sorted; an answer can be in several groups."
    elif shape_of(question) == SEVERAL:
        yield "Shares are of those who answered; several answers were possible, so they may sum to more than 100 %."
    elif shape_of(question) == POINTS:
        first = _places(question)
        yield f"The first of {first} places gets {first} points, each after it one less, the last place 1."
    else:
        yield "Shares are rounded, and may not sum to 100 %."
    if not is_whole and shape_of(question) in (PARTS, RANGES) and not question.settings.get("rows"):
        yield f"Answers that fewer than {least} gave are put together with others, so that they tell of nobody."
    elif not is_whole:
        yield f"Figures that tell of fewer than {least} people are not shown."
