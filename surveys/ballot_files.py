"""Reading ballots from files: long CSV (`ballot_id,rank,choice`) and BLT, the format of the ERS and OpaVote."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.lib.text import whole_number
from surveys.importing import MARKS, ImportRefused
from surveys.tallying import UNDERVOTE

COLUMNS = ["ballot_id", "rank", "choice"]
MOST_RANKS = 1000
NAME_LIMIT = 120


@dataclass
class BallotFile:
    """What a file holds: the nominees' names in the order they appear, and identified ballots naming them.

    `weights` has the ballots that count other than once, `withdrawn` the names that take no part.
    """

    title: str
    names: list[str]
    ballots: dict[str, Any]
    weights: dict[str, Decimal] = field(default_factory=dict)
    withdrawn: list[str] = field(default_factory=list)


def read(path: Path, *, method: str) -> BallotFile:
    """Read a file of either format. Raises ImportRefused with the line at fault."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}.") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ImportRefused(f"{path.name} is not UTF-8 text (line {line}). Save it as UTF-8 and try again.") from None
    if "\0" in text:
        raise ImportRefused(f"{path.name} is not a text file.")
    title = path.stem.replace("_", " ").replace("-", " ").strip().capitalize() or "Imported ballots"
    if path.suffix.lower() == ".blt":
        return _read_blt(text, title, method)
    return _read_csv(text, title, method)


def _read_csv(text: str, title: str, method: str) -> BallotFile:
    rows = csv.reader(io.StringIO(text), strict=True)
    header = [name.strip().lower() for name in next(rows, [])]
    if missing := [name for name in COLUMNS if name not in header]:
        raise ImportRefused(
            f"The first line has to name the columns ballot_id, rank and choice; {missing[0]} is missing."
        )
    places = [header.index(name) for name in COLUMNS]
    names: dict[str, None] = {}
    ballots: dict[str, Any] = {}
    try:
        for row in rows:
            if row:
                if len(row) != len(header):
                    raise ImportRefused(f"Line {rows.line_num} has {len(row)} columns instead of {len(header)}.")
                identifier, rank, choice = (row[place].strip() for place in places)
                _add(ballots, names, identifier, rank, choice, method, rows.line_num)
    except csv.Error as error:
        raise ImportRefused(f"Line {rows.line_num} is not complete CSV: {error}.") from None
    if not ballots:
        raise ImportRefused("The file holds no ballots.")
    return BallotFile(title, list(names), ballots)


def _add(
    ballots: dict[str, Any], names: dict[str, None], identifier: str, rank: str, choice: str, method: str, line: int
) -> None:
    """Put one line where it belongs. A line without a choice stands for an empty rank."""
    if not identifier:
        raise ImportRefused(f"Line {line} has no ballot_id.")
    if len(choice) > NAME_LIMIT:
        raise ImportRefused(f"Line {line}: a choice has at most {NAME_LIMIT} characters.")
    choice = choice.lower() if choice.lower() in MARKS else choice or UNDERVOTE
    number = _number(rank, line, least=0 if method == "score" else 1)
    if choice not in MARKS:
        names.setdefault(choice)
    if method == "score":
        scores = ballots.setdefault(identifier, {})
        if choice in scores:
            raise ImportRefused(f"Line {line}: ballot {identifier} scores “{choice}” twice.")
        if choice not in MARKS:
            scores[choice] = number
        return
    ranks = ballots.setdefault(identifier, [])
    ranks.extend([] for _ in range(number - len(ranks)))
    if choice != UNDERVOTE:
        ranks[number - 1].append(choice)


def _number(text: str, line: int, *, least: int) -> int:
    if not re.fullmatch(r"\d{1,4}", text) or not least <= int(text) <= MOST_RANKS:
        raise ImportRefused(f"Line {line}: “{text}” is not a rank; write a number from {least} to {MOST_RANKS}.")
    return int(text)


