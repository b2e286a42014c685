"""Paying by card or wallet at Stripe, where STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are set. All else works without it.

The library is imported here alone, and only then: requirements-providers.txt brings it. What Stripe reports is taken as a
payment once, however often it says so: by the reference of the payment itself, which every event of it has. So is what is
paid back there, by the reference of the refund; disputes are `disputes`.

Sources: amounts and their units, docs.stripe.com/currencies ("Minor units in API amounts", "Special cases"); refunds and
their events, docs.stripe.com/changelog/acacia/2024-10-28/refund-webhook-update (all refunds have refund.created, .updated
and .failed since) and docs.stripe.com/changelog/2022-11-15/deprecates-charges-auto-expand (charge.refunded lists none).
"""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.db import transaction

from core import audit
from core.models import SiteProfile
from core.transitions import TransitionRefused, lock
from sponsors import disputes, emails, payments
from sponsors.models import Booking, Invoice, Payment
from sponsors.money import invoices, ledger
from sponsors.money.amounts import ZERO, rounded

# How many of Stripe's units are one of a currency. They are Stripe's own: kronur and shillings (ISK, UGX) are told in
# hundredths though they have none, and ariary (MGA) whole though they have. Of thousandths, the last digit has to be zero,
# which it is, since no amount of ours is finer than a hundredth.
_UNITS = {
    1: "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF",
    100: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE CZK"
        " DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD KES KGS KHR KYD KZT"
        " LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR"
        " PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH UGX USD UYU UZS WST"
        " XCD YER ZAR ZMW"
    ),
    1000: "BHD JOD KWD OMR TND",
}
UNITS = {code: units for units, codes in _UNITS.items() for code in codes.split()}
OPEN_FOR = timedelta(hours=1)
UNPLACED = "could not place a payment for"
PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
REFUNDS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")
CHARGE_REFUNDED = "charge.refunded"
FAILED = ("failed", "canceled")
NEVER_ARRIVED = "heard of a refund that failed before it was recorded"
WHY = {"duplicate": "paid twice", "fraudulent": "taken for fraud", "requested_by_customer": "asked for by the customer"}
PROVIDER = "stripe"


class Forged(Exception):
    """What came is not Stripe's, or too old."""


class Unreachable(Exception):
    """Stripe does not say now what we have to know; it reports the same again later."""


def is_set() -> bool:
    return bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET) and find_spec("stripe") is not None


def is_offered(currency: str) -> bool:
    """Whether one can pay at Stripe in this currency."""
    return is_set() and currency in UNITS


def begin(booking: Booking) -> str:
    """The address of Stripe's page on which what is due is paid. Raises TransitionRefused."""
    due, billed = ledger.balance(booking), invoices.standing(booking)
    if not is_offered(booking.currency) or billed is None or due <= 0:
        raise TransitionRefused(
            "Nothing is due that could be paid here. What is due stands on your page of invoices and payment."
        )
    units = due * UNITS[booking.currency]
    if units != int(units):
        raise TransitionRefused("This amount cannot be paid by card. Please transfer it.")
    from stripe import StripeError

    wanted = _session(booking, billed, int(units))
    # A key stands for one set of values: with others, Stripe refuses it.
    key = sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
    try:
        session = _client().v1.checkout.sessions.create(wanted, {"idempotency_key": key})
    except StripeError as error:
        raise TransitionRefused("Paying by card does not work at the moment. Please transfer the amount.") from error
    return str(session.url)


def _client() -> Any:
    from stripe import StripeClient

    return StripeClient(
        settings.STRIPE_SECRET_KEY, base_addresses={"api": settings.STRIPE_API_URL}, max_network_retries=0
    )


def _session(booking: Booking, billed: Invoice, units: int) -> Any:
    """What Stripe is asked for: a page for one amount, which is open for a while only, so that few are paid twice."""
    back = settings.SITE_URL + booking.billing_path
    line = {"currency": booking.currency.lower(), "unit_amount": units, "product_data": {"name": f"{billed}"}}
    named = {"booking": str(booking.pk), "invoice": billed.number}
    wanted: Any = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": line}],
        "client_reference_id": str(booking.pk),
        "metadata": named,
        "payment_intent_data": {"metadata": named},  # so that its charge says so, too
        "expires_at": int((datetime.now(UTC) + OPEN_FOR).timestamp()),
        "adaptive_pricing": {"enabled": False},  # what is billed in one currency is paid in it
        "success_url": back,
        "cancel_url": back,
    }
    if to := billed.buyer_email or booking.contact_email:
        wanted["customer_email"] = to
    return wanted


