"""Work that is not saved yet: kept while one types, and when somebody else saved first."""

import json
from datetime import timedelta
from typing import Any

from django.utils import timezone

from articles.models import Article, Draft, Presence

PRESENT_SECONDS = 45


def keep(article: Article | None, *, by: Any, base_version: int, document: dict[str, Any]) -> Draft:
    """Keep what someone typed, apart from the revisions; the last of it replaces what was kept before."""
    document = json.loads(json.dumps(document).replace("\\u0000", ""))  # PostgreSQL has no place for a NUL
    values = {"document": document, "base_version": base_version, "saved_at": timezone.now()}
    draft, _ = Draft.objects.update_or_create(article=article, by=by, defaults=values)
    return draft


def kept(article: Article | None, *, by: Any) -> Draft | None:
    """What is kept of someone's work in an article."""
    return Draft.objects.filter(article=article, by=by).first()


def drop(article: Article | None, *, by: Any) -> None:
    """It was saved, or is not wanted any more."""
    Draft.objects.filter(article=article, by=by).delete()


def be_present(article: Article, *, by: Any) -> list[Presence]:
    """Note that someone has the article open; who else does."""
    now = timezone.now()
    gone = now - timedelta(seconds=PRESENT_SECONDS)
    Presence.objects.filter(article=article, seen_at__lt=gone).delete()
    Presence.objects.update_or_create(article=article, by=by, defaults={"seen_at": now}, create_defaults={"since": now})
    return list(article.presences.exclude(by=by).select_related("by").order_by("since"))


def leave(article: Article, *, by: Any) -> None:
    """Someone closed the article."""
    Presence.objects.filter(article=article, by=by).delete()
