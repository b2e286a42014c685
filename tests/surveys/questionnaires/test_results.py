"""What came of a survey: counts with their denominators, shares, measures; only of what is published, and never of a few."""

import pytest

from surveys.questionnaires import settling
from surveys.questionnaires.filters import Filter, Pick, ResultsHidden
from surveys.questionnaires.results import results
from tests.surveys.questionnaires.factories import ANSWERS, EVERY_KIND, answered, choice, opened, page, question

pytestmark = pytest.mark.django_db


def lines_of(survey, key="q1", **more):
    found = results(survey, staff=True, **more).of(key)
    return {line.label: line.count for line in found.lines}


def test_answers_are_counted_with_those_who_were_asked_and_those_who_answered():
    survey = opened(page("p1", choice("q1"), question("q2", "yes_no")), min_cell=2)
    answered(survey, {"q1": "a"}, times=3)
    answered(survey, {"q1": "b", "q2": True}, times=2)
    found = results(survey, staff=True)
    first, second = found.questions
    assert (found.responses, first.shown, first.answered, second.shown, second.answered) == (5, 5, 5, 5, 2)
    assert [(line.label, line.count, line.share) for line in first.lines] == [("Alpha", 3, "60.0"), ("Beta", 2, "40.0")]


def test_every_kind_has_a_result_that_can_be_drawn():
    survey = opened(page("p1", *EVERY_KIND))
    answered(survey, ANSWERS, times=6)
    found = {each.question.id: each for each in results(survey, staff=True).questions}
    assert len(found) == len(EVERY_KIND) - 1  # a statement has none
    assert all(each.answered == 6 for each in found.values())
    assert all(
        each.chart or each.grid for key, each in found.items() if key not in ("short_text", "long_text", "email")
    )


def test_a_small_figure_is_put_together_with_the_next_so_that_neither_follows_from_the_rest():
    survey = opened(page("p1", choice("q1", choices=[{"id": key, "text": key.upper()} for key in "abc"])))
    for key, times in (("a", 9), ("b", 6), ("c", 2)):
        answered(survey, {"q1": key}, times=times)
    assert lines_of(survey) == {"A": 9, "B or C": 8}


def test_where_all_would_be_put_together_nothing_is_shown():
    survey = opened(page("p1", choice("q1")))
    answered(survey, {"q1": "a"}, times=7)
    answered(survey, {"q1": "b"}, times=2)
    found = results(survey, staff=True).of("q1")
    assert not found.tables
    assert "tell of a few" in found.withheld


def test_of_several_answers_what_all_but_a_few_gave_is_not_shown_either():
    survey = opened(page("p1", choice("q1", "multiple")))
    answered(survey, {"q1": ["a", "b"]}, times=5)
    answered(survey, {"q1": ["a"]}, times=5)
    answered(survey, {"q1": ["b"]}, times=2)
    assert lines_of(survey) == {"Alpha": None, "Beta": 7}


def test_a_mean_is_shown_only_beside_figures_that_it_completes_to_nobody():
    survey = opened(page("p1", question("q1", "scale")))
    answered(survey, {"q1": 2}, times=5)
    answered(survey, {"q1": 5}, times=5)
    assert results(survey, staff=True).of("q1").measures == (("Mean", "3.5"), ("Median", "3.5"))
    answered(survey, {"q1": 1})
    assert results(survey, staff=True).of("q1").measures == ()


def test_a_net_promoter_score_is_promoters_less_detractors():
    survey = opened(page("p1", question("q1", "nps")))
    for step, times in ((10, 6), (8, 5), (3, 5)):
        answered(survey, {"q1": step}, times=times)
    found = results(survey, staff=True).of("q1")
    assert [line.count for line in found.lines] == [6, 5, 5]
    assert found.measures == (("Net Promoter Score", "6.3"),)


def test_numbers_are_counted_by_ranges_wide_enough():
    survey = opened(page("p1", question("q1", "number")))
    for number in range(20, 40):
        answered(survey, {"q1": number})
    counts = lines_of(survey)
    assert sum(counts.values()) == 20
    assert min(counts.values()) >= 5
    assert len(counts) > 1


def test_a_place_in_a_ranking_has_its_points():
    survey = opened(page("p1", choice("q1", "ranking")))
    answered(survey, {"q1": ["b", "a"]}, times=5)
    answered(survey, {"q1": ["a"]}, times=5)
    assert lines_of(survey) == {"Alpha": 15, "Beta": 10}


