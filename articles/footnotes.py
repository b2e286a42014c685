"""Footnotes: words that stand in the text where they belong to, and become numbered notes below it for readers.

An editor marks them as `<small data-footnote="">…</small>`; a note may hold links and emphasis, but no other note.
"""

import re
from typing import NamedTuple

from core.lib.html import text_of

_EDGE = re.compile(r"<small(?=[\s>])([^>]*)>|</small>")
_MARK = re.compile(r'\sdata-footnote=""')  # among other attributes, in cleaned HTML
_MARK = re.compile(r'\sdata-footnote=""')  # among other attributes, in cleaned HTML
_SMALL = re.compile(r"</?small[^>]*>")


class Lifted(NamedTuple):
    """A text without its footnotes: with numbers in their places, and as if there were none; and the notes."""

    numbered: str
    plain: str
    notes: list[str]


def lifted(html: str, taken: int = 0) -> Lifted:
    """Take the footnotes out of cleaned HTML; their numbers follow on those that are taken."""
    if "data-footnote" not in html:
        return Lifted(html, html, [])
    numbered, plain, notes, end = [], [], list[str](), 0
    for start, close, after in _places(html):
        before, note = html[end:start].rstrip(" "), _SMALL.sub("", html[close[0] : close[1]]).strip()
        end = after
        numbered.append(before)
        plain.append(before)
        if text_of(note).strip():
            notes.append(note)
            numbered.append(_reference(taken + len(notes)))
    return Lifted("".join([*numbered, html[end:]]), "".join([*plain, html[end:]]), notes)


def _places(html: str) -> list[tuple[int, tuple[int, int], int]]:
    """Where each outermost footnote starts, between which places its words stand, and where it ends."""
    found, depth, opened = [], 0, None
    for edge in _EDGE.finditer(html):
        if edge[0] != "</small>":
            if opened is None and _MARK.search(edge[1]):
                opened, depth = (edge.start(), edge.end()), 0
            else:
                depth += 1
        elif opened and not depth:
            found.append((opened[0], (opened[1], edge.start()), edge.end()))
            opened = None
        else:
            depth = max(depth - 1, 0)
    return found


def _is_note(attributes: str) -> bool:
    """Whether the attributes of a small text, as cleaning leaves them, make a footnote of it."""
    return ' data-footnote=""' in attributes


def _reference(number: int) -> str:
    # A colon is in no heading's anchor.
    return (
        f'<sup class="note-number"><a href="#note:{number}" id="to-note:{number}" role="doc-noteref"'
        f' aria-label="Note {number}">{number}</a></sup>'
    )
