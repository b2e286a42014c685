"""Articles on the newsroom's calendar: when they go live, when they went live, and when they end."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.urls import reverse

from articles import rescheduling
from articles.models import Article, Publication
from core.lib.calendar import MOST, Entry, Source, Span, register

State = Article.State
LIVE, END = "live", "end"  # what keys end in, beside those of schedules


class Articles(Source):
    """Schedules, for those who see drafts; what readers see, for all who see publications."""

    name, label, plural = "articles", "Article", "Articles"
    permissions = ("articles.view_article", "articles.view_publication")

    def between(self, user: Any, span: Span) -> Iterator[Entry]:
        at_desk = user.has_perm("articles.view_article")
        if at_desk:
            due = Article.objects.filter(publish_at__gte=span.start, publish_at__lt=span.end)
            for article in due.order_by("publish_at").only("title", "state", "publish_at")[:MOST]:
                yield self._scheduled(user, article)
            over = Article.objects.filter(unpublish_at__gte=span.start, unpublish_at__lt=span.end)
            for article in over.order_by("unpublish_at").only("title", "unpublish_at")[:MOST]:
                yield self._end(article)
        shown = Publication.objects.filter(published_at__gte=span.start, published_at__lt=span.end)
        for row in shown.order_by("published_at").only("article_id", "title", "slug", "published_at")[:MOST]:
            yield self._live(row, at_desk=at_desk)

    def find(self, user: Any, key: str) -> Entry | None:
        if not user.has_perm("articles.view_article") or not key.isdecimal():
            return None
        article = Article.objects.filter(pk=key[:18], publish_at__isnull=False).first()
        return self._scheduled(user, article) if article else None

    def move(self, user: Any, key: str, *, seen: str, to: datetime) -> None:
        article = Article.objects.get(pk=key)
        rescheduling.reschedule(article, at=to, expected=datetime.fromisoformat(seen), by=user)

    def _scheduled(self, user: Any, article: Article) -> Entry:
        may = user.has_perm("articles.publish_article") and user.has_perm("articles.change_article")
        return Entry(
            key=str(article.pk),
            title=article.title,
            url=_page(article.pk),
            state="changes go live" if article.state == State.PUBLISHED else "goes live",
            when=article.publish_at or article.changed_at,
            fixed="" if may else "Those who publish articles move it.",
        )

    def _end(self, article: Article) -> Entry:
        return Entry(
            key=f"{article.pk}-{END}",
            title=article.title,
            url=_page(article.pk),
            state="goes offline",
            when=article.unpublish_at or article.changed_at,
            fixed="An end is set on the article’s page.",
        )

    def _live(self, row: Publication, *, at_desk: bool) -> Entry:
        return Entry(
            key=f"{row.article_id}-{LIVE}",
            title=row.title,
            url=_page(row.article_id) if at_desk else row.get_absolute_url(),
            state="published",
            when=row.published_at,
            fixed="Readers have it already.",
        )


def _page(pk: int) -> str:
    return reverse("admin:articles_article_change", args=[pk])


def register_all() -> None:
    """Put articles on the calendar."""
    register(Articles(), place=10)