def test_where_one_answer_is_the_most_a_small_figure_does_not_follow_from_the_others():
    pictures = [{"id": key, "text": key.upper(), "image": f"images/{key}.webp"} for key in "abc"]
    survey = opened(page("p1", choice("q1", "image_choice", choices=pictures)))
    for key, times in (("a", 10), ("b", 12), ("c", 1)):
        answered(survey, {"q1": [key]}, times=times)
    assert lines_of(survey) == {"B": 12, "A or C": 11}


def test_where_all_give_as_many_answers_a_small_figure_is_hidden_with_another():
    four = [{"id": key, "text": key.upper()} for key in "abcd"]
    survey = opened(page("p1", choice("q1", "multiple", choices=four, least=2, most=2)))
    for keys, times in (("ab", 8), ("ac", 7), ("bc", 6), ("ad", 1)):
        answered(survey, {"q1": list(keys)}, times=times)
    assert lines_of(survey) == {"A": 16, "B": 14, "C": None, "D": None}


def test_points_that_all_but_a_few_gave_are_not_shown_and_do_not_follow_from_the_others():
    survey = opened(page("p1", choice("q1", "ranking", every=True)))
    answered(survey, {"q1": ["a", "b"]}, times=9)
    answered(survey, {"q1": ["b", "a"]}, times=2)
    assert results(survey, staff=True).of("q1").tables == ()


def test_partial_answers_are_counted_apart_and_tests_never():
    survey = opened(page("p1", choice("q1")))
    answered(survey, {"q1": "a"}, times=5)
    survey.responses.filter(pk=survey.responses.first().pk).delete()
    found = results(survey, staff=True)
    assert (found.responses, found.partial) == (4, 0)
    assert "Fewer than 5" in found.of("q1").withheld


def test_readers_see_what_is_published_in_its_order():
    survey = opened(page("p1", choice("q1"), choice("q2"), choice("q3")))
    answered(survey, {"q1": "a", "q2": "a", "q3": "a"}, times=5)
    with pytest.raises(ResultsHidden):
        results(survey, staff=False)
    survey.published, survey.published_at = ["q3", "q1"], survey.created_at
    assert [each.question.id for each in results(survey, staff=False).questions] == ["q3", "q1"]


def test_under_an_embargo_nobody_sees_anything_before_the_close():
    survey = opened(page("p1", choice("q1")), results_shown="closed")
    answered(survey, {"q1": "a"}, times=5)
    survey.published, survey.published_at = ["q1"], survey.created_at
    for staff in (True, False):
        with pytest.raises(ResultsHidden):
            results(survey, staff=staff)


def test_filters_count_those_who_gave_an_answer():
    survey = opened(page("p1", choice("q1"), question("q2", "yes_no")))
    answered(survey, {"q1": "a", "q2": True}, times=6)
    answered(survey, {"q1": "b", "q2": False}, times=7)
    chosen = Filter(picks=(Pick("q2", "yes"),))
    assert lines_of(survey, filters=chosen) == {"Alpha": 6, "Beta": 0}


def test_filters_that_leave_out_a_few_are_refused_since_the_difference_would_tell():
    survey = opened(page("p1", choice("q1"), question("q2", "yes_no")))
    answered(survey, {"q1": "a", "q2": True}, times=9)
    answered(survey, {"q1": "b", "q2": False}, times=2)
    for key in ("yes", "no"):
        with pytest.raises(ResultsHidden):
            results(survey, staff=True, filters=Filter(picks=(Pick("q2", key),)))


def test_filters_do_not_tell_how_many_answered_where_few_of_the_others_did():
    survey = opened(page("p1", choice("q1"), question("q2", "consent")))
    for answers, times in (({"q1": "a", "q2": True}, 9), ({"q1": "a"}, 2), ({}, 6)):
        answered(survey, answers, times=times)
    found = results(survey, staff=True, filters=Filter(picks=(Pick("q2", "yes"),))).of("q1")
    assert (found.answered, found.tables) == (None, ())


def test_nobody_has_answered_yet_is_said():
    survey = opened()
    settling.settle(survey)
    assert results(survey, staff=True).of("q1").withheld == "Nobody has been asked this yet."
