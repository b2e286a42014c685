"""Paying at Stripe: what it reports is taken once, and only where it is signed."""

import json
import time

import pytest
from django.urls import reverse

from sponsors.models import Payment
from sponsors.money import ledger
from tests.sponsors import factories

pytestmark = pytest.mark.django_db
stripe = pytest.importorskip("stripe")
SECRET = "whsec_test"


@pytest.fixture
def sold(settings):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_x", SECRET
    factories.seller()
    return factories.invoiced()


def event(booking, *, kind="checkout.session.completed", number="evt_1", **session):
    """An event in the shape that Stripe documents."""
    session = {
        "id": "cs_test_1", "object": "checkout.session", "client_reference_id": str(booking.pk), "currency": "usd",
        "amount_total": 178500, "payment_intent": "pi_1", "payment_status": "paid", "mode": "payment",
    } | session  # fmt: skip
    head = {
        "id": number,
        "object": "event",
        "api_version": "2026-10-01",
        "created": int(time.time()),
        "livemode": False,
    }
    return json.dumps(head | {"type": kind, "data": {"object": session}})


def report(client, payload, *, secret=SECRET, at=None):
    at = at or int(time.time())
    signature = stripe.WebhookSignature._compute_signature(f"{at}.{payload}", secret)
    headers = {"Stripe-Signature": f"t={at},v1={signature}"}
    return client.post(
        reverse("sponsors:stripe"), payload, content_type="application/json", headers=headers
    ).status_code


def test_a_payment_counts_once_however_often_and_by_which_event_it_is_told(sold, client):
    for told in (
        event(sold),
        event(sold),
        event(sold, number="evt_2", kind="checkout.session.async_payment_succeeded"),
    ):
        assert report(client, told) == 200
    assert (Payment.objects.get().provider_ref, ledger.balance(sold)) == ("stripe:pi_1", 0)


@pytest.mark.parametrize("forged", [{"secret": "whsec_other"}, {"at": 1_700_000_000}], ids=["signature", "age"])
def test_what_is_not_signed_or_old_is_refused(sold, client, forged):
    assert report(client, event(sold), **forged) == 400
    assert not Payment.objects.exists()


def test_what_is_no_payment_of_ours_changes_nothing(sold, client):
    others = [
        event(sold, payment_status="unpaid"), event(sold, kind="customer.created"), event(sold, client_reference_id="99999"),
    ]  # fmt: skip
    assert [report(client, each) for each in others] == [200, 200, 200]
    assert not Payment.objects.exists()


def test_the_page_offers_it_where_it_is_set_and_not_elsewhere(sold, client, settings):
    assert "Pay by card" in client.get(sold.billing_path).content.decode()
    settings.STRIPE_SECRET_KEY = ""
    assert "Pay by card" not in client.get(sold.billing_path).content.decode()
    assert client.post(reverse("sponsors:stripe"), "{}", content_type="application/json").status_code == 404


def test_paying_begins_at_stripe_with_what_is_due_or_says_that_it_cannot(sold, client, settings, http_server):
    settings.STRIPE_API_URL = http_server.url.rstrip("/")
    made = {"id": "cs_1", "object": "checkout.session", "url": "https://checkout.stripe.com/c/pay/cs_1"}
    http_server.page, http_server.answers = json.dumps(made).encode(), [500]
    assert "does not work at the moment" in client.post(sold.checkout_path).content.decode()
    assert f'href="{made["url"]}"' in client.post(sold.checkout_path).content.decode()
    assert b"unit_amount]=178500" in http_server.requests[-1].body
