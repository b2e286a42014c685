"""Ballots held for review: by the place they came from, decided on together, and each decision said in the ledger.

A place is a domain, a network on one day, the mailboxes that voted under several addresses, or one receipt. Whoever decides
sees how many ballots that is and never a choice. Until a category is released, every decision can be taken back.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.utils import timezone

from core import audit, pagecache
from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused
from surveys import keys, ledger, recusals, request_signals
from surveys.merkle import leaf_hash
from surveys.models import (
    AwardCategory,
    Ballot,
    BallotOrigin,
    LedgerEntry,
    MailboxName,
    Quarantine,
    RequestCount,
    Season,
)

Kind = Quarantine.Kind
State = Ballot.State
LONGEST_REASON = 200
LEAST_VOTERS = 5
LOOKED = "looked at the count"
_RECEIPT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Place:
    """A place that ballots came from: what the steward's page calls it, and how many are in which state."""

    kind: Kind
    name: str
    shown: str
    requests: int | None = None
    stands_out: bool = False
    is_disposable: bool = False
    states: Counter[str] = field(default_factory=Counter)
    quarantine: Quarantine | None = None

    @property
    def cast(self) -> int:
        return self.states[State.CAST]

    @property
    def held(self) -> int:
        return self.states[State.QUARANTINED]

    @property
    def void(self) -> int:
        return self.states[State.VOID]


def places(season: Season) -> list[Place]:
    """Everything the steward may decide on: what requests came from much, and what is held. Raises keys.PepperMissing."""
    report, pepper = request_signals.report(season), keys.pepper(season)
    found = [
        Place(
            Kind.DOMAIN,
            pepper.domain_name(line.name),
            line.name,
            line.number,
            line.stands_out,
            line.is_disposable,
        )
        for line in report.domains
    ]
    found += [
        Place(Kind.NETWORK, line.name, f"{line.name} on {line.day:%-d %b %Y}", line.number, line.stands_out)
        for line in report.networks
        if line.number >= request_signals.LEAST_SHOWN
    ]
    decided = {(each.kind, each.name): each for each in season.quarantines.all()}
    if (Kind.MAILBOXES, "") in decided or _of_shared_mailboxes(season).exists():
        found.append(Place(Kind.MAILBOXES, "", "", stands_out=True))
    known = {(place.kind, place.name) for place in found}
    found += [
        Place(Kind(kind), name, each.shown) for (kind, name), each in decided.items() if (kind, name) not in known
    ]
    states = _states_by_origin(season)
    return [
        Place(
            place.kind, place.name, place.shown, place.requests, place.stands_out, place.is_disposable,
            states.get(place.name) or _states(ballots_of(season, place.kind, place.name)),
            decided.get((place.kind, place.name)),
        )
        for place in found
    ]  # fmt: skip


def place(season: Season, kind: str, name: str) -> Place:
    """One of the places, or what is named by a receipt. Raises TransitionRefused where there is none."""
    if kind == Kind.RECEIPT:
        ballots = ballots_of(season, kind, name) if _RECEIPT.fullmatch(name) else Ballot.objects.none()
        if not ballots.exists():
            raise TransitionRefused("No ballot of this season has this receipt.")
        decided = season.quarantines.filter(kind=kind, name=name).first()
        return Place(Kind.RECEIPT, name, name[:12], states=_states(ballots), quarantine=decided)
    found = next((each for each in places(season) if (each.kind, each.name) == (kind, name)), None)
    if found is None:
        raise TransitionRefused("There is nothing to decide on here: too few ballots came from this place.")
    return found


def hold(season: Season, chosen: Place, *, reason: str, by: User | None) -> int:
    """Hold the ballots of a place, those there are and those to come; return how many are held now.

    Raises TransitionRefused.
    """
    reason = _reason(reason)
    with transaction.atomic():
        categories = _lock(season)
        _refuse_few(season, chosen)
        row, made = Quarantine.objects.get_or_create(
            season=season,
            kind=chosen.kind,
            name=chosen.name,
            defaults={"shown": chosen.shown, "reason": reason, "by": by},
        )
        if not made and row.lifted_at is None:
            raise TransitionRefused("This place is held already.")
        Quarantine.objects.filter(pk=row.pk).update(lifted_at=None, reason=reason, by=by, at=timezone.now())
        row.refresh_from_db()
        number = _hold(row, categories)
        audit.record("held ballots", season, by=by, detail=f"{number} of {row.get_kind_display()}: {reason}")
    return number


def apply(season: Season) -> int:
    """Hold what came from the places that are held and is in the ledger by now; return how many ballots that were."""
    if not season.quarantines.filter(lifted_at=None).exists():
        return 0
    with transaction.atomic():
        try:
            categories = _lock(season)
        except TransitionRefused:
            return 0
        return sum(_hold(row, categories) for row in season.quarantines.filter(lifted_at=None).order_by("pk"))


