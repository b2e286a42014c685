"""Checking a ledger against its ballots, its signed heads and its tallies, from the stored rows alone."""

from collections.abc import Iterator

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from surveys import ledger, release
from surveys.merkle import Frontier, leaf_hash
from surveys.models import AwardCategory, Ballot, LedgerEntry, Season, TreeHead
from surveys.tallying import WRITE_IN


def problems(season: Season) -> Iterator[str]:
    """Everything that does not fit, a sentence each; nothing where all is well."""
    yield from _tree_problems(season)
    yield from _leaf_problems(season)
    for category in season.categories.select_related("season", "tally").prefetch_related("nominees", "tally__rows"):
        yield from _tally_problems(category)


def _tree_problems(season: Season) -> Iterator[str]:
    heads = {head.size: head for head in TreeHead.objects.filter(season=season)}
    frontier = Frontier()
    entries = LedgerEntry.objects.filter(season=season).order_by("index").values_list("index", "leaf_hash")
    for index, leaf in entries.iterator(ledger.CHUNK):
        if index != frontier.size:
            yield f"Entry {frontier.size} is missing."
            return
        frontier.append(bytes(leaf))
        if frontier.size in heads:
            yield from _head_problems(season, heads.pop(frontier.size), frontier)
    if frontier.size and (not TreeHead.objects.filter(season=season, size=frontier.size).exists()):
        yield f"The {frontier.size} entries have no tree head over all of them."
    for size in heads:
        if size:
            yield f"There is a tree head over {size} entries, but there are {frontier.size}."


def _head_problems(season: Season, head: TreeHead, frontier: Frontier) -> Iterator[str]:
    if bytes(head.root_hash) != frontier.root():
        yield f"The root of the first {head.size} entries is not the one that was signed."
    statement = ledger.head_statement(
        season=season.slug, size=head.size, root=bytes(head.root_hash), signed_at=head.signed_at
    )
    try:
        Ed25519PublicKey.from_public_bytes(bytes(head.public_key)).verify(bytes(head.signature), statement)
    except InvalidSignature:
        yield f"The signature of the tree head at {head.size} is not genuine."


def _leaf_problems(season: Season) -> Iterator[str]:
    """Every ballot hashes to its leaf, and ballots and leaves are the same set."""
    sealed: dict[bytes, str] = {}
    for leaf, kind, statement in (
        LedgerEntry.objects.filter(season=season).values_list("leaf_hash", "kind", "statement").iterator(ledger.CHUNK)
    ):
        sealed[bytes(leaf)] = kind
        if kind == LedgerEntry.Kind.VOID and leaf_hash(ledger.canonical_json(statement)) != bytes(leaf):
            yield f"The entry {bytes(leaf).hex()} is not the hash of its statement."
    found = Ballot.objects.filter(category__season=season)
    waiting = {bytes(leaf) for leaf in found.waiting().values_list("leaf_hash", flat=True)}
    ballots = found.values_list("category__slug", "choice", "nonce", "leaf_hash")
    for category, choice, nonce, leaf in ballots.iterator(ledger.CHUNK):
        opened = ledger.opening(season=season.slug, category=category, choice=choice, nonce=bytes(nonce))
        if leaf_hash(ledger.canonical_json(opened)) != bytes(leaf):
            yield f"A ballot in “{category}” does not hash to its receipt {bytes(leaf).hex()}."
        if bytes(leaf) not in waiting and sealed.pop(bytes(leaf), None) != LedgerEntry.Kind.CAST:
            yield f"The ballot {bytes(leaf).hex()} is not in the ledger."
    for leaf, kind in sealed.items():
        if kind == LedgerEntry.Kind.CAST:
            yield f"The entry {leaf.hex()} stands for no ballot."


def _tally_problems(category: AwardCategory) -> Iterator[str]:
    made = getattr(category, "tally", None)
    if made is None:
        return
    outcome = release.count(category)
    by_name = {nominee.pk: nominee.slug for nominee in category.nominees.all()}
    counts, base = release.figures(outcome)
    if (made.ballots, made.base) != (outcome.ballots, base):
        yield f"“{category}” was tallied from {made.ballots} ballots; there are {outcome.ballots}."
    for row in made.rows.all():
        slug = by_name.get(row.nominee_id, WRITE_IN)
        if row.count != counts.get(slug, 0):
            yield f"“{category}”: the tally gives {row.name} {row.count}, its ballots {counts.get(slug, 0)}."
        if row.is_winner is not (slug in outcome.winners):
            yield f"“{category}”: the tally and its ballots disagree on whether {row.name} won."
