"""Answers as they come in by the hundred: first pages taken, answers shown and sittings finished together, with one commit each.

Nothing is decided here that surveys.questionnaires.finishing would decide otherwise. Whatever is not plain is left alone, and
goes there: limits and quotas, answers that can be changed, tests, whoever goes on where they were, an end with words of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS

from core import doorbell
from core.lib import clock, prepared
from core.lib.recordsets import recordset
from surveys import keys
from surveys.models import Ended, Sitting, Survey
from surveys.models.ballots import random_key
from surveys.questionnaires import finishing, logic, sittings
from surveys.questionnaires.access import Entry
from surveys.questionnaires.page_forms import PageForm
from surveys.questionnaires.sittings import Progress
from surveys.questionnaires.versions import Asked

_OPEN = """
    SELECT FROM surveys_survey AS survey WHERE survey.id = {survey} AND survey.state = 'open'
    AND (opens_at IS NULL OR opens_at <= statement_timestamp()) AND (closes_at IS NULL OR closes_at > statement_timestamp())
"""
_BEGUN = ("id", "survey_id", "version_id", "key", "is_personal", "source")
_BEGIN = f"""
    INSERT INTO surveys_sitting (id, survey_id, version_id, key, is_personal, is_test, source, sealed, ended)
    SELECT id, survey_id, version_id, key, is_personal, false, source, sealed, ''
    FROM ROWS FROM (
        json_to_recordset(%s)
            AS (id bigint, survey_id bigint, version_id bigint, key bytea, is_personal boolean, source text),
        unnest(%b::bytea[])
    ) AS began(id, survey_id, version_id, key, is_personal, source, sealed)
    WHERE EXISTS ({_OPEN.format(survey="began.survey_id")}) AND NOT EXISTS (
        SELECT FROM surveys_participation AS earlier WHERE (earlier.survey_id, earlier.key) = (began.survey_id, began.key)
    )
    ON CONFLICT DO NOTHING RETURNING id
"""
_STORED = ("id", "survey_id", "version_id", "key", "is_test", "sealed", "ended")  # as the model has them in order
# IS NOT DISTINCT FROM keeps the planner from looking through all sittings of a survey for a few, here and below.
_READ = """
    SELECT id, survey_id, version_id, key, is_test, CASE ended WHEN '' THEN sealed END, ended
    FROM surveys_sitting WHERE id = ANY(%s::bigint[]) AND survey_id IS NOT DISTINCT FROM %s AND NOT is_test
"""
# Of a sitting that was changed since it was read, the nonce of what is sealed is another.
_FINISH = f"""
    WITH done AS (
        SELECT * FROM ROWS FROM (
            json_to_recordset(%s) AS (id bigint, nonce bytea, ended text), unnest(%b::bytea[])
        ) AS done(id, nonce, ended, sealed)
    ), held AS (
        SELECT sitting.id, sitting.survey_id, sitting.key FROM surveys_sitting AS sitting JOIN done USING (id)
        WHERE sitting.finished_on IS NULL AND substring(sitting.sealed FOR {keys.NONCE_BYTES}) IS NOT DISTINCT FROM done.nonce
        AND EXISTS ({_OPEN.format(survey="sitting.survey_id")})
        ORDER BY sitting.id FOR UPDATE OF sitting
    ), taking_part AS (
        INSERT INTO surveys_participation (survey_id, key)
        SELECT survey_id, key FROM held WHERE key IS NOT NULL ORDER BY key
        ON CONFLICT DO NOTHING RETURNING key
    )
    UPDATE surveys_sitting AS sitting SET sealed = done.sealed, ended = done.ended, finished_on = %s, key = NULL
    FROM done JOIN held USING (id)
    WHERE sitting.id = held.id AND (held.key IS NULL OR held.key IN (SELECT key FROM taking_part))
    RETURNING sitting.id
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
    rows = recordset({name: getattr(one, name) for name in _BEGUN} for one, _ in begun)
    stored = {key for (key,) in prepared.rows(_BEGIN, [rows, [one.sealed for one, _ in begun]])}
    return [(sitting, page) if sitting.pk in stored else None for sitting, page in begun]


