"""What the order of headings says: where a FAQ begins and ends, and where a disclaimer closes a text."""

import re
from dataclasses import dataclass, field
from html import escape

from articles.importing.html.fragments import Piece, inner, words
from articles.importing.html.normalize import parsed
from articles.importing.posts import Notes

MAX_QUESTION = 300
MAX_DISCLAIMER = 3000
_FAQ_TITLE = re.compile(
    r"(?:frequently asked questions?|(?:the\s+)?faqs?|f\.a\.q\.s?|common questions|questions? (?:and|&) answers?|q ?(?:&|and) ?a"
    r"|häufig(?: gestellte)? fragen|häufige fragen|preguntas frecuentes|foire aux questions|questions fréquentes"
    r"|domande frequenti|perguntas frequentes|veelgestelde vragen|часто задаваемые вопросы)\b",
    re.IGNORECASE,
)
# The heading that the page sets over questions that follow words.
_PLAIN_TITLE = re.compile(r"(?:the\s+)?(?:frequently asked questions?|faqs?)(?:\s*\(faqs?\))?", re.IGNORECASE)
_NUMBERED = re.compile(
    r"^\s*(?:q(?:uestion)?\s*\.?\s*\d{1,3}\s*[.:)–-]*|q\s*[.:)]|question\s*:|\d{1,3}\s*[.)])\s*", re.IGNORECASE
)
_MARKED = re.compile(r"^\s*FAQs?\s*(?:\d{1,3}\s*)?[:–-]\s*", re.IGNORECASE)
_ANSWER = re.compile(r"^(<p>(?:<(?:strong|b)>)?)\s*(?:A(?:nswer)?\s*[.:)]\s*)((?:</(?:strong|b)>)?)\s*")
_DISCLAIMER_TITLE = re.compile(
    r"^\W*(?:(?:legal|important|investment|financial|risk|general|our|a|editorial)\s+)?(?:disclaimers?|haftungsausschluss|descargo de responsabilidad|avertissement)\W*$",
    re.IGNORECASE,
)
_DISCLAIMER_START = re.compile(
    r"^\W*(?:(?:legal|important|investment|financial|risk|general)\s+)?disclaimers?\s*[:.–—-]", re.IGNORECASE
)


@dataclass(slots=True)
class Arranged:
    """The pieces of a text with its FAQ entries found, and the disclaimer that ended it."""

    pieces: list[Piece]
    disclaimer: list[Piece] = field(default_factory=list)


def arrange(pieces: list[Piece], notes: Notes, set_aside: list[str]) -> Arranged:
    """Find the disclaimer at the end, then the FAQ entries. What is dropped (numbers of questions) goes to `set_aside`."""
    body, disclaimer = _cut_disclaimer(pieces)
    entries = _Entries(body, notes, set_aside)
    return Arranged(entries.found(), disclaimer)