def take_event(payload: bytes, signature: str) -> Payment | None:
    """Record what an event of Stripe tells was paid, paid back or disputed, the last of it if it tells of several; None for
    other events.

    Raises Forged; Unreachable. A payment that began here says so by its booking and invoice. One that does and still cannot be recorded is kept in the
    audit log and told to the managers; what else is sold at the same account is left alone.
    """
    import stripe

    try:
        event = stripe.Webhook.construct_event(payload, signature, settings.STRIPE_WEBHOOK_SECRET)
    except (ValueError, stripe.SignatureVerificationError) as error:
        raise Forged from error
    told = event.to_dict()
    kind, object_, on = told["type"], told["data"]["object"], datetime.fromtimestamp(told["created"], UTC).date()
    if kind in disputes.EVENTS:
        return _take_dispute(kind, object_, on)
    if kind in PAID:
        return _take_session(object_, on)
    if kind in REFUNDS:
        return _take_refund(object_, on)
    if kind == CHARGE_REFUNDED:
        taken = [_take_refund(refund, on) for refund in _refunds_of(object_)]
        return next((each for each in taken[::-1] if each), None)
    return None


def _take_session(session: dict[str, Any], on: date) -> Payment | None:
    named = session.get("metadata") or {}
    if session.get("payment_status") != "paid" or not _is_ours(session):
        return None
    reference = f"{PROVIDER}:{session.get('payment_intent') or session['id']}"
    try:
        return _paid(session, named, reference, on=on)
    except TransitionRefused as refusal:
        _keep(session, reference, str(refusal))
        return None


def _is_ours(told: dict[str, Any]) -> bool:
    """Whether it began here, as it says."""
    return {"booking", "invoice"} <= set(told.get("metadata") or {})


def _refunds_of(charge: dict[str, Any]) -> list[dict[str, Any]]:
    """The refunds of a charge of ours, the first one first: as it lists them, or as Stripe says when asked. Raises Unreachable."""
    if _payment_of(charge) is None:
        if _is_ours(charge):  # what is told out of order
            _keep(charge, f"{PROVIDER}:{charge['id']}", "It was paid back, and we know of no such payment.")
        return []
    listed = charge.get("refunds") or {"has_more": True}
    if listed.get("has_more"):
        from stripe import StripeError

        try:
            listed = _client().v1.refunds.list({"charge": charge["id"], "limit": 100}).to_dict()
        except StripeError as error:
            raise Unreachable from error
    refunds: list[dict[str, Any]] = listed["data"]
    return refunds[::-1]


def _payment_of(charge_or_refund: dict[str, Any]) -> Payment | None:
    """The payment of ours that it is about."""
    reference = f"{PROVIDER}:{charge_or_refund.get('payment_intent')}"
    return Payment.objects.filter(provider_ref=reference).select_related("booking__sponsor").first()


def _take_refund(refund: dict[str, Any], on: date) -> Payment | None:
    """Record a refund of a payment of ours once it went through, and that it came back where it failed afterwards."""
    payment, reference = _payment_of(refund), f"{PROVIDER}:{refund['id']}"
    if payment is None:
        return None
    with transaction.atomic():
        lock(payment.booking)  # what is told of one refund at the same moment is taken one after the other
        try:
            with transaction.atomic():
                return _refunded(refund, payment, reference, on)
        except TransitionRefused as refusal:
            _keep(refund, reference, str(refusal))
            return None


def _refunded(refund: dict[str, Any], payment: Payment, reference: str, on: date) -> Payment | None:
    status, known = refund.get("status"), Payment.objects.filter(provider_ref=reference).first()
    if known and status in FAILED:
        return payments.came_back(
            known, paid_on=on, note="What Stripe paid back did not arrive, so it is with us again"
        )
    if known:
        return known
    failed = audit.entries_about(SiteProfile.current()).filter(action=NEVER_ARRIVED, detail=reference)
    if status in FAILED and not failed.exists():
        audit.record(NEVER_ARRIVED, SiteProfile.current(), by="Stripe", detail=reference)
    if status != "succeeded" or failed.exists():  # events come in any order, and what has failed stays so
        return None
    why = WHY.get(refund.get("reason") or "", "")
    return payments.refund(
        payment.booking,
        _amount_of(refund, payment),
        paid_on=on,
        method=Payment.Method.CARD,
        reference=reference,
        note=f"Paid back at Stripe{f', {why}' if why else ''}",
        by=None,
        is_gone=True,
    )


