"""A report to a sponsor as a PDF: what its page says, as of the same moment."""

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from sponsors.money.documents import FACE, FONTS
from sponsors.reports import Line, Report

HEAD = ("Placement", "Day", "Views", "Delivered", "Clicks", "Rejected", "Clicks of these, 95 % interval")
WIDTHS = (42, 20, 16, 18, 14, 18, 42)


def render(report: Report) -> bytes:
    """The document."""
    page = FPDF()
    page.add_font(FACE, fname=FONTS / "DejaVuSans.ttf")
    page.set_creation_date(report.as_of)
    page.set_title(f"{report.booking.name}: {report.booking.snapshot['name']} report")
    page.set_margin(20)
    page.add_page()
    _text(page, f"{report.booking.name}: {report.booking.snapshot['name']} report", size=16)
    _text(page, f"As of {report.as_of:%-d %b %Y, %H:%M} UTC.")
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
    for what, reasons in (("Views", report.view_reasons), ("Clicks", report.reasons)):
        for reason, number in reasons:
            _text(page, f"{what} rejected: {reason}, {number:,}")
    for each in report.adjustments:
        _text(page, f"Corrected by hand: {each.number:,} {each.kind}s. {each.words}")
    _text(page, "What came in is always what was counted plus what was rejected. Intervals are Wilson’s.")
    for version in report.booking.reports.all():
        _text(page, f"Frozen as version {version.version}, SHA-256 {version.sha256}. {version.why}")
    return bytes(page.output())


def _cells(line: Line) -> tuple[str, ...]:
    unit = line.claim.unit
    views = "–" if unit.is_mail else f"{line.final_views:,}"
    delivered = "–" if line.delivered is None else f"{line.delivered:,}"
    rate = f"{line.rate.percent} ({line.rate.range_text})" if line.rate else "–"
    rejected = f"{line.rejected_views + line.rejected:,}"
    return unit.kind.name, f"{unit.date:%-d %b %Y}", views, delivered, f"{line.final_clicks:,}", rejected, rate


def _text(page: FPDF, words: str, *, size: int = 9) -> None:
    page.set_font(FACE, size=size)
    page.multi_cell(0, size * 0.5, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
