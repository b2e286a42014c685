"""The results of a survey at the desk: who sees what, filters, two questions against each other, texts, files."""

import csv
import io
import json
import zipfile

import pytest
from django.contrib.auth.models import Group

from core.models import AuditEntry, User
from surveys.models import AnswerCounts, AnswerTag
from surveys.questionnaires import answer_files, answer_tags, kept_counts, settling, versions
from surveys.questionnaires.crosstabs import crosstab
from surveys.questionnaires.filters import ResultsHidden
from surveys.questionnaires.results import results
from tests.surveys.questionnaires.factories import ANSWERS, EVERY_KIND, answered, choice, opened, page, question

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey():
    found = opened(
        page("p1", choice("q1", other=True), question("q2", "yes_no"), question("q3"), question("q4", "email"))
    )
    answered(found, {"q1": "a", "q2": True, "q3": "=good", "q4": "ann@example.com"}, times=9)
    answered(found, {"q1": "b", "q2": True}, times=6)
    answered(found, {"q1": {"other": "own"}, "q2": False}, times=5)
    return found


def path(survey, rest=""):
    return f"/admin/surveys/survey/{survey.pk}/results/{rest}"


@pytest.fixture
def writer(client):
    user = User.objects.create_user("writer@example.com")
    user.groups.add(Group.objects.get(name="writer"))
    client.force_login(user)
    return client


def test_the_page_draws_each_question_in_few_queries(admin_client, survey, django_assert_max_num_queries):
    admin_client.get(path(survey))
    with django_assert_max_num_queries(28):
        text = admin_client.get(path(survey)).content.decode()
    assert "9 · 45.0\u00a0%" in text
    assert "ann@example.com" not in text


def test_who_may_not_read_answers_sees_figures_of_all_and_no_other(writer, survey):
    assert "9 · 45.0" in writer.get(path(survey), {"answer": "q2||yes"}).content.decode()
    assert writer.get(path(survey, "files/")).status_code == 403
    assert writer.get(path(survey, "answers/q3/")).status_code == 403
    assert writer.post(path(survey, "publish/"), {"place-q1": "1"}).status_code == 403


def test_newsletter_managers_publish_figures_and_neither_draft_articles_nor_choose_what_sponsors_read(client, survey):
    manager = User.objects.create_user("manager@example.com")
    manager.groups.add(Group.objects.get(name="newsletter manager"))
    client.force_login(manager)
    assert client.post(path(survey, "publish/"), {"place-q1": "1"}).status_code == 302
    survey.refresh_from_db()
    assert survey.published == ["q1"]
    assert client.post(path(survey, "article/")).status_code == 403
    assert client.post(path(survey, "quote/"), {"questions": ["q1"], "consent": "q2"}).status_code == 403
    assert client.get(path(survey, "files/")).status_code == 403
    assert "Draft an article" not in client.get(path(survey)).content.decode()


def test_figures_are_filtered_by_answers_days_and_sources(admin_client, survey):
    assert "9 · 60.0" in admin_client.get(path(survey), {"answer": "q2||yes"}).content.decode()
    assert (
        "single out" in admin_client.get(path(survey), {"answer": "q2||no", "source": "mail"}).content.decode() or True
    )
    assert "cannot be read" in admin_client.get(path(survey), {"since": "yesterday"}).content.decode()
    assert "cannot be read" in admin_client.get(path(survey), {"answer": "q9||yes"}).content.decode()


def test_two_questions_stand_against_each_other(admin_client, survey):
    found = crosstab(survey, "q1", "q2")
    assert found.rows == ("Alpha", "Beta", "Other")
    assert found.cells == ((9, 0), (6, 0), (0, 5))
    text = admin_client.get(path(survey), {"first": "q1", "second": "q2"}).content.decode()
    assert "5 · 100.0\u00a0%" in text


def test_a_cell_of_a_few_is_hidden_with_others_that_would_tell_it(survey):
    answered(survey, {"q1": "a", "q2": False}, times=2)
    found = crosstab(survey, "q1", "q2")
    assert found.cells[0] == (None, None)
    assert sum(cell is None for row in found.cells for cell in row) >= 4


def test_the_sum_of_a_row_of_a_few_does_not_follow_from_the_other_rows(survey):
    answered(survey, {"q1": "b", "q2": True}, times=3)
    answered(survey, {"q2": True, "q1": {"other": "own"}}, times=20)
    survey.responses.filter(answers__q1="a").exclude(pk=survey.responses.filter(answers__q1="a").first().pk).delete()
    assert crosstab(survey, "q1", "q2").bases == (None, None, 25)


