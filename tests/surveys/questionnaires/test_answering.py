"""Answering a survey page by page: what is kept, what follows, how it ends."""

import pytest

from surveys.models import Participation, Response, Sitting
from surveys.questionnaires import at_once, finishing, responses, settling, sittings
from tests.surveys.questionnaires.factories import choice, data, entry, opened, page, question

pytestmark = pytest.mark.django_db
ANN, BOB = b"a" * 16, b"b" * 16
BRANCH = [
    page(
        "p1", choice("q1", required=True), then=[{"if": {"question": "q1", "is": "b"}, "go": "end", "message": "Bye."}]
    ),
    page("p2", question("q2"), question("q3", **{"if": {"question": "q2", "answered": True}})),
]


def test_answers_are_kept_page_by_page_and_counted_once():
    survey = opened(*BRANCH)
    sitting = responses.begin(entry(survey))
    assert responses.save_page(sitting, "p1", data(q1="a")).page == "p2"
    assert responses.save_page(sitting, "p2", data(q2="yes", q3="also")).page == ""
    first, second = finishing.finish(sitting), finishing.finish(sitting)
    settling.settle(survey)
    response = Response.objects.get()
    assert (first.again, second.again, response.ended) == (False, True, "complete")
    assert response.answers == {"q1": "a", "q2": "yes", "q3": "also"}
    assert response.shown == ["q1", "q2", "q3"]
    assert not Sitting.objects.exists()


def test_an_answer_can_end_the_survey_with_words_of_its_own():
    survey = opened(*BRANCH)
    sitting = responses.begin(entry(survey))
    assert responses.save_page(sitting, "p1", data(q1="b")).page == ""
    finished = finishing.finish(sitting)
    assert (finished.ended, finished.message) == ("early", "Bye.")


def test_what_a_changed_answer_leaves_out_is_not_kept():
    survey = opened(*BRANCH)
    sitting = responses.begin(entry(survey))
    responses.save_page(sitting, "p1", data(q1="a"))
    responses.save_page(sitting, "p2", data(q2="secret"))
    responses.save_page(sitting, "p1", data(q1="b"))
    assert sittings.progress_of(sitting).answers == {"q1": "b"}


def test_a_refused_page_stores_nothing():
    survey = opened(*BRANCH)
    sitting = responses.begin(entry(survey))
    saved = responses.save_page(sitting, "p1", data(q1="zebra"))
    assert saved.form.errors == {"q1": "Choose one of the answers offered."}
    assert sittings.progress_of(sitting) == sittings.Progress()


def test_going_back_keeps_what_was_typed():
    survey = opened(page("p1", question("q1")), page("p2", question("q2", "number")))
    sitting = responses.begin(entry(survey))
    responses.save_page(sitting, "p1", data(q1="hello"))
    assert responses.save_page(sitting, "p2", data(q2="many"), going_back=True).page == "p1"
    assert sittings.form_of(sitting, "p2").marks["q2"].value == "many"
    with pytest.raises(sittings.NotThere):
        finishing.finish(sitting)


def test_who_has_taken_part_is_refused_and_nobody_else():
    survey = opened(*BRANCH, access="address")
    for key in (ANN, BOB):
        at_once.submit(entry(survey, key), {"q1": "a"})
    with pytest.raises(sittings.TakenPart):
        at_once.submit(entry(survey, ANN), {"q1": "a"})
    assert Participation.objects.count() == 2


def test_an_answer_that_can_be_changed_is_counted_as_it_was_changed():
    survey = opened(*BRANCH, access="address", changeable=True)
    for chosen in ("a", "b"):
        at_once.submit(entry(survey, ANN), {"q1": chosen})
    assert sittings.progress_of(responses.begin(entry(survey, ANN))).answers == {"q1": "b"}
    Sitting.objects.unfinished().delete()
    survey.state = "closed"
    settling.settle(survey)
    assert [each.answers for each in Response.objects.all()] == [{"q1": "b"}]


def test_a_quota_closes_its_group_alone():
    quota = {"id": "betas", "if": {"question": "q1", "is": "b"}, "limit": 1, "message": "We have heard enough Betas."}
    survey = opened(*BRANCH, quotas=[quota])
    ends = [at_once.submit(entry(survey), {"q1": chosen}) for chosen in ("b", "b", "a")]
    assert [(each.ended, each.message) for each in ends] == [
        ("early", "Bye."), ("screened", "We have heard enough Betas."), ("complete", ""),
    ]  # fmt: skip


def test_no_more_answers_are_taken_than_the_maximum():
    survey = opened(*BRANCH, max_responses=5, min_cell=1)
    for _ in range(5):
        at_once.submit(entry(survey), {"q1": "a"})
    with pytest.raises(responses.LimitReached):
        at_once.submit(entry(survey), {"q1": "a"})


def test_a_program_hears_what_is_wrong_by_question():
    survey = opened(*BRANCH)
    with pytest.raises(at_once.AnswersRefused) as refused:
        at_once.submit(entry(survey), {"q1": "b", "q2": "never asked"})
    assert refused.value.errors == {"q2": "This question is not asked after the other answers."}
    with pytest.raises(at_once.AnswersRefused) as refused:
        at_once.submit(entry(survey), {"zebra": 1, "q1": 7})
    assert refused.value.errors == {"zebra": "There is no such question.", "q1": "Choose one of the answers offered."}
