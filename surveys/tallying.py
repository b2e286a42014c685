"""Counting ballots: pure functions from ballots to an outcome, no database.

A ballot is what `Ballot.choice` holds: a list of ranks, each a list of those put there, or scores by name. Ballots come
with how many of them are equal, so that a million of them cost what their different ones do; of weighted ballots, with
their weight. `docs/counting.md` says in words what each rule does with skipped ranks, duplicates, over-votes, exhausted
ballots and ties.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from itertools import combinations
from math import gcd
from typing import Any

# What a ballot may hold in a nominee's place.
WRITE_IN, OVERVOTE, UNDERVOTE = "write-in", "overvote", "undervote"
NONE = "none-of-them"  # where a category offers it, it takes part like a nominee

Number = int | Decimal
Ranks = tuple[tuple[str, ...], ...]
Ballots = Iterable[tuple[Any, Number]]
Counts = defaultdict[str, Number]
_NONE: Number = 0


class UnknownChoice(ValueError):
    """A ballot names somebody who is not a candidate."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a method leaves open. `lot` is the seed of the lots that decide ties; without one, equals share their place."""

    overvote: str = "exhaust"
    max_skips: int | None = None
    max_ranks: int | None = None
    unranked: str = "last"
    duplicate: str = "skip"
    write_ins: str = "count"
    lot: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """One round of an instant runoff; counts and `exhausted` add up to all ballots."""

    counts: dict[str, Number]
    eliminated: list[str]
    exhausted: Number


