"""What happens to articles by itself, at a time: they appear, and go; and one that cannot says why."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils import timezone

from articles import payers, publishing
from articles.document_schema import DocumentError
from articles.models import Article
from articles.publishing import NO_SCHEDULE, REASON_LENGTH, State
from core.lib import batches
from core.lib.errors import kind_of
from core.transitions import TransitionRefused

logger = logging.getLogger(__name__)


def publish_due(*, now: datetime | None = None) -> int:
    """Publish and take down what is due, including what was missed while no worker ran; return how many changed."""
    now = now or timezone.now()
    due = Article.objects.filter(publish_at__lte=now).order_by("publish_at", "pk")
    over = Article.objects.filter(unpublish_at__lte=now, state=State.PUBLISHED).order_by("unpublish_at", "pk")
    published = batches.each(due, lambda article: _on_schedule(article, _publish_scheduled, now))
    return sum(published) + sum(batches.each(over, lambda article: _on_schedule(article, _end_scheduled, now)))


def _on_schedule(article: Article, step: Callable[[Article, datetime], bool], now: datetime) -> bool:
    """Take one step for one article. If it fails, the others are not held up."""
    try:
        with transaction.atomic():
            return step(article, now)
    except DatabaseError:
        logger.exception("Article %s will be tried again on schedule", article.pk)
    except Exception as error:
        logger.exception("Article %s could not be changed on schedule", article.pk)
        reason = str(error) if isinstance(error, TransitionRefused | DocumentError) else kind_of(error)
        _call_off(article, reason=reason)
        payers.look_at(article)  # what the refusal took back with it
    return False


def _publish_scheduled(article: Article, now: datetime) -> bool:
    due = Article.objects.select_for_update(skip_locked=True).filter(pk=article.pk, publish_at__lte=now).first()
    if not due:
        return False  # another worker has it, or an editor changed the time
    publishing.publish(due, at=due.publish_at, version=due.scheduled_version)
    return True


def _end_scheduled(article: Article, now: datetime) -> bool:
    due = Article.objects.select_for_update(skip_locked=True).filter(pk=article.pk, unpublish_at__lte=now).first()
    if not due or due.state != State.PUBLISHED:
        return False
    publishing.take_down(due, State.ARCHIVED, [State.PUBLISHED], by=None, action="unpublished")
    return True


def _call_off(article: Article, *, reason: str) -> None:
    """Take an article off the schedule and log why; what readers see stays."""
    detail = f"could not be published on schedule: {reason}"[:REASON_LENGTH]
    live = article.state == State.PUBLISHED
    changes = NO_SCHEDULE if live else {**NO_SCHEDULE, "sent_back_reason": detail}
    state, action = (State.PUBLISHED, "schedule cancelled") if live else (State.SENT_BACK, "sent back")
    try:
        publishing.change_state(
            article, state, [State(article.state)], by=None, action=action, detail=detail, **changes
        )
    except TransitionRefused:
        logger.warning("Somebody else changed article %s in the meantime", article.pk)
