"""The report of a briefing: what is counted of it, when, compared with what, shown to whom, and drawn on the mail itself."""

import csv
from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from newsletter import stats
from newsletter.models import (
    Briefing,
    BriefingFigures,
    BriefingHour,
    ConsentAct,
    Delivery,
    Hit,
    MailReport,
    TrackedLink,
)
from newsletter.sending import briefing_counts, sender
from newsletter.sending.briefing_report import Report
from newsletter.subscribers import subscriptions
from tests.newsletter import factories

pytestmark = pytest.mark.django_db
DESK = "/admin/newsletter/briefing/"
HOUR = timedelta(hours=1)


def gone_out(newsletter, *, hours_ago=100, mails=0, **fields):
    """A briefing that went out to nobody yet: deliveries are added by the tests."""
    at = timezone.now() - hours_ago * HOUR
    times = dict.fromkeys(["scheduled_at", "approved_at", "frozen_at", "first_sent_at", "sent_at"], at)
    counts = {"candidates": mails, "delivered": mails}
    made = factories.briefing(newsletter, state="sent", issue_date=at.date(), **times, **counts, **fields)
    TrackedLink.objects.create(briefing=made, number=0, url="https://example.com/hidden")  # as where reading is counted
    return made


def taken(briefing, number, *, after=timedelta(0), **fields):
    """Deliveries that a mail server took."""
    at = briefing.first_sent_at + after
    return Delivery.objects.bulk_create(
        Delivery(briefing=briefing, state="sent", sent_at=at, **fields) for _ in range(number)
    )


def hit(delivery, *, hours, kind="open", verdict="valid", link=None):
    reason = "" if verdict == "valid" else "repeat"
    at = delivery.briefing.first_sent_at + hours * HOUR
    return Hit.objects.create(delivery=delivery, kind=kind, verdict=verdict, reason=reason, link=link, at=at)


def counted(briefing):
    assert briefing_counts.count(briefing.pk)
    return Report(Briefing.objects.get(pk=briefing.pk))


@pytest.fixture
def editor(client):
    client.force_login(factories.user(role="editor"))
    return client


def test_each_person_counts_in_the_hour_of_the_first_time_and_machines_apart(weekly):
    briefing = gone_out(weekly)
    link = TrackedLink.objects.create(briefing=briefing, number=1, url="https://example.com/a")
    one, two, three = taken(briefing, 3)
    hit(one, hours=0.5)
    hit(one, hours=2.5, kind="click", link=link)
    hit(one, hours=5, kind="click", link=link, verdict="rejected")
    hit(two, hours=0.1, verdict="machine")
    hit(three, hours=1000)
    report = counted(briefing)
    by_hour = {row.hour: (row.accepted, row.opened, row.opened_by_machines, row.clicked) for row in report.hours}
    assert by_hour == {0: (3, 1, 1, 0), 2: (0, 0, 0, 1), BriefingHour.LAST: (0, 1, 0, 0)}
    assert report.figures.rejected == 1
    assert [(row.people, row.hits, row.rate.percent) for row in report.links] == [(1, 2, "33.3 %")]


def test_what_came_back_or_was_reported_reached_nobody(weekly):
    briefing = gone_out(weekly)
    both, reported, read = taken(briefing, 3)
    for delivery in (both, reported, read):
        hit(delivery, hours=1)
    first = briefing.first_sent_at
    for delivery, kind, hours in [(both, "gone", 1), (both, "complaint", 2), (reported, "complaint", 30)]:
        MailReport.objects.create(delivery=delivery, kind=kind, received_at=first + hours * HOUR)
    totals = counted(briefing).totals
    assert (totals.accepted, totals.returned, totals.complained, totals.delivered, totals.opened) == (3, 1, 1, 1, 1)
    assert (totals.rate("opened").total, totals.rate("returned").total) == (1, 3)


