"""Paying by card or wallet at Stripe, where STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are set. All else works without it.

The library is imported here alone, and only then: requirements-providers.txt brings it. What Stripe reports is taken as a
payment once, however often it says so: by the reference of the payment itself, which every event of it has.
"""

from datetime import UTC, datetime
from decimal import Decimal
from importlib.util import find_spec
from typing import Any

from django.conf import settings

from core.transitions import TransitionRefused
from sponsors import payments
from sponsors.models import Booking, Payment
from sponsors.money import invoices, ledger
from sponsors.money.amounts import coin

PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
PROVIDER = "stripe"


class Forged(Exception):
    """What came is not Stripe's, or too old."""


def is_offered() -> bool:
    return bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET) and find_spec("stripe") is not None


def begin(booking: Booking) -> str:
    """The address of Stripe's page on which what is due is paid. Raises TransitionRefused."""
    due, billed = ledger.balance(booking), invoices.standing(booking)
    if not is_offered() or billed is None or due <= 0:
        raise TransitionRefused("Nothing is due that could be paid here.")
    from stripe import StripeClient, StripeError

    back = settings.SITE_URL + booking.billing_path
    line = {"currency": booking.currency.lower(), "unit_amount": int(due / coin(booking.currency))}
    wanted: Any = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": line | {"product_data": {"name": f"{billed}"}}}],
        "client_reference_id": str(booking.pk),
        "metadata": {"booking": str(booking.pk), "invoice": billed.number},
        "success_url": back,
        "cancel_url": back,
    }
    if to := billed.buyer_email or booking.contact_email:
        wanted["customer_email"] = to
    client = StripeClient(
        settings.STRIPE_SECRET_KEY, base_addresses={"api": settings.STRIPE_API_URL}, max_network_retries=0
    )
    try:
        session = client.v1.checkout.sessions.create(
            wanted, {"idempotency_key": f"{booking.pk}-{due}-{datetime.now(UTC):%Y%m%d%H%M}"}
        )
    except StripeError as error:
        raise TransitionRefused("Paying by card does not work at the moment. Please transfer the amount.") from error
    return str(session.url)


def take_event(payload: bytes, signature: str) -> Payment | None:
    """Record the payment that an event of Stripe tells of; None for all other events. Raises Forged."""
    import stripe

    try:
        event = stripe.Webhook.construct_event(payload, signature, settings.STRIPE_WEBHOOK_SECRET)
    except (ValueError, stripe.SignatureVerificationError) as error:
        raise Forged from error
    told = event.to_dict()
    session = told["data"]["object"]
    if told["type"] not in PAID or session.get("payment_status") != "paid":
        return None
    booking = Booking.objects.filter(pk=session.get("client_reference_id") or 0).first()
    if booking is None:
        return None
    currency = str(session["currency"]).upper()
    return payments.receive(
        booking,
        Decimal(session["amount_total"]) * coin(currency),
        currency=currency,
        paid_on=datetime.fromtimestamp(told["created"], UTC).date(),
        method=Payment.Method.CARD,
        reference=f"{PROVIDER}:{session.get('payment_intent') or session['id']}",
    )
