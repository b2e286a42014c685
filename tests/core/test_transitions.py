"""A row moves on once, from a state that allows it, whoever else is at it; a refusal says so in words."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F, Q

from articles.models import Article
from core.transitions import TransitionRefused, change_if, lock, move
from tests.articles import factories

State = Article.State


@pytest.mark.django_db
def test_a_row_moves_on_with_what_changes_beside_its_state_and_the_object_shows_it():
    article = factories.article()
    move(article, sources=[State.DRAFT], to=State.IN_REVIEW, action="sent to review", version=F("version") + 1)
    assert (article.state, article.version) == ("in_review", 2)
    assert Article.objects.filter(state="in_review", version=2).count() == 1


@pytest.mark.django_db
def test_a_refusal_changes_nothing_and_says_where_the_row_is():
    article = factories.article()
    with pytest.raises(TransitionRefused, match=r"^This article is draft, so it cannot be unpublished\.$"):
        move(article, sources=[State.PUBLISHED], to=State.DRAFT, action="unpublished", slug="other")
    assert not Article.objects.filter(slug="other").exists()


@pytest.mark.django_db
def test_what_is_asked_for_twice_has_been_done_already():
    article = factories.article()
    Article.objects.update(state=State.ARCHIVED)
    with pytest.raises(TransitionRefused, match=r"^“Six” is archived already\.$"):
        move(article, sources=[State.DRAFT], to=State.ARCHIVED, action="archived", name="“Six”")
    assert article.state == State.ARCHIVED


@pytest.mark.django_db
def test_only_the_row_itself_is_changed():
    one, other = factories.article(), factories.article()
    assert change_if(one, Q(state=State.DRAFT), state=State.IN_REVIEW)
    other.refresh_from_db()
    assert other.state == State.DRAFT


def beside(act):
    """What it comes to on another connection."""

    def run():
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


@pytest.mark.django_db(transaction=True)
def test_one_who_had_to_wait_looks_again():
    article, waits, outcomes = factories.article(), threading.Event(), []

    def second():
        waits.set()
        outcomes.append(change_if(Article.objects.get(), Q(state=State.DRAFT), state=State.ARCHIVED))
        connection.close()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        assert change_if(article, Q(state=State.DRAFT), state=State.IN_REVIEW)
        thread.start()
        waits.wait()
        thread.join(0.3)
        assert thread.is_alive(), "it did not wait"
    thread.join()
    article.refresh_from_db()
    assert (outcomes, article.state) == ([False], "in_review")


@pytest.mark.django_db(transaction=True)
def test_a_locked_row_is_as_it_is_now_and_nobody_elses():
    article, section = factories.article(), factories.category()
    beside(lambda: Article.objects.update(category=section, title="Newer"))
    with transaction.atomic():
        lock(article, "category")
        assert (article.title, article._state.fields_cache["category"]) == ("Newer", section)
        with pytest.raises(OperationalError, match="could not obtain lock"):
            beside(transaction.atomic(Article.objects.select_for_update(nowait=True).get))
