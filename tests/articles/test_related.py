"""Companions of an article, merged tags, and the picture of an article without a cover."""

import io
import threading
import time

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.urls import reverse
from PIL import Image

from articles import related, social
from articles.documents import apply_document, document_of
from articles.models import Publication, Redirect, RelatedRefresh, Tag
from articles.publishing import publish, unpublish
from articles.redirects import redirect_path
from articles.tags import merge_tags
from core.transitions import TransitionRefused
from tests.articles import factories
from tests.smtp import wait_until

pytestmark = pytest.mark.django_db


def test_companions_share_tags_first_and_words_next():
    for slug in ("fees", "gas"):
        factories.tag(slug)
    one = factories.publication(title="Weather in spring", tags=["fees"])
    two = factories.publication(title="Staking rewards", tags=["fees"])
    both = factories.publication(title="Weather in autumn", tags=["fees", "gas"])
    factories.publication(title="Unrelated")
    shown = factories.publication(title="Staking rewards computed", tags=["fees", "gas"])
    assert list(shown.related.values_list("pk", flat=True).order_by("pk")) == sorted([one.pk, two.pk, both.pk])
    related.refresh_due()
    assert shown.pk in both.related.values_list("pk", flat=True)


def companions(publication):
    return set(publication.related.values_list("title", flat=True))


def test_an_old_article_gets_a_nearer_companion_when_one_comes():
    factories.tag("fees")
    old = factories.publication(title="Staking rewards explained", tags=["fees"])
    weather = {f"Weather {number}" for number in range(3)}
    for title in weather:
        factories.publication(title=title, tags=["fees"])
    related.refresh_due()
    assert companions(old) == weather
    factories.publication(title="Staking rewards computed", tags=["fees"])
    assert related.refresh_due() > 0
    assert "Staking rewards computed" in companions(old)
    assert related.refresh_due() == 0


def test_where_a_companion_went_another_comes():
    factories.tag("fees")
    shown = [factories.publication(title=f"Number {number}", tags=["fees"]) for number in range(5)]
    related.refresh_due()
    gone = shown[0].related.get(title="Number 4")
    unpublish(gone.article)
    related.refresh_due()
    assert companions(shown[0]) == {"Number 1", "Number 2", "Number 3"}


def test_merged_and_deleted_tags_change_companions(client):
    keep, gone = factories.tag("bitcoin"), factories.tag("btc")
    first, second = factories.publication(title="First", tags=["bitcoin"]), factories.publication(tags=["btc"])
    related.refresh_due()
    assert companions(first) == set()
    merge_tags(keep, [gone])
    related.refresh_due()
    assert companions(first) == {second.title}
    client.force_login(factories.user("editor"))
    client.post(reverse("admin:articles_tag_delete", args=[keep.pk]), {"post": "yes"})
    related.refresh_due()
    assert companions(first) == {second.title}  # neither has a tag or a section: they go by those
    Publication.objects.filter(pk=second.pk).update(category=factories.category("news"))
    related.refresh_later([first.pk])
    related.refresh_due()
    assert companions(first) == set()


def test_a_real_worker_finds_companions_anew_and_readers_see_them(celery_worker, client):
    factories.tag("fees")
    old = factories.publication(title="An old one", tags=["fees"])
    factories.publication(title="A new one", tags=["fees"])
    wait_until(lambda: companions(old) == {"A new one"}, what="the companion")
    wait_until(lambda: "A new one" in client.get(old.get_absolute_url()).content.decode().split('id="related"')[1])


def test_companions_are_on_the_page(client):
    factories.tag("fees")
    factories.publication(title="A companion", tags=["fees"])
    shown = factories.publication(tags=["fees"])
    page = client.get(shown.get_absolute_url()).content.decode()
    assert page.index('id="related"') < page.index("A companion")


def test_merged_tags_keep_their_articles_and_their_pages(client):
    keep, gone = factories.tag("bitcoin"), factories.tag("btc")
    first = factories.publication(tags=["btc"])
    factories.publication(tags=["btc", "bitcoin"])
    merge_tags(keep, [gone])
    assert keep.publications.count() == 2
    assert document_of(first.article)["tags"] == ["bitcoin"]
    assert client.get("/blog/tag/btc/")["Location"] == "/blog/tag/bitcoin/"
    assert not Tag.objects.filter(slug="btc").exists()


def test_an_old_revision_speaks_of_a_merged_tag_by_its_new_name():
    keep, gone = factories.tag("bitcoin"), factories.tag("btc")
    article = factories.article(tags=["btc"])
    old = article.revisions.get().document
    apply_document(article, {**document_of(article), "title": "Later"})
    merge_tags(keep, [gone])
    apply_document(article, old)
    assert document_of(article)["tags"] == ["bitcoin"]
    publish(article, version=1)
    assert [tag.slug for tag in Publication.objects.get().tags.all()] == ["bitcoin"]


def merge(client, *tags, **more):
    """Ask for a merge at the desk; return the page."""
    data = {"action": "merge", "_selected_action": [tag.pk for tag in tags], **more}
    return client.post(reverse("admin:articles_tag_changelist"), data, follow=True).content.decode()


