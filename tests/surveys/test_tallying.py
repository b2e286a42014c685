"""Ballots are counted by the rules that were published."""

from collections import Counter
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.tallying import Rules, UnknownChoice, count, share

NAMES = ["ada", "bit", "coin", "doge"]
RANKS = st.lists(st.lists(st.sampled_from([*NAMES, "overvote", "undervote"]), max_size=2), max_size=5)
RANKED = st.lists(st.tuples(RANKS, st.integers(1, 9)), max_size=12)
RULES = st.builds(
    Rules,
    overvote=st.sampled_from(["exhaust", "skip"]),
    max_skips=st.none() | st.integers(0, 3),
    max_ranks=st.none() | st.integers(1, 4),
    unranked=st.sampled_from(["last", "no-opinion"]),
)


def ones(*names):
    return [([[name]], number) for name, number in names]


def debian(year):
    """The ballots of a Debian election: each column is an option, each sign the rank the voter gave it."""
    lines = (Path(__file__).parent / "vectors" / f"debian-leader-{year}.txt").read_text().splitlines()
    names = [line.split(". ", 1)[1] for line in lines if line.startswith("# ") and line[2].isdigit()]
    ballots = Counter()
    for line in lines:
        if not line.startswith("#"):
            signs, number = line.split()
            ranks = [[name for name, sign in zip(names, signs, strict=False) if sign == rank] for rank in "123456789"]
            ballots[tuple(map(tuple, ranks))] += int(number)
    return names, list(ballots.items())


def test_debian_2006_with_the_unranked_last():
    names, ballots = debian(2006)
    outcome = count("schulze", ballots, names)
    assert (outcome.ballots, outcome.winners) == (421, ["Anthony Towns"])
    assert outcome.pairwise["Anthony Towns"]["Steve McIntyre"] == 190
    assert outcome.pairwise["Steve McIntyre"]["Anthony Towns"] == 184


def test_debian_2006_without_an_opinion_on_the_unranked():
    names, ballots = debian(2006)
    outcome = count("schulze", ballots, names, Rules(unranked="no-opinion"))
    assert outcome.pairwise["Steve McIntyre"]["Anthony Towns"] == 174
    assert outcome.pairwise["Anthony Towns"]["Steve McIntyre"] == 167


def test_debian_2007():
    names, ballots = debian(2007)
    outcome = count("schulze", ballots, names)
    closest = min(
        (votes - outcome.pairwise[other]["Sam Hocevar"], votes)
        for other, votes in outcome.pairwise["Sam Hocevar"].items()
    )
    assert (outcome.ballots, outcome.winners, closest) == (482, ["Sam Hocevar"], (8, 211))


def test_schulze_settles_the_cycle_of_its_paper():
    """M. Schulze 2011, example 1: 45 voters, five candidates, E wins by the strongest paths."""
    orders = {
        "ACBED": 5, "ADECB": 5, "BEDAC": 8, "CABED": 3, "CAEBD": 7, "CBADE": 2, "DCEBA": 7, "EBADC": 8,
    }  # fmt: skip
    outcome = count("schulze", [([[name] for name in order], n) for order, n in orders.items()], list("ABCDE"))
    assert outcome.winners == ["E"]
    assert outcome.ranking == {"E": 1, "A": 2, "C": 3, "B": 4, "D": 5}


def test_plurality_counts_what_is_written_in_but_gives_it_no_place():
    outcome = count("plurality", ones(("ada", 4), ("write-in", 9), ("bit", 4), ("coin", 2)), NAMES)
    assert (outcome.base, outcome.counts["write-in"], outcome.winners) == (19, 9, ["ada", "bit"])
    assert outcome.ranking == {"ada": 1, "bit": 1, "coin": 3, "doge": 4}


def test_a_ballot_with_two_choices_is_no_plurality_vote():
    outcome = count("plurality", [([["ada", "bit"]], 3), ([["overvote"]], 2), ([[]], 1), ([["ada"]], 1)], NAMES)
    assert (outcome.ballots, outcome.base, outcome.counts["ada"]) == (7, 1, 1)


def test_nobody_wins_where_nobody_voted():
    for method in ("plurality", "approval", "irv", "schulze", "score"):
        assert count(method, [], NAMES).winners == []


def test_approval_shares_are_of_ballots_not_of_choices():
    outcome = count("approval", [([["ada", "bit"]], 3), ([["bit"]], 1)], NAMES)
    assert (outcome.base, outcome.counts["bit"], outcome.winners) == (4, 4, ["bit"])


def test_scores_are_added_up():
    outcome = count("score", [({"ada": 5, "bit": 1}, 2), ({"bit": 4}, 3)], NAMES)
    assert (outcome.counts["ada"], outcome.counts["bit"], outcome.winners) == (10, 14, ["bit"])


