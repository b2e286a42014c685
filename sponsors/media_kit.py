"""The contents of the media kit: who reads, what it costs, how it looks, what it brought, and what an ad may hold."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.urls import reverse

from core.lib import charts
from core.lib.html import of_plain
from sponsors import audience, availability, kit_claims, past_results, reach, rotation
from sponsors.models import FieldFigure, KitText, Package, PackageItem, PlacementKind
from sponsors.models.catalogue import money
from sponsors.money import invoices, tax

NEXT_STARTS = 3
BESIDE_HEADS = ("Rate", *({"text": text, "numeric": True} for text in ("The field says", "We measured", "Of")))
SPEC_HEADS = ("Placement", "Shown", "Headline", "Text", "Image", "Submit by")


def contents() -> dict[str, Any]:
    """Context of the media kit's page."""
    packages = list(Package.objects.on_sale())
    calendar = availability.calendar(packages)
    figures = audience.figures()
    kinds = {item.kind_id: item.kind for package in packages for item in package.items.all()}
    return {
        "packages": [card(package, calendar) for package in packages],
        "side_by_side": side_by_side(packages, list(kinds.values())),
        "price_note": price_note(),
        "table": availability.table(packages),
        "figures": figures,
        "enough": audience.ENOUGH_DELIVERED,
        "tiles": tiles(figures),
        "quotes": [quote(number, each) for number, each in enumerate(figures.quotes)],
        "beside": beside(figures),
        "beside_heads": BESIDE_HEADS,
        "past": past_results.past(),
        "places": list(kinds.values()),
        "reached": reached(kinds.values(), figures.sends),
        "spec_heads": SPEC_HEADS,
        "specs": [specification(kind, calendar.most.get(kind.channel, 1)) for kind in kinds.values()],
    } | passages(figures)


def price_note() -> str:
    """What stands beside our prices: whether tax comes on top of them."""
    return tax.price_note(invoices.seller())


def card(package: Package, calendar: availability.Calendar) -> dict[str, Any]:
    """The parameters of components/package_card.html."""
    return {
        "name": package.name,
        "price_text": package.price_text,
        "summary": package.summary,
        "includes": includes(package),
        "url": reverse("sponsors:book", args=[package.tier]),
        "featured": package.tier == Package.Tier.GOLD,
        "starts": calendar.starts(package, limit=NEXT_STARTS),
    }


def includes(package: Package) -> list[str]:
    """`7 × Day on article pages, 5,000 views guaranteed`."""
    return [f"{item.quantity} × {item.kind.name}{_guaranteed(item)}" for item in package.items.all()]


def _guaranteed(item: PackageItem) -> str:
    unit = "messages delivered" if item.kind.is_mail else "views"
    return f", {item.guarantee:,} {unit} guaranteed" if item.guarantee else ""


def specification(kind: PlacementKind, ads: int) -> list[dict[str, str]]:
    """A row of the table of what an ad may hold, and how long it is shown where so many share a place."""
    shown = "in every mail of the day, in a place of its own" if kind.is_mail else rotation.share(ads)
    sizes = ", ".join(size.replace("x", "×") for size in kind.image_sizes) or "none"
    if kind.sizes_on_phones:
        sizes += f"; on phones {', '.join(size.replace('x', '×') for size in kind.phone_sizes)}"
    return [
        {"text": kind.name},
        {"text": shown},
        {"text": f"{kind.headline_limit} characters"},
        {"text": f"{kind.body_limit} characters"},
        {"text": sizes},
        {"text": f"{kind.cutoff_hours} hours before the day"},
    ]


def reached(kinds: Iterable[PlacementKind], sends: Iterable[audience.Send]) -> dict[str, Any]:
    """The parameters of components/data_table.html: what an ad in each place reached, with denominator and interval."""
    head = ["Placement", "Ad days", "Median of a day", "95 % interval", "Clicks, with their 95 % interval"]
    rows = [
        [
            {"text": each.kind.name},
            {"text": f"{each.days}", "numeric": True},
            *({"text": text} for text in (each.median_text, each.interval_text, each.clicks_text)),
        ]
        for each in reach.of_kinds(kinds, sends).values()
    ]
    return {"caption": "What one ad in each place reached on a day, last 90 days", "head": head, "rows": rows}


