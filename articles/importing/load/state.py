"""The state of an imported article: published, scheduled, archived or withdrawn, as its post was."""

from typing import Any

from django.utils import timezone

from articles import payers
from articles.document_schema import Document
from articles.importing.posts import ARCHIVED, DRAFT, IN_REVIEW, PUBLISHED, SCHEDULED, Post
from articles.models import Article
from articles.publishing import (
    SponsorsNamed,
    archive,
    cancel_schedule,
    publish,
    schedule,
    schedule_end,
    submit,
    unpublish,
)

State = Article.State


def apply_state(article: Article, post: Post, *, by: Any = None, made: Document | None = None) -> None:
    """Publish, schedule, archive or take down an article. A post with a future date is scheduled.

    `made` is its document, where it was just stored. One that names who pays us goes no further than to review, where somebody decides about that.
    """
    try:
        _apply(article, post, by, made)
    except SponsorsNamed:
        _keep_for_review(article, post, by=by)


def _keep_for_review(article: Article, post: Post, *, by: Any) -> None:
    payers.look_at(article)
    post.notes.changed["left in review, because it names somebody who pays us"] += 1
    if article.state in (State.DRAFT, State.SENT_BACK):
        submit(article, by=by)


def _apply(article: Article, post: Post, by: Any, made: Document | None) -> None:
    at = post.published_at or timezone.now()
    if post.status in (PUBLISHED, SCHEDULED) and at > timezone.now():
        schedule(article, at=at, until=post.ends_at, by=by)
    elif post.status in (PUBLISHED, SCHEDULED):
        publish_with_dates(article, post, by=by, made=made)
        if post.ends_at and post.ends_at > timezone.now():
            schedule_end(article, at=post.ends_at, by=by)
    elif post.status == ARCHIVED and article.state != State.ARCHIVED:
        archive(article, by=by)
    elif post.status == IN_REVIEW and article.state == State.DRAFT:
        submit(article, by=by)
    elif post.status == DRAFT and article.state == State.PUBLISHED:
        unpublish(article, by=by)
    elif post.status == DRAFT and article.state == State.SCHEDULED:
        cancel_schedule(article, by=by)


def is_as_left(article: Article, post: Post, *, left: str) -> bool:
    """Whether nobody here has published, scheduled or taken down an article since an import left it in a state."""
    went_live = left == State.SCHEDULED and article.state == State.PUBLISHED and post.status == PUBLISHED
    return article.state == left or not left or went_live


def publish_with_dates(article: Article, post: Post, *, by: Any = None, made: Document | None = None) -> None:
    """Publish an article with the dates that the old site showed."""
    now = timezone.now()
    at = min(post.published_at or now, now)
    updated = max(at, min(post.updated_at or at, now))
    publish(article, by=by, at=at, updated=updated, quietly=True, companions=False, made=made)
