"""Figures of results in articles: each is a link to where it stands on the nominee's page, and is compared with the result.

A hand may change the words around it; where it changes the figure, or the result was corrected since, the desk says so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from html import unescape
from typing import Any

from django.conf import settings
from django.urls import Resolver404, resolve

from articles.desk.checks import Finding
from core.lib.html import text_of
from surveys.models import AwardCategory
from surveys.result_view import result_of

WORDS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_LINK = re.compile(r'<a\s[^>]*href="(?P<href>[^"]+)#(?P<part>place|votes|share)"[^>]*>(?P<text>.*?)</a>', re.DOTALL)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_PER_CENT = re.compile(r"(\d+(?:\.\d+)?)[\s\u00a0\u202f]*(?:%|per ?cent)", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure in a text, as it is bound and as it is written."""

    season: str
    category: str
    nominee: str
    part: str
    text: str


def figure_text(row: dict[str, Any], part: str) -> str:
    """A figure as it is written in an article: “1st”, “292”, “49.7 %”."""
    if part == "place":
        return ordinal(row["rank"])
    return str(row["votes"]) if part == "votes" else f"{row['share']}\u00a0%"


def ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def check(document: Any, _body: Any, _article: Any) -> Iterator[Finding]:
    """What the figures of results in a document, bound or not, have that the results do not."""
    texts = [part.get(key, "") for part in document["blocks"] for key in ("html", "answer")]
    results = _Results()
    for text in texts:
        for bound in bound_in(text):
            yield from _compared(bound, results)
    shown = [part for part in document["blocks"] if part["type"] == "award_results"]
    for part in shown:
        rows = results.rows_of(part["season"], part["category"])
        for text in texts:
            yield from _unbound(text, rows)


def bound_in(html: str) -> list[Bound]:
    """The bound figures of a text: links to a figure on the page of a nominee of ours."""
    found = []
    for match in _LINK.finditer(html):
        try:
            page = resolve(unescape(match["href"]).removeprefix(settings.SITE_URL))
        except Resolver404:
            continue
        if page.view_name == "surveys:nominee-show":
            found.append(Bound(**page.kwargs, part=match["part"], text=text_of(match["text"]).strip()))
    return found


class _Results:
    """The released rows of categories, each read once, by nominee."""

    def __init__(self) -> None:
        self.rows_of = lru_cache(maxsize=None)(self._rows_of)

    def _rows_of(self, season: str, category: str) -> dict[str, dict[str, Any]]:
        found = (
            AwardCategory.objects.public().select_related("season").filter(season__slug=season, slug=category).first()
        )
        result = result_of(found) if found else None
        return {row["slug"]: row for row in result.rows} if result else {}


def _compared(bound: Bound, results: _Results) -> Iterator[Finding]:
    row = results.rows_of(bound.season, bound.category).get(bound.nominee)
    if row is None:
        yield Finding(
            f"“{bound.text}” is bound to a result that is not released, or no longer has this nominee.", blocking=True
        )
        return
    right = _value_of(row, bound.part)
    if right is None:
        yield Finding(
            f"“{bound.text}” is bound to a figure that the result of {row['name']} does not have.", blocking=True
        )
    elif _number_in(bound.text) != right:
        said = figure_text(row, bound.part)
        yield Finding(f"“{bound.text}” for {row['name']} is not what the result says: {said}.", blocking=True)


def _value_of(row: dict[str, Any], part: str) -> Decimal | None:
    value = {"place": row["rank"], "votes": row["count"], "share": row["share"]}[part]
    return None if value is None else Decimal(str(value))


def _number_in(text: str) -> Decimal | None:
    """The number that a bound text holds, in figures or, for places, in words."""
    if found := _NUMBER.search(text):
        try:
            return Decimal(found[0].replace(",", ""))
        except InvalidOperation:
            return None
    words = text.casefold().split()
    return next((Decimal(place) for place, word in enumerate(WORDS, 1) if word in words), None)


def _unbound(html: str, rows: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """Percentages that stand in one sentence with one nominee alone, in plain text, and are not that nominee's."""
    if not rows:
        return
    plain = text_of(_LINK.sub(" ", html))
    names = {row["name"]: row for row in rows.values() if row["url"]}
    for sentence in _SENTENCE.split(plain):
        named = [row for name, row in names.items() if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sentence)]
        if len(named) != 1 or named[0]["share"] is None:
            continue
        (row,) = named
        for figure in _PER_CENT.findall(sentence):
            if Decimal(figure) != Decimal(row["share"]):
                yield Finding(
                    f"A sentence gives {row['name']} {figure} %; the result has {row['share']} %. Is it another figure?"
                )
