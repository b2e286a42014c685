"""The admin's lists: counted, turned, searched and filtered without going through every row."""

from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.db import connection

from articles.models import Article, AuditEntry, ImageAsset, Tag
from core.lib import admin_lists
from core.lib.prefix_search import beginning_with, words_of
from core.models import OutgoingMail
from tests.articles import factories
from tests.html import one_line

pytestmark = pytest.mark.django_db
WORD_SEARCHES = [desk for desk in admin.site._registry.values() if isinstance(desk, admin_lists.WordSearch)]


def titles(found):
    return set(found.values_list("title", flat=True))


def search(typed):
    desk = admin.site._registry[Article]
    return titles(desk.get_search_results(None, Article.objects.all(), typed)[0])


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_no_list_counts_all_its_rows(model):
    desk = admin.site._registry[model]
    assert issubclass(desk.paginator, admin_lists.BoundedPaginator)
    assert not desk.show_full_result_count
    assert desk.show_facets is admin.ShowFacets.NEVER


def test_a_long_list_says_that_there_is_more(client):
    client.force_login(factories.user("editor"))
    Tag.objects.bulk_create(Tag(name=f"Fee {number}", slug=f"fee-{number}") for number in range(10_001))
    everything = one_line(client.get("/admin/articles/tag/").content)
    assert "the first 10,000 tags; there are more: use the search" in everything
    assert "more than 10,000 found" in one_line(client.get("/admin/articles/tag/?q=fee").content)
    assert "11 found" in client.get("/admin/articles/tag/?q=fee-999").content.decode()


class ShortPaginator(admin_lists.BoundedPaginator):
    furthest = 2


def test_the_last_page_of_a_cut_list_is_the_last_it_leads_to():
    for title in ("One", "Two", "Three"):
        factories.article(title=title)
    paginator = ShortPaginator(Article.objects.order_by("pk"), 1)
    assert (paginator.count, paginator.num_pages, paginator.is_cut) == (2, 2, True)
    assert [article.title for article in paginator.page(2)] == ["Two"]


def test_a_search_finds_beginnings_of_words_in_any_of_the_columns():
    factories.article(title="Where bridges break", slug="six-of-them", standfirst="And Élan, on v3.11 at 20% a year.")
    factories.article(title="Gas fees")
    for typed in ("bridg", "BREAK wher", "six-of", "elan".replace("e", "é"), "v3.11", "20%"):
        assert search(typed) == {"Where bridges break"}, typed
    assert search("ridges") == search("bridges gas") == set()
    assert len(search("  ")) == len(search("&|!:*'\\")) == 2


@pytest.mark.parametrize("written", ["Élan", "E\u0301lan", "Él\u00adan", "Él\u200ban"])
def test_the_desk_finds_words_whatever_they_hide_and_however_they_are_composed(written, client):
    factories.article(title=f"{written} ends")
    Tag.objects.create(slug="elan", name=written)
    client.force_login(factories.user("editor"))
    for typed in ("Élan", "E\u0301lan", "Él\u00adan"):
        assert len(search(typed)) == 1
        assert b">elan<" in client.get("/admin/articles/tag/", {"q": typed}).content
        choices = client.get("/admin/articles/article/choices/tag/", {"term": typed}).json()
        assert len(choices["results"]) == 1


@pytest.mark.parametrize("desk", WORD_SEARCHES, ids=lambda desk: desk.model._meta.label)
def test_a_search_can_use_its_index(desk):
    found = desk.model.objects.alias(words=words_of(*desk.search_fields)).filter(words=beginning_with("one two"))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = found.order_by().explain()
    assert "_words" in plan


def test_a_filter_offers_each_value_that_occurs(client):
    client.force_login(factories.user("administrator"))
    for kind in ("surveys.ballot", "surveys.ballot", "newsletter.test", "articles.comment", "unknown"):
        OutgoingMail.objects.create(kind=kind, recipient="ann@example.com", subject="Hello", message=b"")
    page = client.get("/admin/core/outgoingmail/")
    offered = [choice["display"] for choice in page.context["cl"].filter_specs[1].choices(page.context["cl"])]
    assert offered == ["All", "articles.comment", "newsletter.test", "surveys.ballot"]
    assert client.get("/admin/core/outgoingmail/?kind=surveys.ballot").context["cl"].result_count == 2


def test_mail_is_found_by_how_the_address_begins_however_it_is_written(client):
    client.force_login(factories.user("administrator"))
    OutgoingMail.objects.create(kind="surveys.ballot", recipient="Ann@example.com", subject="Hello", message=b"")
    assert client.get("/admin/core/outgoingmail/?q=ann@ex").context["cl"].result_count == 1


@pytest.mark.parametrize("name", ["article", "auditentry", "imageasset", "redirect"])
def test_lists_of_many_rows_take_few_queries(name, client, django_assert_max_num_queries):
    client.force_login(factories.user("editor"))
    for number in range(8):
        article = factories.article(title=f"Article {number}", slug=f"article-{number}")
        ImageAsset.objects.create(name="One", file=f"{number}.webp", digest=number, width=9, height=9)
        AuditEntry.objects.create(article=article, article_title="One", by_name="Ana", action="saved")
    for query in ("", "?q=one"):
        with django_assert_max_num_queries(12):
            assert client.get(f"/admin/articles/{name}/{query}").status_code == 200


def test_every_field_of_a_form_of_the_admin_has_a_name(client):
    client.force_login(factories.user("administrator"))
    season = client.get("/admin/surveys/season/add/").content.decode()
    assert [season.count(f'<label for="id_{name}"') for name in ("opens_at", "closes_at")] == [1, 1]
    package = client.get("/admin/sponsors/package/add/").content.decode()
    assert package.count('aria-label="Quantity"') == package.count('aria-label="Kind"') == 2  # a row and its template


def test_the_admin_writes_dates_as_the_site_does(client):
    client.force_login(factories.user("editor"))
    at = datetime(2026, 9, 3, 8, 5, tzinfo=UTC)
    AuditEntry.objects.create(article_title="One", by_name="Ana", action="saved", at=at)
    assert "3 Sep 2026, 08:05 UTC" in client.get("/admin/articles/auditentry/").content.decode()
