"""Payments: in full, in part, too late, twice; and a ledger that reconciles whatever happens."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.models import OutgoingMail, OutgoingRequest, Webhook
from core.transitions import TransitionRefused
from sponsors import booking, claims, events, payments
from sponsors.models import BillingDetails, Booking, Claim, Invoice, InvoiceSeries, RunUnit
from sponsors.money import invoices, ledger
from tests.sponsors import factories
from tests.sponsors.test_at_once import at_once


def pay(row, amount, **fields):
    fields = {"currency": row.currency, "paid_on": factories.today()} | fields
    return payments.receive(row, Decimal(amount), **fields)


@pytest.fixture
def manager():
    row = factories.user("sponsors@example.com")
    row.groups.add(Group.objects.get(name="sponsorship manager"))


@pytest.mark.django_db
def test_part_payments_add_up_and_the_same_reference_is_one_payment():
    factories.seller()
    sold = factories.invoiced()
    pay(sold, "1000.00", reference="A1")
    assert pay(sold, "1000.00", reference="A1").provider_ref == "A1"
    assert ledger.balance(sold) == Decimal("785.00")
    pay(sold, "785.00")
    assert (ledger.balance(sold), list(ledger.owed())) == (0, [])
    for refused, words in ((("5.00", {"currency": "CHF"}), "in USD"), (("0.00", {}), "more than nothing")):
        with pytest.raises(TransitionRefused, match=words):
            pay(sold, refused[0], **refused[1])


@pytest.mark.django_db
def test_a_reference_of_another_payment_and_a_day_to_come_are_refused_in_words():
    factories.seller()
    sold = factories.invoiced()
    factories.open_days(sold.package.items.get().kind, first=factories.soon(40), days=1)
    other = factories.invoiced(sold.package, start=factories.soon(40), company="Other")
    pay(sold, "1000.00", reference="A1")
    for row, amount, fields, words in (
        (other, "1000.00", {"reference": "A1"}, "another: Payment of USD 1,000, Northwind"),
        (sold, "785.00", {"reference": "A1"}, "another: Payment of USD 1,000"),
        (sold, "785.00", {"paid_on": factories.soon(2)}, "still to come"),
    ):
        with pytest.raises(TransitionRefused, match=words):
            pay(row, amount, **fields)


@pytest.mark.django_db
@pytest.mark.usefixtures("manager")
@pytest.mark.parametrize("lapses", [False, True], ids=["held", "lapsed"])
@pytest.mark.parametrize(
    ("parts", "state"), [(["1785.00"], "confirmed"), (["1000.00", "785.00"], "confirmed"), (["1784.99"], "")]
)
def test_a_hold_is_sold_by_what_pays_all_of_it_and_by_nothing_less(time_machine, lapses, parts, state):
    factories.seller()
    held = factories.held(start=factories.soon(20))
    factories.billed_to(held)
    if lapses:
        factories.wait(time_machine, days=4)
        claims.expire_stale()
    for part in parts:
        pay(held, part)
    held.refresh_from_db()
    assert held.state == (state or ("expired" if lapses else "held"))
    assert ledger.balance(held) == (0 if state else Decimal("-1784.99"))
    assert OutgoingMail.objects.filter(kind="sponsors.paid_ahead_to_us").count() == (len(parts) - 1 if state else 1)


@pytest.mark.django_db
@pytest.mark.usefixtures("manager")
def test_more_than_is_owed_is_told_to_the_managers_and_paid_is_announced_once():
    factories.seller()
    sold = factories.invoiced()
    Webhook.objects.create(name="Till", url="https://example.com/", events=[events.PAID])
    for amount in ("785.00", "1000.00", "5.00"):
        pay(sold, amount)
    assert OutgoingMail.objects.filter(kind="sponsors.paid_ahead_to_us").count() == 1
    assert OutgoingRequest.objects.count() == 1


@pytest.mark.django_db
def test_no_more_is_paid_back_than_is_credited():
    factories.seller()
    sold = factories.invoiced()
    pay(sold, "1800.00")
    with pytest.raises(TransitionRefused, match="USD 15"):
        payments.refund(sold, Decimal(16), paid_on=factories.today(), by=None)
    payments.refund(sold, Decimal(15), paid_on=factories.today(), by=None)
    assert ledger.balance(sold) == 0


@pytest.mark.django_db
@pytest.mark.usefixtures("manager")
@pytest.mark.parametrize("is_taken", [False, True], ids=["free", "taken"])
def test_what_is_paid_after_the_hold_gets_its_days_or_credit_and_never_both(time_machine, is_taken):
    factories.seller()
    slot = factories.kind()
    bought = factories.package({slot: 1})
    factories.open_days(slot)
    late = factories.held(bought, start=factories.soon(20))
    factories.billed_to(late)
    factories.wait(time_machine, days=4)
    if is_taken:
        factories.confirmed(bought, start=factories.soon(16), company="Faster")
    pay(late, "1785.00")
    late.refresh_from_db()
    live = late.claims.filter(state=Claim.State.CONFIRMED).count()
    told = OutgoingMail.objects.filter(kind="sponsors.paid_for_nothing_to_us").count()
    if is_taken:
        assert (late.state, live, ledger.balance(late), told) == (Booking.State.EXPIRED, 0, Decimal("-1785.00"), 1)
    else:
        assert (late.state, live, ledger.balance(late), told) == (Booking.State.CONFIRMED, 1, 0, 0)


@pytest.mark.django_db
def test_credit_is_used_for_another_booking():
    factories.seller()
    sold, other = factories.invoiced(), None
    factories.open_days(sold.package.items.get().kind, first=factories.soon(40), days=2)
    other = factories.invoiced(sold.package, start=factories.soon(40), company="Northwind Custody 2")
    pay(sold, "2000.00")
    payments.transfer(sold, other, Decimal("215.00"), by=None)
    assert (ledger.balance(sold), ledger.balance(other)) == (0, Decimal("1570.00"))
    with pytest.raises(TransitionRefused, match="not as much"):
        payments.transfer(sold, other, Decimal("0.01"), by=None)


ACTS = st.sampled_from(["pay", "part", "refund", "gone", "credit", "again", "adjust", "transfer", "cancel"])


@pytest.fixture
def of_seven(db):
    """A package of seven days at a price and a tax that share out badly."""
    factories.seller(tax_rate=Decimal("19.6"), credit_days=9, late_credit=Decimal("33.3"))
    slot = factories.kind()
    factories.open_days(slot, per_day=40)
    return factories.package({slot: 7}, price="333.33")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(st.tuples(ACTS, st.integers(0, 1), st.integers(1, 50_000)), max_size=12))
def test_a_random_history_reconciles_to_the_cent(of_seven, history):
    start = factories.soon(6)  # some days are credited in full, some in part
    two = [factories.invoiced(of_seven, start=start, company=f"B{Booking.objects.count()}") for _ in range(2)]
    expected = {row.pk: Decimal("398.66") for row in two}  # 333.33 and 19.6 % of it
    for act, which, cents in history:
        row, other, amount = two[which], two[1 - which], Decimal(cents) / 100
        try:
            expected[row.pk] += done(act, row, other, amount)
            if act == "transfer":
                expected[other.pk] -= amount
        except TransitionRefused:
            pass
    assert {row.pk: ledger.balance(row) for row in two} == expected
    for row in Invoice.objects.filter(booking__in=two):
        assert row.gross == sum(Decimal(line["net"]) + Decimal(line["tax"]) for line in row.lines)
        assert row.is_credit or abs(row.tax - row.net * Decimal("0.196")) <= Decimal("0.005"), "rounded once"
    assert ledger.faults() == []


def done(act, row, other, amount):
    """Do it; what it changes of what is owed."""
    billed = invoices.standing(row)
    if act in ("pay", "part"):
        return -pay(row, amount).amount
    if act == "refund":
        return payments.refund(row, amount, paid_on=factories.today(), by=None).amount
    if act == "gone":  # paid back at a provider, whatever is owed
        return payments.refund(row, amount, paid_on=factories.today(), by=None, is_gone=True).amount
    if act == "cancel":
        before = set(row.invoices.values_list("pk", flat=True))
        booking.cancel(row, by=None)
        return sum((each.signed for each in row.invoices.exclude(pk__in=before)), Decimal(0))
    if act == "credit" and billed:
        return -invoices.credit(billed, reason="x", lines=[invoices.Line("x", amount)]).gross
    if act == "again":
        return invoices.issue_again(row, by=None).gross
    if act == "adjust":
        return ledger.adjust(row, amount, reason="Fees", by=None).amount
    if act == "transfer":
        payments.transfer(row, other, amount, by=None)
        return amount
    raise TransitionRefused


@pytest.mark.django_db
def test_the_check_says_what_does_not_reconcile(capsys):
    factories.seller()
    factories.invoiced()
    call_command("check_ledger")
    assert "reconciles" in capsys.readouterr().out
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE sponsors_ledgerentry SET amount = amount + 0.01")
    with pytest.raises(CommandError, match="in the ledger as"):
        call_command("check_ledger")


@pytest.mark.django_db(transaction=True)
def test_two_hundred_confirmed_at_once_are_numbered_without_gap_or_double():
    factories.seller()
    slot = factories.kind()
    bought = factories.package({slot: 1})
    factories.open_days(slot, per_day=10)
    common = {"package": bought, "snapshot": bought.snapshot(), "price": bought.price, "currency": "USD"}
    common |= {
        "hold_until": factories.timezone.now() + timedelta(days=3),
        "address_confirmed_at": factories.timezone.now(),
    }
    made = [Booking(company=f"Buyer {each}", contact_email=f"ads@buyer{each}.example", **common) for each in range(220)]
    units = RunUnit.objects.filter(date__gt=factories.soon(2))[:220]
    Booking.objects.bulk_create(made)
    Claim.objects.bulk_create(Claim(unit=unit, booking=row) for unit, row in zip(units, made, strict=True))
    to = {"name": "Northwind", "address": "Street 1", "country": "US"}
    BillingDetails.objects.bulk_create(BillingDetails(booking=row, **to) for row in made)

    sold, undone = made[:200], made[200:]

    def confirm(lane):
        for place, row in enumerate(sold[lane::20]):
            if place == 5:  # one whose transaction fails at its end gives its number back
                with suppress(ZeroDivisionError), transaction.atomic():
                    booking.confirm(undone[lane], by=None)
                    raise ZeroDivisionError
            booking.confirm(row, by=None)

    at_once(confirm, 20)
    assert sorted(Invoice.objects.values_list("serial", flat=True)) == list(range(1, 201))
    issued = list(Invoice.objects.select_related("booking").order_by("pk")[:60])

    def take_back(lane):  # which waits for nobody but whoever takes a number
        for row in issued[lane::20]:
            invoices.credit(row, reason="Wrong address")

    at_once(take_back, 20)
    assert sorted(Invoice.objects.values_list("serial", flat=True)) == list(range(1, 261))
    assert InvoiceSeries.objects.get().last == 260
    assert ledger.faults() == []
