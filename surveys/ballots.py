"""From a form to a cast ballot: a pending ballot, a mail to the address that was typed, a confirmation by POST.

One address has one vote in each category, whatever its spelling: the last that is confirmed before the close. The
database says so (UNIQUE on category and voter key, but for what is superseded), and its clock decides whether a category
is open. No table of ours holds an address: it stands only in the row of the mail that goes to it, and the link in that
mail leads to a pending ballot which is deleted as it is cast.

Many vote at once, so both steps are written for many: `take` and `confirm_all` do with a few statements and one commit
what was asked of them together. `request_ballot` and `confirm` do the same for one voter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.models import Func
from django.utils import timezone
from psycopg.types.json import Jsonb

from core import ratelimit
from core.lib import batches
from core.lib.networks import public_network_of
from core.outbox import Letter, queue_letters
from surveys import addresses, keys, ledger, papers, request_signals, seasons
from surveys.choices import of_voter
from surveys.models import AwardCategory, Ballot, PendingBallot, Season
from surveys.models.ballots import random_key

PURPOSE = "ballot"
MAIL = "surveys.ballot"
LINK_LIFE = timedelta(days=2)
KEPT_AFTER_EXPIRY = timedelta(days=7)
APPEAL_WINDOW = timedelta(days=30)
VOTED_AGAIN = "its voter voted again"
_RANDOM_KEY = Func(template="sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))")
MAILS_PER_HOUR = 5
REQUESTS_PER_NETWORK = 300
NETWORK_SECONDS = 600
LONGEST_DELAY = timedelta(hours=1)
TIME_TO_CONFIRM = timedelta(hours=3)  # before the close, in which no mail is delayed

# What is asked for in categories that are all open, by the clock of the database; `{open}` are the keys of those that are.
_STORE_PENDING = """
    INSERT INTO surveys_pendingballot (id, season_id, voter_key, sealed_choices, expires_at)
    SELECT id, season_id, voter_key, sealed_choices, expires_at
    FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[], %s::timestamptz[], %s::text[])
        AS asked(id, season_id, voter_key, sealed_choices, expires_at, categories)
    WHERE NOT EXISTS (SELECT FROM unnest(categories::bigint[]) AS wanted WHERE wanted NOT IN ({open}))
    RETURNING id
"""
# The INSERT looks at what the UPDATE did, so that this comes first, and finds the place of what is superseded free.
_STORE = """
    WITH new AS (
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::jsonb[], %s::bytea[], %s::bytea[])
            AS new(id, category_id, voter_key, choice, nonce, leaf_hash)
    ), replaced AS (
        UPDATE surveys_ballot AS earlier SET state = 'superseded', reason = %s FROM new
        WHERE (earlier.category_id, earlier.voter_key) = (new.category_id, new.voter_key) AND earlier.state = 'cast'
        RETURNING earlier.category_id, earlier.voter_key
    ), stored AS (
        INSERT INTO surveys_ballot (id, category_id, voter_key, choice, nonce, leaf_hash, state, reason)
        SELECT new.*, 'cast', '' FROM new WHERE (SELECT count(*) FROM replaced) IS NOT NULL
        ON CONFLICT DO NOTHING
        RETURNING id, category_id, voter_key
    ), waiting AS (INSERT INTO surveys_unsealedballot (ballot_id) SELECT id FROM stored)
    SELECT category_id, voter_key, true FROM stored UNION ALL SELECT category_id, voter_key, false FROM replaced
"""


Place = tuple[int, bytes]  # a category and a voter: the database has room there for one ballot that counts


class NotOpen(Exception):
    """None of the chosen categories is open for voting."""


class Reply(Enum):
    """What a request for a ballot's link came to: never a refusal, for anybody can type a rival's voters' addresses."""

    MAILED = "the link is on its way"
    DELAYED = "the link comes later"
    HAS_LINKS = "the links mailed within the hour have to do: each opens the whole ballot"


class LinkUsed(Exception):
    """The link's ballot is gone: it was cast, or it expired long ago."""


@dataclass(frozen=True)
class Casting:
    """What confirming came to. Receipts are the hex of the leaves."""

    season: Season
    cast: list[tuple[AwardCategory, str]] = field(default_factory=list)
    replaced: list[AwardCategory] = field(default_factory=list)  # an earlier vote of the same voter
    standing: list[AwardCategory] = field(default_factory=list)  # an earlier one is held or void, and stays so
    superseded: list[AwardCategory] = field(default_factory=list)  # by a later one
    closed: list[AwardCategory] = field(default_factory=list)
    again: bool = False


