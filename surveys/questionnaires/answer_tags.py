"""Answers in somebody's own words: read one by one, and sorted by tags."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet

from core import pagecache
from core.lib.text import one_line
from core.transitions import TransitionRefused
from surveys.models import AnswerTag, Response, Survey
from surveys.questionnaires import kept_counts, versions
from surveys.questionnaires.filters import embargo
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.questions import OTHER, Question

NAME = AnswerTag._meta.get_field("name").max_length or 40


def readable(survey: Survey) -> list[Question]:
    """The questions with answers in own words: texts, and what is written beside choices; none that asks who somebody is."""
    asked = versions.current(survey).questions.values()
    return [
        each for each in asked if not kind_of(each).is_personal and (kind_of(each).is_text or each.settings.get(OTHER))
    ]


def responses(survey: Survey, question: Question, *, tag: str = "") -> QuerySet[Response]:
    """The responses with such an answer, in the order of their keys, which are random."""
    found = survey.responses.counted().order_by("pk")
    if kind_of(question).is_text:
        found = found.filter(answers__has_key=question.id)
    else:
        found = found.filter(answers__contains=kind_of(question).holding(question, OTHER)[0])
    return found.filter(tags__question=question.id, tags__name=tag) if tag else found


def tags_of(survey: Survey, question: Question) -> list[tuple[str, int]]:
    """The tags of a question, each with how many answers have it."""
    found = AnswerTag.objects.filter(response__survey=survey, question=question.id).order_by()
    return list(found.values_list("name").annotate(number=Count("*")).order_by("-number", "name"))


def words_of(given: Any) -> str:
    """What was written."""
    if isinstance(given, list):
        given = next((each for each in given if isinstance(each, dict)), "")
    return str(given.get(OTHER, "") if isinstance(given, dict) else given)


@transaction.atomic
def change(survey: Survey, question: Question, keys: Collection[int], name: str, *, remove: bool = False) -> int:
    """Give answers a tag, or take it from them; return how many. Raises TransitionRefused."""
    if reason := embargo(survey):
        raise TransitionRefused(reason)
    name = one_line(name)
    if not name or len(name) > NAME:
        raise TransitionRefused(f"A tag is a word or a few: {NAME} characters at most.")
    kept_counts.hold(survey)  # at the close, responses get new keys
    chosen = list(responses(survey, question).filter(pk__in=keys).values_list("pk", flat=True))
    if not chosen:
        raise TransitionRefused("Tick an answer at least.")
    if remove:
        AnswerTag.objects.filter(response__in=chosen, question=question.id, name=name).delete()
    else:
        tags = [AnswerTag(response_id=key, question=question.id, name=name) for key in chosen]
        AnswerTag.objects.bulk_create(tags, ignore_conflicts=True)
    if survey.published_at:
        pagecache.bump()
    return len(chosen)
