"""A report adds up: what came is what counted plus what was rejected, by reason."""

import io
import subprocess
import sys

import pytest
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from sponsors import booking, clicks, final_reports, make_goods, reach, reports
from sponsors.models import AdDay, Adjustment, MakeGood, PlacementKind, SponsorReport
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
    with django_assert_max_num_queries(11):
        assert len(reports.report_on(sold).lines) == 20


def test_the_page_shows_the_sums(clicked, client):
    page = client.get(clicked.report_path)
    assert b"29 clicks came" in page.content
    assert b"Crawler or link scanner" in page.content
    assert "no-store" in page["Cache-Control"]


def view_counts_of(claim, **numbers):
    for reason, number in numbers.items():
        AdDay.objects.create(
            claim=claim, day=claim.unit.date, reason="" if reason == "counted" else reason, number=number
        )


@pytest.fixture
def on_a_page(client):
    """A day on a page: 400 views that count, 40 that do not, two clicks that do and one that does not."""
    sold = factories.running()
    claim = sold.claims.get()
    view_counts_of(claim, counted=400, hosted=30, repeat=10)
    for nonce in ("a", "b", "b"):
        clicks.record_click(claim_id=claim.pk, nonce=nonce)
    return sold


def test_a_day_on_a_page_has_views_clicks_and_a_rate_with_its_interval(on_a_page, client):
    (line,) = reports.report_on(on_a_page).lines
    assert (line.final_views, line.rejected_views, line.valid, line.rejected) == (400, 40, 2, 1)
    assert (line.rate.percent, line.rate.range_text) == ("0.50 %", "0.14–1.80 %")
    pdf = PdfReader(io.BytesIO(client.get(f"{on_a_page.report_path}?as=pdf").content))
    told = "\n".join(page.extract_text() for page in pdf.pages)
    for words in ("0.50 %", "Views rejected: From a data centre, 30", "As of", "none are yet"):
        assert words in told
    page = client.get(on_a_page.report_path).content.decode()
    for words in (
        "440 views came in",
        "As of",
        "From a data centre",
        "Keys that stay yours",
        "none are yet",
        "is frozen",
    ):
        assert words in page


def test_what_is_adjusted_stands_beside_what_was_counted(on_a_page, client):
    Adjustment.objects.create(
        claim=on_a_page.claims.get(), kind="view", number=-100, words="Wrong name.", by=factories.user()
    )
    (line,) = reports.report_on(on_a_page).lines
    assert (line.valid_views, line.final_views, line.rate.total) == (400, 300, 300)
    assert b"Corrected by hand: -100 views. Wrong name." in client.get(on_a_page.report_path).content


def recomputed(*arguments):
    script = arguments[0].with_name("recompute.py")
    return subprocess.run([sys.executable, script, *map(str, arguments)], capture_output=True, text=True, check=False)


def test_a_stranger_adds_a_report_up_again_and_checks_the_frozen_one(on_a_page, client, time_machine, tmp_path):
    path = on_a_page.report_path
    PlacementKind.objects.update(name="+1 for a spreadsheet")
    (tmp_path / "recompute.py").write_bytes(client.get(f"{path}?as=py").content)
    live = tmp_path / "live.csv"
    live.write_bytes(client.get(f"{path}?as=csv").content)
    assert "All views: counted 400, rejected 40\n" in recomputed(live).stdout
    assert final_reports.freeze_due() == 0
    factories.wait(time_machine, days=33)
    assert (final_reports.freeze_due(), final_reports.freeze_due()) == (1, 0)
    Adjustment.objects.create(
        claim=on_a_page.claims.get(), kind="click", number=-1, words="Refunded.", by=factories.user()
    )
    assert (final_reports.freeze_due(), final_reports.freeze_due()) == (1, 0)
    second, first = SponsorReport.objects.all()
    assert (first.version, first.why, second.version, second.why) == (1, "", 2, "Refunded.")
    for version, total in ((first, 2), (second, 1)):
        files = [tmp_path / f"{version.version}.{kind}" for kind in ("csv", "json")]
        for file in files:
            file.write_bytes(client.get(f"{path}?final={version.version}&as={file.suffix[1:]}").content)
        told = recomputed(*files, version.sha256).stdout
        assert f"All clicks: counted {total}, rejected 1\n" in told
        assert "The frozen report holds." in told
    assert "does not hold" in recomputed(*files, first.sha256).stdout
    assert "Refunded." in client.get(path).content.decode()
    with pytest.raises(IntegrityError, match="a correction is a new version"), transaction.atomic():
        SponsorReport.objects.update(document="{}")


def test_page_and_pdf_of_a_version_say_what_was_frozen_and_live_ones_what_is_now(on_a_page, client, time_machine):
    report = reports.report_on(on_a_page)
    path = on_a_page.report_path
    factories.wait(time_machine, days=33)
    final_reports.freeze_due()
    view_counts_of(on_a_page.claims.get(), scanner=1000)
    (line,), (was,) = final_reports.report_of(SponsorReport.objects.get()).lines, report.lines
    assert (line.views, line.clicks, line.adjustments) == (was.views, was.clicks, was.adjustments)
    for asked, number, words in (
        ("", "440", "Version 1"),
        ("?final=1", "440", "Version 1"),
        ("?live", "1440", "As of"),
    ):
        page = client.get(f"{path}{asked}").content.decode()
        pdf = PdfReader(io.BytesIO(client.get(f"{path}{asked or '?'}&as=pdf").content))
        assert f"{number} views came in" in page
        assert f"{int(number):,} views came in" in pdf.pages[0].extract_text()
        assert words in page
        assert words in pdf.pages[0].extract_text()


def test_a_report_is_frozen_again_once_a_day_that_was_given_later_is_over(on_a_page, time_machine):
    factories.wait(time_machine, days=33)
    assert final_reports.freeze_due() == 1
    kind = on_a_page.claims.get().unit.kind
    factories.open_days(kind, first=factories.today())
    missed = MakeGood.objects.create(claim=on_a_page.claims.get(), reason="It did not run.")
    day = make_goods.give(missed, by=factories.user()).unit.date
    factories.wait(time_machine, days=(day - factories.today()).days + 31)
    assert final_reports.freeze_due() == 0
    factories.wait(time_machine, days=1)
    assert (final_reports.freeze_due(), final_reports.freeze_due()) == (1, 0)
    assert SponsorReport.objects.first().why == "With a day that was given later."


def test_a_version_that_there_is_not_is_not_found(on_a_page, client):
    for number in ("1", "x", "99999999999", "-1"):
        assert client.get(f"{on_a_page.report_path}?final={number}").status_code == 404


def test_a_median_has_an_interval_from_six_days_on():
    assert reach.median_interval(range(5)) is None
    assert reach.median_interval([5, 1, 3, 2, 4, 6]) == (1, 6)
    assert reach.median_interval(range(1, 31)) == (10, 21)


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
