"""The page of a newsletter's figures: what it adds up, over which days, for whom, and as CSV."""

import csv
from datetime import date, timedelta

import pytest
from django.urls import reverse

from core.lib import clock
from newsletter.models import BriefingCohort, BriefingDomain, ListDay
from newsletter.subscribers import list_figures
from tests.newsletter import factories

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:newsletter_newsletter_figures")
TODAY = date(2025, 6, 18)  # a Wednesday


def day(newsletter, on, joined=0, left=0, stopped=0, *, size=None, asked=0, confirmed=0, **sources):
    values = {"joined": joined, "left": left, "stopped": stopped, "asked": asked, "confirmed": confirmed}
    return ListDay.objects.create(newsletter=newsletter, day=on, size=size, joined_from=sources, **values)


@pytest.fixture
def desk(client):
    client.force_login(factories.user(role="newsletter manager"))
    return client


def test_sizes_go_back_from_the_newest_that_was_measured(weekly):
    day(weekly, date(2025, 6, 16), joined=10, left=1, stopped=2)
    day(weekly, date(2025, 6, 17), joined=5)
    day(weekly, date(2025, 6, 18), joined=1, left=4, size=109)
    days = list_figures.spans(weekly, date(2025, 6, 15), TODAY)
    assert [(span.size, span.ends_with) for span in days] == [(100, 100), (100, 107), (107, 112), (112, 109)]
    assert [round(span.churn, 2) for span in days] == [0, 3, 0, 3.57]


def test_a_period_that_ended_earlier_has_the_size_of_its_end(weekly):
    day(weekly, date(2025, 6, 1), joined=7)
    day(weekly, date(2025, 6, 18), joined=50, size=150)
    assert list_figures.spans(weekly, date(2025, 6, 1), date(2025, 6, 2))[-1].ends_with == 100


@pytest.mark.parametrize(
    ("days", "labels"),
    [(3, ["16 Jun", "17 Jun", "18 Jun"]), (40, ["5 May", "12 May", "19 May", "26 May", "2 Jun", "9 Jun", "16 Jun"])],
)
def test_a_longer_period_is_shown_by_week(weekly, days, labels):
    found = list_figures.spans(weekly, TODAY - timedelta(days=days - 1), TODAY)
    assert [span.label for span in found] == labels


def test_a_year_is_shown_by_month_and_each_day_counts_once(weekly):
    for number in range(365):
        day(weekly, TODAY - timedelta(days=number), joined=2, left=1, asked=4, confirmed=3, footer=2)
    found = list_figures.spans(weekly, TODAY - timedelta(days=364), TODAY)
    assert (found[0].name, found[-1].name, len(found)) == ("Jun 2024", "Jun 2025", 13)
    assert (sum(span.joined for span in found), sum(span.net for span in found)) == (730, 365)
    assert [span.label for span in found[6:9]] == ["Dec", "2025", "Feb"]
    assert {span.confirmed_rate for span in found} == {75}
    assert list_figures.sources(found) == [("footer", 730)]


def test_sources_beyond_the_longest_are_one(weekly):
    day(weekly, TODAY, **{f"form-{number:02}": 20 - number for number in range(12)})
    found = list_figures.sources(list_figures.spans(weekly, TODAY, TODAY))
    assert (len(found), found[0], found[-1]) == (11, ("form-00", 20), ("other sources", 10 + 9))


def test_domains_and_cohorts_add_up_the_briefings_of_the_period_and_of_this_newsletter(weekly):
    other = factories.newsletter(name="Monthly", slug="monthly", is_default=False)
    today = clock.utc_day()
    for newsletter, ago in [(weekly, 1), (weekly, 2), (weekly, 50), (other, 1)]:
        briefing = factories.sent(newsletter, days_ago=ago, opened=0, clicked=0)
        BriefingDomain.objects.create(briefing=briefing, domain="mail.example", mailed=50, bounced=1, complained=2)
        BriefingCohort.objects.create(briefing=briefing, month=date(2025, 1, 1), delivered=40, engaged=10, clicked=4)
    (domain,) = list_figures.domains(weekly, today - timedelta(days=9), today)
    (cohort,) = list_figures.cohorts(weekly, today - timedelta(days=9), today)
    assert (domain.mailed, domain.bounce_rate, domain.complaint_rate) == (100, 2, 4)
    assert (cohort.label, cohort.engaged_rate, cohort.clicked_rate) == ("Jan 2025", 25, 10)


