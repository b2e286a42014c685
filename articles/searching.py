"""Search for readers: PostgreSQL's full text, best first, with the words marked where they occur."""

import re
from collections.abc import Iterable
from html import escape
from typing import Any

from django.utils.safestring import mark_safe

from articles import pages
from articles.models import Publication
from articles.querysets import PublicationQuerySet

MAX_QUERY = 200
START, STOP = "\x02", "\x03"


def normalised(query: str) -> str:
    """The words as we search them: one line, no control characters, of bounded length."""
    return " ".join(re.sub(r"[\x00-\x1f]", " ", query).split())[:MAX_QUERY]


def found(query: str, *, category: str = "") -> PublicationQuerySet:
    """What matches, best first; nothing for an empty query."""
    if not query:
        return Publication.objects.none()
    matching = Publication.objects.matching(query)
    if category:
        matching = matching.filter(category__slug=category)
    return matching.cards()


def with_excerpts(hits: Iterable[Publication], query: str) -> list[dict[str, Any]]:
    """The hits of one page as cards, with the places where the words occur."""
    shown = list(hits)
    excerpts = dict(
        Publication.objects.filter(pk__in=[hit.pk for hit in shown]).highlighted(query).values_list("pk", "excerpt")
    )
    return [pages.card_of(hit, excerpt_html=_marked(excerpts.get(hit.pk, ""))) for hit in shown]


def _marked(excerpt: str) -> str:
    return mark_safe(escape(excerpt).replace(START, "<mark>").replace(STOP, "</mark>"))
