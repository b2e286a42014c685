"""The fonts of our PDFs: a part of each document, so that it is printed as it is seen, and its text can be selected.

DejaVu has Latin, Greek, Cyrillic, Hebrew, Arabic, Armenian and Georgian letters; Droid Sans Fallback Chinese, Japanese and
Korean ones. `unprintable` finds those that both lack, and `printable` writes them in Latin letters.
"""

from functools import cache
from pathlib import Path

from anyascii import anyascii

FONTS = Path(__file__).with_name("fonts")
FACE, FILES = "DejaVu", {"": FONTS / "DejaVuSans.ttf", "B": FONTS / "DejaVuSans-Bold.ttf"}
EAST, EASTERN = "Droid", FONTS / "DroidSansFallback.ttf"
BLANK = "\n\r\t"


@cache
def _letters(path: Path) -> frozenset[int]:
    from fontTools.ttLib import TTFont  # which is slow to load, for what few processes ask

    with TTFont(path) as font:
        return frozenset(font.getBestCmap())


def is_eastern(text: str) -> bool:
    """Whether a text has letters that the first font lacks."""
    return any(ord(each) not in _letters(FILES[""]) for each in text if each not in BLANK)


def unprintable(text: str) -> str:
    """The characters of a text that the fonts lack, each once."""
    return "".join(dict.fromkeys(each for each in text if not _is_printable(each)))


def printable(text: str) -> str:
    """A text with what the fonts lack in Latin letters."""
    return "".join(each if _is_printable(each) else anyascii(each) for each in text)


def _is_printable(letter: str) -> bool:
    return letter in BLANK or ord(letter) in _letters(FILES[""]) or ord(letter) in _letters(EASTERN)
