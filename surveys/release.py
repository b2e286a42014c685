"""Tallying a closed category and releasing its result. No result is public before that (surveys.result_view)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from core import audit, pagecache
from core.models import AuditEntry, User
from core.transitions import TransitionRefused, change_if, lock
from surveys import choices, events, ledger, papers, quarantine, tallying, write_ins
from surveys.models import AwardCategory, Ballot, LedgerEntry, Nominee, Season, Tally, TallyRow
from surveys.tallying import NONE, WRITE_IN, Number, Outcome, Rules, plain, share, written

WRITE_IN_NAME = "Other / write-in"
NONE_NAME = "None of them"
LOOKED = quarantine.LOOKED


@dataclass(frozen=True, slots=True)
class Counted:
    """An outcome, where every ballot of the public went, and what the jury's part in it was; None where there is none."""

    outcome: Outcome
    reconciliation: dict[str, int]
    jury: dict[str, Any] | None = None


def count(category: AwardCategory) -> Outcome:
    """Count a category's ballots now, by slugs. Raises TransitionRefused while any could still come or be left out."""
    return counted(category).outcome


def counted(category: AwardCategory) -> Counted:
    """The count with all that is published of it, from one reading of the ballots. Raises TransitionRefused."""
    if problems := not_ready_for_count_of(category):
        raise TransitionRefused(problems[0])
    columns = ("is_jury", "state", "choice", "weight")
    piles = list(category.ballots.order_by().values_list(*columns).annotate(number=Count("pk")))
    public, jury = (
        _reconciled((state, number) for is_jury, state, _, _, number in piles if is_jury is side)
        for side in (False, True)
    )
    decided = write_ins.rulings(category)
    counts_as = {key: ruling.counts_as for key, ruling in decided.items()}
    sides: dict[bool, list[tuple[Any, Number]]] = {False: [], True: []}
    for is_jury, state, choice, weight, number in piles:
        if state == Ballot.State.CAST:
            pile = number if weight is None else number * plain(weight)
            sides[is_jury].append((write_ins.merged(choice, counts_as), pile))
    by_method = _method_of(category, [*sides[False], *sides[True]], sorted(write_ins.named(decided)))
    if category.jury_weight is None:
        return Counted(by_method(sides[False]), public)
    outcome, part = _weighed(category, sides[False], sides[True], by_method)
    return Counted(outcome, public, part | {"reconciliation": jury})


def _method_of(
    category: AwardCategory, ballots: list[tuple[Any, Number]], named: list[str]
) -> Callable[[list[tuple[Any, Number]]], Outcome]:
    """How ballots of this category are counted: its method and rules, and who stands in it."""
    nominees = papers.nominees_of(category)
    candidates = [nominee.slug for nominee in nominees]
    withdrawn = [nominee.slug for nominee in nominees if nominee.withdrawn_at]
    if category.method in choices.RANKED and any(WRITE_IN in rank for choice, _ in ballots for rank in choice):
        candidates.append(WRITE_IN)  # in a ranking they have to be compared like a nominee
    if category.offers_none:
        candidates.append(NONE)
    candidates += named
    rules = rules_of(category)
    return lambda some: tallying.count(category.method, some, candidates, rules, withdrawn=withdrawn)


def _weighed(
    category: AwardCategory,
    public: list[tuple[Any, Number]],
    jury: list[tuple[Any, Number]],
    by_method: Callable[[list[tuple[Any, Number]]], Outcome],
) -> tuple[Outcome, dict[str, Any]]:
    """The count of public and jury together, and the two sides apart.

    Every ballot of a side weighs the same, and those of the jury together what the paper says; without a quorum, nothing.
    """
    voters, jurors = (sum(number for _, number in side) for side in (public, jury))
    counts_in = jurors >= (category.jury_quorum or 1)
    each = tallying.weights(voters, jurors, category.jury_weight or 0) if counts_in else (1, 0)
    together = [(choice, number * each[0]) for choice, number in public]
    together += [(choice, number * each[1]) for choice, number in jury] if counts_in else []
    outcome = replace(by_method(together), ballots=voters + (jurors if counts_in else 0))
    part = {
        "weight": category.jury_weight,
        "quorum": category.jury_quorum,
        "counts_in": counts_in,
        "weights": list(each),
        "recused": [
            {"juror": each.juror.name, "reason": each.reason} for each in category.recusals.select_related("juror")
        ],
        "public": _side(by_method(public)),
        "jury": _side(by_method(jury)),
    }
    return outcome, part


def _side(outcome: Outcome) -> dict[str, Any]:
    counts, base = figures(outcome)
    return {
        "ballots": written(outcome.ballots),
        "base": written(base),
        "counts": {name: written(number) for name, number in counts.items()},
        "ranking": outcome.ranking,
        "winners": sorted(outcome.winners),
    }


def needs_count(category: AwardCategory) -> bool:
    """Whether a category waits to be counted: not yet, or again since a ballot or a nominee fell away after its tally."""
    if category.is_released:
        return False
    made = Tally.objects.filter(category=category).first()
    return made is None or bool(_stale(category, made))


