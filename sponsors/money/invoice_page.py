"""An invoice laid out on A4 by fpdf2."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from sponsors import identifiers
from sponsors.models import Invoice
from sponsors.money.sheets import Sheet
from sponsors.money.typefaces import FACE

INK, PALE = 30, 110
WIDTH = 170  # millimetres between the margins


def render(invoice: Invoice) -> bytes:
    """The document."""
    page = _Page(invoice)
    page.head()
    page.lines()
    page.sums()
    page.words()
    return bytes(page.output())


class _Page(Sheet):
    """One document being laid out on A4."""

    def __init__(self, invoice: Invoice):
        super().__init__(format="A4")
        self.invoice, self.sold_by = invoice, invoice.seller
        self.set_margins(20, 20)
        self.set_auto_page_break(True, margin=28)
        self.set_title(f"{invoice}")
        self.set_author(self.sold_by["name"])
        self.set_creation_date(datetime.combine(invoice.issued_on, invoice.issued_at.timetz()))
        self.add_page()

    def footer(self) -> None:
        """Who sells, on every page, with the numbers that the law asks for."""
        known = {"VAT id": "vat_id", "Tax number": "tax_number", "IBAN": "iban", "BIC": "bic"}
        numbers = [f"{words} {self.sold_by[name]}" for words, name in known.items() if self.sold_by.get(name)]
        self.set_y(-22)
        self._write(
            " · ".join([self.sold_by["name"], self.sold_by.get("email", "")]).strip(" ·"), size=7.5, ink=PALE, align="C"
        )
        self._write(" · ".join([*numbers, f"page {self.page_no()} of {{nb}}"]), size=7.5, ink=PALE, align="C")

    def _write(
        self, text: str, *, size: float = 9.5, style: str = "", ink: int = INK, align: str = "L", width: float = 0
    ) -> None:
        self.set_font(FACE, style, size)
        self.set_text_color(ink)
        self.multi_cell(width, size * 0.52, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def head(self) -> None:
        """The seller, the buyer's address where a window shows it, and the facts beside it."""
        self._write(self.sold_by["name"], size=13, style="B")
        self._write(_address(self.sold_by["address"], self.sold_by["country"]), size=8.5, ink=PALE)
        self.set_y(max(self.get_y() + 8, 52))
        top, bought_by = self.get_y(), self.invoice
        self._write(bought_by.buyer_name, style="B", width=85)
        self._write(_address(bought_by.buyer_address, bought_by.buyer_country), width=85)
        if bought_by.buyer_vat_id:
            self._write(f"VAT id {bought_by.buyer_vat_id}", width=85)
        bottom = self.get_y()
        self.set_y(top)
        for words, value in self._facts():
            self.set_x(112)
            self.set_font(FACE, "", 8.5)
            self.set_text_color(PALE)
            self.cell(32, 5, words)
            self.set_text_color(INK)
            self.multi_cell(46, 5, value, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_y(max(bottom, self.get_y()) + 12)
        self._write(f"{self.invoice}", size=16, style="B")
        self.ln(3)

    def _facts(self) -> list[tuple[str, str]]:
        row = self.invoice
        first, last = _day(row.supplied_from), _day(row.supplied_until)
        facts = [("Number", row.number), ("Date", _day(row.issued_on))]
        facts.append(("Corrects", row.corrects.number) if row.corrects else ("Due", _day(row.due_on)))
        facts.append(("Supplied", first if first == last else f"{first} –\n{last}"))
        return facts + ([("Your reference", row.buyer_reference)] if row.buyer_reference else [])

    def lines(self) -> None:
        """What is billed, with the tax of each line."""
        self.set_font(FACE, "", 8.5)
        self.set_text_color(INK)
        self.set_draw_color(200)
        head = FontFace(emphasis="BOLD", color=INK)
        options: dict[str, Any] = {
            "col_widths": (92, 26, 26, 26), "text_align": ("LEFT", "RIGHT", "RIGHT", "RIGHT"), "headings_style": head,
            "borders_layout": "HORIZONTAL_LINES", "line_height": 5, "padding": 1.2, "width": WIDTH,
        }  # fmt: skip
        with self.table(**options) as table:
            table.row(["What", "Net", f"Tax {_percent(self.invoice.tax_rate)}", "Sum"])
            for line in self.invoice.lines:
                words = "\n".join([line["text"], *line["details"]])
                table.row([words, *(_amount(line[name]) for name in ("net", "tax", "gross"))])

    def sums(self) -> None:
        row = self.invoice
        self.ln(4)
        for words, amount, style in (
            ("Net", row.net, ""),
            ("Tax", row.tax, ""),
            ("Credited" if row.is_credit else "To pay", row.gross, "B"),
        ):
            self.set_font(FACE, style, 10 if style else 9)
            self.set_x(112)
            self.cell(32, 6, words)
            self.cell(46, 6, f"{row.currency} {_amount(amount)}", align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def words(self) -> None:
        """Why there is no tax, how to pay, what was corrected."""
        row = self.invoice
        self.ln(6)
        if row.tax_words:
            self._write(row.tax_words)
            self.ln(2)
        if row.corrects:
            self._write(f"This corrects invoice {row.corrects.number} of {_day(row.corrects.issued_on)}: {row.reason}.")
            return
        self._write(f"Payable without deduction by {_day(row.due_on)}, with {row.number} as the reference.")
        if self.sold_by.get("iban"):
            bank = [f"Account of {self.sold_by['account_holder']}", f"IBAN {self.sold_by['iban']}"]
            bank += [f"BIC {self.sold_by['bic']}"] if self.sold_by.get("bic") else []
            self._write("\n".join([*bank, self.sold_by.get("bank", "")]).strip())


def _address(text: str, country: str) -> str:
    return f"{text.strip()}\n{identifiers.country_name(country)}"


def _day(day: Any) -> str:
    return f"{day:%-d %B %Y}"


def _amount(amount: Any) -> str:
    return f"{Decimal(amount):,.2f}"


def _percent(rate: Decimal) -> str:
    return f"{rate.normalize():f} %" if rate else "0 %"
