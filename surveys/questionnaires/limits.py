"""Limits of a survey: a maximum of answers, quotas of groups. Each is one row, counted up only while there is room."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from surveys.models import ResponseCount, Sitting, Survey
from surveys.questionnaires.logic import met_quotas
from surveys.questionnaires.questions import Definition, Quota

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
_COUNT = "UPDATE surveys_responsecount SET number = number + 1 WHERE survey_id = %s AND limited = %s AND number < %s"
_UNCOUNT = "UPDATE surveys_responsecount SET number = number - 1 WHERE survey_id = %s AND limited = %s AND number > 0"


class LimitReached(Exception):
    """The survey has as many answers as it takes."""


def is_full(survey: Survey) -> bool:
    """Whether a survey has as many answers as it takes."""
    if survey.max_responses is None:
        return False
    return ResponseCount.objects.filter(survey=survey, limited=ALL, number__gte=survey.max_responses).exists()


def full_quota(sitting: Sitting, definition: Definition, answers: Mapping[str, Any]) -> Quota | None:
    """A quota that answers count towards and that has no room; for a test, none."""
    met = [] if sitting.is_test else met_quotas(definition, answers)
    if not met:
        return None
    counts = dict(sitting.survey.response_counts.values_list("limited", "number"))
    return next((quota for quota in met if counts.get(quota.id, 0) >= quota.limit), None)


def count_in(
    survey: Survey, definition: Definition, answers: Mapping[str, Any], *, earlier: Mapping[str, Any] | None
) -> Quota | None:
    """Count answers towards every limit they meet; the quota that has no room, and then nothing is counted.

    `earlier` are the answers they replace. Raises LimitReached. Limits are taken in one order, so that two never wait for
    each other.
    """
    was = {quota.id for quota in met_quotas(definition, earlier)} if earlier is not None else set()
    now = {quota.id: quota for quota in met_quotas(definition, answers)}
    taken = list[str]()
    for key in sorted(now.keys() - was):
        if not _count(survey, key, now[key].limit):
            for each in taken:
                _uncount(survey, each)
            return now[key]
        taken.append(key)
    if survey.max_responses is not None and earlier is None and not _count(survey, ALL, survey.max_responses):
        raise LimitReached
    for key in sorted(was - now.keys()):
        _uncount(survey, key)
    return None


def _count(survey: Survey, limited: str, limit: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [survey.pk, limited, limit])
        if cursor.rowcount:
            return True
        if ResponseCount.objects.filter(survey=survey, limited=limited).exists():
            return False
        cursor.execute(_BEGIN, {"survey": survey.pk, "limited": limited})
        cursor.execute(_COUNT, [survey.pk, limited, limit])
        return bool(cursor.rowcount)


def _uncount(survey: Survey, limited: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_UNCOUNT, [survey.pk, limited])
