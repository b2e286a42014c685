"""An article from the published results of a survey: introduction, method, and each question with the figures that stay bound to it."""

from typing import Any

from django.utils.html import escape

from articles.document_schema import LIMITS
from articles.documents import create_article, slug_is_taken
from articles.models import Article
from core.lib import clock
from core.lib.slugs import free_slug, slug_of
from core.models import User
from core.transitions import TransitionRefused
from surveys.models import Survey
from surveys.questionnaires.filters import ResultsHidden
from surveys.questionnaires.results import SELF_SELECTED, QuestionResult, Results, results


def draft_article(survey: Survey, *, by: User | None = None) -> Article:
    """Draft an article on what is published of a survey, for the desk to finish. Raises TransitionRefused."""
    try:
        found = results(survey, staff=False)
    except ResultsHidden as hidden:
        raise TransitionRefused(f"{hidden} An article is drafted from published results.") from None
    return create_article(_document(found), by=by, reason="Drafted from the results of a survey")


def _document(found: Results) -> dict[str, Any]:
    survey = found.survey
    slug = slug_of(f"{survey.slug} results")
    blocks = [_text(_introduction(found))]
    for result in found.questions:
        blocks.append(_text(f"<h2>{escape(result.question.text)}</h2>{_sentence(result)}"))
        blocks.append({"type": "survey", "survey": survey.slug, "question": result.question.id})
    blocks.append(_text(_closing(found)))
    return {
        "version": 1,
        "title": f"{survey.title}: what readers answered",
        "slug": free_slug(slug, slug_is_taken, limit=LIMITS["slug"]),
        "standfirst": f"We asked our readers; {found.responses:,} answered.",
        "blocks": blocks,
    }


def _text(html: str) -> dict[str, Any]:
    return {"type": "richtext", "html": html}


def _introduction(found: Results) -> str:
    survey = found.survey
    began, ended = survey.opened_at or survey.opens_at, survey.closed_at
    zone = clock.newsroom()
    when = f", from {clock.in_words(began, 'j F Y', zone)}" if began else ""
    until = f" to {clock.in_words(ended, 'j F Y', zone)}" if ended else ""
    return f"<p>We asked our readers{when}{until}. {found.responses:,} answered. This is what they said.</p>"


def _sentence(result: QuestionResult) -> str:
    """What most answered, without its figures: those stand in the chart, which follows the count."""
    told = [line for line in result.lines if line.count]
    if not told or result.grid:
        return ""
    most = max(line.count or 0 for line in told)
    first = " and ".join(f"“{escape(line.label)}”" for line in told if line.count == most)
    return f"<p>Most often: {first}.</p>"


def _closing(found: Results) -> str:
    who = escape(found.survey.get_access_display().lower())
    return f"<h2>How we asked</h2><p>{SELF_SELECTED} Who could answer: {who}. The figures are as they were counted.</p>"
