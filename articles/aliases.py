"""Names that changed: merged tags, moved categories and authors, as documents of before the change still call them."""

from typing import Any

from django.db import transaction
from django.urls import reverse

from articles import related
from articles.document_schema import Document
from articles.models import Article, Author, Category, Publication, Redirect, Tag
from articles.redirects import redirect_path
from core.pagecache import bump

NAMED: dict[str, Any] = {"category": Category, "author": Author, "tag": Tag}


@transaction.atomic
def merge_tags(keep: Tag, others: list[Tag]) -> None:
    """Make several tags one: articles move to it, and the pages of the others lead to its page."""
    for other in others:
        if other.pk == keep.pk:
            continue
        for model in (Article, Publication):
            through: Any = model._meta.get_field("tags").remote_field.through
            owner = model._meta.model_name
            moving = through.objects.filter(tag=other)
            moving.exclude(**{f"{owner}__in": through.objects.filter(tag=keep).values(owner)}).update(tag=keep)
        path = other.get_absolute_url()
        other.delete()
        redirect_path(path, keep.get_absolute_url(), automatic=True)
    related.due(keep.publications.values_list("pk", flat=True))
    bump()


@transaction.atomic
def delete_tag(tag: Tag) -> None:
    """Take a tag from all articles. Those that went together by it find other companions."""
    shared = list(tag.publications.values_list("pk", flat=True))
    tag.delete()
    related.due(shared)


def current_names(document: Document) -> Document:
    """The document with the names that its category, authors and tags have today. One query where none moved."""
    named = {
        "category": [document["category"]] if document["category"] else [],
        "author": document["authors"],
        "tag": document["tags"],
    }
    paths = {_path(kind, slug): slug for kind, slugs in named.items() for slug in slugs}
    moved = dict(Redirect.objects.filter(path__in=paths).values_list("path", "target"))
    if not moved:
        return document
    for kind, model in NAMED.items():  # a name that was given away again means who bears it now
        for slug in model.objects.filter(slug__in=named[kind]).values_list("slug", flat=True):
            moved.pop(_path(kind, slug), None)

    def now(kind: str, slug: str) -> str:
        target = moved.get(_path(kind, slug), "")
        start = _path(kind, "x").removesuffix("x/")
        return target.removeprefix(start).rstrip("/") if target.startswith(start) else slug

    return {
        **document,
        "category": now("category", document["category"]) if document["category"] else None,
        "authors": list(dict.fromkeys(now("author", slug) for slug in document["authors"])),
        "tags": sorted({now("tag", slug) for slug in document["tags"]}),
    }


def _path(kind: str, slug: str) -> str:
    return reverse(f"articles:{kind}-articles", args=[slug])
