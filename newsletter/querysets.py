"""The questions that are asked of newsletters' tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from core.leases import LeasedQuerySet

if TYPE_CHECKING:
    from newsletter.models import Briefing, Newsletter


class NewsletterQuerySet(models.QuerySet[Any]):
    def open(self) -> NewsletterQuerySet:
        return self.filter(is_open=True)

    def default(self) -> Newsletter | None:
        """The list for forms that name none."""
        return self.open().order_by("-is_default", "ordering", "pk").first()


class SubscriptionQuerySet(models.QuerySet[Any]):
    def confirmed(self) -> SubscriptionQuerySet:
        return self.filter(state="confirmed")

    def unsubscribed(self) -> SubscriptionQuerySet:
        return self.filter(state="unsubscribed")


class SuppressionQuerySet(models.QuerySet[Any]):
    def of(self, canonical: str) -> SuppressionQuerySet:
        """The suppression of one address, if there is any."""
        return self.filter(digest=self.model.digest_of(canonical))


class BriefingQuerySet(models.QuerySet[Any]):
    def sent(self) -> BriefingQuerySet:
        """What readers may see in the archive."""
        return self.filter(state="sent", sent_at__isnull=False)

    def under_way(self) -> BriefingQuerySet:
        return self.filter(state="sending")

    def before(self, briefing: Briefing) -> BriefingQuerySet:
        """Earlier issues of the same newsletter that went out or are about to."""
        return self.filter(newsletter=briefing.newsletter_id).exclude(pk=briefing.pk).exclude(state="cancelled")


class DeliveryQuerySet(LeasedQuerySet):
    def unfinished(self) -> DeliveryQuerySet:
        return self.filter(state__in=["pending", "sending", "retry"])

    def troubled(self) -> DeliveryQuerySet:
        """What staff should look at."""
        return self.filter(state__in=["failed", "uncertain", "retry"])


class HitQuerySet(models.QuerySet[Any]):
    def valid(self) -> HitQuerySet:
        """Hits that were classified and counted."""
        return self.filter(verdict="valid")

    def unclassified(self) -> HitQuerySet:
        return self.filter(Q(verdict=""))
