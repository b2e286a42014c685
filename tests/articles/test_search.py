"""Readers find articles, narrow what they found, and are helped where they find nothing."""

import re
from datetime import UTC, datetime
from html import unescape
from urllib.parse import parse_qsl

import pytest
from django.db import connection

from articles import search
from articles.filters import Filters
from articles.models import Publication
from articles.publishing import publish
from tests.articles import factories
from tests.html import one_line

pytestmark = pytest.mark.django_db


def text(words):
    return {"type": "richtext", "html": f"<p>{words}</p>"}


@pytest.fixture
def articles():
    """Four articles about staking, and one about weather."""
    factories.category("research")
    factories.category("news")
    factories.author("ana")
    factories.author("bo")
    for title, category, author, year in (
        ("Staking one", "research", "ana", 2024),
        ("Staking two", "research", "bo", 2025),
        ("Staking three", "news", "ana", 2025),
        ("Staking four", "news", "bo", 2025),
    ):
        draft = factories.article(title=title, category=category, authors=[author])
        publish(draft, at=datetime(year, 5, 1, tzinfo=UTC))
    factories.publication(title="Weather", category="news")


def titles(client, query):
    """What the page shows, in its order."""
    page = client.get(f"/blog/search/?{query}").content.decode()
    return re.findall(r'card__title"[^>]*>\s*<a [^>]*>([^<]*)', page)


def options(client, query, name):
    page = client.get(f"/blog/search/?{query}").content.decode()
    listed = re.search(rf'<select[^>]*name="{name}">(.*?)</select>', page, re.DOTALL)
    assert listed
    return [one_line(option) for option in re.findall(r">([^<]+)</option>", listed[1])]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=staking", {"Staking one", "Staking two", "Staking three", "Staking four"}),
        ("q=staking&category=research", {"Staking one", "Staking two"}),
        ("q=staking&author=ana", {"Staking one", "Staking three"}),
        ("q=staking&year=2025", {"Staking two", "Staking three", "Staking four"}),
        ("q=staking&category=news&author=bo&year=2025", {"Staking four"}),
        ("q=staking&category=news&year=2024", set()),
        (
            "q=staking&category=none&author=none&year=none",
            {"Staking one", "Staking two", "Staking three", "Staking four"},
        ),
        ("q=staking&year=99999999999999999999", {"Staking one", "Staking two", "Staking three", "Staking four"}),
    ],
)
def test_a_search_is_narrowed(articles, client, query, found):
    assert set(titles(client, query)) == found


def test_each_choice_says_how_many_it_would_leave(articles, client):
    assert options(client, "q=staking", "category") == ["All sections", "News (2)", "Research (2)"]
    assert options(client, "q=staking&category=research", "year") == ["All years", "2025 (1)", "2024 (1)"]
    assert options(client, "q=staking&year=2024", "category") == ["All sections", "Research (1)"]


def test_what_was_chosen_stays_chosen_over_pages_and_can_be_cleared(client):
    factories.category("news")
    for _ in range(13):
        factories.publication(text("common words"), category="news")
    page = client.get("/blog/search/?q=common&category=news").content.decode()
    assert '<option value="news" selected>' in page
    further = re.search(r'rel="next" href="\?([^"]*)"', page)
    assert further
    assert dict(parse_qsl(unescape(further[1]))) == {"q": "common", "category": "news", "page": "2"}
    assert 'href="?q=common">Clear the filters' in page
    assert len(titles(client, "q=common&category=news&page=2")) == 1


def test_a_search_without_words_offers_the_form_and_nothing_else(articles, client):
    assert titles(client, "category=news") == []
    assert 'name="q"' in client.get("/blog/search/").content.decode()


@pytest.mark.parametrize(
    ("query", "suggestion"),
    [
        ("q=stakking", "?q=staking"),
        ("q=staking+weather", "?q=staking+or+weather"),
        ("q=weather&category=research", "?q=weather"),
    ],
)
def test_an_empty_result_offers_searches_that_find_something(articles, client, query, suggestion):
    page = client.get(f"/blog/search/?{query}").content.decode()
    assert "Nothing found" in page
    assert f'href="{suggestion}"' in page


