"""A survey where it is met: in an article, in a frame on another site. A poll is answered there, and shows what came of it."""

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from surveys.models import Source, Survey
from surveys.questionnaires import pictures, polls, responses, versions
from surveys.questionnaires.page_forms import PageForm
from surveys.questionnaires.results import published

ORDER_SECONDS = 600  # for which shuffled choices of a kept page stay as they are


def order_now() -> int:
    """What shuffles the choices of a page that all share, for some minutes."""
    return int(timezone.now().timestamp() // ORDER_SECONDS)


def shown(slug: str, *, via: Source) -> dict[str, Any] | None:
    """What templates/surveys/questionnaire/in_place.html draws; None where readers may not know of the survey."""
    asked = versions.asked(slug)
    if asked is None:
        return None
    survey = asked.survey
    context: dict[str, Any] = {"survey": survey, "via": via.value, "came": published(slug)}
    if survey.takes_answers and not survey.is_personal and polls.question_of(asked.definition):
        first = responses.first_page(asked.definition)
        form = PageForm(asked.definition, first, seed=order_now(), prefix=f"{survey.slug}-")
        context |= {"form": form, "groups": pictures.with_pictures(form.groups)}
    return context


def snippet(survey: Survey) -> str:
    """What is pasted into a page of another site to show the survey there; without its script the height is a fixed one."""
    url = settings.SITE_URL + reverse("surveys:survey-frame", args=[survey.slug])
    context = {"survey": survey, "url": url, "site": settings.SITE_URL}
    return render_to_string("surveys/questionnaire/frame_snippet.html", context).strip()
