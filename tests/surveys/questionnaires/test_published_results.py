"""Results that are published: their page, files and picture; the media kit, an article, the API; never before their time."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from articles.models import Article
from core import pagecache
from core.transitions import TransitionRefused
from surveys.models import Response
from surveys.questionnaires import article_draft, phases, publishing
from surveys.questionnaires.quotes import SurveyQuotes
from surveys.questionnaires.results import results
from tests.surveys.questionnaires.factories import answered, choice, opened, page, question

pytestmark = pytest.mark.django_db
PUBLIC = ["results/", "results.json", "results.csv", "results/card.png"]
API = ["/api/v1/surveys/", "/api/v1/surveys/readers/", "/api/v1/surveys/readers/results/"]


@pytest.fixture
def survey():
    found = opened(page("p1", choice("q1"), question("q2", "consent"), question("q3", "email")))
    answered(found, {"q1": "a", "q2": True, "q3": "ann@example.com"}, times=9)
    answered(found, {"q1": "b", "q2": True}, times=6)
    return found


def test_nothing_of_results_is_there_until_they_are_published(client, survey):
    assert {client.get(f"/surveys/readers/{path}").status_code for path in PUBLIC} == {404}
    publishing.publish(survey, ["q1"], by=None)
    assert {client.get(f"/surveys/readers/{path}").status_code for path in PUBLIC} == {200}
    publishing.unpublish(survey, by=None)
    assert {client.get(f"/surveys/readers/{path}").status_code for path in PUBLIC} == {404}


def test_the_page_and_its_files_have_the_same_figures(client, survey):
    publishing.publish(survey, ["q1"], by=None)
    text = client.get("/surveys/readers/results/").content.decode()
    assert "9 · 60.0\u00a0%" in text
    assert "N = 15 answered, of 15 who were asked." in text
    lines = client.get("/surveys/readers/results.csv").content.decode().splitlines()
    assert lines[1:] == ["q1,Which of q1?,,Alpha,9,60.0,15,15", "q1,Which of q1?,,Beta,6,40.0,15,15"]
    assert client.get("/surveys/readers/results.json").json() == client.get(API[2]).json()


def test_what_says_who_somebody_is_cannot_be_published(survey):
    with pytest.raises(TransitionRefused):
        publishing.publish(survey, ["q3"], by=None)


def test_figures_of_a_survey_that_goes_on_follow_the_answers(client, survey):
    publishing.publish(survey, ["q1"], by=None)
    client.get("/surveys/readers/results/")
    answered(survey, {"q1": "b"}, times=9)
    assert "15 · 62.5" in client.get("/surveys/readers/results/").content.decode()


def everything(client):
    paths = [*API, *(f"/surveys/readers/{path}" for path in PUBLIC), "/surveys/", "/surveys/readers/", "/advertise/"]
    pages = {path: client.get(path) for path in paths}
    return {path: (page.status_code, page.headers.get("ETag"), page.content) for path, page in pages.items()}


def test_under_an_embargo_no_page_file_or_program_tells_what_was_answered(client, admin_client):
    survey = opened(page("p1", choice("q1"), question("q2", "consent")), results_shown="closed")
    answered(survey, {"q1": "a", "q2": True}, times=9)
    shown = {"published": ["q1"], "published_at": survey.created_at, "quoted": ["q1"], "quoted_consent": "q2"}
    type(survey).objects.filter(pk=survey.pk).update(**shown)
    desk = f"/admin/surveys/survey/{survey.pk}/results/"
    pagecache.bump()
    before, at_desk = everything(client), admin_client.get(desk).content.decode()
    assert "can be seen after its close" in at_desk
    Response.objects.update(answers={"q1": "b", "q2": True})
    pagecache.bump()
    assert everything(client) == before
    assert admin_client.post(f"{desk}files/", {"form": "csv"})["Location"] == desk
    for act in ("publish/", "article/", "answers/q1/"):
        admin_client.post(desk + act, {"place-q1": "1", "answer": "1", "name": "tag"})
    assert everything(client) == before
    phases.close(survey)
    assert client.get("/surveys/readers/results/").status_code == 200


@pytest.mark.parametrize(("field", "before", "after"), [("min_cell", 5, 4), ("results_shown", "closed", "live")])
def test_what_a_survey_hides_it_goes_on_hiding_once_it_has_opened(field, before, after):
    survey = opened(**{field: before})
    with pytest.raises(IntegrityError), transaction.atomic():
        type(survey).objects.filter(pk=survey.pk).update(**{field: after})
    setattr(survey, field, after)
    with pytest.raises(ValidationError):
        survey.full_clean()


def test_the_media_kit_quotes_published_answers_of_those_who_agreed_with_their_interval(client, survey):
    publishing.publish(survey, ["q1"], by=None)
    publishing.quote(survey, ["q1"], "q2", by=None)
    [quote] = SurveyQuotes().quotes()
    assert [(label, rate.count, rate.total) for label, rate in quote.lines] == [("Alpha", 9, 15), ("Beta", 6, 15)]
    text = client.get("/advertise/").content.decode()
    assert "N = 15" in text
    assert quote.lines[0][1].range_text in text


def test_the_media_kit_leaves_out_who_did_not_agree_and_all_where_these_are_few(survey):
    publishing.publish(survey, ["q1"], by=None)
    publishing.quote(survey, ["q1"], "q2", by=None)
    answered(survey, {"q1": "b"}, times=2)
    assert SurveyQuotes().quotes() == []
    answered(survey, {"q1": "b"}, times=4)
    assert SurveyQuotes().quotes()[0].total == 15


def test_no_range_in_the_media_kit_tells_beside_the_published_ones_of_a_few_who_did_not_agree():
    survey = opened(page("p1", question("n", "number"), question("c", "consent")))
    for number, agreed, times in ((10, True, 10), (30, True, 10), (10, False, 6), (30, False, 1)):
        answered(survey, {"n": number, **({"c": True} if agreed else {})}, times=times)
    publishing.publish(survey, ["n", "c"], by=None)
    publishing.quote(survey, ["n"], "c", by=None)
    assert [line.count for line in results(survey, staff=False).of("n").lines] == [16, 11]
    [quote] = SurveyQuotes().quotes()
    assert [(label, rate.count) for label, rate in quote.lines] == [("any", 20)]


def test_the_media_kit_quotes_nothing_that_is_not_published_or_not_agreed_to(survey):
    with pytest.raises(TransitionRefused):
        publishing.quote(survey, ["q1"], "q2", by=None)
    publishing.publish(survey, ["q1"], by=None)
    with pytest.raises(TransitionRefused):
        publishing.quote(survey, ["q1"], "q1", by=None)


def test_an_article_has_each_question_with_a_chart_that_follows_the_count(survey):
    with pytest.raises(TransitionRefused):
        article_draft.draft_article(survey)
    publishing.publish(survey, ["q1"], by=None)
    article = article_draft.draft_article(survey)
    assert Article.objects.get(pk=article.pk).title == "Our readers: what readers answered"
    blocks = [block.data for block in article.blocks.all() if block.kind == "survey"]
    assert [(block["survey"], block["question"]) for block in blocks] == [("readers", "q1")]


def test_a_program_answers_by_the_rules_of_the_form(client, survey):
    def send(answers):
        sent = json.dumps({"answers": answers})
        return client.post("/api/v1/surveys/readers/responses/", sent, content_type="application/json")

    assert send({"q1": "a"}).status_code == 201
    refused = send({"q1": "zebra", "nothing": 1})
    assert refused.status_code == 400
    assert set(refused.json()["errors"]) == {"q1", "nothing"}
    assert send([]).status_code == 400
    phases.close(survey)
    assert send({"q1": "a"}).status_code == 409


def test_a_program_reads_what_a_survey_asks(client, survey):
    found = client.get("/api/v1/surveys/readers/").json()
    assert [each["id"] for each in found["definition"]["pages"][0]["questions"]] == ["q1", "q2", "q3"]
    assert [each["slug"] for each in client.get("/api/v1/surveys/").json()["results"]] == ["readers"]
