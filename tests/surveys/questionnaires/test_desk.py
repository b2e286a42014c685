"""A survey in the newsroom: begun from a template, built, opened, closed, and two people at it."""

import pytest
from django.urls import reverse

from core.models import AuditEntry, KeptWork
from surveys.models import Survey
from surveys.questionnaires import flow, phases, starters, versions
from surveys.questionnaires.kinds import KINDS
from tests.articles import factories as newsroom
from tests.html import one_line, posted_by
from tests.surveys.questionnaires.factories import EVERY_KIND, answered, choice, draft, opened, page, question

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    user = newsroom.user("editor")
    client.force_login(user)
    return user


def url(survey, name="builder", query=""):
    return reverse(f"admin:surveys_survey_{name}", args=[survey.pk]) + query


def shown(client, survey, at):
    """The builder with a part open, and what its form would post."""
    answer = client.get(url(survey, query=f"?at={at}"))
    assert answer.status_code == 200
    return answer, fields(answer)


def fields(answer):
    return posted_by(answer.content, "builder")


def ids(survey):
    survey.refresh_from_db()
    return [[each["id"] for each in page["questions"]] for page in survey.definition["pages"]]


# Beginning


@pytest.mark.parametrize("starter", starters.ALL, ids=lambda starter: starter.name or "empty")
def test_every_template_makes_a_survey_that_could_open(starter, client, editor):
    client.post("/admin/surveys/survey/add/", {"title": "Ärger & Freude", "starter": starter.name})
    survey = Survey.objects.get()
    assert (survey.slug, survey.state) == ("aerger-freude", "draft")
    problems = flow.problems(versions.working(survey))
    assert not problems or starter.name == ""


def test_a_title_is_asked_for(client, editor):
    answer = client.post("/admin/surveys/survey/add/", {"starter": "nps"})
    assert answer.status_code == 400
    assert "This field is required" in answer.content.decode()


def test_an_empty_list_says_what_to_do_and_a_full_one_counts(client, editor, django_assert_max_num_queries):
    assert "Begin a survey" in client.get("/admin/surveys/survey/").content.decode()
    survey = opened(access="anybody")
    answered(survey, {"q1": "a"}, times=2)
    with django_assert_max_num_queries(14):
        found = one_line(client.get("/admin/surveys/survey/").content)
    assert '<td class="field-so_far">2</td>' in found


def test_a_copy_has_the_questions_and_none_of_the_answers(client, editor):
    survey = opened(page("p1", choice("q1")), max_responses=40)
    client.post(url(survey, "copy"))
    made = Survey.objects.exclude(pk=survey.pk).get()
    assert (made.state, made.max_responses, made.definition) == ("draft", 40, survey.definition)
    assert AuditEntry.objects.filter(action="made the survey", subject=str(made)).exists()


# Where it stands


def test_a_survey_opens_closes_and_is_put_away_by_buttons(client, editor):
    survey = draft()
    for step, state in [("open", "open"), ("close", "closed"), ("archive", "archived")]:
        offer = client.get(url(survey, "overview")).context["next"]
        assert offer.step.name == step
        client.post(url(survey, "step"), {"step": step, "seen": offer.seen, "sure": "on"})
        survey.refresh_from_db()
        assert survey.state == state
    assert client.get(url(survey, "overview")).context["next"] is None


def test_the_page_has_the_lines_that_show_a_survey_on_another_site_once_it_is_open(client, editor):
    survey = draft(page("p1", choice("q1")), title='Which "one"?')
    assert not client.get(url(survey, "overview")).context["snippet"]
    phases.open_survey(survey)
    answer = client.get(url(survey, "overview"))
    assert '<iframe src="http://localhost:8000/surveys/readers/frame/"' in answer.context["snippet"]
    assert 'title="Which &quot;one&quot;?"' in answer.context["snippet"]
    assert "&lt;iframe src=&quot;http://localhost:8000/surveys/readers/frame/&quot;" in answer.content.decode()


def test_what_is_missing_is_said_and_nothing_opens(client, editor):
    survey = draft(page("p1", choice("q1")), page("p2"))
    answer = client.get(url(survey, "overview"))
    assert answer.context["next"].lacks == ["Page “p2”: This page is empty."]
    client.post(url(survey, "step"), {"step": "open", "seen": answer.context["next"].seen, "sure": "on"})
    survey.refresh_from_db()
    assert survey.state == "draft"


def test_what_cannot_be_undone_is_asked_about(client, editor):
    survey = draft()
    offer = client.get(url(survey, "overview")).context["next"]
    answer = client.post(url(survey, "step"), {"step": "open", "seen": offer.seen}, follow=True)
    assert "tick that you have read" in answer.content.decode()


