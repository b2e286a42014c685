"""The newsroom's comments on an article and on passages of it, answers to them, and the mail to a colleague who is asked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from articles.desk.passages import Passage, stands_in, words_in
from articles.document_schema import Document
from articles.models import Article, Comment
from core.lib.text import prose
from core.models import User
from core.outbox import queue_mail


@dataclass
class Thread:
    """A comment with its answers, and whether the passage that it is about is still as it was."""

    comment: Comment
    answers: list[Comment] = field(default_factory=list)
    is_in_text: bool = True


def threads_of(article: Article, document: Document) -> list[Thread]:
    """The comments on an article as `document` has it, those that are open first."""
    rows: Iterable[Comment] = article.comments.select_related("by", "asks")
    threads: dict[int | None, Thread] = {}
    for row in rows:
        if row.answers_id is None:
            threads[row.pk] = Thread(row)
        elif row.answers_id in threads:
            threads[row.answers_id].answers.append(row)
    about = [thread for thread in threads.values() if thread.comment.passage]
    words = words_in(document) if about else ""
    for thread in about:
        passage: Any = thread.comment.passage
        thread.is_in_text = stands_in(words, passage)
    return sorted(threads.values(), key=lambda thread: thread.comment.resolved_at is not None)


def comment(
    article: Article,
    *,
    by: Any,
    text: str,
    asks: str = "",
    passage: Passage | None = None,
    answers: Comment | None = None,
) -> Comment:
    """Comment on an article or a passage of it, or answer a comment, and ask a colleague by their address.

    Raises ValueError with a text to show.
    """
    text = prose(text).strip()
    if not text:
        raise ValueError("Write what you want to say.")
    if len(text) > 4000:
        raise ValueError("A comment has at most 4000 characters.")
    asked = User.objects.people().filter(email__iexact=asks).first() if asks else None
    if asks and not asked:
        raise ValueError(f"There is no colleague with the address {asks}.")
    if asked and not asked.has_perm("articles.view_article"):
        raise ValueError(f"{asked} cannot open articles.")
    first = answers and (answers.answers or answers)
    row = Comment.objects.create(
        article=article, by=by, text=text, asks=asked, passage=None if first else passage, answers=first
    )
    if first and first.resolved_at:
        reopen(first)
    if asked and asked != by:
        url = settings.SITE_URL + reverse("admin:articles_article_change", args=[article.pk])
        context = {"article": article, "by": by, "text": text, "url": url}
        queue_mail(template="article_comment", to=asked.email, context=context, kind="articles.comment")
    return row


def resolve(row: Comment) -> None:
    """Mark a comment, and with it its answers, as resolved."""
    _thread(row).filter(resolved_at=None).update(resolved_at=timezone.now())


def reopen(row: Comment) -> None:
    """Take back that a comment is resolved."""
    _thread(row).update(resolved_at=None)


def _thread(row: Comment) -> QuerySet[Comment]:
    first = row.answers_id or row.pk
    return Comment.objects.filter(Q(pk=first) | Q(answers=first))
