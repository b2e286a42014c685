"""What the public record holds: ledger documents, receipts with their proofs, opened ballots."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from surveys import keys, ledger, papers, quarantine, write_ins
from surveys.choices import in_words
from surveys.merkle import inclusion_proof
from surveys.models import AwardCategory, Ballot, LedgerEntry, Season, TreeHead
from surveys.tallying import written

HEADS_SHOWN = 20
# The rules on a ballot paper: what a reader calls each, and the methods it is about (all of them where none is named).
RULES = {
    "overvote": ("A rank with two names", ["irv"]),
    "duplicate": ("The same name at a second rank", ["irv"]),
    "max_skips": ("Empty ranks in a row before a ballot ends", ["irv"]),
    "max_ranks": ("Ranks counted", ["irv", "schulze"]),
    "unranked": ("Nominees that a ballot does not rank", ["schulze"]),
    "write_ins": ("Write-ins", ["irv"]),
    "ties": ("Ties", []),
}


Kind = LedgerEntry.Kind
# Statements of which the page shows each. Of those on ballots there may be a hundred thousand: they are counted.
SHOWN_ONE_BY_ONE = [Kind.PAPER, Kind.MOVED, Kind.WITHDRAWAL, Kind.RULING]


def ledger_page(season: Season) -> dict[str, Any]:
    heads = list(TreeHead.objects.filter(season=season)[:HEADS_SHOWN])
    said = LedgerEntry.objects.filter(season=season, kind__in=SHOWN_ONE_BY_ONE).order_by("index")
    statements = list(said)
    released = list(season.categories.released().select_related("tally", "season"))
    return {
        "season": season,
        "head": heads[0] if heads else None,
        "heads": [head_document(head) for head in heads],
        "key": keys.public_key(),
        "paper": next((_paper_page(each) for each in statements if each.kind == Kind.PAPER), None),
        "decisions": quarantine.decisions(season),
        "integrity": season.integrity,
        "withdrawals": _withdrawals(season, statements),
        "moves": _moves(statements),
        "rulings": _rulings(released, statements),
        "is_opened": bool(released),
        "reconciliations": [{"category": category, **category.tally.reconciliation} for category in released],
    }


def review_document(season: Season) -> dict[str, Any]:
    """What the signals of stuffing were, and what was decided, for machines."""
    lines = season.categories.released().select_related("tally")
    return {
        "season": season.slug,
        "signals": season.integrity,
        "decisions": quarantine.decisions(season),
        "ballots": {category.slug: category.tally.reconciliation for category in lines},
    }


def _paper_page(entry: LedgerEntry) -> dict[str, Any]:
    """The sealed ballot paper for readers."""
    paper = (entry.statement or {})["paper"]
    categories = [
        each | {"method": AwardCategory.Method(each["method"]).label, "rules": _rules_in_words(each)}
        for each in paper["categories"]
    ]
    return {"receipt": entry.receipt, "lot": paper["lot"], "categories": categories, "jury": paper.get("jury", [])}


def _rulings(released: list[AwardCategory], statements: list[LedgerEntry]) -> list[dict[str, Any]]:
    """What was decided on names that were written in, in the released categories; a text only where it is published."""
    titles = {category.slug: category.title for category in released}
    rulings = [entry.statement for entry in statements if entry.kind == Kind.RULING]
    said = [ruling for ruling in rulings if ruling and ruling["category"] in titles]
    return [each["ruling"] | {"category": titles[each["category"]]} for each in said]


def _withdrawals(season: Season, statements: list[LedgerEntry]) -> list[dict[str, Any]]:
    """Who withdrew, under the names on the paper."""
    categories = (papers.sealed(season) or {"categories": []})["categories"]
    names = {(each["slug"], nominee["slug"]): nominee["name"] for each in categories for nominee in each["nominees"]}
    titles = {each["slug"]: each["title"] for each in categories}
    return [
        said
        | {
            "category": titles.get(said["category"], said["category"]),
            "name": names.get((said["category"], said["withdraw"]), said["withdraw"]),
        }
        for entry in statements
        if entry.kind == Kind.WITHDRAWAL and (said := entry.statement)
    ]


def _moves(statements: list[LedgerEntry]) -> list[dict[str, Any]]:
    """How the times of the vote were moved while it was set or open."""
    labels = {name: Season._meta.get_field(name).verbose_name for name in papers.TIMES}  # type: ignore[union-attr]
    return [
        {"what": labels[name], "from": _moment(step["from"]), "to": _moment(step["to"]), "at": _moment(move["at"])}
        for move in (entry.statement for entry in statements if entry.kind == Kind.MOVED)
        if move
        for name, step in move["moved"].items()
    ]


def _moment(told: str) -> datetime:
    return datetime.fromisoformat(told)


def _rules_in_words(category: dict[str, Any]) -> list[str]:
    """The rules that matter to a category's method, a sentence each."""
    found = _ballots_in_words(category)
    for name, (words, methods) in RULES.items():
        if not methods or category["method"] in methods:
            value = category["rules"][name]
            choices = dict(AwardCategory._meta.get_field(name).choices or ())  # type: ignore[union-attr]
            found.append(
                f"{words} {choices[value]}." if choices else f"{words}: {'any number' if value is None else value}."
            )
    return found


