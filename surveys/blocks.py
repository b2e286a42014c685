"""Blocks of articles that are shown as they stand: an award's result, bound to the tally so that its figures cannot drift; a survey."""

from typing import Any

from django.template.loader import render_to_string

from core.pagecache import per_generation
from surveys.models import AwardCategory, Source, Survey
from surveys.questionnaires import embedding
from surveys.questionnaires.results import published
from surveys.result_view import result_of


def award_results(_page: Any, season: str, category: str) -> str:
    """The chart and table of a released result; before the release, a sentence that says when it comes."""
    return _shown(season, category)


@per_generation
def _shown(season: str, category: str) -> str:
    found = AwardCategory.objects.public().select_related("season").filter(season__slug=season, slug=category).first()
    if found is None:
        return ""
    context = {"category": found, "result": result_of(found), "id": f"result-{found.pk}"}
    return render_to_string("surveys/award_results_block.html", context)


def survey(_page: Any, slug: str, question: str = "") -> str:
    """A poll with the button that sends the answer, the way to a longer survey, and what came of either once it is published.

    With a question's id, just what came of that.
    """
    return _result(slug, question) if question else _survey(slug)


@per_generation
def _survey(slug: str) -> str:
    context = embedding.shown(slug, via=Source.ARTICLE)
    return render_to_string("surveys/questionnaire/in_place.html", context) if context else ""


@per_generation
def _result(slug: str, question: str) -> str:
    found = published(slug)
    result = found.of(question) if found else None
    context = {"survey": found.survey if found else None, "result": result, "id": f"survey-{slug}-{question}"}
    return render_to_string("surveys/questionnaire/result_block.html", context)


def words_of_award(block: dict[str, Any]) -> list[tuple[str, str]]:
    """What readers see of an award in an article: nothing of a hidden category, and no nominee before there is a result."""
    found = AwardCategory.objects.public().select_related("season")
    category = found.filter(season__slug=block["season"], slug=block["category"]).first()
    if category is None:
        return []
    shown = category.nominees.filter(withdrawn_at=None) if category.is_released else category.nominees.none()
    nominees = shown.values_list("name", flat=True)
    titles = [("season", category.season.title), ("category", category.title)]
    return [*titles, *(("nominee", name) for name in nominees)]


def words_of_survey(block: dict[str, Any]) -> list[tuple[str, str]]:
    """All that a survey asks and shows, wherever its definition has it."""
    found = Survey.objects.filter(slug=block["survey"]).first()
    return [("survey", text) for text in (found.title, *_strings(found.definition))] if found else []


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for item in inner for text in _strings(item)]
