"""How a released result is shown, in pages and inside articles: the one place that reads tallies for readers."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.text import get_text_list

from core.lib import charts
from surveys.models import AwardCategory, FormerTally, Tally, TallyRow
from surveys.tallying import Number, plain, share

UNITS = {"irv": "votes when last in", "schulze": "duels won", "score": "points"}
WEIGHED_UNITS = {"irv": "weighed votes when last in", "schulze": "duels won", "score": "weighed points"}
NOTES = {
    "plurality": "Shares are of the {base} votes counted, rounded, and may not sum to 100 %.",
    "approval": "Shares are of the {base} ballots that name somebody; a ballot can name several, so they sum to more than 100 %.",
    "irv": "Shares are of the {base} ballots that still counted in the last round.",
    "score": "Shares are of the {base} points given, rounded, and may not sum to 100 %.",
}
SELF_SELECTED = "Voters chose themselves: this is a self-selected, not a representative sample."


@dataclass(frozen=True)
class Result:
    """A released result. Rounds and duels are tables, empty where the method has none."""

    category: AwardCategory
    caption: str
    rows: list[dict[str, Any]]
    total: str | None
    unit: str
    chart: charts.BarChart
    note: str
    rounds: list[dict[str, Any]]
    round_rows: list[dict[str, Any]]
    rounds_chart: charts.GridChart | None
    duels: list[dict[str, Any]]
    duels_chart: charts.GridChart | None
    ties: list[str]
    jury: dict[str, Any] | None = None

    @property
    def former(self) -> list[dict[str, Any]]:
        """Results that were released before and corrected since, the last first."""
        return [_former(each) for each in self.category.former_tallies.order_by("-number")]

    @property
    def method(self) -> str:
        return self.category.method

    @property
    def winners(self) -> list[str]:
        return [row["name"] for row in self.rows if row["winner"]]


def result_of(category: AwardCategory) -> Result | None:
    """A category's result, where it is released."""
    if not category.is_released:
        return None
    made = Tally.objects.get(category=category)
    shared = _slugs_with_shares(made)
    rows = [_row(category, made, row, shared) for row in made.rows.select_related("nominee")]
    names = {row["slug"]: row["name"] for row in rows}
    is_weighed = made.detail.get("jury", {}).get("counts_in", False)
    detail = _in_shares(made) if is_weighed else made.detail
    rounds = [stage | {"number": number} for number, stage in enumerate(detail["rounds"], 1)]
    if is_weighed and made.method != AwardCategory.Method.SCHULZE:
        whole = _weight_of_all(made)
        rows = [row | {"votes": f"{share(row['count'], whole)}\u00a0%"} for row in rows]
    return Result(
        category=category,
        caption=f"Result: {category.title}",
        rows=rows,
        total=f"{made.base:,}" if shared is None and not is_weighed else None,
        unit=WEIGHED_UNITS.get(made.method, "weighed votes") if is_weighed else UNITS.get(made.method, "votes"),
        chart=charts.bar_chart([(row["name"], row["count"], _bar_text(row)) for row in rows]),
        note=_note(category, made),
        rounds=rounds,
        round_rows=_round_rows(rounds, names),
        rounds_chart=_rounds_drawn(rounds, names),
        duels=_duels(detail["pairwise"], names),
        duels_chart=_duels_drawn(detail["pairwise"], names),
        ties=[_tie_in_words(tie, names) for tie in made.detail.get("ties", [])],
        jury=_jury(made, names),
    )


def _former(kept: FormerTally) -> dict[str, Any]:
    """A result that was corrected, as its table shows it."""
    rows = [row | {"votes": f"{_number(row['count']):,}", "share": None, "url": None} for row in kept.rows]
    ballots = kept.statement.get("result", {}).get("ballots", "")
    return {
        "number": kept.number,
        "reason": kept.reason,
        "replaced_at": kept.replaced_at,
        "rows": rows,
        "ballots": ballots,
    }


