"""Asking for a ballot: what a form says waits, encrypted, and a mail goes to the address that was typed, with the link to it.

No table of ours holds an address: it stands only in the row of the mail that goes to it, and the link in that mail leads to
a pending ballot, which surveys.ballots deletes as it casts it.

Many ask at once, so it is written for many: `take` does with a few statements and one commit what was asked of it
together. `request_ballot` does the same for one voter.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from core import proof_of_work, ratelimit
from core.lib import batches
from core.lib.networks import public_network_of
from core.lib.recordsets import recordset
from core.outbox import Letter, on_the_wire, queue_letters, queueing, ring
from surveys import addresses, ballots, keys, request_signals
from surveys.models import AwardCategory, BallotRules, PendingBallot, Season
from surveys.models.ballots import random_key
from surveys.request_signals import Asker

PURPOSE = "ballot"
PROOF = "ballot"  # what proofs of work are for
MAIL = "surveys.ballot"
LINK_LIFE = timedelta(days=2)
KEPT_AFTER_EXPIRY = timedelta(days=7)
MAILS_PER_HOUR = 5
REQUESTS_PER_NETWORK = 300
NETWORK_SECONDS = 600
LONGEST_DELAY = timedelta(hours=1)
UNPROVEN_WAIT = timedelta(minutes=10)
TIME_TO_CONFIRM = timedelta(hours=3)  # before the close, in which no mail is delayed

# What is asked for in categories that are all open, by the clock of the database; `{open}` are the keys of those that are.
_STORE_PENDING = """
    WITH asked AS (
        SELECT * FROM json_to_recordset(%s) AS asked(
            id bigint, season_id bigint, voter_key bytea, sealed_choices bytea, origins varchar[],
            due_at timestamptz, expires_at timestamptz, recipient text, categories bigint[]
        )
        WHERE NOT EXISTS (SELECT FROM unnest(categories) AS wanted WHERE wanted NOT IN ({open}))
    ), stored AS (
        INSERT INTO surveys_pendingballot (id, season_id, voter_key, sealed_choices, origins, expires_at)
        SELECT id, season_id, voter_key, sealed_choices, origins, expires_at FROM asked
        RETURNING id
    ), mailed AS ({queueing})
    SELECT id FROM stored
"""
_LETTERS = f"SELECT '{MAIL}', recipient, id, due_at FROM asked"


class Reply(Enum):
    """What a request for a ballot's link came to: never a refusal, for anybody can type a rival's voters' addresses."""

    MAILED = "the link is on its way"
    DELAYED = "the link comes later"
    HAS_LINKS = "the links mailed within the hour have to do: each opens the whole ballot"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a ballot's link. The choices are checked, and each in the one spelling that ballots hold."""

    season: Season
    chosen: Mapping[AwardCategory, Any]
    email: str
    ip: str = ""
    proof: str = ""

    @property
    def by_slug(self) -> dict[str, Any]:
        return {category.slug: choice for category, choice in self.chosen.items()}


@dataclass(frozen=True, slots=True)
class _Pending:
    """A pending ballot to be stored; without a `due_at`, no more of this voter's are."""

    asked: Asked
    voter: bytes
    sealed_choices: bytes
    origins: Sequence[str]
    due_at: datetime | None
    key: int = field(default_factory=random_key)

    @property
    def row(self) -> dict[str, Any]:
        due_at = self.due_at or timezone.now()
        return {
            "id": self.key,
            "season_id": self.asked.season.pk,
            "voter_key": self.voter,
            "sealed_choices": self.sealed_choices,
            "origins": self.origins,
            "due_at": due_at,
            "expires_at": due_at + LINK_LIFE,
            "recipient": on_the_wire(self.asked.email),
            "categories": [category.pk for category in self.asked.chosen],
        }


def request_ballot(*, season: Season, choices: Mapping[str, Any], email: str, ip: str = "", proof: str = "") -> Reply:
    """Store a voter's pending ballot and mail its link to the address. The mail says where it would replace an earlier vote.

    `choices` maps slugs of categories to choices (see Ballot). The caller answers the same whoever the address is.
    Raises NotOpen, ChoiceRefused, keys.PepperMissing.
    """
    return take_one(Asked(season, ballots.open_choices(season, choices), email, ip, proof))


def take_one(asked: Asked) -> Reply:
    """Take what one voter asked for. Raises NotOpen, keys.PepperMissing."""
    (reply,) = take([asked])
    if reply is None:
        raise ballots.NotOpen
    return reply


