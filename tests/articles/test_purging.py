"""A cache in front knows what each page shows, and is told what to forget."""

import pytest
from django.test import Client

from tests.articles import factories

pytestmark = pytest.mark.django_db


def tags(client: Client, path: str) -> set[str]:
    """The tags in a page's header."""
    return set(client.get(path)["Cache-Tag"].split(","))


def test_an_articles_page_names_what_it_shows(client: Client) -> None:
    factories.category("research")
    factories.author("ana")
    factories.tag("bitcoin")
    factories.card("subscribe")
    factories.publication(slug="fees", category="research", authors=["ana"], tags=["bitcoin"], cta="subscribe")
    shown = {"site", "article:fees", "category:research", "author:ana", "tag:bitcoin", "snippet:subscribe"}
    assert tags(client, "/blog/fees/") == shown


@pytest.mark.parametrize(
    "path", ["/", "/blog/", "/blog/category/research/", "/blog/archive/", "/feed.xml", "/sitemap.xml"]
)
def test_lists_and_feeds_share_a_tag(client: Client, path: str) -> None:
    factories.category("research")
    factories.publication(category="research")
    assert tags(client, path) == {"site", "articles"}


def test_fastly_reads_another_header(client: Client, settings: object) -> None:
    settings.CACHE_PURGE_KIND = "fastly"  # type: ignore[attr-defined]
    answer = client.get("/blog/")
    assert answer["Surrogate-Key"] == "site articles"
    assert "Cache-Tag" not in answer


def test_a_personal_page_has_no_tags(client: Client) -> None:
    assert "Cache-Tag" not in client.get("/accounts/login/")