def test_who_reads_what_is_not_known_to_be_taken_is_not_counted(weekly):
    briefing = gone_out(weekly, mails=1)
    link = TrackedLink.objects.create(briefing=briefing, number=1, url="https://example.com/a")
    (read,) = taken(briefing, 1)
    doubtful = Delivery.objects.create(briefing=briefing, state="uncertain")  # its server hung up before it answered
    for delivery in (read, doubtful):
        hit(delivery, hours=1)
        hit(delivery, hours=2, kind="click", link=link)
    report, reading = counted(briefing), stats.readings([briefing])[briefing.pk]
    assert (report.totals.delivered, report.totals.opened, report.totals.clicked) == (1, 1, 1)
    assert (reading.delivered, reading.opened, reading.clicked) == (1, 1, 1)
    assert [row.people for row in report.links] == [1]


def test_whoever_leaves_counts_for_the_last_briefing_that_they_got(weekly):
    ann = factories.subscription(weekly).subscriber
    other = factories.newsletter(name="Notes", slug="notes", is_default=False)
    older, newer, of_other = (
        gone_out(weekly, hours_ago=90),
        gone_out(weekly, hours_ago=40),
        gone_out(other, hours_ago=20),
    )
    for briefing in (older, newer, of_other):
        taken(briefing, 1, subscriber=ann)
    taken(newer, 1)
    subscriptions.unsubscribe(subscriber_id=ann.pk, newsletter_id=weekly.pk, by="one-click")
    assert [counted(briefing).totals.left for briefing in (older, newer, of_other)] == [0, 1, 0]
    assert [row.hour for row in newer.hours.filter(left=1)] == [40]


def test_leaving_by_staff_or_a_month_later_says_nothing_of_a_briefing(weekly):
    late, thrown_out = (factories.subscription(weekly, f"{name}@example.com").subscriber for name in ("late", "out"))
    briefing = gone_out(weekly, hours_ago=31 * 24)
    for person in (late, thrown_out):
        taken(briefing, 1, subscriber=person)
    subscriptions.unsubscribe(subscriber_id=late.pk, newsletter_id=weekly.pk, by="page")
    ConsentAct.objects.create(
        act="left",
        actor="staff",
        way="desk",
        subscriber=thrown_out,
        newsletter=weekly,
        given_at=briefing.first_sent_at + HOUR,
    )
    assert counted(briefing).totals.left == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_counted_is_what_the_raw_rows_say_however_often_it_was_counted_before(weekly, seed):
    random, briefing = Random(seed), gone_out(weekly, mails=60)
    links = [TrackedLink.objects.create(briefing=briefing, number=n, url=f"https://example.com/{n}") for n in (1, 2)]
    deliveries = taken(briefing, 60)
    counted(briefing)
    expected, reached, people = Counter(), [], Counter()
    for delivery in deliveries:
        kinds = [kind for kind in ("deferred", "complaint") if random.random() < 0.1]
        for kind in kinds:
            MailReport.objects.create(delivery=delivery, kind=kind)
        expected.update(["returned" if "deferred" in kinds else "complained"] if kinds else [])
        if not kinds:
            reached.append(delivery)
        for what, verdict in [("opened", "valid"), ("opened_by_machines", "machine"), ("rejected", "rejected")]:
            if random.random() < 0.4:
                hit(delivery, hours=random.uniform(0, 900), verdict=verdict)
                expected[what] += not kinds
        clicked = [link for link in links if random.random() < 0.3]
        for link in clicked:
            hit(delivery, hours=random.uniform(0, 900), kind="click", link=link)
            people[link.number] += not kinds
        expected["clicked"] += bool(clicked) and not kinds
        if random.random() < 0.1:
            counted(briefing)
    report = counted(briefing)
    totals = report.totals
    found = {
        name: getattr(totals, name) for name in ("returned", "complained", "opened", "opened_by_machines", "clicked")
    }
    assert found | {"rejected": report.figures.rejected} == {name: expected[name] for name in [*found, "rejected"]}
    assert {row.link.number: row.people for row in report.links} == {1: people[1], 2: people[2]}
    BriefingHour.objects.all().delete()
    assert counted(briefing).totals == totals
    reading = stats.readings([briefing])[briefing.pk]
    assert (reading.delivered, reading.opened, reading.opened_by_machines, reading.clicked, reading.rejected) == (
        totals.delivered, totals.opened, totals.opened_by_machines, totals.clicked, report.figures.rejected
    )  # fmt: skip


