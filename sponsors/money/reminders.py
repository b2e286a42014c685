"""Reminders of what is due: three at most for an invoice, each a row of its own, so that none goes out twice."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from core import outbox
from core.lib import batches
from core.transitions import lock
from sponsors.models import Invoice, PaymentReminder
from sponsors.money import invoices, ledger
from sponsors.money.amounts import ZERO

MAIL = "sponsors.payment_reminder"
AFTER = (timedelta(days=3), timedelta(days=14), timedelta(days=28))  # the due day


def remind(*, today: date | None = None) -> int:
    """Remind of every invoice that is late enough for its next reminder and not disputed; return how many went out.

    However late the clock is, one invoice gets one reminder at a time, and the next not before a week has passed.
    """
    today = today or timezone.now().date()
    late = Invoice.objects.filter(kind=Invoice.Kind.INVOICE, due_on__lte=today - AFTER[0])
    late = late.filter(booking__in=ledger.owed().values("pk"))
    rows = late.select_related("booking").order_by("pk")
    return sum(batches.each(rows, lambda invoice: _remind_of(invoice, today)))


def _remind_of(invoice: Invoice, today: date) -> bool:
    with transaction.atomic():
        lock(invoice.booking)
        sent = list(invoice.reminders.order_by("number"))
        number = len(sent) + 1
        if number > len(AFTER) or today < invoice.due_on + AFTER[number - 1]:
            return False
        if sent and today < sent[-1].sent_on + timedelta(days=7):
            return False
        if ledger.is_disputed(invoice):
            return False
        to = invoice.buyer_email or invoice.booking.contact_email
        if not to or ledger.balance(invoice.booking) <= ZERO or invoices.standing(invoice.booking) != invoice:
            return False
        row = PaymentReminder.objects.create(invoice=invoice, number=number, sent_on=today)
        outbox.queue_letters(MAIL, [outbox.Letter(to, row.pk, timezone.now())])
    return True