@dataclass(frozen=True, slots=True)
class Tie:
    """Names that were equal, and what decided: `round 1` (in which they differed), `lot`, or `nothing`.

    `round` is that of an instant runoff in which they were last together, and None in a method without rounds.
    """

    between: list[str]
    decided_by: str
    round: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ballots come to. `base` is what shares are shares of; `ranking` gives equals the same place."""

    method: str
    ballots: Number
    base: Number
    winners: list[str]
    ranking: dict[str, int]
    counts: dict[str, Number] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    pairwise: dict[str, dict[str, Number]] = field(default_factory=dict)
    ties: list[Tie] = field(default_factory=list)


def count(
    method: str,
    ballots: Ballots,
    candidates: Sequence[str],
    rules: Rules | None = None,
    *,
    withdrawn: Collection[str] = (),
) -> Outcome:
    """Count ballots by a method, as if the withdrawn had never been named on them. Raises UnknownChoice."""
    rules = rules or Rules()
    if withdrawn:
        ballots = [(_struck(choice, set(withdrawn), rules), number) for choice, number in ballots]
        candidates = [name for name in candidates if name not in withdrawn]
    return METHODS[method](ballots, candidates, rules)


def share(part: Number, whole: Number) -> Decimal:
    """A count as per cent of the whole, to one decimal, half up."""
    exact = Decimal(part * 100) / Decimal(whole) if whole else Decimal(0)
    return exact.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def plain(number: Number) -> Number:
    """A count as it is written: whole where it is, else without trailing zeros."""
    return int(number) if number == int(number) else Decimal(number).normalize()


def written(number: Number) -> int | str:
    """A count as statements have it: a whole number, or the decimal as text."""
    number = plain(number)
    return number if isinstance(number, int) else f"{number:f}"


def weights(public: Number, jury: Number, share_of_jury: int) -> tuple[int, int]:
    """What a ballot of the public and one of the jury weigh, so that the jury's together are that many per cent of all.

    Whole numbers, as small as they get. Where one side has no ballots, it has nothing to weigh.
    """
    one, other = int(jury) * (100 - share_of_jury), int(public) * share_of_jury
    if not one or not other:
        return (1, 1)
    common = gcd(one, other)
    return one // common, other // common


def lot(seed: str, name: str) -> str:
    """The lot a name has drawn. Of equals the lowest stands first."""
    return sha256(f"{seed}:{name}".encode()).hexdigest()


def plurality(ballots: Ballots, candidates: Sequence[str], rules: Rules) -> Outcome:
    """One choice each, the first rank; a ballot with two there names none."""
    counts, total = Counts(int), _NONE
    for ranks, number in ballots:
        total += number
        named = _named(ranks[0]) if ranks else []
        if len(named) == 1 and named != [OVERVOTE]:
            counts[named[0]] += number
    return _by_count("plurality", counts, candidates, total, base=sum(counts.values()), rules=rules)


def approval(ballots: Ballots, candidates: Sequence[str], rules: Rules) -> Outcome:
    """Any number of choices each; shares are of the ballots that name any, so they can add up to more than 100 %."""
    counts, total, base = Counts(int), _NONE, _NONE
    for ranks, number in ballots:
        total += number
        named = {name for rank in ranks for name in _named(rank)} - {OVERVOTE}
        base += number if named else 0
        for name in named:
            counts[name] += number
    return _by_count("approval", counts, candidates, total, base=base, rules=rules)


def score(ballots: Ballots, candidates: Sequence[str], rules: Rules) -> Outcome:
    """Points for each; the highest sum wins, and a candidate that a ballot does not score gets nothing from it."""
    counts, total = Counts(int), _NONE
    for scores, number in ballots:
        total += number
        for name, points in dict(scores).items():
            counts[name] += points * number
    return _by_count("score", counts, candidates, total, base=sum(counts.values()), rules=rules)


def irv(ballots: Ballots, candidates: Sequence[str], rules: Rules) -> Outcome:
    """Instant runoff: the last is eliminated and their ballots move on, until one has more than half of those left.

    A tie for the last place goes by the latest earlier round in which the tied differ, then by lot where the rules have
    one; else those who never differed are eliminated together, and where that would leave nobody they win together.
    """
    piles = [(tuple(map(tuple, ranks)), number) for ranks, number in ballots]
    _refuse_unknown({name for ranks, _ in piles for rank in ranks for name in rank}, candidates)
    total = sum(number for _, number in piles)
    continuing, rounds, ties, out = set(candidates), list[Round](), list[Tie](), list[list[str]]()
    while continuing:
        counts: dict[str, Number] = dict.fromkeys((name for name in candidates if name in continuing), 0)
        for ranks, number in piles:
            if name := _standing(ranks, continuing, rules):
                counts[name] += number
        standing = sum(counts.values())
        losers, tie = _eliminated(counts, rounds, rules)
        rounds.append(Round(counts, losers, total - standing))
        ties += [tie] if tie else []
        if not losers:
            break
        out.append(losers)
        continuing -= set(losers)
    final = rounds[-1].counts if rounds else {}
    ranking = _places([*_equals(final), *reversed(out)])
    winners = [name for name in final if ranking[name] == 1 and final[name]]
    counts = rounds[0].counts if rounds else {}
    return Outcome("irv", total, sum(counts.values()), winners, ranking, counts, rounds, ties=ties)


def schulze(ballots: Ballots, candidates: Sequence[str], rules: Rules) -> Outcome:
    """Condorcet by the strongest paths (M. Schulze 2011), strength being the votes of the winning side."""
    preferred: dict[str, dict[str, Number]] = {
        a: dict.fromkeys((b for b in candidates if b != a), 0) for a in candidates
    }
    total = base = _NONE
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
    groups, ties = _drawn([*reversed(_equals(beaten_by))], rules)
    ranking = _places(groups)
    winners = [name for name in candidates if ranking[name] == 1] if base else []
    return Outcome("schulze", total, base, winners, ranking, pairwise=preferred, ties=ties)


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


def _by_count(
    method: str, counts: Counts, candidates: Sequence[str], total: Number, *, base: Number, rules: Rules
) -> Outcome:
    """Most votes win. Write-ins stand for many different people, so they have a count but neither a place nor a victory."""
    _refuse_unknown(counts, [*candidates, WRITE_IN])
    complete: dict[str, Number] = {name: counts[name] for name in [*candidates, *(counts.keys() - set(candidates))]}
    contest = {name: number for name, number in complete.items() if name != WRITE_IN}
    groups, ties = _drawn(_equals(contest), rules)
    ranking = _places(groups)
    winners = [name for name, place in ranking.items() if place == 1 and contest[name] > 0]
    return Outcome(method, total, base, winners, ranking, complete, ties=ties)


def _struck(choice: Any, withdrawn: Collection[str], rules: Rules) -> Any:
    """A ballot without these names; a rank that held nobody else closes up."""
    if isinstance(choice, Mapping):
        return {name: points for name, points in choice.items() if name not in withdrawn}
    left = ([name for name in rank if name not in withdrawn] for rank in choice[: rules.max_ranks])
    return [rank for rank, before in zip(left, choice, strict=False) if rank or not before]


def _equals(counts: Mapping[str, Number]) -> list[list[str]]:
    """Names in groups of equal counts, the highest first."""
    return [
        [name for name in counts if counts[name] == number] for number in sorted(set(counts.values()), reverse=True)
    ]


def _drawn(groups: Iterable[list[str]], rules: Rules) -> tuple[list[list[str]], list[Tie]]:
    """The groups as they are; or, where the rules have lots, each of them put in order by lot."""
    if not rules.lot:
        return list(groups), []
    found, ties = list[list[str]](), list[Tie]()
    for group in groups:
        found += [[name] for name in sorted(group, key=lambda name: lot(rules.lot, name))]
        ties += [Tie(sorted(group), "lot")] if len(group) > 1 else []
    return found, ties


def _places(groups: Iterable[list[str]]) -> dict[str, int]:
    """1, 2, 2, 4: equals share a place, and the next one counts how many stand before it."""
    ranking: dict[str, int] = {}
    for group in groups:
        ranking |= dict.fromkeys(group, len(ranking) + 1)
    return ranking


def _standing(ranks: Ranks, continuing: set[str], rules: Rules) -> str | None:
    """The candidate that a ballot counts for now; None once it is exhausted."""
    skipped, seen = 0, set[str]()
    for rank in ranks[: rules.max_ranks]:
        named = _named(rank)
        if not named:
            skipped += 1
            if rules.max_skips is not None and skipped > rules.max_skips:
                return None
            continue
        if rules.duplicate == "exhaust" and not seen.isdisjoint(named):
            return None
        skipped = 0
        seen.update(named)
        standing = [name for name in named if name in continuing]
        if len(named) == 1 and standing:
            return standing[0]
        if (len(named) > 1 or named == [OVERVOTE]) and rules.overvote != "skip":
            if rules.overvote == "exhaust" or OVERVOTE in named or len(standing) > 1:
                return None
            if standing:
                return standing[0]
    return None


def _eliminated(counts: Mapping[str, Number], rounds: Sequence[Round], rules: Rules) -> tuple[list[str], Tie | None]:
    """Whom a round eliminates, and the tie that had to be decided for it; nobody where the count ends with it."""
    standing, most = sum(counts.values()), max(counts.values())
    ended = not standing or 2 * most > standing
    first = rules.write_ins == "first" and not rounds and len(counts) > 1 and WRITE_IN in counts
    if first and (not ended or counts[WRITE_IN] == most > 0):
        return [WRITE_IN], None
    if ended:
        return [], None
    losers, tie = _last(counts, rounds, rules)
    return ([] if len(losers) == len(counts) else losers), tie


def _last(counts: Mapping[str, Number], rounds: Sequence[Round], rules: Rules) -> tuple[list[str], Tie | None]:
    """The candidates with fewest votes now, or of those tied, fewest in the latest round where they differ; then by lot."""
    tied = losers = _equals(counts)[-1]
    decided = "nothing"
    for number, earlier in reversed(list(enumerate(rounds, 1))):
        if len(losers) == 1:
            break
        fewest = min(earlier.counts[name] for name in losers)
        if any(earlier.counts[name] > fewest for name in losers):
            losers, decided = [name for name in losers if earlier.counts[name] == fewest], f"round {number}"
    if len(losers) > 1 and rules.lot:
        losers, decided = [max(losers, key=lambda name: lot(rules.lot, name))], "lot"
    return losers, Tie(sorted(tied), decided, len(rounds) + 1) if len(tied) > 1 else None


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
    preferred: Mapping[str, Mapping[str, Number]], candidates: Sequence[str]
) -> dict[str, dict[str, Number]]:
    """For every pair the strength of the strongest path, by Floyd and Warshall."""
    strength: dict[str, dict[str, Number]] = {
        a: {b: votes if votes > preferred[b][a] else 0 for b, votes in row.items()} for a, row in preferred.items()
    }
    for via in candidates:
        for a in candidates:
            for b in candidates:
                if len({a, b, via}) == 3:
                    strength[a][b] = max(strength[a][b], min(strength[a][via], strength[via][b]))
    return strength
