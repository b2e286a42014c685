"""Checking a ledger against its ballots, its paper, its signed heads and its tallies, from the stored rows.

Whoever can write to the database and signs with a key of their own is found by the key; whoever has ours too, by the heads
noted beside the peppers (surveys.keys) and by every copy that somebody downloaded.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db.models import Max, Min

from core.transitions import TransitionRefused
from surveys import keys, ledger, papers, release
from surveys.choices import WRITTEN
from surveys.merkle import Frontier, leaf_hash
from surveys.models import AwardCategory, Ballot, FormerTally, LedgerEntry, Season, Tally, TreeHead
from surveys.tallying import WRITE_IN, Outcome, UnknownChoice

Kind = LedgerEntry.Kind
SLACK = timedelta(minutes=1)  # between a statement and the head over it: it waits for its turn, and clocks differ


def problems(season: Season) -> Iterator[str]:
    """Everything that does not fit, a sentence each; nothing where all is well."""
    yield from _tree_problems(season)
    yield from _witness_problems(season)
    yield from _leaf_problems(season)
    yield from _statement_problems(season)
    yield from _paper_problems(season)
    yield from _jury_problems(season)
    yield from _ruling_problems(season)
    for category in season.categories.select_related("season", "tally").prefetch_related(
        "nominees", "tally__rows__nominee"
    ):
        category.season = season
        yield from _tally_problems(category)


def _tree_problems(season: Season) -> Iterator[str]:
    heads = {head.size: head for head in TreeHead.objects.filter(season=season)}
    frontier, statements, number = Frontier(), 0, 0
    entries = LedgerEntry.objects.filter(season=season).order_by("index").values_list("index", "leaf_hash", "kind")
    for index, leaf, kind in entries.iterator(ledger.CHUNK):
        if index != frontier.size:
            yield f"Entry {frontier.size} is missing."
            return
        frontier.append(bytes(leaf))
        statements += kind not in (Kind.CAST, Kind.RULING)
        if frontier.size in heads:
            number += 1
            yield from _head_problems(season, heads.pop(frontier.size), frontier, number, statements)
    if season.is_fixed and not frontier.size:
        yield "The ledger is empty."
    if frontier.size and not TreeHead.objects.filter(season=season, size=frontier.size).exists():
        yield f"The {frontier.size} entries have no tree head over all of them."
    for size in heads:
        if size:
            yield f"There is a tree head over {size} entries, but there are {frontier.size}."


def _head_problems(season: Season, head: TreeHead, frontier: Frontier, number: int, statements: int) -> Iterator[str]:
    if bytes(head.root_hash) != frontier.root():
        yield f"The root of the first {head.size} entries is not the one that was signed."
    if head.number not in (None, number):
        yield f"The tree head over {head.size} entries is number {head.number}, but {number - 1} are before it."
    if head.statements not in (None, statements):
        yield f"The tree head over {head.size} entries counts {head.statements} statements; there are {statements}."
    statement = ledger.canonical_json(ledger.head_statement(season, head))
    try:
        Ed25519PublicKey.from_public_bytes(bytes(head.public_key)).verify(bytes(head.signature), statement)
    except (InvalidSignature, ValueError):
        yield f"The signature of the tree head at {head.size} is not genuine."
    if bytes(head.public_key).hex() != keys.public_key():
        yield f"The tree head at {head.size} is signed with another key than this site's."


def _witness_problems(season: Season) -> Iterator[str]:
    """Every head that was noted as it was signed is still there, and the same."""
    kept = {head.size: ledger.head_statement(season, head) for head in TreeHead.objects.filter(season=season)}
    for noted in keys.witnessed(season):
        if noted != kept.get(noted["size"]):
            yield (
                f"The tree head signed over {noted['size']} entries at {noted['signed_at']} is gone or another "
                f"({keys.witness_path(season)})."
            )


def _leaf_problems(season: Season) -> Iterator[str]:
    """Every ballot hashes to its leaf, and ballots and leaves are the same set."""
    sealed = {
        bytes(leaf): kind
        for leaf, kind in LedgerEntry.objects.filter(season=season)
        .values_list("leaf_hash", "kind")
        .iterator(ledger.CHUNK)
    }
    found = Ballot.objects.filter(category__season=season)
    waiting = {bytes(leaf) for leaf in found.waiting().values_list("leaf_hash", flat=True)}
    ballots = found.values_list("category__slug", "choice", "nonce", "weight", "leaf_hash", "is_jury")
    for category, choice, nonce, weight, leaf, is_jury in ballots.iterator(ledger.CHUNK):
        opened = ledger.opening(
            season=season.slug, category=category, choice=choice, nonce=bytes(nonce), weight=weight, is_jury=is_jury
        )
        if leaf_hash(ledger.canonical_json(opened)) != bytes(leaf):
            yield f"A ballot in “{category}” does not hash to its receipt {bytes(leaf).hex()}."
        if bytes(leaf) not in waiting and sealed.pop(bytes(leaf), None) != Kind.CAST:
            yield f"The ballot {bytes(leaf).hex()} is not in the ledger."
    for leaf, kind in sealed.items():
        if kind == Kind.CAST:
            yield f"The entry {leaf.hex()} stands for no ballot."


def _statement_problems(season: Season) -> Iterator[str]:
    """Every statement hashes to its leaf; void ballots, withdrawn nominees and released results are what was stated."""
    stated: dict[str, list[Any]] = {kind: [] for kind in Kind}
    for entry in LedgerEntry.objects.filter(season=season).exclude(kind=Kind.CAST).order_by("index"):
        statement = entry.statement or {}
        stated[entry.kind].append(statement)
        if leaf_hash(ledger.canonical_json(statement)) != bytes(entry.leaf_hash):
            yield f"The entry {entry.receipt} is not the hash of its statement."
    yield from _review_problems(season)
    yield from _superseded_problems(season, [each.get("superseded") for each in stated[Kind.SUPERSEDED]])
    withdrawn = season.categories.filter(nominees__withdrawn_at__isnull=False)
    yield from _differences(
        "nominee {} has withdrawn",
        stated=[(each.get("category"), each.get("withdraw")) for each in stated[Kind.WITHDRAWAL]],
        stored=list(withdrawn.values_list("slug", "nominees__slug")),
    )
    made = {row.category.slug: row for row in Tally.objects.filter(category__season=season).select_related("category")}
    results = {each.get("result", {}).get("category"): each for each in stated[Kind.RESULT]}  # the last of each
    yield from _differences(
        "result of {} is released",
        stated=[(slug,) for slug in results],
        stored=list(season.categories.released().values_list("slug")),
    )
    told: set[str] = set()
    for entry in LedgerEntry.objects.filter(season=season, kind__in=[Kind.RULING, Kind.RESULT]).order_by("index"):
        statement = entry.statement or {}
        told |= {statement.get("result", {}).get("category")} if entry.kind == Kind.RESULT else set()
        if entry.kind == Kind.RULING and statement.get("category") in told:
            yield f"A write-in of “{statement['category']}” was decided on after its result."
    yield from _correction_problems(season, stated[Kind.RESULT])
    for slug in results.keys() & made.keys():
        made[slug].category.season = season
        published = {name: part for name, part in results[slug].items() if name not in ("corrects", "reason")}
        if published != release.statement_of(made[slug]):
            yield f"The tally of “{slug}” is not the one that was published in the ledger."


def _review_problems(season: Season) -> Iterator[str]:
    """What is held or void is what was said of it last; and of what is superseded, nothing more is said."""
    told: dict[Any, tuple[str, Any]] = {}
    superseded: set[Any] = set()
    kinds = [Kind.HELD, Kind.VOID, Kind.RESTORED, Kind.SUPERSEDED]
    said = LedgerEntry.objects.filter(season=season, kind__in=kinds).order_by("index")
    for kind, statement in said.values_list("kind", "statement"):
        receipt, reason = (statement or {}).get(kind), (statement or {}).get("reason")
        if receipt in superseded:
            yield f"The ledger says of “{receipt}” that it is {kind}, after it said that it is superseded."
        if kind == Kind.SUPERSEDED:
            superseded.add(receipt)
            continue
        before = told.get(receipt, (Kind.RESTORED, ""))[0]
        if before not in ledger.AFTER[Kind(kind)]:
            yield f"The ledger says of “{receipt}” that it is {kind}, after it said that it is {before}."
        told[receipt] = kind, reason
    stored = Ballot.objects.filter(category__season=season, state__in=[Ballot.State.QUARANTINED, Ballot.State.VOID])
    for kind, state, what in (
        (Kind.HELD, Ballot.State.QUARANTINED, "ballot {} is held"),
        (Kind.VOID, Ballot.State.VOID, "ballot {} is void"),
    ):
        yield from _differences(
            what,
            stated=[(receipt, reason) for receipt, (last, reason) in told.items() if last == kind],
            stored=[(ballot.receipt, ballot.reason) for ballot in stored if ballot.state == state],
        )


def _correction_problems(season: Season, stated: list[Any]) -> Iterator[str]:
    """Each result but a category's last is kept as a former one, and is named by the one that corrects it, with the reason."""
    kept = FormerTally.objects.filter(category__season=season).select_related("category").order_by("number")
    former: dict[str, list[FormerTally]] = {}
    for each in kept:
        former.setdefault(each.category.slug, []).append(each)
    told: dict[str, list[Any]] = {}
    for each in stated:
        told.setdefault(each.get("result", {}).get("category"), []).append(each)
    for slug in told.keys() | former.keys():
        said, stored = told.get(slug, []), former.get(slug, [])
        if [each.statement for each in stored] != said[:-1]:
            yield f"The former results of “{slug}” are not those that were published in the ledger."
        for earlier, later in pairwise(said):
            leaf = leaf_hash(ledger.canonical_json(earlier)).hex()
            if later.get("corrects") != leaf or not later.get("reason"):
                yield f"A result of “{slug}” does not say which it corrects, and why."
        if [each.reason for each in stored] != [each.get("reason") for each in said[1:]]:
            yield f"The ledger and the tables disagree on why the result of “{slug}” was corrected."


