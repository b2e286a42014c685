"""What must hold when answers come at the same moment, on a real PostgreSQL."""

import pytest

from surveys.models import Participation, Response, ResponseCount, Sitting
from surveys.questionnaires import limits, responses, settling
from tests.surveys.questionnaires.factories import choice, entry, opened, page
from tests.surveys.test_at_once import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
ANN = b"a" * 16


def test_a_double_click_is_one_answer_and_one_thanks():
    survey = opened()
    saved = responses.start(entry(survey), {"q-q1": "a"})
    ends = all_at_once(*[lambda: responses.finish(responses.of_token(survey, responses.token_of(saved.sitting)))] * 4)
    settling.settle(survey)
    assert sorted(each.again for each in ends) == [False, True, True, True]
    assert Response.objects.count() == 1


def test_of_four_answers_of_one_person_at_once_one_is_taken():
    survey = opened(access="address")
    ends = all_at_once(*[lambda: responses.submit(entry(survey, ANN), {"q1": "a"})] * 4)
    assert [type(each) for each in ends].count(responses.TakenPart) == 3
    assert (Participation.objects.count(), Sitting.objects.count()) == (1, 1)


def test_one_person_in_two_windows_has_one_sitting():
    survey = opened(page("p1", choice("q1")), page("p2", choice("q2")), access="address")
    saved = all_at_once(*[lambda: responses.start(entry(survey, ANN), {"q-q1": "a"})] * 3)
    assert {each.page for each in saved} == {"p2"}
    assert Sitting.objects.count() == 1


def test_limits_hold_when_many_answer_at_once():
    quota = {"id": "betas", "if": {"question": "q1", "is": "b"}, "limit": 2, "message": "Enough."}
    survey = opened(page("p1", choice("q1")), quotas=[quota], max_responses=4, min_cell=1)
    jobs = [lambda chosen=chosen: responses.submit(entry(survey), {"q1": chosen}) for chosen in "bbbbaaaa"]
    ends = all_at_once(*jobs)
    kinds = [each.ended if isinstance(each, responses.Finished) else type(each) for each in ends]
    settling.settle(survey)
    assert Response.objects.counted().count() == kinds.count("complete") == 4
    assert Response.objects.counted().filter(answers__q1="b").count() <= 2
    assert set(kinds) <= {"complete", "screened", limits.LimitReached}
    assert ResponseCount.objects.get(limited="").number == 4