def test_who_only_looks_sees_the_questions_and_no_button(client):
    survey = draft()
    client.force_login(newsroom.user("writer"))
    page = client.get(url(survey))
    assert page.status_code == 200
    assert b'value="up:q1"' not in page.content
    assert client.post(url(survey), {"do": "page"}).status_code == 403
    assert client.get(url(survey, "overview")).context["may_take"] is False


def test_what_is_fixed_stays_and_what_is_not_can_change(client, editor):
    survey = opened(access="browser")
    page = client.get(url(survey, "change"))
    assert {"slug", "access", "changeable"} & set(page.context["adminform"].form.fields) == set()
    posted = {
        "title": "Another title",
        "introduction": "One.\n\nTwo.",
        "results_shown": "live",
        "min_cell": "7",
        "is_listed": "on",
    }
    client.post(url(survey, "change"), posted)
    survey.refresh_from_db()
    assert (survey.title, survey.min_cell, survey.access) == ("Another title", 7, "browser")
    assert survey.introduction == "<p>One.</p>\n\n<p>Two.</p>"


# Building


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_of_every_kind_is_shown_and_saved_as_it_is(kind, client, editor):
    known = next(each for each in EVERY_KIND if each["kind"] == kind)
    survey = draft(page("p1", choice("first"), known))
    before = survey.definition
    _, posted = shown(client, survey, known["id"])
    saved = client.post(url(survey), posted | {"text": "Another text?", "_save": "1"})
    assert saved.status_code == 302
    survey.refresh_from_db()
    before["pages"][0]["questions"][1]["text"] = "Another text?"
    assert survey.definition == before
    assert client.get(url(survey, "builder_preview", f"?at={known['id']}")).status_code == 200


def test_a_question_is_added_after_another(client, editor):
    survey = draft(page("p1", choice("q1"), question("q2")))
    new = client.get(url(survey, query="?at=-new&kind=single&page=p1&after=q1"))
    posted = fields(new) | {
        "text": "And now?", "choices-id": ["", "", ""], "choices-text": ["Yes", "", "No"], "choices-image": ["", "", ""],
        "choices-closed": ["", "", ""], "choices-place": ["2", "3", "1"],
    }  # fmt: skip
    answer = client.post(url(survey), posted)
    assert answer.headers["Location"].endswith("?at=q3")
    assert ids(survey) == [["q1", "q3", "q2"]]
    added = survey.definition["pages"][0]["questions"][1]
    assert added["choices"] == [{"id": "a1", "text": "No"}, {"id": "a2", "text": "Yes"}]


def test_a_new_question_sent_twice_is_one(client, editor):
    survey = draft()
    posted = fields(client.get(url(survey, query="?at=-new&kind=short_text&page=p1"))) | {"text": "Who?"}
    client.post(url(survey), posted)
    client.post(url(survey), posted)
    assert ids(survey) == [["q1", "q2"]]


def test_a_refused_question_keeps_what_was_typed(client, editor):
    survey = draft()
    posted = fields(client.get(url(survey, query="?at=-new&kind=number&page=p1")))
    answer = client.post(url(survey), posted | {"text": "", "least": "9", "most": "3"})
    assert answer.status_code == 400
    assert "This field is required" in answer.content.decode()
    answer = client.post(url(survey), posted | {"text": "How old?", "least": "9", "most": "3"})
    assert "The smallest number is larger than the largest" in answer.content.decode()
    assert 'value="How old?"' in answer.content.decode()


def test_a_condition_is_chosen_among_earlier_answers(client, editor):
    survey = draft(page("p1", choice("q1"), question("q2"), question("q3")))
    answer, posted = shown(client, survey, "q2")
    assert "q3" not in str(answer.context["panel"]["if"])
    row = {"if-join": ["and"], "if-question": ["q1"], "if-operator": ["is"]}
    refused = client.post(url(survey), posted | row | {"if-value": [""]})
    assert "Say what the answer to “Which of q1?” is compared with." in refused.content.decode()
    assert "Beta" in str(refused.context["panel"]["if"])  # without scripts, its answers can be chosen now
    client.post(url(survey), posted | row | {"if-value": ["b"]})
    survey.refresh_from_db()
    assert survey.definition["pages"][0]["questions"][1]["if"] == {"question": "q1", "is": "b"}


def test_a_page_gets_rules_and_the_survey_quotas(client, editor):
    survey = draft(page("p1", choice("q1")), page("p2", question("q2")), page("p3", question("q3")))
    _, posted = shown(client, survey, "p1")
    rule = {"rule-0-if-join": "and", "rule-0-if-question": "q1", "rule-0-if-operator": "is", "rule-0-if-value": "a"}
    client.post(url(survey), posted | rule | {"rule-0-go": "p3"})
    _, posted = shown(client, survey, "-quotas")
    quota = {name.replace("rule", "quota"): value for name, value in rule.items()}
    client.post(url(survey), posted | quota | {"quota-0-limit": "40", "quota-0-message": "Enough."})
    survey.refresh_from_db()
    met = {"question": "q1", "is": "a"}
    assert survey.definition["pages"][0]["then"] == [{"if": met, "go": "p3"}]
    assert survey.definition["quotas"] == [{"id": "g1", "if": met, "limit": 40, "message": "Enough."}]


