"""Figures that a text claims of our audience, held against what was measured: what our data contradicts is refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sponsors import audience
from sponsors.audience import Figures, Rate

_NUMBER = r"(\d+(?:[.,]\d+)?)"
_SHARE = re.compile(
    rf"(?P<how>up to|over|more than|at least|under|below)?\s*{_NUMBER}\s*(?:%?\s*(?:–|-|to)\s*{_NUMBER})?\s*(?:%|per ?cent)",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"(?P<how>over|more than|at least)?\s*(\d[\d,.\u00a0\u202f ]*\d|\d)\s*(k|m|thousand|million)?\+?\s+"
    r"(?:\w+\s+){0,2}?(subscribers|page ?views|visitors)",
    re.IGNORECASE,
)
_OPENS = re.compile(r"\bopen(?:s|ed|ing|ers)?\b|\bopen[- ]rates?\b", re.IGNORECASE)
_CLICKS = re.compile(r"\bCTR\b|\bclick", re.IGNORECASE)
_OF_OPENED = re.compile(
    r"\b(?:of|per) (?:messages |mails |those |people |readers )?(?:who )?(?:opens?\b|opened)", re.IGNORECASE
)
_SCALE = {"": 1, "k": 1_000, "thousand": 1_000, "m": 1_000_000, "million": 1_000_000}
_NEAR = 40  # characters between a share and what it is of


@dataclass(frozen=True, slots=True)
class Claim:
    """A share that a text claims: its words, from and to (0 to 1), what it is a share of."""

    words: str
    low: float
    high: float
    measure: str


def problems(text: str, figures: Figures | None = None) -> list[str]:
    """Why a text cannot stand in the media kit, a sentence for each figure that was measured otherwise or not at all."""
    found = [*_shares(text)]
    counts = list(_COUNT.finditer(text))
    if not (found or counts):
        return []
    figures = figures or audience.figures()
    said = [problem for claim in found if (problem := _wrong_share(claim, figures))]
    return said + [problem for hit in counts if (problem := _wrong_count(hit, figures))]


def _shares(text: str) -> Iterator[Claim]:
    for sentence in re.split(r"(?<=[.!?;])\s+|\n", text):
        for hit in _SHARE.finditer(sentence):
            if measure := _measure(sentence, hit.start(), hit.end()):
                yield Claim(hit[0].strip(), *_bounds(hit), measure)


def _measure(sentence: str, start: int, end: int) -> str:
    """What the share at a place is of: by the word that stands nearest."""
    clicks = [abs(hit.start() - end) for hit in _CLICKS.finditer(sentence) if _is_near(hit.start(), start, end)]
    of_opened = _OF_OPENED.search(sentence)
    spans = [of_opened.span()] if of_opened else []
    opens = [
        abs(hit.start() - end)
        for hit in _OPENS.finditer(sentence)
        if _is_near(hit.start(), start, end) and not any(low <= hit.start() < high for low, high in spans)
    ]
    if clicks and (not opens or min(clicks) < min(opens)):
        return "ctr" if of_opened else "clicks"
    return "opens" if opens else ""


def _is_near(place: int, start: int, end: int) -> bool:
    return start - _NEAR <= place <= end + _NEAR


def _bounds(hit: re.Match[str]) -> tuple[float, float]:
    """From and to, each as wide as the last digit that was written leaves open."""
    first, last = hit[2], hit[3] or hit[2]
    half = min(_half_digit(first), _half_digit(last))
    low, high = _value(first) - half, _value(last) + half
    how = (hit["how"] or "").lower()
    if how in ("over", "more than", "at least"):
        return low / 100, 1.0
    if how in ("under", "below"):
        return 0.0, high / 100
    return low / 100, high / 100


def _value(text: str) -> float:
    return float(text.replace(",", "."))


def _half_digit(text: str) -> float:
    _, _, decimals = text.replace(",", ".").partition(".")
    return 0.5 * 10.0 ** -len(decimals)


def measured(measure: str, figures: Figures) -> Rate | None:
    """Our own rate for a measure (FieldFigure.Measure); None while too little was sent."""
    if measure == "opens":
        return figures.open_rate
    if measure == "clicks" or figures.click_rate is None or figures.open_rate is None:
        return figures.click_rate
    opened, clicked = figures.open_rate.count, figures.click_rate.count
    return Rate(clicked, opened) if opened and clicked <= opened else None


OF = {"opens": "messages delivered", "clicks": "messages delivered", "ctr": "messages opened"}


def _wrong_share(claim: Claim, figures: Figures) -> str:
    rate = measured(claim.measure, figures)
    if rate is None:
        return (
            f"“{claim.words}” cannot be said yet: {figures.delivered:,} messages were delivered in the last 90 days, and rates"
            f" are quoted from {audience.ENOUGH_DELIVERED} on."
        )
    low, high = rate.interval
    if claim.low <= high and claim.high >= low:
        return ""
    of = OF[claim.measure]
    return (
        f"“{claim.words}” is not what was measured: {rate.percent}, {rate.count:,} of {rate.total:,} {of}"
        f" (95 % interval {rate.range_text}) in the briefings of the last 90 days. Say that, or take it out."
    )


def _wrong_count(hit: re.Match[str], figures: Figures) -> str:
    digits = re.sub(r"[^\d]", "", hit[2]) if not (hit[3] or "") else hit[2].replace(",", ".")
    claimed = float(re.sub(r"[^\d.]", "", digits) or 0) * _SCALE[(hit[3] or "").lower()]
    what = hit[4].lower().replace(" ", "")
    actual = figures.subscribers
    if what != "subscribers":
        if figures.reading is None:
            return f"“{hit[0].strip()}” cannot be said yet: too few days were counted."
        is_views = what == "pageviews"
        actual = 28 * (figures.reading.views_a_day if is_views else figures.reading.visitors_a_day)
    if claimed <= actual:
        return ""
    period = "" if what == "subscribers" else " in four weeks"
    return f"“{hit[0].strip()}” is more than was counted: {actual:,}{period}. Say that, or take it out."
