"""Whether an address of this site leads to a page that readers can see."""

import pytest

from articles.addresses import Page, page_at, page_behind
from articles.importing.load.redirects import redirect_all
from articles.importing.load.report import Report
from articles.models import Redirect
from articles.publishing import unpublish
from articles.redirects import redirect_path
from surveys import seasons
from tests.articles import factories
from tests.newsletter import factories as mailing
from tests.surveys.factories import draft_season, open_season

pytestmark = pytest.mark.django_db


def test_an_article_has_a_page_as_long_as_it_is_published():
    shown = factories.publication()
    path = shown.get_absolute_url()
    assert page_at(path) is Page.SHOWN
    unpublish(shown.article)
    assert page_at(path) is Page.HIDDEN


@pytest.mark.parametrize("kind", ["category", "tag", "author"])
def test_a_list_has_a_page_once_there_is_what_it_is_of(kind):
    path = f"/blog/{kind}/of-this/"
    assert page_at(path) is Page.HIDDEN
    {"category": factories.category, "tag": factories.tag, "author": factories.author}[kind]("of-this")
    assert page_at(path) is Page.SHOWN


def test_awards_have_pages_once_they_are_public():
    paths = ["/awards/moon-2026/", "/awards/moon-2026/wallet/", "/awards/moon-2026/wallet/ada/"]
    season = draft_season()
    assert {page_at(path) for path in paths} == {Page.HIDDEN}
    seasons.open_voting(season)
    assert {page_at(path) for path in paths} == {Page.SHOWN}
    assert page_at("/awards/moon-2026/wallet/nobody/") is Page.HIDDEN


def test_a_briefing_has_a_page_once_it_is_sent():
    weekly = mailing.newsletter()
    draft, sent = mailing.briefing(weekly), mailing.sent(weekly)
    assert page_at(draft.get_absolute_url()) is Page.HIDDEN
    assert page_at(sent.get_absolute_url()) is Page.SHOWN


@pytest.mark.parametrize(
    ("path", "there"), [("/blog/", Page.SHOWN), ("/advertise/", Page.SHOWN), ("/no/such/", Page.NONE)]
)
def test_other_pages_are_there_if_the_site_answers_them(path, there):
    assert page_at(path) is there


@pytest.mark.parametrize("path", ["/media/2024/six-bridges/", "/preview/token/", "/admin/anything/"])
def test_what_only_asking_would_tell_is_not_known(path):
    assert page_at(path) is page_behind(path) is Page.UNKNOWN


def test_an_import_redirects_old_addresses_but_those_of_pages_that_are_here():
    shown, other = factories.publication(slug="new").get_absolute_url(), factories.publication().get_absolute_url()
    redirect_all(
        ["/media/2024/six-bridges/", other, "/advertise/", "/blog/six/"], shown, Report("export.json", "ghost")
    )
    assert set(Redirect.objects.values_list("path", flat=True)) == {"/media/2024/six-bridges/", "/blog/six/"}


def test_who_follows_an_old_address_comes_to_the_new_one():
    shown = factories.publication(slug="new")
    redirect_path("/old/", shown.get_absolute_url())
    redirect_path("/gone/", "https://elsewhere.example/")
    assert page_at("/old/") is Page.NONE
    assert [page_behind(path) for path in ("/old/", "/old", "/gone/", "/blog/new", "/blog/old/")] == [
        Page.SHOWN, Page.SHOWN, Page.UNKNOWN, Page.SHOWN, Page.HIDDEN,
    ]  # fmt: skip
    unpublish(shown.article)
    assert page_behind("/old/") is Page.HIDDEN


def test_an_address_in_capitals_leads_to_the_page_in_small_letters(client):
    factories.publication(slug="moon", category=factories.category("defi").slug, tags=[factories.tag().slug])
    briefing = mailing.sent(mailing.newsletter(), slug="daily-1")
    open_season(slug="best-2026")
    paths = ["/blog/moon/", "/blog/category/defi/", "/blog/tag/bitcoin/", briefing.get_absolute_url(), "/awards/best-2026/",
             "/awards/best-2026/nominate/"]  # fmt: skip
    for path in paths:
        answer = client.get(f"{path.upper()}?page=1&Utm=A")
        assert (answer.status_code, answer["Location"]) == (301, f"{path}?page=1&Utm=A"), path


def test_capitals_that_lead_nowhere_are_not_found(client):
    factories.article(slug="hidden")
    for path in ("/blog/Hidden/", "/blog/NOWHERE/", "/newsletter/confirm/ABC/", "/blog/A%00B/"):
        assert client.get(path).status_code == 404, path


def test_capitals_and_an_old_address_take_one_hop(client):
    shown = factories.publication(slug="new")
    redirect_path("/blog/old/", shown.get_absolute_url())
    assert client.get("/blog/OLD")["Location"] == "/blog/new/"


def test_an_old_address_in_capitals_is_redirected_as_it_was_written(client):
    shown = factories.publication(slug="new")
    redirect_path("/Blog/Old/", "/blog/other/")
    redirect_path("/blog/old/", shown.get_absolute_url())
    assert client.get("/Blog/Old/")["Location"] == "/blog/other/"
