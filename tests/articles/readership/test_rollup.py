"""The counts of a day are what its views say, however often they are made; then the views go, a day at a time."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from articles.models import (
    CampaignFigures,
    DayFigures,
    DaySalt,
    Outcome,
    OutcomeFigures,
    PageFigures,
    PageView,
    SourceFigures,
)
from articles.readership import collector, raw, rollup, salts
from core.lib import clock
from tests.articles import factories
from tests.articles.readership.conftest import BROWSER
from tests.newsletter import factories as mailing

pytestmark = pytest.mark.django_db


@pytest.fixture
def a_day(send):
    """A day on which three visitors read two articles and the home page."""
    for slug in ("bridges", "rollups"):
        factories.publication(slug=slug)
    search, orbit = "https://search.example/", "?utm_source=orbit"
    for address, nonce, path, depth, referrer in [
        ("203.0.113.1", "1", "/", 0, search),
        ("203.0.113.1", "2", "/blog/bridges/", 4, "http://testserver/"),
        ("203.0.113.2", "1", f"/blog/bridges/{orbit}", 2, ""),
        ("203.0.113.2", "2", "/blog/rollups/", 1, "http://testserver/blog/bridges/"),
        ("203.0.113.2", "3", "/blog/bridges/", 0, "http://testserver/blog/rollups/"),
        ("203.0.113.3", "1", "/blog/rollups/", 3, search),
    ]:
        send(path, address=address, nonce=nonce, depth=depth, referrer=referrer)
    collector.flush()
    return clock.utc_day()


def recomputed(day):
    """The counts of a day by page, made of its views one by one."""
    views, visitors, depths = Counter(), {}, Counter()
    for view in PageView.objects.filter(day=day):
        views[view.path] += 1
        visitors.setdefault(view.path, set()).add(view.visitor)
        depths.update((view.path, quarter) for quarter in range(1, view.depth + 1))
    return {
        path: (number, len(visitors[path]), *(depths[path, quarter] for quarter in (1, 2, 3, 4)))
        for path, number in views.items()
    }


def rolled_up(day):
    quarters = [f"quarter_{number}" for number in (1, 2, 3, 4)]
    rows = PageFigures.objects.filter(day=day).values_list("path", "views", "visitors", *quarters)
    return {path: tuple(numbers) for path, *numbers in rows}


def test_a_day_recomputed_from_its_views_equals_the_roll_up(a_day):
    figures = rollup.roll_up(a_day)
    assert rolled_up(a_day) == recomputed(a_day) != {}
    assert (figures.views, figures.visitors, sum(figures.hours)) == (6, 3, 6)


def test_a_day_rolled_up_again_is_the_same(a_day):
    rollup.roll_up(a_day)
    before = [list(model.objects.values_list("day", "path", "views")) for model in (PageFigures, SourceFigures)]
    rollup.roll_up(a_day)
    assert [list(model.objects.values_list("day", "path", "views")) for model in (PageFigures, SourceFigures)] == before


def test_views_are_counted_by_source_and_by_campaign(a_day):
    rollup.roll_up(a_day)
    sources = SourceFigures.objects.filter(path="/blog/bridges/").values_list("source", "views", "visitors")
    assert set(sources) == {("own pages", 2, 2), ("", 1, 1)}
    assert list(CampaignFigures.objects.values_list("path", "campaign", "views")) == [("/blog/bridges/", "orbit", 1)]


def test_a_sign_up_is_counted_for_the_page_it_was_made_on_and_the_way_its_visitor_came(a_day, client):
    mailing.newsletter(slug="orbit")
    for _ in range(2):
        client.post(
            "/newsletter/subscribe/",
            {"email": "ana@example.com", "newsletter": "orbit"},
            headers={"host": "testserver", "user-agent": BROWSER, "referer": "http://testserver/blog/rollups/"},
            REMOTE_ADDR="203.0.113.2",
        )
    collector.flush()
    rollup.roll_up(a_day)
    counted = OutcomeFigures.objects.values_list("kind", "path", "article__slug", "source", "campaign", "visitors")
    assert list(counted) == [("sign-ups", "/blog/rollups/", "rollups", "", "orbit", 1)]


def test_a_refused_sign_up_and_one_that_asks_not_to_be_tracked_are_no_outcome(a_day, client):
    mailing.newsletter(slug="orbit")
    told = {"user-agent": BROWSER}
    client.post("/newsletter/subscribe/", {"email": "no address", "newsletter": "orbit"}, headers=told)
    form = {"email": "ana@example.com", "newsletter": "orbit"}
    client.post("/newsletter/subscribe/", form, headers={**told, "sec-gpc": "1"})
    collector.flush()
    assert Outcome.objects.count() == 0


def test_an_article_keeps_its_counts_under_another_slug(a_day):
    article = PageView.objects.filter(path="/blog/bridges/").first().article_id
    rollup.roll_up(a_day)
    assert PageFigures.objects.get(article=article).path == "/blog/bridges/"


def partition_of(day, *, views=1):
    raw.ensure(day)
    PageView.objects.bulk_create(
        PageView(day=day, visitor=1, nonce=number, at=clock.start_of(day), path="/", article_id=None)
        for number in range(views)
    )


def test_the_views_of_days_long_past_are_dropped_with_their_table_and_their_counts_stay():
    long_past = clock.utc_day() - rollup.VIEWS_KEPT_FOR - timedelta(days=1)
    partition_of(long_past, views=3)
    partition_of(clock.utc_day())
    assert rollup.drop_old_views() == 3
    assert raw.days() == [clock.utc_day()]
    assert DayFigures.objects.get(day=long_past).views == 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [long_past.strftime(raw.PARTITION)])
        assert cursor.fetchone() == (None,)


def test_counts_by_page_go_in_time_and_those_of_whole_days_stay():
    for age in (rollup.COUNTS_KEPT_FOR + timedelta(days=1), timedelta(days=5)):
        partition_of(clock.utc_day() - age)
        rollup.roll_up(clock.utc_day() - age)
    rollup.delete_old_counts()
    assert (PageFigures.objects.count(), DayFigures.objects.count()) == (1, 2)


def test_a_day_is_rolled_up_while_it_lasts_and_once_when_it_is_over():
    day = clock.utc_day()
    over = clock.start_of(day + timedelta(days=1)) + rollup.SETTLED_AFTER
    made = DayFigures(day=day, seconds=0.1, rolled_up_at=clock.start_of(day))
    assert not rollup.is_due(day, made, made.rolled_up_at + timedelta(minutes=1))
    assert rollup.is_due(day, made, made.rolled_up_at + timedelta(minutes=5))
    assert rollup.is_due(day, made, over + timedelta(days=1))
    made.rolled_up_at = over
    assert not rollup.is_due(day, made, over + timedelta(days=1))


def test_a_roll_up_that_takes_long_is_made_once_an_hour():
    now = timezone.now().replace(hour=12)
    made = DayFigures(day=now.date(), seconds=600, rolled_up_at=now)
    assert not rollup.is_due(made.day, made, now + timedelta(minutes=59))
    assert rollup.is_due(made.day, made, now + timedelta(minutes=60))


def test_the_tables_of_today_and_tomorrow_are_there_ahead():
    rollup.roll_up_due()
    assert raw.days() == [clock.utc_day(), clock.utc_day() + timedelta(days=1)]


def test_a_salt_is_the_same_all_day_and_forgotten_when_its_day_is_over():
    day, next_day = (clock.utc_day() + timedelta(days=days) for days in (10, 11))
    first, second = salts.of(day), salts.of(next_day)
    salts.forget_old(clock.start_of(next_day))  # views of the last seconds are still being written
    assert (salts.of(day), salts.of(next_day)) == (first, second)
    salts.forget_old(clock.start_of(next_day) + salts.STILL_NEEDED + timedelta(days=1) - timedelta(seconds=1))
    assert list(DaySalt.objects.values_list("day", flat=True)) == [next_day]
    assert salts.of(day) != first
    assert salts.of(next_day) == second


def test_no_backup_has_a_salt():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'articles_daysalt'")
        assert cursor.fetchone() == ("u",)  # unlogged: backups leave out what is in it
