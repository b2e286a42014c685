"""Disputes at Stripe: the ledger follows the money, whatever is told of it, in whatever order, and staff know."""

import email
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from email.policy import default
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client

from core.models import AuditEntry, OutgoingMail
from sponsors import checkout, disputes, payments
from sponsors.models import Payment
from sponsors.money import invoices, ledger, reminders
from tests.sponsors import factories, stripe_events
from tests.sponsors.stripe_events import dispute
from tests.sponsors.test_checkout import SECRET, mails, report

pytestmark = pytest.mark.django_db
PRICE = Decimal("1785.00")
CREATED, WITHDRAWN, CLOSED, REINSTATED = (
    f"charge.dispute.{step}" for step in ("created", "funds_withdrawn", "closed", "funds_reinstated")
)


@pytest.fixture
def paid(settings, client):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_x", SECRET
    factories.seller()
    factories.user("sponsors@example.com").groups.add(Group.objects.get(name="sponsorship manager"))
    sold = factories.invoiced()
    assert report(client, stripe_events.event("checkout.session.completed", stripe_events.session(sold))) == 200
    return sold


def tell(client, *told):
    assert [report(client, stripe_events.event(kind, about)) for kind, about in told] == [200] * len(told)


def text_of(kind):
    """What a mail says, on one line."""
    mail = email.message_from_bytes(bytes(OutgoingMail.objects.get(kind=f"sponsors.{kind}").message), policy=default)
    return " ".join(mail.get_body(("plain",)).get_content().split())


OPENED = [(CREATED, dispute()), (WITHDRAWN, dispute())]
WON = [*OPENED, (CLOSED, dispute("won")), (REINSTATED, dispute("won"))]
LOST = [*OPENED, (CLOSED, dispute("lost"))]


def test_what_a_bank_takes_is_owed_again_and_what_it_puts_back_is_not(paid, client):
    tell(client, *OPENED)
    assert (ledger.balance(paid), ledger.faults(), mails("disputed_to_us")) == (PRICE, [], 1)
    words = text_of("disputed_to_us")
    assert "product not received" in words
    assert "before 13 Dec 2026, 23:59 UTC" in words
    tell(client, *WON[2:])
    assert (ledger.balance(paid), ledger.faults(), mails("dispute_ended_to_us")) == (0, [], 1)
    assert [row.signed for row in paid.payments.order_by("pk")] == [-PRICE, PRICE, -PRICE]


def test_a_lost_dispute_stays_on_the_ledger_and_nobody_is_reminded_of_it(paid, client):
    due = paid.invoices.get().due_on
    tell(client, *LOST, *LOST)
    assert (ledger.balance(paid), paid.payments.count(), ledger.faults()) == (PRICE, 2, [])
    assert "USD 1,785 is owed" in text_of("dispute_ended_to_us")
    assert reminders.remind(today=due + timedelta(days=5)) == 0
    invoices.credit(paid.invoices.get(), reason="Given up.", lines=[invoices.Line("All", Decimal("1500.00"))])
    assert (ledger.balance(paid), ledger.faults()) == (0, [])


def test_once_it_is_won_the_invoice_that_is_due_is_reminded_of_as_any_other(paid, client):
    due = paid.invoices.get().due_on
    tell(client, *WON)
    tell(client, ("refund.created", stripe_events.refund()))
    assert reminders.remind(today=due + timedelta(days=5)) == 1


def test_once_a_lost_dispute_is_paid_by_transfer_what_is_owed_later_is_reminded_of(paid, client):
    today = paid.invoices.get().due_on + timedelta(days=5)
    tell(client, *LOST)
    payments.receive(paid, PRICE, currency="USD", paid_on=factories.today(), reference="transfer")
    tell(client, ("refund.created", stripe_events.refund()))
    assert (ledger.balance(paid), reminders.remind(today=today)) == (500, 1)


def test_an_invoice_issued_after_a_lost_dispute_is_reminded_of_and_one_paid_in_part_since_is_not(paid, client):
    tell(client, *LOST)
    payments.receive(paid, Decimal("1000.00"), currency="USD", paid_on=factories.today(), reference="transfer")
    assert reminders.remind(today=paid.invoices.get().due_on + timedelta(days=5)) == 0
    invoices.credit(paid.invoices.get(), reason="Wrong address.", lines=[invoices.Line("All", Decimal("1500.00"))])
    again = invoices.issue_again(paid, by=None)
    assert (ledger.balance(paid), reminders.remind(today=again.due_on + timedelta(days=5))) == (785, 1)


ORDERS = [
    *((each, 0) for each in list(itertools.permutations(WON))[::3]),
    *((each, PRICE) for each in itertools.permutations(LOST)),
]


@pytest.mark.parametrize(("story", "balance"), ORDERS)
def test_no_order_of_events_and_no_repeat_changes_what_comes_of_it(paid, client, story, balance):
    tell(client, *story, *story)
    assert (ledger.balance(paid), ledger.faults()) == (balance, [])
    assert (mails("disputed_to_us"), mails("dispute_ended_to_us")) == (1, 1)
    assert not AuditEntry.objects.filter(action=checkout.UNPLACED).exists()


def test_an_inquiry_takes_nothing_and_is_told(paid, client):
    tell(client, (CREATED, dispute("warning_needs_response")), (CLOSED, dispute("warning_closed")))
    assert (ledger.balance(paid), paid.payments.count()) == (0, 1)
    assert "takes nothing" in text_of("disputed_to_us")
    assert "asked about no more" in OutgoingMail.objects.get(kind="sponsors.dispute_ended_to_us").subject


def test_a_dispute_of_a_part_takes_that_part(paid, client):
    tell(client, (WITHDRAWN, dispute(amount=50000)))
    assert ledger.balance(paid) == 500


