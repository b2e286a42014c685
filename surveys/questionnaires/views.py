"""The pages on which surveys are answered. None needs a cookie; those behind a link of somebody's own are kept by no cache."""

import logging
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from core.lib.forms import client_address, no_store, personal, refuse_cross_site
from core.lib.networks import public_network_of
from core.pagecache import public
from core.ratelimit import allow
from surveys import keys
from surveys.forms import EmailField, TrapForm
from surveys.models import Sitting, Survey
from surveys.questionnaires import (
    access,
    at_once,
    finishing,
    logic,
    mails,
    pictures,
    piping,
    polls,
    repeats,
    responses,
    sittings,
    summaries,
    versions,
)
from surveys.questionnaires.filters import embargo
from surveys.questionnaires.limits import LimitReached
from surveys.questionnaires.marks import marks_in
from surveys.questionnaires.page_forms import PageForm
from surveys.questionnaires.results import published

LIMIT_SECONDS = 3600
MOST_BYTES = 1024 * 1024  # of one page: ten texts of the longest kind, in letters that take six bytes each on their way
PER_HOUR = 600  # sittings that one network begins: offices and carriers share one
ORDER_SECONDS = 600  # for which shuffled choices of a kept page stay as they are

logger = logging.getLogger(__name__)
View = Callable[..., HttpResponse]


class AddressForm(TrapForm):
    """The address that a link is mailed to."""

    email = EmailField(max_length=254, error_messages={"required": "Enter your e-mail address."})


@require_safe
@public
def index(request: HttpRequest) -> HttpResponse:
    """The surveys that are open, and those whose results can be seen."""
    listed = Survey.objects.public().filter(is_listed=True)
    context = {
        "open": [survey for survey in listed.filter(state=Survey.State.OPEN) if survey.takes_answers],
        "results": [survey for survey in listed.with_results() if not embargo(survey)],
    }
    return render(request, "surveys/questionnaire/index.html", context)


def _answering(view: View) -> View:
    """Decorate a view: what keeps somebody from answering becomes a page that says so."""

    @wraps(view)
    def told(request: HttpRequest, slug: str, **kwargs: str) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or ""
        if length.isdecimal() and int(length) > MOST_BYTES:
            return _stopped(request, slug, "too_long", HTTPStatus.BAD_REQUEST, has_link=False)
        try:
            return view(request, slug, **kwargs)
        except sittings.NotOpen:
            return _stopped(request, slug, "not_open", HTTPStatus.CONFLICT)
        except sittings.TakenPart:
            return _stopped(request, slug, "taken_part", HTTPStatus.CONFLICT)
        except LimitReached:
            return _stopped(request, slug, "full", HTTPStatus.CONFLICT)
        except sittings.NotALink:
            return _stopped(request, slug, "gone", HTTPStatus.GONE, has_link=False)
        except sittings.Gone:
            return _stopped(request, slug, "gone", HTTPStatus.GONE)
        except access.NotThisWay as refused:
            has_link = not isinstance(refused, access.NotALink)
            return _stopped(request, slug, "not_this_way", HTTPStatus.FORBIDDEN, words=str(refused), has_link=has_link)
        except keys.PepperMissing:
            logger.exception("The pepper of the survey “%s” is missing: no answer can be taken until it is back.", slug)
            page = _stopped(request, slug, "paused", HTTPStatus.SERVICE_UNAVAILABLE)
            page["Retry-After"] = "600"
            return page

    return told


def _stopped(
    request: HttpRequest, slug: str, why: str, status: HTTPStatus, *, words: str = "", has_link: bool = True
) -> HttpResponse:
    """What keeps somebody from answering. Of a draft only who has a good link hears anything."""
    survey = get_object_or_404(Survey, slug=slug)
    if not (survey.is_public or has_link):
        raise Http404("There is no such survey.")
    context = {"survey": survey, "why": why, "words": words}
    return personal(render(request, "surveys/questionnaire/stopped.html", context, status=status))


