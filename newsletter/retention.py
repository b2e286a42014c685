"""What the newsletter keeps of persons: for how long, and what deletes it."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from core import retention
from core.lib import batches
from core.retention import Column, days
from newsletter import subscriptions
from newsletter.models import Briefing, Delivery, Hit, Subscriber, Subscription, Suppression

SIGN_UPS_KEPT_FOR = timedelta(days=30)
ORIGINS_KEPT_FOR = timedelta(days=30)
EVIDENCE_KEPT_FOR = timedelta(days=365)
READING_KEPT_FOR = timedelta(days=400)  # thirteen months, so that a year can be compared with the one before
LEFT_KEPT_FOR = timedelta(days=1096)  # three years, for as long as somebody may ask why we wrote to them

_SUBSCRIBER = (
    f"as long as it subscribes; {days(LEFT_KEPT_FOR)} after it left, {days(SIGN_UPS_KEPT_FOR)} if it never confirmed"
)
_BY = "the hourly purge; erasure"
COLUMNS = [
    *(Column(f"newsletter.Subscriber.{name}", _SUBSCRIBER, _BY) for name in ("email", "canonical", "name")),
    Column("newsletter.Subscription.requested_from", days(EVIDENCE_KEPT_FOR), _BY),
    Column("newsletter.Subscription.confirmed_from", days(EVIDENCE_KEPT_FOR), _BY),
    Column("newsletter.Suppression.note", "as long as the suppression", "erasure; staff"),
    Column("newsletter.Delivery.subscriber", days(READING_KEPT_FOR), _BY),
    Column("newsletter.Delivery.note", f"{days(READING_KEPT_FOR)}, without addresses", _BY),
    Column("newsletter.Hit.network", days(ORIGINS_KEPT_FOR), _BY),
    Column("newsletter.Hit.user_agent", days(ORIGINS_KEPT_FOR), _BY),
    Column("newsletter.Newsletter.from_name", retention.ORGANISATION, retention.ADMIN),
    Column("newsletter.BriefingItem.sponsor_name", "for good: the archive is public", "nobody"),
]


def register_all() -> None:
    """Put the keeping times of the newsletter into force."""
    retention.declare(COLUMNS)
    retention.register("sign-ups never confirmed", delete_unconfirmed)
    retention.register("subscriptions ended long ago", delete_left)
    retention.register("subscribers without a subscription", delete_without_subscription)
    retention.register("networks of consent", forget_networks)
    retention.register("networks and browsers of readers", forget_origins)
    retention.register("who read what", forget_readers)


def delete_unconfirmed() -> int:
    """Delete requests that nobody confirmed."""
    before = timezone.now() - SIGN_UPS_KEPT_FOR
    return batches.delete(Subscription.objects.filter(state="pending", requested_at__lt=before))


def delete_left() -> int:
    """Delete subscriptions that ended long ago; a digest keeps imports from bringing back those who have no other."""

    @transaction.atomic
    def act(some: QuerySet[Subscription]) -> int:
        others = Subscription.objects.filter(subscriber=OuterRef("subscriber")).exclude(pk__in=some.values("pk"))
        alone = some.filter(~Exists(others)).values_list("subscriber__canonical", flat=True).distinct()
        digests = [Suppression.digest_of(canonical) for canonical in alone]
        reason = Suppression.Reason.ERASED
        Suppression.objects.bulk_create(
            [Suppression(digest=digest, reason=reason) for digest in digests], ignore_conflicts=True
        )
        return some.delete()[0]

    before = timezone.now() - LEFT_KEPT_FOR
    return batches.settle(Subscription.objects.filter(state="unsubscribed", unsubscribed_at__lt=before), act)


def delete_without_subscription() -> int:
    """Delete addresses that are on no list, once nobody can still confirm."""
    before = timezone.now() - SIGN_UPS_KEPT_FOR
    on_a_list = Subscription.objects.filter(subscriber=OuterRef("pk"))
    return batches.settle(Subscriber.objects.filter(~Exists(on_a_list), created_at__lt=before), _forget_all)


def _forget_all(subscribers: QuerySet[Subscriber]) -> int:
    for subscriber in subscribers:
        subscriptions.forget(subscriber)
    return len(subscribers)


def forget_networks() -> int:
    """Empty the networks from which consent was given; its time and words stay."""
    before = timezone.now() - EVIDENCE_KEPT_FOR
    given = Subscription.objects.exclude(requested_from="", confirmed_from="")
    old = given.filter(requested_at__lt=before).exclude(confirmed_at__gte=before)
    return batches.update(old, requested_from="", confirmed_from="")


def forget_origins() -> int:
    """Empty the networks and browsers of opens and clicks, which were judged long since."""
    before = timezone.now() - ORIGINS_KEPT_FOR
    return batches.update(
        Hit.objects.filter(at__lt=before).exclude(network="", user_agent=""), network="", user_agent=""
    )


def forget_readers() -> int:
    """Cut the links from old deliveries to their subscribers, briefing by briefing; the counts stay."""
    ended = Briefing.objects.filter(
        state__in=["sent", "cancelled"], frozen_at__lt=timezone.now() - READING_KEPT_FOR
    ).values_list("pk", flat=True)
    return sum(
        batches.update(Delivery.objects.filter(briefing=key, subscriber__isnull=False), subscriber=None, note="")
        for key in ended
    )
