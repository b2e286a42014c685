"""Where a survey is met elsewhere: the link in a briefing, and the frame on another site."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.lib.forms import personal
from core.pagecache import public
from newsletter.sign_up_pages import for_frames
from newsletter.subscribers.subscriptions import reader_of
from surveys.models import Source
from surveys.questionnaires import access, embedding, polls, versions
from surveys.questionnaires.marks import name_of_field


@require_safe
def letter(request: HttpRequest, slug: str, choice: str = "") -> HttpResponse:
    """From a link in a briefing to the survey's page for its reader, with what they clicked chosen. Nothing is stored yet.

    The address that they come to is good for this survey alone, so that it can be shown to others without harm to the rest.
    """
    asked = versions.asked(slug)
    if asked is None:
        raise Http404("There is no such survey.")
    subscriber = reader_of(request.GET.get("letter", ""))
    if subscriber is None:
        return personal(HttpResponseRedirect(asked.survey.get_absolute_url()))
    address = access.subscriber_link(asked.survey, subscriber)
    question = polls.question_of(asked.definition)
    if question and choice in dict(polls.links(question)):
        address += "?" + urlencode({name_of_field(question.id): choice})
    return personal(HttpResponseRedirect(address))


@require_safe
@public
def frame(request: HttpRequest, slug: str) -> HttpResponse:
    """A survey in a frame on another site: a poll is answered there, of a longer one it shows the way."""
    context = embedding.shown(slug, via=Source.FRAME)
    if context is None:
        raise Http404("There is no such survey.")
    return for_frames(render(request, "surveys/questionnaire/frame.html", context | {"home": settings.SITE_URL}))
