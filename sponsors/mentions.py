"""Mentions of current and recent sponsors in a text, which must then be disclosed."""

import re
from dataclasses import dataclass

from sponsors.models import Sponsor


@dataclass(frozen=True, slots=True)
class Mention:
    """A current or recent sponsor that a text names: the words it was found by, and how often."""

    sponsor_name: str
    words: str
    count: int


def mentions(text: str) -> list[Mention]:
    """The current and recent sponsors named in a plain text, by name or alias, as whole words in any case.

    Someone is recent for 180 days after the last day of a confirmed booking.
    """
    text = " ".join(text.split())
    folded = text.lower()
    found = []
    for sponsor in Sponsor.objects.current_or_recent():
        names = [" ".join(name.split()) for name in (sponsor.name, *sponsor.aliases)]
        near = [name for name in names if name and name.lower() in folded]  # quick, and nearly always empty
        if near and (hits := _as_words(near).findall(text)):
            found.append(Mention(sponsor.name, hits[0], len(hits)))
    return found


def _as_words(names: list[str]) -> re.Pattern[str]:
    """Any of the names as whole words; a longer one is tried before a shorter one that it contains."""
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