def _begun(first: First, pepper: keys.Pepper) -> tuple[Sitting, str]:
    """A sitting that has passed its first page, and the page that follows."""
    page, asked = first.form.page.id, first.asked
    way = logic.way(asked.definition, first.form.answers)
    passed, *following = way.steps
    progress = Progress(answers=way.kept, passed={page: [question.id for question in passed.questions]})
    sitting = Sitting(
        pk=random_key(),
        survey=asked.survey,
        version_id=asked.version,
        key=first.entry.key,
        is_personal=first.entry.is_personal,
        source=first.entry.source,
        sealed=pepper.seal_padded(progress.as_json()),
    )
    return sitting, following[0].page.id if following else ""


def _read(survey: Survey, sittings: Sequence[int]) -> list[Sitting]:
    """A survey's sittings, but for tests, each with how it ended; what was answered is there of those that have not."""
    rows = prepared.rows(_READ, [[*sittings], survey.pk], binary=True)
    found = [Sitting.from_db(DEFAULT_DB_ALIAS, _STORED, row) for row in rows]
    for sitting in found:
        sitting.survey = survey
    return found


def at_their_end(survey: Survey, sittings: Sequence[int]) -> dict[int, tuple[Sitting, logic.Way]]:
    """Those of a survey's sittings that are answered to their end and not sent, with their ways. Raises PepperMissing."""
    pepper = keys.pepper(survey)
    ways = [(each, _way(each, pepper)) for each in _read(survey, sittings) if not each.ended]
    return {sitting.pk: (sitting, way) for sitting, way in ways if not way.waits_at}


def finish_all(survey: Survey, sittings: Sequence[int]) -> dict[int, bool]:
    """Finish a survey's sittings that are answered to their end, in the plain way; for each, whether it was already.

    Raises PepperMissing; then none is.
    """
    pepper = keys.pepper(survey)
    found = _read(survey, sittings)
    again = dict.fromkeys((sitting.pk for sitting in found if sitting.ended == Ended.COMPLETE), True)
    ends = dict[bytes | int, _End]()
    for sitting in found:
        if not sitting.ended and (end := _end(sitting, pepper)):
            ends.setdefault(bytes(sitting.key or b"") or sitting.pk, end)  # of several with one key, one counts
    if not ends:
        return again
    rows = recordset({"id": each.sitting, "nonce": each.nonce, "ended": each.ended} for each in ends.values())
    new = prepared.rows(_FINISH, [rows, [each.sealed for each in ends.values()], clock.utc_day()])
    doorbell.ring(finishing.SETTLE_TASK, at_most_every=finishing.SETTLED_EVERY)
    return again | dict.fromkeys((pk for (pk,) in new), False)


def _way(sitting: Sitting, pepper: keys.Pepper) -> logic.Way:
    progress = Progress(**pepper.open(bytes(sitting.sealed)))
    return logic.way(sittings.definition_of(sitting), progress.answers, passed=progress.passed)


class _End(NamedTuple):
    """How a sitting ends that was read with a nonce."""

    sitting: int
    nonce: bytes
    sealed: bytes
    ended: Ended


def _end(sitting: Sitting, pepper: keys.Pepper) -> _End | None:
    """What a sitting comes to; None where it is not at its end, or not plain."""
    way = _way(sitting, pepper)
    if way.waits_at or way.message or sittings.definition_of(sitting).quotas:
        return None
    ended = Ended.EARLY if way.ended_early else Ended.COMPLETE
    sealed = pepper.seal_padded(Progress(answers=way.kept).as_json())
    return _End(sitting.pk, bytes(sitting.sealed[: keys.NONCE_BYTES]), sealed, ended)
