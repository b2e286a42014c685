"""A report adds up: what came is what counted plus what was rejected, by reason."""

import pytest

from sponsors import booking, clicks, reports
from tests.newsletter import factories as newsletters
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def clicked():
    sold = factories.running("mail:orbit")
    claim = sold.claims.get()
    for number in range(25):
        clicks.record_click(claim_id=claim.pk, nonce=f"d{number}.1")
    for reason in ("scanner", "scanner", "too soon"):
        clicks.record_click(claim_id=claim.pk, nonce="d1.1", reason=reason)
    clicks.record_click(claim_id=claim.pk, nonce="d1.1")
    return sold


def test_raw_is_counted_plus_rejected_by_reason(clicked):
    report = reports.report_on(clicked)
    assert (report.raw, report.valid, report.rejected) == (29, 25, 4)
    assert sum(n for _, n in report.reasons) == report.rejected
    assert dict(report.reasons) == {
        "Crawler or link scanner": 2, "Before or within seconds of delivery": 1, "Same reader again": 1,
    }  # fmt: skip


def test_adding_up_again_gives_the_same(clicked):
    assert reports.report_on(clicked) == reports.report_on(clicked)


@pytest.fixture
def orbit():
    return newsletters.newsletter(name="Orbit", slug="orbit")


def test_an_ad_in_a_briefing_has_the_delivered_messages_as_denominator(clicked, orbit):
    newsletters.sent(orbit, days_ago=0, delivered=3000)
    (line,) = reports.report_on(clicked).lines
    assert (line.delivered, line.rate.percent) == (3000, "0.83 %")


def test_more_clicks_than_deliveries_are_shown_as_they_are(clicked, orbit):
    newsletters.sent(orbit, days_ago=0, delivered=10, opened=9, clicked=8)
    (line,) = reports.report_on(clicked).lines
    assert (line.valid, line.rate) == (25, None)


def test_a_report_takes_few_queries_however_many_days(django_assert_max_num_queries):
    kind = factories.kind()
    bought = factories.package({kind: 20})
    factories.open_days(kind)
    sold = factories.confirmed(bought, start=factories.soon(2))
    with django_assert_max_num_queries(2):
        assert len(reports.report_on(sold).lines) == 20


def test_the_page_shows_the_sums(clicked, client):
    page = client.get(clicked.report_path)
    assert b"29 clicks came" in page.content
    assert b"Crawler or link scanner" in page.content
    assert "no-store" in page["Cache-Control"]


def test_a_booking_without_days_says_so(client):
    sold = booking.cancel(factories.held(), by=None)
    assert b"Nothing to report yet" in client.get(sold.report_path).content


def test_an_expired_link_offers_a_new_one_by_mail(clicked, client, time_machine):
    path = clicked.report_path
    factories.wait(time_machine, days=181)
    response = client.get(path)
    assert response.status_code == 410
    assert b"Send me a new link" in response.content
    from core.models import OutgoingMail

    assert b"on its way" in client.post(path).content
    assert OutgoingMail.objects.filter(kind="sponsors.portal_link").get().recipient == "ads@northwind.example"
