"""Bounces and complaints: what follows from a message that came back to the bounce address, or a mail provider's report.

A report is believed only where it names one of our deliveries under our signature: in the return path it was sent to, or
in the Return-Path or Message-ID of the message that it is about, or as the provider's metadata has it. Each delivery bounces
once, for good where it first failed for now, and is complained of once. Everything else changes nothing but a count, which
staff can read.
"""

from datetime import timedelta
from typing import Any, TypeAlias

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core.lib import clock
from core.lib.signing import BadToken, read_token
from newsletter.mail import reports, return_path
from newsletter.mail.reports import Report
from newsletter.mail.status_codes import is_gone, is_temporary
from newsletter.models import BounceRule, ConsentAct, Delivery, IgnoredReports, MailReport, Subscriber
from newsletter.subscribers import consent, subscriptions
from newsletter.subscribers.consent import Act, Actor, NewAct

BOUNCES_FOR = timedelta(days=30)  # mail servers give up after days; later on, the address may be another person's
Kind: TypeAlias = MailReport.Kind
Ignored: TypeAlias = IgnoredReports.Reason
NO_NEWS = {
    reports.Kind.AUTO_REPLY: Ignored.AUTO_REPLY,
    reports.Kind.DELAY: Ignored.DELAY,
    reports.Kind.OTHER: Ignored.OTHER,
}


def take(message: bytes, *, recipient: str = "") -> str:
    """Take one message that came back; `recipient` is the address it was handed over for, where the mail server says it."""
    report = reports.read(message)
    report.addresses.append(recipient)
    return take_report(report)


@transaction.atomic
def take_report(report: Report) -> str:
    """Do what follows from a report; return what it was, a kind of report or why it is ignored."""
    verdict = NO_NEWS.get(report.kind) or _believed(report)
    if isinstance(verdict, Ignored):
        ignore(verdict)
    return str(verdict.value)


def _delivery_of(report: Report) -> int | Ignored:
    """The delivery that a report is about."""
    tokens = [token for text in report.addresses for token in return_path.tokens_in(text)]
    for token in tokens:
        try:
            return return_path.delivery_of(token)
        except BadToken:
            continue
    for message_id in report.message_ids:
        try:
            briefing, subscriber = read_token("message", message_id.strip().strip("<>").partition("@")[0])
        except ValueError:
            continue
        found = Delivery.objects.filter(briefing=briefing, subscriber=subscriber).values_list("pk", flat=True).first()
        return found or Ignored.FOREIGN
    return Ignored.FORGED if tokens else Ignored.FOREIGN


def _believed(report: Report) -> Kind | Ignored | reports.Kind:
    if welcomed := _welcomed(report):
        return _settle_welcome(report, welcomed)
    found = _delivery_of(report)
    return found if isinstance(found, Ignored) else _settle(report, found)


def _welcomed(report: Report) -> Subscriber | None:
    """The subscriber whose welcome mail a report is about, if they still have the address it went to."""
    for message_id in report.message_ids:
        try:
            subscription, sent = read_token("welcome", message_id.strip().strip("<>").partition("@")[0])
        except ValueError:
            continue
        found = Subscriber.objects.filter(subscriptions=subscription).first()
        changed = found.corrected_at if found else None
        return None if changed and changed.timestamp() > sent else found
    return None


def _settle_welcome(report: Report, subscriber: Subscriber) -> Kind | Ignored:
    """Suppress whoever complained of a welcome mail, or has no mailbox; it is no delivery of a briefing to count."""
    kind = _kind(report)
    if kind not in (Kind.COMPLAINT, Kind.GONE):
        return Ignored.OTHER
    before = subscriber.suppressed
    _suppress(subscriber, kind, report.words, way="welcome mail")
    subscriber.refresh_from_db(fields=["suppressed"])
    return kind if subscriber.suppressed != before else Ignored.REPLAYED


