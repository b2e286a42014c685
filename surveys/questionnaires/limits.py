"""Limits of a survey: a maximum of answers, quotas of groups. Each is one row, counted up only while there is room, and down for who leaves."""

from collections.abc import Mapping, Set
from typing import Any

from django.db import connection, transaction

from surveys.models import ResponseCount, Sitting, Survey
from surveys.questionnaires import earlier
from surveys.questionnaires.logic import met_quotas
from surveys.questionnaires.questions import Definition, Quota, tests_in

ALL = ""  # the survey's own limit
# What was finished before anybody counted, where a survey gets a maximum while it is open.
_BEGIN = """
    INSERT INTO surveys_responsecount (survey_id, limited, number)
    SELECT %(survey)s, %(limited)s, CASE WHEN %(limited)s = '' THEN
        (SELECT count(*) FROM surveys_response WHERE survey_id = %(survey)s AND ended IN ('complete', 'early'))
        + (SELECT count(*) FROM surveys_sitting WHERE survey_id = %(survey)s AND ended IN ('complete', 'early'))
        ELSE 0 END
    ON CONFLICT DO NOTHING
"""
_HOLD = """
    SELECT limited, number FROM surveys_responsecount WHERE survey_id = %s AND limited = ANY(%s) ORDER BY limited FOR UPDATE
"""
_ADD = """
    UPDATE surveys_responsecount SET number = greatest(number + %s, 0) WHERE survey_id = %s AND limited = ANY(%s)
"""


class LimitReached(Exception):
    """The survey has as many answers as it takes."""


def is_full(survey: Survey) -> bool:
    """Whether a survey has as many answers as it takes."""
    if survey.max_responses is None:
        return False
    return ResponseCount.objects.filter(survey=survey, limited=ALL, number__gte=survey.max_responses).exists()


def full_quota(sitting: Sitting, definition: Definition, answers: Mapping[str, Any], *, waits_at: str) -> Quota | None:
    """A quota without room that a sitting counts towards for certain, at the page where it waits; for a test, none.

    Not certain is what asks for an answer that is still to be given. Who changes an answer keeps the places it has.
    """
    met = [] if sitting.is_test else met_quotas(definition, answers)
    met = [quota for quota in met if _is_decided(quota, definition, waits_at)]
    if not met:
        return None
    counts = dict(sitting.survey.response_counts.values_list("limited", "number"))
    full = [quota for quota in met if counts.get(quota.id, 0) >= quota.limit]
    before = earlier.of(sitting.survey, sitting.key) if full else None
    held = _ids(definition, before.answers) if before and before.is_counted else set()
    return next((quota for quota in full if quota.id not in held), None)


def _is_decided(quota: Quota, definition: Definition, waits_at: str) -> bool:
    """Whether all that a quota asks for was put before the page where a sitting waits, or was left out."""
    here = definition.places[waits_at] if waits_at else len(definition.pages)
    put = {question.id for page in definition.pages[:here] for question in page.questions}
    return all(test.question in put for test in tests_in(quota.condition))


def _ids(definition: Definition, answers: Mapping[str, Any]) -> set[str]:
    return {quota.id for quota in met_quotas(definition, answers)}


def count_in(
    survey: Survey, definition: Definition, answers: Mapping[str, Any], *, replaced: Mapping[str, Any] | None
) -> Quota | None:
    """Count answers towards every limit they meet; the quota that has no room, and then nothing is counted.

    `replaced` are answers that counted until now. Raises LimitReached. The rows of all limits are taken first, in one
    order, so that two never wait for each other.
    """
    was = _ids(definition, replaced) if replaced is not None else set()
    now = {quota.id: quota for quota in met_quotas(definition, answers)}
    taken, left = now.keys() - was, was - now.keys()
    own = {ALL} if survey.max_responses is not None and replaced is None else set()
    numbers = _hold(survey, taken | left | own)
    if full := next((now[key] for key in sorted(taken) if numbers[key] >= now[key].limit), None):
        return full
    if own and survey.max_responses is not None and numbers[ALL] >= survey.max_responses:
        raise LimitReached
    _add(survey, taken | own, 1)
    _add(survey, left, -1)
    return None


@transaction.atomic
def uncount(survey: Survey, definition: Definition, answers: Mapping[str, Any]) -> None:
    """Give back the places of answers that counted and are deleted."""
    limited = _ids(definition, answers) | ({ALL} if survey.max_responses is not None else set())
    _hold(survey, limited)
    _add(survey, limited, -1)


def _hold(survey: Survey, limited: Set[str]) -> dict[str, int]:
    """The numbers of limits, which nobody else changes until the transaction ends."""
    if not limited:
        return {}
    begun = set(survey.response_counts.filter(limited__in=limited).values_list("limited", flat=True))
    with connection.cursor() as cursor:
        for key in sorted(limited - begun):
            cursor.execute(_BEGIN, {"survey": survey.pk, "limited": key})
        cursor.execute(_HOLD, [survey.pk, sorted(limited)])
        return dict(cursor.fetchall())


def _add(survey: Survey, limited: Set[str], number: int) -> None:
    if limited:
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [number, survey.pk, sorted(limited)])
