"""The page behind the link in a voter's mail: GET shows the choice and a button, POST casts the ballot."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core.lib.forms import client_address, refuse_cross_site
from core.lib.signing import BadToken, ExpiredToken, read_token
from surveys import ballots, contexts, keys
from surveys.forms import RenewForm
from surveys.models import PendingBallot, Season


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@refuse_cross_site
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm a ballot. Mail scanners open links, so opening it changes nothing."""
    try:
        season, pending_id, expired = _read(token)
        pending = season.pending_ballots.filter(pk=pending_id).first()
        if pending and request.method != "POST" and not season.is_taking_ballots:
            raise ballots.NotOpen
        if pending and expired:
            return _renew(request, pending)
        if pending and request.method != "POST":
            return render(request, "surveys/ballot.html", contexts.pending_ballot(pending))
        if request.method == "POST":
            casting = ballots.confirm(season=season, pending_id=pending_id)
        else:
            casting = ballots.cast_before(season, pending_id)
    except ballots.LinkUsed:
        return render(request, "surveys/ballot_used.html", {"season": season}, status=HTTPStatus.GONE)
    except ballots.NotOpen:
        return render(request, "surveys/ballot_late.html", {"season": season}, status=HTTPStatus.CONFLICT)
    except keys.PepperMissing:
        contexts.log_missing_pepper(season)
        return render(request, "surveys/vote_paused.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
    status = HTTPStatus.OK if casting.cast else HTTPStatus.CONFLICT
    return render(request, "surveys/ballot_cast.html", {"casting": casting, "season": season}, status=status)


def _read(token: str) -> tuple[Season, int, bool]:
    """The season and pending ballot a link leads to, and whether its time is past."""
    try:
        values, expired = read_token(ballots.PURPOSE, token), False
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
    form = RenewForm(request.POST if "email" in request.POST else None)
    context: dict[str, Any] = {"season": pending.season, "form": form}
    if form.is_valid():
        email = form.cleaned_data["email"]
        try:
            ballots.renew(pending, email=email, ip=client_address(request))
        except ballots.TooMany:
            form.add_error("email", "Several mails went out already. Look in your inbox, or try again in an hour.")
            return render(request, "surveys/ballot_expired.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
        return render(request, "surveys/vote_sent.html", context | {"email": email, "renewed": True})
    status = HTTPStatus.BAD_REQUEST if form.is_bound else HTTPStatus.GONE
    return render(request, "surveys/ballot_expired.html", context, status=status)
