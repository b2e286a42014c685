"""Finishing a survey: notes that a key took part, and takes it from the sitting.

The worker counts what is finished later, many together and in no order (surveys.questionnaires.settling).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from core import doorbell
from core.lib import clock
from surveys.models import Ended, Sitting, Survey
from surveys.questionnaires import earlier, logic, sittings
from surveys.questionnaires.earlier import Earlier
from surveys.questionnaires.limits import count_in
from surveys.questionnaires.questions import Definition
from surveys.questionnaires.sittings import NotThere, Progress, TakenPart

SETTLE_TASK = "surveys.tasks.settle_responses"
SETTLED_EVERY = 10  # seconds, while answers come in


@dataclass(frozen=True)
class Finished:
    """How a sitting ended, and what it answered (for the words of the last page; nothing keeps it beside a person)."""

    survey: Survey
    ended: str
    message: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    again: bool = False
    is_test: bool = False
    earlier_stands: bool = False  # a change that was refused


@transaction.atomic
def finish(sitting: Sitting) -> Finished:
    """End a sitting whose pages are all answered; doing so again ends it no second time.

    Raises NotOpen, NotThere, TakenPart, LimitReached, Gone, PepperMissing.
    """
    sittings.hold(sitting)
    definition, progress = sittings.definition_of(sitting), sittings.progress_of(sitting)
    if sitting.finished_on:
        return _as_it_ended(sitting, definition, progress)
    way = sittings.way_of(sitting, progress)
    if way.waits_at:
        raise NotThere(way.waits_at)
    return end(sitting, definition, progress, way)


def _as_it_ended(sitting: Sitting, definition: Definition, progress: Progress) -> Finished:
    way = logic.way(definition, progress.answers)
    message = way.message
    if sitting.ended == Ended.SCREENED:
        message = next((quota.message for quota in logic.met_quotas(definition, way.kept) if quota.message), "")
    return Finished(sitting.survey, sitting.ended, message, way.kept, again=True)


def end(
    sitting: Sitting,
    definition: Definition,
    progress: Progress,
    way: logic.Way,
    *,
    screened: str | None = None,
    is_new: bool = False,
) -> Finished:
    """Note that somebody took part, count it towards the limits, and leave the answers to be counted without them."""
    survey, ended, message = sitting.survey, Ended.EARLY if way.ended_early else Ended.COMPLETE, way.message
    if sitting.is_test:
        sitting.delete()
        return Finished(
            survey, Ended.SCREENED if screened is not None else ended, screened or message, way.kept, is_test=True
        )
    before = _take_part(sitting)
    if screened is None:
        screened = _no_room(sitting, definition, way, before)
    if screened is not None:
        ended, message = Ended.SCREENED, screened
        if before and before.is_counted:
            Sitting.objects.filter(pk=sitting.pk).delete()
            return Finished(survey, ended, message, way.kept, earlier_stands=True)
    if before:
        Sitting.objects.finished().filter(survey=survey, key=sitting.key).delete()
    progress.answers, progress.typed, progress.passed = way.kept, {}, {}
    sittings.seal(sitting, progress)
    sitting.ended, sitting.finished_on = ended, clock.utc_day()
    sitting.key = sitting.key if survey.changeable else None
    if is_new:
        sitting.save(force_insert=True)
    else:
        sitting.save(update_fields=["sealed", "ended", "finished_on", "key"])
    doorbell.ring(SETTLE_TASK, at_most_every=SETTLED_EVERY)
    return Finished(survey, ended, message, way.kept)


def _no_room(sitting: Sitting, definition: Definition, way: logic.Way, before: Earlier | None) -> str | None:
    """Count answers towards the limits, in the place of earlier ones; the words of a quota without room. Raises LimitReached."""
    replaced = before.answers if before and before.is_counted else None
    quota = count_in(sitting.survey, definition, way.kept, replaced=replaced)
    return quota.message if quota else None


def _take_part(sitting: Sitting) -> Earlier | None:
    """Note that a key takes part; what it answered before, where it may change that. Raises TakenPart.

    Whoever has taken part is held until the transaction ends: of two changes at once, the second finds the first.
    """
    if sitting.key is None:
        return None
    of_key = (sitting.survey_id, bytes(sitting.key))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO surveys_participation (survey_id, key) VALUES (%s, %s) ON CONFLICT DO NOTHING", of_key
        )
        if cursor.rowcount:
            return None
        if not sitting.survey.changeable:
            raise TakenPart
        cursor.execute("SELECT FROM surveys_participation WHERE (survey_id, key) = (%s, %s) FOR UPDATE", of_key)
    return earlier.of(sitting.survey, bytes(sitting.key))