def take(
    requests: Sequence[Asked], *, note: Callable[[Sequence[Asker]], None] = request_signals.note
) -> list[Reply | None]:
    """Store what several voters asked for and have their links mailed; None for who chose in a category that has closed.

    `note` is told who asked. Raises keys.PepperMissing; then nothing is stored.
    """
    if not requests:
        return []
    peppers = {season: keys.pepper(season) for season in {asked.season for asked in requests}}
    voters = [peppers[asked.season].voter_key(addresses.canonical(asked.email)) for asked in requests]
    askers = [
        Asker(asked.season, asked.email, voter, public_network_of(asked.ip))
        for asked, voter in zip(requests, voters, strict=True)
    ]
    counts, is_proof_wanted = _counted(askers, BallotRules.kept())
    if is_proof_wanted:
        proven = [proof_of_work.spend(PROOF, asked.proof) for asked in requests]
        askers = [replace(asker, is_unproven=not proof) for asker, proof in zip(askers, proven, strict=True)]
    note(askers)
    pending = [
        _Pending(asked, asker.voter, pepper.seal(asked.by_slug), request_signals.origins(asker, pepper), due_at)
        for asked, asker, due_at in zip(requests, askers, _due(askers, counts), strict=True)
        if (pepper := peppers[asked.season])
    ]
    stored = _store_pending([each for each in pending if each.due_at])
    now = timezone.now()
    return [_reply(each.due_at, now) if each.key in stored or not each.due_at else None for each in pending]


def _reply(due_at: datetime | None, now: datetime) -> Reply:
    return Reply.HAS_LINKS if due_at is None else Reply.DELAYED if due_at > now else Reply.MAILED


def _store_pending(pending: Sequence[_Pending]) -> set[int]:
    """Store pending ballots with the mails that lead to them; return the keys of those that were."""
    if not pending:
        return set()
    statement, parameters = _store_statement()
    with connection.cursor() as cursor:
        cursor.execute(statement, [recordset(each.row for each in pending), *parameters])
        stored = {key for (key,) in cursor.fetchall()}
    ring()
    return stored


@cache
def _store_statement() -> tuple[str, tuple[Any, ...]]:
    open_ones, parameters = AwardCategory.objects.taking_ballots().order_by().values("pk").query.sql_with_params()
    return _STORE_PENDING.format(open=open_ones, queueing=queueing(_LETTERS)), parameters


def renew(pending: PendingBallot, *, email: str, ip: str = "") -> Reply:
    """Mail a new link for an expired one, if the address is the voter's; else nothing. Raises NotOpen."""
    season, chosen = pending.season, keys.open_choices(pending)
    if not any(category.slug in chosen for category in season.categories.taking_ballots()):
        raise ballots.NotOpen
    voter = keys.voter_key(season, addresses.canonical(email))
    askers = [Asker(season, email, voter, public_network_of(ip))]
    (due_at,) = _due(askers, _counted(askers)[0])
    if due_at and voter == bytes(pending.voter_key):
        with transaction.atomic():
            PendingBallot.objects.filter(pk=pending.pk).update(expires_at=due_at + LINK_LIFE)
            queue_letters(MAIL, [Letter(email, pending.pk, due_at)])
    return _reply(due_at, timezone.now())


Counts = list[
    tuple[int, int]
]  # for each who asks: how many asked for the address within the hour, and from the network


def _counted(askers: Sequence[Asker], rules: BallotRules | None = None) -> tuple[Counts, bool]:
    """Count who asks, and say how many did; and whether a proof of work is wanted of them by the rules, if there are any.

    A private or local address says nothing about who asks (a proxy stands in between), so it is not counted.
    """
    mails = [(f"ballot-mail|{asker.voter.hex()}", 3600) for asker in askers]
    networks = [(f"ballot-network|{asker.network}", NETWORK_SECONDS) for asker in askers if asker.network]
    asking = rules.events(len(askers)) if rules else []
    counts = ratelimit.count_all([*mails, *networks, *asking])
    of_network = iter(counts[len(mails) :])
    found = [(count, next(of_network) if asker.network else 0) for asker, count in zip(askers, counts, strict=False)]
    return found, rules is not None and rules.wants_proof_after(counts[-1])


def _due(askers: Sequence[Asker], counts: Counts) -> list[datetime | None]:
    """When to mail each a link. None: this address has had so many within the hour that one of those has to do.

    A limit delays mail and takes away no vote: every link opens the whole ballot. So does a proof of work that is wanted and
    missing, as from whoever has no JavaScript. Near the close, nothing is delayed.
    """
    now = timezone.now()
    return [_due_at(asker, now, *of_asker) for asker, of_asker in zip(askers, counts, strict=True)]


def _due_at(asker: Asker, now: datetime, mails: int, of_network: int) -> datetime | None:
    if mails > MAILS_PER_HOUR + 1:
        return None
    wait = LONGEST_DELAY if mails > MAILS_PER_HOUR else UNPROVEN_WAIT if asker.is_unproven else timedelta(0)
    windows = max(0, of_network - 1) // REQUESTS_PER_NETWORK
    wait = max(wait, min(windows * timedelta(seconds=NETWORK_SECONDS), LONGEST_DELAY))
    closes_at = asker.season.closes_at
    latest = closes_at - TIME_TO_CONFIRM if closes_at else now
    return max(now, min(now + wait, latest))


def delete_unconfirmed() -> int:
    """Delete what was never confirmed."""
    return batches.delete(PendingBallot.objects.filter(expires_at__lt=timezone.now() - KEPT_AFTER_EXPIRY))
