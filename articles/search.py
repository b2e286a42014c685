"""Full-text search for readers, by PostgreSQL: best matches first, with excerpts that mark the words.

Ranking all matches of a word that half of all articles have would take a second. We rank the newest `CONSIDERED` matches
and the newest `TITLED` with the words in their titles, and call their number "more than". With a filter (year, section,
author) the search reaches back as far as it must.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from html import escape
from typing import Any, TypedDict

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import ExtractYear
from django.utils.safestring import mark_safe

from articles.contexts import CardContext, card_of
from articles.filters import Filters
from articles.models import Kind, Publication, PublicationAuthor
from articles.models.publication import TITLE_WORDS
from core.lib.prefix_search import searchable_column
from core.lib.text import one_line, searchable

MAX_QUERY = 200
CONSIDERED, TITLED = 300, 50
LOOKED_INTO = 2_000  # how many texts are read where no index helps: for a phrase, or common words by one author
PAGES = 5
COMMON = 15_000  # with more matches than this, walking back from the newest is quicker than sorting
Row = tuple[int, str | None, int]  # key, category, year
START, STOP = "\x02", "\x03"


def cleaned_query(query: str) -> str:
    """A query as one line of bounded length."""
    return one_line(searchable(query))[:MAX_QUERY]


@dataclass
class Found:
    """The result of a search: keys of publications, best first; whether there are more, or only part was searched."""

    keys: list[int] = field(default_factory=list)
    is_more: bool = False
    is_partial: bool = False
    per_category: Counter[str | None] | None = None
    per_year: Counter[int] | None = None


def search(words: str, filters: Filters) -> Found:
    """The matches; with counts per section and year, if these cost nothing extra."""
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
    """The newest of these with the words, best first."""
    newest, _ = _newest(among, words, "", CONSIDERED)
    return _ranked(among, newest, words)


def _ranked(among: QuerySet[Publication], newest: Any, words: str) -> QuerySet[Publication]:
    rank = SearchRank(F("search"), query_of(words), normalization=1)
    return among.filter(pk__in=newest).annotate(rank=rank).order_by("-rank", "-published_at", "-pk")


def _newest(among: QuerySet[Publication], words: str, author: str, limit: int) -> tuple[QuerySet[Any, Any], bool]:
    """The keys of the newest matches, and whether some texts were not searched.

    The planner needs help in three places: it does not know that reading a text is expensive, how rare a phrase of
    common words is, or which words an author uses.
    """
    query, likely = query_of(words), expected(among, words)
    matching, signed = among.filter(search=query), Q(byline__author__slug=author) if author else Q()
    is_phrase = '"' in words and '-"' not in words
    if is_phrase and likely > LOOKED_INTO:
        loose = among.filter(search=query_of(words.replace('"', " ")))
        nearly = _by_date(loose.filter(signed), likely)[:LOOKED_INTO]
        return _by_date(among.filter(_opened(query), pk__in=nearly), 0)[:limit], True
    if author and likely > COMMON:
        nearly = _by_date(among.filter(signed), 0)[:LOOKED_INTO]
        wrote_more = PublicationAuthor.objects.filter(author__slug=author).count() > LOOKED_INTO
        return _by_date(among.filter(_opened(query), pk__in=nearly), 0)[:limit], wrote_more
    if author:  # the limit makes it use the index of words first, and then look for the author among the matches
        matching = among.filter(signed, pk__in=matching.order_by().values("pk")[:COMMON])
        return _by_date(matching, likely)[:limit], False
    titled = among.annotate(in_title=TITLE_WORDS).filter(in_title=query)
    return _by_date(matching, likely)[:limit].union(_by_date(titled, 0)[:TITLED]), False


def expected(among: QuerySet[Publication], words: str) -> int:
    """How many rows the planner expects. It knows how common words are, but nothing about phrases."""
    plan = among.filter(search=query_of(words)).order_by().values("pk").explain(format="json")
    return int(json.loads(plan)[0]["Plan"]["Plan Rows"])


def _opened(query: SearchQuery) -> Q:
    """Whether a text matches, in a form that keeps the planner from using the index."""
    return Q(Case(When(search=query, then=Value(value=True)), default=Value(value=False)))


def _by_date(matching: QuerySet[Publication], likely: int) -> QuerySet[Publication, Any]:
    """Keys, newest first; if few are likely, in a form that keeps the planner from walking the index of dates."""
    if likely > COMMON:
        return matching.order_by("-published_at", "-pk").values("pk")
    return matching.order_by((F("published_at") + Value(timedelta(0))).desc(), "-pk").values("pk")


class FoundPage(TypedDict):
    """A page of the site with the words."""

    title: str
    url: str
    excerpt_html: str


def pages_with(words: str, filters: Filters) -> list[FoundPage]:
    """The pages of the site, such as About, with the words. No filter finds any: they have no section, author or year."""
    if not words or filters:
        return []
    rank = SearchRank(F("search"), query_of(words), normalization=1)
    rows = Publication.every.filter(kind=Kind.PAGE, search=query_of(words)).only("kind", "slug", "title")
    found = rows.annotate(excerpt=excerpt_of("text", words)).order_by(rank.desc(), "pk")[:PAGES]
    return [{"title": row.title, "url": row.url, "excerpt_html": marked(row.excerpt)} for row in found]


def query_of(words: str) -> SearchQuery:
    """The query for what a reader typed: “a phrase”, or, -without."""
    return SearchQuery(words, search_type="websearch", config="english")


def excerpt_of(column: str, words: str) -> SearchHeadline:
    """The places of a text with the words, for `marked` to show."""
    options: dict[str, Any] = {
        "start_sel": START, "stop_sel": STOP, "max_words": 34, "min_words": 16, "max_fragments": 2,
        "fragment_delimiter": " … ",
    }  # fmt: skip
    return SearchHeadline(searchable_column(F(column)), query_of(words), config="english", **options)


def with_excerpts(keys: Iterable[int], words: str) -> list[CardContext]:
    """The matches of one page as cards, with excerpts."""
    shown = Publication.objects.filter(pk__in=list(keys)).cards().annotate(excerpt=excerpt_of("text", words)).in_bulk()
    return [{**card_of(shown[key]), "excerpt_html": marked(shown[key].excerpt)} for key in keys if key in shown]


def marked(excerpt: str) -> str:
    """An excerpt as HTML, with the words marked."""
    return mark_safe(escape(excerpt).replace(START, "<mark>").replace(STOP, "</mark>"))
