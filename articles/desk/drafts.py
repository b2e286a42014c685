"""Work that is not saved yet: kept while one types, and when somebody else saved first."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from articles.blocks import FocalField, clean_data
from articles.document_schema import BlockData, Document, DocumentError, normalised
from articles.models import Article, Draft, Presence
from core.lib.text import storable

PRESENT_SECONDS = 45


def keep(article: Article | None, *, by: Any, base_version: int, document: Document) -> Draft:
    """Keep what someone typed, apart from the revisions; the last of it replaces what was kept before."""
    values = {"document": _storable(document), "base_version": base_version, "saved_at": timezone.now()}
    draft, _ = Draft.objects.update_or_create(article=article, by=by, defaults=values)
    return draft


def _storable(value: Any) -> Any:
    """The same without what PostgreSQL has no place for: nobody has checked yet what is typed."""
    if isinstance(value, dict):
        return {name: _storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return storable(value) if isinstance(value, str) else value


def kept(article: Article | None, *, by: Any) -> Draft | None:
    """What is kept of someone's work in an article."""
    return Draft.objects.filter(article=article, by=by).first()


def as_far_as_it_goes(typed: Document, saved: Document) -> Document:
    """What was typed as a document that can be shown: a half-written block is left out until it is whole."""
    parts = [part for block in typed["blocks"] if (part := _whole(block))]
    cover = _whole({"type": "image", **(typed["cover"] or {})})
    shown = {
        **typed,
        "title": typed["title"] or saved["title"],
        "slug": saved["slug"],
        "cover": {name: value for name, value in cover.items() if name != "type"} if cover else None,
        "reading_minutes": saved["reading_minutes"],
        "blocks": parts,
    }
    try:
        return normalised(shown)
    except DocumentError:
        return {**saved, "blocks": parts}


def _whole(block: BlockData) -> BlockData | None:
    values = {name: value for name, value in block.items() if name != "type"}
    try:
        if isinstance(values.get("focal"), str):
            values["focal"] = FocalField(required=False).clean(values["focal"])
        return {"type": block["type"], **clean_data(block["type"], values)}
    except (ValidationError, KeyError):
        return None


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