def test_buttons_save_what_was_typed_before_they_move_copy_or_remove(client, editor):
    survey = draft(page("p1", choice("q1"), question("q2")), page("p2", question("q3")))
    _, posted = shown(client, survey, "q1")
    client.post(url(survey), posted | {"text": "Typed?", "do": "down:q2"})
    assert ids(survey) == [["q1"], ["q2", "q3"]]
    assert survey.definition["pages"][0]["questions"][0]["text"] == "Typed?"
    client.post(url(survey), {"do": "place:q3:p1:0"})
    assert ids(survey) == [["q3", "q1"], ["q2"]]
    target = client.post(url(survey), {"do": "copy:q2"}).headers["Location"]
    copy = client.get(target)
    client.post(url(survey), fields(copy) | {"text": "A copy?"})
    assert ids(survey) == [["q3", "q1"], ["q2", "q4"]]


def test_what_is_removed_can_be_put_back(client, editor):
    survey = draft(page("p1", choice("q1"), question("q2")))
    answer = client.post(url(survey), {"do": "remove:q2"}, follow=True)
    assert ids(survey) == [["q1"]]
    assert "Put it back" in answer.content.decode()
    client.post(url(survey), {"do": "undo"})
    assert ids(survey) == [["q1", "q2"]]


def test_what_others_name_is_not_removed_and_says_so(client, editor):
    survey = draft(page("p1", choice("q1"), question("q2", **{"if": {"question": "q1", "is": "a"}})))
    answer = client.post(url(survey), {"do": "remove:q1"}, follow=True)
    assert "The condition of “What of q2?”" in answer.content.decode()
    assert ids(survey) == [["q1", "q2"]]


def test_another_kind_keeps_what_both_have(client, editor):
    survey = draft()
    _, posted = shown(client, survey, "q1")
    answer = client.post(url(survey), posted | {"kind": "multiple", "do": "kind"})
    assert answer.status_code == 200
    assert {"least", "most"} <= set(answer.context["panel"].fields)
    client.post(url(survey), posted | {"kind": "multiple", "most": "2"})
    survey.refresh_from_db()
    made = survey.definition["pages"][0]["questions"][0]
    assert (made["kind"], made["most"], len(made["choices"])) == ("multiple", 2, 2)


def test_the_preview_shows_what_is_typed_and_stores_nothing(client, editor):
    survey = draft()
    _, posted = shown(client, survey, "q1")
    answer = client.post(url(survey, "builder_preview"), posted | {"text": "Only typed?"})
    assert "Only typed?" in answer.content.decode()
    assert "Which of q1?" in client.get(url(survey, "builder_preview", "?at=q1")).content.decode()


def test_a_test_run_is_not_counted(client, editor):
    survey = draft()
    begun = client.post(url(survey, "try"), follow=True)
    assert "nothing you answer here is counted" in begun.content.decode()


@pytest.mark.parametrize(
    "posted",
    [
        {"at": "nowhere", "base": "{}", "do": "go:q9"},
        {"at": "q1", "base": "[]", "kind": "nothing", "text": "a\0b"},
        {
            "at": "q1",
            "kind": "single",
            "text": "?",
            "choices-id": "q;--",
            "choices-text": "\u202e\0",
            "choices-image": "",
            "choices-closed": "x",
        },
        {
            "at": "q1",
            "kind": "single",
            "text": "?",
            "if-join": "xor",
            "if-question": "q1.r9",
            "if-operator": "lt",
            "if-value": "[1",
        },
        {"at": "-new", "id": "Q 1", "kind": "short_text", "text": "Who?", "page": "p9"},
        {"at": "-quotas", "quota-0-limit": "-3"},
        {"do": "place:q1:p1:999999999999"},
        {"do": "place:p1::x"},
        {"do": "up:nope"},
        {"do": "copy:nope"},
        {"do": "remove:nope"},
        {"do": "undo"},
        {"do": "dance:q1"},
    ],
    ids=str,
)
def test_nonsense_is_answered_and_breaks_nothing(posted, client, editor):
    survey = draft()
    for name in ("builder", "builder_keep", "builder_preview"):
        assert client.post(url(survey, name), posted).status_code in (200, 302, 400, 409)
        client.get(url(survey, name, f"?at={posted.get('at', 'x')}"))
    versions.read(Survey.objects.get().definition)