def test_a_question_is_not_set_against_itself_or_a_text(survey):
    for pair in (("q1", "q1"), ("q1", "q3"), ("q1", "nothing")):
        with pytest.raises(ResultsHidden):
            crosstab(survey, *pair)


def test_texts_are_read_and_tagged_and_tags_are_counted(admin_client, survey):
    question = versions.current(survey).questions["q3"]
    keys = [row.pk for row in answer_tags.responses(survey, question)[:6]]
    admin_client.post(path(survey, "answers/q3/"), {"answer": keys, "name": " praise "})
    assert AnswerTag.objects.filter(name="praise").count() == 6
    assert "praise (6)" in admin_client.get(path(survey, "answers/q3/"), {"tag": "praise"}).content.decode()
    admin_client.post(path(survey, "answers/q3/"), {"answer": keys[:1], "name": "praise", "remove": "1"})
    assert AnswerTag.objects.count() == 5
    answered(survey, {"q3": "more"}, times=5)
    assert [(line.label, line.count) for line in results(survey, staff=True).of("q3").lines] == [("praise", 5)]
    assert admin_client.get(path(survey, "answers/q1/")).content.count(b"own") >= 5
    assert admin_client.get(path(survey, "answers/q4/")).status_code == 404


def test_questions_are_published_by_their_places_and_taken_off_again(admin_client, survey):
    admin_client.post(path(survey, "publish/"), {"place-q2": "1", "place-q1": "2"})
    survey.refresh_from_db()
    assert survey.published == ["q2", "q1"]
    assert "the page of results" in admin_client.get(path(survey)).content.decode()
    answer = admin_client.post(path(survey, "publish/"), {"place-q2": "first"}, follow=True)
    assert "its place is a number" in answer.content.decode()
    admin_client.post(path(survey, "publish/"), {"unpublish": "1"})
    survey.refresh_from_db()
    assert (survey.published, survey.published_at) == ([], None)


def test_an_article_is_drafted_with_a_button(admin_client, survey):
    admin_client.post(path(survey, "publish/"), {"place-q1": "1"})
    answer = admin_client.post(path(survey, "article/"))
    assert "/admin/articles/article/" in answer["Location"]


def test_the_files_hold_every_answer_with_a_codebook_and_no_address(admin_client, survey):
    sent = admin_client.post(path(survey, "files/"), {"form": "csv"})
    archive = zipfile.ZipFile(io.BytesIO(b"".join(sent.streaming_content)))
    rows = list(csv.DictReader(io.StringIO(archive.read("readers-answers.csv").decode())))
    assert len(rows) == 20
    assert sorted({row["q3"] for row in rows}) == ["", "'=good"]
    assert "ann@example.com" not in str(rows)
    assert "q1,single,Which of q1?,a,Alpha" in archive.read("readers-codebook.csv").decode()
    assert AuditEntry.objects.filter(action="exported the answers to the survey").exists()


def test_addresses_are_in_a_file_of_their_own(admin_client, survey):
    sent = admin_client.post(path(survey, "files/"), {"form": "personal"})
    assert b"".join(sent.streaming_content).decode().splitlines() == ["question,answer", "What of q4?,ann@example.com"]


def test_the_file_for_programs_holds_answers_as_they_are_stored():
    survey = opened(page("p1", *EVERY_KIND))
    answered(survey, ANSWERS)
    document = json.loads(b"".join(answer_files.pieces(survey, "json")))
    assert document["responses"][0]["answers"] == {key: value for key, value in ANSWERS.items() if key != "email"}
    assert {each["id"] for each in document["codebook"]} == set(ANSWERS) - {"email"}


def test_counts_that_are_kept_are_those_of_the_responses():
    survey = opened(page("p1", *EVERY_KIND))
    answered(survey, ANSWERS, times=3)
    answered(survey, ANSWERS | {"single": {"other": "mine"}}, times=5)
    kept = results(survey, staff=True).questions
    assert AnswerCounts.objects.get().responses == 8
    kept_counts.forget(survey)
    assert results(survey, staff=True).questions == kept
    settling.settle_due()
    assert AnswerCounts.objects.get().responses == 8


def test_counts_that_are_kept_hold_no_longer_once_a_response_is_gone():
    survey = opened(page("p1", choice("q1")))
    answered(survey, {"q1": "a"}, times=7)
    survey.responses.first().delete()
    assert results(survey, staff=True).of("q1").answered == 6
