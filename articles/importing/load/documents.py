"""The document of an article, made from a post."""

import hashlib
import math
from typing import Any

from articles.importing.html import limits
from articles.importing.html.to_blocks import convert, words_of
from articles.importing.load.taxonomy import Taxonomy
from articles.importing.posts import Post
from articles.rendering import WORDS_PER_MINUTE
from core.lib.slugs import slug_of

Blocks = list[dict[str, Any]]


def document_from(post: Post, site: str, taxonomy: Taxonomy) -> dict[str, Any]:
    """The canonical document of a post, with its pictures at their old addresses."""
    notes = post.notes
    blocks, disclaimer = post.blocks, Blocks()
    if blocks is None:
        converted = convert(post.html, notes, site=site, page=next(iter(post.old_urls), ""))
        blocks, disclaimer = converted.blocks, converted.disclaimer
    if disclaimer:
        blocks = _with_disclaimer(post, blocks, disclaimer, taxonomy)
    if post.featured:
        notes.lost["marks as featured or sticky, because the front page shows the newest"] += 1
    cover, rest = _cover(post)
    if rest:
        blocks = [{"type": "richtext", "html": f"<p>{rest}</p>"}, *blocks]
    head = limits.head(post.title, post.standfirst, (post.seo_title, post.seo_description), notes)
    own = {**post.own}
    head["seo"] = {**head["seo"], **own.pop("seo", {})}
    return (
        head
        | own
        | {
            "slug": post.slug
            or slug_of(post.title)
            or f"post-{hashlib.sha256(post.source_id.encode()).hexdigest()[:10]}",
            "category": post.category and taxonomy.slug("categories", post.category),
            "series": post.series and taxonomy.slug("series", post.series),
            "authors": [taxonomy.slug("authors", person) for person in post.authors],
            "tags": [taxonomy.slug("tags", tag) for tag in post.tags],
            "cta": post.cta,
            "cover": cover,
            "language": post.language,
            "reading_minutes": post.reading_minutes,
            "blocks": blocks,
        }
    )


def _cover(post: Post) -> tuple[dict[str, Any] | None, str]:
    """The picture at the head, and a caption that is too long for it."""
    found = post.cover
    if not found or not found.src:
        return None, ""
    entry = {"src": found.src, "alt": found.alt, "caption": found.caption, "credit": found.credit}
    return limits.image({**entry, "focal": found.focal and list(found.focal)}, post.notes)


def _with_disclaimer(post: Post, blocks: Blocks, disclaimer: Blocks, taxonomy: Taxonomy) -> Blocks:
    if post.category and taxonomy.has_disclaimer(post.category):
        post.notes.changed["disclaimers at the end removed, because the category shows its own"] += 1
        return blocks
    post.notes.changed["disclaimers at the end kept in the text, because the category has none"] += 1
    return blocks + disclaimer


def reading_minutes(post: Post, document: dict[str, Any]) -> int | None:
    """The old site's reading time, if it differs from the one counted here."""
    if not post.reading_minutes:
        return None
    words = len(" ".join([document["title"], document["standfirst"], words_of(document["blocks"])]).split())
    if max(1, math.ceil(words / WORDS_PER_MINUTE)) == post.reading_minutes:
        return None
    post.notes.changed["reading times kept from the old site, which differ from those counted here"] += 1
    return min(post.reading_minutes, 600)