def _take_dispute(kind: str, dispute: dict[str, Any], on: date) -> Payment | None:
    payment, reference = _payment_of(dispute), f"{PROVIDER}:{dispute['id']}"
    if payment is None:
        charge = _charge_of(dispute)
        if _is_ours(charge):  # what could not be placed, or is told out of order
            named = dispute | {"metadata": charge["metadata"]}
            _keep(named, reference, "The buyer’s bank disputes it, and we know of no such payment.")
        return None
    try:
        amount = _amount_of(dispute, payment)
        gone, back = _moved(kind, dispute, amount, payment.currency)
        return disputes.take(kind, dispute, payment.booking, amount, gone, back, provider=PROVIDER, on=on)
    except TransitionRefused as refusal:
        _keep(dispute, reference, str(refusal))
        return None


def _charge_of(dispute: dict[str, Any]) -> dict[str, Any]:
    """The charge that is disputed, as Stripe says when asked: it alone says what was paid. Raises Unreachable."""
    from stripe import InvalidRequestError, StripeError

    try:
        charge: dict[str, Any] = _client().v1.charges.retrieve(dispute["charge"]).to_dict()
    except InvalidRequestError:  # there is none for us, so it is not ours
        return {}
    except StripeError as error:
        raise Unreachable from error
    return charge


def _moved(kind: str, dispute: dict[str, Any], amount: Decimal, currency: str) -> tuple[Decimal, Decimal]:
    """What a dispute took so far, and what it put back. Where the account is in another currency, in proportion."""
    moves = dispute.get("balance_transactions") or []
    took = -sum(each["amount"] for each in moves if each["amount"] < 0)
    gave = sum(each["amount"] for each in moves if each["amount"] > 0)
    if not took:
        return (amount if kind in disputes.MOVING else ZERO), (amount if kind == disputes.REINSTATED else ZERO)
    if all(each["currency"].upper() == currency for each in moves):
        return Decimal(took) / UNITS[currency], Decimal(gave) / UNITS[currency]
    return amount, rounded(amount * gave / took, currency)


def _amount_of(told: dict[str, Any], payment: Payment) -> Decimal:
    """How much of a payment a refund or a dispute is about. Raises TransitionRefused."""
    currency = str(told["currency"]).upper()
    if currency != payment.currency:
        raise TransitionRefused(f"It is in {currency}, and what was paid in {payment.currency}.")
    return Decimal(told["amount"]) / UNITS[currency]


def _paid(session: dict[str, Any], named: dict[str, Any], reference: str, *, on: date) -> Payment:
    billed = (
        Invoice.objects.filter(kind=Invoice.Kind.INVOICE, number=named["invoice"]).select_related("booking").first()
    )
    if billed is None or str(billed.booking_id) != named["booking"]:
        raise TransitionRefused("It is for no invoice of ours.")
    currency = str(session["currency"]).upper()
    if currency not in UNITS:
        raise TransitionRefused(f"It is in {currency}, in which we take no cards.")
    return payments.receive(
        billed.booking,
        Decimal(session["amount_total"]) / UNITS[currency],
        currency=currency,
        paid_on=on,
        method=Payment.Method.CARD,
        reference=reference,
    )


def _keep(told: dict[str, Any], reference: str, why: str) -> None:
    """Keep what was paid, paid back or disputed, and cannot be recorded, and tell the managers, once."""
    names = {"client_reference_id", "amount_total", "amount", "amount_refunded", "currency", "metadata"} & told.keys()
    detail = f"{reference}: {why} {json.dumps({name: told[name] for name in names}, sort_keys=True)}"[:1000]
    subject = SiteProfile.current()
    if audit.entries_about(subject).filter(action=UNPLACED, detail=detail).exists():
        return
    audit.record(UNPLACED, subject, by="Stripe", detail=detail)
    emails.unplaced_payment(reference, why)
