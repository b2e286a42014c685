"""Answers that are changed while limits fill: a place is taken once, given back when it is left, and never lost to who has it."""

from copy import copy
from datetime import timedelta

import pytest
from django.utils import timezone

from surveys.models import Response, Survey
from surveys.questionnaires import access, at_once, finishing, limits, responses, retention, settling
from tests.surveys.questionnaires.factories import choice, data, entry, opened, page, question

pytestmark = pytest.mark.django_db
ANN, BOB, CARA = b"a" * 16, b"b" * 16, b"c" * 16
ALPHAS = {"id": "alphas", "if": {"question": "q1", "is": "a"}, "limit": 1, "message": "Enough Alphas."}
TWO_PAGES = [page("p1", choice("q1"), question("q2")), page("p2", question("q3"))]


def count(survey):
    """Count what waits as is done at the close, when few are counted, too; the survey stays open."""
    closed = copy(survey)
    closed.state = Survey.State.CLOSED
    settling.settle(closed)


def changeable(**fields):
    return opened(*TWO_PAGES, access="address", changeable=True, quotas=[ALPHAS], min_cell=1, **fields)


def answers(survey, key, chosen):
    """Somebody answers page by page, and it is counted; how it ended."""
    saved = responses.start(entry(survey, key), data(q1=chosen))
    ended = saved.finished
    if ended is None:
        responses.save_page(saved.sitting, "p2", data(q3="words"))
        ended = finishing.finish(saved.sitting)
    count(survey)
    return ended


def counted(survey):
    return dict(survey.response_counts.values_list("limited", "number"))


def ends():
    return sorted((each.ended, each.answers["q1"]) for each in Response.objects.all())


def test_who_has_a_place_in_a_full_quota_changes_the_rest_of_an_answer():
    survey = changeable()
    assert [answers(survey, ANN, chosen).ended for chosen in "aab"] == ["complete"] * 3
    assert (counted(survey), ends()) == ({"alphas": 0}, [("complete", "b")])


def test_a_change_that_a_full_quota_refuses_leaves_the_earlier_answer():
    survey = changeable()
    answers(survey, ANN, "a")
    answers(survey, BOB, "b")
    refused = answers(survey, BOB, "a")
    assert (refused.ended, refused.message, refused.earlier_stands) == ("screened", "Enough Alphas.", True)
    assert (counted(survey), ends()) == ({"alphas": 1}, [("complete", "a"), ("complete", "b")])
    assert survey.sittings.count() == 0


def test_an_answer_that_was_screened_out_takes_a_place_only_when_it_is_changed():
    survey = changeable(max_responses=2)
    for key, chosen in ((ANN, "a"), (BOB, "a"), (CARA, "a"), (BOB, "b")):
        answers(survey, key, chosen)
    assert counted(survey) == {"": 2, "alphas": 1}
    with pytest.raises(limits.LimitReached):
        answers(survey, CARA, "b")
    assert ends() == [("complete", "a"), ("complete", "b"), ("screened", "a")]


def test_a_quota_waits_for_the_answers_that_it_asks_for():
    other = {"id": "others", "if": {"question": "q3", "is_not": "a"}, "limit": 1, "message": "Enough others."}
    pages = [page("p1", question("q1")), page("p2", choice("q3")), page("p3", question("q4"))]
    survey = opened(*pages, quotas=[other])
    at_once.submit(entry(survey), {"q3": "b"})
    sitting = responses.start(entry(survey), data(q1="words")).sitting
    assert responses.save_page(sitting, "p2", data(q3="a")).page == "p3"
    responses.save_page(sitting, "p2", data(q3="b"), going_back=True)
    assert responses.save_page(sitting, "p2", data(q3="b")).finished.message == "Enough others."


def test_an_erased_answer_gives_its_places_back():
    survey = changeable(max_responses=2)
    key = access.address_key(survey, "ann@example.com")
    answers(survey, key, "a")
    retention.forget("ann@example.com")
    assert (counted(survey), ends()) == ({"": 0, "alphas": 0}, [])


def test_who_comes_back_to_change_an_answer_and_does_not_has_not_left_one_unfinished():
    survey = changeable()
    answers(survey, ANN, "a")
    responses.start(entry(survey, ANN), data(q1="b"))
    responses.start(entry(survey, BOB), data(q1="b"))
    survey.sittings.update(touched_at=timezone.now() - timedelta(days=15))
    settling.end_abandoned()
    count(survey)
    assert ends() == [("complete", "a"), ("partial", "b")]


def test_whose_change_is_refused_is_told_that_the_earlier_answer_counts(client):
    survey = changeable()
    answers(survey, ANN, "a")
    answers(survey, access.address_key(survey, "bob@example.com"), "b")
    link = access.address_link(survey, "bob@example.com").removeprefix("http://localhost:8000")
    page = client.post(link, {"q-q1": "a"}).text
    assert "Enough Alphas." in page
    assert "What you answered before still counts." in page
