"""Where a text speaks of someone who pays us: such a text must say so."""

import re
from dataclasses import dataclass

from sponsors.models import Sponsor


@dataclass(frozen=True, slots=True)
class Mention:
    """A current or recent sponsor that a text names: the words it was found by, and how often."""

    sponsor_id: int
    sponsor_name: str
    words: str
    count: int


def mentions(text: str) -> list[Mention]:
    """The current and recent sponsors named in a plain text, by name or alias, as whole words in any case.

    Someone is recent for 180 days after the last day of a confirmed booking.
    """
    sought = ((sponsor, _pattern(sponsor).findall(text)) for sponsor in Sponsor.objects.current_or_recent())
    return [Mention(sponsor.pk, sponsor.name, " ".join(hits[0].split()), len(hits)) for sponsor, hits in sought if hits]


def _pattern(sponsor: Sponsor) -> re.Pattern[str]:
    """Any name of a sponsor as whole words; a longer one is tried before a shorter one that it holds."""
    names = sorted({name.strip() for name in (sponsor.name, *sponsor.aliases) if name.strip()}, key=len, reverse=True)
    either = "|".join(r"\s+".join(re.escape(word) for word in name.split()) for name in names)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
