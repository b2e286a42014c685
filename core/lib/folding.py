"""Names as they are compared: look-alikes of other scripts, accents, widths and case made one, and what nobody sees left out.

Look-alikes are those of Unicode's table of confusables (UTS 39), as confusable_homoglyphs ships it.
"""

import gzip
import json
import re
import sys
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources
from unicodedata import category, name, normalize

from anyascii import anyascii
from confusable_homoglyphs.confusables import confusables_data

# Letters of scripts that show as a blank.
_BLANKS = "\u115f\u1160\u3164\uffa0\u2800"
_LETTERS = re.compile(r"[A-Za-z]+|[0-9]")
# Digits and signs that stand for letters in names made to slip through: Qu4yside, B1nance.
_STAND_INS = [str.maketrans("013457", letters) for letters in ("oieast", "oleast")]
_NUMBER = re.compile(rb"\s*\d+")
_DIGIT_IN_WORD = re.compile(r"[^\W\d_][0-9]|[0-9][^\W\d_]")


def seen(text: str) -> str:
    """A text in its plain widths and styles, without what shows nothing: soft hyphens, joiners, marks of direction."""
    if text.isascii():
        return text
    return normalize("NFKC", text.translate(_unseen())).translate(_signs())


@lru_cache(maxsize=20_000)
def fold(word: str) -> str:
    """What a word of a seen text is compared by."""
    if word.isascii():
        return word.lower()
    plain = normalize("NFKD", word.translate(_prototypes())).translate(_marks()).casefold()
    plain = plain.translate(_prototypes())
    return plain if plain.isascii() else "".join(map(_of_latin, plain)).lower()


def _of_latin(letter: str) -> str:
    """Small capitals and other letters of our script that the table leaves as they are."""
    return anyascii(letter) if name(letter, "").startswith("LATIN") else letter


def spellings(word: str) -> list[str]:
    """What a word of a seen text may be compared by: also with letters in the places of digits that stand for them."""
    folded = fold(word)
    if not _DIGIT_IN_WORD.search(word):
        return [folded]
    return list(dict.fromkeys([folded, *(folded.translate(table) for table in _STAND_INS)]))


@cache
def _unseen() -> dict[int, None]:
    """What shows nothing: format characters (Cf), variation selectors, blank letters."""
    points = (*range(0xA0, 0x20000), *range(0xE0000, 0xE0200))
    hidden = (point for point in points if category(chr(point)) == "Cf" or chr(point) in _BLANKS)
    return dict.fromkeys((*hidden, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x34F))


@cache
def _marks() -> dict[int, None]:
    """Marks that are set over, under and through letters."""
    return dict.fromkeys(point for point in range(0x300, sys.maxunicode // 8) if category(chr(point)) in ("Mn", "Me"))


@cache
def _prototypes() -> dict[int, str]:
    """The Latin letters that letters of other scripts look like."""
    return {point: text for point, text in _table().items() if chr(point).isalnum()}


@cache
def _signs() -> dict[int, str]:
    """The Latin letters that signs look like, which are no part of a word otherwise."""
    return {point: text for point, text in _table().items() if not chr(point).isalnum() and text.isalpha()}


@cache
def _table() -> dict[int, str]:
    found = {}
    for character, others in confusables_data.items():
        if len(character) != 1 or character.isascii():
            continue
        for other in others:
            plain = normalize("NFKD", other["c"]).translate(_marks())
            if _LETTERS.fullmatch(plain):
                # The table has capital I as l; of a capital letter, the i is meant.
                found[ord(character)] = "I" if plain == "l" and character.isupper() else plain
                break
    return found


def ordinary(words: Iterable[str], language: str = "en") -> dict[str, int]:
    """Those of some folded words that are words of English, or of the language given; and how usual they are.

    The figures are those of pyspellchecker's lists: 30 for a rare word, 300,000 for “second”.
    """
    asked = frozenset(word for word in words if word)
    return {word: figure for code in ("en", language[:2]) for word, figure in _known(asked, code).items()}


@lru_cache(maxsize=256)
def _known(words: frozenset[str], language: str) -> dict[str, int]:
    """Looked up in the text of the list: to read it as JSON takes a second."""
    file = resources.files("spellchecker") / "resources" / f"{language}.json.gz"
    if not words or not file.is_file():
        return {}
    listed, found = gzip.decompress(file.read_bytes()), {}
    for word in words:
        key = f"{json.dumps(word)}:".encode()
        if (place := listed.find(key)) >= 0:
            after = listed[place + len(key) : place + len(key) + 20]
            found[word] = int((_NUMBER.match(after) or [b"1"])[0])
    return found
