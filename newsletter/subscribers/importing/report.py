"""What an import did, or would do, in numbers and in words."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from core.lib.text import without_addresses
from newsletter.subscribers.importing.verdicts import Verdict, is_status, normal

NAMED = 1000  # lines that are named one by one; of more only the number is told
LINES_OF_A_WORD = 20
WORDS = 200  # that are named by themselves: a column that holds no status has as many as rows
OTHER_WORDS, NO_STATUS = "another word", "no status"
WORDS_ASKED, LONGEST_WORD = 20, 40
IN_WORDS = {
    Verdict.OFF: "unsubscribed",
    Verdict.BOUNCED: "suppressed: mail to them came back",
    Verdict.BLOCKED: "suppressed: blocked there",
    Verdict.COMPLAINED: "suppressed: they reported spam",
}


@dataclass(slots=True)
class Named:
    """Lines of the file about which there is something to say: all counted, the first ones named."""

    count: int = 0
    lines: list[str] = field(default_factory=list)

    def add(self, line: int, reason: str) -> None:
        self.count += 1
        if len(self.lines) < NAMED:
            self.lines.append(f"line {line}: {reason}")


@dataclass(slots=True)
class Report:
    """What an import did, or would do."""

    format: str = ""
    layout: str = ""
    used: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    rows: int = 0
    added: int = 0
    mailable: int = 0  # of those added
    known: int = 0
    left_alone: int = 0
    suppressed: int = 0  # known or not: from now on they get no mail
    stopped: Counter[str] = field(default_factory=Counter)  # here, because of this file
    not_mailable: Counter[str] = field(default_factory=Counter)  # by the word that says so
    where: dict[str, list[int]] = field(default_factory=dict)  # the first lines of each such word
    duplicates: int = 0
    refused: Named = field(default_factory=Named)
    dateless: Named = field(default_factory=Named)  # rows that are taken, with a date that cannot be
    unread: Named = field(default_factory=Named)  # rows that are taken, without the value of a field

    def note_word(self, word: str, line: int) -> None:
        if word not in self.not_mailable and len(self.not_mailable) >= WORDS:
            word = OTHER_WORDS
        self.not_mailable[word] += 1
        lines = self.where.setdefault(word, [])
        if len(lines) < LINES_OF_A_WORD:
            lines.append(line)

    def in_words(self) -> list[str]:
        """The lines that follow the summary."""
        said = [f"read as {self.format} ({self.layout})"] if self.format else []
        said += [f"columns not used: {', '.join(self.ignored)}"] if self.ignored else []
        said += [f"{self.mailable:,} of those added may be mailed"]
        said += [f"{number:,} {words}" for words, number in sorted(self.stopped.items())]
        for word, number in sorted(self.not_mailable.items()):
            lines = self.where[word]
            more = ", …" if number > len(lines) else ""
            named = f"{'line' if number == 1 else 'lines'} {', '.join(map(str, lines))}{more}"
            said.append(f"{number:,} not mailable, since “{word}” is not known to mean active: {named}")
        said += [f"{self.duplicates:,} rows were about an address that has another row"] if self.duplicates else []
        return said

    def to_keep(self) -> dict[str, Any]:
        """The report as JSON, without addresses."""
        return {
            "rows": self.rows,
            "added": self.added,
            "known": self.known,
            "left_alone": self.left_alone,
            "suppressed": self.suppressed,
            "all_rows": self.rows + self.refused.count,
            "duplicates": self.duplicates,
            "refused": self.refused.count,
            "words": list(filter(may_be_a_status, (word for word, _ in self.not_mailable.most_common())))[:WORDS_ASKED],
            "in_words": [without_addresses(words) for words in self.in_words()],
            "refused_lines": [_without_addresses(line) for line in self.refused.lines],
            "dateless": self.dateless.count,
            "dateless_lines": [_without_addresses(line) for line in self.dateless.lines],
            "unread": self.unread.count,
            "unread_lines": [_without_addresses(line) for line in self.unread.lines],
        }


def _without_addresses(line: str) -> str:
    """A line without the addresses in what it quotes from the file; the example of a right one stays."""
    return re.sub("“.*”", lambda quoted: without_addresses(quoted[0]), line)


def may_be_a_status(word: str) -> bool:
    """Whether staff are asked what a word means: it is no status that we know, and neither a text nor an address."""
    is_short = word not in (OTHER_WORDS, NO_STATUS) and len(word) < LONGEST_WORD and without_addresses(word) == word
    return is_short and bool(normal(word)) and not is_status(word)