def side_by_side(packages: Sequence[Package], kinds: Sequence[PlacementKind]) -> dict[str, Any]:
    """The parameters of components/data_table.html: what each package holds, and what that costs a placement."""
    held = [{item.kind_id: item.quantity for item in package.items.all()} for package in packages]
    rows = [[{"text": kind.name}, *(_number(each.get(kind.pk, 0)) for each in held)] for kind in kinds]
    rows.append([{"text": "Placements"}, *(_number(sum(each.values())) for each in held)])
    rows.append([{"text": "Price of a run"}, *({"text": package.price_text, "numeric": True} for package in packages)])
    each = [money(_share(package, held[place]), package.currency) for place, package in enumerate(packages)]
    rows.append([{"text": "Price of a placement"}, *({"text": text, "numeric": True} for text in each)])
    return {"head": ["What you get", *({"text": package.name, "numeric": True} for package in packages)], "rows": rows}


def _number(value: int) -> dict[str, Any]:
    return {"text": str(value) if value else "–", "numeric": True}


def _share(package: Package, held: dict[int, int]) -> Decimal:
    return round(package.price / max(sum(held.values()), 1), 2)


def quote(number: int, each: audience.Quote) -> dict[str, Any]:
    """A question to readers: the parameters of components/bar_chart.html, with N, days, and each answer's interval."""
    days = f"{each.first_day:%-d %b %Y}"
    if each.last_day != each.first_day:
        days += f" to {each.last_day:%-d %b %Y}"
    bars = [(label, 100 * rate.value, rate.percent) for label, rate in each.lines]
    return {
        "id": f"quote-{number}",
        "title": each.question,
        "chart": charts.bar_chart(bars),
        "source": f"N = {each.total:,}, {days}",
        "head": ["Answer", *({"text": text, "numeric": True} for text in ("Share", "Readers", "95 % interval"))],
        "rows": [
            [
                {"text": label},
                *({"text": text, "numeric": True} for text in (rate.percent, f"{rate.count:,}", rate.range_text)),
            ]
            for label, rate in each.lines
        ],
    }


def beside(figures: audience.Figures) -> list[list[dict[str, Any]]]:
    """Rows of components/data_table.html: what the field says, and what we measured of the same thing."""
    rows: list[list[dict[str, Any]]] = []
    for figure in FieldFigure.objects.all():
        rate = kit_claims.measured(figure.measure, figures)
        ours = f"{rate.percent} ({rate.range_text})" if rate else "not enough sent yet"
        of = f"{rate.count:,} of {rate.total:,}" if rate else "–"
        rows.append(
            [
                {"text": figure.get_measure_display().capitalize()},
                {"text": figure.range_text, "numeric": True},
                {"text": ours, "numeric": True},
                {"text": of, "numeric": True},
            ]
        )
    return rows


def passages(figures: audience.Figures) -> dict[str, Any]:
    """What staff wrote, by part; what our figures contradict by now is left out until it is mended."""
    shown = [
        row
        for row in KitText.objects.filter(is_shown=True)
        if not kit_claims.problems(f"{row.heading}\n{row.text}", figures)
    ]
    parts = {part: list(rows) for part, rows in groupby(shown, key=lambda row: row.part)}
    questions = [{"question": row.heading, "answer": of_plain(row.text)} for row in parts.get("question", [])]
    return {"audiences": parts.get("audience", []), "questions": questions, "terms": parts.get("term", [])}


def tiles(figures: audience.Figures) -> list[dict[str, str]]:
    """The parameters of components/stat_tiles.html: each figure with its denominator."""
    shown = [
        {"value": f"{figures.subscribers:,}", "label": "confirmed subscribers", "note": f"on {figures.as_of:%-d %b %Y}"}
    ]
    if figures.reading:
        note = f"the mean of {figures.reading.days} days; bots and staff left out"
        shown.append({"value": f"{figures.reading.views_a_day:,}", "label": "page views a day", "note": note})
        shown.append({"value": f"{figures.reading.visitors_a_day:,}", "label": "visitors a day", "note": note})
    if not (figures.open_rate and figures.click_rate):
        return shown
    shown.append({"value": f"{figures.delivered:,}", "label": "messages delivered", "note": _span(figures)})
    for rate, label in ((figures.open_rate, "open rate"), (figures.click_rate, "click rate")):
        note = f"{rate.count:,} of {rate.total:,} delivered; 95 % interval {rate.range_text}"
        shown.append({"value": rate.percent, "label": label, "note": note})
    return shown


def _span(figures: audience.Figures) -> str:
    sends = f"{len(figures.sends)} briefing{'' if len(figures.sends) == 1 else 's'}"
    return f"{sends}, {figures.first_day:%-d %b} to {figures.last_day:%-d %b %Y}"
