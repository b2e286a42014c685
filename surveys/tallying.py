"""Counting ballots: pure functions from ballots to an outcome, no database.

A ballot is what `Ballot.choice` holds: a list of ranks, each a list of those put there, or scores by name. Ballots come
with how many of them are equal, so that a million of them cost what their different ones do. `docs/counting.md` says in
words what each rule does with skipped ranks, duplicates, over-votes, exhausted ballots and ties.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from typing import Any

# What a ballot may hold in a nominee's place.
WRITE_IN, OVERVOTE, UNDERVOTE = "write-in", "overvote", "undervote"

Ranks = tuple[tuple[str, ...], ...]
Ballots = Iterable[tuple[Any, int]]


class UnknownChoice(ValueError):
    """A ballot names somebody who is not a candidate."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a method leaves open."""

    overvote: str = "exhaust"
    max_skips: int | None = None
    max_ranks: int | None = None
    unranked: str = "last"


@dataclass(frozen=True, slots=True)
class Round:
    """One round of an instant runoff; counts and `exhausted` add up to all ballots."""

    counts: dict[str, int]
    eliminated: list[str]
    exhausted: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ballots come to. `base` is what shares are shares of; `ranking` gives equals the same place."""

    method: str
    ballots: int
    base: int
    winners: list[str]
    ranking: dict[str, int]
    counts: dict[str, int] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    pairwise: dict[str, dict[str, int]] = field(default_factory=dict)


def count(method: str, ballots: Ballots, candidates: Sequence[str], rules: Rules | None = None) -> Outcome:
    """Count ballots by a method. Raises UnknownChoice."""
    return METHODS[method](ballots, candidates, rules or Rules())


def share(part: int, whole: int) -> Decimal:
    """A count as per cent of the whole, to one decimal, half up."""
    exact = Decimal(part * 100) / Decimal(whole) if whole else Decimal(0)
    return exact.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def plurality(ballots: Ballots, candidates: Sequence[str], rules: Rules) -> Outcome:
    """One choice each, the first rank; a ballot with two there names none."""
    counts, total = Counter[str](), 0
    for ranks, number in ballots:
        total += number
        named = _named(ranks[0]) if ranks else []
        if len(named) == 1 and named != [OVERVOTE]:
            counts[named[0]] += number
    return _by_count("plurality", counts, candidates, total, base=counts.total())


def approval(ballots: Ballots, candidates: Sequence[str], rules: Rules) -> Outcome:
    """Any number of choices each; shares are of the ballots that name any, so they can add up to more than 100 %."""
    counts, total, base = Counter[str](), 0, 0
    for ranks, number in ballots:
        total += number
        named = {name for rank in ranks for name in _named(rank)} - {OVERVOTE}
        base += number if named else 0
        for name in named:
            counts[name] += number
    return _by_count("approval", counts, candidates, total, base=base)


def score(ballots: Ballots, candidates: Sequence[str], rules: Rules) -> Outcome:
    """Points for each; the highest sum wins, and a candidate that a ballot does not score gets nothing from it."""
    counts, total = Counter[str](), 0
    for scores, number in ballots:
        total += number
        for name, points in dict(scores).items():
            counts[name] += points * number
    return _by_count("score", counts, candidates, total, base=counts.total())


def irv(ballots: Ballots, candidates: Sequence[str], rules: Rules) -> Outcome:
    """Instant runoff: the last is eliminated and their ballots move on, until one has more than half of those left.

    A tie for the last place goes by the latest earlier round in which the tied differ; those who never did are
    eliminated together, and where that would leave nobody they win together.
    """
    piles = [(tuple(map(tuple, ranks)), number) for ranks, number in ballots]
    _refuse_unknown({name for ranks, _ in piles for rank in ranks for name in rank}, candidates)
    total = sum(number for _, number in piles)
    continuing, rounds, out = set(candidates), list[Round](), list[list[str]]()
    while continuing:
        counts = dict.fromkeys((name for name in candidates if name in continuing), 0)
        for ranks, number in piles:
            if name := _standing(ranks, continuing, rules):
                counts[name] += number
        standing = sum(counts.values())
        losers = [] if 2 * max(counts.values()) > standing else _last(counts, rounds)
        if not standing or len(losers) == len(counts):
            losers = []
        rounds.append(Round(counts, losers, total - standing))
        if not losers:
            break
        out.append(losers)
        continuing -= set(losers)
    final = rounds[-1].counts if rounds else {}
    ranking = _places([*_equals(final), *reversed(out)])
    winners = [name for name in final if ranking[name] == 1 and final[name]]
    counts = rounds[0].counts if rounds else {}
    return Outcome("irv", total, sum(counts.values()), winners, ranking, counts, rounds)


def schulze(ballots: Ballots, candidates: Sequence[str], rules: Rules) -> Outcome:
    """Condorcet by the strongest paths (M. Schulze 2011), strength being the votes of the winning side."""
    preferred = {a: dict.fromkeys((b for b in candidates if b != a), 0) for a in candidates}
    total = base = 0
    for ranks, number in ballots:
        total += number
        tiers = _tiers(ranks, candidates, rules)
        base += number if any(tiers) else 0
        for better, worse in combinations(tiers, 2):
            for a in better:
                for b in worse:
                    preferred[a][b] += number
    strength = _strongest_paths(preferred, candidates)
    beaten_by = {a: sum(strength[b][a] > strength[a][b] for b in candidates if b != a) for a in candidates}
    ranking = {name: place + 1 for name, place in sorted(beaten_by.items(), key=lambda item: item[1])}
    winners = [name for name in candidates if not beaten_by[name]] if base else []
    return Outcome("schulze", total, base, winners, ranking, pairwise=preferred)


METHODS: Mapping[str, Callable[[Ballots, Sequence[str], Rules], Outcome]] = {
    "plurality": plurality,
    "approval": approval,
    "irv": irv,
    "schulze": schulze,
    "score": score,
}


def _named(rank: Iterable[str]) -> list[str]:
    """The names at a rank, each once; an over-vote stands for two that could not be told apart."""
    return sorted(set(rank) - {UNDERVOTE})


def _refuse_unknown(names: Iterable[str], candidates: Iterable[str]) -> None:
    if unknown := sorted(set(names) - set(candidates) - {OVERVOTE, UNDERVOTE}):
        raise UnknownChoice(f"No candidate is called “{unknown[0]}”.")


def _by_count(method: str, counts: Counter[str], candidates: Sequence[str], total: int, *, base: int) -> Outcome:
    """Most votes win. Write-ins stand for many different people, so they have a count but neither a place nor a victory."""
    _refuse_unknown(counts, [*candidates, WRITE_IN])
    complete = {name: counts[name] for name in [*candidates, *(counts.keys() - set(candidates))]}
    contest = {name: number for name, number in complete.items() if name != WRITE_IN}
    ranking = _places(_equals(contest))
    winners = [name for name, place in ranking.items() if place == 1 and contest[name] > 0]
    return Outcome(method, total, base, winners, ranking, complete)


def _equals(counts: Mapping[str, int]) -> list[list[str]]:
    """Names in groups of equal counts, the highest first."""
    return [
        [name for name in counts if counts[name] == number] for number in sorted(set(counts.values()), reverse=True)
    ]


def _places(groups: Iterable[list[str]]) -> dict[str, int]:
    """1, 2, 2, 4: equals share a place, and the next one counts how many stand before it."""
    ranking: dict[str, int] = {}
    for group in groups:
        ranking |= dict.fromkeys(group, len(ranking) + 1)
    return ranking


def _standing(ranks: Ranks, continuing: set[str], rules: Rules) -> str | None:
    """The candidate that a ballot counts for now; None once it is exhausted."""
    skipped = 0
    for rank in ranks[: rules.max_ranks]:
        named = _named(rank)
        if not named:
            skipped += 1
            if rules.max_skips is not None and skipped > rules.max_skips:
                return None
            continue
        skipped = 0
        if len(named) > 1 or named == [OVERVOTE]:
            if rules.overvote == "exhaust":
                return None
        elif named[0] in continuing:
            return named[0]
    return None


def _last(counts: Mapping[str, int], rounds: Sequence[Round]) -> list[str]:
    """The candidates to eliminate: fewest votes now, or of those tied, fewest in the latest round where they differ."""
    losers = _equals(counts)[-1]
    for earlier in reversed(rounds):
        if len(losers) == 1:
            break
        fewest = min(earlier.counts[name] for name in losers)
        losers = [name for name in losers if earlier.counts[name] == fewest]
    return losers


def _tiers(ranks: Sequence[Sequence[str]], candidates: Sequence[str], rules: Rules) -> list[list[str]]:
    """A ballot's candidates in the order it prefers them, equals together; one ranked twice stands at the higher rank."""
    seen: set[str] = set()
    tiers: list[list[str]] = []
    for rank in ranks[: rules.max_ranks]:
        tier = [name for name in _named(rank) if name not in seen and name != OVERVOTE]
        _refuse_unknown(tier, candidates)
        seen.update(tier)
        tiers.append(tier)
    if rules.unranked == "last" and seen:
        tiers.append([name for name in candidates if name not in seen])
    return tiers


def _strongest_paths(
    preferred: Mapping[str, Mapping[str, int]], candidates: Sequence[str]
) -> dict[str, dict[str, int]]:
    """For every pair the strength of the strongest path, by Floyd and Warshall."""
    strength = {
        a: {b: votes if votes > preferred[b][a] else 0 for b, votes in row.items()} for a, row in preferred.items()
    }
    for via in candidates:
        for a in candidates:
            for b in candidates:
                if len({a, b, via}) == 3:
                    strength[a][b] = max(strength[a][b], min(strength[a][via], strength[via][b]))
    return strength