def not_ready_for_count(season: Season) -> list[str]:
    """What is missing before a season's categories can be counted, a sentence each."""
    return [line for each in season.categories.filter(released_at=None) for line in not_ready_for_count_of(each)]


def not_ready_for_count_of(category: AwardCategory) -> list[str]:
    problems = [] if category.closed_at else [f"“{category}” has not been closed."]
    if waiting := category.ballots.waiting().count():
        problems.append(f"{_of(waiting, 'ballot', category)} not in the ledger yet: try again in a moment.")
    if held := category.ballots.filter(state=Ballot.State.QUARANTINED).count():
        problems.append(f"{_of(held, 'ballot', category)} held for review: decide on that first.")
    if undecided := write_ins.undecided(category) if category.closed_at else 0:
        problems.append(f"{_of(undecided, 'name', category, 'written in')} waiting for your decision.")
    return problems


def _of(number: int, what: str, category: AwardCategory, how: str = "of") -> str:
    """“1 ballot of “Wallet” is”, “2 names written in “Wallet” are”."""
    return f"{number} {what}{'' if number == 1 else 's'} {how} “{category}” {'is' if number == 1 else 'are'}"


def _stale(category: AwardCategory, made: Tally) -> str:
    """Why a tally is no longer what would be counted; nothing where it is."""
    jury = made.detail.get("jury")
    is_changed = jury is not None and jury["reconciliation"] != reconciliation(category, is_jury=True)
    if is_changed or made.reconciliation != reconciliation(category):
        return f"Ballots of “{category}” were held or voided after its tally: tally it again."
    if category.nominees.filter(withdrawn_at__gte=made.made_at).exists():
        return f"A nominee of “{category}” withdrew after its tally: tally it again."
    if write_ins.rulings_since(category, made.tree_head.size):
        return f"Names written in “{category}” were decided on after its tally: tally it again."
    return ""


@transaction.atomic
def tally(category: AwardCategory, *, by: User | None = None) -> Tally:
    """Count a closed category and keep the outcome, in place of an earlier count. Raises TransitionRefused."""
    lock(category, "season")
    if category.is_released:
        raise TransitionRefused(f"The result of “{category}” is released: it cannot be counted again.")
    found = counted(category)
    outcome = found.outcome
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
        detail=detail_of(outcome, found.jury),
        reconciliation=found.reconciliation,
        made_by=by,
    )
    nominees = {nominee.slug: nominee for nominee in papers.nominees_of(category) if not nominee.withdrawn_at}
    TallyRow.objects.bulk_create(_rows(result, outcome, counts, nominees))
    audit.record("tallied", category, by=by)
    return result


def detail_of(outcome: Outcome, jury: dict[str, Any] | None = None) -> dict[str, Any]:
    """The parts that only some methods have, as they are stored and published."""

    def numbers(counts: Mapping[str, Number]) -> dict[str, int | str]:
        return {name: written(number) for name, number in counts.items()}

    rounds = [
        {"counts": numbers(each.counts), "eliminated": each.eliminated, "exhausted": written(each.exhausted)}
        for each in outcome.rounds
    ]
    pairwise = {name: numbers(row) for name, row in outcome.pairwise.items()}
    detail = {"rounds": rounds, "pairwise": pairwise, "ties": [asdict(tie) for tie in outcome.ties]}
    return detail if jury is None else detail | {"jury": jury}


def statement_of(made: Tally) -> dict[str, Any]:
    """A tally as the ledger publishes it."""
    category = made.category
    rows = {row.slug: row for row in made.rows.select_related("nominee")}
    result = {
        "category": category.slug,
        "method": made.method,
        "ballots": written(made.ballots),
        "base": written(made.base),
        "counts": {slug: written(row.count) for slug, row in rows.items()},
        "ranking": {slug: row.rank for slug, row in rows.items() if row.rank},
        "winners": sorted(slug for slug, row in rows.items() if row.is_winner),
        "reconciliation": made.reconciliation,
        **made.detail,
    }
    return {"season": category.season.slug, "result": result}


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
    if stale := _stale(category, made):
        raise TransitionRefused(stale)
    if not change_if(category, Q(closed_at__isnull=False, released_at=None), released_at=Now()):
        raise TransitionRefused(f"The result of “{category}” is released already.")
    Season.objects.filter(pk=category.season_id).update(integrity=quarantine.integrity(category.season))
    quarantine.forget_origins(category)
    audit.record("released the result", category, by=by)
    ledger.state(category.season, LedgerEntry.Kind.RESULT, statement_of(made))
    pagecache.bump()


