"""Sign-ups: a request from a form becomes one row, whatever is known of the address, and a worker then looks at it.

So the form takes as long and answers the same for an address we know, one we do not, and one we must not write to: only the
mailbox learns the difference. Many sign up at once, so that `take` is written for many. The rate limits, the proof of work and the refusal of disposable domains stand before the row,
and depend on nothing that is kept of the address.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from core import doorbell, proof_of_work
from core.lib import batches
from core.lib.networks import network_of
from core.ratelimit import count_all
from newsletter.models import Newsletter, SignUp, SignUpRules, Subscriber
from newsletter.subscribers.addresses import Address, parse_address
from newsletter.subscribers.subscriptions import Origin, take_request

logger = logging.getLogger(__name__)

PURPOSE = "sign-up"  # of proofs of work
SIGN_UPS_PER_NETWORK_AND_HOUR = 60
HOUR = 3600
# Where a proof is wanted, those without one wait in a line: the first is written to after a while, then one a minute.
UNPROVEN_PER_NETWORK_AND_HOUR = 3
UNPROVEN_WAIT, UNPROVEN_GAP, LONGEST_LINE = timedelta(minutes=10), timedelta(minutes=1), timedelta(hours=12)
RETRY_AFTER = timedelta(minutes=1)
TRIED_FOR = timedelta(days=7)

THANKS = "Thanks for signing up. Check your inbox: we sent a mail with a link to confirm your address."
THANKS_LATER = (
    "Thanks for signing up. So many sign up at the moment that the mail with your link to confirm may take some hours."
    " Check your inbox then."
)
TOO_MANY = "Something went wrong: too many sign-ups came from your network. Try again in an hour."


class TooManyRequests(Exception):
    """Too many sign-ups came from one network, or without a proof of work while one is wanted."""


class ProofWanted(Exception):
    """Whoever asks can compute a proof of work, and is to send one; `challenge` is what to solve."""

    def __init__(self) -> None:
        super().__init__("A proof of work is wanted.")
        self.challenge = proof_of_work.challenge(PURPOSE)


class Reply(Enum):
    """When the address is written to, with what whoever asked is told."""

    NOW = THANKS
    LATER = THANKS_LATER


Outcome = Reply | ValidationError | TooManyRequests | ProofWanted


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asks for: a newsletter, or the default one, for an address as it was typed.

    `is_known`: it was asked for on a page that only their mailbox opens, so that neither a proof of work is wanted nor a
    domain refused.
    """

    email: str
    source: str
    newsletter: Newsletter | None = None
    name: str = ""
    ip: str = ""
    proof: str = ""
    can_prove: bool = False
    is_known: bool = False


def request_subscription(**asked: Any) -> Reply:
    """Ask an address whether it wants a newsletter; `asked` are the fields of `Asked`.

    Raises ValidationError when the text is no address that we take or no list is open, TooManyRequests past the limits, and
    ProofWanted if a proof is wanted of somebody who `can_prove`.
    """
    (outcome,) = take([Asked(**asked)])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def take(requests: Sequence[Asked]) -> list[Outcome]:
    """Take several sign-ups with the statements of one; what came of each."""
    rules, default = SignUpRules.current(), Newsletter.objects.default()
    outcomes, rows = dict[int, Outcome](), dict[int, SignUp]()
    for place, asked in enumerate(requests):
        try:
            rows[place] = _row(asked, asked.newsletter or default, rules)
        except ValidationError as refusal:
            outcomes[place] = refusal
    _look_for_proofs(requests, rows, outcomes, rules)
    _refuse_past(SIGN_UPS_PER_NETWORK_AND_HOUR, "subscribe:network:", rows, outcomes, lambda row: bool(row.network))
    _refuse_past(
        UNPROVEN_PER_NETWORK_AND_HOUR, "subscribe:unproven:", rows, outcomes, lambda row: row.waits_without_proof
    )
    _line_up(rows, outcomes)
    taken = {place: row for place, row in rows.items() if place not in outcomes}
    if taken:
        SignUp.objects.bulk_create(taken.values())
        doorbell.ring("newsletter.tasks.settle_sign_ups", at_most_every=1)
    outcomes |= {place: Reply.LATER if row.waits_without_proof else Reply.NOW for place, row in taken.items()}
    return [outcomes[place] for place in range(len(requests))]