Outcome = Casting | NotOpen | LinkUsed


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a ballot's link. The choices are checked, and each in the one spelling that ballots hold."""

    season: Season
    chosen: Mapping[AwardCategory, Any]
    email: str
    ip: str = ""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A pending ballot to be stored; without a `due_at`, no more of this voter's are."""

    asked: Asked
    voter: bytes
    due_at: datetime | None
    key: int = field(default_factory=random_key)

    @property
    def row(self) -> tuple[Any, ...]:
        season, chosen = self.asked.season, self.asked.chosen
        sealed = keys.seal_choices(season, {category.slug: choice for category, choice in chosen.items()})
        categories = ",".join(str(category.pk) for category in chosen)
        return self.key, season.pk, self.voter, sealed, self.due_at + LINK_LIFE, f"{{{categories}}}"  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class _Cast:
    """A pending ballot that is confirmed, and the ballots it becomes."""

    pending: PendingBallot
    ballots: list[Ballot]
    closed: list[AwardCategory]

    def casting(self, stored: set[Place], replaced: set[Place]) -> Casting:
        places = [(ballot, (ballot.category_id, bytes(ballot.voter_key))) for ballot in self.ballots]
        return Casting(
            self.pending.season,
            cast=[(ballot.category, ballot.receipt) for ballot, place in places if place in stored],
            replaced=[ballot.category for ballot, place in places if place in replaced],
            standing=[ballot.category for ballot, place in places if place not in stored],
            closed=self.closed,
        )


# Asking for a link


def request_ballot(*, season: Season, choices: Mapping[str, Any], email: str, ip: str = "") -> Reply:
    """Store a voter's pending ballot and mail its link to the address. The mail says where it would replace an earlier vote.

    `choices` maps slugs of categories to choices (see Ballot). The caller answers the same whoever the address is.
    Raises NotOpen, ChoiceRefused, keys.PepperMissing.
    """
    return take_one(Asked(season, _open_choices(season, choices), email, ip))


def take_one(asked: Asked) -> Reply:
    """Take what one voter asked for. Raises NotOpen, keys.PepperMissing."""
    (reply,) = take([asked])
    if reply is None:
        raise NotOpen
    return reply


def take(requests: Sequence[Asked]) -> list[Reply | None]:
    """Store what several voters asked for and have their links mailed; None for who chose in a category that has closed.

    Raises keys.PepperMissing; then nothing is stored.
    """
    voters = [keys.voter_key(asked.season, addresses.canonical(asked.email)) for asked in requests]
    pairs = list(zip(requests, voters, strict=True))
    request_signals.note([request_signals.Asker(asked.season, asked.email, voter, asked.ip) for asked, voter in pairs])
    due = _due([(asked.season, voter, asked.ip) for asked, voter in pairs])
    pending = [_Pending(*pair, due_at) for pair, due_at in zip(pairs, due, strict=True)]
    with transaction.atomic():
        stored = _store_pending([each for each in pending if each.due_at])
        mailed = [(each, each.due_at) for each in pending if each.due_at and each.key in stored]
        queue_letters(MAIL, [Letter(each.asked.email, each.key, due_at) for each, due_at in mailed])
    now = timezone.now()
    return [_reply(each.due_at, now) if each.key in stored or not each.due_at else None for each in pending]


def _reply(due_at: datetime | None, now: datetime) -> Reply:
    return Reply.HAS_LINKS if due_at is None else Reply.DELAYED if due_at > now else Reply.MAILED


def _store_pending(pending: Sequence[_Pending]) -> set[int]:
    """Store pending ballots; return the keys of those that were."""
    open_ones, parameters = _open_now()
    columns = list(zip(*(each.row for each in pending), strict=True)) or [()] * 6
    with connection.cursor() as cursor:
        cursor.execute(_STORE_PENDING.format(open=open_ones), [*map(list, columns), *parameters])
        return {key for (key,) in cursor.fetchall()}


@cache
def _open_now() -> tuple[str, tuple[Any, ...]]:
    """The query for the keys of the categories that are open."""
    return AwardCategory.objects.taking_ballots().order_by().values("pk").query.sql_with_params()


def _open_choices(season: Season, choices: Mapping[str, Any]) -> dict[AwardCategory, Any]:
    """What was chosen in the categories that are open now. Raises NotOpen, ChoiceRefused."""
    categories = season.categories.taking_ballots().filter(slug__in=choices).prefetch_related("nominees")
    chosen = {each: of_voter(choices[each.slug], papers.question_of(each)) for each in categories}
    if not chosen:
        raise NotOpen
    return chosen


