"""The paper of our PDFs: A4 in fonts of our own, English from left to right, with names in most of the world's letters."""

from typing import Any

from fpdf import FPDF

from sponsors.money import typefaces


class Sheet(FPDF):
    """A document being laid out. The font of far eastern letters is loaded once a text has one: that takes a while."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._is_eastern = False
        for style, path in typefaces.FILES.items():
            self.add_font(typefaces.FACE, style, path)
        self.set_text_shaping(True, direction="ltr")
        self.set_lang("en")

    def normalize_text(self, text: str) -> str:
        """A text as it is drawn: fpdf2 asks this for all that it draws."""
        if not self._is_eastern and typefaces.is_eastern(text):
            self._is_eastern = True
            self.add_font(typefaces.EAST, "", typefaces.EASTERN)
            self.set_fallback_fonts([typefaces.EAST], exact_match=False)
        return super().normalize_text(typefaces.printable(text) if self._is_eastern else text)
