"""Cleaning plain text: of characters that cannot be stored, that end a line, or that nobody sees."""

import re
from unicodedata import category, normalize

from django.core.exceptions import ValidationError

# Control characters but for tab and line ends, halves of surrogate pairs, byte order marks: XML, PostgreSQL or both
# refuse most of them (https://www.w3.org/TR/xml/#charsets), and the rest mean nothing on a page.
_UNSTORABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
# Whatever str.splitlines() and the email package take for the end of a line.
_LINE_END = re.compile("\r\n|[\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029]")
# Zero-width spaces, what turns the direction of the text after it, annotations. The joiners U+200C and U+200D stay:
# Persian and emoji need them. So do the marks U+200E and U+200F, which affect only their neighbours.
_INVISIBLE = re.compile("[\u200b\u202a-\u202e\u2060-\u206f\ufff9-\ufffb]")
# What may stand within a word without showing: soft hyphens, zero-width spaces and joiners.
WITHIN_WORDS = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
# Letters of scripts that show as a blank, Braille's among them.
_BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
# Tags show nothing but after a black flag, with which they make the flag of England and others (UTS 51).
_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007f]+)|[\U000e0000-\U000e007f]")
_ADDRESS = re.compile(r"[^\s<>\"'(),;:\[\]]+@[^\s<>\"'(),;:\[\]]+")


def whole_number(text: object, *, most: int = 10**9) -> int | None:
    """A number from 0 to `most` in decimal digits, as a request or a file may hold one; None for anything else."""
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > len(str(most)):
        return None  # Python refuses to read thousands of digits with an exception of its own
    number = int(text)
    return number if number <= most else None


def storable(text: str) -> str:
    """Markup, code or a table as it is, but for what a database or a feed cannot hold; lines end in a newline alone."""
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def visible(text: str) -> str:
    """Text without the characters that show nothing, or show what stands beside them in another order.

    Nothing is left of a text in which there is nothing to see.
    """
    text = _TAGS.sub(lambda match: match[1] or "", _INVISIBLE.sub("", text))
    return text if text.isascii() or any(_shows(character) for character in text) else ""


def _shows(character: str) -> bool:
    kind = category(character)
    return kind[0] not in "CZ" and kind not in ("Mn", "Me") and character not in _BLANKS


def prose(text: str) -> str:
    """Plain text of several lines: only what can be stored and seen, every line ended by a newline."""
    return visible(storable(_LINE_END.sub("\n", text)))


_LANGUAGE = re.compile(r"([a-z]{2,3})((?:-[a-z0-9]{2,8}){0,3})", re.IGNORECASE)


def language_code(text: str) -> str:
    """A language as BCP 47 writes it (de, pt-BR, zh-Hant); "" for none. Raises ValidationError."""
    text = one_line(text)
    if not text:
        return ""
    if not (match := _LANGUAGE.fullmatch(text)):
        raise ValidationError("A language is a code such as de, pt-BR or ar.")
    parts = [
        part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower()
        for part in match[2].split("-")[1:]
    ]
    return "-".join([match[1].lower(), *parts])


def one_line(text: str) -> str:
    """A title, a name or the subject of a mail: one line, with single spaces where lines ended."""
    return " ".join(prose(text).split())


def searchable(text: str) -> str:
    """What somebody looks for, as words are compared: composed letters (NFC), and nothing hidden within a word."""
    return normalize("NFC", text.translate(dict.fromkeys(map(ord, WITHIN_WORDS))))


def without_addresses(text: str) -> str:
    """A mail server's answer as it may be kept: whom it names is left out."""
    return _ADDRESS.sub("…", text)
