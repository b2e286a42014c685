"""Lists of articles at the desk: acts on many articles, and lists that somebody has saved under a name."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.bulk_acts import AT_WORK, ActBatch, ActRow
from core.bulk_acts import State as ActState


class ArticleAct(ActRow):
    """An act on many articles. Each of its batches is one article."""

    class Kind(models.TextChoices):
        TAG = "tag", "Add a tag"
        UNTAG = "untag", "Remove a tag"
        CATEGORY = "category", "Set the category"
        AUTHOR = "author", "Add or replace the author"
        SCHEDULE = "schedule", "Schedule"
        ARCHIVE = "archive", "Archive"

    State = ActState

    kind = models.CharField("act", max_length=8, choices=Kind)
    given = models.JSONField(default=dict, help_text="What is set: slugs, moments, and whether readers see it at once.")
    what = models.CharField(max_length=160, blank=True, help_text="The same in words.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="Who had it started, or undone; their permissions hold for each article.",
    )

    class Meta:
        verbose_name = "bulk act"
        ordering = ["-id"]
        indexes = [models.Index(fields=["due_at"], name="article_act_at_work", condition=Q(state__in=AT_WORK))]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["tag", "untag", "category", "author", "schedule", "archive"]),
                name="article_act_kind_known",
            ),
            models.CheckConstraint(condition=Q(state__in=list(ActState.values)), name="article_act_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.what}" if self.what else self.get_kind_display()

    @property
    def is_undoable(self) -> bool:
        return True


class ArticleActBatch(ActBatch):
    """One article that an act is about, and what it was like before."""

    act = models.ForeignKey(ArticleAct, on_delete=models.CASCADE, related_name="batches", db_index=False)
    before = models.JSONField(default=dict, db_default={})

    class Meta:
        ordering = ["act", "number"]
        constraints = [models.UniqueConstraint(fields=["act", "number"], name="article_act_batch_once")]

    def __str__(self) -> str:
        return f"{self.act}, batch {self.number}"


class SavedList(models.Model):
    """What somebody narrowed the list of articles to, under a name; their own, or for the whole newsroom."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    said: Any = models.JSONField(help_text="The parts of the list's address.")
    is_shared = models.BooleanField("for everybody in the newsroom", default=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_list_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_list_has_name"),
        ]

    def __str__(self) -> str:
        return self.name
