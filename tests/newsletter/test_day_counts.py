"""The figures of a list as they are counted: by day from the ledger, by domain and month of joining from a briefing."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from core.lib import clock
from newsletter.models import BriefingDomain, ConsentAct, Delivery, Hit, ListDay, MailReport, Subscription
from newsletter.subscribers import consent, day_counts, subscriptions
from tests.newsletter import factories

pytestmark = pytest.mark.django_db


def act(person, what, newsletter=None, *, ago=0, actor="subscriber", way="form"):
    """An act of some days ago, as the ledger has it."""
    found = consent.person(person)
    about = {"newsletter": newsletter, "subscriber": person} if newsletter else {"digest": found.digest}
    at = clock.start_of(clock.utc_day() - timedelta(days=ago)) + timedelta(hours=3)
    return ConsentAct.objects.create(act=what, actor=actor, way=way, recorded_at=at, **about)


def counted(newsletter, *, ago=0):
    day_counts.count_days()
    return ListDay.objects.get(newsletter=newsletter, day=clock.utc_day() - timedelta(days=ago))


def test_a_sign_up_joins_on_the_day_that_it_is_confirmed_and_counts_as_confirmed_on_the_day_that_it_was_asked(weekly):
    bea = factories.subscriber("bea@example.com")
    act(bea, "asked", weekly, ago=5, way="footer")
    act(bea, "confirmed", weekly, ago=3, way="confirmation link")
    Subscription.objects.create(subscriber=bea, newsletter=weekly, state="confirmed", source="footer")
    asked, joined = counted(weekly, ago=5), counted(weekly, ago=3)
    assert (asked.asked, asked.confirmed, asked.joined) == (1, 1, 0)
    assert (joined.asked, joined.joined, joined.joined_from) == (0, 1, {"footer": 1})


def test_a_sign_up_that_is_confirmed_after_more_than_a_week_was_not_in_time(weekly):
    bea = factories.subscriber("bea@example.com")
    act(bea, "asked", weekly, ago=8)
    act(bea, "confirmed", weekly, ago=0)
    assert (counted(weekly, ago=8).asked, counted(weekly, ago=8).confirmed) == (1, 0)


def test_confirming_twice_joins_once_and_coming_back_joins_again(weekly):
    bea = factories.subscriber("bea@example.com")
    for what, ago in [("asked", 6), ("confirmed", 6), ("confirmed", 5), ("left", 4), ("left", 4), ("confirmed", 2)]:
        act(bea, what, weekly, ago=ago)
    assert [counted(weekly, ago=ago).joined for ago in (6, 2)] == [1, 1]
    assert counted(weekly, ago=4).left == 1
    assert not ListDay.objects.filter(day=clock.utc_day() - timedelta(days=5), joined__gt=0).exists()


def test_an_import_joins_those_who_are_on_the_list_and_not_those_who_had_left(run, weekly):
    run("email,status,created_at\nann@example.com,active,2023-01-02\nbea@example.com,unsubscribed,2023-01-02\n")
    day = counted(weekly)
    assert (day.joined, day.left, day.asked, day.size) == (1, 0, 0, 1)
    assert [*day.joined_from.values()] == [1]


def test_a_later_import_that_says_somebody_left_is_a_leave(run, weekly, ann):
    run("email,status,unsubscribed_at\nann@example.com,unsubscribed,2099-01-01\n")
    day = counted(weekly)
    assert (day.joined, day.left, day.size) == (1, 1, 0)


def test_whoever_is_suppressed_while_on_a_list_is_stopped_on_each_of_them(weekly, ann):
    monthly = factories.newsletter(name="Monthly", slug="monthly", is_default=False)
    factories.subscription(monthly)
    away = factories.subscription(weekly, "away@example.com", state="unsubscribed")
    for person in (ann, away.subscriber):
        consent.record(consent.NewAct(consent.person(person), "bounced", "server"))
    assert [counted(newsletter).stopped for newsletter in (weekly, monthly)] == [1, 1]
    assert counted(weekly).size == 0


def test_old_days_keep_their_numbers_when_those_whom_they_count_are_erased(weekly):
    bea, cyd = factories.subscriber("bea@example.com"), factories.subscriber("cyd@example.com")
    act(bea, "confirmed", weekly, ago=40)
    act(cyd, "confirmed", weekly, ago=2)
    assert (counted(weekly, ago=40).joined, counted(weekly, ago=2).joined) == (1, 1)
    for person in (bea, cyd):
        subscriptions.erase(person)
    assert (counted(weekly, ago=40).joined, counted(weekly, ago=2).joined) == (1, 0)


def test_counting_again_changes_nothing(weekly, ann):
    first = counted(weekly)
    again = counted(weekly)
    names = ("pk", "joined", "joined_from", "left", "stopped", "asked", "confirmed", "size")
    assert [getattr(first, name) for name in names] == [getattr(again, name) for name in names]


def test_an_act_counts_on_the_day_on_which_it_happened_and_an_import_on_that_on_which_it_came_in(weekly):
    bea, cyd = factories.subscriber("bea@example.com"), factories.subscriber("cyd@example.com")
    then = clock.start_of(clock.utc_day() - timedelta(days=20))
    of = [consent.NewAct(consent.person(bea), "confirmed", "restore", weekly.pk, given_at=then)]
    of.append(consent.NewAct(consent.person(cyd), "imported", "import", weekly.pk, given_at=then))
    consent.record(*of)
    assert (counted(weekly, ago=20).joined, counted(weekly).joined) == (1, 1)


def test_nothing_is_counted_before_anything_happened():
    day_counts.count_days()
    assert not ListDay.objects.exists()


def delivered(briefing, email, *, joined=None, state="sent"):
    found = factories.subscription(briefing.newsletter, email, confirmed_at=joined)
    at = timezone.now() if state == "sent" else None
    return Delivery.objects.create(briefing=briefing, subscriber=found.subscriber, state=state, sent_at=at)


@pytest.fixture
def briefing(weekly):
    return factories.sent(weekly, opened=0, clicked=0)


def test_bounces_and_complaints_are_counted_by_domain_and_small_domains_have_no_name(briefing):
    many = [delivered(briefing, f"a{number}@mail.example") for number in range(6)]
    few = delivered(briefing, "me@my-own-name.example")
    MailReport.objects.create(delivery=many[0], kind="gone")
    MailReport.objects.create(delivery=many[0], kind="complaint")
    MailReport.objects.create(delivery=few, kind="complaint")
    delivered(briefing, "x@mail.example", state="failed")
    day_counts.count_briefings()
    rows = {row.domain: (row.mailed, row.bounced, row.complained) for row in briefing.domains.all()}
    assert rows == {"mail.example": (7, 2, 1), "": (1, 0, 1)}


def test_persons_who_opened_or_clicked_are_counted_by_the_month_in_which_they_joined(briefing):
    march, april = clock.start_of(date(2025, 3, 31)), clock.start_of(date(2025, 4, 1))
    one, two = delivered(briefing, "a@x.example", joined=march), delivered(briefing, "b@x.example", joined=march)
    three, four = delivered(briefing, "c@x.example", joined=april), delivered(briefing, "d@x.example")
    link = briefing.links.get(number=1)
    Hit.objects.create(delivery=one, kind="open", verdict="valid")
    Hit.objects.create(delivery=one, kind="click", link=link, verdict="valid")
    Hit.objects.create(delivery=two, kind="click", link=link, verdict="valid")
    Hit.objects.create(delivery=three, kind="open", verdict="machine", reason="proxy")
    MailReport.objects.create(delivery=four, kind="gone")
    day_counts.count_briefings()
    rows = {row.month: (row.delivered, row.engaged, row.clicked) for row in briefing.cohorts.all()}
    assert rows == {date(2025, 3, 1): (2, 2, 2), date(2025, 4, 1): (1, 0, 0)}


def test_where_reading_is_not_counted_there_are_no_cohorts(briefing):
    delivered(briefing, "a@x.example")
    briefing.links.all().delete()
    day_counts.count_briefings()
    assert (briefing.cohorts.count(), briefing.domains.count()) == (0, 1)


def test_briefings_of_long_ago_are_counted_once(weekly):
    old = factories.sent(weekly, days_ago=60, opened=0, clicked=0)
    row = delivered(old, "a@x.example")
    day_counts.count_briefings()
    MailReport.objects.create(delivery=row, kind="gone")
    day_counts.count_briefings()
    assert BriefingDomain.objects.get(briefing=old).bounced == 0
