"""The figures at the desk say what was rolled up: of the site, of an article, of an author."""

from datetime import timedelta

import pytest

from articles.models import DayFigures
from articles.readership import collector, figures, rollup
from core.lib import clock
from core.lib.html import text_of
from sponsors import audience
from tests.articles import factories

pytestmark = pytest.mark.django_db
PAGE = "/admin/articles/dayfigures/"


def text_of_page(response):
    assert response.status_code == 200
    return " ".join(text_of(response.content.decode()).split())


@pytest.fixture(autouse=True)
def _no_days(db):
    """A worker of other tests may have rolled up days of theirs."""
    DayFigures.objects.all().delete()


@pytest.fixture
def read(send):
    """Two articles, one of them by Ana and read more."""
    factories.author()
    by_ana = factories.publication(slug="bridges", title="Bridges", authors=["ana"]).article
    factories.publication(slug="rollups", title="Rollups")
    search = "https://search.example/"
    for nonce, path, depth, referrer in [
        ("1", "/blog/bridges/?utm_source=orbit", 4, search),
        ("2", "/blog/bridges/", 2, search),
        ("3", "/blog/rollups/", 1, ""),
    ]:
        send(path, nonce=nonce, depth=depth, referrer=referrer)
    send("/", nonce="4", address="203.0.113.9", sec_gpc="1")
    collector.flush()
    rollup.roll_up(clock.utc_day())
    return by_ana


def a_day(ago, *, hourly):
    values = {"views": 24 * hourly, "visitors": 7, "hours": [hourly] * 24, "seconds": 0}
    day = clock.utc_day() - timedelta(days=ago)
    return DayFigures.objects.create(day=day, rolled_up_at=clock.start_of(day) + timedelta(days=1), **values)


def test_the_page_shows_what_is_read_by_whom_written_and_how_it_was_found(client, read, editor):
    page = text_of_page(client.get(PAGE))
    for words in (
        "views 3",
        "Bridges 2 1 50",
        "Rollups 1 1 0",
        "Ana 2 1",
        "search.example 2 1",
        "orbit 1 1",
    ):
        assert words in page, words
    assert "asked not to be tracked 1" in page


def test_the_figures_of_an_article_are_its_own(client, read, editor):
    page = text_of_page(client.get(PAGE, {"article": read.pk, "days": "1"}))
    assert "views 2" in page
    assert "Rollups" not in page
    assert "To the end: 1" in page


def test_the_figures_of_an_author_are_those_of_their_articles(client, read, editor):
    page = text_of_page(client.get(PAGE, {"author": factories.author().pk}))
    assert "views 2" in page
    assert "Rollups" not in page


@pytest.mark.parametrize("query", ["days=x", "days=9999999", "article=x", "author=-1", "article=99999999999999999999"])
def test_an_address_that_asks_for_nothing_there_is_is_no_error(client, editor, query):
    assert client.get(f"{PAGE}?{query}").status_code in (200, 404)


def test_a_writer_sees_no_figures(client, writer):
    client.force_login(writer)
    assert client.get(PAGE).status_code == 403


def test_this_day_stands_beside_the_mean_of_the_days_before(read):
    a_day(1, hourly=10)
    a_day(2, hourly=20)
    a_day(figures.USUAL.days + 1, hourly=1000)
    today = figures.today()
    assert (today.views, today.usual) == (3, 360)
    assert 0 <= today.usual_by_now <= 360


def test_the_page_takes_few_queries_however_much_was_read(client, read, editor, django_assert_max_num_queries):
    for age in range(1, 20):
        a_day(age, hourly=3)
    client.get(PAGE)
    with django_assert_max_num_queries(20):
        client.get(PAGE)


def test_the_media_kit_quotes_whole_days_once_there_are_enough(client):
    for age in range(1, audience.ENOUGH_DAYS):
        a_day(age, hourly=5)
    assert audience.figures().reading is None
    a_day(audience.ENOUGH_DAYS, hourly=5)
    a_day(0, hourly=5000)
    assert audience.figures().reading == audience.Reading(days=7, views=840, visits=49)
    page = text_of_page(client.get("/advertise/"))
    assert "120" in page
    assert "page views a day" in page
