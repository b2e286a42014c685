"""A report to a sponsor as a PDF: what its page says, as of the same moment."""

from collections.abc import Iterator

from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from sponsors.money.sheets import Sheet
from sponsors.money.typefaces import FACE
from sponsors.reports import Line, Report

HEAD = ("Placement", "Day", "Views", "Delivered", "Clicks", "Rejected", "Clicks of these, 95 % interval")
WIDTHS = (42, 20, 16, 18, 14, 18, 42)


def render(report: Report) -> bytes:
    """The document."""
    page = Sheet()
    page.set_creation_date(report.as_of)
    page.set_title(f"{report.booking.name}: {report.booking.snapshot['name']} report")
    page.set_margin(20)
    page.add_page()
    _text(page, f"{report.booking.name}: {report.booking.snapshot['name']} report", size=16)
    frozen = f"Version {report.version} of the final report, frozen on" if report.version else "As of"
    _text(page, f"{frozen} {report.as_of:%-d %b %Y, %H:%M} UTC.")
    _text(page, _sums(report))
    for words in report.missing:
        _text(page, words)
    page.ln(3)
    page.set_font(FACE, size=7)
    with page.table(col_widths=WIDTHS, headings_style=FontFace(emphasis=None), line_height=4) as table:
        for cells in (HEAD, *map(_cells, report.lines)):
            row = table.row()
            for cell in cells:
                row.cell(cell)
    page.ln(3)
    for line in report.lines:
        for words in _beside(line):
            _text(page, f"{line.claim.unit.kind.name}, {line.claim.unit.date:%-d %b %Y}: {words}")
    for what, reasons in (("Views", report.view_reasons), ("Clicks", report.reasons)):
        for reason, number in reasons:
            _text(page, f"{what} rejected: {reason}, {number:,}")
    for each in report.adjustments:
        _text(page, f"Corrected by hand: {each.number:,} {each.kind}s. {each.words}")
    _text(page, "What came in is always what was counted plus what was rejected. Intervals are Wilson’s.")
    for version in report.booking.reports.filter(version=report.version or 0):
        _text(page, f"Frozen as version {version.version}, SHA-256 {version.sha256}. {version.why}")
    return bytes(page.output())


def _sums(report: Report) -> str:
    views = f"{report.raw_views:,} views came in, of which {report.valid_views:,} count. " if report.raw_views else ""
    return f"{views}{report.raw:,} clicks came in; {report.valid:,} count and {report.rejected:,} do not."


def _beside(line: Line) -> Iterator[str]:
    """What a line has beside its row: what was guaranteed, what is usual, and its days."""
    if line.guarantee:
        yield f"guaranteed {line.guarantee}"
    if line.usual and line.usual.median is not None:
        yield f"usual here {line.usual.median_text} (median of {line.usual.days} days; {line.usual.interval_text})"
    if len(line.days) > 1:
        yield "; ".join(f"{day:%-d %b} {views:,} views, {clicks:,} clicks" for day, views, clicks in line.days)


def _cells(line: Line) -> tuple[str, ...]:
    unit = line.claim.unit
    views = "–" if unit.is_mail else f"{line.final_views:,}"
    delivered = "–" if line.delivered is None else f"{line.delivered:,}"
    rate = f"{line.rate.percent} ({line.rate.range_text})" if line.rate else "–"
    rejected = f"{line.rejected_views + line.rejected:,}"
    return unit.kind.name, f"{unit.date:%-d %b %Y}", views, delivered, f"{line.final_clicks:,}", rejected, rate


def _text(page: Sheet, words: str, *, size: int = 9) -> None:
    page.set_font(FACE, size=size)
    page.multi_cell(0, size * 0.5, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