def _slugs_with_shares(made: Tally) -> set[str] | None:
    """Whose figures are shares of one whole: in a runoff the last round's, in a Schulze count nobody's; None: everybody's."""
    if made.method == AwardCategory.Method.SCHULZE:
        return set()
    return set(made.detail["rounds"][-1]["counts"]) if made.detail["rounds"] else None


def _row(category: AwardCategory, made: Tally, row: TallyRow, shared: set[str] | None) -> dict[str, Any]:
    if row.nominee:
        row.nominee.category = category  # spares a query for its address
    slug = row.slug
    return {
        "rank": row.rank,
        "name": row.name,
        "slug": slug,
        "url": row.nominee.get_absolute_url() if row.nominee else None,
        "count": row.count,
        "votes": f"{row.count:,}",
        "share": str(share(row.count, made.base)) if shared is None or slug in shared else None,
        "winner": row.is_winner,
    }


def _in_shares(made: Tally) -> dict[str, Any]:
    """Rounds and pairs of weighed ballots as per cent of them all: their numbers say nothing by themselves."""

    def part(number: Any, whole: Any) -> Decimal:
        return share(plain(Decimal(number)), plain(Decimal(whole)))

    rounds = []
    whole = _weight_of_all(made)
    for stage in made.detail["rounds"]:
        counts = {slug: part(number, whole) for slug, number in stage["counts"].items()}
        rounds.append(stage | {"counts": counts, "exhausted": part(stage["exhausted"], whole)})
    pairwise = made.detail["pairwise"].items()
    pairs = {name: {other: part(number, made.base) for other, number in row.items()} for name, row in pairwise}
    return {"rounds": rounds, "pairwise": pairs}


def _weight_of_all(made: Tally) -> Number:
    """What all ballots weigh together: in a runoff those that are exhausted, too."""
    if not made.detail["rounds"]:
        return made.base
    first = made.detail["rounds"][0]
    return plain(sum(map(Decimal, first["counts"].values())) + Decimal(first["exhausted"]))


def _jury(made: Tally, names: dict[str, str]) -> dict[str, Any] | None:
    """Public and jury side by side, each by its own count, in the order of the result."""
    part = made.detail.get("jury")
    if part is None:
        return None
    public, jury = part["public"], part["jury"]
    rows = [
        {
            "name": name,
            "public": _of_side(made, public, slug),
            "public_rank": _place_of(public, slug),
            "jury": _of_side(made, jury, slug),
            "jury_rank": _place_of(jury, slug),
        }
        for slug, name in names.items()
        if slug in public["counts"] or slug in jury["counts"]
    ]
    return {"words": _jury_in_words(part), "rows": rows, "recused": part["recused"], "counts_in": part["counts_in"]}


def _place_of(side: dict[str, Any], slug: str) -> Any:
    """A nominee's place on one side; none where that has no ballots."""
    return side["ranking"].get(slug, "–") if side["ballots"] else "–"


def _jury_in_words(part: dict[str, Any]) -> str:
    """What the two sides weigh."""
    voters, jurors = part["public"]["ballots"], part["jury"]["ballots"]
    if not part["counts_in"]:
        return f"The jury’s quorum is {part['quorum']}, and {jurors} voted: the public decides alone."
    if not voters:
        return f"Nobody of the public voted: the jury’s {jurors} ballots decide alone."
    weight = part["weight"]
    return f"The public’s {voters:,} ballots weigh {100 - weight} %, the jury’s {jurors} weigh {weight} %."


def _of_side(made: Tally, side: dict[str, Any], slug: str) -> str:
    """A nominee's figure on one side: its share, or the duels won."""
    number = plain(Decimal(side["counts"].get(slug, 0)))
    if made.method == AwardCategory.Method.SCHULZE:
        return f"{number:,}"
    return f"{share(number, plain(Decimal(side['base'])))}\u00a0%"


