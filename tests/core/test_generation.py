"""What is kept in a process is dropped when content changes."""

import pytest
from django.db import OperationalError, connection, transaction

from core import generation
from core.models import SiteProfile

pytestmark = pytest.mark.django_db


def test_an_answer_is_kept_for_one_generation():
    calls = []

    @generation.per_generation
    def build(name):
        calls.append(name)
        return name

    assert (build("a"), build("a"), build("b")) == ("a", "a", "b")
    generation.bump()
    build("a")
    assert calls == ["a", "b", "a"]


def test_a_function_that_is_asked_for_much_crowds_out_its_own_answers_only():
    calls = []
    rare, frequent = (generation.per_generation(lambda name: calls.append(name) or name) for _ in range(2))
    rare("kept")
    for number in range(generation.KEPT + 2):
        frequent(number)
    rare("kept")
    del calls[:]
    assert (frequent(generation.KEPT + 1), frequent(0)) == (generation.KEPT + 1, 0)
    rare("kept")
    assert calls == [0]


def test_saving_the_profile_shows_at_once():
    assert SiteProfile.current().name == "Moonpress"
    SiteProfile(name="Perigee").save()
    assert SiteProfile.current().name == "Perigee"


def test_asking_again_needs_no_query(django_assert_num_queries):
    SiteProfile.current()
    with django_assert_num_queries(0):
        SiteProfile.current()


@pytest.mark.django_db(transaction=True)
def test_whoever_says_either_waits_for_whoever_says_both_so_that_they_never_wait_for_each_other():
    generation.bump(in_articles=False)
    other = connection.copy()
    try:
        with transaction.atomic():
            generation.bump()
            with other.cursor() as cursor, pytest.raises(OperationalError, match="could not obtain lock"):
                cursor.execute("SELECT FROM core_contentgeneration WHERE id = 2 FOR UPDATE NOWAIT")
    finally:
        other.close()


def test_what_articles_never_show_counts_beside_what_they_show():
    generation.reset()
    before = generation.current()
    generation.bump(in_articles=False)
    beside = generation.current()
    generation.bump()
    both = generation.current()
    assert (beside.of_all - before.of_all, beside.of_articles - before.of_articles) == (1, 0)
    assert (both.of_all - beside.of_all, both.of_articles - beside.of_articles) == (1, 1)