@transaction.atomic
def release_season(season: Season, *, by: User | None = None) -> None:
    """Release the categories that have not been released, and with them the season. Raises TransitionRefused."""
    if season.state != Season.State.CLOSED:
        raise TransitionRefused(f"“{season}” has to be closed first.")
    waiting = season.categories.filter(released_at__isnull=True).order_by("pk")
    for category in waiting.select_for_update():  # all of them first: each result is then a leaf of the one ledger
        release(category, by=by)
    if not change_if(season, Q(state=Season.State.CLOSED), state=Season.State.RELEASED, released_at=Now()):
        raise TransitionRefused(f"“{season}” was released meanwhile.")
    audit.record("released the results", season, by=by)
    events.announce(season)
    pagecache.bump()


def reconciliation(category: AwardCategory, *, is_jury: bool = False) -> dict[str, int]:
    """Where every confirmed ballot of the public went, or every one of the jury."""
    return _reconciled(
        category.ballots.filter(is_jury=is_jury).order_by().values_list("state").annotate(number=Count("pk"))
    )


def _reconciled(piles: Iterable[tuple[str, int]]) -> dict[str, int]:
    found = Counter[str]()
    for state, number in piles:
        found[state] += number
    counted, held, void, superseded = (found[state] for state in ("cast", "quarantined", "void", "superseded"))
    told = {"confirmed": counted + held + void + superseded, "held": held, "void": void, "counted": counted}
    return told | ({"superseded": superseded} if superseded else {})


def rules_of(category: AwardCategory) -> Rules:
    return Rules(
        overvote=category.overvote,
        max_skips=category.max_skips,
        max_ranks=category.max_ranks,
        unranked=category.unranked,
        duplicate=category.duplicate,
        write_ins=category.write_ins,
        lot=f"{papers.lot_of(category.season)}:{category.slug}" if category.ties == AwardCategory.Ties.LOT else "",
    )


def figures(outcome: Outcome) -> tuple[dict[str, Number], Number]:
    """The one figure that a result shows for each nominee, and what shares are shares of.

    Votes, approvals or points as counted; in an instant runoff the votes of the last round a nominee was in, of those
    that still counted in the last of all; in a Schulze count the duels won.
    """
    if outcome.rounds:
        counts: dict[str, Number] = {}
        for stage in outcome.rounds:
            counts |= stage.counts
        return counts, sum(outcome.rounds[-1].counts.values())
    if outcome.pairwise:
        wins: dict[str, Number] = {
            a: sum(votes > outcome.pairwise[b][a] for b, votes in row.items()) for a, row in outcome.pairwise.items()
        }
        return wins, outcome.base
    return outcome.counts, outcome.base


def names_in(category: AwardCategory) -> dict[str, str]:
    """What a category's count has a row for, by key, in words; but for what else was written in."""
    names = {nominee.slug: nominee.name for nominee in papers.nominees_of(category) if not nominee.withdrawn_at}
    names |= {NONE: NONE_NAME} if category.offers_none else {}
    return names | write_ins.named(write_ins.rulings(category))


def _rows(result: Tally, outcome: Outcome, counts: dict[str, Number], nominees: dict[str, Nominee]) -> list[TallyRow]:
    """A row for each name by rank, and what else was written in below them all."""
    names = names_in(result.category)
    order = sorted(names, key=lambda key: (outcome.ranking[key], names[key].casefold()))
    return [
        TallyRow(
            tally=result,
            nominee=nominees.get(key),
            written_in="" if key in nominees or key == WRITE_IN else key,
            name=names.get(key, WRITE_IN_NAME),
            rank=outcome.ranking.get(key),
            count=counts.get(key, 0),
            is_winner=key in outcome.winners,
            ordering=place,
        )
        for place, key in enumerate([*order, WRITE_IN])
    ]


def as_json(outcome: Outcome, names: dict[str, str]) -> dict[str, Any]:
    """An outcome under its nominees' names, as far as its method has the parts."""

    def number(value: Any) -> Any:
        return (
            float(value)
            if isinstance(value, Decimal) and value % 1
            else value
            if isinstance(value, dict)
            else int(value)
        )

    def named(counts: dict[str, Any]) -> dict[str, Any]:
        return {names.get(slug, slug): number(value) for slug, value in counts.items()}

    def listed(slugs: Sequence[str]) -> list[str]:
        return [names.get(slug, slug) for slug in slugs]

    answer: dict[str, Any] = {
        "method": outcome.method,
        "ballots": number(outcome.ballots),
        "winners": listed(outcome.winners),
        "places": named(outcome.ranking),
        "counts": named(outcome.counts),
        "shares": {names.get(slug, slug): str(share(votes, outcome.base)) for slug, votes in outcome.counts.items()},
    }
    if outcome.rounds:
        answer["rounds"] = [
            {
                "counts": named(stage.counts),
                "eliminated": listed(stage.eliminated),
                "exhausted": number(stage.exhausted),
            }
            for stage in outcome.rounds
        ]
    if outcome.pairwise:
        answer["pairwise"] = {names.get(slug, slug): named(row) for slug, row in outcome.pairwise.items()}
    if outcome.ties:
        answer["ties"] = [asdict(tie) | {"between": listed(tie.between)} for tie in outcome.ties]
    return answer
