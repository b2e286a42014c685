"""When to pause a briefing by itself, since letters are refused for a reason that is not their address; and what to do then."""

import re
from dataclasses import dataclass
from typing import Any

from core.lib.smtp import Outcome, Status
from newsletter.mail.status_codes import is_about_the_address

IN_A_ROW = 50  # refusals: then something is wrong with the message or the relay, not with the addresses
UNCERTAIN_COUNTS = 5  # as many refusals: whoever gets such a letter may have it, and its sender does not know
ENOUGH = 100  # tries, before a share of them says anything
MEMORY = 400  # tries, after which the older ones count for half

_ADVICE = (
    (
        r"5\.7\.(?:2[0-9]|30|509|515)\b|spf|dkim|dmarc|authenticat",
        "The provider wants mail that is signed and whose sender is confirmed: check SPF, DKIM and DMARC of the sender's domain.",
    ),
    (
        r"5\.3\.4|5\.2\.3|\b552\b|too (?:large|big|long)",
        "The message is too large for them: cancel it, and send a shorter one with fewer pictures.",
    ),
    (
        r"relay|sender (?:address )?(?:rejected|denied)|not (?:allowed|permitted|owned)|5\.7\.6\d",
        "The mail server does not let this account send to them, or as this sender: settle it with whoever runs it.",
    ),
    (
        r"spam|block|blacklist|black.list|blocklist|reputation|policy|abuse|5\.7\.1\b",
        "They take it for spam or block the server: look at the words, the links and the blocklist that is named.",
    ),
)
_LOST = "The connection breaks once a message was sent: look at the mail server's log, by which uncertain letters can be settled."
_ELSE = "Read what the server says, and settle it with whoever runs it."
_THEN = "Then resume: nobody gets it twice, and those that failed can be sent again by their reason."


@dataclass(slots=True)
class Watch:
    """What was tried and refused lately. It is kept with the briefing, since a run of a pump may see only a few."""

    tried: int = 0
    refused: int = 0
    in_a_row: int = 0
    last: str = ""

    @classmethod
    def of(cls, kept: dict[str, Any]) -> "Watch":
        return cls(**{name: kept[name] for name in ("tried", "refused", "in_a_row", "last") if name in kept})

    def kept(self) -> dict[str, Any]:
        """What is to be kept of it; nothing while nothing was refused."""
        if not self.refused and not self.in_a_row:
            return {}
        return {"tried": self.tried, "refused": self.refused, "in_a_row": self.in_a_row, "last": self.last}

    def note(self, outcome: Outcome) -> None:
        """Take in what came of a letter. Addresses that are gone say nothing of the others, nor does a letter put off."""
        if outcome.status is Status.ACCEPTED:
            self.tried, self.in_a_row = self.tried + 1, 0
        elif outcome.status is Status.UNCERTAIN:
            self._refuse(UNCERTAIN_COUNTS, outcome.note)
        elif outcome.status is Status.REFUSED and not is_about_the_address(outcome.note):
            self._refuse(1, outcome.note)
        if self.tried >= MEMORY:
            self.tried, self.refused = self.tried // 2, self.refused // 2

    def _refuse(self, weight: int, said: str) -> None:
        self.tried, self.refused, self.in_a_row = self.tried + 1, self.refused + 1, self.in_a_row + weight
        self.last = said

    def is_alarming(self, percent: int) -> bool:
        """Whether the briefing must pause, at so many percent refused or a run of refusals."""
        return self.in_a_row >= IN_A_ROW or (self.tried >= ENOUGH and 100 * self.refused >= percent * self.tried)

    @property
    def until_alarm(self) -> int:
        """How many more may be refused in a row: no more than so many should be on their way."""
        return IN_A_ROW - self.in_a_row

    def alarm(self) -> str:
        """Why it must, and what to do."""
        if self.in_a_row >= IN_A_ROW:
            number = self.in_a_row // UNCERTAIN_COUNTS if self._is_lost else self.in_a_row
            said = f"{number} messages in a row were {'lost' if self._is_lost else 'refused'}, the last one so: {self.last}"
        else:
            said = f"{self.refused} of the last {self.tried} messages were refused, the last one so: {self.last}"
        return f"{said.rstrip('.')}. {self._advice()} {_THEN}"

    @property
    def _is_lost(self) -> bool:
        return not re.match(r"\d\d\d\b", self.last)

    def _advice(self) -> str:
        if self._is_lost:
            return _LOST
        return next((advice for pattern, advice in _ADVICE if re.search(pattern, self.last, re.IGNORECASE)), _ELSE)