def count(quarantine: Quarantine, *, reason: str, by: User | None) -> int:
    """Count the ballots of a place after all, also those it made void, and hold no new ones. Raises TransitionRefused.

    Those of jurors who take no part in a category by now stay void.
    """
    reason = _reason(reason)
    with transaction.atomic():
        categories = _lock(quarantine.season)
        Quarantine.objects.filter(pk=quarantine.pk).update(lifted_at=timezone.now())
        others = quarantine.season.quarantines.filter(lifted_at=None).exclude(pk=quarantine.pk)
        elsewhere = {pk for row in others for pk in _open(row, categories).values_list("pk", flat=True)}
        rows = _open(quarantine, categories).filter(state__in=[State.QUARANTINED, State.VOID]).exclude(pk__in=elsewhere)
        recused = _of_the_recused(quarantine.season, rows)
        if recused and quarantine.kind == Kind.RECEIPT:
            raise TransitionRefused("The juror who cast it takes no part in its category any more: it stays void.")
        rows = rows.exclude(pk__in=recused)
        number = _move(quarantine.season, rows, LedgerEntry.Kind.RESTORED, State.CAST, reason)
        audit.record(
            "counted ballots after all",
            quarantine.season,
            by=by,
            detail=f"{number} of {quarantine.get_kind_display()}: {reason}",
        )
    return number


def void(quarantine: Quarantine, *, reason: str, by: User | None) -> int:
    """Make the held ballots of a place void; what comes from there is held on. Raises TransitionRefused."""
    reason = _reason(reason)
    with transaction.atomic():
        categories = _lock(quarantine.season)
        rows = _open(quarantine, categories).filter(state=State.QUARANTINED)
        number = _move(quarantine.season, rows, LedgerEntry.Kind.VOID, State.VOID, reason)
        audit.record(
            "made ballots void",
            quarantine.season,
            by=by,
            detail=f"{number} of {quarantine.get_kind_display()}: {reason}",
        )
    return number


def ballots_of(season: Season, kind: str, name: str) -> QuerySet[Ballot]:
    """The ballots of a place that are cast, held or void: not what was superseded."""
    ballots = Ballot.objects.filter(category__season=season).exclude(state=State.SUPERSEDED)
    if kind == Kind.RECEIPT:
        return ballots.filter(leaf_hash=bytes.fromhex(name))
    if kind == Kind.MAILBOXES:
        return ballots.filter(pk__in=_of_shared_mailboxes(season).values("pk"))
    return ballots.filter(Exists(BallotOrigin.objects.filter(name=name, ballot=OuterRef("pk"))))


def forget_origins(category: AwardCategory) -> None:
    """Delete where the ballots of a category came from: nothing is decided on them any more."""
    BallotOrigin.objects.filter(ballot__category=category).delete()


def integrity(season: Season) -> dict[str, Any]:
    """What is published with the results: what came in, what the signals were, what was decided and why. No place is named."""
    report = request_signals.report(season)
    kinds = Counter(season.quarantines.values_list("kind", flat=True))
    return {
        "requests": season.request_counts.filter(kind=RequestCount.Kind.DOMAIN).aggregate(n=Sum("number"))["n"] or 0,
        "from_disposable_domains": report.from_disposable,
        "domains_that_stood_out": sum(line.stands_out for line in report.domains),
        "networks_that_stood_out": sum(line.stands_out for line in report.networks),
        "mailboxes_under_several_addresses": sum(number for _, number in report.mailboxes),
        "without_proof": report.without_proof,
        "places_held": {kind: kinds[kind] for kind in Kind.values if kinds[kind]},
    }


def decisions(season: Season) -> list[dict[str, Any]]:
    """What the ledger says was decided: each act with its reason and how many ballots it was about, the most first."""
    kinds = [LedgerEntry.Kind.HELD, LedgerEntry.Kind.VOID, LedgerEntry.Kind.RESTORED]
    said = LedgerEntry.objects.filter(season=season, kind__in=kinds).values("kind", "statement__reason")
    found = said.annotate(number=Count("pk")).order_by("-number", "kind", "statement__reason")
    return [{"act": row["kind"], "reason": row["statement__reason"], "ballots": row["number"]} for row in found]


def _reason(text: str) -> str:
    reason = one_line(text)
    if not reason:
        raise TransitionRefused("Say why: the reason is published with the results.")
    if len(reason) > LONGEST_REASON:
        raise TransitionRefused(f"The reason has {len(reason)} characters; the ledger takes {LONGEST_REASON}.")
    return reason


def _refuse_few(season: Season, chosen: Place) -> None:
    """The record would tell which ballots are one voter's where a place is only theirs: who held them would be seen together."""
    if chosen.kind not in (Kind.DOMAIN, Kind.NETWORK):
        return
    voters = ballots_of(season, chosen.kind, chosen.name).values("voter_key").distinct().count()
    if voters < LEAST_VOTERS:
        raise TransitionRefused(
            f"Fewer than {LEAST_VOTERS} people voted from there, so holding them would tell whose ballots belong together."
            " A single ballot is held by its receipt."
        )


