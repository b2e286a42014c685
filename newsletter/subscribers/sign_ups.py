"""Sign-ups: a request from a form becomes one row, whatever is known of the address, and a worker then looks at it.

So the form takes as long and answers the same for an address we know, one we do not, and one we must not write to: only the
mailbox learns the difference. The rate limits, the proof of work and the refusal of disposable domains stand before the row,
and depend on nothing that is kept of the address.
"""

import logging
from datetime import datetime, timedelta
from enum import Enum

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from core import doorbell, proof_of_work
from core.lib import batches
from core.lib.networks import network_of
from core.ratelimit import allow
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


def request_subscription(
    *,
    email: str,
    newsletter: Newsletter | None = None,
    source: str,
    ip: str = "",
    proof: str = "",
    can_prove: bool = False,
    is_known: bool = False,
) -> Reply:
    """Ask an address whether it wants a newsletter (the default one if none is named).

    `is_known`: it was asked for on a page that only their mailbox opens, so that neither a proof of work is wanted nor a domain refused. Raises
    ValidationError when the text is no address that we take or no list is open, TooManyRequests past the limits, and
    ProofWanted if a proof is wanted of somebody who `can_prove`.
    """
    address = parse_address(email)
    newsletter = newsletter or Newsletter.objects.default()
    if newsletter is None or not newsletter.is_open:
        raise ValidationError("This newsletter is not taking new subscribers at the moment.", code="closed")
    rules = SignUpRules.current()
    if not is_known and rules.refuses_disposable and rules.calls_disposable(domain_of(address.canonical)):
        raise ValidationError("We do not send to addresses that are made to be thrown away.", code="disposable")
    is_unproven = not is_known and rules.wants_proof() and not proof_of_work.spend(PURPOSE, proof)
    if is_unproven and can_prove:
        raise ProofWanted
    network = network_of(ip)
    _count(network, is_unproven=is_unproven)
    due_at = _end_of_line() if is_unproven else timezone.now()
    SignUp.objects.create(
        email=address.email,
        canonical=address.canonical,
        newsletter=newsletter,
        source=source[:80],
        network=network,
        due_at=due_at,
        waits_without_proof=is_unproven,
    )
    doorbell.ring("newsletter.tasks.settle_sign_ups")
    return Reply.LATER if is_unproven else Reply.NOW


def _count(network: str, *, is_unproven: bool) -> None:
    """Count a sign-up of a network. Raises TooManyRequests past the limit."""
    if network and not allow(f"subscribe:network:{network}", limit=SIGN_UPS_PER_NETWORK_AND_HOUR, seconds=HOUR):
        raise TooManyRequests
    unproven = f"subscribe:unproven:{network}"
    if is_unproven and not allow(unproven, limit=UNPROVEN_PER_NETWORK_AND_HOUR, seconds=HOUR):
        raise TooManyRequests


def _end_of_line() -> datetime:
    """When the next one without a proof is written to. Raises TooManyRequests if the line is too long."""
    now = timezone.now()
    last = SignUp.objects.filter(waits_without_proof=True).aggregate(last=Max("due_at"))["last"]
    due_at = max(now + UNPROVEN_WAIT, last + UNPROVEN_GAP) if last else now + UNPROVEN_WAIT
    if due_at > now + LONGEST_LINE:
        raise TooManyRequests
    return due_at


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
    subscription = take_request(address, row.newsletter, origin, asked_at=row.asked_at)
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