@pytest.mark.parametrize("query", ["zzzz", "🌕", "a " * 90, "or or", "--", '""', "x'; --"])
def test_hopeless_searches_are_answered_without_suggestions(articles, client, query):
    answer = client.get("/blog/search/", {"q": query, "category": "news"})
    assert answer.status_code == 200
    assert "finder__suggestions" not in answer.content.decode()


def test_of_a_very_common_word_the_newest_are_ranked_and_the_rest_is_said(client):
    oldest, *_, newest = factories.many(search.CONSIDERED + 1, text="moon" + " words" * 50)
    factories.publication(title="The moon")
    page = client.get("/blog/search/?q=moon").content.decode()
    assert titles(client, "q=moon")[:2] == ["The moon", newest.title]
    assert f"More than {search.CONSIDERED} articles" in page
    for year in (None, 2025):
        found = search.search("moon", Filters(year=year)).keys
        assert len(found) == search.CONSIDERED
        assert oldest.pk not in found


def test_an_old_article_with_the_word_in_its_title_is_found_among_the_newest(client):
    publish(factories.article(title="What the moon is"), at=datetime(2019, 1, 1, tzinfo=UTC))
    *_, newest = factories.many(search.CONSIDERED + 1, text="moon" + " words" * 50)
    assert titles(client, "q=moon")[:2] == ["What the moon is", newest.title]


@pytest.mark.parametrize("rows", [4 * search.LOOKED_INTO, 4 * search.COMMON])
def test_phrases_and_authors_are_found_however_common_the_words(articles, client, rows):
    factories.publication(text("two staking"), title="Backwards")
    with connection.cursor() as cursor:  # what the planner would know of so many articles, five of six on staking
        cursor.execute("ANALYZE articles_publication")
        cursor.execute("UPDATE pg_class SET reltuples = %s WHERE relname = 'articles_publication'", [rows])
    assert rows / 2 < search.expected(Publication.objects.all(), "staking") < rows
    assert titles(client, "q=%22staking+two%22") == ["Staking two"]
    assert set(titles(client, "q=staking&author=ana")) == {"Staking one", "Staking three"}
    assert titles(client, "q=%22staking+two%22&author=ana") == []
    assert titles(client, "q=staking+-%22staking+two%22&author=bo") == ["Staking four"]


def test_the_planner_says_how_common_words_are(articles):
    assert search.expected(Publication.objects.all(), "staking") >= 1
    assert search.search("staking", Filters()).is_more is False


COMPOSED, APART = "Élan", "E\u0301lan"
HIDING = ["Élan", APART, "Él\u00adan", "É\u200blan", "Él\u200d\u00adan"]


@pytest.mark.parametrize("written", HIDING)
def test_words_are_found_whatever_they_hide_and_however_they_are_composed(written, client):
    factories.publication(text(f"In the text stands {written}."), title="Below")
    factories.publication(title=f"{written} above")
    factories.publication(title="Another")
    for typed in HIDING:
        found = search.search(search.cleaned_query(typed), Filters()).keys
        assert set(Publication.objects.filter(pk__in=found).values_list("title", flat=True)) >= {"Below"}, typed
        assert len(found) == 2, typed
    assert "<mark>" in client.get("/blog/search/", {"q": COMPOSED}).content.decode()


def page_of_the_site(**parts):
    return factories.publication({"type": "richtext", "html": parts.pop("html")}, kind="page", **parts)


def test_pages_of_the_site_are_found_above_the_articles_and_by_no_filter(client):
    factories.category("research")
    factories.publication({"type": "richtext", "html": "<p>Imprint of a shoe.</p>"}, slug="shoe", category="research")
    page_of_the_site(slug="imprint", title="Imprint", html="<p>Who answers for this site.</p>")
    found = client.get("/blog/search/?q=imprint").content.decode()
    assert found.index('href="/imprint/"') < found.index('href="/blog/shoe/"')
    assert (
        'href="/imprint/"'
        not in client.get("/blog/search/?q=imprint&category=research").content.decode().split("<footer")[0]
    )


def test_a_search_that_finds_only_a_page_is_not_said_to_find_nothing(client):
    page_of_the_site(slug="privacy", title="Privacy", html="<p>No cookies &lt;at all&gt;.</p>")
    found = client.get("/blog/search/?q=cookies").content.decode()
    assert "Nothing found" not in found
    assert "<mark>cookies</mark>" in found
