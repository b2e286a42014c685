"""Slugs: made from a title or a name in any script, and numbered where they are taken."""

import re
from collections.abc import Callable
from itertools import chain, count
from unicodedata import normalize

from anyascii import anyascii
from django.utils.text import slugify

# Umlauts as German writes them where it has no umlauts; other letters lose their marks.
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_ALONE = re.compile(r"([^\w\s!-~\u00a0-\u218f])")  # emoji and symbols, whose names are words of their own


def slug_of(text: str, limit: int = 100, *, otherwise: str = "") -> str:
    """A slug for a title or a name in any script; `otherwise` where it has neither letters nor digits."""
    text = _ALONE.sub(r" \1 ", normalize("NFC", text).translate(_GERMAN))
    slug = slugify(anyascii(text).replace("/", " "))[:limit]
    return slug.strip("-_") or otherwise


def free_slug(slug: str, is_taken: Callable[[str], bool], *, limit: int) -> str:
    """The slug, or the first with -2, -3 and so on behind it that is not taken; of `limit` characters at most."""
    endings = chain([""], (f"-{number}" for number in count(2)))
    slugs = (slug[: limit - len(ending)].rstrip("-") + ending for ending in endings)
    return next(candidate for candidate in slugs if not is_taken(candidate))