def test_a_young_briefing_is_counted_often_and_an_old_one_seldom_or_no_more(weekly):
    young, old, over = (gone_out(weekly, hours_ago=hours) for hours in (1, 240, 24 * 61))
    briefing_counts.count_due()
    before = timezone.now() - timedelta(minutes=30)
    BriefingFigures.objects.update(counted_at=before)
    briefing_counts.count_due()
    again = set(BriefingFigures.objects.filter(counted_at__gt=before).values_list("briefing", flat=True))
    assert again == {young.pk}
    BriefingFigures.objects.update(counted_at=timezone.now() - timedelta(days=1))
    briefing_counts.count_due()
    assert set(BriefingFigures.objects.filter(counted_at__gt=before).values_list("briefing", flat=True)) == {
        young.pk,
        old.pk,
    }
    assert BriefingFigures.objects.filter(briefing=over).exists()  # once, since it never had been


def read_by(weekly, share, *, hours_ago, hours=1, mails=20, **fields):
    briefing = gone_out(weekly, hours_ago=hours_ago, mails=mails, **fields)
    for delivery in taken(briefing, mails)[: int(share * mails)]:
        hit(delivery, hours=hours)
    counted(briefing)
    return briefing


def test_it_is_compared_with_the_median_of_others_at_the_same_age(weekly):
    for days, share in [(9, 0.1), (8, 0.2), (7, 0.3)]:
        early = read_by(weekly, share, hours_ago=24 * days)
        for delivery in early.deliveries.all()[10:]:
            hit(delivery, hours=30)  # long after the age of the one that is compared
        counted(early)
    report = counted(read_by(weekly, 0.9, hours_ago=5))
    found = report.comparison
    assert (found.others, found.age) == (3, "5 hours")
    opened = next(row for row in found.rows if row.name == "opened")
    assert (opened.own.percent, opened.median, opened.verdict) == ("90.0 %", 0.2, "higher")


def test_what_chance_makes_is_called_no_difference(weekly):
    for days in (9, 8, 7):
        read_by(weekly, 0.5, hours_ago=24 * days)
    (opened,) = (row for row in counted(read_by(weekly, 0.6, hours_ago=5)).comparison.rows if row.name == "opened")
    assert opened.verdict == "no difference beyond chance"


def test_there_is_no_median_of_two_nor_of_others_of_another_kind(weekly, editor):
    segment = weekly.briefings.model._meta.get_field("segment").related_model.objects.create(name="Some")
    other = factories.newsletter(name="Notes", slug="notes", is_default=False)
    for days in (9, 8):
        read_by(weekly, 0.5, hours_ago=24 * days)
    read_by(weekly, 0.5, hours_ago=24 * 7, segment=segment)
    read_by(weekly, 0.5, hours_ago=24 * 7, digest_at=timezone.now())
    read_by(other, 0.5, hours_ago=24 * 7)
    briefing = read_by(weekly, 0.5, hours_ago=5)
    found = Report(briefing).comparison
    assert (found.others, list(found.rows)) == (2, [])
    assert "A median needs at least 3" in editor.get(f"{DESK}{briefing.pk}/report/").content.decode()


