"""Counts of all that a survey was answered, kept beside its responses: they are added to as responses come, never read anew.

What is kept holds only while the number of responses is the one it was made from; else the responses are read.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef

from core.lib import batches
from surveys.models import AnswerCounts, Ended, Response, Survey
from surveys.questionnaires import counts, versions
from surveys.questionnaires.counts import Counts

COUNTED = (Ended.COMPLETE, Ended.EARLY)


def of_survey(survey: Survey) -> Counts:
    """The counts of all responses that count."""
    kept = AnswerCounts.objects.filter(survey=survey).first()
    if kept and kept.responses == survey.responses.count():
        return Counts.of_json(kept.counts)
    return counts.of(survey.responses.counted(), versions.current(survey))


def hold(survey: Survey | int) -> None:
    """Have nobody else make counts of a survey, or change what they are made from, until the transaction ends."""
    pk = survey if isinstance(survey, int) else survey.pk
    Survey.objects.select_for_update(no_key=True).filter(pk=pk).order_by().values_list("pk").first()


def add(survey: Survey, made: Sequence[Response]) -> None:
    """Add responses that were stored in this transaction, which holds the survey."""
    kept = AnswerCounts.objects.filter(survey=survey).first()
    new = counts.of_some([each for each in made if each.ended in COUNTED], versions.current(survey))
    number = survey.responses.count()
    if kept and kept.responses + len(made) == number:
        whole = Counts.of_json(kept.counts) + new
        AnswerCounts.objects.filter(survey=survey).update(responses=number, counts=whole.as_json())
    elif kept:
        forget(survey)
    elif number == len(made):
        AnswerCounts.objects.bulk_create(
            [AnswerCounts(survey=survey, responses=number, counts=new.as_json())], ignore_conflicts=True
        )


def forget(survey: Survey | int) -> None:
    """Keep no counts, since a response was changed or deleted in this transaction, which holds the survey.

    The worker makes new ones.
    """
    AnswerCounts.objects.filter(survey=survey).delete()


def make_missing() -> None:
    """Make the counts of surveys that have responses and none."""
    kept = AnswerCounts.objects.filter(survey=OuterRef("pk"))
    batches.each(
        Survey.objects.filter(Exists(Response.objects.filter(survey=OuterRef("pk")))).exclude(Exists(kept)), _make
    )


@transaction.atomic
def _make(survey: Survey) -> None:
    hold(survey)
    number = survey.responses.count()
    found = counts.of(survey.responses.counted(), versions.current(survey))
    AnswerCounts.objects.bulk_create(
        [AnswerCounts(survey=survey, responses=number, counts=found.as_json())], ignore_conflicts=True
    )
