"""Articles in another language than the site's: readers, screen readers, feeds and search engines are told."""

import json
import re

import pytest

from articles.document_schema import DocumentError, normalised
from articles.documents import apply_document, document_of
from tests.articles import factories

pytestmark = pytest.mark.django_db


def test_the_page_and_its_card_say_which_language_it_is(client):
    shown = factories.publication(title="ما هو البيتكوين", standfirst="نص قصير", language="ar", slug="bitcoin")
    page = client.get(shown.get_absolute_url()).content.decode()
    for part in (
        'article__title" dir="auto" lang="ar"',
        'article__standfirst" dir="auto" lang="ar"',
        'prose" lang="ar"',
    ):
        assert part in page
    assert '<html lang="en"' in page
    assert 'card__title" dir="auto" lang="ar"' in client.get("/blog/").content.decode()


def test_search_engines_and_feeds_are_told(client):
    shown = factories.publication(language="pt-BR", slug="taxas")
    data = re.search(
        r'type="application/ld\+json"[^>]*>(.*?)</script>', client.get("/blog/taxas/").content.decode(), re.DOTALL
    )
    assert json.loads(data[1])["@graph"][0]["inLanguage"] == "pt-BR"
    entry = client.get("/feed.json").json()["items"][0]
    assert (entry["url"].endswith(shown.get_absolute_url()), entry["language"]) == (True, "pt-BR")


def test_an_article_in_the_site_s_own_language_says_nothing_of_it(client):
    factories.publication(slug="plain")
    page = client.get("/blog/plain/").content.decode()
    assert page.count(" lang=") == 1
    assert "language" not in client.get("/feed.json").json()["items"][0]


@pytest.mark.parametrize(
    ("typed", "kept"), [("DE", "de"), ("pt-br", "pt-BR"), ("ZH-hant-tw", "zh-Hant-TW"), (" ar ", "ar")]
)
def test_a_code_is_written_as_it_is_usual(typed, kept):
    assert normalised(factories.document(language=typed))["language"] == kept


@pytest.mark.parametrize("typed", ["German", "d", "en_US", '"><script>', 7, "de-" + "x" * 40])
def test_what_is_no_code_is_refused_in_words(typed):
    with pytest.raises(DocumentError, match="such as de, pt-BR or ar"):
        normalised(factories.document(language=typed))


def test_it_is_part_of_the_document_only_where_there_is_one():
    article = factories.article(language="de")
    assert document_of(article)["language"] == "de"
    apply_document(article, {**document_of(article), "language": ""})
    assert "language" not in document_of(article)
