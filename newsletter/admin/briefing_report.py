"""The report of a briefing at the desk: its figures with their denominators, by hour and by link, and as CSV files."""

import csv
from typing import Any

from csp.decorators import csp_replace
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import dateformat, timezone
from django.views.decorators.http import require_safe

from core.lib.charts import bar_chart, line_chart, number_text
from core.lib.spreadsheets import disarmed
from core.replica import for_reports
from newsletter.admin import desk, subject_tests
from newsletter.models import Briefing, CompiledMessage
from newsletter.sending import briefing_report, click_map, plugged
from newsletter.sending.briefing_report import Comparison, Link, Report
from newsletter.sending.subject_tests import table as table_of_subjects
from sponsors.audience import Rate

BARS_SHOWN = 12
TABLES = briefing_report.TABLES | {"subjects": table_of_subjects}
NAMES = {
    "opened": "Opened by people",
    "clicked": "Clicked",
    "returned": "Came back",
    "complained": "Reported as spam",
    "left": "Unsubscribed",
}


@require_safe
@desk.may("view")
@for_reports
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """What a briefing came to. It names nobody: only numbers are shown."""
    briefing = _sent(pk)
    report = Report(briefing)
    context: dict[str, Any] = {"report": report, "counts_reading": briefing.was_counted}
    if report.figures:
        context |= _totals(report) | _by_time(report) | _links(report.links)
        context |= {"comparison": report.comparison, "comparison_table": _comparison(report.comparison)}
        context |= subject_tests.results(briefing)
        context["fewest"] = briefing_report.FEWEST
        context["asked"] = _asked(request, briefing)
    return desk.page(request, "report", briefing, title="Report", **context)


@require_safe
@csp_replace(desk.MAIL_POLICY)
@desk.may("view")
@for_reports
def click_map_html(_request: HttpRequest, pk: int) -> HttpResponse:
    """The briefing as it was sent, with the people who clicked beside each link, for the report's frame."""
    briefing = _sent(pk)
    message = get_object_or_404(CompiledMessage, briefing=briefing)
    response = HttpResponse(click_map.drawn(bytes(message.data), message.personal, Report(briefing).links))
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@desk.may("view")
@for_reports
def table(_request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One table of a report as a CSV file."""
    briefing = _sent(pk)
    if name not in TABLES:
        raise Http404("There is no such table.")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{briefing.slug}-{name}.csv"'
    csv.writer(response).writerows(disarmed(row) for row in TABLES[name](Report(briefing)))
    return response


def _sent(pk: int) -> Briefing:
    briefing = desk.draft(pk)
    if briefing.first_sent_at is None:
        raise Http404("Nothing of this briefing was sent yet.")
    return briefing


def _totals(report: Report) -> dict[str, Any]:
    totals = report.totals
    tiles = [
        {
            "label": "delivered",
            "value": number_text(totals.delivered),
            "note": f"{totals.accepted:,} accepted, less {totals.returned:,} that came back and {totals.complained:,} reported",
        }
    ]
    counted = ["opened", "clicked"] if report.briefing.was_counted else []
    tiles += [
        {"label": NAMES[name].lower(), "value": percent(totals.rate(name)), "note": _of(totals.rate(name))}
        for name in (*counted, "left")
    ]
    briefing = report.briefing
    rows = [_row("Refused by mail servers at once", briefing.failed, None, "not accepted")]
    rows += [_row("Uncertain", briefing.uncertain, None, "see its progress")] if briefing.uncertain else []
    rows.append(_row("Accepted by mail servers", totals.accepted, None, "mails"))
    rows += [
        _row(NAMES[name], getattr(totals, name), totals.rate(name), "accepted") for name in ("returned", "complained")
    ]
    rows.append(_row("Delivered", totals.delivered, None, "accepted, without those two"))
    if counted:
        machines = _row("Images fetched by mail services", totals.opened_by_machines, None, "not counted as opens")
        rows += [_row(NAMES["opened"], totals.opened, totals.rate("opened"), "delivered"), machines]
        rows.append(_row(NAMES["clicked"], totals.clicked, totals.rate("clicked"), "delivered"))
        rejected = report.figures.rejected if report.figures else 0
        rows.append(_row("Opens and clicks not counted", rejected, None, "repeated, or a machine’s"))
    rows.append(_row(NAMES["left"], totals.left, totals.rate("left"), "delivered"))
    return {"tiles": tiles, "totals_table": _table(["Figure", "Number", "Share", "95 % interval", "Of"], rows)}


def _row(label: str, count: int, rate: Rate | None, of: str) -> list[str]:
    return [label, number_text(count), percent(rate), rate.range_text if rate else "–", of]


def _by_time(report: Report) -> dict[str, Any]:
    zone = timezone.get_current_timezone()
    form = "D H:i" if report.is_by_hour else "D j M"
    spans = [(dateformat.format(span.begins_at.astimezone(zone), form), span.totals) for span in report.spans()]
    return {
        f"{name}_chart": line_chart([(label, getattr(totals, name)) for label, totals in spans]) if spans else None
        for name in ("opened", "clicked", "left")
    }


def _asked(request: HttpRequest, briefing: Briefing) -> list[plugged.Came]:
    """What came of the polls and surveys that it carried, whose links are none of those that are counted."""
    sources = dict.fromkeys(
        briefing.items.exclude(source="").order_by("ordering", "id").values_list("source", flat=True)
    )
    return [found for source in sources if (found := plugged.came(source, request.user))]


def _links(links: list[Link]) -> dict[str, Any]:
    most = sorted((row for row in links if row.people), key=lambda row: -row.people)[:BARS_SHOWN]
    bars = [(_name(row), row.people, f"{row.people:,} · {percent(row.rate)}") for row in most]
    head = ["Link", "Number", "People", "Of delivered", "Of all clicks", "All requests"]
    rows = [
        [
            _name(row),
            str(row.link.number),
            number_text(row.people),
            percent(row.rate),
            percent(row.share),
            number_text(row.hits),
        ]
        for row in links
    ]
    return {"link_chart": bar_chart(bars) if bars else None, "link_table": _table(head, rows)}


def _name(row: Link) -> str:
    """What a link is called: by the heading of its part where it is that part's own link, else by its address."""
    item = row.link.item
    return item.heading if item and item.heading and item.url == row.link.url else row.link.url


def _comparison(found: Comparison) -> dict[str, Any]:
    head = ["Figure", "This one", f"Median of the last {found.others}", "This one is"]
    rows = [[NAMES[row.name], row.own.percent, percent_of(row.median), row.verdict] for row in found.rows]
    return _table(head, rows)


def _table(head: list[str], rows: list[list[str]]) -> dict[str, Any]:
    """The parameters of components/data_table.html: words to the left, figures to the right."""
    numeric = [any(cell[:1].isdigit() for cell in column) for column in zip(*rows, strict=True)] if rows else []
    numeric = [bool(place) and (numeric[place] if numeric else False) for place in range(len(head))]
    return {
        "head": [{"text": text, "numeric": numeric[place]} for place, text in enumerate(head)],
        "rows": [[{"text": text, "numeric": numeric[place]} for place, text in enumerate(row)] for row in rows],
    }


def _of(rate: Rate | None) -> str:
    return f"{rate.count:,} of {rate.total:,} delivered" if rate else "nothing was delivered"


def percent(rate: Rate | None) -> str:
    """A rate as readers see it; a dash where there is none."""
    return rate.percent if rate else "–"


def percent_of(share: float) -> str:
    """A share that is of no one total, such as a median."""
    return f"{100 * share:.{1 if share >= 0.1 else 2}f} %"
