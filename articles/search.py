"""Search for readers: PostgreSQL's full text, best first, with the words marked where they occur.

A word that half of all articles have would take a second to rank. So we rank the newest `CONSIDERED` that match and the
newest `TITLED` that have the words in their titles, and say "more than" of their number. Narrowed to a year, a section or
an author, the search reaches as far back as it must.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from html import escape
from typing import Any

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank, SearchVector
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import ExtractYear
from django.utils.safestring import mark_safe

from articles.contexts import CardContext, card_of
from articles.filters import Filters
from articles.models import Publication, PublicationAuthor
from core.lib.text import one_line

MAX_QUERY = 200
CONSIDERED, TITLED = 300, 50
LOOKED_INTO = (
    2_000  # so many texts are opened where no index can tell: for a phrase, or an author's use of common words
)
COMMON = 15_000  # from so many matches on, walking back from the newest is quicker than sorting all
Row = tuple[int, str | None, int]  # key, category, year
START, STOP = "\x02", "\x03"


def cleaned_query(query: str) -> str:
    """The words as we search them: one line of bounded length."""
    return one_line(query)[:MAX_QUERY]


@dataclass
class Found:
    """What a search found: keys of publications, best first; whether there is more, and whether it looked at all."""

    keys: list[int] = field(default_factory=list)
    is_more: bool = False
    is_partial: bool = False
    per_category: Counter[str | None] | None = None
    per_year: Counter[int] | None = None


def search(words: str, filters: Filters) -> Found:
    """What matches, with how many of it each section and year has, where that is known at no cost."""
    if not words:
        return Found()
    every = Publication.objects.all()
    among = every
    if filters.category:
        among = among.filter(category__slug=filters.category)
    if filters.year:
        among = among.filter(published_at__year=filters.year)
    if among is every or expected(every, words) <= CONSIDERED:
        rows, partial = _rows(every, words, filters.author)
        if len(rows) <= CONSIDERED and not partial:
            return _counted(rows, filters)
    if among is not every:
        rows, partial = _rows(among, words, filters.author)
    return Found([row[0] for row in rows][:CONSIDERED], is_more=len(rows) > CONSIDERED, is_partial=partial)


def _counted(rows: list[Row], filters: Filters) -> Found:
    of_year = [row for row in rows if filters.year in (None, row[2])]
    return Found(
        [key for key, category, _ in of_year if filters.category in ("", category)],
        per_category=Counter(category for _, category, _ in of_year),
        per_year=Counter(year for _, category, year in rows if filters.category in ("", category)),
    )


def _rows(among: QuerySet[Publication], words: str, author: str) -> tuple[list[Row], bool]:
    newest, partial = _newest(among, words, author, CONSIDERED + 1)
    year = ExtractYear("published_at")
    return list(_ranked(among, newest, words).values_list("pk", "category__slug", year)), partial


def best(among: QuerySet[Publication], words: str) -> QuerySet[Publication]:
    """The newest of these that have the words, the best of them first."""
    newest, _ = _newest(among, words, "", CONSIDERED)
    return _ranked(among, newest, words)


def _ranked(among: QuerySet[Publication], newest: Any, words: str) -> QuerySet[Publication]:
    rank = SearchRank(F("search"), _query(words), normalization=1)
    return among.filter(pk__in=newest).annotate(rank=rank).order_by("-rank", "-published_at", "-pk")


def _newest(among: QuerySet[Publication], words: str, author: str, limit: int) -> tuple[QuerySet[Any, Any], bool]:
    """Keys of the newest that match, and whether some were not looked at. The planner needs help in three places:

    it does not know that opening a text is dear, how rare a phrase of common words is, nor who writes of what.
    """
    query, likely = _query(words), expected(among, words)
    matching, signed = among.filter(search=query), Q(byline__author__slug=author) if author else Q()
    is_phrase = '"' in words and '-"' not in words
    if is_phrase and likely > LOOKED_INTO:
        loose = among.filter(search=_query(words.replace('"', " ")))
        nearly = _by_date(loose.filter(signed), likely)[:LOOKED_INTO]
        return _by_date(among.filter(_opened(query), pk__in=nearly), 0)[:limit], True
    if author and likely > COMMON:
        nearly = _by_date(among.filter(signed), 0)[:LOOKED_INTO]
        wrote_more = PublicationAuthor.objects.filter(author__slug=author).count() > LOOKED_INTO
        return _by_date(among.filter(_opened(query), pk__in=nearly), 0)[:limit], wrote_more
    if author:  # the limit has the words looked up first, in their index, and the author among what is left
        matching = among.filter(signed, pk__in=matching.order_by().values("pk")[:COMMON])
        return _by_date(matching, likely)[:limit], False
    titled = among.annotate(in_title=SearchVector("title", config="english")).filter(in_title=query)
    return _by_date(matching, likely)[:limit].union(_by_date(titled, 0)[:TITLED]), False


def expected(among: QuerySet[Publication], words: str) -> int:
    """How many rows the planner expects; it knows how common words are, but nothing of phrases."""
    plan = among.filter(search=_query(words)).order_by().values("pk").explain(format="json")
    return int(json.loads(plan)[0]["Plan"]["Plan Rows"])


def _opened(query: SearchQuery) -> Q:
    """Whether a text matches, asked in a way that its index cannot answer."""
    return Q(Case(When(search=query, then=Value(value=True)), default=Value(value=False)))


def _by_date(matching: QuerySet[Publication], likely: int) -> QuerySet[Publication, Any]:
    """Keys, newest first; where few are likely, in a way that the planner does not walk all dates for it."""
    if likely > COMMON:
        return matching.order_by("-published_at", "-pk").values("pk")
    return matching.order_by((F("published_at") + Value(timedelta(0))).desc(), "-pk").values("pk")


def _query(words: str) -> SearchQuery:
    return SearchQuery(words, search_type="websearch", config="english")


def with_excerpts(keys: Iterable[int], words: str) -> list[CardContext]:
    """The hits of one page as cards, with the places where the words occur."""
    options: dict[str, Any] = {
        "start_sel": START, "stop_sel": STOP, "max_words": 34, "min_words": 16, "max_fragments": 2,
        "fragment_delimiter": " … ",
    }  # fmt: skip
    excerpt = SearchHeadline("text", _query(words), config="english", **options)
    shown = Publication.objects.filter(pk__in=list(keys)).cards().annotate(excerpt=excerpt).in_bulk()
    return [{**card_of(shown[key]), "excerpt_html": _marked(shown[key].excerpt)} for key in keys if key in shown]


def _marked(excerpt: str) -> str:
    return mark_safe(escape(excerpt).replace(START, "<mark>").replace(STOP, "</mark>"))
