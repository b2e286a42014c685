"""From a form to a cast ballot: a pending ballot, a mail to the address that was typed, a confirmation by POST.

One address has one vote in each category, whatever its spelling: the last that is confirmed before the close. The
database says so (UNIQUE on category and voter key, but for what is superseded), and its clock decides whether a category is open. No table of ours holds an address: it stands only in the mail
that goes to it, and the link in that mail leads to a pending ballot which is deleted as it is cast.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Func
from django.urls import reverse
from django.utils import timezone

from core import ratelimit
from core.lib import batches
from core.lib.networks import public_network_of
from core.lib.signing import make_token
from core.outbox import queue_mail
from surveys import addresses, keys, ledger, papers, request_signals, seasons
from surveys.choices import of_voter
from surveys.models import AwardCategory, Ballot, PendingBallot, Season, UnsealedBallot

PURPOSE = "ballot"
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


def request_ballot(*, season: Season, choices: Mapping[str, Any], email: str, ip: str = "") -> Reply:
    """Store a pending ballot and mail its link to the address. The mail says where it would replace an earlier vote.

    `choices` maps slugs of categories to choices (see Ballot). The caller answers the same whoever the address is.
    Raises NotOpen, ChoiceRefused, keys.PepperMissing.
    """
    chosen = _open_choices(season, choices)
    voter = keys.voter_key(season, addresses.canonical(email))
    request_signals.note(season, email=email, voter=voter, ip=ip)
    due_at = _due(season, voter, ip)
    if due_at is None:
        return Reply.HAS_LINKS
    with transaction.atomic():
        _mail_pending(season, chosen, voter, email, due_at)
    return Reply.DELAYED if due_at > timezone.now() else Reply.MAILED


def _open_choices(season: Season, choices: Mapping[str, Any]) -> dict[AwardCategory, Any]:
    """What was chosen in the categories that are open now. Raises NotOpen, ChoiceRefused."""
    categories = season.categories.taking_ballots().filter(slug__in=choices).prefetch_related("nominees")
    chosen = {each: of_voter(choices[each.slug], papers.question_of(each)) for each in categories}
    if not chosen:
        raise NotOpen
    return chosen


def _mail_pending(
    season: Season, chosen: Mapping[AwardCategory, Any], voter: bytes, email: str, due_at: datetime
) -> None:
    pending = PendingBallot.objects.create(
        season=season,
        voter_key=voter,
        sealed_choices=keys.seal_choices(season, {category.slug: choice for category, choice in chosen.items()}),
        expires_at=due_at + LINK_LIFE,
    )
    _mail_link(pending, email, list(chosen), due_at)


def renew(pending: PendingBallot, *, email: str, ip: str = "") -> Reply:
    """Mail a new link for an expired one, if the address is the voter's; else nothing. Raises NotOpen."""
    season, chosen = pending.season, keys.open_choices(pending)
    categories = [category for category in season.categories.taking_ballots() if category.slug in chosen]
    if not categories:
        raise NotOpen
    voter = keys.voter_key(season, addresses.canonical(email))
    due_at = _due(season, voter, ip)
    if due_at is None:
        return Reply.HAS_LINKS
    if voter == bytes(pending.voter_key):
        with transaction.atomic():
            PendingBallot.objects.filter(pk=pending.pk).update(expires_at=due_at + LINK_LIFE)
            _mail_link(pending, email, categories, due_at)
    return Reply.DELAYED if due_at > timezone.now() else Reply.MAILED


@transaction.atomic
def confirm(*, season: Season, pending_id: int, instead: Mapping[str, Any] | None = None) -> Casting:
    """Cast a pending ballot, with the choices `instead` of those it came with, if there are any.

    Confirming again gives the same receipts. Raises NotOpen, ChoiceRefused, LinkUsed, keys.PepperMissing.
    """
    seasons.hold_open(season)
    pending = season.pending_ballots.select_for_update().filter(pk=pending_id).first()
    if pending is None:
        return earlier_casting(season, pending_id)
    if instead is not None:
        choices = {category.slug: choice for category, choice in _open_choices(season, instead).items()}
    else:
        choices = keys.open_choices(pending)
    chosen = [category for category in season.categories.all() if category.slug in choices]
    open_ones = set(season.categories.taking_ballots())
    if not open_ones.intersection(chosen):
        raise NotOpen
    ballots = {
        category: _ballot(pending, category, choices[category.slug]) for category in chosen if category in open_ones
    }
    stored, replaced = _store(list(ballots.values()), bytes(pending.voter_key))
    UnsealedBallot.objects.bulk_create(UnsealedBallot(ballot_id=pk) for pk in stored.values())
    pending.delete()
    return Casting(
        season,
        cast=[(category, ballot.receipt) for category, ballot in ballots.items() if ballot.leaf_hash in stored],
        replaced=[category for category in ballots if category.pk in replaced],
        standing=[category for category, ballot in ballots.items() if ballot.leaf_hash not in stored],
        closed=[category for category in chosen if category not in open_ones],
    )


