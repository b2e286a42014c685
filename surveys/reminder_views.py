"""Asking to be reminded of a vote: the form, the link that confirms it, and the link that stops it. A GET changes nothing."""

from http import HTTPStatus
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from core.lib.forms import client_address, no_store, personal, refuse_cross_site
from core.lib.networks import public_network_of
from core.lib.signing import BadToken, ExpiredToken, read_token
from core.pagecache import public
from core.ratelimit import allow
from surveys import followers
from surveys.forms import ReminderForm
from surveys.models import Follower, Season

PER_HOUR = 30
OPEN = (Season.State.NOMINATING, Season.State.SHORTLISTING, Season.State.VOTING)
FOLLOWED = Q(state__in=OPEN) | Q(state__in=followers.OVER, is_imported=False)


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
@public
def remind(request: HttpRequest, season: str) -> HttpResponse:
    """Ask to be told of the vote; once it is over, of the next nominations. The answer is the same for every address."""
    found = get_object_or_404(Season.objects.public().filter(FOLLOWED), slug=season)
    is_over = found.is_over
    context = {"season": found, "is_over": is_over}
    if request.method != "POST":
        return render(request, "surveys/remind.html", context | {"form": ReminderForm()})
    form = ReminderForm(request.POST)
    network = public_network_of(client_address(request))
    status = HTTPStatus.BAD_REQUEST
    if form.is_valid() and network and not allow(f"remind|{network}", limit=PER_HOUR, seconds=3600):
        form.add_error(None, "Many asked for reminders from your network. Try again in an hour.")
        status = HTTPStatus.TOO_MANY_REQUESTS
    if form.errors:
        return no_store(render(request, "surveys/remind.html", context | {"form": form}, status=status))
    if not form.is_trapped:
        followers.follow(found, form.cleaned_data["email"], reminders=not is_over, next_season=is_over)
    return no_store(render(request, "surveys/remind_sent.html", {"season": found, "email": form.cleaned_data["email"]}))


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link in the mail: its button confirms the address."""
    return personal(_act(request, token, followers.PURPOSE, stops=False))


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link at the foot of each reminder: its button ends them."""
    return personal(_act(request, token, followers.STOP, stops=True))


def _act(request: HttpRequest, token: str, purpose: str, *, stops: bool) -> HttpResponse:
    follower, wish = _follower(token, purpose)
    context: dict[str, Any] = {"follower": follower, "stops": stops, "is_done": False}
    if follower is None:
        status = HTTPStatus.OK if stops else HTTPStatus.GONE  # who was forgotten gets no reminders, which was wanted
        return render(request, "surveys/reminder.html", context, status=status)
    context["season"] = follower.season
    if request.method == "POST":
        if stops:
            followers.stop(follower)
        else:
            followers.confirm(follower, wish)
        context["is_done"] = True
    return render(request, "surveys/reminder.html", context)


def _follower(token: str, purpose: str) -> tuple[Follower | None, list[int]]:
    """Whose link this is, and what it says besides."""
    try:
        key, *wish = read_token(purpose, token)
    except (BadToken, ExpiredToken, ValueError):
        return None, []
    return Follower.objects.filter(pk=key).select_related("season").first(), wish
