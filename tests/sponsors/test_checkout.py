"""Paying at Stripe: what it reports is taken once, and only where it is signed."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.urls import reverse

from core.models import AuditEntry, OutgoingMail
from sponsors import checkout
from sponsors.models import Payment
from sponsors.money import invoices, ledger
from tests.sponsors import factories, stripe_events

pytestmark = pytest.mark.django_db
stripe = pytest.importorskip("stripe")
SECRET = "whsec_test"


@pytest.fixture
def sold(settings):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_x", SECRET
    factories.seller()
    return factories.invoiced()


def event(booking, *, kind="checkout.session.completed", number="evt_1", **session):
    return stripe_events.event(kind, stripe_events.session(booking, **session), number=number)


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


def test_what_comes_late_from_a_bank_account_is_paid_once_it_is_there(sold, client):
    report(client, event(sold, payment_status="unpaid"))
    assert ledger.balance(sold) == 1785
    report(client, event(sold, kind="checkout.session.async_payment_succeeded"))
    assert ledger.balance(sold) == 0


def test_a_part_counts_as_a_part_and_what_is_too_much_is_credit_of_which_the_managers_know(sold, client):
    factories.user("sponsors@example.com").groups.add(Group.objects.get(name="sponsorship manager"))
    report(client, event(sold, amount_total=100000))
    assert ledger.balance(sold) == 785
    report(client, event(sold, amount_total=100000, payment_intent="pi_2", number="evt_2"))
    assert (ledger.balance(sold), ledger.faults(), mails("paid_ahead_to_us")) == (-215, [], 1)


@pytest.mark.django_db(transaction=True)
def test_what_is_reported_at_the_same_moment_is_taken_once(sold):
    told = [event(sold)] * 4 + [event(sold, kind="checkout.session.async_payment_succeeded")] * 4

    def take(payload):
        try:
            return report(Client(), payload)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(take, told)) == {200}
    assert (Payment.objects.count(), ledger.balance(sold), ledger.faults()) == (1, 0, [])


@pytest.mark.parametrize("forged", [{"secret": "whsec_other"}, {"at": 1_700_000_000}], ids=["signature", "age"])
def test_what_is_not_signed_or_old_is_refused(sold, client, forged):
    assert report(client, event(sold), **forged) == 400
    assert not Payment.objects.exists()


def test_what_is_no_payment_of_ours_changes_nothing(sold, client):
    others = [
        event(sold, payment_status="unpaid"), event(sold, kind="customer.created"), event(sold, metadata={}),
        event(sold, kind="checkout.session.expired", payment_status="unpaid", payment_intent=None, status="expired"),
        event(sold, kind="checkout.session.async_payment_failed", payment_status="unpaid"),
        event(sold, payment_status="no_payment_required", payment_intent=None, amount_total=0),
    ]  # fmt: skip
    assert {report(client, each) for each in others} == {200}
    assert not Payment.objects.exists()
    assert not AuditEntry.objects.filter(action=checkout.UNPLACED).exists()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"metadata": {"booking": "abc", "invoice": "MP-1"}}, "no invoice of ours"),
        ({"metadata": {"booking": "99999"}}, "no invoice of ours"),
        ({"currency": "eur"}, "in USD"),
        ({"currency": "xau"}, "no cards"),
    ],
)
def test_what_began_here_and_cannot_be_recorded_is_kept_and_told_once(sold, client, changed, why):
    factories.user("sponsors@example.com").groups.add(Group.objects.get(name="sponsorship manager"))
    if "metadata" in changed:
        changed = {"metadata": {"invoice": sold.invoices.get().number} | changed["metadata"]}
    assert [report(client, event(sold, **changed)) for _ in range(2)] == [200, 200]
    assert not Payment.objects.exists()
    assert why in AuditEntry.objects.get(action=checkout.UNPLACED).detail
    assert OutgoingMail.objects.filter(kind="sponsors.unplaced_payment_to_us").count() == 1


@pytest.mark.parametrize(
    ("currency", "units"),
    [("USD", 178500), ("JPY", 1785), ("ISK", 178500), ("KWD", 1785000), ("MGA", 1785), ("BTC", 0)],
)
def test_amounts_are_told_in_the_units_of_stripe(sold, settings, currency, units):
    assert checkout.is_offered(currency) == bool(units)
    assert checkout.UNITS.get(currency, 0) * ledger.balance(sold) == units


def refund(sold, kind="refund.created", number="re_1", **fields):
    """An event about a refund, or about the charge that it belongs to."""
    about = (
        stripe_events.charge(sold, **fields) if kind == "charge.refunded" else stripe_events.refund(number, **fields)
    )
    return stripe_events.event(kind, about, number=f"evt_{number}_{kind}")


@pytest.fixture
def paid(sold, client):
    factories.user("sponsors@example.com").groups.add(Group.objects.get(name="sponsorship manager"))
    report(client, event(sold))
    return sold


def mails(kind):
    return OutgoingMail.objects.filter(kind=f"sponsors.{kind}").count()


def test_what_is_paid_back_at_stripe_is_on_the_ledger_once_in_words_however_it_is_told(
    paid, client, settings, http_server
):
    settings.STRIPE_API_URL = http_server.url.rstrip("/")
    invoices.credit(paid.invoices.get(), reason="Agreed.", lines=[invoices.Line("One day", Decimal("500.00"))])
    asked = stripe_events.listed(stripe_events.refund())
    http_server.page = json.dumps(asked).encode()
    for told in (
        refund(paid, status="pending"),
        refund(paid, "refund.updated"),
        refund(paid, "charge.refunded"),  # lists none: Stripe is asked
        refund(paid, "charge.refunded", refunds=asked),
        refund(paid),
    ):
        assert report(client, told) == 200
    row = Payment.objects.get(kind="refund")
    assert (row.amount, row.reference, row.note) == (
        500,
        "stripe:re_1",
        "Paid back at Stripe, asked for by the customer",
    )
    assert (ledger.balance(paid), ledger.faults(), mails("paid_back_to_us")) == (Decimal("-95.00"), [], 0)
    assert len(http_server.requests) == 1
    http_server.answers = [500]
    assert report(client, refund(paid, "charge.refunded")) == 503, "Stripe tells it again"


def test_a_refund_that_failed_is_none_in_whatever_order_it_is_told(paid, client):
    for told in (refund(paid, "refund.failed", status="failed"), refund(paid), refund(paid, "refund.updated")):
        assert [report(client, told) for _ in range(2)] == [200, 200]
    assert (ledger.balance(paid), Payment.objects.count(), mails("paid_back_to_us")) == (0, 1, 0)
    assert AuditEntry.objects.filter(action=checkout.NEVER_ARRIVED).count() == 1


def test_what_went_back_and_was_no_credit_is_owed_again_and_told_and_counts_anew_where_it_failed(paid, client):
    for _ in range(2):
        assert report(client, refund(paid)) == 200
    assert (ledger.balance(paid), mails("paid_back_to_us")) == (500, 1)
    for _ in range(2):
        assert report(client, refund(paid, "refund.failed", status="failed")) == 200
    assert (ledger.balance(paid), Payment.objects.count(), ledger.faults()) == (0, 3, [])
    assert "did not arrive" in Payment.objects.first().note


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"payment_intent": "pi_other"}, ""),
        ({"status": "failed"}, ""),
        ({"currency": "eur"}, "It is in EUR, and what was paid in USD."),
        ({"kind": "charge.refunded", "payment_intent": "pi_2"}, "we know of no such payment"),
        ({"kind": "charge.refunded", "payment_intent": "pi_2", "metadata": {}}, ""),
    ],
)
def test_a_refund_of_something_else_changes_nothing_and_one_of_ours_that_cannot_be_recorded_is_kept(
    paid, client, fields, kept
):
    for _ in range(2):
        assert report(client, refund(paid, **fields)) == 200
    assert not Payment.objects.filter(kind="refund").exists()
    details = list(AuditEntry.objects.filter(action=checkout.UNPLACED).values_list("detail", flat=True))
    assert ([kept in detail for detail in details], mails("unplaced_payment_to_us")) == (
        [True] * bool(kept),
        bool(kept),
    )


def test_the_page_offers_it_where_it_is_set_and_not_elsewhere(sold, client, settings):
    assert "Pay by card" in client.get(sold.billing_path).content.decode()
    settings.STRIPE_SECRET_KEY = ""
    assert "Pay by card" not in client.get(sold.billing_path).content.decode()
    assert client.post(reverse("sponsors:stripe"), "{}", content_type="application/json").status_code == 404


def test_paying_begins_at_stripe_with_what_is_due_or_says_that_it_cannot(
    sold, client, settings, http_server, time_machine
):
    settings.STRIPE_API_URL = http_server.url.rstrip("/")
    made = {"id": "cs_1", "object": "checkout.session", "url": "https://checkout.stripe.com/c/pay/cs_1"}
    http_server.page, http_server.answers = json.dumps(made).encode(), [500]
    assert "does not work at the moment" in client.post(sold.checkout_path).content.decode()
    assert f'href="{made["url"]}"' in client.post(sold.checkout_path).content.decode()
    assert b"unit_amount]=178500" in http_server.requests[-1].body
    factories.wait(time_machine, seconds=2)
    client.post(sold.checkout_path)
    keys = [each.headers["Idempotency-Key"] for each in http_server.requests]
    assert len(set(keys[-2:])) == 2
