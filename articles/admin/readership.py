"""Readers' figures at the desk: this day beside a usual one, then what was read, by whom written, and how it was found."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404

from articles.models import Article, Author, DayFigures
from articles.readership import figures
from articles.readership.figures import Scope
from articles.readership.sources import OWN
from core.admin.bases import ReadOnlyAdmin
from core.lib import clock
from core.lib.charts import BarChart, bar_chart, line_chart, number_text
from core.lib.text import whole_number
from core.replica import for_reports

PERIODS = {"1": "today", "7": "7 days", "28": "28 days", "90": "90 days", "365": "a year"}
USUALLY = "28"
DIRECTLY = "directly, or not told"
READING = ("Opened", "A quarter", "Half", "Three quarters", "To the end")
Row = dict[str, Any]


class PeriodForm(forms.Form):
    """The period, of whatever the figures are of."""

    days = forms.ChoiceField(label="Period", choices=[*PERIODS.items()])
    article = forms.CharField(required=False, widget=forms.HiddenInput)
    author = forms.CharField(required=False, widget=forms.HiddenInput)


@admin.register(DayFigures)
class ReadershipAdmin(ReadOnlyAdmin):
    """The list of days is shown as one page of figures: of the whole site, or by `?article=` or `?author=` of those."""

    change_list_template = "admin/articles/dayfigures/show.html"
    list_display = ("day", "views", "visitors")

    @for_reports
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET
        rest = asked.copy()
        for name in PeriodForm.base_fields:
            rest.pop(name, None)
        page = _page(asked)
        request.GET = rest  # type: ignore[assignment]
        return super().changelist_view(request, page)


def _page(asked: QueryDict) -> dict[str, Any]:
    """The page's context for what its address asks."""
    days = asked.get("days", USUALLY)
    days = days if days in PERIODS else USUALLY
    article = _asked_for(asked, "article", Article)
    author = None if article else _asked_for(asked, "author", Author)
    chosen = {"article": article.pk if article else None, "author": author.pk if author else None}
    last = clock.utc_day()
    scope = Scope(first=last - timedelta(days=int(days) - 1), last=last, **chosen)
    page = {
        "title": str(article or author or "All pages"),
        "whole": not (article or author),
        "form": PeriodForm(initial={"days": days, **chosen}),
        "rolled_up_at": figures.rolled_up_at(),
        "links": _links(article),
    }
    return page | _counts(scope) | _tables(scope, days)


def _asked_for(asked: QueryDict, name: str, model: Any) -> Any:
    """The row that the address names; None if it names none."""
    if not (key := asked.get(name)):
        return None
    return get_object_or_404(model, pk=whole_number(key) or 0)


def _links(article: Any) -> list[tuple[str, str]]:
    live = getattr(article, "publication", None)
    return [("View live", live.get_absolute_url())] if live else []


def _counts(scope: Scope) -> dict[str, Any]:
    """Tiles and charts."""
    days = figures.by_day(scope)
    views, visits = sum(day[1] for day in days), sum(day[2] for day in days)
    tiles = [
        {"value": f"{views:,}", "label": "views"},
        {"value": f"{visits:,}", "label": "visitors", "note": "each counted once a day" if len(days) > 1 else ""},
    ]
    whole = scope.article is None and scope.author is None
    depth = figures.depth(scope)
    return {
        "tiles": tiles,
        "days_chart": line_chart(
            [(f"{day:%a}" if len(days) < 8 else f"{day:%-d %b}", number) for day, number, _ in days]
        )
        if len(days) > 1
        else None,
        "today_chart": _today() if whole else None,
        "depth_chart": bar_chart(zip(READING, depth, strict=True)) if depth[0] else None,
    }


def _today() -> BarChart:
    now = figures.today()
    bars = [("Today so far", now.views)]
    if now.usual is not None and now.usual_by_now is not None:
        bars += [("A usual day by this time", round(now.usual_by_now)), ("A usual day as a whole", round(now.usual))]
    return bar_chart(bars)


def _tables(scope: Scope, days: str) -> dict[str, Any]:
    """The tables: each with its heading, and what to say where it is empty."""
    found = {
        "sources": _table(
            ["From", "Views", "Visitors"], figures.sources(scope), lambda row: {"text": source_named(row["source"])}
        ),
        "campaigns": _table(
            ["Campaign", "Views", "Visitors"], figures.campaigns(scope), lambda row: {"text": row["campaign"]}
        ),
        "outcomes": _outcomes(figures.outcomes(scope)),
        "left_out": _rows(
            ["Left out", "Beacons"], ([{"text": why}, _number(of)] for why, of in figures.left_out(scope))
        ),
    }
    if scope.article is not None:
        return found
    found["articles"] = _articles(figures.articles(scope), days)
    if scope.author is None:
        found["pages"] = _table(
            ["Page", "Views", "Visitors"], figures.other_pages(scope), lambda row: {"text": row["path"]}
        )
        found["authors"] = _table(
            ["Author", "Views", "Visitors"],
            figures.authors(scope),
            lambda row: {"text": row["name"], "url": f"?author={row['author']}&days={days}"},
        )
    return found


def source_named(source: str) -> str:
    """A source in words."""
    return {OWN: "our own pages", "": DIRECTLY}.get(source, source)


def _articles(rows: Sequence[Row], days: str) -> dict[str, Any] | None:
    """Articles with the share of views that reached the end."""
    return _rows(
        ["Article", "Views", "Visitors", "Read to the end"],
        (
            [
                {"text": row["title"] or "(deleted)", "url": f"?article={row['article']}&days={days}"},
                _number(row["seen"]),
                _number(row["visits"]),
                {"text": number_text(round(100 * row["end"] / row["seen"]), "%"), "numeric": True},
            ]
            for row in rows
        ),
    )


def _outcomes(rows: Sequence[Row]) -> dict[str, Any] | None:
    """What visitors did, with the page and the way they had come that day."""
    return _rows(
        ["What", "On the page", "Had come from", "Visitors"],
        (
            [
                {"text": row["kind"].capitalize()},
                {"text": row["path"] or "not told"},
                {"text": row["campaign"] or source_named(row["source"])},
                _number(row["number"]),
            ]
            for row in rows
        ),
        words=3,
    )


def _table(head: list[str], rows: Sequence[Row], first: Any) -> dict[str, Any] | None:
    return _rows(head, ([first(row), _number(row["seen"]), _number(row["visits"])] for row in rows))


def _rows(head: list[str], rows: Iterable[list[Row]], *, words: int = 1) -> dict[str, Any] | None:
    """The parameters of components/data_table.html, whose first columns are words; None without rows."""
    cells = list(rows)
    heads = [{"text": text, "numeric": place >= words} for place, text in enumerate(head)]
    return {"head": heads, "rows": cells} if cells else None


def _number(number: int) -> Row:
    return {"text": f"{number:,}", "numeric": True}