def _superseded_problems(season: Season, stated: list[Any]) -> Iterator[str]:
    """What is superseded is said with the next batch, at the close at the latest."""
    superseded = Ballot.objects.filter(category__season=season, state=Ballot.State.SUPERSEDED)
    stored = [
        (ballot.receipt,)
        for ballot in superseded.select_related("category")
        if ballot.category.closed_at or ballot.receipt in stated
    ]
    yield from _differences("ballot {} is superseded", stated=[(receipt,) for receipt in stated], stored=stored)


def _differences(what: str, *, stated: list[tuple[Any, ...]], stored: list[tuple[Any, ...]]) -> Iterator[str]:
    """What is said in the ledger and not in the tables, and the other way round; also what is said twice."""
    one, other = Counter(stated), Counter(stored)
    for each in one - other:
        yield f"The ledger says that the {what.format(_quoted(each))}, the tables do not."
    for each in other - one:
        yield f"The tables say that the {what.format(_quoted(each))}, the ledger does not."


def _quoted(parts: tuple[Any, ...]) -> str:
    return "“" + ", ".join(str(part) for part in parts) + "”"


def _paper_problems(season: Season) -> Iterator[str]:
    """What was put to the vote still is what was sealed when voting opened."""
    if not season.is_fixed:
        return
    sealed = papers.of(season)
    if sealed is None:
        yield "The first entry is no ballot paper: what was voted on is not sealed."
        return
    if LedgerEntry.objects.filter(season=season, kind=Kind.PAPER).count() > 1:
        yield "The ledger has more than one ballot paper."
    now = papers.statement_of(season, key=keys.public_key(), lot=sealed["lot"])
    found = now["paper"]
    yield from _time_problems(season, sealed)
    for part in sealed.keys() | found.keys():
        if part not in ("categories", "times") and sealed.get(part) != found.get(part):
            yield f"The season's {part} is not what its sealed paper has."
    lines = _lines(sealed), _lines(found)
    for place in sorted(lines[0].keys() | lines[1].keys()):
        if lines[0].get(place) != lines[1].get(place):
            yield f"“{place}” is not what the sealed paper has."


