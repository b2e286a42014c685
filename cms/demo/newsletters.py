"""The demo newsroom's newsletters, two briefings that went out, and automations.

A briefing goes the way of every briefing (approved, frozen, claimed, recorded) except through a mail server; then its
times are moved back to its day, and hits like those of readers and machines are judged like any others.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any

from django.utils import timezone

from cms.demo import automations, briefings, content, readers
from cms.demo.pieces import Piece
from core.lib.smtp import Outcome, Status
from core.models import User
from newsletter.models import Briefing, BriefingPlan, Delivery, Hit, Newsletter, Subscription, TrackedLink
from newsletter.sending import briefing_counts, deliveries, freeze, tracking
from newsletter.sending.approval import approve
from newsletter.subscribers import consent, day_counts
from newsletter.subscribers.consent import Act, Actor, NewAct

APPROVER = "newsletter@example.com"
NO_SUCH_MAILBOX = Outcome(Status.REFUSED, "550 5.1.1 No such mailbox")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SCANNER_SHARE = 0.015
LAST_OPEN_HOURS = 90


def pieces() -> Iterator[Piece]:
    """The newsletters, then readers and briefings in the order of their dates."""
    wanted, now = content.read("newsletter"), timezone.now()
    for position, entry in enumerate(wanted["newsletters"]):
        fields = {**entry, "ordering": position}
        make = partial(Newsletter.objects.get_or_create, slug=fields.pop("slug"), defaults=fields)
        yield f"newsletter {entry['slug']}", make
    yield from briefings.pieces()
    for entry in wanted["plans"]:
        yield f"plan {entry['name']}", partial(_make_plan, entry)
    waves = readers.waves(wanted["readership"])
    for entry in wanted["briefings"]:
        yield waves.pop(0)
        yield f"briefing {entry['slug']}", partial(_make_sent, entry, now)
    yield from waves
    yield from briefings.draft_pieces()
    for entry in wanted["automations"]:
        through = partial(automations.make, entry, approver=APPROVER, deliver=_deliver, read=_read)
        yield f"automation {entry['name']}", through
    yield "figures of newsletters", _count


def _make_plan(entry: dict[str, Any]) -> None:
    fields = {**entry, "time": time.fromisoformat(entry["time"])}
    newsletter = Newsletter.objects.get(slug=fields.pop("newsletter"))
    BriefingPlan.objects.get_or_create(newsletter=newsletter, name=fields.pop("name"), defaults=fields)


def _count() -> None:
    day_counts.count_days()
    day_counts.count_briefings()
    briefing_counts.count_due()


def _make_sent(entry: dict[str, Any], now: datetime) -> None:
    if Briefing.objects.filter(slug=entry["slug"]).exists():
        return
    sent_at = content.days_before(now, entry["sent_days_ago"])
    words = {name: entry[name] for name in ("slug", "subject", "preheader", "introduction")}
    newsletter = Newsletter.objects.get(slug=entry["newsletter"])
    briefing = Briefing.objects.create(
        newsletter=newsletter, issue_date=sent_at.date(), created_at=sent_at - timedelta(hours=20), **words
    )
    briefings.compose(briefing, entry)
    random = Random(entry["slug"])
    approve(briefing, by=User.objects.get(email=APPROVER))
    Briefing.objects.filter(pk=briefing.pk).update(scheduled_at=timezone.now())  # nobody takes it back
    freeze.freeze(briefing.pk)
    _deliver(briefing, random, failures=entry["reading"]["failed"])
    _date_back(briefing, sent_at)
    _read(briefing, random, entry["reading"])
    _leave(briefing, random, entry["reading"]["unsubscribed"])


def _deliver(briefing: Briefing, random: Random, *, failures: int) -> None:
    """Claim every delivery and record its outcome, as pumps do with what the mail server answers."""
    queue = deliveries.DeliveryQueue(briefing)
    while claimed := [delivery.delivery_id for delivery in queue.record_and_claim([], wanted=500)]:
        failed = set(random.sample(claimed, failures))
        outcomes = [(key, NO_SUCH_MAILBOX if key in failed else Outcome(Status.ACCEPTED)) for key in claimed]
        queue.record_and_claim(outcomes, wanted=0)
    deliveries.reconcile(briefing.pk)


def _date_back(briefing: Briefing, sent_at: datetime) -> None:
    Delivery.objects.filter(briefing=briefing).update(due_at=sent_at)
    Delivery.objects.filter(briefing=briefing, state=Delivery.State.SENT).update(sent_at=sent_at)
    Briefing.objects.filter(pk=briefing.pk).update(
        approved_at=sent_at - timedelta(minutes=40),
        scheduled_at=sent_at,
        frozen_at=sent_at,
        first_sent_at=sent_at,
        sent_at=sent_at,
    )


def _read(briefing: Briefing, random: Random, shares: dict[str, Any]) -> None:
    """Store opens and clicks and judge them as any others."""
    links = list(TrackedLink.objects.filter(briefing=briefing).order_by("number"))
    hits: list[Hit] = []
    for delivery, sent_at in _reached(briefing):
        if random.random() < shares["machine_opened"]:
            hits.append(_proxy_open(delivery, sent_at + timedelta(seconds=random.uniform(6, 60))))
        if random.random() < SCANNER_SHARE:
            hits += [_hit(delivery, sent_at + timedelta(seconds=2), link) for link in links]
        if random.random() < shares["opened"]:
            hours = min(random.lognormvariate(1.2, 1.1), LAST_OPEN_HOURS)
            hits += _reader(delivery, sent_at + timedelta(hours=hours), links[1:], random, shares)
    Hit.objects.bulk_create(hits)
    while tracking.judge():
        pass


def _reached(briefing: Briefing) -> list[tuple[Delivery, datetime]]:
    sent = Delivery.objects.filter(briefing=briefing, state=Delivery.State.SENT).order_by("pk")
    return [(delivery, delivery.sent_at) for delivery in sent if delivery.sent_at]


def _reader(
    delivery: Delivery, at: datetime, links: list[TrackedLink], random: Random, shares: dict[str, Any]
) -> Iterator[Hit]:
    """A person opens it and then, some minutes apart, follows what seems worth it."""
    yield _hit(delivery, at)
    for link, share in zip(links, shares["clicked"], strict=False):
        at += timedelta(minutes=random.uniform(1, 9))
        if random.random() < share / shares["opened"]:
            yield _hit(delivery, at, link)


def _hit(delivery: Delivery, at: datetime, link: TrackedLink | None = None) -> Hit:
    kind = Hit.Kind.CLICK if link else Hit.Kind.OPEN
    network = readers.NETWORKS[delivery.pk % len(readers.NETWORKS)]
    return Hit(delivery=delivery, at=at, kind=kind, link=link, network=network, user_agent=BROWSER)


def _proxy_open(delivery: Delivery, at: datetime) -> Hit:
    """A mail service fetches the image before anyone has read the mail."""
    hit = _hit(delivery, at)
    hit.user_agent, hit.reason = "Mozilla/5.0", "image proxy"
    return hit


def _leave(briefing: Briefing, random: Random, number: int) -> None:
    """Some unsubscribe with the button of their mail program."""
    for delivery, sent_at in random.sample(_reached(briefing), number):
        subscription = Subscription.objects.get(
            subscriber=delivery.subscriber_id, newsletter=briefing.newsletter_id, state=Subscription.State.CONFIRMED
        )
        left_at = sent_at + timedelta(hours=random.uniform(0.2, 30))
        who = consent.person(subscription.subscriber)
        consent.record(
            NewAct(who, Act.LEFT, Actor.SUBSCRIBER, briefing.newsletter_id, way="one-click", given_at=left_at)
        )