def _settle(report: Report, delivery_id: int) -> Kind | Ignored | reports.Kind:
    delivery = (
        Delivery.objects.filter(pk=delivery_id).select_for_update(of=("self",)).select_related("briefing").first()
    )
    if delivery is None:
        return Ignored.FOREIGN
    if report.kind is reports.Kind.LEFT:
        return _leave(delivery)
    kind = _kind(report)
    known = delivery.reports.filter(kind=Kind.COMPLAINT)
    if kind != Kind.COMPLAINT:
        known = delivery.reports.exclude(kind=Kind.COMPLAINT)
        if delivery.sent_at and delivery.sent_at < timezone.now() - BOUNCES_FOR:
            return Ignored.LATE
    if kind == Kind.GONE:
        known.filter(kind=Kind.DEFERRED).delete()
    if known.exists():
        return Ignored.REPLAYED
    MailReport.objects.create(delivery=delivery, kind=kind, code=report.code)
    if delivery.subscriber and not (kind != Kind.COMPLAINT and _went_to_an_address_of_before(delivery)):
        _suppress(delivery.subscriber, kind, report.words, way=f"briefing {delivery.briefing_id}")
    return kind


def _leave(delivery: Delivery) -> Ignored | reports.Kind:
    """Take somebody off the list of a delivery, as its recipient told the mail provider, or wrote to the return path."""
    given: dict[str, Any] = {"by": "mail provider", "actor": Actor.SERVER}
    subscriber, newsletter = delivery.subscriber_id or 0, delivery.briefing.newsletter_id
    left = subscriptions.unsubscribe(subscriber_id=subscriber, newsletter_id=newsletter, **given)
    return reports.Kind.LEFT if left else Ignored.REPLAYED


def _went_to_an_address_of_before(delivery: Delivery) -> bool:
    """Whether the subscriber has another address since: what came back says nothing about that one."""
    changed = delivery.subscriber.corrected_at if delivery.subscriber else None
    return bool(changed and delivery.sent_at and delivery.sent_at < changed)


def _kind(report: Report) -> Kind:
    if report.kind is reports.Kind.COMPLAINT:
        return Kind.COMPLAINT
    if is_gone(report.code):
        return Kind.GONE
    return Kind.DEFERRED if is_temporary(report.code) else Kind.REFUSED


def _suppress(subscriber: Subscriber, kind: Kind, words: str, *, way: str) -> None:
    """Write no more to whoever complained or is gone, nor where too many briefings in a row of days failed for now."""
    if kind == Kind.DEFERRED:
        rule = BounceRule.current()
        if _failed_for_now(subscriber, rule) < rule.times:
            return
        words = f"{rule.times} briefings within {rule.within_days} days failed for now, the last so: {words}"
    if kind != Kind.REFUSED:
        act = Act.COMPLAINED if kind == Kind.COMPLAINT else Act.BOUNCED
        consent.record(NewAct(consent.person(subscriber), act, Actor.SERVER, way=way, note=words))


def _failed_for_now(subscriber: Subscriber, rule: BounceRule) -> int:
    """How many of a subscriber's briefings did, since it last confirmed, staff let it back in or its address changed."""
    since = timezone.now() - timedelta(days=rule.within_days)
    since = max(since, subscriber.corrected_at or since)
    renewed = ConsentAct.objects.about(subscriber).filter(act__in=[Act.CONFIRMED, Act.LIFTED]).last()
    if renewed:
        since = max(since, renewed.recorded_at)
    own = MailReport.objects.filter(delivery__subscriber=subscriber, kind=Kind.DEFERRED)
    return own.filter(received_at__gte=since).count()


def ignore(reason: Ignored) -> None:
    """Count a report that changes nothing."""
    row, _ = IgnoredReports.objects.get_or_create(day=clock.utc_day(), reason=reason)
    IgnoredReports.objects.filter(pk=row.pk).update(number=F("number") + 1)
