"""Whatever can be sent to a survey: it is an answer in its one spelling, or a clear message at its question, and never half."""

import json

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from surveys.models import Sitting
from surveys.questionnaires import at_once, flow, logic, sittings
from surveys.questionnaires.definition import DefinitionRefused, document_of, read
from surveys.questionnaires.kinds import KINDS, AnswerRefused, kind_of
from surveys.questionnaires.marks import MOST_KEPT
from surveys.questionnaires.page_forms import PageForm
from tests.surveys.questionnaires.factories import ANSWERS, EVERY_KIND, choice, draft, opened, page, question

ALL = read({"pages": [page("p1", *EVERY_KIND)]})
TELLING = [
    "a",
    "b",
    "other",
    "yes",
    "no",
    "1",
    "3",
    "-1",
    "1e9",
    "99999999999999999999",
    "2026-05-31",
    "2026-02-31",
    "ann@example.com",
]
TELLING += [
    "\x00",
    "a\x00b",
    "\u202eevil\u202c",
    "\u200f",
    "\ud800",
    "ﷺ" * 300,
    "x" * 100_000,
    " ",
    "٣",
    "½",
    "<script>",
    "{{q:single}}",
]
TEXT = st.sampled_from(TELLING) | st.text(max_size=30)
PARTS = st.sampled_from(["", ".other", ".r1", ".r2", ".a", ".b", ".zebra", ".", "..", ".r1.r1"])
FIELDS = st.lists(st.tuples(st.sampled_from(list(ALL.questions)), PARTS, st.lists(TEXT, max_size=3)), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def sent(fields):
    data = QueryDict(mutable=True)
    for key, part, values in fields:
        data.setlist(f"q-{key}{part}", values)
    return data


def outcome(act, *arguments):
    """What an act returns, and the refusal it raises instead."""
    try:
        return act(*arguments), None
    except (AnswerRefused, DefinitionRefused, at_once.AnswersRefused) as refusal:
        return None, refusal


def check(answers):
    """Answers can be stored, and mean the same when they are read again."""
    assert "\\u0000" not in json.dumps(answers)
    json.dumps(answers, allow_nan=False, ensure_ascii=False).encode()
    for key, answer in answers.items():
        asked = ALL.questions[key]
        kind = kind_of(asked)
        assert kind.read(asked, answer) == answer
        assert kind.clean(asked, kind.marks_of(asked, answer)) == answer
        assert isinstance(kind.words(asked, answer), str)
        assert len(kind.cells(asked, answer)) == len(kind.columns(asked))
        kind.tally(asked, [(answer, 2)])


def test_every_kind_is_in_these_tests():
    assert {each["kind"] for each in EVERY_KIND} == set(KINDS)
    assert set(ANSWERS) == {key for key, each in ALL.questions.items() if kind_of(each).takes_answers}
    check(at_once.read_answers(ALL, ANSWERS))


@given(FIELDS)
def test_whatever_a_form_sends_is_an_answer_or_a_message_at_its_question(fields):
    form = PageForm(ALL, ALL.pages[0], data=sent(fields))
    check(form.answers)
    assert set(form.answers) & set(form.errors) == set()
    assert all(len(words) < 400 for words in form.errors.values())
    assert len(form.groups) == len(EVERY_KIND)


@given(st.sampled_from(list(ALL.questions)), VALUES)
def test_whatever_a_program_sends_is_an_answer_or_refused(key, value):
    asked = ALL.questions[key]
    found, refusal = outcome(kind_of(asked).read, asked, value)
    check({} if found is None else {key: found})
    assert (0 < len(str(refusal)) < 400) if refusal else True


@given(VALUES)
def test_a_program_that_sends_no_answers_at_all_is_refused_in_words(value):
    found, refusal = outcome(at_once.read_answers, ALL, value)
    check(found or {})
    assert refusal is None or refusal.errors


KEYS = [
    "pages",
    "questions",
    "id",
    "kind",
    "text",
    "choices",
    "if",
    "then",
    "go",
    "all",
    "any",
    "question",
    "is",
    "quotas",
    "limit",
    "rows",
]
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT | st.sampled_from([*KINDS, "q1", "p1", "end"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)


@given(DOCUMENTS)
def test_whatever_is_said_to_be_a_definition_is_read_or_refused_in_words(document):
    definition, refusal = outcome(read, document)
    if refusal:
        assert all(problem.words for problem in refusal.problems)
    else:
        assert read(document_of(definition)) == definition
        flow.problems(definition)


BRANCHES = read(
    {
        "pages": [
            page("p1", choice("q1"), question("q2", "scale", **{"if": {"question": "q1", "is": "a"}}),
                 then=[{"if": {"question": "q2", "ge": 4}, "go": "p3"}, {"if": {"question": "q1", "is": "b"}, "go": "end"}]),
            page("p2", choice("q3", "multiple"), **{"if": {"any": [{"question": "q2", "lt": 3}, {"question": "q1", "answered": False}]}}),
            page("p3", choice("q4", "matrix", rows=[{"id": "r1", "text": "R"}]), question("q5", **{"if": {"question": "q4", "row": "r1", "is": "a"}})),
        ]
    }
)  # fmt: skip
POSSIBLE = {
    "q1": ["a", "b"], "q2": [1, 3, 4, 5], "q3": [["a"], ["a", "b"]], "q4": [{"r1": "a"}, {"r1": "b"}], "q5": ["word"],
}  # fmt: skip


@given(st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in POSSIBLE.items()}))
def test_no_answer_is_kept_that_its_way_does_not_pass(answers):
    way = logic.way(BRANCHES, answers)
    assert set(way.kept) <= set(way.shown)
    assert logic.way(BRANCHES, way.kept) == way  # what was left out changes nothing
    assert not flow.problems(BRANCHES)
    for step in way.steps:
        assert all(logic.is_met(each.condition, way.kept, BRANCHES) for each in step.questions)


