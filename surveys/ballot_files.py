"""Reading ballots from files: long CSV (`ballot_id,rank,choice`) and BLT, the format of the ERS and OpaVote."""

import csv
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
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
    """What a file holds: the nominees' names in the order they appear, and identified ballots naming them."""

    title: str
    names: list[str]
    ballots: dict[str, Any]


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
    """`4 1`, then lines `weight first second=equal … 0`, `0`, the quoted names, the title."""
    if method == "score":
        raise ImportRefused("A BLT file holds rankings, not scores.")
    lines = [(number, line.split("#")[0].strip()) for number, line in enumerate(text.splitlines(), 1)]
    content = iter([(number, line) for number, line in lines if line])
    number, first = next(content, (1, ""))
    if not (match := re.fullmatch(r"(\d{1,4})\s+\d+", first)):
        raise ImportRefused(f"Line {number}: a BLT file starts with the numbers of candidates and of seats.")
    candidates = int(match[1])
    ranked = list(_blt_ballots(content, candidates))
    names = [_blt_name(*next(content, (number, ""))) for _ in range(candidates)]
    _, last = next(content, (0, ""))
    ballots: dict[str, Any] = {}
    for weight, ranks in ranked:
        choice = [[names[place - 1] for place in rank] for rank in ranks]
        ballots |= {str(len(ballots) + serial): choice for serial in range(1, weight + 1)}
    if not ballots:
        raise ImportRefused("The file holds no ballots.")
    return BallotFile(last.strip('"') or title, [name for name in names if name not in MARKS], ballots)


def _blt_ballots(content: Iterator[tuple[int, str]], candidates: int) -> Iterator[tuple[int, list[list[int]]]]:
    """The ballots up to the line that is a lone 0; withdrawn candidates (`-3`) are refused: the format does not define their count."""
    for number, line in content:
        if line == "0":
            return
        words = line.split()
        if words[0].startswith("("):
            words = words[1:]  # some programs put the voter's name in front
        if not words or not re.fullmatch(r"\d{1,7}", words[0]) or words[-1] != "0":
            raise ImportRefused(f"Line {number}: a ballot is a whole weight, the choices, and a 0 at the end.")
        ranks = [_blt_rank(word, candidates, number) for word in words[1:-1]]
        yield int(words[0]), ranks
    raise ImportRefused("The file ends before the line with a lone 0 that closes the ballots.")


def _blt_rank(word: str, candidates: int, line: int) -> list[int]:
    if word == "-":
        return []
    places = word.split("=")
    if not all(whole_number(place, most=candidates) for place in places):
        raise ImportRefused(f"Line {line}: “{word}” is not a candidate; they are numbered 1 to {candidates}.")
    return [int(place) for place in places]


def _blt_name(number: int, line: str) -> str:
    try:
        words = shlex.split(line, posix=True)
    except ValueError:
        words = []
    name = words[0].strip() if len(words) == 1 else ""
    if not name or len(name) > NAME_LIMIT:
        raise ImportRefused(f"Line {number}: a candidate's name is expected here, in double quotes.")
    return name.lower() if name.lower() in MARKS else name