def _lock(season: Season) -> list[AwardCategory]:
    """The categories on whose ballots can be decided; none of them is counted or released meanwhile.

    Not those whose result somebody saw: two results that differ by a ballot would tell what it says. Raises
    TransitionRefused where there is none.
    """
    rows = AwardCategory.objects.filter(season=season, released_at=None).select_for_update(no_key=True)
    found = [category for category in rows.order_by("pk") if not is_seen(category)]
    if not found:
        raise TransitionRefused(
            "The results are released, or somebody has looked at them: ballots stay as they were counted."
        )
    return found


def is_seen(category: AwardCategory) -> bool:
    """Whether somebody looked at a result that is not released."""
    return audit.entries_about(category).filter(action=LOOKED).exists()


def _open(quarantine: Quarantine, categories: Sequence[AwardCategory]) -> QuerySet[Ballot]:
    """The ballots of a place in some categories that are sealed."""
    ballots = ballots_of(quarantine.season, quarantine.kind, quarantine.name)
    return ballots.filter(unsealed=None, category__in=categories)


def _hold(quarantine: Quarantine, categories: Sequence[AwardCategory]) -> int:
    rows = _open(quarantine, categories).filter(state=State.CAST)
    return _move(quarantine.season, rows, LedgerEntry.Kind.HELD, State.QUARANTINED, quarantine.reason)


def _of_the_recused(season: Season, rows: QuerySet[Ballot]) -> list[int]:
    """Which of some ballots a juror cast who takes no part any more; while that can be told."""
    if not keys.has_pepper(season):
        return []
    recused = recusals.voters(season)
    ballots = rows.filter(is_jury=True, category__in=recused).values_list("pk", "category", "voter_key")
    return [pk for pk, category, voter in ballots if bytes(voter) in recused[category]]


def _move(season: Season, rows: QuerySet[Ballot], kind: LedgerEntry.Kind, state: State, reason: str) -> int:
    """Change the state of ballots, and say so of each in the ledger."""
    free = rows.select_for_update(of=("self",), skip_locked=True)  # else it is being superseded at this moment
    chosen = list(free.order_by("pk").values_list("pk", "leaf_hash"))
    if not chosen:
        return 0
    Ballot.objects.filter(pk__in=[pk for pk, _ in chosen]).update(
        state=state, reason="" if state == State.CAST else reason
    )
    receipts = [bytes(leaf).hex() for _, leaf in chosen]
    said = _said_before(season, kind, receipts)
    ledger.append(season, [_entry(season, kind, receipt, reason, said[receipt]) for receipt in receipts])
    pagecache.bump()
    return len(chosen)


def _entry(season: Season, kind: LedgerEntry.Kind, receipt: str, reason: str, before: int) -> ledger.Entry:
    statement: dict[str, Any] = {"season": season.slug, str(kind): receipt, "reason": reason}
    if before:
        statement["again"] = before  # else the same words twice would be one leaf
    return kind, leaf_hash(ledger.canonical_json(statement)), statement


def _said_before(season: Season, kind: LedgerEntry.Kind, receipts: Sequence[str]) -> Counter[str]:
    """How often the same was said of each before."""
    said = LedgerEntry.objects.filter(season=season, kind=kind).values_list(f"statement__{kind}", flat=True)
    wanted = set(receipts)
    return Counter(receipt for receipt in said if receipt in wanted)


def _of_shared_mailboxes(season: Season) -> QuerySet[Ballot]:
    """Ballots of one category from one mailbox under several addresses, all of which were confirmed."""
    ballots = Ballot.objects.filter(category__season=season).exclude(state=State.SUPERSEDED)
    names = MailboxName.objects.filter(season=season)
    voted = Ballot.objects.filter(voter_key=OuterRef("voter_key"), category=OuterRef(OuterRef(OuterRef("category"))))
    others = names.filter(mailbox_key=OuterRef("mailbox_key")).exclude(voter_key=OuterRef("voter_key"))
    twins = others.filter(Exists(voted.exclude(state=State.SUPERSEDED)))
    return ballots.filter(Exists(names.filter(voter_key=OuterRef("voter_key")).filter(Exists(twins))))


def _states(ballots: QuerySet[Ballot]) -> Counter[str]:
    return Counter(dict(ballots.order_by().values_list("state").annotate(number=Count("pk"))))


def _states_by_origin(season: Season) -> dict[str, Counter[str]]:
    origins = BallotOrigin.objects.filter(ballot__category__season=season).exclude(ballot__state=State.SUPERSEDED)
    found: dict[str, Counter[str]] = {}
    for name, state, number in (
        origins.order_by().values_list("name", "ballot__state").annotate(number=Count("ballot_id"))
    ):
        found.setdefault(name, Counter())[state] = number
    return found