@pytest.mark.django_db
def test_what_can_be_no_answer_is_kept_for_who_goes_back_only_as_far_as_there_is_room(client):
    opened(page("p1", choice("q1")), page("p2", *[question(f"q{each}", "number") for each in range(2, 60)]))
    second = client.post("/surveys/readers/", {"q-q1": "a"}).url
    client.post(second, {"go": "back"} | {f"q-q{each}": "x" * 10_000 for each in range(2, 60)})
    typed = sittings.progress_of(Sitting.objects.get()).typed
    assert typed["q2"]["values"] == ["x" * 10_000]
    assert len(json.dumps(typed)) <= MOST_KEPT


@pytest.mark.django_db
def test_what_no_page_can_hold_is_refused_in_words_and_of_a_draft_with_none(client):
    opened(page("p1", choice("q1")))
    answer = client.post("/surveys/readers/", {"q-q1": "x" * 1024 * 1024})
    assert (answer.status_code, "shorten what you wrote" in answer.text) == (400, True)
    draft(slug="draft")
    assert client.post("/surveys/draft/begin/x/", {"q-q1": "x" * 1024 * 1024}).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["x" * 3_000_000, "a\x00b", "\u202edlrow\u202c", "zebra", "a&b=c;", "%00"])
def test_a_refused_page_leaves_nothing_and_a_taken_one_can_be_read(client, text):
    opened(page("p1", choice("q1", required=True), question("q2", "long_text")), page("p2", question("q3")))
    for fields in (
        {"q-q1": text},
        {"q-q1": "a", "q-q2": text},
        {"q-q1": ["a", "b"]},
        {"q-zebra": text},
        {"q-q1.other": text},
    ):
        Sitting.objects.all().delete()
        answer = client.post("/surveys/readers/", fields)
        assert answer.status_code in (303, 400)
        assert (Sitting.objects.count() == 1) == (answer.status_code == 303)
        if answer.status_code == 303:
            assert client.get(answer.url).status_code == 200
            assert "\x00" not in json.dumps(sittings.progress_of(Sitting.objects.get()).answers)
