"""Readers' figures as the desk, the start page and the media kit ask for them: sums of what was rolled up.

A visitor is counted anew each day, and on each page; so visitors of several days are added up, and named visits by day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import F, Max, QuerySet, Sum
from django.utils import timezone

from articles.models import (
    ArticleAuthor,
    CampaignFigures,
    DayFigures,
    LeftOut,
    OutcomeFigures,
    PageFigures,
    SourceFigures,
)
from core.lib import clock
from sponsors.audience import Reading

USUAL = timedelta(days=28)
QUARTERS = ("quarter_1", "quarter_2", "quarter_3", "quarter_4")
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Scope:
    """Of which days and of what: of all pages, of one article, or of one author's articles."""

    first: date
    last: date
    article: int | None = None
    author: int | None = None

    def of(self, model: Any) -> QuerySet[Any]:
        """The rows of a table of counts that lie within."""
        rows = model.objects.filter(day__range=(self.first, self.last))
        if self.article is not None:
            rows = rows.filter(article=self.article)
        if self.author is not None:
            rows = rows.filter(article__in=ArticleAuthor.objects.filter(author=self.author).values("article"))
        return rows.order_by()


@dataclass(frozen=True, slots=True)
class Today:
    """The views of this day until its last roll-up, and those of a usual day: its mean over four weeks."""

    views: int
    visitors: int
    usual_by_now: float | None
    usual: float | None


def today() -> Today:
    """This day beside a usual one; no usual one where there is no day before."""
    this_day = clock.utc_day()
    found = {figures.day: figures for figures in DayFigures.objects.filter(day__range=(this_day - USUAL, this_day))}
    now = found.pop(this_day, None)
    days = [figures.hours for figures in found.values()]
    hour, part = timezone.now().hour, timezone.now().minute / 60
    by_now = [sum(hours[:hour]) + part * hours[hour] for hours in days]
    return Today(
        views=now.views if now else 0,
        visitors=now.visitors if now else 0,
        usual_by_now=sum(by_now) / len(days) if days else None,
        usual=sum(map(sum, days)) / len(days) if days else None,
    )


def by_day(scope: Scope) -> list[tuple[date, int, int]]:
    """Views and visitors of each day; a day on which nothing was counted has none."""
    if scope.article is None and scope.author is None:
        rows = DayFigures.objects.filter(day__range=(scope.first, scope.last)).values_list("day", "views", "visitors")
    else:
        rows = scope.of(PageFigures).values_list("day").annotate(Sum("views"), Sum("visitors"))
    counted = {day: (views, visitors) for day, views, visitors in rows}
    days = (scope.first + timedelta(days=number) for number in range((scope.last - scope.first).days + 1))
    return [(day, *counted.get(day, (0, 0))) for day in days]


def articles(scope: Scope) -> Sequence[dict[str, Any]]:
    """The articles that were read most, with how many views reached the last quarter."""
    rows = scope.of(PageFigures).filter(article__isnull=False).values("article", title=F("article__title"))
    return _most(rows.annotate(end=Sum("quarter_4")))


def other_pages(scope: Scope) -> Sequence[dict[str, Any]]:
    """The other pages that were seen most."""
    return _most(scope.of(PageFigures).filter(article=None).values("path"))


def authors(scope: Scope) -> Sequence[dict[str, Any]]:
    """The authors whose articles were read most; an article of two counts for both."""
    of_author = {"author": F("article__byline__author"), "name": F("article__byline__author__name")}
    return _most(scope.of(PageFigures).filter(article__byline__isnull=False).values(**of_author))


def sources(scope: Scope) -> Sequence[dict[str, Any]]:
    """Where readers came from."""
    return _most(scope.of(SourceFigures).values("source"))


def campaigns(scope: Scope) -> Sequence[dict[str, Any]]:
    """The campaigns whose links were followed."""
    return _most(scope.of(CampaignFigures).values("campaign"))


def outcomes(scope: Scope) -> Sequence[dict[str, Any]]:
    """What visitors did, by the page they did it on and how they had come."""
    rows = scope.of(OutcomeFigures).values("kind", "path", "source", "campaign")
    return list(rows.annotate(number=Sum("visitors")).order_by("kind", "-number", "path")[: 3 * SHOWN])


def depth(scope: Scope) -> list[int]:
    """How many views there were, and how many reached each quarter of the page."""
    rows = scope.of(PageFigures).filter(article__isnull=False)
    found = rows.aggregate(views=Sum("views"), **{name: Sum(name) for name in QUARTERS})
    return [found[name] or 0 for name in ("views", *QUARTERS)]


def left_out(scope: Scope) -> list[tuple[str, int]]:
    """What was not counted, and why."""
    rows = LeftOut.objects.filter(day__range=(scope.first, scope.last))
    found = rows.order_by().values_list("reason").annotate(number=Sum("number")).order_by("-number")
    return [(str(LeftOut.Reason(reason).label), number) for reason, number in found]


def rolled_up_at() -> Any:
    """When the counts were last made."""
    return DayFigures.objects.aggregate(at=Max("rolled_up_at"))["at"]


def _most(rows: QuerySet[Any]) -> Sequence[dict[str, Any]]:
    return list(rows.annotate(seen=Sum("views"), visits=Sum("visitors")).order_by("-seen")[:SHOWN])


class Readership:
    """The reading of the site for the media kit (see sponsors.audience)."""

    def reading(self, *, since: date, until: date) -> Reading:
        rows = list(DayFigures.objects.filter(day__gte=since, day__lt=until).values_list("views", "visitors"))
        return Reading(days=len(rows), views=sum(row[0] for row in rows), visits=sum(row[1] for row in rows))
