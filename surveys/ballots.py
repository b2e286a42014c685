"""Casting ballots: what a voter confirms by POST, in place of what they confirmed before.

One address has one vote in each category, whatever its spelling: the last that is confirmed before the close. The
database says so (UNIQUE on category and voter key, but for what is superseded), and its clock decides whether a category
is open.

Many confirm at once, so `confirm_all` does with a few statements and one commit what was asked of it together. `confirm`
does the same for one voter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Func
from django.utils import timezone

from core.lib import batches
from core.lib.recordsets import recordset
from surveys import keys, ledger, papers, seasons, write_ins
from surveys.choices import of_voter
from surveys.models import AwardCategory, Ballot, PendingBallot, Season, WriteIn

APPEAL_WINDOW = timedelta(days=30)
VOTED_AGAIN = "its voter voted again"
_RANDOM_KEY = Func(template="sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))")

# The INSERT looks at what the UPDATE did, so that this comes first, and finds the place of what is superseded free.
_STORE = """
    WITH new AS (
        SELECT * FROM json_to_recordset(%s) AS new(
            id bigint, category_id bigint, voter_key bytea, choice jsonb, nonce bytea, leaf_hash bytea, origins text[]
        )
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
        SELECT stored.id, name FROM stored JOIN new ON new.id = stored.id, unnest(new.origins) AS name
    ),
    gone AS (DELETE FROM surveys_pendingballot WHERE id = ANY(%s))
    SELECT category_id, voter_key, true FROM stored UNION ALL SELECT category_id, voter_key, false FROM replaced
"""


Place = tuple[int, bytes]  # a category and a voter: the database has room there for one ballot that counts


class NotOpen(Exception):
    """None of the chosen categories is open for voting."""


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


def open_choices(season: Season, choices: Mapping[str, Any]) -> dict[AwardCategory, Any]:
    """What was chosen in the categories that are open now. Raises NotOpen, ChoiceRefused."""
    categories = season.categories.taking_ballots().filter(slug__in=choices).prefetch_related("nominees")
    chosen = {each: of_voter(choices[each.slug], papers.question_of(each)) for each in categories}
    if not chosen:
        raise NotOpen
    return chosen


def confirm(*, season: Season, pending_id: int, instead: Mapping[str, Any] | None = None) -> Casting:
    """Cast a pending ballot, with the choices `instead` of those it came with, if there are any.

    Confirming again gives the same receipts. Raises NotOpen, ChoiceRefused, LinkUsed, keys.PepperMissing.
    """
    changed = {pending_id: open_choices(season, instead)} if instead is not None else {}
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
    origins = {bytes(each.pending.voter_key): each.pending.origins for each in casts}
    stored, replaced = set[Place](), set[Place]()
    for _ in range(2):
        rows = recordset(_row(left[place]) | {"origins": origins[place[1]]} for place in sorted(left))
        with connection.cursor() as cursor:
            cursor.execute(_STORE, [rows, VOTED_AGAIN, [each.pending.pk for each in casts]])
            for category, voter, is_stored in cursor.fetchall():
                (stored if is_stored else replaced).add((category, bytes(voter)))
        left = {place: ballot for place, ballot in left.items() if place not in stored}
        if not left:
            break
    return stored, replaced


def _row(ballot: Ballot) -> dict[str, Any]:
    return {name: getattr(ballot, name) for name in ("id", "category_id", "voter_key", "choice", "nonce", "leaf_hash")}


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
