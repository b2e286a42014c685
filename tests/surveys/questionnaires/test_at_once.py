"""What must hold when answers come at the same moment, on a real PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from surveys.models import AnswerCounts, Participation, Response, ResponseCount, Sitting
from surveys.questionnaires import (
    at_once,
    finishing,
    kept_counts,
    limits,
    many_at_once,
    phases,
    responses,
    settling,
    sittings,
)
from tests.surveys.questionnaires.factories import answered, choice, entry, opened, page
from tests.surveys.test_at_once import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
ANN = b"a" * 16


def test_a_double_click_is_one_answer_and_one_thanks():
    survey = opened()
    saved = responses.start(entry(survey), {"q-q1": "a"})
    ends = all_at_once(*[lambda: finishing.finish(sittings.of_token(survey, sittings.token_of(saved.sitting)))] * 4)
    settling.settle(survey)
    assert sorted(each.again for each in ends) == [False, True, True, True]
    assert Response.objects.count() == 1


def test_a_double_click_that_is_answered_in_turns_is_one_answer():
    survey = opened(access="address")
    key = responses.start(entry(survey, ANN), {"q-q1": "a"}).sitting.pk
    all_at_once(*[lambda: many_at_once.finish_all(survey, [key])] * 4)
    assert many_at_once.finish_all(survey, [key, key]) == {key: True}
    phases.close(survey)
    settling.settle(survey)
    assert (Participation.objects.count(), Response.objects.count()) == (1, 1)


def test_what_is_changed_while_it_is_sent_is_not_finished_as_it_was():
    survey = opened(page("p1", choice("q1")), access="address")
    sitting = responses.start(entry(survey, ANN), {"q-q1": "a"}).sitting
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            responses.save_page(sitting, "p1", {"q-q1": "b"})
            finishing = pool.submit(all_at_once, lambda: many_at_once.finish_all(survey, [sitting.pk]))
            with pytest.raises(TimeoutError):
                finishing.result(timeout=0.3)
        assert finishing.result(20) == [{}]
    assert many_at_once.finish_all(survey, [sitting.pk]) == {sitting.pk: False}
    phases.close(survey)
    settling.settle(survey)
    assert Response.objects.get().answers == {"q1": "b"}


def test_of_four_answers_of_one_person_at_once_one_is_taken():
    survey = opened(access="address")
    ends = all_at_once(*[lambda: at_once.submit(entry(survey, ANN), {"q1": "a"})] * 4)
    assert [type(each) for each in ends].count(sittings.TakenPart) == 3
    assert (Participation.objects.count(), Sitting.objects.count()) == (1, 1)


def test_one_person_in_two_windows_has_one_sitting():
    survey = opened(page("p1", choice("q1")), page("p2", choice("q2")), access="address")
    saved = all_at_once(*[lambda: responses.start(entry(survey, ANN), {"q-q1": "a"})] * 3)
    assert {each.page for each in saved} == {"p2"}
    assert Sitting.objects.count() == 1


def test_limits_hold_when_many_answer_at_once():
    quota = {"id": "betas", "if": {"question": "q1", "is": "b"}, "limit": 2, "message": "Enough."}
    survey = opened(page("p1", choice("q1")), quotas=[quota], max_responses=4, min_cell=1)
    jobs = [lambda chosen=chosen: at_once.submit(entry(survey), {"q1": chosen}) for chosen in "bbbbaaaa"]
    ends = all_at_once(*jobs)
    kinds = [each.ended if isinstance(each, finishing.Finished) else type(each) for each in ends]
    settling.settle(survey)
    assert Response.objects.counted().count() == kinds.count("complete") == 4
    assert Response.objects.counted().filter(answers__q1="b").count() <= 2
    assert set(kinds) <= {"complete", "screened", limits.LimitReached}
    assert ResponseCount.objects.get(limited="").number == 4


def test_of_changes_of_one_person_at_once_the_last_counts_once():
    survey = opened(access="address", changeable=True)
    at_once.submit(entry(survey, ANN), {"q1": "a"})
    for _ in range(3):
        ends = all_at_once(
            *[lambda chosen=chosen: at_once.submit(entry(survey, ANN), {"q1": chosen}) for chosen in "abab"]
        )
        assert [each.ended for each in ends] == ["complete"] * 4
        assert Sitting.objects.count() == 1
    with pytest.raises(IntegrityError):
        Sitting.objects.bulk_create(
            [Sitting(survey=survey, key=ANN, sealed=b"", ended="complete", finished_on="2026-05-31")]
        )


def test_who_change_places_between_quotas_at_once_do_not_wait_for_each_other():
    quotas = [{"id": f"of_{one}", "if": {"question": "q1", "is": one}, "limit": 9} for one in "ab"]
    survey = opened(access="address", changeable=True, quotas=quotas)
    people = {bytes([number]) * 16: "ab"[number % 2] for number in range(6)}
    for _ in range(3):
        jobs = [
            lambda key=key, chosen=chosen: at_once.submit(entry(survey, key), {"q1": chosen})
            for key, chosen in people.items()
        ]
        assert [getattr(each, "ended", each) for each in all_at_once(*jobs)] == ["complete"] * 6
        assert dict(survey.response_counts.values_list("limited", "number")) == {"of_a": 3, "of_b": 3}
        people = {key: "ba"["ab".index(chosen)] for key, chosen in people.items()}


def test_no_counts_are_made_while_an_answer_is_changed():
    survey = opened(min_cell=1)
    answered(survey, {"q1": "a"}, times=2)
    kept_counts.forget(survey)

    def make():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        kept_counts.make_missing()

    with transaction.atomic():
        kept_counts.hold(survey)
        (refused,) = all_at_once(make)
    assert isinstance(refused, ExceptionGroup)
    assert not AnswerCounts.objects.exists()
