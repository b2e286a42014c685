"""What leads the front page and the sections: stories that are pinned there, and what is read most."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from articles.models.article import Article
from articles.models.taxonomy import Category


class Pin(models.Model):
    """A story's place at the head of the front page or of a section. It is shown while the story is live."""

    category = models.ForeignKey(
        Category,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="pins",
        help_text="Empty: the front page.",
    )
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="pins")
    position = models.PositiveSmallIntegerField()
    until = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["position", "pk"]
        indexes = [models.Index(fields=["until"], name="pin_until", condition=models.Q(until__isnull=False))]
        constraints = [
            models.UniqueConstraint(fields=["category", "article"], nulls_distinct=False, name="pin_once_per_place")
        ]

    def __str__(self) -> str:
        return f"{self.article} on {self.category or 'the front page'}"


class MostRead(models.Model):
    """One of the stories that were read most lately, as last counted (`articles.most_read`)."""

    rank = models.PositiveSmallIntegerField(unique=True)
    article = models.OneToOneField(Article, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["rank"]

    def __str__(self) -> str:
        return f"{self.rank}: {self.article_id}"