def renew(pending: PendingBallot, *, email: str, ip: str = "") -> Reply:
    """Mail a new link for an expired one, if the address is the voter's; else nothing. Raises NotOpen."""
    season, chosen = pending.season, keys.open_choices(pending)
    if not any(category.slug in chosen for category in season.categories.taking_ballots()):
        raise NotOpen
    voter = keys.voter_key(season, addresses.canonical(email))
    (due_at,) = _due([(season, voter, ip)])
    if due_at and voter == bytes(pending.voter_key):
        with transaction.atomic():
            PendingBallot.objects.filter(pk=pending.pk).update(expires_at=due_at + LINK_LIFE)
            queue_letters(MAIL, [Letter(email, pending.pk, due_at)])
    return _reply(due_at, timezone.now())


def _due(askers: Sequence[tuple[Season, bytes, str]]) -> list[datetime | None]:
    """When to mail each a link. None: this address has had so many within the hour that one of those has to do.

    A limit delays mail and takes away no vote: every link opens the whole ballot. Near the close, nothing is delayed.
    A private or local address says nothing about who asks (a proxy stands in between), so it is not counted.
    """
    now, networks = timezone.now(), [public_network_of(ip) for *_, ip in askers]
    mails = [(f"ballot-mail|{voter.hex()}", 3600) for _, voter, _ in askers]
    requests = [(f"ballot-network|{network}", NETWORK_SECONDS) for network in networks if network]
    counts = ratelimit.count_all([*mails, *requests])
    of_network = iter(counts[len(mails) :])
    return [
        _due_at(season, now, count, next(of_network) if network else 0)
        for (season, *_), count, network in zip(askers, counts, networks, strict=False)
    ]


def _due_at(season: Season, now: datetime, mails: int, of_network: int) -> datetime | None:
    if mails > MAILS_PER_HOUR + 1:
        return None
    wait = LONGEST_DELAY if mails > MAILS_PER_HOUR else timedelta(0)
    windows = max(0, of_network - 1) // REQUESTS_PER_NETWORK
    wait = max(wait, min(windows * timedelta(seconds=NETWORK_SECONDS), LONGEST_DELAY))
    latest = season.closes_at - TIME_TO_CONFIRM if season.closes_at else now
    return max(now, min(now + wait, latest))


# Casting


def confirm(*, season: Season, pending_id: int, instead: Mapping[str, Any] | None = None) -> Casting:
    """Cast a pending ballot, with the choices `instead` of those it came with, if there are any.

    Confirming again gives the same receipts. Raises NotOpen, ChoiceRefused, LinkUsed, keys.PepperMissing.
    """
    changed = {pending_id: _open_choices(season, instead)} if instead is not None else {}
    (outcome,) = confirm_all(season, [pending_id], changed)
    return _raised(outcome)


def _raised(outcome: Outcome) -> Casting:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@transaction.atomic
def confirm_all(
    season: Season, pending_ids: Sequence[int], changed: Mapping[int, Mapping[AwardCategory, Any]] | None = None
) -> list[Outcome]:
    """Cast the pending ballots of a season in the order in which they were confirmed; what each confirmation came to.

    `changed` has the checked choices that take the place of those a ballot came with. Raises keys.PepperMissing; then
    nothing is cast.
    """
    seasons.hold_open(season)
    waiting = season.pending_ballots.select_for_update().order_by("pk").in_bulk(set(pending_ids))
    open_ones = set(season.categories.taking_ballots().values_list("pk", flat=True))
    casts, outcomes = [], dict[int, Outcome]()
    for pending in [waiting[key] for key in dict.fromkeys(pending_ids) if key in waiting]:
        pending.season = season
        chosen = (changed or {}).get(pending.pk) or _chosen(pending)
        ballots = [_ballot(pending, *each) for each in chosen.items() if each[0].pk in open_ones]
        if ballots:
            casts.append(_Cast(pending, ballots, [category for category in chosen if category.pk not in open_ones]))
        else:
            outcomes[pending.pk] = NotOpen()
    outcomes |= _cast_all(casts)
    outcomes |= earlier_castings(season, [key for key in dict.fromkeys(pending_ids) if key not in outcomes])
    return [
        _again(outcomes[key]) if key in pending_ids[:place] else outcomes[key] for place, key in enumerate(pending_ids)
    ]


def _again(outcome: Outcome) -> Outcome:
    """What whoever clicks twice is told the second time."""
    if isinstance(outcome, Casting):
        return Casting(outcome.season, cast=outcome.cast, again=True) if outcome.cast else LinkUsed()
    return outcome


def _chosen(pending: PendingBallot) -> dict[AwardCategory, Any]:
    choices = keys.open_choices(pending)
    return {
        category: choices[category.slug] for category in pending.season.categories.all() if category.slug in choices
    }


