"""Bringing in the ballots of an election that was held elsewhere, as a season marked as imported.

Ballots are sealed into a ledger of their own on the day they come in: it shows that nothing changed since, not that they
were collected as they should be. Then they are counted and released by the same functions as our own.
"""

import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from core.lib.slugs import slug_of
from surveys import ledger, papers, release
from surveys.choices import ChoiceRefused, tidied
from surveys.models import AwardCategory, LedgerEntry, Nominee, Season
from surveys.seasons import nominee_slug
from surveys.tallying import OVERVOTE, UNDERVOTE, WRITE_IN, Rules

MARKS = (WRITE_IN, OVERVOTE, UNDERVOTE)


class ImportRefused(ValueError):
    """The ballots cannot be brought in as they are; the text says what is wrong and where."""


@dataclass
class ImportedCategory:
    """One question with its ballots: pairs of an identifier and a choice that names nominees (or one of MARKS).

    Nominees are `{"name", "slug" (else made from the name), "description", "url"}`; `withdrawn` has the names of those who
    take no part in the count, and `weights` the ballots, by identifier, that count other than once.
    """

    title: str
    nominees: list[Mapping[str, str]]
    ballots: Iterable[tuple[str, Any]]
    slug: str = ""
    description: str = ""
    method: str = "plurality"
    rules: Rules = field(default_factory=Rules)
    withdrawn: Collection[str] = ()
    weights: Mapping[str, Decimal] = field(default_factory=dict)


@transaction.atomic
def import_season(
    *,
    title: str,
    slug: str,
    source: str,
    categories: Iterable[ImportedCategory],
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    released_at: datetime | None = None,
    archived: bool = False,
    withheld: bool = False,
    **texts: str,
) -> Season:
    """Store, seal, tally and release a finished season in one transaction. `texts` are further fields of Season.

    Readers see nothing of a withheld one until somebody shows it to them (seasons.show_imported).
    Raises ImportRefused when a ballot names a stranger or comes twice, and nothing is stored.
    """
    if Season.objects.filter(slug=slug).exists():
        raise ImportRefused(f"There is a season “{slug}” already.")
    times = {"opens_at": opens_at, "closes_at": closes_at, "closed_at": closes_at or timezone.now()}
    origin = {"is_imported": True, "imported_from": source[:200], "is_withheld": withheld}
    season = Season.objects.create(title=title, slug=slug, state=Season.State.CLOSED, **times, **origin, **texts)
    leaves: list[bytes] = []
    stored = [_store_category(season, place, imported, leaves) for place, imported in enumerate(categories)]
    papers.seal(season)
    ledger.append(season, [(LedgerEntry.Kind.CAST, leaf, None) for leaf in leaves])
    for nominee in (
        Nominee.objects.filter(category__in=stored).exclude(withdrawn_at=None).select_related("category__season")
    ):
        statement = papers.withdrawal_of(nominee, "Withdrawn in the file that was imported.")
        ledger.state(season, LedgerEntry.Kind.WITHDRAWAL, statement)
    for category in stored:
        release.tally(category)
    release.release_season(season)
    if released_at:
        Season.objects.filter(pk=season.pk).update(released_at=released_at)
        season.categories.update(released_at=released_at)
    if archived:
        Season.objects.filter(pk=season.pk).update(state=Season.State.ARCHIVED)
    season.refresh_from_db()
    return season


def choices_from_counts(counts: Mapping[str, int]) -> Iterable[tuple[str, list[list[str]]]]:
    """The ballots behind published plurality counts: as many equal ones as were counted."""
    for name, number in counts.items():
        for serial in range(number):
            yield f"{name}/{serial}", [[name]]


def _store_category(season: Season, place: int, imported: ImportedCategory, leaves: list[bytes]) -> AwardCategory:
    rules = imported.rules
    category = AwardCategory.objects.create(
        season=season,
        slug=imported.slug or slug_of(imported.title, limit=60) or "category",
        title=imported.title,
        description=imported.description,
        method=imported.method,
        overvote=rules.overvote,
        max_skips=rules.max_skips,
        max_ranks=rules.max_ranks,
        unranked=rules.unranked,
        duplicate=rules.duplicate,
        write_ins=rules.write_ins,
        ordering=place,
        closed_at=season.closed_at,
    )
    slugs = _store_nominees(category, imported)
    leaves += _store_ballots(category, imported, slugs)
    return category


def _store_nominees(category: AwardCategory, imported: ImportedCategory) -> dict[str, str]:
    """Make the nominees; return each one's slug by its name."""
    slugs = dict(zip(MARKS, MARKS, strict=True))
    rows = []
    for nominee in imported.nominees:
        name = nominee["name"]
        if name.casefold() in {known.casefold() for known in slugs}:
            raise ImportRefused(f"Two nominees are called “{name}”.")
        slugs[name] = nominee.get("slug") or nominee_slug(name, taken=slugs.values())
        rows.append(
            Nominee(
                category=category,
                name=name,
                slug=slugs[name],
                description=nominee.get("description", ""),
                url=nominee.get("url", ""),
                withdrawn_at=category.closed_at if name in imported.withdrawn else None,
            )
        )
    Nominee.objects.bulk_create(rows)
    return slugs


def _store_ballots(category: AwardCategory, imported: ImportedCategory, slugs: Mapping[str, str]) -> Iterable[bytes]:
    """Copy ballots in; return their leaves. Voters there are known by their ballots' identifiers alone."""
    copy = "COPY surveys_ballot (category_id, voter_key, choice, nonce, leaf_hash, weight, state, reason) FROM STDIN"
    leaves, seen = [], set[bytes]()
    with connection.cursor() as cursor, cursor.copy(copy) as rows:
        for identifier, named in imported.ballots:
            voter = sha256(f"imported\0{category.pk}\0{identifier}".encode()).digest()
            if voter in seen:
                raise ImportRefused(f"The ballot “{identifier}” comes twice.")
            seen.add(voter)
            choice, nonce = _by_slug(named, slugs, identifier), secrets.token_bytes(16)
            weight = imported.weights.get(identifier)
            leaf = ledger.ballot_leaf(category, choice, nonce, weight)
            leaves.append(leaf)
            rows.write_row((category.pk, voter, json.dumps(choice), nonce, leaf, weight, "cast", ""))
    return leaves


def _by_slug(named: Any, slugs: Mapping[str, str], identifier: str) -> Any:
    try:
        if isinstance(named, Mapping):
            return tidied({slugs[name]: points for name, points in named.items()})
        return tidied([[slugs[name] for name in rank] for rank in named])
    except ChoiceRefused as reason:
        raise ImportRefused(f"Ballot “{identifier}” cannot be read. {reason}") from None
    except KeyError as missing:
        raise ImportRefused(f"Ballot “{identifier}” names {missing}, who is not a nominee.") from None
