"""A mail server's log, searched for Message-IDs: which messages it took, and which it could not deliver.

Postfix and Exim name a message once, where they take it, and then by a queue ID of their own; of other logs, every line that
has the Message-ID counts.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from core.lib.signing import BadToken, read_token
from core.lib.text import without_addresses

Recipient: TypeAlias = tuple[int, int]  # the keys of a briefing and of a subscriber
LONGEST_LINE = 10_000
_TOKEN = re.compile(r"([A-Za-z0-9_-]{16,200})@[A-Za-z0-9.-]+")
_QUEUED = [
    re.compile(r": ([0-9A-Za-z]{6,20}): message-id="),  # Postfix
    re.compile(r"\b([0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}) <= "),  # Exim
]
_NAMED = [
    re.compile(r": ([0-9A-Za-z]{6,20}): (?:to=|from=.*\bnrcpt=)"),
    re.compile(r"\b([0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}) (?:\*\*|=>|->|==) "),
]
_REFUSED = re.compile(r"status=bounced| \*\* |\b(?:bounced|rejected|undeliverable|hard.?bounce)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Trace:
    """What a log says of a message: that it was taken, or that it could not be delivered, in the words of the line."""

    is_refused: bool
    line: str


def traces(lines: Iterable[str]) -> dict[Recipient, Trace]:
    """What a log says of our messages, by whose they are. What it says last about one counts, but for a refusal, which stays."""
    found: dict[Recipient, Trace] = {}
    queued: dict[str, Recipient] = {}
    for line in (text[:LONGEST_LINE].strip() for text in lines):
        recipient = _named_by_message_id(line) or _first(_NAMED, line, queued)
        if recipient is None:
            continue
        for pattern in _QUEUED:
            if match := pattern.search(line):
                queued[match[1]] = recipient
        if _QUEUED[0].search(line):
            continue  # Postfix writes it as it reads the header; whether it took the message is in a later line
        trace = Trace(bool(_REFUSED.search(line)), without_addresses(line)[:300])
        if recipient not in found or not found[recipient].is_refused:
            found[recipient] = trace
    return found


def _named_by_message_id(line: str) -> Recipient | None:
    for match in _TOKEN.finditer(line):
        try:
            briefing, subscriber = read_token("message", match[1])
        except (BadToken, ValueError):
            continue
        return briefing, subscriber
    return None


def _first(patterns: Iterable[re.Pattern[str]], line: str, queued: dict[str, Recipient]) -> Recipient | None:
    matches = (pattern.search(line) for pattern in patterns)
    return next((queued[match[1]] for match in matches if match and match[1] in queued), None)
