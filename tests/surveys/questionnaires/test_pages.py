"""Surveys as they are answered in a browser without scripts."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from core.lib.signing import make_token
from surveys.models import Response, Sitting, Survey
from surveys.questionnaires import access, phases, polls, settling, sittings, versions
from tests.surveys.questionnaires.factories import ANSWERS, EVERY_KIND, choice, data, draft, opened, page, question

pytestmark = pytest.mark.django_db
PAGES = [page("p1", choice("q1", required=True)), page("p2", question("q2", text="Why {{q:q1}}?"))]


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True)


def test_a_survey_is_answered_page_by_page_and_sent_once(client):
    survey = opened(*PAGES)
    assert "Which of q1?" in client.get("/surveys/readers/").text
    second = client.post("/surveys/readers/", {"q-q1": "a"})
    assert second.status_code == 303
    assert "Why Alpha?" in client.get(second.url).text
    summary = client.post(second.url, {"q-q2": "Because", "go": "next"})
    assert "Because" in client.get(summary.url).text
    assert [client.post(summary.url).status_code for _ in range(2)] == [200, 200]
    settling.settle(survey)
    assert [each.answers for each in Response.objects.all()] == [{"q1": "a", "q2": "Because"}]
    assert client.post(summary.url).status_code == 410


def test_going_back_by_the_button_keeps_what_was_typed(client):
    opened(page("p1", question("q1")), page("p2", question("q2", "number")))
    second = client.post("/surveys/readers/", {"q-q1": "one"}).url
    first = client.post(second, {"q-q2": "lots", "go": "back"}).url
    assert 'value="one"' in client.get(first).text
    assert 'value="lots"' in client.get(second).text


def test_a_page_that_is_refused_says_so_at_its_field_and_keeps_the_rest(client):
    opened(page("p1", question("q1"), choice("q2", required=True)))
    answer = client.post("/surveys/readers/", {"q-q1": "typed"})
    assert answer.status_code == 400
    assert 'href="#q-q2"' in answer.text
    assert 'value="typed"' in answer.text
    assert not Sitting.objects.exists()


def test_a_poll_is_answered_by_one_post(client):
    survey = opened(page("p1", choice("q1")))
    assert polls.question_of(versions.current(survey))
    assert client.post("/surveys/readers/", {"q-q1": "b"}).status_code == 200
    settling.settle(survey)
    assert Response.objects.get().answers == {"q1": "b"}


def sent(client, *posts):
    for fields in posts:
        assert "Thank you" in client.post("/surveys/readers/", fields).text
    settling.settle(Survey.objects.get())
    return Response.objects.count()


def test_a_poll_that_is_sent_twice_by_one_page_is_one_answer(client):
    opened(page("p1", choice("q1")))
    one, two = {"q-q1": "a", "once": "1-2-3-4"}, {"q-q1": "a", "once": "5-6-7-8"}
    assert sent(client, one, one, two) == 2
    assert sent(client, one) == 2, "also when the first is counted already"


def test_a_second_click_without_scripts_is_no_second_answer_and_another_answer_is(client):
    opened(page("p1", choice("q1")))
    assert sent(client, {"q-q1": "a"}, {"q-q1": "a"}, {"q-q1": "b"}) == 2


def test_a_poll_that_was_refused_can_be_sent_again_by_the_same_page(client):
    opened(page("p1", choice("q1", required=True)))
    assert client.post("/surveys/readers/", {"once": "1-2-3-4"}).status_code == 400
    assert sent(client, {"q-q1": "a", "once": "1-2-3-4"}) == 1


def test_every_kind_is_drawn_and_read_back(client):
    opened(page("p1", *EVERY_KIND), page("p2", question("last")))
    fields = {f"q-{key}": value for key, value in ANSWERS.items() if isinstance(value, str | int) and value is not True}
    fields |= {"q-yes_no": "yes", "q-consent": "yes", "q-multiple": ["a", "other"], "q-multiple.other": "Gamma"}
    fields |= {"q-matrix.r1": "a", "q-matrix.r2": "b", "q-ranking.a": "2", "q-ranking.b": "1", "q-image_choice": "b"}
    second = client.post("/surveys/readers/", fields)
    assert second.status_code == 303, re.findall(r"error\">(.*?)<", second.text)
    sitting = Sitting.objects.get()
    assert sittings.progress_of(sitting).answers == ANSWERS
    first = client.get(second.url.replace("/p2/", "/p1/")).text
    assert [
        word for word in ('value="Gamma"', 'value="42"', 'value="2026-05-31"', "two</textarea>") if word not in first
    ] == []


def test_a_link_by_mail_opens_the_survey_for_an_address(client, mailoutbox):
    survey = opened(*PAGES, access="address")
    assert client.post("/surveys/readers/", {"q-q1": "a"}).status_code == 400
    assert "Check your inbox" in client.post("/surveys/readers/", {"email": "ann@example.com"}).text
    link = access.address_link(survey, "Ann+tag@example.com").removeprefix("http://localhost:8000")
    assert "Which of q1?" in client.get(link).text
    assert not Sitting.objects.exists()
    second = client.post(link, {"q-q1": "a", "go": "next"}).url
    assert client.get(link).url == second  # whoever comes back by the same link goes on
    client.post(second, {"q-q2": "", "go": "next"})
    client.post(second.replace("p2/", ""))
    assert "You have taken part" in client.get(link).text


def test_a_test_run_is_not_counted(client):
    survey = draft(*PAGES)
    link = access.test_link(survey).removeprefix("http://localhost:8000")
    second = client.post(link, {"q-q1": "a", "go": "next"}).url
    client.post(second, {"q-q2": "x", "go": "next"})
    assert "nothing was counted" in client.post(second.replace("p2/", "")).text
    assert (Sitting.objects.count(), Response.objects.count()) == (0, 0)


def test_drafts_are_nobodys_and_closed_surveys_say_so(client):
    survey = draft(*PAGES)
    assert client.get("/surveys/readers/").status_code == 404
    Survey.objects.filter(pk=survey.pk).delete()
    opened(*PAGES)
    Survey.objects.update(state="closed")
    assert "is closed" in client.get("/surveys/readers/").text
    assert client.post("/surveys/readers/", {"q-q1": "a"}).status_code == 409


@pytest.mark.parametrize("path", ["begin/x/", "answer/x/", "answer/x/later/", "answer/x/p1/"])
def test_who_guesses_at_a_link_hears_nothing_of_a_draft_and_nothing_else_learns_the_address(client, path):
    survey = draft(*PAGES)
    assert client.get(f"/surveys/readers/{path}").status_code == 404
    phases.open_survey(survey)
    answer = client.get(f"/surveys/readers/{path}")
    assert (answer.status_code in (403, 410), answer["Referrer-Policy"]) == (True, "no-referrer")


def test_whoever_tests_a_draft_hears_that_their_link_has_expired(client):
    survey = draft(*PAGES)
    token = make_token(access.PURPOSE, access.Way.TEST, survey.pk, 0, expires_in=timedelta(days=-1))
    assert "This link has expired" in client.get(f"/surveys/readers/begin/{token}/").text
    draft(*PAGES, slug="another")
    assert client.get(f"/surveys/another/begin/{token}/").status_code == 404


def test_what_is_sent_for_another_page_is_refused_whole(client):
    opened(*PAGES)
    answer = client.post("/surveys/readers/", {"q-q1": "a", "q-q2": "early"})
    assert answer.status_code == 400
    assert not Sitting.objects.exists()
    assert data(q1="a")


def test_only_an_answer_that_counts_has_the_browser_note_it(client):
    quota = {"id": "g1", "if": {"question": "q1", "is": "a"}, "limit": 1}
    survey = opened(page("p1", choice("q1")), access="browser", quotas=[quota])

    def is_noted(path, number):
        thanks = client.post(path, {"q-q1": "a"}, REMOTE_ADDR=f"203.0.113.{number}").content.decode()
        assert "Thank you" in thanks
        return "data-answered" in thanks

    assert not is_noted(access.test_link(survey).removeprefix("http://localhost:8000"), 1)
    assert is_noted("/surveys/readers/", 2)
    assert not is_noted("/surveys/readers/", 3)
