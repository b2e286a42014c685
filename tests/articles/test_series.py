"""Articles of a series know their place, lead to their neighbours, and are listed from the first on."""

import json

import lxml.html
import pytest
from django.db import IntegrityError

from articles.documents import apply_document, document_of
from articles.preview import preview_page
from articles.publishing import publish, unpublish
from core.models import OutgoingRequest
from tests.articles import factories
from tests.articles.jsonld import nodes_of, problems

pytestmark = pytest.mark.django_db


@pytest.fixture
def parts(db):
    """Three parts, published in another order than that of their numbers."""
    factories.series("fees-explained")
    numbers = {"last": None, "second": 2, "first": 1}
    return {
        slug: factories.publication(
            slug=slug, title=slug.title(), series="fees-explained", **({"part": n} if n else {})
        )
        for slug, n in numbers.items()
    }


def text_in(page, name):
    """The words in the elements of a class."""
    found = lxml.html.fromstring(page.content).find_class(name)
    return " ".join(" ".join(element.text_content().split()) for element in found)


def line(client, slug):
    return text_in(client.get(f"/blog/{slug}/"), "series-line")


def steps(client, slug):
    page = client.get(f"/blog/{slug}/")
    return [words for side in ("previous", "next") if (words := text_in(page, f"series-steps__{side}"))]


def test_an_article_says_which_part_it_is_and_leads_to_its_neighbours(client, parts):
    assert line(client, "second") == "Part 2 of 3 of Fees Explained"
    assert steps(client, "second") == ["Previous First", "Next Last"]
    assert steps(client, "first") == ["Next Second"]


def test_numbers_close_up_when_a_part_is_taken_down_and_open_when_it_comes_back(client, parts):
    article = parts["first"].article
    unpublish(article)
    assert line(client, "second") == "Part 1 of 2 of Fees Explained"
    assert steps(client, "second") == ["Next Last"]
    publish(article)
    assert line(client, "second") == "Part 2 of 3 of Fees Explained"


def test_an_article_that_moves_to_another_series_leaves_the_first(client, parts):
    factories.series("other")
    article = parts["second"].article
    apply_document(article, document_of(article) | {"series": "other", "part": 7})
    assert line(client, "first") == "Part 1 of 3 of Fees Explained"  # readers see the version before
    publish(article)
    assert line(client, "first") == "Part 1 of 2 of Fees Explained"
    assert line(client, "second") == "Part 1 of 1 of Other"


def test_a_preview_shows_where_a_draft_would_stand(parts):
    draft = factories.article(slug="new", title="New", series="fees-explained", part=2)
    assert "Part 3 of 4" in preview_page(document_of(draft))


def test_the_page_of_a_series_lists_its_parts_from_the_first_on_with_its_own_feed_and_map(client, parts):
    page = client.get("/blog/series/fees-explained/")
    assert text_in(page, "card__title") == "First Second Last"
    assert nodes_of(page.content.decode())[0]["itemListElement"][-1]["name"] == "Fees Explained"
    assert client.get("/blog/series/fees-explained/feed.xml").content.count(b"<item>") == 3
    assert b"/blog/series/fees-explained/" in client.get("/sitemap-pages.xml").content


def test_structured_data_and_the_api_tell_the_series(client, parts):
    nodes = nodes_of(client.get("/blog/first/").content.decode())
    assert problems(nodes) == []
    assert nodes[0]["isPartOf"]["name"] == "Fees Explained"
    assert client.get("/api/v1/articles/first/").json()["series"] == "fees-explained"
    assert client.get("/api/v1/articles/?series=fees-explained").json()["count"] == 3


def test_caches_in_front_forget_both_series(client, parts, settings):
    settings.CACHE_PURGE_URL = "https://cdn.example/purge"
    assert "series:fees-explained" in client.get("/blog/first/")["Cache-Tag"].split(",")
    factories.series("other")
    article = parts["second"].article
    apply_document(article, document_of(article) | {"series": "other"})
    publish(article)
    told = json.dumps(list(OutgoingRequest.objects.values_list("body", flat=True)))
    assert "series:fees-explained" in told
    assert "series:other" in told


def test_an_article_follows_the_new_name_of_its_series(client, parts, editor):
    row = factories.series("fees-explained")
    posted = {"name": "Fees", "slug": "fees", "description": ""}
    client.post(f"/admin/articles/series/{row.pk}/change/", posted)
    article = parts["first"].article
    old = document_of(article) | {"series": "fees-explained"}
    article.refresh_from_db()
    assert apply_document(article, old) is None  # the former slug means the same series
    assert client.get("/blog/series/fees-explained/")["Location"] == "/blog/series/fees/"


def test_a_series_with_parts_is_not_deleted(client, parts, editor):
    row = factories.series("fees-explained")
    answer = client.post(f"/admin/articles/series/{row.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 200  # the page that says why
    assert line(client, "first").startswith("Part 1")


def test_the_database_refuses_a_number_without_a_series(db):
    article = factories.article()
    with pytest.raises(IntegrityError):
        type(article).objects.filter(pk=article.pk).update(part=1)
