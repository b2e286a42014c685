"""Counting what is finished: sittings become responses, many together, in no order, and are deleted.

So neither the key of a response, nor its place in the table, nor the transaction that wrote it says which of those who took
part gave it. Where nobody is known (surveys.models.Survey.Access.ANYBODY) there is nobody to hide, and each is counted at
once; else so many wait for each other, until the survey closes.
"""

import logging
import secrets
from datetime import date, timedelta
from typing import cast

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core import pagecache
from core.lib import batches
from surveys import keys
from surveys.models import Ended, Response, Sitting, Survey
from surveys.models.ballots import random_key
from surveys.questionnaires import kept_counts, logic, responses

TOGETHER = 20
AT_ONCE = 2_000
STRAGGLERS = timedelta(minutes=1)  # in which an answer comes in that was sent before the close
TEST_LEFT_FOR = timedelta(days=1)
CLOSED_FOR = timedelta(hours=1)  # then who has not finished never will

logger = logging.getLogger(__name__)


def settle_due() -> int:
    """Settle every survey that has something to settle; how many responses that made."""
    waiting = Survey.objects.filter(pk__in=Sitting.objects.finished().values("survey"))
    made = batches.each(waiting, settle)
    kept_counts.make_missing()
    return sum(made)


def forget_respondents() -> int:
    """Once a survey has closed and all is counted, forget whose each response was; return how many were forgotten."""
    closed = Survey.objects.exclude(state=Survey.State.OPEN).filter(closed_at__lt=timezone.now() - STRAGGLERS)
    waiting = Sitting.objects.finished().filter(survey__in=closed)
    kept = Response.objects.filter(survey__in=closed, respondent__isnull=False)
    return batches.update(kept.exclude(survey__in=waiting.values("survey")), respondent=None)


def settle(survey: Survey) -> int:
    """Make responses of a survey's finished sittings, as far as enough of them wait; return how many."""
    made = 0
    while some := _settle_some(survey):
        made += some
    return made


@transaction.atomic
def _settle_some(survey: Survey) -> int:
    least = 1 if survey.access == Survey.Access.ANYBODY or survey.state != Survey.State.OPEN else TOGETHER
    waiting = Sitting.objects.finished().filter(survey=survey).select_for_update(skip_locked=True)
    sittings = list(waiting.order_by("pk")[:AT_ONCE])
    if len(sittings) < least:
        return 0
    for sitting in sittings:
        sitting.survey = survey
    secrets.SystemRandom().shuffle(sittings)
    keeps_respondents = survey.changeable and survey.state == Survey.State.OPEN
    replaced = [sitting.key for sitting in sittings if sitting.key] if survey.changeable else []
    if Response.objects.filter(survey=survey, respondent__in=replaced).delete()[0]:
        kept_counts.forget(survey)
    made = [_response(sitting, keeps_respondent=keeps_respondents) for sitting in sittings]
    Response.objects.bulk_create(made)
    kept_counts.add(survey, made)
    Sitting.objects.filter(pk__in=[sitting.pk for sitting in sittings]).delete()
    if survey.published_at:
        pagecache.bump()  # readers see figures that have changed
    return len(sittings)


def _response(sitting: Sitting, *, keeps_respondent: bool) -> Response:
    definition, progress = responses.definition_of(sitting), responses.progress_of(sitting)
    is_partial = sitting.ended == Ended.PARTIAL
    way = logic.way(definition, progress.answers, passed=progress.passed if is_partial else None)
    return Response(
        pk=random_key(),
        survey=sitting.survey,
        version_id=cast(int, sitting.version_id),
        answers=way.kept,
        shown=way.shown,
        day=cast(date, sitting.finished_on),
        source=sitting.source,
        ended=sitting.ended,
        respondent=sitting.key if keeps_respondent else None,
    )


def end_abandoned() -> int:
    """End the sittings that nobody came back to: those with an answer are counted apart, the others go. Return how many."""
    now = timezone.now()
    over = Q(survey__state__in=[Survey.State.CLOSED, Survey.State.ARCHIVED], survey__closed_at__lt=now - CLOSED_FOR)
    left = Sitting.objects.unfinished().filter(
        Q(touched_at__lt=now - responses.LEFT_FOR) | over | Q(is_test=True, touched_at__lt=now - TEST_LEFT_FOR)
    )
    ended = batches.each(left.select_related("survey"), _end)
    return len(ended)


def _end(sitting: Sitting) -> None:
    try:
        has_answers = not sitting.is_test and bool(responses.progress_of(sitting).passed)
    except keys.PepperMissing:
        has_answers = False
    unfinished = Sitting.objects.unfinished().filter(pk=sitting.pk)
    if has_answers:
        unfinished.update(ended=Ended.PARTIAL, finished_on=sitting.touched_at.date(), key=None)
    else:
        unfinished.delete()
