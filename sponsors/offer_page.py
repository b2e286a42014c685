"""The page of an offer: its days, the button that accepts it, and the way to the booking that was made of it."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core.lib.forms import refuse_cross_site
from core.lib.signing import BadToken, ExpiredToken, read_token
from core.ratelimit import allow
from core.transitions import TransitionRefused
from sponsors import availability, emails, media_kit, offers
from sponsors.availability import Series
from sponsors.booking import Unavailable
from sponsors.models import Offer
from sponsors.models.offers import OFFER
from sponsors.views import with_alternatives


@require_http_methods(["GET", "HEAD", "POST"])
@refuse_cross_site
@never_cache
def offer(request: HttpRequest, token: str) -> HttpResponse:
    """An offer with the days on which it can start; POST accepts it, or mails the link to what was booked."""
    try:
        seen = read_token(OFFER, token)
    except ExpiredToken as expired:
        seen = expired.values
    except BadToken:
        raise Http404("This link is not complete. Open it from the e-mail again.") from None
    row = get_object_or_404(Offer.objects.select_related("package", "booking"), pk=seen[0])
    refusal, start, sent = "", request.POST.get("start", ""), False
    if "link" in request.POST:
        sent = _mailed(row)
    elif request.method == "POST":
        try:
            return redirect(offers.accept(row, start=_day(start), seen=seen).portal_path)
        except Unavailable as conflict:
            refusal = with_alternatives(conflict)
        except TransitionRefused as conflict:
            refusal = str(conflict)
    context = {"offer": row, "refusal": refusal, "chosen": start, "includes": media_kit.includes(row.package)}
    context |= {"sent": sent, "price_note": media_kit.price_note()}
    if row.is_open():
        series = Series(row.runs, row.weeks)
        context["table"] = availability.table([row.package], start_of=row.package, series=series, category=row.category)
    response = render(request, "sponsors/offer.html", context, status=409 if refusal else 200)
    response["X-Robots-Tag"], response["Referrer-Policy"] = "noindex", "same-origin"
    return response


def _mailed(row: Offer) -> bool:
    """Whether the booking's address gets a link to its page: whoever was passed the offer's link gets none here."""
    booking = row.booking
    may = booking is not None and booking.contact_email and allow(f"portal|{booking.pk}", limit=3, seconds=3600)
    if may and booking:
        emails.portal_link(booking)
    return bool(may)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise TransitionRefused("Choose a first day on the calendar.") from None