def _time_problems(season: Season, sealed: dict[str, Any]) -> Iterator[str]:
    """When voting opens and closes is what the paper says, or what it was moved to in the ledger, from where it was."""
    told: dict[str, str] = dict(sealed.get("times", {}))
    unreleased = {category["slug"] for category in sealed["categories"]}
    for entry in LedgerEntry.objects.filter(season=season, kind__in=[Kind.MOVED, Kind.RESULT]).order_by("index"):
        statement: dict[str, Any] = entry.statement or {}
        unreleased.discard(statement.get("result", {}).get("category"))
        if entry.kind == Kind.RESULT:
            continue
        at = statement.get("at", "")
        for name, step in statement.get("moved", {}).items():
            if name not in papers.TIMES or told.get(name, step["from"]) != step["from"]:
                yield f"The ledger moves the season's {name} from {step['from']}, where it was not."
            if at > step["from"] or step["to"] < at:
                yield f"The ledger moves the season's {name} when it was past, or into the past."
            told[name] = step["to"]
        if told.get("opens_at", "") >= told.get("closes_at", "9"):
            yield f"By the entry at {entry.index} the vote would close before it opens."
        if not unreleased:
            yield f"The entry at {entry.index} moves the season's times after all its results."
        yield from _said_at_problems(entry, at)
    now = papers.times_of(season) if told else {}
    for name, moment in told.items():
        if now.get(name) != moment:
            yield f"The season's {name} is {now.get(name)}; the ledger says {moment}."


def _said_at_problems(entry: LedgerEntry, at: str) -> Iterator[str]:
    """The time that a statement tells is between those at which the heads before it and over it were signed."""
    heads = TreeHead.objects.filter(season_id=entry.season_id)
    before = heads.filter(size__lte=entry.index).aggregate(last=Max("signed_at"))["last"]
    over = heads.filter(size__gt=entry.index).aggregate(first=Min("signed_at"))["first"]
    if (before and at < _spelled(before - SLACK)) or (over and at > _spelled(over + SLACK)):
        yield f"The entry at {entry.index} tells another time than the heads that were signed before it and over it."


