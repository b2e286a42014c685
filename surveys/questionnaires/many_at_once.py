"""Answers as they come in by the hundred: first pages taken together, and sittings finished together, with one commit each.

Nothing is decided here that surveys.questionnaires.responses would decide otherwise. Whatever is not plain is left alone, and
goes there: limits and quotas, answers that can be changed, tests, whoever goes on where they were, an end with words of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from core import doorbell
from core.lib import clock
from surveys import keys
from surveys.models import Ended, Sitting, Survey
from surveys.models.ballots import random_key
from surveys.questionnaires import logic, responses
from surveys.questionnaires.access import Entry
from surveys.questionnaires.page_forms import PageForm
from surveys.questionnaires.responses import Progress
from surveys.questionnaires.versions import Asked

_OPEN = """
    SELECT FROM surveys_survey AS survey WHERE survey.id = {survey} AND survey.state = 'open'
    AND (opens_at IS NULL OR opens_at <= statement_timestamp()) AND (closes_at IS NULL OR closes_at > statement_timestamp())
"""
_BEGIN = f"""
    INSERT INTO surveys_sitting (id, survey_id, version_id, key, is_personal, is_test, source, sealed, ended)
    SELECT id, survey_id, version_id, key, is_personal, false, source, sealed, ''
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bytea[], %s::boolean[], %s::text[], %s::bytea[])
        AS began(id, survey_id, version_id, key, is_personal, source, sealed)
    WHERE EXISTS ({_OPEN.format(survey="began.survey_id")}) AND NOT EXISTS (
        SELECT FROM surveys_participation AS earlier WHERE (earlier.survey_id, earlier.key) = (began.survey_id, began.key)
    )
    ON CONFLICT DO NOTHING RETURNING id
"""
_TAKE_PART = """
    INSERT INTO surveys_participation (survey_id, key) SELECT * FROM unnest(%s::bigint[], %s::bytea[])
    ON CONFLICT DO NOTHING RETURNING survey_id, key
"""
_FINISH = """
    UPDATE surveys_sitting AS sitting SET sealed = done.sealed, ended = done.ended, finished_on = %s, key = NULL
    FROM unnest(%s::bigint[], %s::bytea[], %s::text[]) AS done(id, sealed, ended) WHERE sitting.id = done.id
"""


@dataclass(frozen=True, slots=True)
class First:
    """A first page that is complete and right, and who sends it."""

    asked: Asked
    form: PageForm
    entry: Entry


def is_plain(survey: Survey) -> bool:
    """Whether nothing but its questions decides on an answer."""
    return survey.max_responses is None and not survey.changeable


def begin_all(firsts: Sequence[First]) -> list[tuple[Sitting, str] | None]:
    """Begin with first pages: each sitting and the page that follows, "" at the end; None for who cannot. Raises PepperMissing."""
    peppers = {each.asked.survey.pk: keys.pepper(each.asked.survey) for each in firsts}
    begun = [_begun(each, peppers[each.asked.survey.pk]) for each in firsts]
    rows = [
        (one.pk, one.survey_id, one.version_id, one.key, one.is_personal, one.source, one.sealed) for one, _ in begun
    ]
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [list(column) for column in zip(*rows, strict=True)])
        stored = {key for (key,) in cursor.fetchall()}
    return [(sitting, page) if sitting.pk in stored else None for sitting, page in begun]


def _begun(first: First, pepper: keys.Pepper) -> tuple[Sitting, str]:
    """A sitting that has passed its first page, and the page that follows."""
    page, asked = first.form.page.id, first.asked
    answers = dict(first.form.answers)
    put = [question.id for question in logic.way(asked.definition, answers).steps[0].questions]
    progress = Progress(answers=answers, passed={page: put})
    way = logic.way(asked.definition, answers, passed=progress.passed)
    progress.answers = way.kept
    sitting = Sitting(
        pk=random_key(),
        survey=asked.survey,
        version_id=asked.version,
        key=first.entry.key,
        is_personal=first.entry.is_personal,
        source=first.entry.source,
        sealed=pepper.seal_padded(progress.as_json()),
    )
    return sitting, way.waits_at


@transaction.atomic
def finish_all(survey: Survey, sittings: Sequence[int]) -> dict[int, bool]:
    """Finish a survey's sittings that are answered to their end, in the plain way; for each, whether it was already.

    Raises PepperMissing; then none is.
    """
    pepper = keys.pepper(survey)
    waiting = (
        Sitting.objects.filter(
            pk__in=set(sittings), survey__in=Survey.objects.open().filter(pk=survey.pk), is_test=False
        )
        .exclude(ended=Ended.SCREENED)
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    ends = {sitting.pk: end for sitting in waiting if (end := _end(sitting, survey, pepper))}
    again = {pk for pk, (sitting, _, _) in ends.items() if sitting.finished_on}
    keyed = {pk: bytes(sitting.key) for pk, (sitting, _, _) in ends.items() if sitting.key is not None}
    taking_part = _take_part(survey, keyed)
    new = [pk for pk in ends if pk not in again and (pk not in keyed or pk in taking_part)]
    done = [(pk, *ends[pk][1:]) for pk in new]
    if done:
        with connection.cursor() as cursor:
            cursor.execute(_FINISH, [clock.utc_day(), *(list(column) for column in zip(*done, strict=True))])
        doorbell.ring(responses.SETTLE_TASK, at_most_every=responses.SETTLED_EVERY)
    return dict.fromkeys(again, True) | dict.fromkeys(new, False)


def _end(sitting: Sitting, survey: Survey, pepper: keys.Pepper) -> tuple[Sitting, bytes, str] | None:
    """A sitting with what it comes to; None where it is not at its end, or not plain."""
    sitting.survey = survey
    definition, progress = responses.definition_of(sitting), Progress(**pepper.open(bytes(sitting.sealed)))
    way = logic.way(definition, progress.answers, passed=None if sitting.finished_on else progress.passed)
    if way.waits_at or way.message or definition.quotas:
        return None
    ended = Ended.EARLY if way.ended_early else Ended.COMPLETE
    return sitting, pepper.seal_padded(Progress(answers=way.kept).as_json()), ended


def _take_part(survey: Survey, keyed: dict[int, bytes]) -> set[int]:
    """Note the keys that take part; the sittings whose key had not. Of two with one key the first does."""
    firsts: dict[bytes, int] = {}
    for pk, key in keyed.items():
        firsts.setdefault(key, pk)
    if not firsts:
        return set()
    with connection.cursor() as cursor:
        columns: list[list[Any]] = [[survey.pk] * len(firsts), sorted(firsts)]
        cursor.execute(_TAKE_PART, columns)
        return {firsts[bytes(key)] for _, key in cursor.fetchall()}
