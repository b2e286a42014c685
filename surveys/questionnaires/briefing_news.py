"""What briefings ask of their readers, and tell them later: a poll that one click answers, a survey's link, its results."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.lib import clock
from newsletter.sending.plugged import OF_READER, Came, News
from surveys.models import Survey
from surveys.querysets import SurveyQuerySet
from surveys.questionnaires import polls, versions
from surveys.questionnaires.filters import ResultsHidden
from surveys.questionnaires.questions import Question
from surveys.questionnaires.results import QuestionResult, published, results

NEWEST = 20
MOST_TABLES, MOST_ROWS = 3, 8
NEW_FOR = timedelta(days=14)


def choices() -> Iterable[tuple[str, str]]:
    """The surveys that a briefing's readers may answer, or see what came of them; the newest first."""
    return [(survey.slug, survey.title) for survey in _told().order_by("-pk")[:NEWEST]]


def _told() -> SurveyQuerySet:
    answered_here = Q(state=Survey.State.OPEN) & ~Q(access=Survey.Access.INVITATION)
    return Survey.objects.public().filter(answered_here | Q(published_at__isnull=False))


def new() -> Iterable[str]:
    """The surveys that opened lately, and those of which results were published lately."""
    since = timezone.now() - NEW_FOR
    lately = Q(opened_at__gte=since) | Q(opened_at=None) | Q(published_at__gte=since)
    return _told().filter(lately).order_by("-pk").values_list("slug", flat=True)


def news(slug: str) -> News | None:
    """What there is to answer at this moment, or else what came of it; None where there is neither."""
    asked = versions.asked(slug)
    if asked is None:
        return None
    survey = asked.survey
    if survey.takes_answers and survey.access != Survey.Access.INVITATION:
        question = polls.question_of(asked.definition)
        return _poll(survey, question) if question else _survey(survey)
    return _results(survey)


def written(slug: str) -> str:
    """What stands for the words of a survey that a briefing shows: its questions, by their version, and its own."""
    asked = versions.asked(slug)
    return repr((asked.survey.title, asked.survey.introduction, asked.version)) if asked else ""


def came(slug: str, user: Any) -> Came | None:
    """What came of a survey: of a poll its answers, of others how many answered. Others than those who make surveys see what
    readers see."""
    survey = Survey.objects.filter(slug=slug).first()
    if survey is None:
        return None
    is_staff = user.has_perm("surveys.view_survey")
    question = polls.question_of(versions.current(survey))
    try:
        found = results(survey, staff=is_staff, only=[question.id] if question else [])
    except ResultsHidden as hidden:
        return Came(survey.title, str(hidden))
    if is_staff:
        url = reverse("admin:surveys_survey_results", args=[survey.pk])
    else:
        url = reverse("surveys:survey-results", args=[survey.slug])
    result = found.questions[0] if found.questions else None
    if result is None or not result.tables or result.grid:
        answers = "1 person answered it." if found.responses == 1 else f"{found.responses:,} people answered it."
        return Came(survey.title, answers, url=url)
    return Came(result.question.text, result.note, result.table_head, result.table_rows, url)


def _survey(survey: Survey) -> News:
    words = format_html("{}{}", SafeString(survey.introduction), _until(survey))
    return News(survey.title, words, "Answer", reverse("surveys:survey-letter", args=[survey.slug]) + OF_READER)


def _poll(survey: Survey, question: Question) -> News:
    """A link for each answer. Opening one answers nothing: it shows the answer with the button that sends it."""
    offered = polls.links(question)
    if not offered:
        words = format_html("<p>{}</p>{}", question.text, _until(survey))
        return News(survey.title, words, "Answer", reverse("surveys:survey-letter", args=[survey.slug]) + OF_READER)
    rows = [(reverse("surveys:survey-letter", args=[survey.slug, value]) + OF_READER, text) for value, text in offered]
    links = format_html_join("", '<tr><td><a href="{}">{}</a></td></tr>', rows)
    return News(survey.title, format_html("<p>{}</p><table>{}</table>{}", question.text, links, _until(survey)))


def _until(survey: Survey) -> SafeString:
    if not survey.closes_at:
        return SafeString("")
    return format_html("<p>Open until {}.</p>", clock.in_words(survey.closes_at, zone=clock.newsroom()))


def _results(survey: Survey) -> News | None:
    """What came of its questions, each as a table of its shares."""
    came = published(survey.slug)
    tables = [table for result in came.questions[:MOST_TABLES] if (table := _table(result))] if came else []
    if not tables:
        return None
    return News(survey.title, SafeString("".join(tables)), "See the results", survey.get_absolute_url())


def _table(result: QuestionResult) -> SafeString:
    rows = [(line.label, line.text) for line in result.lines[:MOST_ROWS] if len(result.tables) == 1]
    if not rows:
        return SafeString("")
    cells = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", rows)
    return format_html("<p>{}</p><table>{}</table>", result.question.text, cells)
