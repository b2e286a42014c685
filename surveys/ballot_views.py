"""Voting: the ballot's form, and the page behind the link in a voter's mail, where GET shows the choice and POST casts it."""

import logging
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.views.decorators.http import require_http_methods, require_safe

from core import proof_of_work
from core.lib.forms import client_address, no_store, personal, refuse_cross_site
from core.lib.signing import BadToken, ExpiredToken, read_token
from core.pagecache import public
from newsletter.models import Newsletter
from surveys import ballot_mails, ballot_requests, ballots, contexts, keys
from surveys.choice_fields import marks_of, name_of_field
from surveys.forms import AddressForm, BallotForm, VoteForm
from surveys.models import AwardCategory, BallotRules, PendingBallot, Season

logger = logging.getLogger(__name__)


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
@public
def vote(request: HttpRequest, season: str) -> HttpResponse:
    """The ballot of a whole season. POST mails a link that confirms it, and answers the same for every address."""
    found = get_object_or_404(Season.objects.public(), slug=season)
    if request.method != "POST":
        form = VoteForm(found, _categories_open_now(found))
        return _vote_page(request, form, HTTPStatus.OK)
    form = VoteForm(found, found.categories.taking_ballots().prefetch_related("nominees"), request.POST)
    if not form.categories:
        return closed(request, found)
    if not form.is_valid():
        return _vote_page(request, form, HTTPStatus.BAD_REQUEST)
    try:
        reply = form.save(ip=client_address(request))
    except ballots.NotOpen:
        return closed(request, found)
    except keys.PepperMissing:
        return _paused(request, found)
    return sent(request, found, form.cleaned_data["email"], reply)


@require_safe
def proof(request: HttpRequest) -> HttpResponse:
    """What the browser of a voter is to compute while too many ask at once; nothing while that is not so."""
    wanted = BallotRules.current().wants_proof_now
    challenge = proof_of_work.challenge(ballot_requests.PROOF) if wanted else None
    return no_store(JsonResponse({"challenge": challenge, "solver": static("js/vendor/altcha/pbkdf2.js")}))


def closed(request: HttpRequest, season: Season) -> HttpResponse:
    return no_store(render(request, "surveys/vote_closed.html", {"season": season}, status=HTTPStatus.CONFLICT))


def sent(request: HttpRequest, season: Season, email: str, reply: ballot_requests.Reply) -> HttpResponse:
    context = {"season": season, "email": email, "reply": reply.name}
    return no_store(render(request, "surveys/vote_sent.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm a ballot, or another in its place. Mail scanners open links, so opening it changes nothing."""
    return personal(_answer(request, token))


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    try:
        season, pending_id, expired = _read(token)
        pending = season.pending_ballots.filter(pk=pending_id).first()
        if pending and request.method != "POST" and not season.is_taking_ballots:
            raise ballots.NotOpen
        if pending and expired:
            return _renew(request, pending)
        if pending:
            return _confirm(request, pending)
        casting = ballots.earlier_casting(season, pending_id)
        if request.method == "POST" and "email" in request.POST:
            return _mail_receipts(request, casting)
    except ballots.LinkUsed:
        return render(request, "surveys/ballot_used.html", {"season": season}, status=HTTPStatus.GONE)
    except ballots.NotOpen:
        return render(request, "surveys/ballot_late.html", {"season": season}, status=HTTPStatus.CONFLICT)
    except keys.PepperMissing:
        return _paused(request, season)
    return cast(request, casting)


def _confirm(request: HttpRequest, pending: PendingBallot) -> HttpResponse:
    """The ballot behind a link: shown, with the form to change it; cast as it is; or cast as it was changed."""
    season, is_changed = pending.season, "changed" in request.POST
    if request.method == "POST" and not is_changed:
        return cast(request, ballots.confirm(season=season, pending_id=pending.pk))
    choices = keys.open_choices(pending)
    chosen = {name_of_field(slug): marks_of(choice) for slug, choice in choices.items()}
    form = BallotForm(season, _categories_open_now(season), request.POST if is_changed else None, initial=chosen)
    if is_changed and form.is_valid():
        return cast(request, ballots.confirm(season=season, pending_id=pending.pk, instead=form.choices))
    context = contexts.pending_ballot(pending) | {"form": form}
    status = HTTPStatus.BAD_REQUEST if is_changed else HTTPStatus.OK
    return render(request, "surveys/ballot.html", context, status=status)


def _mail_receipts(request: HttpRequest, casting: ballots.Casting) -> HttpResponse:
    """Mail the receipts of a link that was used. The answer tells nobody whether the address is the voter's."""
    form = AddressForm(request.POST)
    if not form.is_valid():
        return cast(request, casting, form)
    ballot_mails.mail_receipts(casting, email=form.cleaned_data["email"])
    context = {"season": casting.season, "email": form.cleaned_data["email"]}
    return render(request, "surveys/receipt_sent.html", context)


def cast(request: HttpRequest, casting: ballots.Casting, form: AddressForm | None = None) -> HttpResponse:
    status = HTTPStatus.BAD_REQUEST if form else HTTPStatus.OK if casting.cast else HTTPStatus.CONFLICT
    context = {"casting": casting, "season": casting.season, "form": form, "key": keys.public_key()}
    return render(request, "surveys/ballot_cast.html", context, status=status)


def _read(token: str) -> tuple[Season, int, bool]:
    """The season and pending ballot a link leads to, and whether its time is past."""
    try:
        values, expired = read_token(ballot_requests.PURPOSE, token), False
    except ExpiredToken as old:
        values, expired = old.values, True
    except BadToken:
        raise Http404("This link is not complete.") from None
    season = Season.objects.filter(pk=values[0]).first() if len(values) == 2 else None
    if season is None:
        raise Http404("This link leads nowhere.")
    return season, values[1], expired


def _renew(request: HttpRequest, pending: PendingBallot) -> HttpResponse:
    """An expired link says so and offers a new one; nobody's address is kept, so it has to be typed again."""
    form = AddressForm(request.POST if "email" in request.POST else None)
    context: dict[str, Any] = {"season": pending.season, "form": form}
    if form.is_valid():
        email = form.cleaned_data["email"]
        return sent(
            request, pending.season, email, ballot_requests.renew(pending, email=email, ip=client_address(request))
        )
    status = HTTPStatus.BAD_REQUEST if form.is_bound else HTTPStatus.GONE
    return render(request, "surveys/ballot_expired.html", context, status=status)


def _categories_open_now(season: Season) -> list[AwardCategory]:
    categories = season.categories.select_related("season").prefetch_related("nominees")
    return [category for category in categories if category.is_taking_ballots]


def _vote_page(request: HttpRequest, form: VoteForm, status: HTTPStatus) -> HttpResponse:
    context = {"season": form.season, "form": form, "newsletter": Newsletter.objects.open().default()}
    template = "surveys/vote.html" if form.categories else "surveys/vote_closed.html"
    page = render(request, template, context, status=status)
    return page if request.method != "POST" else no_store(page)


def _paused(request: HttpRequest, season: Season) -> HttpResponse:
    """Without the pepper voters cannot be told apart: nothing was taken, and they should come back."""
    logger.error(
        "The pepper of the season “%s” is missing: no vote can be taken or confirmed until it is back.", season
    )
    page = render(request, "surveys/vote_paused.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
    page["Retry-After"] = "600"
    return no_store(page)
