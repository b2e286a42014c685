"""The newsroom's comments on an article, and the mail to a colleague who is asked something."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Comment
from core.lib.text import prose
from core.models import User
from core.outbox import queue_mail


def comment(article: Article, *, by: Any, text: str, asks: str = "") -> Comment:
    """Comment on an article and, with a colleague's e-mail address, ask them. Raises ValueError with a text to show."""
    text = prose(text).strip()
    if not text:
        raise ValueError("Write what you want to say.")
    if len(text) > 4000:
        raise ValueError("A comment has at most 4000 characters.")
    asked = User.objects.filter(email__iexact=asks, is_active=True).first() if asks else None
    if asks and not asked:
        raise ValueError(f"There is no colleague with the address {asks}.")
    if asked and not asked.has_perm("articles.view_article"):
        raise ValueError(f"{asked} cannot open articles.")
    row = Comment.objects.create(article=article, by=by, text=text, asks=asked)
    if asked and asked != by:
        url = settings.SITE_URL + reverse("admin:articles_article_change", args=[article.pk])
        context = {"article": article, "by": by, "text": text, "url": url}
        queue_mail(template="article_comment", to=asked.email, context=context, kind="articles.comment")
    return row


def resolve(row: Comment) -> None:
    """Mark a comment as resolved."""
    Comment.objects.filter(pk=row.pk, resolved_at=None).update(resolved_at=timezone.now())
