"""The demo newsroom's newsletters, and two briefings that went out.

A briefing goes the way of every briefing (approved, frozen, claimed, settled) except through a mail server; then its
times are moved back to its day, and hits like those of readers and machines are judged like any others.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import uuid4

from django.utils import timezone

from articles.models import Publication
from cms.demo import content, readers
from cms.demo.pieces import Piece
from cms.models import User
from newsletter import composing, freezing, sending, tracking
from newsletter.approving import approve
from newsletter.models import Briefing, Delivery, Hit, Newsletter, Subscription, TrackedLink
from newsletter.relay import Outcome
from newsletter.subscribing import unsubscribe

APPROVER = "newsletter@example.com"
NO_SUCH_MAILBOX = Outcome(Delivery.State.FAILED, "550 5.1.1 No such mailbox")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SCANNER_SHARE = 0.015


def pieces() -> Iterator[Piece]:
    """The lists; then readers and briefings in the order in which they came."""
    wanted, now = content.read("newsletter"), timezone.now()
    for position, entry in enumerate(wanted["newsletters"]):
        fields = {**entry, "ordering": position}
        make = partial(Newsletter.objects.get_or_create, slug=fields.pop("slug"), defaults=fields)
        yield f"newsletter {entry['slug']}", make
    waves = readers.waves(wanted["readership"])
    for entry in wanted["briefings"]:
        yield waves.pop(0)
        yield f"briefing {entry['slug']}", partial(_make_sent, entry, now)
    yield from waves


def _make_sent(entry: dict[str, Any], now: datetime) -> None:
    if Briefing.objects.filter(slug=entry["slug"]).exists():
        return
    sent_at = content.days_before(now, entry["sent_days_ago"])
    words = {name: entry[name] for name in ("slug", "subject", "preheader", "introduction")}
    newsletter = Newsletter.objects.get(slug=entry["newsletter"])
    briefing = Briefing.objects.create(
        newsletter=newsletter, issue_date=sent_at.date(), created_at=sent_at - timedelta(hours=20), **words
    )
    found = {publication.slug: publication for publication in Publication.objects.filter(slug__in=entry["articles"])}
    for position, slug in enumerate(entry["articles"], 1):
        if slug in found:
            composing.add_article(briefing, found[slug], ordering=10 * position)
    random = Random(entry["slug"])
    approve(briefing, by=User.objects.get(email=APPROVER))
    freezing.freeze(briefing.pk)
    _deliver(briefing, random, failures=entry["reading"]["failed"])
    _date_back(briefing, sent_at)
    _read(briefing, random, entry["reading"])
    _leave(briefing, random, entry["reading"]["unsubscribed"])


def _deliver(briefing: Briefing, random: Random, *, failures: int) -> None:
    """Claim every delivery and settle it, as pumps do with what the mail server answers."""
    lease = uuid4()
    while jobs := [job.delivery_id for job in sending.claim(briefing, lease=lease, limit=500)]:
        sending.exchange(briefing, lease=lease, outcomes=[], intents=jobs)
        failed = set(random.sample(jobs, failures))
        outcomes = [(job, NO_SUCH_MAILBOX if job in failed else Outcome(Delivery.State.SENT)) for job in jobs]
        sending.exchange(briefing, lease=lease, outcomes=outcomes, intents=[])
    sending.settle(briefing.pk)


def _date_back(briefing: Briefing, sent_at: datetime) -> None:
    Delivery.objects.filter(briefing=briefing).update(due_at=sent_at)
    Delivery.objects.filter(briefing=briefing, state=Delivery.State.SENT).update(sent_at=sent_at)
    Briefing.objects.filter(pk=briefing.pk).update(
        approved_at=sent_at - timedelta(minutes=40), scheduled_at=sent_at, frozen_at=sent_at, sent_at=sent_at
    )


def _read(briefing: Briefing, random: Random, shares: dict[str, Any]) -> None:
    """Opens and clicks as they come in: by people within a day or two, by mail proxies at once, by link scanners all."""
    links = list(TrackedLink.objects.filter(briefing=briefing).order_by("number"))
    hits: list[Hit] = []
    for delivery in Delivery.objects.filter(briefing=briefing, state=Delivery.State.SENT).order_by("pk"):
        opened = delivery.sent_at + timedelta(hours=min(random.lognormvariate(1.2, 1.1), 90))
        if random.random() < shares["machine_opened"]:
            proxy = {"user_agent": "Mozilla/5.0", "reason": "image proxy"}
            hits.append(_hit(delivery, delivery.sent_at + timedelta(seconds=random.uniform(6, 60)), **proxy))
        if random.random() < SCANNER_SHARE:
            at = delivery.sent_at + timedelta(seconds=2)
            hits += [_hit(delivery, at, link=link) for link in links]
        if random.random() < shares["opened"]:
            hits.append(_hit(delivery, opened))
            later = [opened + timedelta(minutes=random.uniform(1, 9) * number) for number in range(1, len(links))]
            clicks = zip(links[1:], shares["clicked"], later, strict=False)
            hits += [
                _hit(delivery, at, link=link)
                for link, share, at in clicks
                if random.random() < share / shares["opened"]
            ]
    Hit.objects.bulk_create(hits)
    while tracking.judge():
        pass


def _hit(delivery: Delivery, at: datetime, *, link: TrackedLink | None = None, **what: str) -> Hit:
    kind = Hit.Kind.CLICK if link else Hit.Kind.OPEN
    network = readers.NETWORKS[delivery.pk % len(readers.NETWORKS)]
    return Hit(delivery=delivery, at=at, kind=kind, link=link, network=network, **({"user_agent": BROWSER} | what))


def _leave(briefing: Briefing, random: Random, number: int) -> None:
    """Some unsubscribe with the button of their mail program."""
    reached = Delivery.objects.filter(briefing=briefing, state=Delivery.State.SENT).order_by("pk")
    for delivery in random.sample(list(reached), number):
        who = {"subscriber_id": delivery.subscriber_id, "newsletter_id": briefing.newsletter_id}
        unsubscribe(**who, by="one-click")
        Subscription.objects.filter(**who).update(
            unsubscribed_at=delivery.sent_at + timedelta(hours=random.uniform(0.2, 30))
        )
