"""The ballot paper: what a season puts to the vote, word for word, sealed as its ledger's first leaf; and withdrawals.

While voting is open and ever after, names and texts are shown as they stand on the sealed paper, whatever the tables say
(surveys.verification compares the two). Nobody is taken off it: a nominee withdraws in the open, by an entry of its own.
"""

import secrets
from collections.abc import Iterable
from datetime import UTC
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from core import audit, pagecache
from core.transitions import TransitionRefused, change_if, lock
from surveys import choices, keys, ledger
from surveys.models import AwardCategory, LedgerEntry, Nominee, Season
from surveys.models.seasons import RULES

Kind = LedgerEntry.Kind
WORDS = ("name", "description", "url")
TIMES = ("opens_at", "closes_at")
EFFECT = "The name is struck from every ballot, as if it had never been written there; later choices move up."


def statement_of(season: Season, *, key: str, lot: str) -> dict[str, Any]:
    """A season's paper as its tables have it now. `lot` is the seed of the lots that decide ties."""
    categories = season.categories.prefetch_related("nominees")
    paper = {
        "title": season.title,
        "rules_version": season.rules_version,
        "rules": season.rules_html,
        "imported": season.is_imported,
        "key": key,
        "lot": lot,
        "categories": [_category(category) for category in categories],
    }
    if jury := [juror.name for juror in season.jurors.order_by("name")]:
        paper["jury"] = jury
    return {"season": season.slug, "paper": paper}


def _category(category: AwardCategory) -> dict[str, Any]:
    return {
        "slug": category.slug,
        "title": category.title,
        "description": category.description,
        "method": category.method,
        "write_in": category.takes_write_in,
        **_ballot_rules(category),
        "rules": {name: getattr(category, name) for name in RULES},
        "nominees": [
            {"slug": nominee.slug} | {name: getattr(nominee, name) for name in WORDS}
            for nominee in sorted(category.nominees.all(), key=lambda nominee: (nominee.ordering, nominee.slug))
        ],
    }


def _ballot_rules(category: AwardCategory) -> dict[str, Any]:
    """What else a ballot can say, where it is said: papers that were sealed before have none of it."""
    jury = {"weight": category.jury_weight, "quorum": category.jury_quorum} if category.jury_weight else None
    told = {"most": category.max_choices, "scale": category.scale, "none": category.offers_none or None, "jury": jury}
    return {name: value for name, value in told.items() if value is not None}


@transaction.atomic
def seal(season: Season) -> None:
    """Make the paper the first leaf of the ledger, as voting opens, and draw the lots with it."""
    statement = statement_of(season, key=keys.public_key(), lot=secrets.token_hex(16))
    statement["paper"]["times"] = times_of(season)
    ledger.state(season, Kind.PAPER, statement)


def times_of(season: Season) -> dict[str, str]:
    """When the vote opens and closes, to the second, as the ledger spells it."""
    return {name: f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for name in TIMES if (at := getattr(season, name))}


@transaction.atomic
def tell_moved(season: Season, *, before: dict[str, str]) -> None:
    """Say in the ledger that the times of a vote that is set or open were moved, if they were."""
    now = times_of(season)
    moved = {name: {"from": before[name], "to": now[name]} for name in TIMES if before[name] != now[name]}
    if moved:
        at = f"{timezone.now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        ledger.state(season, Kind.MOVED, {"season": season.slug, "moved": moved, "at": at})


def times_told(season: Season) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The times that stand by the ledger, and how they were moved, the first first."""
    entries = LedgerEntry.objects.filter(season=season, kind=Kind.MOVED).order_by("index")
    moves = [entry.statement for entry in entries if entry.statement]
    standing = dict((sealed(season) or {}).get("times", {}))
    for move in moves:
        standing |= {name: step["to"] for name, step in move["moved"].items()}
    return standing, moves


def of(season: Season) -> dict[str, Any] | None:
    """A season's sealed paper; None before voting opens."""
    entry = LedgerEntry.objects.filter(season=season, index=0, kind=Kind.PAPER).only("statement").first()
    return entry.statement["paper"] if entry and entry.statement else None


def nominees_of(category: AwardCategory) -> list[Nominee]:
    """The nominees in the words of the sealed paper; before voting opens, in their own."""
    found = list(category.nominees.all())
    for nominee in found:
        nominee.category = category
    if not category.season.is_fixed or (paper := sealed(category.season)) is None:
        return found
    words = {
        nominee["slug"]: nominee
        for each in paper["categories"]
        if each["slug"] == category.slug
        for nominee in each["nominees"]
    }
    for nominee in found:
        for name in WORDS:
            setattr(nominee, name, words.get(nominee.slug, {}).get(name, getattr(nominee, name)))
    return [nominee for nominee in found if nominee.slug in words]


def question_of(category: AwardCategory) -> choices.Question:
    """What a category asks: all that `choices.of_voter` checks an answer against; put together once for a category in hand."""
    if not hasattr(category, "_question"):
        category._question = _question(category)  # type: ignore[attr-defined]
    return category._question  # type: ignore[attr-defined]


def _question(category: AwardCategory) -> choices.Question:
    return choices.Question(
        slug=category.slug,
        method=category.method,
        names={nominee.slug: nominee.name for nominee in nominees_of(category) if not nominee.withdrawn_at},
        most=category.max_choices if category.method == category.Method.APPROVAL else category.max_ranks,
        scale=category.scale or 0,
        write_in=category.takes_write_in,
        none=category.offers_none,
    )


def sealed(season: Season) -> dict[str, Any] | None:
    """The same as `of`, read once for each season that a page has in hand."""
    if not getattr(season, "_paper", None):
        season._paper = of(season)  # type: ignore[attr-defined]
    return season._paper  # type: ignore[attr-defined]


def lot_of(season: Season) -> str:
    """The seed of a season's lots, as it was published."""
    paper = sealed(season)
    return str(paper["lot"]) if paper else ""


def withdrawals(season: Season) -> Iterable[LedgerEntry]:
    return LedgerEntry.objects.filter(season=season, kind=Kind.WITHDRAWAL)


@transaction.atomic
def withdraw(nominee: Nominee, *, reason: str, by: Any) -> None:
    """Take a nominee out of the count, in the open and for good. Raises TransitionRefused."""
    category = nominee.category
    lock(category, "season")  # its result is not released meanwhile
    season = category.season
    if season.state not in (Season.State.VOTING, Season.State.CLOSED):
        raise TransitionRefused("A nominee withdraws from a vote that is open or being counted.")
    if category.is_released:
        raise TransitionRefused(f"The result of “{category}” is released: it stays as it was counted.")
    if category.nominees.filter(withdrawn_at=None).count() < 2:
        raise TransitionRefused(f"“{nominee}” is the last nominee of “{category}”.")
    if not reason.strip():
        raise TransitionRefused("Say why: the reason is published.")
    if not change_if(nominee, Q(withdrawn_at=None), withdrawn_at=Now()):
        raise TransitionRefused(f"“{nominee}” has withdrawn already.")
    ledger.state(season, Kind.WITHDRAWAL, withdrawal_of(nominee, reason))
    audit.record("withdrew the nominee", nominee, by=by, detail=reason)
    pagecache.bump()


def withdrawal_of(nominee: Nominee, reason: str) -> dict[str, Any]:
    category = nominee.category
    return {
        "season": category.season.slug,
        "category": category.slug,
        "withdraw": nominee.slug,
        "reason": reason,
        "effect": EFFECT,
    }