def _read_blt(text: str, title: str, method: str) -> BallotFile:
    """`4 1`, `-3` for each who withdrew, ballots `weight first second=equal … 0`, `0`, the quoted names, the title.

    Only a ballot has to stand on one line; names may share theirs.
    """
    if method == "score":
        raise ImportRefused("A BLT file holds rankings, not scores.")
    words = _Words(text)
    number, candidates = words.take()
    if not re.fullmatch(r"\d{1,4}", candidates) or not re.fullmatch(r"\d+", words.take()[1]):
        raise ImportRefused(f"Line {number}: a BLT file starts with the numbers of candidates and of seats.")
    withdrawn = [_blt_place(word[1:], int(candidates), line) for line, word in words.while_like(r"-\d{1,4}")]
    ranked = list(_blt_ballots(words, int(candidates)))
    names = [_blt_name(*words.take()) for _ in range(int(candidates))]
    found = BallotFile(words.take()[1] or title, [name for name in names if name not in MARKS], {})
    found.withdrawn = [names[place - 1] for place in withdrawn]
    for weight, ranks in ranked:
        choice = [[names[place - 1] for place in rank] for rank in ranks]
        if weight % 1:
            found.weights[str(len(found.ballots) + 1)] = weight
        first = len(found.ballots) + 1
        found.ballots |= {str(serial): choice for serial in range(first, first + (1 if weight % 1 else int(weight)))}
    if not found.ballots:
        raise ImportRefused("The file holds no ballots.")
    return found


class _Words:
    """The words of a BLT file, one after the other, each with its line: numbers, and texts in quotes or parentheses."""

    WORD = re.compile(
        r'"(?P<text>(?:[^"\\]|\\.)*)"|(?P<voter>\([^)]*\))|(?P<comment>#.*)|(?P<word>[^\s"#]+)|(?P<stray>")'
    )

    def __init__(self, text: str) -> None:
        self.words = [
            (number, re.sub(r"\\(.)", r"\1", found["text"]) if found["text"] is not None else found[0])
            for number, line in enumerate(text.splitlines(), 1)
            for found in self.WORD.finditer(line)
            if found["comment"] is None
        ]
        self.next = 0

    def take(self) -> tuple[int, str]:
        """The next word and its line; an empty one past the end."""
        self.next += 1
        last = self.words[-1][0] if self.words else 1
        return self.words[self.next - 1] if self.next <= len(self.words) else (last, "")

    def while_like(self, pattern: str) -> Iterator[tuple[int, str]]:
        while self.next < len(self.words) and re.fullmatch(pattern, self.words[self.next][1]):
            yield self.take()


def _blt_ballots(words: _Words, candidates: int) -> Iterator[tuple[Decimal, list[list[int]]]]:
    """Weights and rankings, up to the 0 that stands in a weight's place."""
    while True:
        line, word = words.take()
        if word.startswith("("):
            line, word = words.take()  # some programs put the voter's name in front
        if word == "0":
            return
        if not word:
            raise ImportRefused("The file ends before the line with a lone 0 that closes the ballots.")
        if not re.fullmatch(r"\d{1,7}(\.\d{1,6})?", word) or not Decimal(word):
            raise ImportRefused(f"Line {line}: a ballot is a weight such as 1 or 2.5, the choices, and a 0 at the end.")
        ranks: list[list[int]] = []
        while (following := words.take()) != (line, "0"):
            if following[0] != line or not following[1]:
                raise ImportRefused(f"Line {line}: a ballot ends with a 0 on its line.")
            ranks.append(_blt_rank(following[1], candidates, line))
        yield Decimal(word), ranks


def _blt_rank(word: str, candidates: int, line: int) -> list[int]:
    return [] if word == "-" else [_blt_place(place, candidates, line) for place in word.split("=")]


def _blt_place(word: str, candidates: int, line: int) -> int:
    if not whole_number(word, most=candidates):
        raise ImportRefused(f"Line {line}: “{word}” is not a candidate; they are numbered 1 to {candidates}.")
    return int(word)


def _blt_name(number: int, name: str) -> str:
    name = name.strip()
    if not name or len(name) > NAME_LIMIT:
        raise ImportRefused(f"Line {number}: a candidate's name is expected here, in double quotes.")
    return name.lower() if name.lower() in MARKS else name
