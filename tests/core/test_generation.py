"""What is kept in a process is dropped when content changes."""

import threading
import time

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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("seconds_ago", "goes_on_with"), [(0.7, 0), (60, 1)])
def test_while_one_asks_the_others_go_on_with_what_was_right_just_now_and_wait_where_it_is_older(
    seconds_ago, goes_on_with
):
    generation.bump()
    before = generation.current().of_all
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN; UPDATE core_contentgeneration SET value = value + 1 WHERE id = 2")
            cursor.execute("LOCK core_contentgeneration")
            generation._known.checked -= seconds_ago
            one = threading.Thread(target=ask)
            one.start()
            while not generation._lock.locked():
                time.sleep(0.01)
            threading.Timer(0.2, cursor.execute, ["COMMIT"]).start()
            assert generation.current().of_all == before + goes_on_with
            one.join()
    finally:
        other.close()
    assert generation.current().of_all == before + 1


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_has_ended_is_replaced_before_anything_old_is_told():
    before = generation.current().of_all
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (own,) = cursor.fetchone()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(
                "INSERT INTO core_contentgeneration AS known VALUES (2, 1)"
                " ON CONFLICT (id) DO UPDATE SET value = known.value + 1"
            )
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [own])
    finally:
        other.close()
    generation._known.checked -= 60
    assert generation.current().of_all == before + 1


def ask():
    generation.current()
    connection.close()