def test_instant_runoff_moves_ballots_on():
    ballots = [([["ada"]], 8), ([["bit"]], 7), ([["coin"], ["bit"]], 3)]
    outcome = count("irv", ballots, ["ada", "bit", "coin"])
    assert outcome.winners == ["bit"]
    assert [stage.eliminated for stage in outcome.rounds] == [["coin"], []]
    assert outcome.rounds[1].counts == {"ada": 8, "bit": 10}


def test_a_tie_for_last_goes_by_the_latest_round_that_differs():
    ballots = [([["ada"]], 10), ([["bit"]], 6), ([["coin"]], 5), ([["doge"], ["coin"]], 1)]
    outcome = count("irv", ballots, NAMES)
    assert [stage.eliminated for stage in outcome.rounds] == [["doge"], ["coin"], []]


def test_those_tied_in_every_round_go_together_or_win_together():
    outcome = count("irv", ones(("ada", 10), ("bit", 5), ("coin", 5)), ["ada", "bit", "coin"])
    assert [stage.eliminated for stage in outcome.rounds] == [["bit", "coin"], []]
    assert outcome.ranking == {"ada": 1, "bit": 2, "coin": 2}
    assert count("irv", ones(("ada", 5), ("bit", 5)), ["ada", "bit"]).winners == ["ada", "bit"]


@pytest.mark.parametrize(
    ("ranks", "rules", "stands"),
    [
        ([[], ["bit"]], Rules(), "bit"),
        ([[], ["bit"]], Rules(max_skips=0), None),
        ([["undervote"], [], ["bit"]], Rules(max_skips=1), None),
        ([["gone"], ["gone"], ["bit"]], Rules(max_skips=0), "bit"),
        ([["ada", "coin"], ["bit"]], Rules(), None),
        ([["ada", "coin"], ["bit"]], Rules(overvote="skip"), "bit"),
        ([["overvote"], ["bit"]], Rules(overvote="skip"), "bit"),
        ([["gone"], ["ada", "coin"]], Rules(), None),
        ([["ada", "ada"]], Rules(), "ada"),
        ([["gone"], ["bit"]], Rules(max_ranks=1), None),
    ],
)
def test_what_a_ballot_counts_for_once_its_first_is_gone(ranks, rules, stands):
    """`gone` is eliminated first; the ballot in question weighs nothing against a hundred others."""
    crowd = [([[name]], 100) for name in ("ada", "bit", "coin")]
    outcome = count("irv", [*crowd, (ranks, 1)], ["ada", "bit", "coin", "gone"], rules)
    after = outcome.rounds[1]
    assert {name: votes for name, votes in after.counts.items() if votes > 100} == ({stands: 101} if stands else {})
    assert after.exhausted == (0 if stands else 1)


@pytest.mark.parametrize("method", ["plurality", "approval", "irv", "schulze"])
def test_a_stranger_on_a_ballot_is_an_error(method):
    with pytest.raises(UnknownChoice, match="satoshi"):
        count(method, [([["satoshi"]], 1)], NAMES)


def test_shares_are_rounded_half_up():
    votes = [292, 180, 41, 22, 21, 19, 5]
    assert [str(share(number, 588)) for number in votes] == ["49.7", "30.6", "7.0", "3.7", "3.6", "3.2", "0.9"]
    assert (share(1, 2000), share(0, 0)) == (Decimal("0.1"), Decimal("0.0"))


@given(RANKED, RULES)
def test_in_every_round_all_ballots_are_accounted_for(ballots, rules):
    outcome = count("irv", ballots, NAMES, rules)
    assert all(sum(stage.counts.values()) + stage.exhausted == outcome.ballots for stage in outcome.rounds)
    assert set(outcome.ranking) == set(NAMES)
    assert all(
        later.exhausted >= stage.exhausted for stage, later in zip(outcome.rounds, outcome.rounds[1:], strict=False)
    )


@given(RANKED, RULES)
def test_whoever_beats_everybody_wins_by_schulze(ballots, rules):
    outcome = count("schulze", ballots, NAMES, rules)
    for name in NAMES:
        if all(outcome.pairwise[name][other] > outcome.pairwise[other][name] for other in NAMES if other != name):
            assert outcome.winners == [name]
    assert all(outcome.pairwise[a][b] + outcome.pairwise[b][a] <= outcome.ballots for a, b in permutations(NAMES, 2))


@given(RANKED, RULES, st.sampled_from(["plurality", "approval", "irv", "schulze"]), st.randoms())
def test_the_order_of_ballots_and_candidates_changes_nothing(ballots, rules, method, chance):
    shuffled, names = list(ballots), list(NAMES)
    chance.shuffle(shuffled)
    chance.shuffle(names)
    one, other = count(method, ballots, NAMES, rules), count(method, shuffled, names, rules)
    assert (sorted(one.winners), one.ranking, one.counts) == (sorted(other.winners), other.ranking, other.counts)
