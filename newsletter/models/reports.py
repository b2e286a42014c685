"""Reports that came back about deliveries, the number of those that were not taken, and the rule of temporary failures."""

from __future__ import annotations

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from newsletter.models.deliveries import Delivery


class MailReport(models.Model):
    """A delivery that came back, or was reported as spam. Each can do so once: newsletter.bounces takes no report twice."""

    class Kind(models.TextChoices):
        GONE = "gone", "no such mailbox"
        REFUSED = "refused", "refused for another reason"
        DEFERRED = "deferred", "failed for now"
        COMPLAINT = "complaint", "reported as spam"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="reports", db_index=False)
    kind = models.CharField(max_length=9, choices=Kind)
    code = models.CharField("status code", max_length=11, blank=True, help_text="Of RFC 3463.")
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = "bounce or complaint"
        verbose_name_plural = "bounces and complaints"
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["gone", "refused", "deferred", "complaint"]), name="mail_report_kind_known"
            ),
            models.UniqueConstraint(
                fields=["delivery"], condition=Q(kind="complaint"), name="mail_report_one_complaint"
            ),
            models.UniqueConstraint(fields=["delivery"], condition=~Q(kind="complaint"), name="mail_report_one_bounce"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery}: {self.get_kind_display()}"

    def in_words(self) -> str:
        """What became of the delivery."""
        if self.kind == self.Kind.COMPLAINT:
            return "reported as spam"
        return f"came back: {self.get_kind_display()}" + (f" ({self.code})" if self.code else "")


class IgnoredReports(models.Model):
    """How many messages to the bounce address changed nothing on one day, and why."""

    class Reason(models.TextChoices):
        FORGED = "forged", "signature not ours"
        FOREIGN = "foreign", "about no message of ours"
        REPLAYED = "replayed", "the delivery has come back already"
        LATE = "late", "the delivery is too old to come back"
        AUTO_REPLY = "auto-reply", "automatic reply, such as out of office"
        DELAY = "delay", "not a failure: still trying, or delivered"
        OTHER = "other", "no report, or not readable"

    day = models.DateField(help_text="In UTC.")
    reason = models.CharField(max_length=10, choices=Reason)
    number = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-day", "reason"]
        verbose_name = verbose_name_plural = "ignored reports"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["day", "reason"], name="ignored_reports_one_count"),
            models.CheckConstraint(
                condition=Q(
                    reason__in=["forged", "foreign", "replayed", "late", "auto-reply", "delay", "other"],
                ),
                name="ignored_reports_reason_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} on {self.day}: {self.get_reason_display()}"


class BounceRule(models.Model):
    """When mail that fails for now ends in suppression. One row at most; without one, its defaults hold."""

    times = models.PositiveSmallIntegerField(
        "briefings that failed for now",
        default=5,
        validators=[MinValueValidator(2)],
        help_text="An address gets no more mail once so many briefings came back with a 4.x.x code or a full mailbox …",
    )
    within_days = models.PositiveSmallIntegerField(
        "within days", default=60, validators=[MinValueValidator(1)], help_text="… within so many days."
    )

    class Meta:
        verbose_name = "rule of temporary bounces"
        verbose_name_plural = "rule of temporary bounces"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="bounce_rule_is_one"),
            models.CheckConstraint(condition=Q(times__gte=2, within_days__gte=1), name="bounce_rule_makes_sense"),
        ]

    def __str__(self) -> str:
        return f"{self.times} briefings within {self.within_days} days"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    @classmethod
    def current(cls) -> BounceRule:
        return cls.objects.first() or cls()
