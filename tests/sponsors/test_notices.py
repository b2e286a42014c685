"""What the clock writes to sponsors: each once, at its time, and the last one leads back into a booking."""

from datetime import timedelta

import pytest

from core.models import OutgoingMail
from sponsors import booking, notices
from sponsors.availability import Series
from sponsors.models import Booking, Notice
from tests.html import one_line
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def row():
    """A booking of two article days, a week ahead."""
    kind = factories.kind()
    bought = factories.package({kind: 2})
    factories.open_days(kind, days=60)
    sold = factories.confirmed(bought)
    OutgoingMail.objects.all().delete()
    return sold


def written():
    return [
        kind.removeprefix("sponsors.") for kind in OutgoingMail.objects.order_by("pk").values_list("kind", flat=True)
    ]


def at(row, **after):
    """Write what is due so long after the first cut-off, twice; return what was."""
    cutoff = min(claim.unit.cutoff_at for claim in row.claims.select_related("unit"))
    OutgoingMail.objects.all().delete()
    for _ in range(2):
        notices.run_due(cutoff + timedelta(**after))
    return written()


def test_an_ad_is_asked_for_twice_before_its_cut_off_and_not_once_it_came(row):
    assert at(row, hours=-80) == []
    assert at(row, hours=-70) == ["creative_due"]
    assert at(row, hours=-30) == []
    assert at(row, hours=-20) == ["creative_due"]
    factories.submitted(row.creatives.get())
    assert Notice.objects.filter(kind="creative_due").delete()
    assert at(row, hours=-20) == []


def test_days_are_told_before_they_begin_and_after_they_end_with_the_report_and_the_way_back(row, client):
    factories.approved(row.creatives.get())
    assert [at(row, hours=hours) for hours in (1, 25, 49, 73)] == [["runs_tomorrow"], [], [], []]
    assert at(row, hours=97) == ["report_ready"]
    page = one_line(client.get(row.renewal_path).content)
    assert "Book Gold again" in page
    factories.open_days(row.package.items.get().kind, first=factories.soon(20), days=9)
    again = {"start": factories.soon(21).isoformat(), "offer": row.package.offer}
    assert client.post(row.renewal_path, again)["Location"].startswith("/advertise/portal/")
    fresh = Booking.objects.exclude(pk=row.pk).get()
    assert (fresh.state, fresh.sponsor, fresh.contact_email) == ("held", row.sponsor, row.contact_email)
    assert fresh.address_confirmed_at is not None


def test_what_ran_is_told_while_more_is_to_come(row):
    later = row.claims.order_by("unit__date").last()
    kind = later.unit.kind
    later.unit = kind.units.get(date=factories.soon(20))
    later.save()
    factories.approved(row.creatives.get())
    assert at(row, hours=49) == ["ran"]


def test_a_changed_price_is_shown_before_a_package_is_booked_again(row, client):
    said = client.post(row.renewal_path, {"start": factories.soon(21).isoformat(), "offer": "0 USD 1.00"})
    assert "The package changed while this page was open" in said.content.decode()
    assert Booking.objects.count() == 1


def test_one_that_fails_stops_no_other(row):
    other = factories.confirmed(row.package, company="Second Ltd", start=factories.soon(9))
    Booking.objects.filter(pk=row.pk).update(contact_email="no\naddress@example.com")
    assert at(other, hours=-20) == ["creative_due"]


def test_a_cancelled_booking_is_asked_for_nothing(row):
    booking.cancel(row, by=None)
    assert at(row, hours=-20) == []


def test_each_run_of_a_series_is_asked_for_before_its_own_cut_off():
    kind = factories.kind()
    factories.open_days(kind, days=60)
    sold = factories.confirmed(factories.package({kind: 2}), series=Series(2, 2))
    assert [at(sold, hours=hours) for hours in (-70, -20)] == [["creative_due"]] * 2
    assert [at(sold, hours=hours) for hours in (10, 14 * 24 - 70, 14 * 24 - 20)] == [
        ["runs_tomorrow"],
        ["creative_due"],
        ["creative_due"],
    ]
