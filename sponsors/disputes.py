"""Disputes: what a buyer's bank takes back, and puts back where the dispute is won. It is on the ledger once the money moved.

An inquiry of a bank takes nothing. A dispute takes its amount at once, and a fee, which is between Stripe and us; what comes
of it is known weeks later. Source: docs.stripe.com/disputes/how-disputes-work and docs.stripe.com/api/disputes/object.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from core.transitions import TransitionRefused, lock
from sponsors import emails, payments
from sponsors.models import Booking, Payment
from sponsors.models.catalogue import money
from sponsors.money import ledger
from sponsors.money.amounts import ZERO

OPENED, WITHDRAWN = "charge.dispute.created", "charge.dispute.funds_withdrawn"
REINSTATED, CLOSED = "charge.dispute.funds_reinstated", "charge.dispute.closed"
EVENTS = (OPENED, WITHDRAWN, REINSTATED, CLOSED)
MOVING = (WITHDRAWN, REINSTATED)
INQUIRY = "warning_"  # begins the states of one that takes nothing


@transaction.atomic
def take(
    kind: str,
    told: dict[str, Any],
    booking: Booking,
    amount: Decimal,
    gone: Decimal,
    back: Decimal,
    *,
    provider: str,
    on: date,
) -> Payment | None:
    """Record what is `gone` and what came `back` by what an event tells of a dispute about a payment of ours, and tell the
    managers, however often and in whatever order it comes. Returns what moved last. Raises TransitionRefused."""
    lock(booking)
    taken = returned = None
    reference = f"{provider}{Payment.DISPUTE}{told['id']}"
    if gone:
        if told["status"] == "lost" and not back and _came_back(reference):
            raise TransitionRefused("This dispute was lost after it had been won.")
        note = f"Taken back by the buyer’s bank, which says: {_reason(told)}"
        taken = payments.taken_back(booking, gone, paid_on=on, reference=reference, note=note)
    if taken and back:
        returned = payments.came_back(taken, back, paid_on=on, note="A dispute was won, so it is with us again")
    if kind != REINSTATED and not (kind == CLOSED and told["status"] != "lost"):
        _tell_opened(booking, amount, told)
    if kind == CLOSED:
        _tell_closed(booking, amount, told, reference)
    return returned or taken


def _came_back(reference: str) -> bool:
    return Payment.objects.filter(provider_ref=f"{reference}{Payment.CAME_BACK}").exists()


def _reason(told: dict[str, Any]) -> str:
    return str(told.get("reason") or "no reason").replace("_", " ")


def _tell_opened(booking: Booking, amount: Decimal, told: dict[str, Any]) -> None:
    text, is_inquiry = money(amount, booking.currency), str(told["status"]).startswith(INQUIRY)
    until = (told.get("evidence_details") or {}).get("due_by")
    answer = f"Answer it at Stripe before {datetime.fromtimestamp(until, UTC):%-d %b %Y, %H:%M} UTC" if until else ""
    paragraphs = [
        f"The buyer’s bank says: {_reason(told)}.",
        *([f"{answer}. What is not answered in time is lost."] if answer else []),
        "It is an inquiry so far, which takes nothing."
        if is_inquiry
        else "The amount is taken at once, and put back if the dispute is won; the account follows. Until then it counts as owed, "
        "and no reminders go out for it.",
    ]
    _letter("disputed_to_us", booking, f"{booking.name} disputes {text}", paragraphs, about=told["id"])


def _tell_closed(booking: Booking, amount: Decimal, told: dict[str, Any], reference: str) -> None:
    """Say how it ended by what is on the ledger of it, whatever its state is called."""
    gone, back = (
        sum(booking.payments.filter(provider_ref=each).values_list("amount", flat=True), ZERO)
        for each in (reference, f"{reference}{Payment.CAME_BACK}")
    )
    ended = f"The dispute was closed: {told['status'].replace('_', ' ')}."
    if not gone:
        text, ends, paragraphs = amount, "is asked about no more", [f"{ended} Nothing was taken."]
    elif back >= gone:
        text, ends, paragraphs = back, "is with us again", [f"{ended} The account says so. Nothing is left to do."]
    elif told["status"] == "won" and not back:
        text, ends = gone, "was won and is still to come back"
        paragraphs = [f"{ended} Stripe has not put the amount back yet. The account follows once it does."]
    else:
        owed = money(max(ledger.balance(booking), ZERO), booking.currency)
        text, ends = gone - back, "stays gone"
        paragraphs = [
            f"{ended} {owed} is owed by the invoice that stands, and no reminders go out for it.",
            "Ask for it in another way, or give it up with a credit note.",
        ]
    heading = f"{money(text, booking.currency)} of {booking.name} {ends}"
    _letter("dispute_ended_to_us", booking, heading, paragraphs, about=f"{told['id']} {told['status']}")


def _letter(kind: str, booking: Booking, heading: str, paragraphs: Sequence[str], *, about: str) -> None:
    account = settings.SITE_URL + reverse("admin:sponsors_invoice_account", args=[booking.pk])
    emails.letter(
        kind,
        booking,
        subject=heading,
        heading=heading,
        paragraphs=paragraphs,
        buttons=[("The account", account)],
        about=about,
        to_us=True,
    )
