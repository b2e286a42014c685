"""Which results of a survey readers see, question by question; and which of them the media kit quotes."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from core import audit, pagecache
from core.transitions import TransitionRefused, lock
from surveys.models import Survey
from surveys.questionnaires import versions
from surveys.questionnaires.filters import embargo
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.questions import Question


def publishable(survey: Survey) -> list[Question]:
    """The questions of which results can be published: not those that ask who somebody is."""
    asked = versions.current(survey).questions.values()
    return [each for each in asked if kind_of(each).takes_answers and not kind_of(each).is_personal]


def consents(survey: Survey) -> list[Question]:
    """The questions by which somebody can agree that the media kit counts them."""
    return [each for each in versions.current(survey).questions.values() if each.kind == "consent"]


def quotable(survey: Survey) -> list[Question]:
    """The published questions that the media kit can quote: those whose figures are shares of people."""
    asked = versions.current(survey).questions
    found = [asked[key] for key in survey.published if key in asked]
    return [each for each in found if kind_of(each).is_quotable]


@transaction.atomic
def publish(survey: Survey, questions: Sequence[str], *, by: object) -> None:
    """Show readers the results of these questions, in this order. Raises TransitionRefused."""
    lock(survey)
    if reason := embargo(survey):
        raise TransitionRefused(reason)
    chosen = list(dict.fromkeys(questions))
    if not chosen:
        raise TransitionRefused("Choose a question at least; to show none, take the results off the site.")
    if not set(chosen) <= {each.id for each in publishable(survey)}:
        raise TransitionRefused("One of these questions is not in the survey, or asks who somebody is.")
    survey.published = chosen
    survey.published_at = survey.published_at or timezone.now()
    _save(survey, quoted=[key for key in survey.quoted if key in chosen])
    audit.record("published results of the survey", survey, by=by, detail=", ".join(chosen))


@transaction.atomic
def unpublish(survey: Survey, *, by: object) -> None:
    """Show readers no results any more, and quote none."""
    lock(survey)
    if survey.published_at is None:
        raise TransitionRefused("No results of this survey are published.")
    survey.published, survey.published_at = [], None
    _save(survey, quoted=[])
    audit.record("took the results of the survey off the site", survey, by=by)


@transaction.atomic
def quote(survey: Survey, questions: Sequence[str], consent: str, *, by: object) -> None:
    """Have the media kit quote published results, of those who agreed to that by a question. Raises TransitionRefused."""
    lock(survey)
    chosen = list(dict.fromkeys(questions))
    if not set(chosen) <= {each.id for each in quotable(survey)}:
        raise TransitionRefused("Choose among the questions that are published and whose figures count people.")
    if chosen and consent not in [each.id for each in consents(survey)]:
        raise TransitionRefused("Choose the question by which people agreed: only who did is counted in the media kit.")
    survey.quoted_consent = consent if chosen else ""
    _save(survey, quoted=chosen)
    audit.record("had the media kit quote the survey", survey, by=by, detail=", ".join(chosen) or "nothing")


def _save(survey: Survey, *, quoted: list[str]) -> None:
    survey.quoted = quoted
    survey.quoted_consent = survey.quoted_consent if quoted else ""
    survey.save(update_fields=["published", "published_at", "quoted", "quoted_consent"])
    pagecache.bump()
