"""Links that show an unpublished article to people without an account."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from articles.models.article import Article
from core.lib.signing import make_token

PREVIEW = "articles.preview"


class PreviewLinkQuerySet(models.QuerySet["PreviewLink"]):
    def open(self) -> Self:
        """Links that still work."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())


def in_a_week() -> datetime:
    return timezone.now() + timedelta(days=7)


class PreviewLink(models.Model):
    """A link to the newest version of an article, until it expires or is revoked."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="preview_links")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(default=in_a_week)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = PreviewLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="preview_link_lasts_a_while")
        ]

    def __str__(self) -> str:
        return f"link to {self.article_id} until {self.expires_at:%Y-%m-%d %H:%M} UTC"

    def get_absolute_url(self) -> str:
        return reverse("articles:article-preview", args=[make_token(PREVIEW, self.pk)])

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()

    @property
    def address(self) -> str:
        """The absolute address."""
        return settings.SITE_URL + self.get_absolute_url()

    def revoke(self) -> bool:
        """Stop the link from working; False if it did not work any more."""
        return type(self).objects.open().filter(pk=self.pk).update(revoked_at=timezone.now()) == 1
