"""Suggestions for a search that found nothing."""

import difflib
import re
from typing import Any
from urllib.parse import urlencode

from articles import search
from articles.filters import Filters, authors, sections
from articles.models import Publication, Tag
from core.pagecache import per_generation

TITLES = 2_000
ALIKE = 0.75
MAX_WORDS = 12


def suggestions_for(words: str, filters: Filters) -> list[dict[str, Any]]:
    """Searches that do find something: without filters, with a misspelt word corrected, with any of the words."""
    split = words.split()
    if not split or len(split) > MAX_WORDS:
        return []
    wider = [("Without the filters", words)] if filters else []
    if (mended := _mended(split)) != split:
        wider.append(("Did you mean", " ".join(mended)))
    if len(split) > 1 and not re.search(r'["-]|\bor\b', words):
        wider.append(("With any of these words", " or ".join(split)))
    suggestions = []
    for label, query in wider:
        if found := search.search(query, Filters()).keys:
            suggestions.append(
                {"label": label, "query": query, "url": f"?{urlencode({'q': query})}", "number": len(found)}
            )
    return suggestions


def _mended(split: list[str]) -> list[str]:
    """The words, each unknown one replaced by the most similar known one."""
    known = _vocabulary()
    return [_nearest(word, known.get(word[:1].lower(), [])) for word in split]


def _nearest(word: str, known: list[str]) -> str:
    if len(word) < 4 or not word.isalpha() or word.lower() in known:
        return word
    alike = [other for other in known if abs(len(other) - len(word)) < 3]
    return next(iter(difflib.get_close_matches(word.lower(), alike, n=1, cutoff=ALIKE)), word)


@per_generation
def _vocabulary() -> dict[str, list[str]]:
    """The words in tags, names and the newest titles, by first letter."""
    texts = [*Tag.objects.values_list("name", flat=True), *sections().values(), *authors().values()]
    texts += Publication.objects.live().values_list("title", flat=True)[:TITLES]
    known: dict[str, list[str]] = {}
    for word in sorted({word.lower() for text in texts for word in re.findall(r"[^\W\d_]{4,}", text)}):
        known.setdefault(word[0], []).append(word)
    return known
