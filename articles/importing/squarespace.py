"""The reader of Squarespace's exports: WordPress's XML, with blocks of its own in the texts."""

from collections.abc import Iterator
from pathlib import Path

from articles.importing.markup import by_class, inner, link, parsed, remove, replace, said
from articles.importing.posts import Export, Post, Refusal
from articles.importing.wordpress.reader import read_wordpress

MARKS = (
    b"static1.squarespace.com",
    b".squarespace.com</link>",
    b"sqs-block",
    b"sqs-html-content",
    b"image-block-outer-wrapper",
    b"images.squarespace-cdn.com",
)
_FORMS = ("sqs-block-newsletter", "sqs-block-form", "newsletter-block", "form-block")


def is_squarespace(head: bytes) -> bool:
    """Whether the beginning of a WordPress export was written by Squarespace."""
    return any(mark in head for mark in MARKS)


def read_squarespace(path: Path, encoding: str | None = None) -> Export:
    """The posts of a Squarespace export. Raises ImportRefused."""
    export = read_wordpress(path, encoding)
    export.format, export.posts = "squarespace", _posts(export.posts)
    return export


def _posts(posts: Iterator[Post | Refusal]) -> Iterator[Post | Refusal]:
    for post in posts:
        if isinstance(post, Post):
            post.html = squarespace_html(post)
            post.old_urls = [
                address for address in post.old_urls if "?p=" not in address and "?page_id=" not in address
            ]
        yield post


def squarespace_html(post: Post) -> str:
    """The text with the pictures that its scripts would load, its buttons as links and its players."""
    root = parsed(post.html)
    for image in list(root.iter("img")):
        address = image.get("data-src") or image.get("data-image") or ""
        if address and not (image.get("src") or "").startswith("http"):
            image.set("src", address)
    for fallback in list(root.iter("noscript")):
        holder = fallback.getparent()
        shown = {
            each.get("src")
            for each in (holder.iter("img") if holder is not None else ())
            if each.getparent() is not fallback
        }
        inside = [each.get("src") for each in fallback.iter("img")]
        if inside and not set(inside) <= shown:
            replace(fallback, inner(fallback))
        else:
            remove([fallback])
    for block in by_class(root, "sqs-block-video", "sqs-block-embed"):
        about = said(block, "data-block-json")
        if (address := str(about.get("url") or "")).startswith("http") and not list(block.iter("iframe")):
            replace(block, link(address))
    post.notes.lost["sign-up forms"] += remove(by_class(root, *_FORMS))
    post.notes.lost += type(post.notes.lost)()
    return inner(root[0])
