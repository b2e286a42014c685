"""The demo newsroom's readership: people who do not exist, at domains that are reserved for examples."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count, product
from random import Random
from typing import Any

from django.utils import timezone

from cms.demo.pieces import Piece
from newsletter.models import Newsletter, Subscriber, Subscription
from newsletter.subscribers import consent
from newsletter.subscribers.consent import Act, Actor, NewAct
from newsletter.subscribers.subscriptions import CONSENT_TEXT

NETWORKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")  # reserved for examples as well
State = Subscription.State


def addresses(entry: dict[str, Any]) -> Iterator[str]:
    """An endless supply of addresses in an order that looks random and is always the same."""
    names = [*product(entry["first_names"], entry["last_names"])]
    Random(len(names)).shuffle(names)
    for serial in count():
        for number, (first, last) in enumerate(names):
            domain = entry["domains"][number % len(entry["domains"])]
            yield f"{first}.{last}{serial or ''}@{domain}".lower()


def waves(entry: dict[str, Any]) -> list[Piece]:
    """Readers who joined before the first briefing, between two, and after the last; then some who never confirmed."""
    source, now = addresses(entry), timezone.now()
    pieces: list[Piece] = []
    for first, last, number in entry["joined"]:
        emails = [next(source) for _ in range(number)]
        pieces.append((f"readers since {first} days", partial(_join, entry, emails, now, first, last)))
    pending = [next(source) for _ in range(entry["pending"])]
    pieces.append(("readers to be", partial(_join, entry, pending, now, 2, 0, State.PENDING)))
    return pieces


def _join(
    entry: dict[str, Any], emails: list[str], now: datetime, first: int, last: int, state: str = State.CONFIRMED
) -> None:
    random = Random(f"{first} {state}")
    known = set(Subscriber.objects.filter(canonical__in=emails).values_list("canonical", flat=True))
    fresh = [email for email in emails if email not in known]
    times = sorted(now - timedelta(days=last) - timedelta(days=first - last) * random.random() for _ in fresh)
    made = Subscriber.objects.bulk_create(
        Subscriber(email=email, canonical=email, created_at=time) for email, time in zip(fresh, times, strict=True)
    )
    lists = [(Newsletter.objects.get(slug=entry["newsletter"]), 1.0)]
    lists.append((Newsletter.objects.get(slug=entry["second_newsletter"]), entry["second_share"]))
    consent.record(
        *(
            act
            for subscriber in made
            for newsletter, share in lists
            if random.random() < share
            for act in _acts(subscriber, newsletter, state, random, entry["sources"])
        )
    )


def _acts(
    subscriber: Subscriber, newsletter: Newsletter, state: str, random: Random, sources: list[str]
) -> Iterator[NewAct]:
    who, network, asked = consent.person(subscriber), random.choice(NETWORKS), subscriber.created_at
    given: dict[str, Any] = {"actor": Actor.SUBSCRIBER, "newsletter_id": newsletter.pk, "network": network}
    yield NewAct(who, Act.ASKED, way=random.choice(sources), wording=CONSENT_TEXT, given_at=asked, **given)
    if state == State.CONFIRMED:
        confirmed = asked + timedelta(minutes=random.uniform(1, 90))
        yield NewAct(who, Act.CONFIRMED, way="confirmation link", given_at=confirmed, **given)
