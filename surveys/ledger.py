"""The sequencer: seals confirmed ballots into a season's ledger in shuffled batches, and signs the head of its tree.

A ballot's leaf is SHA-256(0x00 ‖ canonical JSON of season, category, choice and nonce), hashed when it is confirmed; it
is the voter's receipt. The other leaves are statements, hashed alike. Leaves are appended by one sequencer at a time, never in the request that confirms a ballot, and
in an order that tells nothing of when or in which category they were cast.
"""

import json
import secrets
from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from core import advisory_locks, pagecache
from core.advisory_locks import AdvisoryLock
from core.transitions import TransitionRefused, change_if, lock
from surveys import keys
from surveys.merkle import Frontier, leaf_hash
from surveys.models import AwardCategory, Ballot, LedgerEntry, Season, TreeHead
from surveys.tallying import written

BATCH_LEAST = 20
CHUNK = 10_000

# What may have been said last of a ballot that is held, void, or counted after all (of which nothing was said before).
AFTER = {
    LedgerEntry.Kind.HELD: {LedgerEntry.Kind.RESTORED},
    LedgerEntry.Kind.VOID: {LedgerEntry.Kind.RESTORED, LedgerEntry.Kind.HELD},
    LedgerEntry.Kind.RESTORED: {LedgerEntry.Kind.HELD, LedgerEntry.Kind.VOID},
}

Entry = tuple[LedgerEntry.Kind, bytes, dict[str, Any] | None]


def canonical_json(value: Any) -> bytes:
    """One spelling for each value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def opening(
    *, season: str, category: str, choice: Any, nonce: bytes, weight: Decimal | None = None, is_jury: bool = False
) -> dict[str, Any]:
    """What a cast leaf is the hash of; published after the close. Only imported ballots have a weight."""
    opened = {"season": season, "category": category, "choice": choice, "nonce": bytes(nonce).hex()}
    opened |= {"jury": True} if is_jury else {}
    return opened if weight is None else opened | {"weight": written(weight)}


def ballot_leaf(
    category: AwardCategory, choice: Any, nonce: bytes, weight: Decimal | None = None, *, is_jury: bool = False
) -> bytes:
    """The hash that stands for a ballot in the ledger: its receipt."""
    season = category.season.slug
    opened = opening(season=season, category=category.slug, choice=choice, nonce=nonce, weight=weight, is_jury=is_jury)
    return leaf_hash(canonical_json(opened))


@transaction.atomic
def seal(season: Season, *, everything: bool = False, closing: AwardCategory | None = None) -> int:
    """Append what waits, shuffled, and sign the new head; return how many leaves that were.

    The ballots of fewer voters than BATCH_LEAST would say too much about who voted when, and which are one voter's, so
    they wait, unless they are those of the category that is closing, or `everything` is asked for, at the close of the
    season. So does what is superseded.
    """
    _become_sequencer(season)
    superseded = _superseded_unsaid(season, closing) if everything or closing else []
    columns = ("pk", "leaf_hash", "voter_key", "category")
    waiting = list(Ballot.objects.waiting().filter(category__season=season).values_list(*columns))
    due = [row for row in waiting if everything or (closing and row[3] == closing.pk)]
    if len({bytes(voter) for *_, voter, category in waiting if not closing or category != closing.pk}) >= BATCH_LEAST:
        due = waiting
    if not (due or superseded):
        return 0
    append(season, [*((LedgerEntry.Kind.CAST, bytes(leaf), None) for _, leaf, *_ in due), *superseded])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM surveys_unsealedballot WHERE ballot_id = ANY(%s)", [[pk for pk, *_ in due]])
    pagecache.bump(in_articles=False)
    return len(due) + len(superseded)


def _superseded_unsaid(season: Season, closing: AwardCategory | None) -> list[Entry]:
    """The statements that are due: that a ballot is superseded, without by which. Only where there is a later one.

    Those of the category that is closing; of all where the season is.
    """
    statements = LedgerEntry.objects.filter(season=season, kind=LedgerEntry.Kind.SUPERSEDED)
    said = set(statements.values_list("statement__superseded", flat=True))
    later = Ballot.objects.filter(category=OuterRef("category"), voter_key=OuterRef("voter_key"))
    is_replaced = Exists(later.exclude(state=Ballot.State.SUPERSEDED))
    found = Ballot.objects.filter(is_replaced, category__season=season, state=Ballot.State.SUPERSEDED)
    found = found.filter(category=closing) if closing else found
    due = [
        {"season": season.slug, "superseded": receipt, "reason": reason}
        for receipt, reason in ((bytes(leaf).hex(), why) for leaf, why in found.values_list("leaf_hash", "reason"))
        if receipt not in said
    ]
    return [(LedgerEntry.Kind.SUPERSEDED, leaf_hash(canonical_json(each)), each) for each in due]


@transaction.atomic
def append(season: Season, entries: list[Entry]) -> TreeHead:
    """Put entries at the end of the ledger in random order and sign the head over them."""
    _become_sequencer(season)
    secrets.SystemRandom().shuffle(entries)
    head = latest_head(season)
    frontier = Frontier.from_bytes(head.size, bytes(head.frontier)) if head else Frontier()
    start = frontier.size
    for _, leaf, _ in entries:
        frontier.append(leaf)
    _store(season, start, entries)
    return _sign(season, frontier)


@transaction.atomic
def void(ballot: Ballot, *, reason: str) -> LedgerEntry:
    """Say in the ledger, with the reason, that a ballot is not counted. The ballot and its leaf stay.

    Raises TransitionRefused.
    """
    category, season = ballot.category, ballot.category.season
    lock(category)  # its result is not released meanwhile
    if category.is_released:
        raise TransitionRefused(f"The result of “{category}” is released: its ballots stay as they were counted.")
    _become_sequencer(season)
    standing = Q(unsealed=None, state__in=[Ballot.State.CAST, Ballot.State.QUARANTINED])
    if not change_if(ballot, standing, state=Ballot.State.VOID, reason=reason):
        raise TransitionRefused("This ballot is void already, superseded, or not in the ledger yet.")
    statement: dict[str, Any] = {"season": season.slug, "void": ballot.receipt, "reason": reason}
    said = LedgerEntry.objects.filter(season=season, kind=LedgerEntry.Kind.VOID, statement__void=ballot.receipt)
    if before := said.count():
        statement["again"] = before  # else the same words twice would be one leaf
    entry = state(season, LedgerEntry.Kind.VOID, statement)
    pagecache.bump()
    return entry


@transaction.atomic
def state(season: Season, kind: LedgerEntry.Kind, statement: dict[str, Any]) -> LedgerEntry:
    """Append one statement."""
    leaf = leaf_hash(canonical_json(statement))
    append(season, [(kind, leaf, statement)])
    return LedgerEntry.objects.get(leaf_hash=leaf)


def result_entry(category: AwardCategory) -> LedgerEntry | None:
    """The statement by which a category's result was published; the last where it was corrected."""
    entries = LedgerEntry.objects.filter(season_id=category.season_id, kind=LedgerEntry.Kind.RESULT)
    return entries.filter(statement__result__category=category.slug).order_by("-index").first()


