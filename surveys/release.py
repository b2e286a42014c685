"""Tallying a closed category and releasing its result. No result is public before that (surveys.result_view)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from core import audit, pagecache
from core.models import AuditEntry, User
from core.transitions import TransitionRefused, change_if, lock
from surveys import ledger, tallying
from surveys.models import AwardCategory, Ballot, Nominee, Season, Tally, TallyRow
from surveys.tallying import WRITE_IN, Outcome, Rules, share

WRITE_IN_NAME = "Other / write-in"
LOOKED = "looked at the count"


def count(category: AwardCategory) -> Outcome:
    """Count a category's ballots now, by slugs. Raises TransitionRefused while any could still come or be left out."""
    return _count(category)[0]


def _count(category: AwardCategory) -> tuple[Outcome, dict[str, int]]:
    """The outcome and where every ballot went, from one reading of the ballots."""
    if category.closed_at is None:
        raise TransitionRefused(f"“{category}” has not been closed.")
    if waiting := category.ballots.waiting().count():
        raise TransitionRefused(f"{waiting} ballots of “{category}” are not in the ledger yet: try again in a moment.")
    piles = list(category.ballots.order_by().values_list("state", "choice").annotate(number=Count("pk")))
    found = _reconciled((state, number) for state, _, number in piles)
    if found["held"]:
        raise TransitionRefused(f"{found['held']} ballots of “{category}” are held for review: decide on them first.")
    grouped = [(choice, number) for state, choice, number in piles if state == Ballot.State.CAST]
    candidates = [nominee.slug for nominee in category.nominees.all()]
    ranked = category.method in (AwardCategory.Method.IRV, AwardCategory.Method.SCHULZE)
    if ranked and any(WRITE_IN in rank for choice, _ in grouped for rank in choice):
        candidates.append(WRITE_IN)  # in a ranking they have to be compared like a nominee
    return tallying.count(category.method, grouped, candidates, rules_of(category)), found


@transaction.atomic
def tally(category: AwardCategory, *, by: User | None = None) -> Tally:
    """Count a closed category and keep the outcome, in place of an earlier count. Raises TransitionRefused."""
    lock(category, "season")
    if category.is_released:
        raise TransitionRefused(f"The result of “{category}” is released: it cannot be counted again.")
    outcome, found = _count(category)
    head = ledger.latest_head(category.season) or ledger.append(category.season, [])
    counts, base = figures(outcome)
    Tally.objects.filter(category=category).delete()
    result = Tally.objects.create(
        category=category,
        tree_head=head,
        method=category.method,
        rules_version=category.season.rules_version,
        ballots=outcome.ballots,
        base=base,
        detail={"rounds": [asdict(stage) for stage in outcome.rounds], "pairwise": outcome.pairwise},
        reconciliation=found,
        made_by=by,
    )
    TallyRow.objects.bulk_create(_rows(result, outcome, counts, {n.slug: n for n in category.nominees.all()}))
    audit.record("tallied", category, by=by)
    return result


def record_look(category: AwardCategory, *, by: Any) -> None:
    """Log that someone sees the result, if that is before its release."""
    if not category.is_released:
        audit.record(LOOKED, category, by=by)


def looks_at(category: AwardCategory) -> QuerySet[AuditEntry]:
    """Who saw the result before its release, and when. This is published with it."""
    return audit.entries_about(category).filter(action=LOOKED).order_by("at", "pk")


@transaction.atomic
def release(category: AwardCategory, *, by: User | None = None) -> None:
    """Show a tallied result to everybody, for good. Raises TransitionRefused."""
    lock(category)  # no ballot of it is voided meanwhile
    made = Tally.objects.filter(category=category).first()
    if made is None:
        raise TransitionRefused(f"“{category}” has not been tallied.")
    if made.reconciliation != reconciliation(category):
        raise TransitionRefused(f"Ballots of “{category}” were held or voided after its tally: tally it again.")
    if not change_if(category, Q(closed_at__isnull=False, released_at=None), released_at=Now()):
        raise TransitionRefused(f"The result of “{category}” is released already.")
    audit.record("released the result", category, by=by)
    pagecache.bump()


