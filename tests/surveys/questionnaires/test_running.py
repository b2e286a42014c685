"""A survey from its draft to its close: what keeps it from opening, what can change while it is open, what ends by itself."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from articles import image_library
from core.transitions import TransitionRefused
from surveys import keys
from surveys.models import Response, Sitting, Survey, SurveyVersion
from surveys.questionnaires import (
    access,
    at_once,
    finishing,
    flow,
    phases,
    publishing,
    responses,
    settling,
    sittings,
    versions,
)
from surveys.questionnaires.definition import DefinitionRefused, read
from tests.articles.factories import image
from tests.surveys.questionnaires.factories import TWO, choice, data, draft, entry, opened, page, question

pytestmark = pytest.mark.django_db
ON_A = {"question": "q1", "is": "a"}


def problems(*pages):
    return [problem.words for problem in flow.problems(read({"pages": list(pages)}))]


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ([page("p1", question("q1", "statement"))], "Add a question first."),
        ([page("p1", choice()), page("p2")], "This page is empty."),
        ([page("p1", choice(), then=[{"go": "p1"}])], "leads back to itself"),
        ([page("p1", choice()), page("p2", question("q2"), then=[{"if": ON_A, "go": "p1"}])], "leads back to an earlier page"),
        ([page("p1", choice(), then=[{"go": "end"}]), page("p2", question("q2"))], "No way leads to this page"),
        ([page("p1", question("q0", **{"if": ON_A}), choice())], "asks for an answer that is given only later"),
        ([page("p1", choice(), question("q2", text="Why {{q:q1}}?"))], "names an answer that is not given on an earlier page"),
        ([page("p1", choice(), then=[{"go": "end"}, {"if": ON_A, "go": "end"}])], "are never looked at"),
    ],
)  # fmt: skip
def test_a_flow_that_cannot_work_is_found_before_anybody_answers(pages, words):
    assert any(words in problem for problem in problems(*pages))
    with pytest.raises(TransitionRefused):
        phases.open_survey(draft(*pages))


def test_a_page_that_conditions_leave_out_is_passed_over_in_the_flow():
    pages = [page("p1", choice()), page("p2", question("q2"), **{"if": ON_A}), page("p3", question("q3"))]
    assert problems(*pages) == []
    edges = [(edge.source, edge.target, edge.skips) for edge in flow.edges(read({"pages": pages}))]
    assert edges == [("p1", "p2", True), ("p1", "p3", False), ("p2", "p3", False), ("p3", "end", False)]


def changed(survey, change):
    document = deepcopy(survey.definition)
    change(document["pages"][0]["questions"])
    return versions.save(survey, document)


def test_what_leaves_answers_their_meaning_can_change_and_is_a_version():
    survey = opened(page("p1", choice("q1")))
    at_once.submit(entry(survey), {"q1": "b"})
    sitting = responses.begin(entry(survey))
    changed(survey, lambda asked: asked[0]["choices"].append({"id": "c", "text": "Gamma"}))
    changed(survey, lambda asked: asked.append(question("q2")))
    changed(survey, lambda asked: asked[0]["choices"][1].update(closed=True))
    assert survey.versions.count() == 4
    assert at_once.submit(entry(survey), {"q1": "c", "q2": "new"}).ended == "complete"
    with pytest.raises(at_once.AnswersRefused):
        at_once.submit(entry(survey), {"q1": "b"})
    responses.save_page(sitting, "p1", data(q1="b"))  # who began before is asked what they began with
    finishing.finish(sitting)
    settling.settle(survey)
    assert sorted((each.version.number, each.answers["q1"]) for each in Response.objects.all()) == [
        (1, "b"),
        (1, "b"),
        (4, "c"),
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda asked: asked[0].update(text="Which not?"), "ask anything else in a question of its own"),
        (lambda asked: asked[0].update(kind="multiple"), "as another kind of question"),
        (lambda asked: asked[0]["choices"].pop(), "close it in place of removing it"),
        (lambda asked: asked[0]["choices"][0].update(text="Omega"), "its words stay"),
        (lambda asked: asked[0]["choices"].insert(0, {"id": "z", "text": "Zeta"}), "come after those that are there"),
        (lambda asked: asked.pop(), "cannot be removed"),
        (lambda asked: asked[1].update(last=7), "stays as it is"),
    ],
)
def test_what_would_change_the_meaning_of_answers_is_refused(change, words):
    survey = opened(page("p1", choice("q1"), question("q2", "scale")))
    with pytest.raises(DefinitionRefused, match=words):
        changed(survey, change)
    assert survey.versions.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda asked: asked[0]["choices"].append({"id": "c", "text": "Gamma"}), "worth other points"),
        (lambda asked: asked[0].update(most=1), "stays as it is"),
        (lambda asked: asked[1]["choices"][0].update(image="images/b.webp"), "its picture stays"),
        (lambda asked: asked[1].update(most=2), "stays as it is"),
    ],
)
def test_places_keep_their_points_and_answers_their_pictures(change, words):
    pictures = [each | {"image": f"images/{each['id']}.webp"} for each in TWO]
    survey = opened(page("p1", choice("q1", "ranking"), choice("q2", "image_choice", choices=pictures)))
    with pytest.raises(DefinitionRefused, match=words):
        changed(survey, change)
    assert survey.versions.count() == 1


def test_the_database_keeps_what_was_asked_and_by_whom():
    survey = opened()
    for act in (
        lambda: SurveyVersion.objects.update(definition={}),
        lambda: Survey.objects.update(access="address"),
        lambda: Survey.objects.update(slug="other"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()
    phases.close(survey)
    with pytest.raises(TransitionRefused):
        versions.save(survey, {"pages": []})


def test_a_survey_closes_by_its_clock_and_by_its_maximum():
    now = timezone.now()
    timed = opened(slug="timed", closes_at=now + timedelta(days=1))
    full = opened(slug="full", max_responses=1, min_cell=1)
    waiting = opened(slug="waiting", opens_at=now + timedelta(days=1))
    at_once.submit(entry(full), {"q1": "a"})
    Survey.objects.filter(pk=timed.pk).update(closes_at=now - timedelta(seconds=1))
    phases.turn_phases()
    assert dict(Survey.objects.values_list("slug", "state")) == {"timed": "closed", "full": "closed", "waiting": "open"}
    with pytest.raises(sittings.NotOpen):
        responses.begin(entry(waiting))


def test_what_nobody_comes_back_to_is_counted_apart_or_goes():
    survey = opened(page("p1", choice("q1")), page("p2", question("q2")))
    responses.begin(entry(survey))  # and answers nothing
    responses.start(entry(survey), {"q-q1": "a"})
    assert settling.end_abandoned() == 0
    Sitting.objects.update(touched_at=timezone.now() - timedelta(days=15))
    settling.end_abandoned()
    settling.settle(survey)
    left = Response.objects.get()
    assert (left.ended, left.answers, left.shown, Sitting.objects.count()) == ("partial", {"q1": "a"}, ["q1", "q2"], 0)


def test_a_picture_that_a_survey_shows_is_not_removed_from_the_library():
    shown = image()
    assert image_library.uses_elsewhere(shown) == []
    draft(page("p1", choice("q1", "image_choice", choices=[each | {"image": shown.file} for each in TWO])))
    assert image_library.uses_elsewhere(shown) == [("survey", 1)]
    assert not image_library.unused(type(shown).objects.all()).exists()


def test_a_test_of_an_open_survey_makes_no_new_pepper_in_place_of_a_lost_one(client):
    survey = opened()
    keys.destroy_pepper(survey)
    assert client.get(access.test_link(survey).removeprefix("http://localhost:8000")).status_code == 503
    assert not keys.has_pepper(survey)


def test_readers_are_told_of_new_figures_by_the_transaction_that_counts_them():
    survey = opened(page("p1", choice()))
    publishing.publish(survey, ["q1"], by=None)
    at_once.submit(entry(survey), {"q1": "b"})
    assert settling.settle(survey) == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generation.xmin = response.xmin FROM core_contentgeneration generation, surveys_response response"
            " WHERE generation.id = 1"
        )
        assert cursor.fetchall() == [(True,)]
