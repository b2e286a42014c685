"""From a form to a cast ballot: a pending ballot, a mail to the address that was typed, a confirmation by POST.

One address has one vote in each category, whatever its spelling: the last that is confirmed before the close. The
database says so (UNIQUE on category and voter key, but for what is superseded), and its clock decides whether a category
is open. No table of ours holds an address: it stands only in the row of the mail that goes to it, and the link in that
mail leads to a pending ballot which is deleted as it is cast.

Many vote at once, so both steps are written for many: `take` and `confirm_all` do with a few statements and one commit
what was asked of them together. `request_ballot` and `confirm` do the same for one voter.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
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
from core.outbox import Letter, on_the_wire, queue_letters, queueing, ring
from surveys import addresses, keys, ledger, papers, request_signals, seasons, write_ins
from surveys.choices import of_voter
from surveys.models import AwardCategory, Ballot, PendingBallot, Season, WriteIn
from surveys.models.ballots import random_key
from surveys.request_signals import Asker

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
    WITH asked AS (
        SELECT * FROM unnest(
            %s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[], %s::text[],
            %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[]
        ) AS asked(id, season_id, voter_key, sealed_choices, origins, due_at, expires_at, recipient, categories)
        WHERE NOT EXISTS (SELECT FROM unnest(categories::bigint[]) AS wanted WHERE wanted NOT IN ({open}))
    ), stored AS (
        INSERT INTO surveys_pendingballot (id, season_id, voter_key, sealed_choices, origins, expires_at)
        SELECT id, season_id, voter_key, sealed_choices, origins::varchar[], expires_at FROM asked
        RETURNING id
    ), mailed AS ({queueing})
    SELECT id FROM stored
"""
_LETTERS = f"SELECT '{MAIL}', recipient, id, due_at FROM asked"
# The INSERT looks at what the UPDATE did, so that this comes first, and finds the place of what is superseded free.
_STORE = """
    WITH new AS (
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::jsonb[], %s::bytea[], %s::bytea[], %s::text[])
            AS new(id, category_id, voter_key, choice, nonce, leaf_hash, origins)
    ), replaced AS (
        UPDATE surveys_ballot AS earlier SET state = 'superseded', reason = %s FROM new
        WHERE (earlier.category_id, earlier.voter_key) = (new.category_id, new.voter_key) AND earlier.state = 'cast'
        RETURNING earlier.category_id, earlier.voter_key
    ), stored AS (
        INSERT INTO surveys_ballot (id, category_id, voter_key, choice, nonce, leaf_hash, state, reason)
        SELECT id, category_id, voter_key, choice, nonce, leaf_hash, 'cast', '' FROM new
        WHERE (SELECT count(*) FROM replaced) IS NOT NULL
        ON CONFLICT DO NOTHING
        RETURNING id, category_id, voter_key
    ), waiting AS (
        INSERT INTO surveys_unsealedballot (ballot_id) SELECT id FROM stored
    ), origin AS (
        INSERT INTO surveys_ballotorigin (ballot_id, name)
        SELECT stored.id, name FROM stored JOIN new ON new.id = stored.id, unnest(new.origins::text[]) AS name
    ),
    gone AS (DELETE FROM surveys_pendingballot WHERE id = ANY(%s))
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
    def row(self) -> tuple[Any, ...]:
        asked, due_at = self.asked, self.due_at or timezone.now()
        categories = ",".join(str(category.pk) for category in asked.chosen)
        times = due_at, due_at + LINK_LIFE
        recipient = on_the_wire(asked.email)
        content = self.voter, self.sealed_choices, _array(self.origins)
        return self.key, asked.season.pk, *content, *times, recipient, f"{{{categories}}}"


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
    askers = [Asker(asked.season, asked.email, voter, asked.ip) for asked, voter in zip(requests, voters, strict=True)]
    note(askers)
    pending = [
        _Pending(asked, asker.voter, pepper.seal(asked.by_slug), request_signals.origins(asker, pepper), due_at)
        for asked, asker, due_at in zip(requests, askers, _due(askers), strict=True)
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
    columns = [list(column) for column in zip(*(each.row for each in pending), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*columns, *parameters])
        stored = {key for (key,) in cursor.fetchall()}
    ring()
    return stored


@cache
def _store_statement() -> tuple[str, tuple[Any, ...]]:
    open_ones, parameters = AwardCategory.objects.taking_ballots().order_by().values("pk").query.sql_with_params()
    return _STORE_PENDING.format(open=open_ones, queueing=queueing(_LETTERS)), parameters


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
    (due_at,) = _due([Asker(season, email, voter, ip)])
    if due_at and voter == bytes(pending.voter_key):
        with transaction.atomic():
            PendingBallot.objects.filter(pk=pending.pk).update(expires_at=due_at + LINK_LIFE)
            queue_letters(MAIL, [Letter(email, pending.pk, due_at)])
    return _reply(due_at, timezone.now())


def _due(askers: Sequence[Asker]) -> list[datetime | None]:
    """When to mail each a link. None: this address has had so many within the hour that one of those has to do.

    A limit delays mail and takes away no vote: every link opens the whole ballot. Near the close, nothing is delayed.
    A private or local address says nothing about who asks (a proxy stands in between), so it is not counted.
    """
    now, networks = timezone.now(), [public_network_of(asker.ip) for asker in askers]
    mails = [(f"ballot-mail|{asker.voter.hex()}", 3600) for asker in askers]
    counts = ratelimit.count_all(
        [*mails, *((f"ballot-network|{network}", NETWORK_SECONDS) for network in networks if network)]
    )
    of_network = iter(counts[len(mails) :])
    return [
        _due_at(asker.season, now, count, next(of_network) if network else 0)
        for asker, count, network in zip(askers, counts, networks, strict=False)
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
    categories, pepper = list(season.categories.all()), keys.pepper(season)
    casts, outcomes, texts = [], dict[int, Outcome](), write_ins.Texts()
    for pending in [waiting[key] for key in dict.fromkeys(pending_ids) if key in waiting]:
        pending.season = season
        chosen = (changed or {}).get(pending.pk)
        if chosen is None:
            choices = pepper.open(bytes(pending.sealed_choices))
            chosen = {category: choices[category.slug] for category in categories if category.slug in choices}
        ballots = [_ballot(pepper, pending, texts, *each) for each in chosen.items() if each[0].pk in open_ones]
        if ballots:
            casts.append(_Cast(pending, ballots, [category for category in chosen if category.pk not in open_ones]))
        else:
            outcomes[pending.pk] = NotOpen()
    write_ins.keep(texts)
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


def _ballot(
    pepper: keys.Pepper, pending: PendingBallot, texts: write_ins.Texts, category: AwardCategory, choice: Any
) -> Ballot:
    nonce = pepper.ballot_nonce(pending.pk, category.pk)
    choice = write_ins.hidden(pepper, category, choice, texts)
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
        turn = list(
            {bytes(each.pending.voter_key): each for each in reversed(left)}.values()
        )  # the first of each voter
        stored, replaced = _store(turn)
        outcomes |= {each.pending.pk: each.casting(stored, replaced) for each in turn}
        left = [each for each in left if each.pending.pk not in outcomes]
    return outcomes


def _store(casts: Sequence[_Cast]) -> tuple[set[Place], set[Place]]:
    """Store ballots in place of their voters' earlier ones; return where one was stored, and where one was superseded.

    Where another link of the same voter is being confirmed at once, the first try waits for that, and the second one
    supersedes what it cast. The rows are in an order that tells nothing of that of casting.
    """
    left = {(ballot.category_id, bytes(ballot.voter_key)): ballot for each in casts for ballot in each.ballots}
    origins = {bytes(each.pending.voter_key): _array(each.pending.origins) for each in casts}
    stored, replaced = set[Place](), set[Place]()
    for _ in range(2):
        rows = ((*_row(left[place]), origins[place[1]]) for place in sorted(left))
        columns = [list(column) for column in zip(*rows, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_STORE, [*columns, VOTED_AGAIN, [each.pending.pk for each in casts]])
            for category, voter, is_stored in cursor.fetchall():
                (stored if is_stored else replaced).add((category, bytes(voter)))
        left = {place: ballot for place, ballot in left.items() if place not in stored}
        if not left:
            break
    return stored, replaced


def _row(ballot: Ballot) -> tuple[Any, ...]:
    return ballot.pk, ballot.category_id, ballot.voter_key, Jsonb(ballot.choice), ballot.nonce, ballot.leaf_hash


def _array(names: Iterable[str]) -> str:
    """Names of hexadecimal digits as PostgreSQL writes an array of them."""
    return f"{{{','.join(names)}}}"


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
    categories, pepper = list(season.categories.all()), keys.pepper(season)
    nonces = {pepper.ballot_nonce(key, category.pk): (key, category) for key in pending_ids for category in categories}
    cast = Ballot.objects.filter(nonce__in=list(nonces)).only("nonce", "leaf_hash", "state")
    found = {bytes(ballot.nonce): ballot for ballot in cast}
    castings = {key: Casting(season, again=True) for key in pending_ids}
    for nonce, (key, category) in nonces.items():
        if ballot := found.get(nonce):
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
        season.quarantines.all().delete()
        WriteIn.objects.filter(category__season=season).delete()
        anonymised = Ballot.objects.filter(category__season=season).update(voter_key=_RANDOM_KEY)
    keys.destroy_pepper(season)
    return anonymised
