"""Aliases: the former slugs of categories, series, authors, tags and articles, as older documents still have them."""

from typing import Any

from django.urls import reverse

from articles.document_schema import BlockData, Document
from articles.links import is_move, own_links, with_moved
from articles.models import Author, Category, Redirect, Series, Tag

LINKING = ("html", "answer", "url", "link")  # what has links in a block: HTML, or an address
NAMED: dict[str, Any] = {"category": Category, "author": Author, "tag": Tag, "series": Series}


def current_names(document: Document) -> Document:
    """The document with the slugs that its category, series, authors and tags have today, and so its links to our own pages.

    One query if none has changed.
    """
    named = {
        "category": [document["category"]] if document["category"] else [],
        "author": document["authors"],
        "tag": document["tags"],
        "series": [document["series"]] if document.get("series") else [],
    }
    paths = {_path(kind, slug): slug for kind, slugs in named.items() for slug in slugs}
    wanted = {*paths, *_linked(document)}
    rows = list(Redirect.objects.filter(path__in=wanted).values_list("path", "target", "automatic")) if wanted else []
    moves = {path: target for path, target, automatic in rows if automatic and is_move(path, target)}
    document = {**document, "blocks": [_with_moved(block, moves) for block in document["blocks"]]}
    moved = {path: target for path, target, _ in rows if path in paths}
    if not moved:
        return document
    for kind, model in NAMED.items():  # a slug that was given to another row means that one
        for slug in model.objects.filter(slug__in=named[kind]).values_list("slug", flat=True):
            moved.pop(_path(kind, slug), None)

    def now(kind: str, slug: str) -> str:
        target = moved.get(_path(kind, slug), "")
        start = _path(kind, "x").removesuffix("x/")
        return target.removeprefix(start).rstrip("/") if target.startswith(start) else slug

    if "series" in document:
        document["series"] = now("series", document["series"])
    return {
        **document,
        "category": now("category", document["category"]) if document["category"] else None,
        "authors": list(dict.fromkeys(now("author", slug) for slug in document["authors"])),
        "tags": sorted({now("tag", slug) for slug in document["tags"]}),
    }


def _linked(document: Document) -> set[str]:
    """The paths of our own pages that the blocks link to, or name."""
    parts = (part for block in document["blocks"] for part in (block, *block.get("images", [])))
    texts = (part[name] for part in parts for name in LINKING if name in part)
    named = (reverse("articles:article", args=[block["article"]]) for block in document["blocks"] if "article" in block)
    return {*named}.union(*map(own_links, texts))


def _with_moved(block: BlockData, moves: dict[str, str]) -> BlockData:
    block = {name: with_moved(value, moves) if name in LINKING else value for name, value in block.items()}
    if "images" in block:
        block["images"] = [_with_moved(image, moves) for image in block["images"]]
    if "article" in block:
        path = reverse("articles:article", args=[block["article"]])
        block["article"] = moves.get(path, path).rstrip("/").rpartition("/")[2]
    return block


def _path(kind: str, slug: str) -> str:
    return reverse(f"articles:{kind}-articles", args=[slug])