def _ballot(pending: PendingBallot, category: AwardCategory, choice: Any) -> Ballot:
    nonce = keys.ballot_nonce(pending.season, pending.pk, category.pk)
    return Ballot(
        category=category,
        voter_key=bytes(pending.voter_key),
        choice=choice,
        nonce=nonce,
        leaf_hash=ledger.ballot_leaf(category, choice, nonce),
    )


def _cast_all(casts: Sequence[_Cast]) -> dict[int, Outcome]:
    """Cast ballots and delete those they were pending as. Of one voter's, each supersedes the one before."""
    outcomes, left = dict[int, Outcome](), list(casts)
    while left:
        turn = {bytes(each.pending.voter_key): each for each in reversed(left)}  # the first of each voter
        stored, replaced = _store([ballot for each in turn.values() for ballot in each.ballots])
        outcomes |= {each.pending.pk: each.casting(stored, replaced) for each in turn.values()}
        left = [each for each in left if each.pending.pk not in outcomes]
    if outcomes:
        PendingBallot.objects.filter(pk__in=list(outcomes)).delete()
    return outcomes


def _store(ballots: Iterable[Ballot]) -> tuple[set[Place], set[Place]]:
    """Store ballots in place of their voters' earlier ones; return where one was stored, and where one was superseded.

    Where another link of the same voter is being confirmed at once, the first try waits for that, and the second one
    supersedes what it cast. The rows are in an order that tells nothing of that of casting.
    """
    left = {(each.category_id, bytes(each.voter_key)): each for each in ballots}
    stored, replaced = set[Place](), set[Place]()
    for _ in range(2):
        columns = zip(*(_row(left[place]) for place in sorted(left)), strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_STORE, [*map(list, columns), VOTED_AGAIN])
            for category, voter, is_stored in cursor.fetchall():
                (stored if is_stored else replaced).add((category, bytes(voter)))
        left = {place: ballot for place, ballot in left.items() if place not in stored}
        if not left:
            break
    return stored, replaced


def _row(ballot: Ballot) -> tuple[Any, ...]:
    return ballot.pk, ballot.category_id, ballot.voter_key, Jsonb(ballot.choice), ballot.nonce, ballot.leaf_hash


def voted_in(season: Season, voter: bytes) -> list[AwardCategory]:
    """The categories in which a voter's vote stands, and would be replaced by another."""
    ballots = Ballot.objects.counted().filter(category__season=season, voter_key=voter)
    return list(season.categories.filter(pk__in=ballots.values("category")))


def earlier_casting(season: Season, pending_id: int) -> Casting:
    """What an earlier confirmation of the same link came to. Raises LinkUsed, keys.PepperMissing."""
    return _raised(earlier_castings(season, [pending_id])[pending_id])


def earlier_castings(season: Season, pending_ids: Sequence[int]) -> dict[int, Outcome]:
    """What earlier confirmations of the same links came to. Raises keys.PepperMissing."""
    if not pending_ids:
        return {}
    if season.released_at and not keys.has_pepper(season):  # the appeal window is over
        return {key: LinkUsed() for key in pending_ids}  # and with it the way from links to ballots
    categories = list(season.categories.all())
    nonces = {
        keys.ballot_nonce(season, key, category.pk): (key, category) for key in pending_ids for category in categories
    }
    found = Ballot.objects.filter(nonce__in=list(nonces)).only("nonce", "leaf_hash", "state")
    castings = {key: Casting(season, again=True) for key in pending_ids}
    for ballot in found:
        key, category = nonces[bytes(ballot.nonce)]
        castings[key].cast.append((category, ballot.receipt))
        if ballot.state == Ballot.State.SUPERSEDED:
            castings[key].superseded.append(category)
    return {key: casting if casting.cast else LinkUsed() for key, casting in castings.items()}


def delete_unconfirmed() -> int:
    """Delete what was never confirmed."""
    return batches.delete(PendingBallot.objects.filter(expires_at__lt=timezone.now() - KEPT_AFTER_EXPIRY))


def anonymise() -> int:
    """After the appeal window, cut the link from addresses to ballots for good; return how many ballots that were.

    Voter keys become random bytes, and then the pepper that made them is destroyed.
    """
    released = Season.objects.filter(released_at__lt=timezone.now() - APPEAL_WINDOW)
    return sum(batches.each(released, _anonymise))


def _anonymise(season: Season) -> int:
    if not keys.has_pepper(season):
        return 0  # it was done before
    with transaction.atomic():
        season.pending_ballots.all().delete()
        season.mailbox_names.all().delete()
        anonymised = Ballot.objects.filter(category__season=season).update(voter_key=_RANDOM_KEY)
    keys.destroy_pepper(season)
    return anonymised
