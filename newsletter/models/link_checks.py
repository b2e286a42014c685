"""The links of a briefing as they were last looked at."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.leases import LeasedModel
from newsletter.models.briefings import Briefing
from newsletter.querysets import LinkCheckQuerySet


class LinkCheck(LeasedModel):
    """An address in a draft, and what answered there."""

    class State(models.TextChoices):
        WAITING = "waiting"
        FINE = "fine"
        WRONG = "wrong"

    briefing = models.ForeignKey(Briefing, on_delete=models.CASCADE, related_name="link_checks", db_index=False)
    url = models.TextField()
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    note = models.CharField(max_length=200, blank=True, help_text="What is wrong, in words.")
    checked_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Any] = LinkCheckQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["due_at"], name="link_check_waiting", condition=Q(state="waiting"))]
        constraints = [
            models.UniqueConstraint(fields=["briefing", "url"], name="link_check_once"),
            models.CheckConstraint(condition=Q(state__in=["waiting", "fine", "wrong"]), name="link_check_state_known"),
            models.CheckConstraint(
                condition=Q(state="waiting") | Q(checked_at__isnull=False), name="link_check_has_time"
            ),
        ]

    def __str__(self) -> str:
        return self.url