def test_a_long_survey_costs_no_more_queries_than_a_short_one(client, editor, django_assert_max_num_queries):
    survey = draft(page("p1", *EVERY_KIND), *(page(f"p{number}", question(f"q{number}")) for number in range(2, 40)))
    client.get(url(survey))
    with django_assert_max_num_queries(12):
        client.get(url(survey, query="?at=p1"))


# While it is open


def test_what_people_have_answered_keeps_its_words(client, editor):
    survey = opened(page("p1", choice("q1")))
    answer, posted = shown(client, survey, "q1")
    assert answer.context["panel"].fields["text"].disabled
    changed = posted | {"text": "Else?", "help": "Choose one.", "choices-text": ["Else", "Beta", "Gamma"],
                        "choices-id": ["a", "b", ""], "choices-image": ["", "", ""], "choices-closed": ["yes", "", ""]}  # fmt: skip
    client.post(url(survey), changed)
    asked = versions.current(survey).questions["q1"]
    assert (asked.text, asked.help) == ("Which of q1?", "Choose one.")
    assert [(each.text, each.closed) for each in asked.choices] == [("Alpha", True), ("Beta", False), ("Gamma", False)]
    assert AuditEntry.objects.filter(action="changed the questions", subject=str(survey)).exists()
    listed = client.get(url(survey, "versions")).content.decode()
    assert "offers “Gamma” and no longer offers “Alpha”" in listed


def test_what_people_have_answered_is_not_removed(client, editor):
    survey = opened(page("p1", choice("q1"), question("q2")))
    answer = client.post(url(survey), {"do": "remove:q2"}, follow=True)
    assert "has been answered, so it cannot be removed" in answer.content.decode()
    _, posted = shown(client, survey, "q1")
    gone = posted | {"choices-id": ["b"], "choices-text": ["Beta"], "choices-image": [""], "choices-closed": [""]}
    assert "close it in place of removing it" in client.post(url(survey), gone).content.decode()


def test_a_closed_survey_is_only_read(client, editor):
    survey = opened()
    phases.close(survey)
    assert b'value="page"' not in client.get(url(survey)).content
    assert client.post(url(survey), {"do": "page"}).status_code == 403


# Two people


def test_two_people_at_different_questions_lose_nothing(client, editor):
    survey = draft(page("p1", question("q1"), question("q2")))
    _, mine = shown(client, survey, "q1")
    _, theirs = shown(client, survey, "q2")
    client.post(url(survey), mine | {"text": "Mine?"})
    client.post(url(survey), theirs | {"text": "Theirs?"})
    survey.refresh_from_db()
    assert [each["text"] for each in survey.definition["pages"][0]["questions"]] == ["Mine?", "Theirs?"]


def test_two_people_at_one_question_are_shown_both_versions(client, editor):
    survey = draft(page("p1", question("q1")))
    _, mine = shown(client, survey, "q1")
    client.post(url(survey), mine | {"text": "Theirs?"})
    conflict = client.post(url(survey), mine | {"help": "My help.", "text": "Mine?"}, follow=True)
    words = one_line(conflict.content)
    assert "Changed on both sides" in words
    assert "My help." in words
    chosen = {"seen": conflict.context["seen"], "text": "mine"}
    merged = client.post(conflict.request["PATH_INFO"] + "?" + conflict.request["QUERY_STRING"], chosen, follow=True)
    client.post(url(survey), fields(merged))
    survey.refresh_from_db()
    asked = survey.definition["pages"][0]["questions"][0]
    assert (asked["text"], asked["help"]) == ("Mine?", "My help.")


def test_what_was_typed_into_a_removed_question_is_offered_anew(client, editor):
    survey = draft(page("p1", question("q1"), question("q2")))
    _, mine = shown(client, survey, "q2")
    client.post(url(survey), {"do": "remove:q2"})
    answer = client.post(url(survey), mine | {"text": "Mine?"}, follow=True)
    assert "Somebody removed this meanwhile" in answer.content.decode()
    client.post(url(survey), fields(answer))
    survey.refresh_from_db()
    assert survey.definition["pages"][0]["questions"][1]["text"] == "Mine?"


def test_what_is_typed_is_kept_and_gone_on_with(client, editor):
    survey = draft(page("p1", question("q1")))
    _, posted = shown(client, survey, "q1")
    assert client.post(url(survey, "builder_keep"), posted | {"text": "Not saved"}).status_code == 200
    piece = KeptWork.objects.get()
    assert client.get(url(survey, "change")).context["kept"]["waiting"] == []
    page_ = client.get(url(survey, query=f"?kept={piece.pk}"))
    assert page_.context["panel"]["text"].value() == "Not saved"
