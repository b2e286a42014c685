"""The sign-up page, where every form is sent, and the form that stands in a frame on other sites."""

from http import HTTPStatus
from typing import Any

from csp.constants import SELF
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from core.lib.forms import client_address, no_store, refuse_cross_site
from core.pagecache import public
from newsletter.domains import host_of
from newsletter.forms import SubscribeForm
from newsletter.models import Newsletter, SignUpRules
from newsletter.subscribers.sign_ups import TOO_MANY, ProofWanted, Reply, TooManyRequests

PROOF_WANTED = "So many sign up at the moment that your browser has to compute something first."
EMBEDDED = "embedded form"
DECIDED = "moonpress.sign_up"  # no header of a request is called so


@require_safe
@public
def signup(request: HttpRequest) -> HttpResponse:
    """The sign-up page."""
    newsletters = Newsletter.objects.open()
    form = SubscribeForm(initial={"newsletter": newsletters.default(), "source": "sign-up page"})
    return render(request, "newsletter/signup.html", {"form": form, "newsletters": newsletters})


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
def subscribe(request: HttpRequest) -> HttpResponse:
    """Take a sign-up; answer with a page, or with JSON where that is asked for."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("newsletter:signup"))
    form = SubscribeForm(request.POST)
    message, status, challenge = take(request, form)
    if wants_json(request):
        return _json(message, status, challenge)
    if status == HTTPStatus.OK:
        return thanks(request, message)
    context = {"form": form, "message": message, "newsletters": Newsletter.objects.open()}
    return no_store(render(request, "newsletter/signup.html", context, status=status))


def thanks(request: HttpRequest, message: str) -> HttpResponse:
    return no_store(render(request, "newsletter/thanks.html", {"message": message}))


def thanks_as_json(_request: HttpRequest, message: str) -> HttpResponse:
    return _json(message, HTTPStatus.OK, None)


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_exempt
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """The form for a frame on another site, which sends itself here. It needs no cookie, and so no token against forgery.

    Whoever forges a sign-up has an address asked whether it wants mail, which anybody can do without a browser too: what
    protects are the limits and that the mailbox has to confirm.
    """
    newsletter = get_object_or_404(Newsletter.objects.open(), slug=slug)
    host = host_of(f"//{request.POST.get('host', '')}") or host_of(request.headers.get("Referer", ""))
    host = "" if host == request.get_host().partition(":")[0] else host
    context: dict[str, Any] = {"newsletter": newsletter, "host": host, "home": settings.SITE_URL}
    status = HTTPStatus.OK
    if request.method == "POST":
        source = f"{EMBEDDED} on {host}" if host else EMBEDDED
        form = SubscribeForm({**request.POST.dict(), "newsletter": slug, "source": source[:80]})
        message, status, challenge = take(request, form)
        if wants_json(request):
            return _json(message, status, challenge)
        context |= {"message": message, "is_done": status == HTTPStatus.OK, "email": form.data.get("email", "")}
        context["name"] = form.data.get("name", "")
    return for_frames(no_store(render(request, "newsletter/embed.html", context, status=status)))


def take(request: HttpRequest, form: SubscribeForm) -> tuple[str, HTTPStatus, dict[str, Any] | None]:
    """Save a sign-up; what to say, the status, and the challenge to solve first where a proof of work is wanted."""
    try:
        reply = _decided(request) or form.save(ip=client_address(request)) if form.is_valid() else None
    except TooManyRequests:
        return TOO_MANY, HTTPStatus.TOO_MANY_REQUESTS, None
    except ProofWanted as wanted:
        return PROOF_WANTED, HTTPStatus.PRECONDITION_REQUIRED, wanted.challenge
    if form.errors or reply is None:
        why = " ".join(str(message) for messages in form.errors.values() for message in messages)
        return f"Something went wrong: {why}", HTTPStatus.BAD_REQUEST, None
    return reply.value, HTTPStatus.OK, None


def _decided(request: HttpRequest) -> Reply | None:
    """What newsletter.sign_up_turns decided of this sign-up before it came here. Raises TooManyRequests, ProofWanted."""
    decided = request.META.get(DECIDED)
    if isinstance(decided, Exception):
        raise decided
    return decided


def wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _json(message: str, status: HTTPStatus, challenge: dict[str, Any] | None) -> HttpResponse:
    answer: dict[str, Any] = {"message": message}
    if challenge:
        answer |= {"challenge": challenge, "solver": static("js/vendor/altcha/pbkdf2.js")}
    return no_store(JsonResponse(answer, status=status))


def for_frames(response: HttpResponse) -> HttpResponse:
    """Let the sites that may embed our forms show one in a frame."""
    sites = SignUpRules.current().may_embed
    vars(response)["_csp_replace"] = {
        "frame-ancestors": [SELF, *sites] if sites else ["*"]
    }  # as django-csp's decorators
    response.xframe_options_exempt = True
    return response
