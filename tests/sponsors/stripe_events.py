"""What Stripe reports, with the fields that it really sends, as one of its API's versions has them."""

import json
import time

BEFORE, SINCE = "2022-08-01", "2026-10-01"  # charges list their refunds; they do not


def event(kind, about, *, number="evt_3SXk2eLkdIwHu7ix0q1", version=SINCE, at=None):
    """An event, as the body of a request."""
    head = {
        "id": number, "object": "event", "api_version": version, "created": at or int(time.time()), "livemode": False,
        "pending_webhooks": 1, "request": {"id": "req_a1B2c3D4e5F6g7", "idempotency_key": None}, "type": kind,
    }  # fmt: skip
    return json.dumps(head | {"data": {"object": about}}, indent=2)


def session(booking, **fields):
    """A page of Checkout that was paid by card."""
    named = {"booking": str(booking.pk), "invoice": booking.invoices.first().number}
    return {
        "id": "cs_test_a1", "object": "checkout.session", "adaptive_pricing": {"enabled": False}, "after_expiration": None,
        "allow_promotion_codes": None, "amount_subtotal": 178500, "amount_total": 178500,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None, "cancel_url": "https://news.example/", "client_reference_id": str(booking.pk),
        "client_secret": None, "consent": None, "created": 1796000000, "currency": "usd", "currency_conversion": None,
        "custom_fields": [], "customer": None, "customer_creation": "if_required",
        "customer_details": {"address": {"country": "DE"}, "email": "ads@northwind.example", "tax_ids": []},
        "customer_email": "ads@northwind.example", "expires_at": 1796003600, "invoice": None, "livemode": False, "locale": None,
        "metadata": named, "mode": "payment", "payment_intent": "pi_1", "payment_link": None, "payment_method_types": ["card"],
        "payment_status": "paid", "presentment_details": None, "recovered_from": None, "setup_intent": None, "status": "complete",
        "submit_type": None, "subscription": None, "success_url": "https://news.example/",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}, "ui_mode": "hosted", "url": None,
    } | fields  # fmt: skip


def refund(number="re_1", *, amount=50000, status="succeeded", **fields):
    return {
        "id": number, "object": "refund", "amount": amount, "balance_transaction": "txn_1", "charge": "ch_1", "created": 1796000100,
        "currency": "usd", "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": {}, "payment_intent": "pi_1", "reason": "requested_by_customer", "receipt_number": None,
        "source_transfer_reversal": None, "status": status, "transfer_reversal": None,
    } | fields  # fmt: skip


def charge(booking, *, amount_refunded=50000, **fields):
    """A charge; of those API versions in which it does not list its refunds, unless `refunds` are given."""
    named = {"booking": str(booking.pk), "invoice": booking.invoices.first().number}
    return {
        "id": "ch_1", "object": "charge", "amount": 178500, "amount_captured": 178500, "amount_refunded": amount_refunded,
        "balance_transaction": "txn_0", "billing_details": {"email": "ads@northwind.example"}, "captured": True,
        "created": 1796000050, "currency": "usd", "customer": None, "disputed": False, "failure_code": None, "livemode": False,
        "metadata": named, "outcome": {"network_status": "approved_by_network", "type": "authorized"}, "paid": True,
        "payment_intent": "pi_1", "payment_method": "pm_1", "receipt_url": "https://pay.stripe.com/receipts/x",
        "refunded": amount_refunded == 178500, "status": "succeeded",
    } | fields  # fmt: skip


def listed(*refunds, has_more=False):
    """The refunds of a charge, the newest first."""
    return {"object": "list", "data": list(refunds), "has_more": has_more, "url": "/v1/charges/ch_1/refunds"}


def dispute(status="needs_response", *, amount=178500, back=None, settled="usd", **fields):
    """A dispute. What it takes and puts back is in `balance_transactions`, as far as it moved: `back`, or all if it is won."""
    back = (amount if status == "won" else 0) if back is None else back
    moved = [] if status.startswith("warning") else [_moved("dispute", -amount, 1500, settled)]
    moved += [_moved("dispute_reversal", back, -1500, settled)] if back else []
    return {
        "id": "du_1", "object": "dispute", "amount": amount, "balance_transactions": moved, "charge": "ch_1",
        "created": 1796000200, "currency": "usd", "enhanced_eligibility_types": [],
        "evidence": {"customer_email_address": "ads@northwind.example", "uncategorized_text": None},
        "evidence_details": {"due_by": 1797206399, "has_evidence": False, "past_due": False, "submission_count": 0},
        "is_charge_refundable": status.startswith("warning"), "livemode": False, "metadata": {}, "payment_intent": "pi_1",
        "payment_method_details": {"card": {"brand": "visa", "case_type": "chargeback"}, "type": "card"},
        "reason": "product_not_received", "status": status,
    } | fields  # fmt: skip


def _moved(kind, amount, fee, currency):
    return {
        "id": f"txn_{kind}", "object": "balance_transaction", "amount": amount, "currency": currency, "fee": fee,
        "net": amount - fee, "reporting_category": kind, "source": "du_1", "status": "pending", "type": "adjustment",
    }  # fmt: skip