def _cut_disclaimer(pieces: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    """A disclaimer is the last section, or the last few paragraphs from one that begins with the word."""
    for start in range(len(pieces) - 1, max(len(pieces) - 9, -1), -1):
        piece, rest = pieces[start], pieces[start + 1 :]
        if any(other.level or other.block for other in pieces[start:][1:]):
            break
        if piece.block:
            continue
        titled = _DISCLAIMER_TITLE.match(piece.text) and rest
        if (titled or _DISCLAIMER_START.match(piece.text)) and sum(
            len(other.text) for other in pieces[start:]
        ) <= MAX_DISCLAIMER:
            before = pieces[:start]
            while before and before[-1].html == "<hr>":
                before.pop()
            return before, pieces[start:]
    return pieces, []


class _Entries:
    """Walks the pieces of a body and turns questions under headings into FAQ entries."""

    def __init__(self, pieces: list[Piece], notes: Notes, set_aside: list[str]) -> None:
        self.pieces = pieces
        self.notes = notes
        self.set_aside = set_aside
        self.closing = _closing_questions(pieces)

    def found(self) -> list[Piece]:
        out: list[Piece] = []
        at = 0
        while at < len(self.pieces):
            piece = self.pieces[at]
            if piece.level and _is_faq_title(piece.text):
                taken = self._section(at)
            elif piece.level and (_MARKED.match(piece.text) or _is_numbered_question(piece.text) or at in self.closing):
                taken = self._entry(at, len(self.pieces), piece.level)
            else:
                taken = [piece], at + 1
            out += taken[0]
            at = taken[1]
        return out

    def _section(self, start: int) -> tuple[list[Piece], int]:
        """The section under a FAQ heading."""
        title = self.pieces[start]
        following = [piece.level for piece in self.pieces[start + 1 :] if piece.level]
        asked_at = following[0] if following else 0
        end = len(self.pieces)
        for at in range(start + 1, len(self.pieces)):
            level = self.pieces[at].level
            same = asked_at <= title.level and level == asked_at and _is_question(self.pieces[at].text)
            if level and level <= title.level and not same:
                end = at
                break
        inside = self.pieces[start + 1 : end]
        headed = any(piece.level for piece in inside)
        entries = self._headed(start + 1, end, asked_at) if headed else self._bold(inside)
        if not any(piece.block and piece.block["type"] == "faq" for piece in entries):
            return [title, *inside], end
        if entries[0].block or _PLAIN_TITLE.fullmatch(title.text.strip(" \t:–-")) is None:
            return [title, *entries], end
        self.set_aside.append(title.text)
        return entries, end

    def _headed(self, start: int, end: int, level: int) -> list[Piece]:
        out: list[Piece] = []
        at = start
        while at < end:
            if self.pieces[at].level == level:
                taken, at = self._entry(at, end, level)
                out += taken
            else:
                out.append(self.pieces[at])
                at += 1
        return out

    def _entry(self, start: int, end: int, level: int) -> tuple[list[Piece], int]:
        """One question and what answers it, up to the next heading that is as high."""
        stop = start + 1
        while stop < end and not 0 < self.pieces[stop].level <= level:
            stop += 1
        return self._made(self.pieces[start], self.pieces[start].text, self.pieces[start + 1 : stop]), stop

    def _made(self, heading: Piece, asked: str, answer: list[Piece]) -> list[Piece]:
        question = _MARKED.sub("", asked)
        question = _NUMBERED.sub("", question) or question
        if not any(piece.text for piece in answer) or not question or len(question) > MAX_QUESTION:
            return [heading, *answer]
        if question != asked:
            self.set_aside.append(asked.removesuffix(question))
            self.notes.changed["numbers and marks before questions (“Q1.”, “FAQ:”) dropped"] += 1
        self.notes.changed["questions with their answers became FAQ entries"] += 1
        said = [piece.html for piece in answer if piece.html]
        if said and (match := _ANSWER.match(said[0])):
            self.set_aside.append("A Answer")
            said[0] = match[1] + match[2] + said[0][match.end() :]
        entry = Piece(heading.html, block={"type": "faq", "question": question, "answer": "\n".join(said)})
        return [entry, *(piece for piece in answer if not piece.html)]

    def _bold(self, pieces: list[Piece]) -> list[Piece]:
        """Questions that are set in bold instead of as headings, each a paragraph or the start of one or of a list item."""
        out: list[Piece] = []
        waiting: tuple[Piece, str] | None = None
        answer: list[Piece] = []

        def finish() -> None:
            nonlocal waiting
            if waiting:
                out.extend(self._made(waiting[0], waiting[1], answer))
                answer.clear()
            waiting = None

        for piece in [part for whole in pieces for part in _list_items(whole)]:
            question, rest = _bold_question(piece)
            if question:
                finish()
                waiting = (
                    piece if not rest else Piece(f"<p><strong>{escape(question, quote=False)}</strong></p>"),
                    question,
                )
                answer += [Piece(rest)] if rest else []
            elif waiting:
                answer.append(piece)
            else:
                out.append(piece)
        finish()
        return out


def _is_faq_title(text: str) -> bool:
    match = _FAQ_TITLE.match(text.strip(" \t:–-"))
    return bool(match) and not _MARKED.match(text) and len(text) <= 90


def _is_question(text: str) -> bool:
    return text.rstrip(" *_").endswith(("?", "？", "؟")) or bool(_MARKED.match(text))


def _is_numbered_question(text: str) -> bool:
    return bool(re.match(r"\s*Q(?:uestion)?\s*\.?\s*\d{0,3}\s*[.:)]", text)) and _is_question(text)


def _closing_questions(pieces: list[Piece]) -> set[int]:
    """Three or more questions in a row, as headings of one level, that end the text: a FAQ without its title."""
    headings = [at for at, piece in enumerate(pieces) if piece.level]
    if headings and re.match(
        r"(?:conclusion|final thoughts|summary|the bottom line|in closing|wrapping up)\b",
        pieces[headings[-1]].text,
        re.IGNORECASE,
    ):
        headings.pop()
    run: list[int] = []
    for at in reversed(headings):
        level = pieces[run[0] if run else at].level
        if pieces[at].level != level or not _is_question(pieces[at].text):
            break
        run.insert(0, at)
    return set(run) if len(run) >= 3 else set()


def _list_items(piece: Piece) -> list[Piece]:
    """The items of a list of bold questions as paragraphs; any other piece as it is."""
    if piece.block or not piece.html.startswith(("<ol", "<ul")):
        return [piece]
    items = [inner(item) for item in parsed(piece.html)[0].findall("li")]
    parts = [Piece(item if item.startswith("<p") else f"<p>{item}</p>") for item in items]
    return parts if parts and all(_bold_question(part)[0] for part in parts) else [piece]


def _bold_question(piece: Piece) -> tuple[str, str]:
    """The bold question that a paragraph is or begins with, and the paragraph of what follows it."""
    if piece.block or piece.level or not piece.html.startswith("<p"):
        return "", ""
    paragraph = parsed(piece.html)[0]
    first = paragraph[0] if len(paragraph) else None
    if first is None or (paragraph.text or "").strip() or first.tag not in ("strong", "b"):
        plain = piece.text
        return (plain, "") if re.match(r"Q(?:uestion)?\s*\d{0,3}\s*[.:)]", plain) and _is_question(plain) else ("", "")
    question = words(first)
    if not _is_question(question):
        return "", ""
    first.drop_tree()
    while len(paragraph) and paragraph[0].tag == "br" and not (paragraph.text or "").strip():
        paragraph[0].drop_tag()
    rest = inner(paragraph)
    return question, f"<p>{rest}</p>" if rest else ""
