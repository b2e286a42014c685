"""Moving a scheduled publication to another time. What is published then, and when it ends, stays as it was."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from articles.models import Article, AuditEntry
from articles.publishing import record
from core.lib import clock
from core.transitions import TransitionRefused, lock, move

State = Article.State


@transaction.atomic
def reschedule(article: Article, *, at: datetime, expected: datetime, by: Any = None) -> None:
    """Publish the scheduled version at another time, if it is still scheduled for the expected one.

    Raises TransitionRefused.
    """
    if at <= timezone.now():
        raise TransitionRefused("That time has passed. Choose one in the future, or publish it on its page.")
    lock(article)
    if article.publish_at != expected:
        raise TransitionRefused(_moved_meanwhile(article))
    if article.unpublish_at and article.unpublish_at <= at:
        end = clock.in_words(article.unpublish_at)
        raise TransitionRefused(f"It ends on {end}, so it cannot go live then. Change its end first.")
    state = State(article.state)
    move(article, sources=[State.SCHEDULED, State.PUBLISHED], to=state, action="moved", publish_at=at)
    moved = f"version {article.scheduled_version} to {clock.in_words(at, zone=clock.newsroom())}"
    record(article, "moved", by=by, detail=moved)


def _moved_meanwhile(article: Article) -> str:
    """Where an article is now, and by whom, for somebody who thinks that it is scheduled for another time."""
    last = AuditEntry.objects.filter(article=article).order_by("-at", "-pk").first()
    who = f" by {last.by_name}" if last else ""
    if not article.publish_at:
        return f"It was not moved: it is not scheduled any more ({last.action if last else 'changed'}{who})."
    return f"It was not moved: meanwhile it was {last.action if last else 'moved'}{who}, and goes live on {clock.in_words(article.publish_at)}."