def test_a_merge_of_tags_asks_which_is_kept(client):
    client.force_login(factories.user("editor"))
    first, second = factories.tag("aa"), factories.tag("bb")
    factories.article(tags=["bb"])
    page = merge(client, first, second)
    assert "/aa/, 0 articles" in page
    assert "/bb/, 1 article<" in page
    assert Tag.objects.count() == 2
    assert "Merged into “Bb”: “Aa”." in merge(client, first, second, keep=second.pk)
    assert list(Tag.objects.values_list("slug", flat=True)) == ["bb"]


def test_what_led_to_a_merged_tag_leads_on(client):
    client.force_login(factories.user("editor"))
    first, second = factories.tag("aa"), factories.tag("bb")
    redirect_path("/old/", first.get_absolute_url())
    merge(client, first, second, keep=second.pk)
    moved = dict(Redirect.objects.values_list("path", "target"))
    assert moved == {"/old/": "/blog/tag/bb/", "/blog/tag/aa/": "/blog/tag/bb/"}


def test_a_merge_without_a_choice_or_of_tags_that_are_gone_changes_nothing(client):
    client.force_login(factories.user("editor"))
    first, second, gone = (factories.tag(slug) for slug in ("aa", "bb", "cc"))
    Tag.objects.filter(pk=gone.pk).delete()
    assert "Which of these is kept?" in merge(client, first, second, gone)
    assert "The tag to keep is gone." in merge(client, first, second, gone, keep=gone.pk)
    assert "tick two tags or more" in merge(client, first, gone, keep=first.pk)
    with pytest.raises(TransitionRefused, match="is gone"):
        merge_tags(gone, [first])
    assert Tag.objects.count() == 2
    client.get(reverse("admin:articles_tag_changelist"), {"action": "merge", "keep": first.pk})
    assert Tag.objects.count() == 2


def test_redirects_go_out_and_in_as_csv(client):
    path = reverse("admin:articles_redirect_csv")
    client.force_login(factories.user("writer"))
    assert client.get(path).status_code == 403
    assert client.post(path, {"csv": "/a/,/b/"}).status_code == 403
    client.force_login(factories.user("editor"))
    client.post(path, {"csv": "from,to\n/old/,/blog/\n"})
    assert client.get(path).content.decode() == "from,to\n/old/,/blog/\n"
    answer = client.post(path, {"csv": "nonsense\n"}, follow=True)
    assert "Line 1" in answer.content.decode()
    assert "Import redirects from CSV" in answer.content.decode()


@pytest.mark.parametrize(
    "title", ["Short", "A title of a usual length about fees and blocks", "Long " * 40, "🌕 Ünïcode"]
)
def test_an_article_without_a_cover_gets_a_picture_of_its_title(title):
    shown = factories.publication(title=title, slug="x")
    with default_storage.open(shown.social_image) as file:
        assert Image.open(io.BytesIO(file.read())).size == social.SIZE


@pytest.mark.django_db(transaction=True)
def test_what_is_asked_for_while_the_worker_is_at_it_is_looked_at_again():
    factories.tag("fees")
    shown = factories.publication(title="Shown", tags=["fees"])
    related.refresh_later([shown.pk])
    asked, done = threading.Event(), threading.Event()

    def editor():
        with transaction.atomic():
            factories.publication(title="Comes meanwhile", tags=["fees"])
            asked.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=editor)
    thread.start()
    asked.wait(20)
    related.refresh_due()  # cannot see yet what the editor did
    done.set()
    thread.join()
    related.refresh_due()
    # or the worker of another test, which is still alive and heard of it
    wait_until(lambda: companions(shown) == {"Comes meanwhile"}, what="the companions")


@pytest.mark.django_db(transaction=True)
def test_an_article_is_taken_down_while_another_is_published_beside_it():
    factories.tag("fees")
    going = factories.publication(title="Going", tags=["fees"]).article
    named = threading.Event()

    def editor():
        with transaction.atomic():
            factories.publication(title="Coming", tags=["fees"])
            named.set()
            time.sleep(0.5)  # the other one is at it meanwhile
        connection.close()

    thread = threading.Thread(target=editor)
    thread.start()
    named.wait(20)
    unpublish(going)
    thread.join()
    assert companions(Publication.objects.get(title="Coming")) == set()


def test_an_article_over_which_it_fails_is_passed_over_and_stays_due():
    first, last = factories.publication(slug="first"), factories.publication(slug="last")
    RelatedRefresh.objects.all().delete()
    RelatedRefresh.objects.bulk_create(RelatedRefresh(publication=each) for each in (first, last))
    with connection.cursor() as cursor:  # the database refuses to forget the request for the one that comes first
        cursor.execute(
            "CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN IF OLD.publication_id = {last.pk} THEN RAISE 'no'; END IF; RETURN OLD; END $$;"
            "CREATE TRIGGER refuse BEFORE DELETE ON articles_relatedrefresh"
            " FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse()"
        )
    related.refresh_due()
    assert list(RelatedRefresh.objects.values_list("publication", flat=True)) == [last.pk]
