"""Slugs: made from a title or a name in any script, and numbered where they are taken."""

from collections.abc import Callable
from itertools import chain, count

from django.utils.text import slugify


def slug_of(text: str, limit: int = 100) -> str:
    """A slug for a title or name in any script; empty where nothing of it can stand in one."""
    text = text.replace("/", " ")
    slug, whole = slugify(text), slugify(text, allow_unicode=True)
    if len(slug) * 2 < len(whole):
        # Most of it is in another script: what is left of it in Latin letters would not tell it from others.
        slug = slugify(whole.encode("punycode", "ignore").decode("ascii", "ignore"))
    return slug[:limit].rstrip("-")


def free_slug(slug: str, is_taken: Callable[[str], bool], *, limit: int) -> str:
    """The slug, or the first with -2, -3 and so on behind it that is not taken; of `limit` characters at most."""
    endings = chain([""], (f"-{number}" for number in count(2)))
    slugs = (slug[: limit - len(ending)].rstrip("-") + ending for ending in endings)
    return next(candidate for candidate in slugs if not is_taken(candidate))