@pytest.mark.parametrize(
    ("story", "heading", "words"),
    [
        ([(CLOSED, dispute("warning_closed"))], "USD 1,785 of Northwind Custody is asked about no more", "Nothing was taken"),
        ([(CLOSED, dispute("prevented", balance_transactions=[]))], "is asked about no more", "Nothing was taken"),
        ([(CLOSED, dispute("prevented"))], "USD 1,785 of Northwind Custody stays gone", "USD 1,785 is owed"),
        ([*OPENED, (CLOSED, dispute("prevented", balance_transactions=[]))], "stays gone", "USD 1,785 is owed"),
        ([(CLOSED, dispute("won", back=100000))], "USD 785 of Northwind Custody stays gone", "USD 785 is owed"),
        ([(CLOSED, dispute("won", back=0))], "was won and is still to come back", "has not put the amount back yet"),
        ([(CLOSED, dispute("won"))], "USD 1,785 of Northwind Custody is with us again", "Nothing is left to do"),
    ],
)  # fmt: skip
def test_managers_are_told_how_it_ended_by_what_moved(paid, client, story, heading, words):
    tell(client, *story)
    assert heading in OutgoingMail.objects.get(kind="sponsors.dispute_ended_to_us").subject
    text = text_of("dispute_ended_to_us")
    assert words in text
    assert ("Nothing was taken" in text) == (paid.payments.count() == 1)


@pytest.mark.parametrize("settled", ["usd", "eur"])
def test_a_dispute_that_is_won_in_part_puts_back_that_part(paid, client, settled):
    part = dispute("won", back=100000, settled=settled)
    tell(client, *OPENED, *[(CLOSED, part), (REINSTATED, part)] * 2)
    assert (ledger.balance(paid), ledger.faults()) == (785, [])


def test_one_that_is_won_is_owed_until_it_is_put_back(paid, client):
    tell(client, *OPENED, (CLOSED, dispute("won", back=0)))
    assert ledger.balance(paid) == PRICE
    tell(client, (REINSTATED, dispute("won")))
    assert (ledger.balance(paid), ledger.faults()) == (0, [])


def test_an_event_that_lists_no_moves_is_of_all_that_is_disputed(paid, client):
    tell(client, (WITHDRAWN, dispute(balance_transactions=[])))
    assert ledger.balance(paid) == PRICE
    tell(client, (REINSTATED, dispute("won", balance_transactions=[])))
    assert ledger.balance(paid) == 0


def test_more_that_is_put_back_later_is_left_to_staff(paid, client):
    tell(client, *OPENED, (REINSTATED, dispute("won", back=100000)), (REINSTATED, dispute("won")))
    assert (ledger.balance(paid), mails("unplaced_payment_to_us")) == (785, 1)


def test_a_dispute_in_another_currency_is_kept(paid, client):
    tell(client, *[(WITHDRAWN, dispute(currency="eur"))] * 2)
    assert paid.payments.count() == 1
    assert "It is in EUR, and what was paid in USD." in AuditEntry.objects.get(action=checkout.UNPLACED).detail


@pytest.mark.parametrize(("is_ours", "kept"), [(True, 1), (False, 0)])
def test_a_dispute_of_a_payment_we_do_not_know_is_kept_where_its_charge_names_a_booking_of_ours(
    paid, client, settings, http_server, is_ours, kept
):
    settings.STRIPE_API_URL = http_server.url.rstrip("/")
    charge = stripe_events.charge(paid, **({} if is_ours else {"metadata": {}}))
    http_server.page, http_server.answers = json.dumps(charge).encode(), [500]
    unknown = dispute(payment_intent="pi_2")
    assert report(client, stripe_events.event(CREATED, unknown)) == 503, "Stripe tells it again"
    tell(client, (CREATED, unknown), (WITHDRAWN, unknown))
    assert http_server.requests[-1].path == "/v1/charges/ch_1"
    assert (paid.payments.count(), mails("unplaced_payment_to_us")) == (1, kept)
    details = AuditEntry.objects.filter(action=checkout.UNPLACED).values_list("detail", flat=True)
    assert [f'"booking": "{paid.pk}"' in each for each in details] == [True] * kept


def test_a_dispute_of_a_charge_that_stripe_does_not_know_of_is_not_ours(paid, client, settings, http_server):
    settings.STRIPE_API_URL, http_server.answers = http_server.url.rstrip("/"), [404]
    http_server.page = json.dumps({"error": {"type": "invalid_request_error", "code": "resource_missing"}}).encode()
    tell(client, (CREATED, dispute(payment_intent="pi_2")))
    assert not AuditEntry.objects.filter(action=checkout.UNPLACED).exists()


def test_one_that_is_lost_after_it_was_won_is_told_to_staff_who_look_it_up(paid, client):
    tell(client, *WON, (CLOSED, dispute("lost")))
    assert ledger.balance(paid) == 0
    assert "lost after it had been won" in AuditEntry.objects.get(action=checkout.UNPLACED).detail
    assert mails("unplaced_payment_to_us") == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_told_at_the_same_moment_counts_once(paid):
    def told(one):
        try:
            return report(Client(), stripe_events.event(*one))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(told, [*LOST, *LOST])) == {200}
    assert (ledger.balance(paid), Payment.objects.filter(kind="refund").count()) == (PRICE, 1)
    assert (mails("disputed_to_us"), ledger.faults()) == (1, [])


def test_every_event_of_disputes_is_in_the_guide():
    guide = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text()
    wanted = [*checkout.PAID, checkout.CHARGE_REFUNDED, *checkout.REFUNDS[:3], *disputes.EVENTS]
    assert [name for name in wanted if f"`{name}`" not in guide] == []
