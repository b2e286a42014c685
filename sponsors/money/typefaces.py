"""The font of our PDFs: a part of each document, so that it is printed as it is seen, and its text can be selected.

It has Latin, Greek, Cyrillic, Hebrew, Arabic, Armenian and Georgian letters; `unprintable` finds those that it lacks.
"""

from functools import cache
from pathlib import Path

FONTS = Path(__file__).with_name("fonts")
FACE = "DejaVu"


@cache
def _letters() -> frozenset[int]:
    from fontTools.ttLib import TTFont  # which is slow to load, for what few processes ask

    with TTFont(FONTS / "DejaVuSans.ttf") as font:
        return frozenset(font.getBestCmap())


def unprintable(text: str) -> str:
    """The characters of a text that the font lacks, each once."""
    return "".join(dict.fromkeys(each for each in text if each not in "\n\r\t" and ord(each) not in _letters()))