def ledger_document(season: Season) -> dict[str, Any]:
    """The whole ledger for machines; hashes, keys and signatures as hex."""
    entries = (
        LedgerEntry.objects.filter(season=season)
        .order_by("index")
        .values_list("index", "leaf_hash", "kind", "statement")
    )
    leaves: list[str] = []
    statements: dict[str, Any] = {}
    rulings: dict[str, Any] = {}
    released = set(season.categories.released().values_list("slug", flat=True))
    for index, leaf, kind, statement in entries.iterator(ledger.CHUNK):
        leaves.append(bytes(leaf).hex())
        if kind != Kind.RULING and statement:
            statements[str(index)] = statement
        elif statement and statement["category"] in released:
            rulings[str(index)] = statement
    heads = TreeHead.objects.filter(season=season).order_by("size")
    return {
        "season": season.slug,
        "imported": season.is_imported,
        "leaves": leaves,
        "statements": statements,
        "rulings": rulings,
        "heads": [head_document(head) for head in heads],
    }


def head_document(head: TreeHead) -> dict[str, Any]:
    return {
        "number": head.number,
        "size": head.size,
        "statements": head.statements,
        "root": bytes(head.root_hash).hex(),
        "signed_at": head.signed_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "signature": bytes(head.signature).hex(),
        "public_key": bytes(head.public_key).hex(),
    }


def opened_ballots(season: Season) -> Iterator[tuple[Any, ...]]:
    """Index, receipt, category, choice, nonce, state, reason, weight and side of every ballot of the released categories."""
    indexes = {
        bytes(leaf): index
        for leaf, index in LedgerEntry.objects.filter(season=season).values_list("leaf_hash", "index").iterator()
    }
    ballots = Ballot.objects.filter(category__season=season, category__released_at__isnull=False, unsealed__isnull=True)
    rows = [
        (
            indexes[bytes(leaf)],
            bytes(leaf).hex(),
            category,
            choice,
            bytes(nonce).hex(),
            state,
            reason,
            "" if weight is None else written(weight),
            "1" if is_jury else "",
        )
        for category, choice, nonce, leaf, state, reason, weight, is_jury in ballots.values_list(
            "category__slug", "choice", "nonce", "leaf_hash", "state", "reason", "weight", "is_jury"
        ).iterator(ledger.CHUNK)
    ]
    yield from sorted(rows, key=lambda row: row[0])


def receipt_page(leaf: bytes) -> dict[str, Any] | None:
    """A receipt's place; None where nobody has it. It tells no choice and no category before the release."""
    entry = LedgerEntry.objects.filter(leaf_hash=leaf).select_related("season").first()
    ballot = Ballot.objects.filter(leaf_hash=leaf).select_related("category__season").first()
    season = entry.season if entry else ballot.category.season if ballot else None
    if season is None or not season.is_public:
        return None
    context: dict[str, Any] = {"receipt": leaf.hex(), "season": season, "entry": entry, "key": keys.public_key()}
    if ballot and ballot.state != Ballot.State.CAST:
        context["stand"] = {"label": ballot.get_state_display(), "reason": ballot.reason}
    context["statement"] = open_statement(entry)
    if ballot and ballot.category.is_released:
        context |= {"ballot": ballot, "choice": _in_words(ballot)}
    if entry and (head := ledger.latest_head(season)):
        path = inclusion_proof(ledger.leaves_of(season, head.size), entry.index)
        context |= {"head": head_document(head), "path": [step.hex() for step in path]}
    return context


def _ballots_in_words(category: dict[str, Any]) -> list[str]:
    """What a category's ballots can hold, and what its jury weighs."""
    jury = category.get("jury")
    said = {
        f"Choices: up to {category.get('most')}.": category.get("most"),
        f"Points: from 0 to {category.get('scale')}.": category.get("scale"),
        "Voters can write in another.": category["write_in"],
        "“None of them” takes part like a nominee.": category.get("none"),
        f"The jury weighs {jury['weight']} %, if {jury['quorum']} of it vote or more." if jury else "": jury,
    }
    return [words for words, holds in said.items() if holds]


def open_statement(entry: LedgerEntry | None) -> dict[str, Any] | None:
    """What a leaf says, if it is for everybody to read: before the release, a decision looks like a ballot."""
    if entry is None or entry.statement is None:
        return None
    if entry.kind == Kind.RULING:
        released = entry.season.categories.released().filter(slug=entry.statement["category"])
        return entry.statement if released.exists() else None
    return dict(entry.statement)


def _in_words(ballot: Ballot) -> list[str]:
    names = {nominee.slug: nominee.name for nominee in papers.nominees_of(ballot.category)}
    names |= dict.fromkeys(write_ins.hidden_in(ballot.choice), write_ins.NOT_PUBLISHED)  # where nothing was decided
    names |= write_ins.in_public(ballot.category)
    return in_words(ballot.choice, names)
