"""The page of a booking: where it stands, what comes next, and its whole story; the questions before it is cancelled."""

from decimal import Decimal
from typing import Any, NamedTuple, cast

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from core.admin.steps import offers, take_posted
from core.lib import clock
from core.models import User
from core.transitions import TransitionRefused
from sponsors import booking, emails, moves, outlook, reports, story
from sponsors.admin import steps
from sponsors.models import Booking, Claim, Creative, MakeGood
from sponsors.models.catalogue import money
from sponsors.money import invoices, ledger, terms

State = Booking.State


class Phase(NamedTuple):
    """A phase of a booking's life. `place` is “past”, “now” or “next”."""

    name: str
    place: str
    begins: Any = None


def address(row: Booking) -> str:
    """Where a booking's page is."""
    return reverse("admin:sponsors_booking_overview", args=[row.pk])


def booking_page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Where a booking stands, what comes next, its places, ads, figures, mails and what was done."""
    row = row_of(pk)
    if not desk.has_view_permission(request, row):
        raise PermissionDenied
    context: dict[str, Any] = {"title": str(row), "booking": row, "phases": phases_of(row)}
    context |= offers(request, row, steps.next_of(row), steps.others_of(row))
    context |= {"quiet": _quiet(row), "outlooks": outlook.of_booking(row), "report": reports.report_on(row)}
    context["released"] = row.claims.filter(state=Claim.State.RELEASED).select_related("unit__kind")
    context["creatives"] = Creative.objects.filter(booking=row).with_standing().select_related("kind")
    context["owed"] = MakeGood.objects.filter(claim__booking=row).select_related(
        "claim__unit__kind", "given__unit__kind"
    )
    context["story"] = story.of_booking(row)
    context["may_change"] = desk.has_change_permission(request, row)
    context["may_decide"] = may_decide(request)
    context |= {"invoices": row.invoices.order_by("id"), "standing": _standing(row)}
    context["unbilled"] = row.state == State.CONFIRMED and not invoices.standing(row) and invoices.missing(row)
    context["moves"] = bool(moves.movable(row, is_staff=True))
    context["cancels"] = booking.ahead_of(row).exists() or booking.running(row).exists()
    return render(request, "admin/sponsors/booking/overview.html", frame(desk, request, context))


def booking_step(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Take the step that the booking's page offered."""
    row = row_of(pk)
    if not desk.has_change_permission(request, row):
        raise PermissionDenied
    found = [step for step in (steps.next_of(row), *steps.others_of(row)) if step]
    take_posted(request, row, found)
    return HttpResponseRedirect(address(row))


def mail_link(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Mail the sponsor the link to their own page again."""
    row = row_of(pk)
    if not desk.has_change_permission(request, row):
        raise PermissionDenied
    if row.is_live() and row.contact_email:
        emails.portal_link(row)
        messages.success(request, f"The link is on its way to {row.contact_email}.")
    else:
        messages.error(request, "This booking is over, so its link leads nowhere.")
    return HttpResponseRedirect(address(row))


def cancel_page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """GET says what cancelling takes back and what stays, POST does it."""
    row = row_of(pk)
    if not may_decide(request):
        raise PermissionDenied
    if request.method == "POST":
        try:
            booking.cancel(row, by=cast(User, request.user), reason=request.POST.get("reason", ""))
        except TransitionRefused as refusal:
            messages.error(request, f"{row}: {refusal}")
        else:
            messages.success(request, f"{row} is cancelled.")
        return redirect(address(row))
    ahead = list(booking.ahead_of(row).select_related("unit__kind"))
    kept = row.claims.filter(state=Claim.State.CONFIRMED).exclude(pk__in=[claim.pk for claim in ahead])
    context = {"row": row, "ahead": ahead, "kept": kept.select_related("unit__kind")}
    context |= {"running": booking.running(row).select_related("unit__kind")}
    credited = terms.credited_lines(row, ahead) if row.state == State.CONFIRMED else []
    credit = sum((line.price for line in credited), Decimal(0))
    context |= {"credited": [f"{line.text}: {money(line.price, row.currency)}" for line in credited]}
    context |= {"credit_text": money(credit, row.currency)}
    context |= {"title": f"Cancel the booking of {row.name}?", "over": row.state in ("cancelled", "expired")}
    return render(request, "admin/sponsors/booking/cancel.html", frame(desk, request, context))


def may_decide(request: HttpRequest) -> bool:
    return request.user.has_perm("sponsors.decide_booking")


def phases_of(row: Booking) -> list[Phase]:
    """Asked, known, confirmed, ad ready, running, over: how far it has come, or where it ended."""
    days = row.claims.exclude(state=Claim.State.RELEASED)
    ends = days.aggregate(last=Max("unit__date"))["last"]
    first = days.order_by("unit__date").values_list("unit__date", flat=True).first()
    today = clock.utc_day()
    sold = row.state == State.CONFIRMED
    ready = sold and not steps.missing(row) and not steps.waiting(row)
    done = [
        ("Asked for", True, row.requested_at),
        ("Address confirmed", bool(row.address_confirmed_at) or sold, row.address_confirmed_at),
        ("Confirmed", sold, row.decided_at if sold else None),
        ("Ads ready", ready or bool(sold and ends and ends < today), None),
        ("Running", bool(sold and first and first <= today), None),
        ("Over", bool(sold and ends and ends < today), None),
    ]
    if row.state in (State.CANCELLED, State.EXPIRED):
        known = [Phase(name, "past", at) for name, is_done, at in done[:2] if is_done]
        return [*known, Phase(row.get_state_display(), "now", row.decided_at)]
    last = max(place for place, (_, is_done, _) in enumerate(done) if is_done)
    return [
        Phase(name, "now" if place == last else "past" if is_done else "next", at)
        for place, (name, is_done, at) in enumerate(done)
    ]


def _quiet(row: Booking) -> str:
    """What to say where nothing is to be done."""
    if row.state == State.CANCELLED:
        return "Nothing more: it is cancelled." + (f" The reason given: {row.reason}" if row.reason else "")
    ahead = (
        row.claims.filter(state=Claim.State.CONFIRMED, unit__date__gte=clock.utc_day()).order_by("unit__date").first()
    )
    if ahead:
        return f"Nothing is to be done: its ads run by themselves, the next on {ahead.unit.date:%-d %b %Y}."
    return "Nothing more: all its days are over, and its report stands."


def _standing(row: Booking) -> str:
    """What is owed by whom."""
    balance = ledger.balance(row)
    if balance > 0:
        return f"{money(balance, row.currency)} is owed to us"
    if balance < 0:
        return f"{money(-balance, row.currency)} of credit"
    return "Settled" if row.invoices.exists() else "Nothing is owed yet"


def row_of(pk: int) -> Booking:
    return get_object_or_404(Booking.objects.select_related("sponsor", "package", "decided_by"), pk=pk)


def frame(desk: ModelAdmin, request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    return desk.admin_site.each_context(request) | {"opts": desk.opts} | context
