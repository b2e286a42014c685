"""The sponsorship manager's day on one page: what waits, what is due, what was sold, what ran."""

from decimal import Decimal

import pytest

from sponsors import booking, make_goods, overview, under_delivery
from sponsors.models import AdDay
from sponsors.money import invoices, ledger
from tests.newsletter import factories as newsletters
from tests.sponsors import factories

pytestmark = pytest.mark.django_db
PAGE = "/admin/sponsors/rununit/overview/"


@pytest.fixture
def manager(client):
    client.force_login(newsletters.user("boss@example.com", role="sponsorship manager"))
    return client


def test_the_page_asks_as_much_of_the_database_on_a_full_day_as_on_an_empty_one(manager, django_assert_max_num_queries):
    manager.get(PAGE)
    for number in range(6):
        factories.running(company=f"Buyer {number}")
    slot = factories.kind("web:home")
    factories.open_days(slot)
    bought = factories.package({slot: 1}, version=50)
    factories.submitted(factories.confirmed(bought, start=factories.soon(2), company="Other Ltd").creatives.get())
    with django_assert_max_num_queries(32):
        said = manager.get(PAGE).content.decode()
    for words in ("ready: Buyer 3", "no ad yet: Other Ltd", "waits for our review", "7 bookings (USD 10,500)"):
        assert words in said


def test_bookings_are_counted_and_added_up_by_what_they_wait_for():
    factories.running(day=factories.today())
    slot = factories.kind("web:home")
    sold = factories.package({slot: 1}, version=9)
    factories.open_days(slot, days=20)
    factories.held(sold, start=factories.soon(3), company="Second Ltd")
    factories.held(sold, start=factories.soon(4), company="Third Ltd", is_address_known=False)
    stages = {stage.name: (stage.count, stage.worth) for stage in overview.pipeline()}
    assert stages == {
        "inquiries": (0, "–"),
        "offers": (0, "–"),
        "asked": (1, "USD 1,500"),
        "to decide": (1, "USD 1,500"),
        "ahead": (1, "USD 1,500"),
        "over": (0, "–"),
    }


def test_a_deadline_is_there_until_its_ad_is_approved():
    creative = factories.confirmed(start=factories.soon(2)).creatives.get()
    assert [each.is_handed_in for each in overview.deadlines()] == [False]
    factories.submitted(creative)
    assert [each.is_handed_in for each in overview.deadlines()] == [True]
    factories.approved(creative, headline="Other words")
    assert overview.deadlines() == []


def test_what_was_sold_and_what_ran_are_charts_with_their_numbers(time_machine):
    factories.running(day=factories.today())
    factories.submitted(factories.running(day=factories.today(), company="Other Ltd").creatives.get())
    found = overview.figures()
    assert found["sell_through"].bars[2].text == "100 % (2 of 2)"
    factories.wait(time_machine, days=4)
    make_goods.find()
    assert overview.figures()["delivery"].bars[0].text.endswith("of 2")


def test_what_was_billed_is_the_net_of_invoices_less_that_of_credit_notes(time_machine):
    factories.seller()  # who charges 19 %
    slot = factories.kind()
    gold, silver = factories.package({slot: 1}), factories.package({slot: 1}, tier="silver", price="400.00")
    factories.open_days(slot, days=60)
    first, second = (factories.invoiced(gold, start=factories.soon(40 + day), company=f"Buyer {day}") for day in (0, 1))
    factories.invoiced(silver, start=factories.soon(44), company="Buyer 2")
    factories.confirmed(silver, start=factories.soon(45), company="Silent Ltd")
    invoices.credit(first.invoices.get(), reason="Agreed.", lines=[invoices.Line("One day", Decimal("500.00"))])
    factories.wait(time_machine, days=41 - factories.today().day)  # into the next month
    invoices.credit(second.invoices.get(), reason="Wrong address")
    found = overview.figures()
    assert [point.text for point in found["by_month"].points[-2:]] == ["USD 2,900", "USD -1,500"]
    assert [(bar.label, bar.text) for bar in found["by_package"].bars] == [
        ("Gold", "USD 1,000 (2 invoices)"),
        ("Silver", "USD 400 (1 invoice)"),
    ]
    assert found["unbilled"] == "2 bookings (USD 1,900)"


def test_of_a_cancelled_booking_what_is_not_credited_waits_to_be_billed():
    factories.seller(late_credit=25)
    slot = factories.kind()
    factories.open_days(slot, days=30)
    sold = factories.confirmed(factories.package({slot: 1}), start=factories.soon(4))
    assert overview.figures()["unbilled"] == "1 booking (USD 1,500)"
    booking.cancel(sold, by=None)
    assert overview.figures()["unbilled"] == "1 booking (USD 1,125)"


def test_what_was_guaranteed_stands_beside_what_was_counted(django_assert_max_num_queries):
    for company, counted in (("Second Ltd", 900), ("Third Ltd", 400)):
        row = factories.running(company=company)
        row.snapshot["items"][0]["guarantee"] = 1000
        row.snapshot["runs"] = 2
        row.save()
        for reason, number in (("", counted), ("hosted", 5000)):
            AdDay.objects.create(claim=row.claims.get(), day=factories.today(), reason=reason, number=number)
    with django_assert_max_num_queries(3):
        standing = under_delivery.standing(since=factories.today(), until=factories.today())
    assert [each.promised for each in standing] == [2000, 2000]
    texts = [bar.text for bar in overview.figures()["guarantees"].bars]
    assert texts == [f"{n} of 2,000 views, 0 of 1 days over" for n in (400, 900)]


def test_who_may_see_no_bookings_may_not_see_the_page(client):
    client.force_login(newsletters.user("ed@example.com", role="writer"))
    assert client.get(PAGE).status_code == 403


def test_what_is_owed_is_listed_with_its_day():
    row = factories.running(day=factories.today())
    ledger.adjust(row, Decimal("250.00"), reason="Agreed.", by=None)
    assert [(each.name, each.amount, each.is_late) for each in overview.dues()] == [
        ("Northwind Custody", "USD 250", False)
    ]
    ledger.adjust(row, Decimal("-250.00"), reason="Waived.", by=None)
    assert overview.dues() == []
