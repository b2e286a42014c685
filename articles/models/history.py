"""The history of an article (revisions, audit log), and work on it: presence, comments."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from articles.models.article import Article
from core.lib.prefix_search import words_index
from core.lib.triggers import append_only

USER = settings.AUTH_USER_MODEL


class Revision(models.Model):
    """The whole article as it was at one version, with who saved it, when and why."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="revisions")
    version = models.PositiveIntegerField()
    document = models.JSONField()
    by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["article", "version"], name="revision_version_once")]

    def __str__(self) -> str:
        return f"version {self.version}"


class Presence(models.Model):
    """Somebody who has an article open."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="presences")
    by = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "presence"
        constraints = [models.UniqueConstraint(fields=["article", "by"], name="presence_once_per_person")]

    def __str__(self) -> str:
        return f"{self.by_id} in {self.article_id}"


class Comment(models.Model):
    """A comment of the newsroom on an article; readers never see it."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="comments")
    by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    text = models.TextField(max_length=4000)
    asks = models.ForeignKey(
        USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="asks"
    )
    passage = models.JSONField(
        null=True,
        blank=True,
        help_text="The words that it is about, and those before and after (articles.desk.passages).",
    )
    answers = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="replies",
        help_text="The comment it answers.",
    )
    created_at = models.DateTimeField(default=timezone.now)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="comment_says_something"),
            models.CheckConstraint(
                condition=Q(answers__isnull=True) | Q(passage__isnull=True),
                name="comment_answers_or_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class AuditEntry(models.Model):
    """Something that was done to an article; never changed or deleted.

    It outlives the article and the person: neither foreign key is enforced, and both names are stored.
    """

    article = models.ForeignKey(
        Article, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="audit_entries"
    )
    article_title = models.CharField(max_length=200)
    by = models.ForeignKey(USER, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    by_name = models.CharField(max_length=254)
    action = models.CharField(max_length=40)
    detail = models.CharField(max_length=400, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "audit log"
        triggers = [append_only("Entries of the audit log are never changed or deleted.")]
        indexes = [
            models.Index(fields=["article", "-at"], name="audit_of_article"),
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["action", "-at", "-id"], name="audit_action"),
            words_index("article_title", "by_name", name="audit_words"),
        ]

    def __str__(self) -> str:
        return f"{self.by_name} {self.action} {self.article_title}"
