"""Aliases: the former slugs of categories, authors and tags, as older documents still have them."""

from typing import Any

from django.urls import reverse

from articles.document_schema import Document
from articles.models import Author, Category, Redirect, Tag

NAMED: dict[str, Any] = {"category": Category, "author": Author, "tag": Tag}


def current_names(document: Document) -> Document:
    """The document with the slugs that its category, authors and tags have today. One query if none has changed."""
    named = {
        "category": [document["category"]] if document["category"] else [],
        "author": document["authors"],
        "tag": document["tags"],
    }
    paths = {_path(kind, slug): slug for kind, slugs in named.items() for slug in slugs}
    moved = dict(Redirect.objects.filter(path__in=paths).values_list("path", "target"))
    if not moved:
        return document
    for kind, model in NAMED.items():  # a slug that was given to another row means that one
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
