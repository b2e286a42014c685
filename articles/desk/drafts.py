"""Unsaved work as a document: how much it is, and what of it can be shown; and who has an article open."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.utils import timezone

from articles.blocks import FocalField, clean_data
from articles.document_schema import BlockData, Cover, Document, DocumentError, normalised
from articles.models import Article, Presence
from articles.rendering import sources_of
from core.kept_work import Work, pieces
from core.lib.html import text_of
from core.lib.text import storable, whole_number

PRESENT_SECONDS = 45


def work_of(document: Document, *, base_version: int) -> Work:
    """What was typed as unsaved work: its title, and how much it is."""
    texts = [document["title"], document["standfirst"], *texts_of(document["blocks"])]
    words = sum(len(text_of(storable(text)).split()) for text in texts)
    counts = [(words, "word"), (len(document["blocks"]), "block"), (len(sources_of(document)), "picture")]
    extent = ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in counts if number)
    return Work(document, document["title"], extent or "nothing yet", words, base_version)


def texts_of(value: Any) -> Iterator[str]:
    """Every text somewhere in some blocks, but for their types and the paths of their pictures."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (text for item in value for text in texts_of(item))
    elif isinstance(value, dict):
        yield from texts_of([item for name, item in value.items() if name not in ("type", "src", "tone", "kind")])


def newest(article: Article, *, by: Any) -> Document | None:
    """What somebody typed last in an article and has not saved."""
    piece = pieces(Article, article.pk, by=by).first()
    return piece.content if piece else None


def tidied(document: Document) -> Document:
    """Unsaved work with each block in its canonical form, or as it is where it is not valid yet."""
    cover = _whole({"type": "image", **document["cover"]}) if document["cover"] else None
    return {
        **document,
        "tags": sorted(document["tags"]),
        "reading_minutes": _minutes(document["reading_minutes"]),
        "cover": cast(Cover, _without_type(cover)) if cover else document["cover"],
        "blocks": [_whole(block) or block for block in document["blocks"]],
    }


def _minutes(value: Any) -> int | None:
    return value if isinstance(value, int) else whole_number(value)


def _without_type(block: BlockData) -> BlockData:
    return {name: value for name, value in block.items() if name != "type"}


def as_far_as_it_goes(typed: Document, saved: Document) -> Document:
    """Unsaved work as a document that can be shown, without blocks that are not valid yet."""
    parts = [part for block in typed["blocks"] if (part := _whole(block))]
    cover = _whole({"type": "image", **(typed["cover"] or {})})
    shown = {
        **typed,
        "title": typed["title"] or saved["title"],
        "slug": saved["slug"],
        "cover": cast(Cover, _without_type(cover)) if cover else None,
        "reading_minutes": saved["reading_minutes"],
        "blocks": parts,
    }
    try:
        return normalised(shown)
    except DocumentError:
        return {**saved, "blocks": parts}


def _whole(block: BlockData) -> BlockData | None:
    values = _without_type(block)
    try:
        if isinstance(values.get("focal"), str):
            values["focal"] = FocalField(required=False).clean(values["focal"])
        return {"type": block["type"], **clean_data(block["type"], values)}
    except (ValidationError, KeyError):
        return None


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
