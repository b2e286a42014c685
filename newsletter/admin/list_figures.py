"""The figures of a newsletter at the desk: charts with their numbers, over a period, and each table as a CSV file."""

import csv
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from core.lib import clock
from core.lib.charts import LineChart, bar_chart, line_chart, number_text
from core.lib.text import whole_number
from core.replica import for_reports
from newsletter.models import Newsletter
from newsletter.subscribers import list_figures
from newsletter.subscribers.list_figures import Cohort, Domain, Span

PERIODS = {"30": "30 days", "90": "90 days", "365": "a year", "all": "all the time"}
BARS_SHOWN, COHORTS_SHOWN, MONTHS_SHOWN = 12, 36, 12
GROWTH = ["From", "Joined", "Left", "Stopped", "Net", "Subscribers", "Asked", "Confirmed", "Confirmed rate", "Churn"]
DOMAINS = ["Domain", "Mailed", "Bounced", "Complained", "Bounce rate", "Complaint rate"]
may_see = permission_required("newsletter.view_subscriber", raise_exception=True)


class PeriodForm(forms.Form):
    """Which newsletter's figures are shown, and of how many days until today."""

    newsletter = forms.ModelChoiceField(Newsletter.objects.all(), empty_label=None)
    days = forms.ChoiceField(label="Of the last", choices=[*PERIODS.items()])


@require_safe
@may_see
@for_reports
def show(request: HttpRequest) -> HttpResponse:
    """The page of one newsletter's figures."""
    newsletter, since, until = _chosen(request)
    days = request.GET.get("days", "90")
    context = {
        **admin.site.each_context(request),
        "opts": Newsletter._meta,
        "title": "Figures",
        "form": PeriodForm(initial={"newsletter": newsletter, "days": days}),
        "newsletter": newsletter,
        "query": urlencode({"newsletter": newsletter.pk if newsletter else "", "days": days}),
    }
    if newsletter and list_figures.first_day(newsletter):
        context |= _growth(list_figures.spans(newsletter, since, until)) | _mail(newsletter, since, until)
    return render(request, "admin/newsletter/newsletter/figures.html", context)


@require_safe
@may_see
@for_reports
def table(request: HttpRequest, name: str) -> HttpResponse:
    """One table of figures as a CSV file."""
    newsletter, since, until = _chosen(request)
    if newsletter is None or name not in list_figures.TABLES:
        raise Http404("There is no such table.")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{newsletter.slug}-{name}-{since}-{until}.csv"'
    rows = list_figures.TABLES[name](newsletter, since, until)
    csv.writer(response).writerows(rows)
    return response


def _chosen(request: HttpRequest) -> tuple[Newsletter | None, date, date]:
    """The newsletter of an address, else the default one, with the period."""
    key, days = request.GET.get("newsletter", ""), request.GET.get("days", "90")
    newsletter = Newsletter.objects.order_by("-is_default", "ordering", "name").first()
    if key:
        newsletter = get_object_or_404(Newsletter, pk=whole_number(key) or 0)
    until = clock.utc_day()
    if days not in PERIODS:
        raise Http404("There is no such period.")
    first = list_figures.first_day(newsletter) if newsletter and days == "all" else None
    return newsletter, first or until - timedelta(days=int(days) - 1 if days != "all" else 0), until


def _growth(found: list[Span]) -> dict[str, Any]:
    joined, lost = sum(span.joined for span in found), sum(span.lost for span in found)
    asked, confirmed = sum(span.asked for span in found), sum(span.confirmed for span in found)
    churn = list_figures.share(lost, found[0].size)
    sources = list_figures.sources(found)
    return {
        "tiles": [
            {"label": "subscribers today", "value": number_text(found[-1].ends_with)},
            {"label": "joined", "value": number_text(joined)},
            {
                "label": "left or stopped",
                "value": number_text(lost),
                "note": f"{percent(churn)} of those at the beginning" if churn is not None else "",
            },
            {
                "label": "of sign-ups confirmed",
                "value": percent(list_figures.share(confirmed, asked)),
                "note": f"{confirmed:,} of {asked:,}",
            },
        ],
        "size_chart": line_chart([(span.label, span.ends_with) for span in found]),
        "source_chart": bar_chart(sources) if sources else None,
        "churn_chart": _line((span.label, span.churn) for span in found),
        "confirmed_chart": _line((span.label, span.confirmed_rate) for span in found),
        "growth_table": _table(GROWTH, [_growth_row(span) for span in reversed(found)]),
    }


def _growth_row(span: Span) -> list[str]:
    numbers = (span.joined, span.left, span.stopped, span.net, span.ends_with, span.asked, span.confirmed)
    return [span.name, *map(number_text, numbers), percent(span.confirmed_rate), percent(span.churn)]


def _mail(newsletter: Newsletter, since: date, until: date) -> dict[str, Any]:
    found = list_figures.domains(newsletter, since, until)
    shown = found[: list_figures.DOMAINS_SHOWN]
    cohorts = list_figures.cohorts(newsletter, since, until)[:COHORTS_SHOWN] if newsletter.counts_reading else []
    months = sorted({month for cohort in cohorts for month in cohort.delivered}, reverse=True)[:MONTHS_SHOWN]
    engaged = [(cohort.label, cohort.engaged_rate or 0, percent(cohort.engaged_rate)) for cohort in cohorts]
    return {
        "domain_chart": bar_chart([_bar(row) for row in shown[:BARS_SHOWN]]) if shown else None,
        "domain_table": _table(DOMAINS, [_domain_row(row) for row in shown]),
        "more_domains": len(found) - len(shown),
        "cohort_chart": bar_chart(engaged[:BARS_SHOWN]) if cohorts else None,
        "cohort_table": _table(
            ["Joined in", "Opened or clicked", "Clicked", *(month.strftime("%b %Y") for month in months)],
            [_cohort_row(cohort, months) for cohort in cohorts],
        ),
    }


def _bar(row: Domain) -> tuple[str, float, str]:
    return row.name, row.bounce_rate or 0, percent(row.bounce_rate)


def _domain_row(row: Domain) -> list[str]:
    counts = map(number_text, (row.mailed, row.bounced, row.complained))
    return [row.name, *counts, percent(row.bounce_rate), percent(row.complaint_rate)]


def _cohort_row(cohort: Cohort, months: list[date]) -> list[str]:
    rates = [cohort.engaged_rate, cohort.clicked_rate, *(cohort.engaged_in(month) for month in months)]
    return [cohort.label, *map(percent, rates)]


def _table(head: list[str], rows: list[list[str]]) -> dict[str, Any]:
    """The parameters of components/data_table.html: the first column names the row, the others are figures."""
    return {
        "head": [{"text": text, "numeric": bool(place)} for place, text in enumerate(head)],
        "rows": [[{"text": text, "numeric": bool(place)} for place, text in enumerate(row)] for row in rows],
    }


def _line(points: Iterable[tuple[str, float | None]]) -> LineChart | None:
    """A line of shares; None where none can be told. A span without one has no point."""
    known = [(label, value, percent(value)) for label, value in points if value is not None]
    return line_chart(known) if known else None


def percent(value: float | None) -> str:
    """A share as readers see it; a dash where there is none."""
    return number_text(round(value, 2 if value < 1 else 1), "%") if value is not None else "–"
