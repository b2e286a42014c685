"""What the media kit quotes of surveys (sponsors.audience): published questions, of those who agreed to be counted there."""

from collections.abc import Iterator, Sequence

from django.db.models import Max, Min
from django.urls import reverse

from sponsors.audience import Quote, Rate
from surveys.models import Survey
from surveys.questionnaires.filters import Filter, Pick, ResultsHidden, counted_rows
from surveys.questionnaires.results import QuestionResult, results


class SurveyQuotes:
    """Registers with sponsors.audience."""

    def quotes(self) -> Sequence[Quote]:
        """The quoted questions of all surveys, the newest survey first."""
        quoting = Survey.objects.with_results().exclude(quoted=[])
        return [quote for survey in quoting for quote in _of(survey)]


def _of(survey: Survey) -> Iterator[Quote]:
    agreed = Filter(picks=(Pick(survey.quoted_consent, "yes"),))
    try:
        found = results(survey, staff=True, filters=agreed, only=survey.quoted)
        days = counted_rows(survey, agreed).aggregate(first=Min("day"), last=Max("day"))
    except ResultsHidden:
        return  # nothing that readers could see, or too few who agreed or did not
    for key in survey.quoted:
        result = found.of(key)
        if result and result.answered and (lines := _lines(result)):
            yield Quote(
                question=result.question.text,
                survey=survey.title,
                url=reverse("surveys:survey-results", args=[survey.slug]) + f"#{key}",
                total=result.answered,
                first_day=days["first"],
                last_day=days["last"],
                lines=tuple(lines),
            )


def _lines(result: QuestionResult) -> list[tuple[str, Rate]]:
    table = result.tables[0] if result.tables else None
    if table is None or not table.base:
        return []
    return [(line.label, Rate(line.count, table.base)) for line in table.lines if line.count is not None]
