"""Reminders of what is due, and the month for the bookkeeper."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from core import outbox
from core.models import OutgoingMail
from sponsors import payments
from sponsors.models import PaymentReminder
from sponsors.money import bookkeeping, invoices, reminders
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


def sent_by(*days, sold):
    """How many reminders went out, when the clock was run so many days after the due day."""
    due = sold.invoices.get(kind="invoice").due_on
    return [reminders.remind(today=due + timedelta(days=each)) for each in days]


def test_each_reminder_goes_out_once_and_not_before_its_day():
    factories.seller()
    sold = factories.invoiced()
    assert sent_by(0, 2, 3, 3, 9, 14, 14, 28, 28, 300, sold=sold) == [0, 0, 1, 0, 0, 1, 0, 1, 0, 0]
    mails = OutgoingMail.objects.filter(kind="sponsors.payment_reminder")
    subject, message = outbox.composed(mails.first())
    assert (mails.count(), "Reminder: Invoice MP-" in subject, b"USD 1,785" in message) == (3, True, True)


def test_a_clock_that_stood_still_sends_one_at_a_time():
    factories.seller()
    assert sent_by(100, 100, 106, 107, sold=factories.invoiced()) == [1, 0, 0, 1]


def test_nobody_is_reminded_of_what_is_paid_or_taken_back_meanwhile():
    factories.seller()
    sold = factories.invoiced()
    assert sent_by(3, sold=sold) == [1]
    payments.receive(sold, Decimal("1785.00"), currency="USD", paid_on=factories.today())
    assert sent_by(14, sold=sold) == [0]
    assert outbox.composed(OutgoingMail.objects.get(kind="sponsors.payment_reminder")) is None


def test_the_bookkeeper_gets_a_month_that_adds_up_and_no_formula(client):
    factories.seller()
    sold = factories.invoiced(company="=Northwind")
    invoices.credit(sold.invoices.get(), reason="x", lines=[invoices.Line("x", Decimal(100))])
    payments.receive(sold, Decimal("1000.00"), currency="USD", paid_on=factories.today())
    head, *rows = bookkeeping.rows(factories.today())
    told = [(row[0], row[1], row[12], row[13]) for row in rows]
    assert told == [
        ("1785,00", "S", "1500,00", "285,00"),
        ("119,00", "H", "-100,00", "-19,00"),
        ("1000,00", "H", "", ""),
    ]
    assert {len(row) for row in rows} == {len(head)}
    client.force_login(factories.user("chief@example.com", is_staff=True, is_superuser=True))
    answer = client.get(reverse("admin:sponsors_invoice_month"), {"month": f"{factories.today():%Y-%m}"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert (answer["Content-Type"], text.splitlines()[1].split(";")[0]) == ("text/csv; charset=utf-8", "1785,00")


def test_an_invoice_that_cannot_be_reminded_of_stops_no_other():
    factories.seller()
    slot = factories.kind()
    factories.open_days(slot)
    bought = factories.package({slot: 1})
    rows = [factories.invoiced(bought, start=factories.soon(day)) for day in (7, 8)]
    first = rows[0].invoices.get()
    PaymentReminder.objects.create(invoice=first, number=2, sent_on=first.due_on - timedelta(days=9))  # 1 is missing
    with pytest.raises(ExceptionGroup):
        sent_by(30, sold=rows[1])
    assert rows[1].invoices.get().reminders.count() == 1
