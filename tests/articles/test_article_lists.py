"""The list of articles at the desk: what narrows it, what is saved, and what it costs."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from articles import publishing
from articles.desk import selection
from articles.documents import apply_document, document_of
from articles.models import Article, SavedList
from tests.articles import factories

pytestmark = pytest.mark.django_db
LIST = "/admin/articles/article/"


@pytest.fixture
def newsroom(editor):
    """Articles that differ in everything a list can be narrowed to, by title."""
    factories.author("ana", name="Ana Silva"), factories.category("research"), factories.tag("bitcoin")
    parts = {"authors": ["ana"], "category": "research", "tags": ["bitcoin"]}
    factories.article(title="Draft", **parts)
    shown = factories.publication(title="Shown").article
    behind = factories.publication(title="Behind").article
    apply_document(behind, {**document_of(behind), "standfirst": "New."})
    ending = factories.publication(title="Ending").article
    publishing.schedule_end(ending, at=timezone.now() + timedelta(days=1))
    shown.comments.create(text="Is this so?", by=editor)
    Article.objects.filter(title="Shown").update(published_at=datetime(2026, 3, 29, 12, tzinfo=UTC))
    return editor


def titles(client, **said):
    return {row.title for row in client.get(LIST, said).context["cl"].result_list}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, {"Draft", "Shown", "Behind", "Ending"}),
        ({"state": "draft"}, {"Draft"}),
        ({"category": "Research"}, {"Draft"}),
        ({"author": "ana silva"}, {"Draft"}),
        ({"author": "ana", "tag": "bitcoin", "state": "draft"}, {"Draft"}),
        ({"tag": "Bitcoin", "state": "published"}, set()),
        ({"flag": "behind"}, {"Behind"}),
        ({"flag": "ending"}, {"Ending"}),
        ({"flag": "comments"}, {"Shown"}),
        ({"flag": "anonymous"}, {"Shown", "Behind", "Ending"}),
        ({"flag": "homeless", "q": "end"}, {"Ending"}),
        ({"date": "published_at", "from": "2026-03-29", "to": "2026-03-29"}, {"Shown"}),
        ({"date": "published_at", "to": "2026-03-28"}, set()),
        ({"date": "changed_at", "from": "2020-01-01", "to": "2020-02-01"}, set()),
    ],
)
def test_the_list_is_narrowed_and_an_act_means_the_same(newsroom, client, said, found):
    assert titles(client, **said) == found
    assert {row.title for row in selection.meant(said)} == found
    assert selection.in_words(said)


def test_a_day_is_one_of_the_zone_of_whoever_looks(newsroom, client):
    newsroom.time_zone = "Pacific/Auckland"
    newsroom.save()
    assert titles(client, date="published_at", **{"from": "2026-03-30", "to": "2026-03-30"}) == {"Shown"}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"from": "soon"}, "Enter a valid date"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "The last day is before the first"),
        ({"author": "Nobody"}, "There is no author “Nobody”"),
        ({"tag": "x" * 500}, "There is no tag"),
        ({"state": "lost"}, "Select a valid choice"),
        ({"from": "0001-01-01"}, "out of range"),
    ],
)
def test_what_cannot_be_is_said_in_the_form_and_shows_nothing(newsroom, client, said, words):
    page = client.get(LIST, said)
    assert page.status_code == 200
    assert words in page.content.decode()
    assert page.context["cl"].result_count == 0


def test_the_newest_published_stand_first_and_drafts_last(newsroom, client):
    column = client.get(LIST).context["cl"].list_display.index("published")
    shown = [row.title for row in client.get(LIST, {"o": f"-{column}"}).context["cl"].result_list]
    assert (shown[-1], shown[-2]) == ("Draft", "Shown")


def test_a_list_is_saved_found_again_replaced_and_removed(newsroom, client):
    page = client.post(f"{LIST}lists/?state=draft&tag=Bitcoin", {"name": " Bitcoin\u2028drafts "}, follow=True)
    assert "Saved as “Bitcoin drafts”" in page.content.decode()
    row = SavedList.objects.get()
    assert (row.said, row.is_shared) == ({"state": "draft", "tag": "Bitcoin"}, False)
    assert 'href="?state=draft&amp;tag=Bitcoin" aria-current="page"' in " ".join(page.content.decode().split())
    client.post(f"{LIST}lists/?state=published", {"name": "Bitcoin drafts", "is_shared": "on"})
    row.refresh_from_db()
    assert (row.said, row.is_shared) == ({"state": "published"}, True)
    client.post(f"{LIST}lists/{row.pk}/remove/")
    assert not SavedList.objects.exists()


def test_only_shared_lists_are_shown_to_others_and_none_can_be_removed_by_them(newsroom, writer, client):
    mine = SavedList.objects.create(owner=newsroom, name="Mine", said={"state": "draft"})
    SavedList.objects.create(owner=newsroom, name="Everybody’s", said={"state": "draft"}, is_shared=True)
    client.force_login(writer)
    page = client.get(LIST).content.decode()
    assert ("Mine" in page, "Everybody’s" in page) == (False, True)
    assert client.post(f"{LIST}lists/{mine.pk}/remove/").status_code == 404


def test_what_cannot_be_saved_is_said(newsroom, client):
    assert client.post(f"{LIST}lists/?state=draft", {"name": " "}).context["form"].errors["name"]
    assert "not there any more" in client.post(f"{LIST}lists/?state=lost", {"name": "x"}).content.decode()
    assert client.post(f"{LIST}lists/", {"name": "x"}).status_code == 200
    SavedList.objects.bulk_create(SavedList(owner=newsroom, name=f"List {n}", said={"q": "x"}) for n in range(50))
    assert "already" in str(client.post(f"{LIST}lists/?state=draft", {"name": "One more"}).context["form"].errors)
    assert SavedList.objects.count() == 50


def test_the_list_costs_the_same_however_many_it_shows(newsroom, client, django_assert_max_num_queries):
    for number in range(5):
        SavedList.objects.create(owner=newsroom, name=f"List {number}", said={"q": "x"}, is_shared=True)
    factories.many(30)
    client.get(LIST)
    for said in ({}, {"state": "draft", "author": "ana", "tag": "bitcoin", "category": "research", "flag": "behind"}):
        with django_assert_max_num_queries(12):
            client.get(LIST, said)