# Beginning


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
@public
@_answering
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """A survey: its first page, where anybody may answer; else the field for an address, or how one comes to answer."""
    asked = versions.asked(slug)
    if asked is None:
        raise Http404("There is no such survey.")
    survey = asked.survey
    if request.method == "POST":
        return no_store(_ask_for_link(request, survey) if survey.is_personal else _begin(request, asked))
    context: dict[str, Any] = {}
    if survey.takes_answers and not survey.is_personal:
        seed = int(timezone.now().timestamp() // ORDER_SECONDS)
        context = _form_context(PageForm(asked.definition, responses.first_page(asked.definition), seed=seed))
    elif survey.takes_answers:
        context = {"address_form": AddressForm()}
    return _show(request, asked, context)


def _show(
    request: HttpRequest, asked: versions.Asked, context: dict[str, Any], status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    about = {
        "survey": asked.survey,
        "is_single": len(asked.definition.pages) == 1,
        "is_poll": polls.question_of(asked.definition) is not None,
        "asks_who": summaries.asks_who(asked.definition),
    }
    return render(request, "surveys/questionnaire/survey.html", about | context, status=status)


def _form_context(form: PageForm) -> dict[str, Any]:
    return {"form": form, "groups": pictures.with_pictures(form.groups)}


def _begin(request: HttpRequest, asked: versions.Asked) -> HttpResponse:
    """The first page is sent by somebody whom nothing is known of."""
    if request.POST.get("website"):
        return thank(request, finishing.Finished(asked.survey, "complete"))
    address = client_address(request)
    network = public_network_of(address)
    if network and not allow(limit_of(asked.survey, network), limit=PER_HOUR, seconds=LIMIT_SECONDS):
        return _stopped(request, asked.survey.slug, "busy", HTTPStatus.TOO_MANY_REQUESTS)
    entry = entry_of(request, asked.survey, address)
    if polls.question_of(asked.definition):
        answered = at_once.answer(entry, request.POST, _sending(request, asked.survey))
        if isinstance(answered, finishing.Finished):
            return thank(request, answered)
        return _show(request, asked, _form_context(answered), HTTPStatus.BAD_REQUEST)
    saved = responses.start(entry, request.POST)
    if saved.form:
        return _show(request, asked, _form_context(saved.form), HTTPStatus.BAD_REQUEST)
    return _after(request, saved)


def entry_of(request: HttpRequest, survey: Survey, address: str) -> access.Entry:
    """Somebody who sends a survey's own page. Raises access.NotThisWay, PepperMissing."""
    source, agent = polls.source_of(request.POST.get("via", "")), request.META.get("HTTP_USER_AGENT", "")
    return access.from_page(survey, address=address, agent=agent, source=source)


def _sending(request: HttpRequest, survey: Survey) -> repeats.Sending:
    agent = request.META.get("HTTP_USER_AGENT", "")
    return repeats.sending_of(survey, request.POST, address=client_address(request), agent=agent)


def limit_of(survey: Survey, network: str) -> str:
    """What the sittings are counted under that one network begins."""
    return f"survey|{survey.pk}|{network}"


def _ask_for_link(request: HttpRequest, survey: Survey) -> HttpResponse:
    """Mail a link to an address. The page says the same for every address."""
    if survey.access != Survey.Access.ADDRESS:
        raise access.NotThisWay("This survey is answered by a link of your own.")
    if not survey.takes_answers:
        raise sittings.NotOpen
    form = AddressForm(request.POST)
    if form.is_valid():
        email = form.cleaned_data["email"]
        try:
            if not form.is_trapped:
                mails.mail_link(survey, email, ip=client_address(request))
        except mails.TooManyMails:
            return _stopped(request, survey.slug, "busy", HTTPStatus.TOO_MANY_REQUESTS)
        return render(request, "surveys/questionnaire/link_sent.html", {"survey": survey, "email": email})
    context = {"survey": survey, "address_form": form}
    return render(request, "surveys/questionnaire/survey.html", context, status=HTTPStatus.BAD_REQUEST)


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
@_answering
def begin(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """The first page for somebody who comes by a link of their own. Opening the link stores nothing: scanners do it, too."""
    survey = get_object_or_404(Survey, slug=slug)
    entry = access.from_link(survey, token)
    if not survey.is_public and not entry.is_test:
        raise Http404("There is no such survey.")
    if request.method == "POST":
        return personal(_begin_by_link(request, entry))
    responses.may_begin(entry)
    if found := responses.unfinished(entry):
        return personal(_to(found, sittings.way_of(found, sittings.progress_of(found)).waits_at))
    sitting = responses.new_sitting(entry)
    form = sittings.form_of(sitting, responses.first_page(sittings.definition_of(sitting)).id)
    own = {question.id for question in form.page.questions}
    form.typed |= {key: marks for key, marks in marks_in(request.GET).items() if marks and key in own}
    replaces = responses.replaces_unseen(entry)
    return personal(_page(request, sitting, form, is_first=True, replaces=replaces))


def _begin_by_link(request: HttpRequest, entry: access.Entry) -> HttpResponse:
    """The first page is sent by somebody who came by a link; of a poll it is all there is."""
    sitting = responses.new_sitting(entry)
    form: PageForm | None
    if polls.question_of(sittings.definition_of(sitting)):
        answered = at_once.answer(entry, request.POST, _sending(request, entry.survey))
        if isinstance(answered, finishing.Finished):
            return thank(request, answered)
        form = answered
    else:
        saved = responses.start(entry, request.POST)
        sitting, form = saved.sitting, saved.form
        if form is None:
            return _after(request, saved)
    return _page(request, sitting, form, is_first=True, status=HTTPStatus.BAD_REQUEST)


# Going on


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
@_answering
def page(request: HttpRequest, slug: str, token: str, page: str) -> HttpResponse:
    """One page of a sitting. Each is saved as it is sent; going back keeps what was typed, too."""
    sitting = _sitting(slug, token)
    try:
        if request.method != "POST":
            return personal(_page(request, sitting, sittings.form_of(sitting, page)))
        going = request.POST.get("go", "")
        saved = responses.save_page(sitting, page, request.POST, going_back=going in ("back", "later"))
    except sittings.NotThere as elsewhere:
        return personal(_to(sitting, elsewhere.page))
    if saved.form:
        return personal(_page(request, sitting, saved.form, status=HTTPStatus.BAD_REQUEST))
    if going == "later":
        return personal(HttpResponseRedirect(sittings.address("survey-later", sitting)))
    return personal(_after(request, saved))


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
@_answering
def sitting(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Where a sitting is: its next page; or, at the end, all that was answered, with the button that sends it."""
    found = _sitting(slug, token)
    try:
        if request.method == "POST" or found.finished_on:
            return personal(thank(request, finishing.finish(found)))
        progress = sittings.progress_of(found)
        way = sittings.way_of(found, progress)
    except sittings.NotThere as elsewhere:
        return personal(_to(found, elsewhere.page))
    if way.waits_at:
        return personal(_to(found, way.waits_at))
    return personal(_summary(found, way))


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
@_answering
def later(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Mail the link that goes on with a sitting. The address is kept nowhere but in that mail."""
    found = _sitting(slug, token)
    context = {"survey": found.survey, "link": sittings.address("survey-sitting", found)}
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        email = form.cleaned_data["email"]
        try:
            if not form.is_trapped:
                mails.mail_sitting(found, email, ip=client_address(request))
        except mails.TooManyMails:
            return _stopped(request, slug, "busy", HTTPStatus.TOO_MANY_REQUESTS)
        return personal(render(request, "surveys/questionnaire/later_sent.html", context | {"email": email}))
    status = HTTPStatus.BAD_REQUEST if form.is_bound else HTTPStatus.OK
    page = render(request, "surveys/questionnaire/later.html", context | {"address_form": form}, status=status)
    return personal(page)


def _sitting(slug: str, token: str) -> Sitting:
    return sittings.of_token(get_object_or_404(Survey, slug=slug), token)


def _to(sitting: Sitting, page: str) -> HttpResponse:
    return HttpResponseRedirect(sittings.address_of(sitting, page), status=HTTPStatus.SEE_OTHER)


def _after(request: HttpRequest, saved: responses.Saved) -> HttpResponse:
    return thank(request, saved.finished) if saved.finished else _to(saved.sitting, saved.page)


def _page(
    request: HttpRequest,
    sitting: Sitting,
    form: PageForm,
    *,
    is_first: bool = False,
    replaces: bool = False,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    places = form.definition.places
    context = {
        "survey": sitting.survey,
        "sitting": sitting,
        "is_first": is_first or places[form.page.id] == 0,
        "is_new": is_first,
        "replaces": replaces,
        "is_single": len(places) == 1,
        "is_poll": polls.question_of(form.definition) is not None,
        "done": round(places[form.page.id] / len(places) * 100),
        **_form_context(form),
        "asks_who": summaries.asks_who(form.definition),
    }
    return render(request, "surveys/questionnaire/page.html", context, status=status)


def _summary(sitting: Sitting, way: logic.Way) -> HttpResponse:
    page = summaries.summary(sitting, way, secure=True)
    if page is None:
        raise RuntimeError("The middleware has an answer of its own to a page over https.")
    return HttpResponse(page.body)


def thank(request: HttpRequest, finished: finishing.Finished) -> HttpResponse:
    message = finished.message
    if message:
        message = piping.filled(message, finished.answers, versions.current(finished.survey))
    came = published(finished.survey.slug)
    context = {"survey": finished.survey, "finished": finished, "message": message, "came": came}
    return no_store(render(request, "surveys/questionnaire/thanks.html", context))
