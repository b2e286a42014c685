"""Which responses of a survey are counted, and whether anybody may see what came of them yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from surveys.models import Survey
from surveys.questionnaires import counts, versions
from surveys.questionnaires.disclosure import is_small
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.kinds.base import PARTS, POINTS, SEVERAL
from surveys.questionnaires.questions import Definition, Question


class ResultsHidden(Exception):
    """These results are not to be seen by who asks for them. The text says why."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One answer to one question, by the key of its figure; of a matrix, in one row."""

    question: str
    key: str
    row: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which responses are counted: who gave all these answers, on these days, by these sources."""

    picks: tuple[Pick, ...] = ()
    since: date | None = None
    until: date | None = None
    sources: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.picks or self.since or self.until or self.sources)


def embargo(survey: Survey) -> str:
    """Why nobody can see results yet; "" where they can be seen."""
    if survey.state == Survey.State.DRAFT:
        return "This survey has not opened yet."
    if survey.results_shown == Survey.ResultsShown.CLOSED and survey.state == Survey.State.OPEN:
        return "The results of this survey can be seen after its close, also by staff."
    return ""


def counted_rows(survey: Survey, filters: Filter | None = None) -> counts.Rows:
    """The responses that count, or those that a filter takes. Raises ResultsHidden where they are not to be seen."""
    if reason := embargo(survey):
        raise ResultsHidden(reason)
    if not filters:
        return survey.responses.counted()
    definition = versions.current(survey)
    _refuse_small_pieces(survey, filters, definition)
    return survey.responses.counted().filter(*parts_of(filters, definition))


def parts_of(filters: Filter, definition: Definition) -> list[Q]:
    """The conditions of a filter, each by itself. Raises ResultsHidden where it asks for an answer that there is not."""
    parts = [_of_pick(pick, definition) for pick in filters.picks]
    since = Q(day__gte=filters.since) if filters.since else Q()
    until = Q(day__lte=filters.until) if filters.until else Q()
    parts += [since & until] if filters.since or filters.until else []
    return [*parts, *([Q(source__in=filters.sources)] if filters.sources else [])]


def _of_pick(pick: Pick, definition: Definition) -> Q:
    question = definition.questions.get(pick.question)
    if question is None or (pick.row, pick.key) not in [(row, key) for row, key, _ in picks_of(question)]:
        raise ResultsHidden("There is no such answer to filter by.")
    found = Q()
    for document in kind_of(question).holding(question, pick.key, pick.row):
        found |= Q(answers__contains=document)
    return found


def picks_of(question: Question) -> Iterator[tuple[str, str, str]]:
    """The answers to a question by which responses can be filtered: row, key, label."""
    kind = kind_of(question)
    if kind.shape in (PARTS, SEVERAL, POINTS):
        for figure in kind.tally(question, []):
            yield figure.row, figure.key, figure.label


def _refuse_small_pieces(survey: Survey, filters: Filter, definition: Definition) -> None:
    """Filters are refused if they, or some of them, single out or leave out a few: what differs by a few tells of these."""
    pieces = counts.sizes(survey.responses.counted(), parts_of(filters, definition))
    if any(is_small(number, survey.min_cell) for number in pieces):
        raise ResultsHidden(
            f"These filters single out, or leave out, fewer than {survey.min_cell} answers: that would tell of a few people."
        )