def _store(ballots: list[Ballot], voter: bytes) -> tuple[dict[bytes, int], set[int]]:
    """Store a voter's ballots in place of their earlier ones.

    Return the keys of what was stored by leaf, and those of the categories in which something was superseded. Where
    another link of the same voter is being confirmed at once, the first try waits for that, and the second one
    supersedes what it cast.
    """
    stored, replaced = dict[bytes, int](), set[int]()
    for _ in range(2):
        left = [each for each in ballots if each.leaf_hash not in stored]
        earlier = Ballot.objects.counted().filter(category__in=[each.category_id for each in left], voter_key=voter)
        if standing := set(earlier.values_list("category", flat=True)):
            earlier.update(state=Ballot.State.SUPERSEDED, reason=VOTED_AGAIN)
            replaced |= standing
        Ballot.objects.bulk_create(left, ignore_conflicts=True)
        leaves = Ballot.objects.filter(leaf_hash__in=[each.leaf_hash for each in ballots])
        stored = {bytes(leaf): key for leaf, key in leaves.values_list("leaf_hash", "pk")}
        if len(stored) == len(ballots):
            break
    return stored, replaced


def voted_in(season: Season, voter: bytes) -> list[AwardCategory]:
    """The categories in which a voter's vote stands, and would be replaced by another."""
    ballots = Ballot.objects.counted().filter(category__season=season, voter_key=voter)
    return list(season.categories.filter(pk__in=ballots.values("category")))


def earlier_casting(season: Season, pending_id: int) -> Casting:
    """What an earlier confirmation of the same link came to. Raises LinkUsed, keys.PepperMissing."""
    if season.released_at and not keys.has_pepper(season):
        raise LinkUsed  # the appeal window is over, and with it the way from links to ballots
    nonces = [keys.ballot_nonce(season, pending_id, category.pk) for category in season.categories.all()]
    ballots = Ballot.objects.filter(nonce__in=nonces).select_related("category__season")
    if not ballots:
        raise LinkUsed
    return Casting(
        season,
        cast=[(ballot.category, ballot.receipt) for ballot in ballots],
        superseded=[ballot.category for ballot in ballots if ballot.state == Ballot.State.SUPERSEDED],
        again=True,
    )


def mail_receipts(casting: Casting, *, email: str) -> None:
    """Mail the receipts to the address that voted, if this is the one. Raises keys.PepperMissing."""
    season = casting.season
    voter = keys.voter_key(season, addresses.canonical(email))
    leaves = [bytes.fromhex(receipt) for _, receipt in casting.cast]
    if not Ballot.objects.filter(leaf_hash__in=leaves, voter_key=voter).exists():
        return
    if ratelimit.count(f"ballot-receipt|{voter.hex()}", seconds=3600) > MAILS_PER_HOUR:
        return
    lines = [
        {"category": category, "receipt": receipt, "path": reverse("surveys:receipt-show", args=[receipt])}
        for category, receipt in casting.cast
    ]
    context = {"season": season, "lines": lines, "key": keys.public_key()}
    queue_mail(template="ballot_receipt", to=email, context=context, kind="surveys.receipt")


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


def _due(season: Season, voter: bytes, ip: str) -> datetime | None:
    """When to mail a link. None: this address has had so many within the hour that one of those has to do.

    A limit delays mail and takes away no vote: every link opens the whole ballot. Near the close, nothing is delayed.
    A private or local address says nothing about who asks (a proxy stands in between), so it is not counted.
    """
    now, wait = timezone.now(), timedelta(0)
    mails = ratelimit.count(f"ballot-mail|{voter.hex()}", seconds=3600)
    if mails > MAILS_PER_HOUR + 1:
        return None
    if mails > MAILS_PER_HOUR:
        wait = LONGEST_DELAY
    if network := public_network_of(ip):
        requests = ratelimit.count(f"ballot-network|{network}", seconds=NETWORK_SECONDS)
        windows = (requests - 1) // REQUESTS_PER_NETWORK
        wait = max(wait, min(windows * timedelta(seconds=NETWORK_SECONDS), LONGEST_DELAY))
    latest = season.closes_at - TIME_TO_CONFIRM if season.closes_at else now
    return max(now, min(now + wait, latest))


def _mail_link(pending: PendingBallot, email: str, chosen: list[AwardCategory], due_at: datetime) -> None:
    token = make_token(PURPOSE, pending.season_id, pending.pk, expires_in=due_at + LINK_LIFE - timezone.now())
    voted = set(voted_in(pending.season, bytes(pending.voter_key)))
    context = {
        "season": pending.season,
        "chosen": chosen,
        "voted": [category for category in chosen if category in voted],
        "link": settings.SITE_URL + reverse("surveys:ballot-confirm", args=[token]),
        "hours": LINK_LIFE // timedelta(hours=1),
    }
    queue_mail(template="ballot_confirm", to=email, context=context, kind="surveys.ballot", due_at=due_at)


def _ballot(pending: PendingBallot, category: AwardCategory, choice: Any) -> Ballot:
    nonce = keys.ballot_nonce(pending.season, pending.pk, category.pk)
    return Ballot(
        category=category,
        voter_key=bytes(pending.voter_key),
        choice=choice,
        nonce=nonce,
        leaf_hash=ledger.ballot_leaf(category, choice, nonce),
    )