def test_the_page_shows_charts_with_their_numbers(desk, weekly):
    today = clock.utc_day()
    day(weekly, today, joined=12, left=3, stopped=1, size=108, asked=8, confirmed=6, footer=12)
    briefing = factories.sent(weekly, opened=0, clicked=0)
    BriefingDomain.objects.create(briefing=briefing, domain="mail.example", mailed=200, bounced=3)
    BriefingCohort.objects.create(briefing=briefing, month=date(2025, 1, 1), delivered=40, engaged=10, clicked=4)
    text = " ".join(desk.get(PAGE, {"days": "30"}).content.decode().split())
    for said in ("4 % of those at the beginning", "6 of 8", "75 %", "footer", "mail.example", "1.5 %", "Jan 2025"):
        assert said in text
    assert text.count("<svg") >= 6


def test_an_empty_page_says_what_to_do(desk, weekly):
    assert "Nothing was counted for Weekly yet" in desk.get(PAGE).content.decode()
    day(weekly, clock.utc_day(), size=0)
    weekly.counts_reading = False
    weekly.save()
    text = desk.get(PAGE).content.decode()
    for said in ("Nobody joined", "nobody on the list", "Nobody signed up", "Compose one", "Turn that on"):
        assert said in text


def test_without_a_newsletter_the_page_leads_to_the_first(desk):
    assert "There is no newsletter yet" in desk.get(PAGE).content.decode()


@pytest.mark.parametrize("query", [{"newsletter": "x"}, {"newsletter": "9" * 30}, {"days": "31"}, {"days": "30; --"}])
def test_an_address_that_means_nothing_is_not_found(desk, weekly, query):
    assert desk.get(PAGE, query).status_code == 404


@pytest.mark.parametrize("role", ["writer", "editor", "sponsorship manager", "awards steward"])
def test_figures_are_for_those_who_see_subscribers(client, weekly, role):
    client.force_login(factories.user(role=role))
    table = reverse("admin:newsletter_newsletter_figures_table", args=["growth"])
    assert [client.get(address).status_code for address in (PAGE, table)] == [403, 403]


def test_each_table_is_a_file_whose_rows_are_days_domains_or_cohorts(desk, weekly):
    today = clock.utc_day()
    day(weekly, today, joined=12, left=3, stopped=1, size=108, asked=8, confirmed=6, footer=10, article=2)
    BriefingDomain.objects.create(briefing=factories.sent(weekly, opened=0, clicked=0), domain="", mailed=7)
    address = reverse("admin:newsletter_newsletter_figures_table", args=["growth"])
    head, *rows = csv.reader(desk.get(address, {"days": "30"}).content.decode().splitlines())
    assert len(rows) == 30
    assert dict(zip(head, rows[-1], strict=True)) == {
        "day": str(today), "joined": "12", "left": "3", "stopped": "1", "net": "8", "subscribers": "108",
        "asked": "8", "confirmed of asked": "6", "joined: footer": "10", "joined: article": "2",
    }  # fmt: skip
    address = reverse("admin:newsletter_newsletter_figures_table", args=["domains"])
    assert desk.get(address).content.decode().splitlines()[1] == "other domains,7,0,0"


def test_there_is_no_other_table(desk, weekly):
    assert desk.get(reverse("admin:newsletter_newsletter_figures_table", args=["secrets"])).status_code == 404


def test_the_page_asks_the_database_no_more_the_longer_the_period(desk, weekly, django_assert_max_num_queries):
    for number in range(400):
        day(weekly, clock.utc_day() - timedelta(days=number), joined=1, footer=1)
    with django_assert_max_num_queries(14):
        desk.get(PAGE, {"days": "all"})
