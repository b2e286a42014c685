"""An article's page is put together from what is kept of it, and never shows what is no longer so."""

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from articles.article_page import article_page
from articles.documents import apply_document, document_of
from articles.models import ArticleFrame, Author, Category, Publication, Snippet, Tag
from articles.publishing import publish
from core.models import SiteProfile
from tests.articles import factories

PATH = "/blog/fees/"


@pytest.fixture
def shown(db):
    """An article with something of everything around it."""
    warning = Snippet.objects.create(slug="warning", kind="disclaimer", html="<p>No advice.</p>")
    factories.category("research", disclaimer=warning)
    factories.author("ana", bio_html="<p>Writes.</p>")
    factories.tag("bitcoin")
    factories.card("subscribe")
    return factories.publication(
        slug="fees", category="research", authors=["ana"], tags=["bitcoin"], cta="subscribe", standfirst="Before."
    )


def page(client):
    return client.get(PATH).content.decode()


def changed(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def republish():
    article = Publication.objects.get(slug="fees").article
    document = {**document_of(article), "title": "Changed"}
    apply_document(article, document, by=None, expected_version=article.version)
    publish(article)


CHANGES = [
    republish,
    lambda: changed(Category.objects.get(), name="Changed"),
    lambda: changed(Author.objects.get(), name="Changed"),
    lambda: changed(Author.objects.get(), bio_html="<p>Changed</p>"),
    lambda: changed(Tag.objects.get(), name="Changed"),
    lambda: changed(Snippet.objects.get(slug="warning"), html="<p>Changed</p>"),
    lambda: changed(Snippet.objects.get(slug="subscribe"), heading="Changed"),
    lambda: changed(SiteProfile(pk=1), name="Changed"),
    lambda: changed(SiteProfile(pk=1), navigation=[{"label": "Changed", "url": "/blog/"}]),
]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_is_on_the_page(shown, client, change):
    assert "Changed" not in page(client)
    change()
    assert "Changed" in page(client)


def test_the_first_reader_costs_three_queries_and_the_next_one_query(shown, client, django_assert_max_num_queries):
    factories.publication(slug="other")
    client.get("/blog/other/")  # what all pages share is kept for a content generation
    with django_assert_max_num_queries(3):
        page(client)
    with django_assert_max_num_queries(1):
        page(client)


def test_the_frame_is_rendered_once(shown, client):
    page(client)
    frame = ArticleFrame.objects.get(publication=shown)
    ArticleFrame.objects.filter(publication=shown).update(html=frame.html.replace("Writes.", "As it was kept."))
    assert "As it was kept." in page(client)


def test_the_kept_frames_may_be_thrown_away(shown, client):
    before = page(client)
    ArticleFrame.objects.all().delete()
    assert page(client) == before
    assert ArticleFrame.objects.filter(publication=shown).exists()


def test_a_frame_goes_with_its_article(shown, client):
    page(client)
    shown.article.delete()
    assert not ArticleFrame.objects.exists()
    assert client.get(PATH).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_no_writes_still_serves(shown):
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        found = article_page("fees")
    finally:
        connection.close()
    assert found is not None
    assert "Before." in found.html
    assert not ArticleFrame.objects.exists()


def end_connection():
    """End the database's side of our connection, as a restart does."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])


@pytest.mark.django_db(transaction=True)
def test_a_restarted_database_costs_no_reader_a_page(shown):
    assert article_page("fees")
    end_connection()
    assert article_page("fees")


@pytest.mark.django_db(transaction=True)
def test_a_table_altered_meanwhile_costs_no_reader_a_page(shown):
    assert article_page("fees")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE articles_publication ALTER COLUMN words TYPE bigint")
    try:
        assert article_page("fees")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE articles_publication ALTER COLUMN words TYPE integer")


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_a_lost_connection_is_an_error(shown):
    with pytest.raises(OperationalError), transaction.atomic():
        lose_connection_between_two_pages()


def lose_connection_between_two_pages():
    assert article_page("fees")
    end_connection()
    article_page("fees")


def test_the_sign_up_stands_above_the_text_and_the_tail_is_in_order(shown, client):
    factories.publication(category="research")
    html = page(client)
    parts = ["data-signup", 'class="prose"', 'class="disclaimer', 'class="cta"', 'class="author"', 'id="recent"']
    places = [html.find(part) for part in parts]
    assert places == sorted(places)
    assert [html.count(part) for part in parts] == [1] * len(parts)
    assert 'class="about"' not in html


def test_a_text_with_a_sign_up_of_its_own_has_that_alone(db, client):
    factories.publication({"type": "richtext", "html": "<p>Words.</p>"}, {"type": "signup"}, slug="fees")
    html = page(client)
    assert html.count("data-signup") == 1
    assert "signup--strip" not in html
