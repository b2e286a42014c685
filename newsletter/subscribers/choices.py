"""What subscribers choose on the lists they know of: on or off, each briefing or the digest, pauses; each choice is an act in the ledger."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from core.lib import clock
from core.lib.networks import network_of
from newsletter.models import Newsletter, Subscriber
from newsletter.subscribers import consent
from newsletter.subscribers.consent import Act, Actor, NewAct
from newsletter.subscribers.sign_ups import TooManyRequests, request_subscription
from newsletter.subscribers.subscriptions import Origin, join, unsubscribe

PREFERENCES = "preferences"
LONGEST_PAUSE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class By:
    """Who chooses, and how, for the ledger."""

    way: str = PREFERENCES
    actor: str = Actor.SUBSCRIBER
    by_name: str = ""
    network: str = ""
    note: str = ""

    @property
    def words(self) -> dict[str, Any]:
        return {"way": self.way, "by_name": self.by_name, "network": self.network, "note": self.note}


@transaction.atomic
def choose_lists(subscriber: Subscriber, *, chosen: set[int], ip: str = "") -> None:
    """Leave and join lists as ticked on the preferences page, whose link proves that the mailbox is theirs.

    Once mail to the address has come back it proves no longer that we reach it: then joining takes a confirmation.
    """
    consent.lock([consent.person(subscriber)])
    origin = Origin(PREFERENCES, network_of(ip))
    current = set(subscriber.subscriptions.confirmed().values_list("newsletter", flat=True))
    for newsletter in Newsletter.objects.all():
        if newsletter.pk not in chosen:
            unsubscribe(subscriber_id=subscriber.pk, newsletter_id=newsletter.pk, by=PREFERENCES)
        elif subscriber.suppressed and newsletter.is_open:
            try:
                request_subscription(
                    email=subscriber.email, newsletter=newsletter, source=PREFERENCES, ip=ip, is_known=True
                )
            except TooManyRequests:
                pass  # what was left is saved all the same, and nothing that was ticked is sent yet
        elif newsletter.is_open and newsletter.pk not in current:
            join(subscriber, newsletter, origin)


@transaction.atomic
def pause(subscriber: Subscriber, newsletter: Newsletter, *, until: datetime | None, by: By) -> None:
    """Send nothing of a list until a moment, or from now on again. What is so already is no act.

    Raises ValidationError where the moment is past or too far away.
    """
    consent.lock([consent.person(subscriber)])
    row = subscriber.subscriptions.confirmed().filter(newsletter=newsletter).first()
    running = row.paused_until if row and row.is_paused else None
    if row is None or until == running:
        return
    if until is not None:
        check_pause(until)
    act = Act.PAUSED if until else Act.RESUMED
    consent.record(NewAct(consent.person(subscriber), act, by.actor, newsletter.pk, until=until, **by.words))


@transaction.atomic
def choose_rhythm(subscriber: Subscriber, newsletter: Newsletter, rhythm: str, *, by: By) -> None:
    """Get each briefing of a list, or its weekly digest. What is so already is no act."""
    consent.lock([consent.person(subscriber)])
    row = subscriber.subscriptions.confirmed().filter(newsletter=newsletter).first()
    if row is None or row.rhythm == rhythm:
        return
    person = consent.person(subscriber)
    consent.record(NewAct(person, Act.CHANGED, by.actor, newsletter.pk, change=rhythm, **by.words))


def check_pause(until: datetime) -> None:
    """Raise ValidationError for a pause that is over already, or that lasts for more than a year."""
    now = timezone.now()
    if until <= now:
        raise ValidationError("Choose a day after today.", code="past")
    if until > now + LONGEST_PAUSE:
        raise ValidationError("A pause lasts for a year at most. To get nothing for longer, unsubscribe.", code="far")


def start_of(day: date) -> datetime:
    """The moment at which a day begins for the newsroom: the end of a pause until that day."""
    return datetime.combine(day, time.min, tzinfo=clock.newsroom())
