"""What is built: parts put in, moved, copied, taken out and put back, and conditions as a form has them."""

import pytest

from surveys.questionnaires import building, comparisons, drawing, flow
from surveys.questionnaires.comparisons import Line
from surveys.questionnaires.definition import condition_of, read
from tests.surveys.questionnaires.factories import choice, page, question

IS_A = {"question": "q1", "is": "a"}


def two_pages():
    return {"pages": [page("p1", choice("q1"), question("q2")), page("p2", question("q3", **{"if": IS_A}))]}


def ids(document):
    return [[each["id"] for each in page["questions"]] for page in document["pages"]]


def test_a_question_at_the_edge_of_its_page_moves_to_the_next():
    assert ids(building.moved(two_pages(), "q2", 1)) == [["q1"], ["q2", "q3"]]
    assert ids(building.moved(two_pages(), "q3", -1)) == [["q1", "q2", "q3"], []]
    assert ids(building.moved(two_pages(), "q1", -1)) == [["q1", "q2"], ["q3"]]


def test_pages_and_questions_are_put_where_they_are_dropped():
    assert ids(building.placed(two_pages(), "q3", page="p1", place=1)) == [["q1", "q3", "q2"], []]
    assert [each["id"] for each in building.placed(two_pages(), "p2", page="", place=0)["pages"]] == ["p2", "p1"]
    assert building.placed(two_pages(), "q3", page="p9", place=0) == two_pages()


def test_what_another_part_names_is_not_removed():
    with pytest.raises(building.NotBuilt, match="The condition of “What of q3"):
        building.without(two_pages(), "q1")
    with pytest.raises(building.NotBuilt, match="condition"):
        building.without(two_pages(), "p1")


def test_what_was_removed_is_put_back_where_it_was():
    left, taken = building.without(two_pages(), "q2")
    assert ids(left) == [["q1"], ["q3"]]
    assert building.with_taken(left, taken) == (two_pages(), "q2")
    left, taken = building.without(two_pages(), "p2")
    assert building.with_taken(left, taken)[0] == two_pages()


def test_an_id_that_was_given_away_since_is_not_given_twice():
    left, taken = building.without(two_pages(), "q2")
    other = building.with_question(left, question("q2", text="Another"), page="p2")
    made, key = building.with_taken(other, taken)
    assert key == "q4"
    assert ids(made) == [["q1", "q4"], ["q3", "q2"]]


def test_a_copied_page_has_ids_of_its_own_and_depends_on_its_own_questions():
    depends = page("p1", choice("q1"), question("q2", **{"if": IS_A}))
    made, key = building.with_copied_page({"pages": [depends]}, "p1")
    assert (key, ids(made)) == ("p2", [["q1", "q2"], ["q3", "q4"]])
    assert made["pages"][1]["questions"][1]["if"] == {"question": "q3", "is": "a"}
    read(made)


def test_ids_are_beyond_those_of_earlier_versions():
    assert building.new_id("q", two_pages(), {"pages": [page("p1", question("q17"))]}) == "q18"
    assert building.new_choice_id(["a1", "a7", "b"]) == "a8"


# Conditions


def asked():
    return read({"pages": [page("p1", choice("q1", other=True), question("q2", "number"), question("q3", "date"))]})


@pytest.mark.parametrize(
    "condition",
    [
        IS_A,
        {"question": "q2", "ge": 30},
        {"question": "q1", "answered": False},
        {"all": [IS_A, {"question": "q2", "lt": 1.5}]},
        {"any": [{"all": [IS_A, {"question": "q2", "lt": 5}]}, {"question": "q3", "gt": "2026-01-01"}]},
    ],
)
def test_a_form_gives_back_the_condition_it_shows(condition):
    stored = read({"pages": [page("p1", choice("q1"), question("q2", "number"), question("q3", "date"))],
                   "quotas": [{"id": "g1", "if": condition, "limit": 5}]})  # fmt: skip
    lines = comparisons.lines_of(stored.quotas[0].condition)
    assert comparisons.condition_in(lines, stored) == condition_of(stored.quotas[0].condition)


def test_and_binds_more_closely_than_or():
    lines = [Line("q1", "is", "a"), Line("q2", "ge", "30"), Line("q1", "is", "b", is_or=True)]
    assert comparisons.condition_in(lines, asked()) == {
        "any": [{"all": [IS_A, {"question": "q2", "ge": 30}]}, {"question": "q1", "is": "b"}]
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (Line("q9", "is", "a"), "not there any more"),
        (Line("q1", "lt", "a"), "Choose how"),
        (Line("q1", "is", ""), "Say what"),
        (Line("q1", "is", "z"), "none of the question's answers"),
        (Line("q2", "is", "many"), "none of the question's answers"),
    ],
)
def test_a_comparison_that_cannot_be_says_why(line, words):
    assert words in comparisons.why_not(line, asked())


def test_only_comparisons_that_a_kind_has_are_offered():
    questions = asked().questions
    assert [name for name, _ in comparisons.operators(questions["q1"])] == ["is", "is_not", "answered", "not_answered"]
    assert dict(comparisons.operators(questions["q3"]))["lt"] == "is before"
    assert comparisons.values(questions["q1"]) == [("a", "Alpha"), ("b", "Beta"), ("other", "Other")]


def test_a_condition_reads_as_a_sentence():
    document = {"pages": [page("p1", choice("q1"), question("q2", "number"))],
                "quotas": [{"id": "g", "limit": 1, "if": {"all": [IS_A, {"any": [{"question": "q2", "ge": 3}, {"question": "q2", "answered": False}]}]}}]}  # fmt: skip
    definition = read(document)
    words = comparisons.condition_words(definition.quotas[0].condition, definition)
    assert words == "“Which of q1?” is “Alpha” and (“What of q2?” is at least 3 or “What of q2?” was not answered)"


# The flow drawn


def test_the_picture_has_every_way_and_marks_what_is_wrong():
    pages = [
        page("p1", choice("q1"), then=[{"if": IS_A, "go": "p3"}]),
        page("p2", question("q2"), then=[{"go": "end"}]),
        page("p3", question("q3"), then=[{"if": {"question": "q3", "answered": True}, "go": "p1"}]),
    ]
    picture = drawing.drawn(read({"pages": pages}))
    ways = {(way.source.id, way.target.id): way.kind for way in picture.ways}
    assert ways == {
        ("p1", "p3"): "skip",
        ("p1", "p2"): "next",
        ("p2", "end"): "skip",
        ("p3", "p1"): "back",
        ("p3", "end"): "next",
    }
    assert "never end" in picture.boxes[2].problems[0]
    assert len(flow.problems(read({"pages": pages}))) == sum(len(box.problems) for box in picture.boxes)
