"""A sent briefing with the people who clicked beside each link: drawn on the message itself, as it was frozen."""

import re
from collections.abc import Mapping, Sequence
from email import message_from_bytes
from html import escape
from typing import Any

from django.template.loader import render_to_string

from newsletter.mail.mime import PersonalFields
from newsletter.mail.personal_words import WITHOUT_A_SUBSCRIBER, value_of
from newsletter.sending.briefing_report import Link
from newsletter.sending.composition import CANARY

# What a merge field leaves in a message, once it is decoded.
_FIELD = re.compile(r"\x00(\w+)\x00")
_LINK = re.compile(
    r'<a\b(?P<before>[^>]*?)\bhref="[^"]*/l/(?P<number>\d+)\.\x00delivery\x00"(?P<after>[^>]*)>(?P<inside>.*?)</a>',
    re.DOTALL,
)
_PIXEL = re.compile(r"<img\b[^>]*\x00delivery\x00[^>]*>")
# The links of one recipient, which lead nowhere here.
_OWN = re.compile(r'\bhref="[^"]*\x00\w+\x00[^"]*"')


def html_of(message: bytes) -> str:
    """The HTML of a compiled message, with its merge fields."""
    for part in message_from_bytes(message).walk():
        if part.get_content_type() == "text/html":
            body = part.get_payload(decode=True)
            return body.decode("utf-8", "replace") if isinstance(body, bytes) else ""
    return ""


def drawn(message: bytes, personal: Mapping[str, Any], links: Sequence[Link]) -> str:
    """The HTML of a message with figures beside its links, which lead to their targets, and nothing that would be counted.

    Its personal words are as somebody reads them of whom nothing is known.
    """
    known = {row.link.number: row for row in links}
    most = max((row.people for row in links), default=0)
    seen: set[int] = set()

    def annotated(match: re.Match[str]) -> str:
        number = int(match["number"])
        row = known.get(number)
        if number == CANARY or row is None:
            return "" if number == CANARY else match["inside"]
        first = number not in seen
        seen.add(number)
        badge = {"row": row, "first": first, "width": round(100 * row.people / most) if most else 0}
        link = f'<a{match["before"]}href="{escape(row.link.url)}"{match["after"]} target="_blank">{match["inside"]}</a>'
        return link + render_to_string("admin/newsletter/briefing/_click_badge.html", badge)

    html = _LINK.sub(annotated, html_of(message))
    words = PersonalFields(personal).words
    own = {f"html_{number}": escape(value_of(word, WITHOUT_A_SUBSCRIBER)) for number, word in enumerate(words)}
    html = _OWN.sub('href="#"', _PIXEL.sub("", html))
    return _FIELD.sub(lambda match: own.get(match[1], f"[{match[1].replace('_', ' ')}]"), html)
