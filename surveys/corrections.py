"""Recounts and corrections after the release: a new tally beside the old one, both kept, and the reason shown to everybody."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from core import audit, pagecache
from core.models import User
from core.transitions import TransitionRefused, change_if, lock
from surveys import ledger, release
from surveys.models import AwardCategory, Ballot, FormerTally, LedgerEntry, Tally
from surveys.tallying import written


@transaction.atomic
def correct(category: AwardCategory, *, reason: str, void: Sequence[str] = (), by: User | None = None) -> Tally:
    """Count a released category again, after voiding the ballots of these receipts. Raises TransitionRefused.

    The ledger gets a statement for each void ballot and one with the new result, which names the leaf that it corrects.
    The release keeps its time; nobody sees the category without a result.
    """
    lock(category, "season")
    if not category.is_released:
        raise TransitionRefused(f"The result of “{category}” is not released: count it again as it is.")
    if not reason.strip():
        raise TransitionRefused("Say why: the reason is published.")
    old = Tally.objects.get(category=category)
    published = ledger.result_entry(category)
    former = release.statement_of(old)
    _keep(category, old, former if published is None else published.statement or former, reason)
    released_at = category.released_at
    change_if(category, Q(released_at__isnull=False), released_at=None)  # seen by nobody outside this transaction
    for ballot in _ballots(category, void):
        ledger.void(ballot, reason=reason[:200])
    made = release.tally(category, by=by)
    change_if(category, Q(released_at=None), released_at=released_at)
    corrects = {"corrects": published.receipt} if published else {}
    ledger.state(category.season, LedgerEntry.Kind.RESULT, release.statement_of(made) | corrects | {"reason": reason})
    audit.record("corrected the result", category, by=by, detail=f"{reason} (ballots voided: {len(void)})")
    pagecache.bump()
    return made


def _keep(category: AwardCategory, old: Tally, statement: dict[str, Any], reason: str) -> None:
    rows = [
        {
            "slug": row.slug,
            "name": row.name,
            "rank": row.rank,
            "count": written(row.count),
            "winner": row.is_winner,
        }
        for row in old.rows.select_related("nominee")
    ]
    number = category.former_tallies.count() + 1
    FormerTally.objects.create(category=category, number=number, statement=statement, rows=rows, reason=reason)


def _ballots(category: AwardCategory, receipts: Sequence[str]) -> list[Ballot]:
    """The ballots with these receipts. Raises TransitionRefused where one is not a counted ballot of this category."""
    found = []
    for receipt in dict.fromkeys(receipts):
        try:
            leaf = bytes.fromhex(receipt)
        except ValueError:
            raise TransitionRefused(
                f"“{receipt[:70]}” is no receipt: one has 64 characters, 0 to 9 and a to f."
            ) from None
        ballot = (
            category.ballots.filter(leaf_hash=leaf, state=Ballot.State.CAST).select_related("category__season").first()
        )
        if ballot is None:
            raise TransitionRefused(f"No ballot that was counted in “{category}” has the receipt {receipt[:70]}.")
        found.append(ballot)
    return found
