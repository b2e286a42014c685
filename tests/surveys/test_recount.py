"""The verifier, which shares no line with our own count, comes to the same result whatever the ballots and rules are."""

import importlib.util
import json
from dataclasses import asdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import release, write_ins
from surveys.public_record_views import VERIFIER
from surveys.tallying import Rules, count, written

NAMES = ["ada", "bit", "coin", "doge"]
WRITTEN = {"write-in:1": "ada", "write-in:2": "write-in:zed", "write-in:3": "write-in"}
HELD = st.sampled_from([*NAMES, *NAMES, "write-in", "overvote", "undervote", "none-of-them", *WRITTEN])
RANKS = st.lists(st.lists(HELD, max_size=3), max_size=5)
SCORES = st.dictionaries(st.sampled_from([*NAMES, "write-in", *WRITTEN]), st.integers(0, 5))
WEIGHTS = st.sampled_from(["", "", "", "2.5", "0.25"])
RULES = st.fixed_dictionaries(
    {
        "overvote": st.sampled_from(["exhaust", "continuing", "skip"]),
        "max_skips": st.none() | st.integers(0, 2),
        "max_ranks": st.none() | st.integers(1, 4),
        "unranked": st.sampled_from(["last", "no-opinion"]),
        "duplicate": st.sampled_from(["skip", "exhaust"]),
        "write_ins": st.sampled_from(["count", "first"]),
    }
)


def load():
    spec = importlib.util.spec_from_file_location("verify", VERIFIER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERIFY = load()


def ours(method, ballots, rules, withdrawn, seed):
    """What surveys.release would publish of these ballots."""
    piles = [(write_ins.merged(choice, WRITTEN), Decimal(weight or 1)) for choice, weight in ballots]
    names = [*NAMES, "none-of-them", "write-in:zed"]
    if method in ("irv", "schulze") and any("write-in" in rank for choice, _ in piles for rank in choice):
        names.append("write-in")
    outcome = count(method, piles, names, Rules(**rules, lot=seed and f"{seed}:wallet"), withdrawn=withdrawn)
    counts, base = release.figures(outcome)
    return {
        "ballots": written(outcome.ballots),
        "base": written(base),
        "counts": {name: written(number) for name, number in counts.items()},
        "ranking": outcome.ranking,
        "winners": outcome.winners,
        **release.detail_of(outcome),
    }


@pytest.mark.parametrize("method", ["plurality", "approval", "irv", "schulze", "score"])
@given(data=st.data())
def test_the_verifier_counts_as_we_do(method, data):
    ballots = data.draw(st.lists(st.tuples(SCORES if method == "score" else RANKS, WEIGHTS), max_size=12))
    rules, withdrawn = data.draw(RULES), data.draw(st.sets(st.sampled_from(NAMES), max_size=2))
    seed = data.draw(st.sampled_from(["", "a seed"]))
    category = {"slug": "wallet", "title": "Wallet", "method": method, "nominees": [{"slug": name} for name in NAMES]}
    category["none"] = True
    category["rules"] = rules | {"ties": "lot" if seed else "shared"}
    rows = [{"choice": json.dumps(choice), "weight": weight, "state": "cast"} for choice, weight in ballots]
    found = VERIFY.count(category, rows, withdrawn, seed, (WRITTEN, {"write-in:zed": "Zed"}))
    assert list(VERIFY.check_count(category, ours(method, ballots, rules, withdrawn, seed), found)) == []


def test_a_tie_that_nothing_else_decides_goes_by_the_lots_on_the_paper():
    ballots = [([["ada"]], 2), ([["bit"]], 2)]
    for seed in ("one", "two", "three"):
        first = min(("ada", "bit"), key=lambda name: VERIFY.lot(seed, name))
        outcome = count("plurality", ballots, ["ada", "bit"], Rules(lot=seed))
        assert (outcome.winners, asdict(outcome.ties[0])["decided_by"]) == ([first], "lot")
        assert count("irv", ballots, ["ada", "bit"], Rules(lot=seed)).winners == [first]
        assert count("schulze", ballots, ["ada", "bit"], Rules(lot=seed)).winners == [first]
