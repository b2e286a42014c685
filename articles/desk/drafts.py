"""Unsaved work, kept while someone types and when a colleague saved first; and who has an article open."""

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
    """Keep someone's unsaved work, apart from the revisions. It replaces what was kept of theirs before."""
    values = {"document": _storable(document), "base_version": base_version, "saved_at": timezone.now()}
    draft, _ = Draft.objects.update_or_create(article=article, by=by, defaults=values)
    return draft


def _storable(value: Any) -> Any:
    """The value without the characters that PostgreSQL cannot store: unsaved work has not been validated."""
    if isinstance(value, dict):
        return {name: _storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return storable(value) if isinstance(value, str) else value


def kept(article: Article | None, *, by: Any) -> Draft | None:
    """Someone's unsaved work in an article, if any is kept."""
    return Draft.objects.filter(article=article, by=by).first()


def as_far_as_it_goes(typed: Document, saved: Document) -> Document:
    """Unsaved work as a document that can be shown, without blocks that are not valid yet."""
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
    """Discard unsaved work."""
    Draft.objects.filter(article=article, by=by).delete()


def be_present(article: Article, *, by: Any) -> list[Presence]:
    """Note that someone has an article open, and return who else does."""
    now = timezone.now()
    gone = now - timedelta(seconds=PRESENT_SECONDS)
    Presence.objects.filter(article=article, seen_at__lt=gone).delete()
    Presence.objects.update_or_create(article=article, by=by, defaults={"seen_at": now}, create_defaults={"since": now})
    return list(article.presences.exclude(by=by).select_related("by").order_by("since"))


def leave(article: Article, *, by: Any) -> None:
    """Note that someone closed an article."""
    Presence.objects.filter(article=article, by=by).delete()
