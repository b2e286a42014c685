"""The widgets of articles on the newsroom's start page."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, ArticleAuthor, AuditEntry, Comment, Publication
from articles.readership import figures
from core.lib import clock
from core.lib.dashboard import Line, Widget, register

SHOWN = 6
LATE = timedelta(minutes=2)  # beat looks every few seconds
LIST = "admin:articles_article_changelist"
State = Article.State
TONES = {State.SENT_BACK: "bad", State.IN_REVIEW: "soon"}


def _page(pk: int) -> str:
    return reverse("admin:articles_article_change", args=[pk])


def _last_entry(column: str) -> Subquery:
    """A column of the latest entry in an article's audit log."""
    return Subquery(AuditEntry.objects.filter(article=OuterRef("pk")).order_by("-at", "-pk").values(column)[:1])


def mine(user: Any) -> Widget:
    """The user's own drafts, those that an editor sent back first."""
    signed = Exists(ArticleAuthor.objects.filter(article=OuterRef("pk"), author__user=user))
    own = Article.objects.filter(signed | Q(created_by=user), state__in=[State.DRAFT, State.IN_REVIEW, State.SENT_BACK])
    lines = [
        Line(
            text=row.title,
            url=_page(row.pk),
            label=row.get_state_display(),
            tone=TONES.get(State(row.state), ""),
            note=row.sent_back_reason,
            at=row.changed_at,
        )
        for row in own.order_by("-changed_at")[: 3 * SHOWN]
    ]
    return Widget(
        lines=sorted(lines, key=lambda line: line.tone != "bad")[:SHOWN],
        empty="You have no drafts. Articles that you begin are listed here until they are published.",
        links=[("Write an article", reverse("admin:articles_article_add"))],
    )


def to_review(_user: Any) -> Widget:
    """Articles in review, the longest waiting first."""
    waiting = Article.objects.filter(state=State.IN_REVIEW)
    rows = waiting.annotate(who=_last_entry("by_name"), since=_last_entry("at")).order_by("changed_at")[: SHOWN + 1]
    lines = [
        Line(text=row.title, url=_page(row.pk), note=f"from {row.who}" if row.who else "", at=row.since) for row in rows
    ]
    more = [("All in review", f"{reverse(LIST)}?state={State.IN_REVIEW}")] if len(lines) > SHOWN else []
    return Widget(lines=lines[:SHOWN], empty="Nothing is waiting for review.", links=more)


def comments(user: Any) -> Widget | None:
    """Open comments that ask the user, or are on an article that the user began."""
    to_them = Comment.objects.filter(Q(asks=user) | Q(article__created_by=user), resolved_at=None).exclude(by=user)
    rows = to_them.select_related("article", "by").order_by("-created_at")[:SHOWN]
    lines = [
        Line(
            text=row.text if len(row.text) < 90 else f"{row.text[:88]}…",
            url=_page(row.article_id),
            note=f"{row.by or 'Someone'}, at “{row.article.title}”",
            label="asks you" if row.asks_id == user.pk else "",
            tone="soon",
            at=row.created_at,
        )
        for row in rows
    ]
    return Widget(lines=lines) if lines else None


def scheduled(_user: Any) -> Widget:
    """Scheduled articles, the next one first."""
    now = timezone.now()
    rows = Article.objects.filter(publish_at__isnull=False).order_by("publish_at")[: SHOWN + 1]
    lines = [
        Line(
            text=row.title,
            url=_page(row.pk),
            at=row.publish_at,
            label="overdue" if row.publish_at and row.publish_at < now - LATE else "",
            tone="bad",
        )
        for row in rows
    ]
    late = any(line.label for line in lines)
    return Widget(
        lines=lines[:SHOWN],
        empty="Nothing is scheduled.",
        note="Overdue articles are waiting for the worker. Tell the person who runs the site." if late else "",
    )


def published(_user: Any) -> Widget:
    """The newest published articles."""
    rows = Publication.objects.live().only("title", "slug", "published_at")[:SHOWN]
    lines = [Line(text=row.title, url=row.get_absolute_url(), at=row.published_at) for row in rows]
    return Widget(lines=lines, empty="Nothing has been published yet. Write the first article and press Publish.")


def readers(_user: Any) -> Widget:
    """This day's views beside a usual day's, and what is read most today."""
    today, day = figures.today(), clock.utc_day()
    rows = figures.articles(figures.Scope(first=day, last=day))[:SHOWN]
    page = reverse("admin:articles_dayfigures_changelist")
    usual = f"; {today.usual_by_now:,.0f} by this time on a usual day" if today.usual_by_now is not None else ""
    return Widget(
        lines=[
            Line(text=row["title"], url=f"{page}?article={row['article']}", note=f"{row['seen']:,} views")
            for row in rows
        ],
        empty="No article was opened today. Views appear some minutes after they were made.",
        links=[("All figures", page)],
        note=f"Views today: {today.views:,}, visitors: {today.visitors:,}{usual}.",
    )


def register_all() -> None:
    """Register the widgets, each for those who have its permission."""
    register("My articles", mine, permission="articles.add_article", place=10)
    register("To review", to_review, permission="articles.publish_article", place=20)
    register("Comments to you", comments, permission="articles.view_comment", place=30)
    register("Scheduled", scheduled, permission="articles.view_article", place=50)
    register("Readers today", readers, permission="articles.view_dayfigures", place=80)
    register("Published lately", published, permission="articles.view_publication", place=90)