def _spelled(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _jury_problems(season: Season) -> Iterator[str]:
    """A category has no more ballots of its jury than jurors; and while that can be told, each is a juror's."""
    jurors = list(season.jurors.all())
    can_tell = keys.has_pepper(season)
    known = {keys.juror_key(season, juror.user_id) for juror in jurors} if can_tell else set()
    for category in season.categories.all():
        ballots = category.ballots.filter(is_jury=True).exclude(state=Ballot.State.SUPERSEDED)
        standing = Counter(ballots.order_by().values_list("state", flat=True))
        recused = category.recusals.count()
        if standing[Ballot.State.CAST] > len(jurors) - recused or standing.total() > len(jurors):
            yield (
                f"“{category}” has {standing.total()} ballots of its jury, of which {standing[Ballot.State.CAST]} count; "
                f"the jury has {len(jurors)} members, and {recused} of them took no part."
            )
        voters = category.ballots.filter(is_jury=True).values_list("leaf_hash", "voter_key")
        for leaf, voter in voters if can_tell else ():
            if bytes(voter) not in known:
                yield f"The ballot {bytes(leaf).hex()} in “{category}” is the jury's, but no juror's."


def _ruling_problems(season: Season) -> Iterator[str]:
    """A text that is opened counts as a nominee, by the paper's name, or a name of its own; one that is withheld as neither."""
    paper = papers.of(season) or {"categories": []}
    names = {each["slug"]: {one["slug"]: one["name"] for one in each["nominees"]} for each in paper["categories"]}
    for entry in LedgerEntry.objects.filter(season=season, kind=Kind.RULING).order_by("index"):
        statement: dict[str, Any] = entry.statement or {}
        told, nominees = statement.get("ruling", {}), names.get(statement.get("category", ""), {})
        key = str(told.get("counts_as", ""))
        if "text" not in told:
            is_right = key == WRITE_IN and bool(told.get("reason"))
        else:
            is_right = told.get("name") == nominees[key] if key in nominees else key.startswith(WRITTEN)
        if not is_right:
            yield f"The decision on a write-in {entry.receipt} is for nobody it can be for, or under another name, or gives no reason."


def _lines(paper: dict[str, Any]) -> dict[str, Any]:
    """A paper's categories and nominees, each by where it stands."""
    found: dict[str, Any] = {}
    for category in paper["categories"]:
        found[category["slug"]] = {name: value for name, value in category.items() if name != "nominees"}
        found |= {f"{category['slug']}/{nominee['slug']}": nominee for nominee in category["nominees"]}
    return found


def _tally_problems(category: AwardCategory) -> Iterator[str]:
    made = getattr(category, "tally", None)
    if made is None:
        if category.is_released:
            yield f"“{category}” is released without a tally."
        return
    try:
        found = release.counted(category)
    except (TransitionRefused, UnknownChoice) as reason:
        yield f"“{category}” was tallied and could not be any more. {reason}"
        return
    if (made.method, made.rules_version) != (category.method, category.season.rules_version):
        yield f"“{category}” was tallied by another method or under other rules than it has."
    if made.reconciliation != release.reconciliation(category):
        yield f"“{category}”: the tally and its ballots disagree on where every ballot went."
    if {"ties": [], **made.detail} != release.detail_of(found.outcome, found.jury):
        yield f"“{category}”: the tally and its ballots disagree on rounds, pairs or ties, or on the jury's part."
    yield from _count_problems(category, made, found.outcome)


def _count_problems(category: AwardCategory, made: Tally, outcome: Outcome) -> Iterator[str]:
    counts, base = release.figures(outcome)
    if (made.ballots, made.base) != (outcome.ballots, base):
        yield f"“{category}” was tallied from {made.ballots} ballots; there are {outcome.ballots}."
    names = release.names_in(category) | {WRITE_IN: release.WRITE_IN_NAME}
    seen = set()
    for row in made.rows.all():
        slug = row.slug
        name = names.get(slug, "")
        seen.add(slug)
        place, number = outcome.ranking.get(slug), counts.get(slug, 0)
        if row.count != number:
            yield f"“{category}”: the tally gives {row.name} {row.count}, its ballots {number}."
        if row.rank != place:
            yield f"“{category}”: the tally puts {row.name} at {row.rank}, its ballots at {place}."
        if row.is_winner is not (slug in outcome.winners):
            yield f"“{category}”: the tally and its ballots disagree on whether {row.name} won."
        if row.name != name:
            yield f"“{category}”: the tally calls “{name}” “{row.name}”."
    for slug in (outcome.ranking.keys() | {WRITE_IN}) - seen:
        yield f"“{category}”: the tally has no row for {slug}."