def test_the_page_says_as_of_when_of_what_and_names_nobody(weekly, editor):
    briefing = gone_out(weekly, mails=3)
    ann = factories.subscription(weekly).subscriber
    taken(briefing, 1, subscriber=ann)
    hit(taken(briefing, 2)[0], hours=3)
    page = editor.get(f"{DESK}{briefing.pk}/report/").content.decode()
    assert "within a few minutes" in page
    counted(briefing)
    page = editor.get(f"{DESK}{briefing.pk}/report/").content.decode()
    assert "As of" in page
    assert "1 of 3 delivered" in page
    assert "ann@example.com" not in page
    assert editor.get(f"{DESK}{factories.briefing(weekly).pk}/report/").status_code == 404


@pytest.mark.parametrize("path", ["report/", "report/mail.html", "report/links.csv", "report/figures.csv"])
@pytest.mark.parametrize(
    ("role", "status"), [("sponsorship manager", 403), ("writer", 403), ("newsletter manager", 200)]
)
def test_only_those_who_see_briefings_see_reports(client, weekly, smtp_server, path, role, status):
    factories.subscription(weekly)
    briefing = factories.frozen(weekly)
    sender.pump(briefing.pk)
    counted(briefing)
    client.force_login(factories.user(role=role))
    assert client.get(f"{DESK}{briefing.pk}/{path}").status_code == status


def test_tables_are_files_and_no_cell_is_a_formula(weekly, editor):
    briefing = gone_out(weekly, items=[{"heading": "=1+1", "text": "x", "url": "https://example.com/a"}])
    link = TrackedLink.objects.create(
        briefing=briefing, number=1, url="https://example.com/a", item=briefing.items.get()
    )
    hit(taken(briefing, 4)[0], hours=2, kind="click", link=link)
    counted(briefing)

    def rows(name):
        return list(csv.reader(editor.get(f"{DESK}{briefing.pk}/report/{name}.csv").content.decode().splitlines()))

    assert rows("links")[1] == ["1", "'=1+1", "https://example.com/a", "1", "4", "0.25", "1"]
    assert rows("hours")[-1][0] == "2"
    assert ["clicked", "1", "4", "0.25"] in rows("figures")
    assert editor.get(f"{DESK}{briefing.pk}/report/people.csv").status_code == 404


def test_clicks_are_drawn_on_the_mail_as_it_was_sent_without_counting_anything(weekly, editor, smtp_server):
    factories.subscription(weekly)
    briefing = factories.frozen(weekly)
    sender.pump(briefing.pk)
    briefing.items.update(heading="Changed since", url="https://example.com/elsewhere")
    Hit.objects.create(
        delivery=briefing.deliveries.get(), kind="click", link=briefing.links.get(number=1), verdict="valid"
    )
    counted(briefing)
    html = editor.get(f"{DESK}{briefing.pk}/report/mail.html").content.decode()
    assert "Where bridges break" in html
    assert "Changed since" not in html
    assert html.count("1 person, 100.0 %") == 1
    assert "link 1, counted above" in html
    assert 'href="https://example.com/a"' in html
    for part in ("\0", "/l/", "/o/", "/u/", "unsubscribe/0"):
        assert part not in html, part
    assert Hit.objects.count() == 1


def test_the_mail_that_clicks_are_drawn_on_calls_its_reader_as_one_without_a_name(weekly, editor, smtp_server):
    factories.subscription(weekly)
    briefing = factories.frozen(weekly, introduction='<p>Hello {{first name, else "reader & friend"}}.</p>')
    sender.pump(briefing.pk)
    counted(briefing)
    html = editor.get(f"{DESK}{briefing.pk}/report/mail.html").content.decode()
    assert "Hello reader &amp; friend." in html
    assert "[html" not in html


def test_a_report_takes_few_queries(weekly, editor, django_assert_max_num_queries):
    for days in range(1, 8):
        last = read_by(weekly, 0.5, hours_ago=24 * (10 - days))
    for number in range(30):
        TrackedLink.objects.create(briefing=last, number=number + 1, url=f"https://example.com/{number}")
    counted(last)
    with django_assert_max_num_queries(16):
        editor.get(f"{DESK}{last.pk}/report/")
