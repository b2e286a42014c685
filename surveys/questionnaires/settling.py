"""Counting what is finished: sittings become responses, many together, in no order, and are deleted.

So neither the key of a response, nor its place in the table, nor its day, nor the transaction that wrote it says which of
those who took part gave it. Where nobody is known (surveys.models.Survey.Access.ANYBODY) there is nobody to hide, and each is
counted at once; else so many wait for each other, until the survey closes. Then those who are left are stored together with
earlier ones.
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
from surveys.models import AnswerTag, Ended, Participation, Response, Sitting, Survey
from surveys.models.ballots import random_key
from surveys.questionnaires import kept_counts, logic, sittings

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
    kept_counts.hold(survey)
    hides, closed = survey.access != Survey.Access.ANYBODY, survey.state != Survey.State.OPEN
    enough = max(TOGETHER, survey.min_cell) if hides else 1
    sittings = _together(survey, 1 if closed else enough)
    if not sittings:
        return 0
    replaced = [sitting.key for sitting in sittings if sitting.key] if survey.changeable else []
    if Response.objects.filter(survey=survey, respondent__in=replaced).delete()[0]:
        kept_counts.forget(survey)
    hiding = sum(not _is_partial(each) for each in sittings) if hides else 0
    earlier = _drawn_again(survey) if 0 < hiding < enough else []
    made = [_response(sitting) for sitting in sittings]
    if hides:
        _give_one_day(made, earlier)
    _store(made, earlier)
    kept_counts.add(survey, made)
    Sitting.objects.filter(pk__in=[sitting.pk for sitting in sittings]).delete()
    if survey.published_at:
        pagecache.bump()  # readers see figures that have changed
    return len(sittings)


def _together(survey: Survey, least: int) -> list[Sitting]:
    """Sittings that can be counted now. Those never finished hide nobody: nothing says who began."""
    waiting = Sitting.objects.finished().filter(survey=survey).select_for_update(skip_locked=True)
    found = list(waiting.order_by("pk")[:AT_ONCE])
    for sitting in found:
        sitting.survey = survey
    groups = [[each for each in found if _is_partial(each) == is_partial] for is_partial in (True, False)]
    return [each for group in groups if len(group) >= least for each in group]


def _is_partial(sitting: Sitting | Response) -> bool:
    return sitting.ended == Ended.PARTIAL


def _response(sitting: Sitting) -> Response:
    definition, progress = sittings.definition_of(sitting), sittings.progress_of(sitting)
    way = logic.way(definition, progress.answers, passed=progress.passed if _is_partial(sitting) else None)
    return Response(
        pk=random_key(),
        survey=sitting.survey,
        version_id=cast(int, sitting.version_id),
        answers=way.kept,
        shown=way.shown,
        day=cast(date, sitting.finished_on),
        source=sitting.source,
        ended=sitting.ended,
        respondent=sitting.key if sitting.survey.changeable else None,
    )


def _give_one_day(made: list[Response], earlier: list[Response]) -> None:
    """Give those who hide among each other the latest day of them; of too few, that of those they are put with."""
    hidden = [each for each in made if not _is_partial(each)]
    latest = max((each.day for each in earlier or hidden), default=None)
    for each in hidden:
        each.day = cast(date, latest)


def _drawn_again(survey: Survey) -> list[Response]:
    """Responses that were counted before, to be stored anew together with the last, who are too few to hide by themselves."""
    counted = Response.objects.filter(survey=survey).exclude(ended=Ended.PARTIAL).select_for_update()
    return list(counted.order_by("pk")[:AT_ONCE])  # keys are random, and so are these


def _store(made: list[Response], earlier: list[Response]) -> None:
    """Store responses in an order drawn by lot; earlier ones under new keys, with their tags."""
    tags = list(AnswerTag.objects.filter(response__in=earlier))
    Response.objects.filter(pk__in=[each.pk for each in earlier]).delete()
    renamed = {each.pk: random_key() for each in earlier}
    for each in earlier:
        each.pk = renamed[each.pk]
    together = [*made, *earlier]
    secrets.SystemRandom().shuffle(together)
    Response.objects.bulk_create(together)
    AnswerTag.objects.bulk_create(
        [AnswerTag(response_id=renamed[tag.response_id], question=tag.question, name=tag.name) for tag in tags]
    )


def end_abandoned() -> int:
    """End the sittings that nobody came back to; return how many.

    Those with an answer are counted apart. The others go, and those by which somebody would have changed an answer.
    """
    now = timezone.now()
    over = Q(survey__state__in=[Survey.State.CLOSED, Survey.State.ARCHIVED], survey__closed_at__lt=now - CLOSED_FOR)
    left = Sitting.objects.unfinished().filter(
        Q(touched_at__lt=now - sittings.LEFT_FOR) | over | Q(is_test=True, touched_at__lt=now - TEST_LEFT_FOR)
    )
    ended = batches.each(left.select_related("survey"), _end)
    return len(ended)


def _end(sitting: Sitting) -> None:
    try:
        has_answers = not sitting.is_test and bool(sittings.progress_of(sitting).passed)
    except keys.PepperMissing:
        has_answers = False
    unfinished = Sitting.objects.unfinished().filter(pk=sitting.pk)
    has_finished = Participation.objects.filter(survey=sitting.survey_id, key=sitting.key).exists()
    if has_answers and not has_finished:
        unfinished.update(ended=Ended.PARTIAL, finished_on=sitting.touched_at.date(), key=None)
    else:
        unfinished.delete()