@transaction.atomic
def release_season(season: Season, *, by: User | None = None) -> None:
    """Release the categories that have not been released, and with them the season. Raises TransitionRefused."""
    if season.state != Season.State.CLOSED:
        raise TransitionRefused(f"“{season}” has to be closed first.")
    for category in season.categories.filter(released_at__isnull=True):
        release(category, by=by)
    if not change_if(season, Q(state=Season.State.CLOSED), state=Season.State.RELEASED, released_at=Now()):
        raise TransitionRefused(f"“{season}” was released meanwhile.")
    audit.record("released the results", season, by=by)
    pagecache.bump()


def reconciliation(category: AwardCategory) -> dict[str, int]:
    """Where every confirmed ballot went."""
    return _reconciled(category.ballots.order_by().values_list("state").annotate(number=Count("pk")))


def _reconciled(piles: Iterable[tuple[str, int]]) -> dict[str, int]:
    found = Counter[str]()
    for state, number in piles:
        found[state] += number
    counted, held, void = (found[state] for state in ("cast", "quarantined", "void"))
    return {"confirmed": counted + held + void, "held": held, "void": void, "counted": counted}


def rules_of(category: AwardCategory) -> Rules:
    return Rules(
        overvote=category.overvote,
        max_skips=category.max_skips,
        max_ranks=category.max_ranks,
        unranked=category.unranked,
    )


def figures(outcome: Outcome) -> tuple[dict[str, int], int]:
    """The one figure that a result shows for each nominee, and what shares are shares of.

    Votes, approvals or points as counted; in an instant runoff the votes of the last round a nominee was in, of those
    that still counted in the last of all; in a Schulze count the duels won.
    """
    if outcome.rounds:
        counts: dict[str, int] = {}
        for stage in outcome.rounds:
            counts |= stage.counts
        return counts, sum(outcome.rounds[-1].counts.values())
    if outcome.pairwise:
        wins = {
            a: sum(votes > outcome.pairwise[b][a] for b, votes in row.items()) for a, row in outcome.pairwise.items()
        }
        return wins, outcome.base
    return outcome.counts, outcome.base


def _rows(result: Tally, outcome: Outcome, counts: dict[str, int], nominees: dict[str, Nominee]) -> list[TallyRow]:
    """A row for each nominee by rank, and what was written in below them all."""
    order = sorted(nominees, key=lambda slug: (outcome.ranking[slug], nominees[slug].name.casefold()))
    rows = [
        TallyRow(
            tally=result,
            nominee=nominees[slug],
            name=nominees[slug].name,
            rank=outcome.ranking[slug],
            count=counts[slug],
            is_winner=slug in outcome.winners,
            ordering=place,
        )
        for place, slug in enumerate(order)
    ]
    written_in = TallyRow(
        tally=result,
        name=WRITE_IN_NAME,
        rank=outcome.ranking.get(WRITE_IN),
        count=counts.get(WRITE_IN, 0),
        is_winner=WRITE_IN in outcome.winners,
        ordering=len(rows),
    )
    return [*rows, written_in]


def as_json(outcome: Outcome, names: dict[str, str]) -> dict[str, Any]:
    """An outcome under its nominees' names, as far as its method has the parts."""

    def named(counts: dict[str, Any]) -> dict[str, Any]:
        return {names.get(slug, slug): value for slug, value in counts.items()}

    def listed(slugs: Sequence[str]) -> list[str]:
        return [names.get(slug, slug) for slug in slugs]

    answer: dict[str, Any] = {
        "method": outcome.method,
        "ballots": outcome.ballots,
        "winners": listed(outcome.winners),
        "counts": named(outcome.counts),
        "shares": {name: str(share(number, outcome.base)) for name, number in named(outcome.counts).items()},
    }
    if outcome.rounds:
        answer["rounds"] = [
            {"counts": named(stage.counts), "eliminated": listed(stage.eliminated), "exhausted": stage.exhausted}
            for stage in outcome.rounds
        ]
    if outcome.pairwise:
        answer["pairwise"] = {names.get(slug, slug): named(row) for slug, row in outcome.pairwise.items()}
    return answer