def latest_head(season: Season) -> TreeHead | None:
    return TreeHead.objects.filter(season=season).order_by("-size").first()


def head_statement(season: Season, head: TreeHead) -> dict[str, Any]:
    """What a tree head's signature is over, in canonical JSON."""
    numbers = {"number": head.number, "statements": head.statements}
    return {
        "season": season.slug,
        "size": head.size,
        "root": bytes(head.root_hash).hex(),
        "signed_at": head.signed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    } | {name: value for name, value in numbers.items() if value is not None}


def leaves_of(season: Season, size: int | None = None) -> list[bytes]:
    """The hashes of the first leaves of a ledger, or of all."""
    entries = LedgerEntry.objects.filter(season=season).order_by("index")
    if size is not None:
        entries = entries.filter(index__lt=size)
    return [bytes(leaf) for leaf in entries.values_list("leaf_hash", flat=True).iterator(CHUNK)]


def _become_sequencer(season: Season) -> None:
    """Wait until nobody else appends to this season's ledger; held to the end of the transaction."""
    advisory_locks.wait_for(AdvisoryLock.LEDGER, season.pk)


def _store(season: Season, start: int, entries: Sequence[Entry]) -> None:
    recorded = LedgerEntry.objects.filter(season=season).aggregate(last=Max("index"))["last"]
    if start != (0 if recorded is None else recorded + 1):
        raise RuntimeError(f"The ledger of “{season.slug}” does not end where its last tree head says.")
    copy = "COPY surveys_ledgerentry (season_id, index, kind, leaf_hash, statement) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(copy) as rows:
        for index, (kind, leaf, statement) in enumerate(entries, start):
            rows.write_row((season.pk, index, kind.value, leaf, json.dumps(statement) if statement else None))


def _sign(season: Season, frontier: Frontier) -> TreeHead:
    key = keys.signing_key()
    head = TreeHead(
        season=season,
        number=TreeHead.objects.filter(season=season).count() + 1,
        size=frontier.size,
        statements=LedgerEntry.objects.filter(season=season).statements().count(),
        root_hash=frontier.root(),
        frontier=frontier.to_bytes(),
        signed_at=timezone.now().replace(microsecond=0),
        public_key=key.public_key().public_bytes_raw(),
    )
    statement = head_statement(season, head)
    head.signature = key.sign(canonical_json(statement))
    head.save(force_insert=True)
    transaction.on_commit(partial(keys.witness, season, statement), robust=True)  # a full disk undoes no vote
    return head
