"""Querysets of newsletters, subscriptions, suppressions, briefings and deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.functions import Now

from core.leases import LeasedQuerySet
from newsletter.digests import digest_of

if TYPE_CHECKING:
    from newsletter.models import Newsletter, Subscriber


class NewsletterQuerySet(models.QuerySet[Any]):
    def open(self) -> NewsletterQuerySet:
        return self.filter(is_open=True)

    def default(self) -> Newsletter | None:
        """The list for forms that name none."""
        return self.open().order_by("-is_default", "ordering", "pk").first()


class SubscriptionQuerySet(models.QuerySet[Any]):
    def confirmed(self) -> SubscriptionQuerySet:
        return self.filter(state="confirmed")

    def mailable(self) -> SubscriptionQuerySet:
        """Those that get briefings: confirmed, not paused, and the address is not suppressed."""
        return self.confirmed().filter(subscriber__suppressed="").exclude(paused_until__gt=Now())

    def paused(self) -> SubscriptionQuerySet:
        return self.confirmed().filter(paused_until__gt=Now())

    def count_mailable(self) -> int:
        """How many are mailable. Three counts, each with an index: a join over a million takes long."""
        return self.count_subscribed() - self.paused().filter(subscriber__suppressed="").count()

    def count_subscribed(self, of: str = "pk") -> int:
        """How many are confirmed and not suppressed, paused or not; or of how many subscribers."""
        number = models.Count(of, distinct=of != "pk")
        confirmed = self.confirmed().aggregate(total=number)["total"]
        return int(confirmed - self.confirmed().exclude(subscriber__suppressed="").aggregate(total=number)["total"])

    def unsubscribed(self) -> SubscriptionQuerySet:
        return self.filter(state="unsubscribed")


class SuppressionQuerySet(models.QuerySet[Any]):
    def of(self, canonical: str) -> SuppressionQuerySet:
        """The suppression of one address, if there is any."""
        return self.filter(digest=self.model.digest_of(canonical))


class BriefingItemQuerySet(models.QuerySet[Any]):
    def shown(self) -> BriefingItemQuerySet:
        """Those that there is something to see of: a sponsor's place without an ad is empty."""
        return self.exclude(kind="sponsor", heading="").order_by("ordering", "id")


class ConsentActQuerySet(models.QuerySet[Any]):
    def about(self, subscriber: Subscriber) -> ConsentActQuerySet:
        """The acts of a subscriber and those about the address, in their order."""
        return self.filter(models.Q(subscriber=subscriber) | models.Q(digest=digest_of(subscriber.canonical))).order_by(
            "id"
        )


class AutomationQuerySet(models.QuerySet[Any]):
    def running(self) -> AutomationQuerySet:
        return self.filter(state="running")

    def taking_in(self) -> AutomationQuerySet:
        """Those that somebody can enter. In one that is paused they wait."""
        return self.filter(state__in=["running", "paused"])

    def by_reading(self) -> AutomationQuerySet:
        """Those in which something follows from opens and clicks."""
        tests = ["read", "not_read", "clicked", "not_clicked"]
        forks = models.Q(steps__kind="fork", steps__test__in=tests)
        return self.filter(models.Q(begins="quiet") | models.Q(ends_when_reading=True) | forks).distinct()


class BriefingQuerySet(models.QuerySet[Any]):
    def sent(self) -> BriefingQuerySet:
        """Briefings that have reached everybody they could, but for a few that are tried again."""
        return self.filter(state="sent", sent_at__isnull=False)

    def counted(self) -> BriefingQuerySet:
        """Briefings whose opens and clicks are counted, as their newsletter had it when they were frozen."""
        links: Any = self.model._meta.get_field("links").related_model
        return self.filter(models.Exists(links.objects.filter(briefing=models.OuterRef("pk"))))

    def readable(self) -> BriefingQuerySet:
        """Briefings that readers see in the archive: somebody has got them in the mail."""
        return self.filter(first_sent_at__isnull=False)

    def promised(self) -> BriefingQuerySet:
        """Those that somebody has got, or will get unless it is taken back: no drafts, and none that ended before its first mail."""
        kept = models.Q(state__in=["approved", "sending", "paused", "sent"])
        return self.filter(kept | models.Q(first_sent_at__isnull=False))

    def issues(self) -> BriefingQuerySet:
        """Without weekly digests, which hold what others held."""
        return self.filter(digest_at=None)

    def under_way(self) -> BriefingQuerySet:
        """Briefings that something is left to send of. A letter of an automation is never done, and rests between its readers."""
        deliveries: Any = self.model._meta.get_field("deliveries").related_model
        ends = models.Q(automation=None) | models.Exists(
            deliveries.objects.unfinished().filter(briefing=models.OuterRef("pk"))
        )
        return self.filter(models.Q(state="sending") & ends | models.Q(retrying__gt=0))

    def letters(self) -> BriefingQuerySet:
        """The letters of automations, in every edition."""
        return self.filter(automation__isnull=False)


class IssuesManager(models.Manager.from_queryset(BriefingQuerySet)):  # type: ignore[misc]
    """The issues of newsletters. The desk, the archive, figures and plans know of no letters of automations."""

    def get_queryset(self) -> BriefingQuerySet:
        found: BriefingQuerySet = super().get_queryset().filter(automation=None)
        return found


class DeliveryQuerySet(LeasedQuerySet):
    def unfinished(self) -> DeliveryQuerySet:
        return self.filter(state__in=["pending", "sending", "retry"])

    def waiting_for_their_turn(self) -> DeliveryQuerySet:
        """Deliveries that were not tried yet, or are being tried for the first time."""
        return self.filter(state__in=["pending", "sending"])

    def troubled(self) -> DeliveryQuerySet:
        """Deliveries that staff should look at: without those that wait for their turn alone, which may be most of a long list."""
        return self.filter(state__in=["failed", "uncertain", "retry"]).exclude(state="retry", attempts=0)

    def held_by_a_domain(self) -> DeliveryQuerySet:
        """Those that nothing is wrong with: they wait until their recipient's domain takes them."""
        return self.filter(state="retry", attempts=0)


class LinkCheckQuerySet(LeasedQuerySet):
    def claimable(self, now: datetime) -> LinkCheckQuerySet:
        return super().claimable(now).filter(state="waiting")

    def waiting(self) -> LinkCheckQuerySet:
        return self.filter(state="waiting")

    def wrong(self) -> LinkCheckQuerySet:
        return self.filter(state="wrong")
