"""Two people at the same thing in the same moment: one is done, the other is told why not, and nothing is half done."""

import threading

import pytest
from django.db import connection

from articles.document_schema import DocumentError
from articles.documents import apply_document, document_of
from articles.models import Article, Author, Category, Publication, Redirect, Tag
from articles.publishing import publish, unpublish
from articles.redirects import redirect_path
from articles.tags import merge_tags
from core.transitions import TransitionRefused
from tests.articles import factories

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*steps):
    """Do all of it at the same moment; what was refused."""
    start, refused = threading.Barrier(len(steps)), []

    def run(step):
        try:
            connection.ensure_connection()
            start.wait()
            step()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


def save(article, **parts):
    mine = Article.objects.get(pk=article.pk)
    apply_document(mine, {**document_of(mine), **parts})


def test_of_two_articles_that_want_the_same_address_one_gets_a_number():
    one, two = factories.article(), factories.article()
    assert at_once(lambda: save(one, slug="same"), lambda: save(two, slug="same")) == []
    assert set(Article.objects.values_list("slug", flat=True)) == {"same", "same-2"}


@pytest.mark.parametrize("kind", [Author, Category, Tag])
def test_what_is_deleted_while_it_is_chosen_is_missing_in_words(kind):
    chosen, article = kind.objects.create(slug="going", name="Going"), factories.article()
    parts = {Author: {"authors": ["going"]}, Category: {"category": "going"}, Tag: {"tags": ["going"]}}[kind]
    for error in at_once(chosen.delete, lambda: save(article, **parts)):
        assert isinstance(error, DocumentError) or "protected foreign keys" in str(error), repr(error)


def test_a_tag_that_is_merged_while_it_is_chosen_is_the_one_it_became():
    keep, other, article = factories.tag("keep"), factories.tag("other"), factories.article()
    assert at_once(lambda: merge_tags(keep, [other]), lambda: save(article, tags=["other"])) == []
    assert [tag.slug for tag in article.tags.all()] == ["keep"]


def test_an_article_may_go_while_others_that_go_with_it_come():
    tag = factories.tag().slug
    going, *coming = [factories.publication(tags=[tag]).article for _ in range(4)]
    steps = [lambda article=article: publish(Article.objects.get(pk=article.pk)) for article in coming]
    refused = at_once(lambda: unpublish(going), *steps)
    assert [error for error in refused if not isinstance(error, TransitionRefused)] == []
    assert not Publication.objects.filter(article=going).exists()


def test_two_redirects_at_once_form_no_loop_and_the_last_of_the_same_stays():
    assert at_once(lambda: redirect_path("/a/", "/b/"), lambda: redirect_path("/b/", "/a/")) == []
    assert Redirect.objects.count() == 1
    assert at_once(lambda: redirect_path("/c/", "/d/"), lambda: redirect_path("/c/", "/e/")) == []