def _row(asked: Asked, newsletter: Newsletter | None, rules: SignUpRules) -> SignUp:
    """A sign-up that is right, to be stored. Raises ValidationError."""
    address = parse_address(asked.email)
    if newsletter is None or not newsletter.is_open:
        raise ValidationError("This newsletter is not taking new subscribers at the moment.", code="closed")
    if not asked.is_known and rules.refuses_disposable and rules.calls_disposable(domain_of(address.canonical)):
        raise ValidationError("We do not send to addresses that are made to be thrown away.", code="disposable")
    return SignUp(
        email=address.email,
        canonical=address.canonical,
        newsletter=newsletter,
        name=asked.name[:120] if newsletter.asks_name else "",
        source=asked.source[:80],
        network=network_of(asked.ip),
    )


def _look_for_proofs(
    requests: Sequence[Asked], rows: Mapping[int, SignUp], outcomes: dict[int, Outcome], rules: SignUpRules
) -> None:
    """Where proofs are wanted, have those who can compute one do so first, and mark whoever has none."""
    strangers = [place for place in rows if not requests[place].is_known]
    if not strangers or not rules.wants_proof(len(strangers)):
        return
    for place in strangers:
        if proof_of_work.spend(PURPOSE, requests[place].proof):
            continue
        if requests[place].can_prove:
            outcomes[place] = ProofWanted()
        rows[place].waits_without_proof = True


def _refuse_past(
    limit: int,
    name: str,
    rows: Mapping[int, SignUp],
    outcomes: dict[int, Outcome],
    is_counted: Callable[[SignUp], bool],
) -> None:
    """Count those sign-ups of a network that are left; refuse what is past the limit of an hour."""
    places = [place for place, row in rows.items() if place not in outcomes and is_counted(row)]
    numbers = count_all([(name + rows[place].network, HOUR) for place in places]) if places else []
    outcomes |= {place: TooManyRequests() for place, number in zip(places, numbers, strict=True) if number > limit}


def _line_up(rows: Mapping[int, SignUp], outcomes: dict[int, Outcome]) -> None:
    """Say when those without a proof are written to, one after the other; refuse whom the line is too long for."""
    unproven = [place for place, row in rows.items() if row.waits_without_proof and place not in outcomes]
    if not unproven:
        return
    now = timezone.now()
    last = SignUp.objects.filter(waits_without_proof=True).aggregate(last=Max("due_at"))["last"]
    due_at = max(now + UNPROVEN_WAIT, last + UNPROVEN_GAP) if last else now + UNPROVEN_WAIT
    for place in unproven:
        if due_at > now + LONGEST_LINE:
            outcomes[place] = TooManyRequests()
        else:
            rows[place].due_at, due_at = due_at, due_at + UNPROVEN_GAP


def settle_due(*, now: datetime | None = None) -> int:
    """Look at the sign-ups that are due, one after the other, until there is none; return how many."""
    settled = 0
    while _settle_next(now or timezone.now()):
        settled += 1
    return settled


@transaction.atomic
def _settle_next(now: datetime) -> bool:
    """Settle the sign-up that has been due for longest, and delete it in the same transaction; False if none is due."""
    row = SignUp.objects.filter(due_at__lte=now).select_for_update(skip_locked=True, of=("self",)).first()
    if row is None:
        return False
    try:
        with transaction.atomic():
            _settle(row)
    except Exception:
        logger.exception("Sign-up %s could not be settled", row.pk)
        row.attempts += 1
        row.due_at = now + RETRY_AFTER * row.attempts
        row.save(update_fields=["attempts", "due_at"])
    else:
        row.delete()
    return True


def _settle(row: SignUp) -> None:
    address, origin = Address(row.email, row.canonical), Origin(row.source, row.network)
    subscription = take_request(address, row.newsletter, origin, asked_at=row.asked_at, name=row.name)
    if subscription and SignUpRules.current().calls_disposable(domain_of(row.canonical)):
        Subscriber.objects.filter(pk=subscription.subscriber_id, disposable=False).update(disposable=True)


def delete_unsettled() -> int:
    """Delete sign-ups that could not be settled for days."""
    return batches.delete(SignUp.objects.filter(asked_at__lt=timezone.now() - TRIED_FOR))


def domain_of(canonical: str) -> str:
    return canonical.rpartition("@")[2]


_DOMAINS = "SELECT DISTINCT split_part(canonical, '@', 2) FROM newsletter_subscriber"
_MARK = """
    UPDATE newsletter_subscriber SET disposable = NOT disposable
    WHERE disposable <> (split_part(canonical, '@', 2) = ANY(%s))
"""


def mark_disposable() -> int:
    """Mark the subscribers whose address is disposable by today's rules and lists, and no others; return how many changed."""
    rules = SignUpRules.current()
    with connection.cursor() as cursor:
        cursor.execute(_DOMAINS)
        found = [domain for (domain,) in cursor.fetchall() if rules.calls_disposable(domain)]
        cursor.execute(_MARK, [found])
        return int(cursor.rowcount)