def _bar_text(row: dict[str, Any]) -> str:
    if row["share"] is None or row["votes"].endswith("%"):
        return str(row["votes"])
    return f"{row['votes']} · {row['share']}\u00a0%"


def _round_rows(rounds: list[dict[str, Any]], names: dict[str, str]) -> list[dict[str, Any]]:
    """A line for each nominee in a round, with a dash once it is out."""
    ordered = [slug for slug in names if rounds and slug in rounds[0]["counts"]]
    return [{"name": names[slug], "cells": [stage["counts"].get(slug, "–") for stage in rounds]} for slug in ordered]


def _duels(pairwise: dict[str, dict[str, int]], names: dict[str, str]) -> list[dict[str, Any]]:
    ordered = [slug for slug in names if slug in pairwise]
    return [{"name": names[a], "cells": ["" if a == b else pairwise[a][b] for b in ordered]} for a in ordered]


def _rounds_drawn(rounds: list[dict[str, Any]], names: dict[str, str]) -> charts.GridChart | None:
    """Each nominee's votes from round to round; marked where they are more than half of those that still count."""
    if not rounds:
        return None
    totals = [sum(_number(votes) for votes in stage["counts"].values()) for stage in rounds]

    def cell(stage: dict[str, Any], total: charts.Number, slug: str) -> tuple[charts.Number, bool] | None:
        if slug not in stage["counts"]:
            return None
        votes = _number(stage["counts"][slug])
        return votes, votes * 2 > total

    rows = [
        (names[slug], [cell(stage, total, slug) for stage, total in zip(rounds, totals, strict=True)])
        for slug in names
        if slug in rounds[0]["counts"]
    ]
    return charts.grid_chart([f"Round {stage['number']}" for stage in rounds], rows)


def _duels_drawn(pairwise: dict[str, dict[str, Any]], names: dict[str, str]) -> charts.GridChart | None:
    """How many prefer the nominee of the row to that of the column; marked where those are the more."""
    ordered = [slug for slug in names if slug in pairwise]
    if not ordered:
        return None

    def cell(a: str, b: str) -> tuple[charts.Number, bool] | None:
        if a == b:
            return None
        votes = _number(pairwise[a][b])
        return votes, votes > _number(pairwise[b][a])

    rows = [(names[a], [cell(a, b) for b in ordered]) for a in ordered]
    return charts.grid_chart([names[slug] for slug in ordered], rows)


def _number(stored: Any) -> Decimal:
    """A count of a tally's detail: whole, or written out where ballots are weighted."""
    return Decimal(str(stored))


def _tie_in_words(tie: dict[str, Any], names: dict[str, str]) -> str:
    """“Ash and Birch were last together in round 2; fewest votes in round 1 decided.”"""
    tied = get_text_list([names[slug] for slug in tie["between"]], "and")
    where = f"last together in round {tie['round']}" if tie["round"] else "equal"
    decided = {
        "lot": "the lot on the ballot paper decided",
        "nothing": "nothing tells them apart, so they share their place",
    }.get(tie["decided_by"], f"fewest votes in {tie['decided_by']} decided")
    return f"{tied} were {where}; {decided}."


def _note(category: AwardCategory, made: Tally) -> str:
    """The denominator, the method and what the sample is."""
    method = AwardCategory.Method(made.method).label.split(":")[0]
    withdrawn = [nominee.name for nominee in category.nominees.all() if nominee.withdrawn_at]
    jury = made.detail.get("jury")
    parts = [f"N = {made.ballots:,} ballots. {method} count, rules version {made.rules_version}.", SELF_SELECTED]
    if jury and jury["counts_in"]:
        parts.append(
            "Ballots of public and jury are weighed as the ballot paper says; figures are per cent of their weight."
        )
    elif made.method in NOTES:
        parts.append(NOTES[made.method].format(base=f"{made.base:,}"))
    if withdrawn:
        parts.append(f"{get_text_list(withdrawn, 'and')} withdrew and took no part.")
    return " ".join(parts)
