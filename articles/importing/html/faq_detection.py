"""Detection of FAQ sections and of closing disclaimers, by their headings and the way questions are set."""

import re
from dataclasses import dataclass, field
from html import escape

from articles.importing.html.fragments import Fragment, inner, words
from articles.importing.html.normalize import parse
from articles.importing.posts import ConversionNotes

MAX_QUESTION = 300
MAX_DISCLAIMER = 3000
_FAQ_TITLE = re.compile(
    r"(?:frequently asked questions?|(?:the\s+)?faqs?|f\.a\.q\.s?|common questions|questions? (?:and|&) answers?|q ?(?:&|and) ?a"
    r"|häufig(?: gestellte)? fragen|häufige fragen|preguntas frecuentes|foire aux questions|questions fréquentes"
    r"|domande frequenti|perguntas frequentes|veelgestelde vragen|часто задаваемые вопросы)\b",
    re.IGNORECASE,
)
# A title that adds nothing: the page has a heading like it for its questions.
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
class Detected:
    """The fragments of a text, with FAQ entries among them, and the disclaimer it ended with."""

    fragments: list[Fragment]
    disclaimer: list[Fragment] = field(default_factory=list)


def detect(fragments: list[Fragment], notes: ConversionNotes, set_aside: list[str]) -> Detected:
    """Find the disclaimer at the end, then the FAQ entries. Dropped words (numbers of questions) go to `set_aside`."""
    body, disclaimer = _cut_disclaimer(fragments)
    entries = _FaqFinder(body, notes, set_aside)
    return Detected(entries.found(), disclaimer)


def _cut_disclaimer(fragments: list[Fragment]) -> tuple[list[Fragment], list[Fragment]]:
    """Split off the disclaimer: the last section, or the last few paragraphs from one that begins with the word."""
    for start in range(len(fragments) - 1, max(len(fragments) - 9, -1), -1):
        fragment, rest = fragments[start], fragments[start + 1 :]
        if any(other.level or other.block for other in fragments[start:][1:]):
            break
        if fragment.block:
            continue
        titled = _DISCLAIMER_TITLE.match(fragment.text) and rest
        if (titled or _DISCLAIMER_START.match(fragment.text)) and sum(
            len(other.text) for other in fragments[start:]
        ) <= MAX_DISCLAIMER:
            before = fragments[:start]
            while before and before[-1].html == "<hr>":
                before.pop()
            return before, fragments[start:]
    return fragments, []


class _FaqFinder:
    """Turns the questions in a text, and what follows each, into FAQ entries."""

    def __init__(self, fragments: list[Fragment], notes: ConversionNotes, set_aside: list[str]) -> None:
        self.fragments = fragments
        self.notes = notes
        self.set_aside = set_aside
        self.closing = _closing_questions(fragments)

    def found(self) -> list[Fragment]:
        out: list[Fragment] = []
        at = 0
        while at < len(self.fragments):
            fragment = self.fragments[at]
            if fragment.level and _is_faq_title(fragment.text):
                taken = self._section(at)
            elif fragment.level and (
                _MARKED.match(fragment.text) or _is_numbered_question(fragment.text) or at in self.closing
            ):
                taken = self._entry(at, len(self.fragments), fragment.level)
            else:
                taken = [fragment], at + 1
            out += taken[0]
            at = taken[1]
        return out

    def _section(self, start: int) -> tuple[list[Fragment], int]:
        """The section under a FAQ heading."""
        title = self.fragments[start]
        following = [fragment.level for fragment in self.fragments[start + 1 :] if fragment.level]
        asked_at = following[0] if following else 0
        end = len(self.fragments)
        for at in range(start + 1, len(self.fragments)):
            level = self.fragments[at].level
            same = asked_at <= title.level and level == asked_at and _is_question(self.fragments[at].text)
            if level and level <= title.level and not same:
                end = at
                break
        inside = self.fragments[start + 1 : end]
        headed = any(fragment.level for fragment in inside)
        entries = self._headed(start + 1, end, asked_at) if headed else self._bold(inside)
        if not any(fragment.block and fragment.block["type"] == "faq" for fragment in entries):
            return [title, *inside], end
        if entries[0].block or _PLAIN_TITLE.fullmatch(title.text.strip(" \t:–-")) is None:
            return [title, *entries], end
        self.set_aside.append(title.text)
        return entries, end

    def _headed(self, start: int, end: int, level: int) -> list[Fragment]:
        out: list[Fragment] = []
        at = start
        while at < end:
            if self.fragments[at].level == level:
                taken, at = self._entry(at, end, level)
                out += taken
            else:
                out.append(self.fragments[at])
                at += 1
        return out

    def _entry(self, start: int, end: int, level: int) -> tuple[list[Fragment], int]:
        """One question and its answer, up to the next heading of the same or a higher level."""
        stop = start + 1
        while stop < end and not 0 < self.fragments[stop].level <= level:
            stop += 1
        return self._made(self.fragments[start], self.fragments[start].text, self.fragments[start + 1 : stop]), stop

    def _made(self, heading: Fragment, asked: str, answer: list[Fragment]) -> list[Fragment]:
        question = _MARKED.sub("", asked)
        question = _NUMBERED.sub("", question) or question
        if not any(fragment.text for fragment in answer) or not question or len(question) > MAX_QUESTION:
            return [heading, *answer]
        if question != asked:
            self.set_aside.append(asked.removesuffix(question))
            self.notes.changed["numbers and marks before questions (“Q1.”, “FAQ:”) dropped"] += 1
        self.notes.changed["questions with their answers became FAQ entries"] += 1
        said = [fragment.html for fragment in answer if fragment.html]
        if said and (match := _ANSWER.match(said[0])):
            self.set_aside.append("A Answer")
            said[0] = match[1] + match[2] + said[0][match.end() :]
        entry = Fragment(heading.html, block={"type": "faq", "question": question, "answer": "\n".join(said)})
        return [entry, *(fragment for fragment in answer if not fragment.html)]

    def _bold(self, fragments: list[Fragment]) -> list[Fragment]:
        """Questions in bold type: each a paragraph, or the beginning of a paragraph or list item."""
        out: list[Fragment] = []
        waiting: tuple[Fragment, str] | None = None
        answer: list[Fragment] = []

        def finish() -> None:
            nonlocal waiting
            if waiting:
                out.extend(self._made(waiting[0], waiting[1], answer))
                answer.clear()
            waiting = None

        for fragment in [part for whole in fragments for part in _list_items(whole)]:
            question, rest = _bold_question(fragment)
            if question:
                finish()
                waiting = (
                    fragment if not rest else Fragment(f"<p><strong>{escape(question, quote=False)}</strong></p>"),
                    question,
                )
                answer += [Fragment(rest)] if rest else []
            elif waiting:
                answer.append(fragment)
            else:
                out.append(fragment)
        finish()
        return out


def _is_faq_title(text: str) -> bool:
    match = _FAQ_TITLE.match(text.strip(" \t:–-"))
    return bool(match) and not _MARKED.match(text) and len(text) <= 90


def _is_question(text: str) -> bool:
    return text.rstrip(" *_").endswith(("?", "？", "؟")) or bool(_MARKED.match(text))


def _is_numbered_question(text: str) -> bool:
    return bool(re.match(r"\s*Q(?:uestion)?\s*\.?\s*\d{0,3}\s*[.:)]", text)) and _is_question(text)


def _closing_questions(fragments: list[Fragment]) -> set[int]:
    """A FAQ without a title: three or more questions in a row, as headings of one level, at the end of the text."""
    headings = [at for at, fragment in enumerate(fragments) if fragment.level]
    if headings and re.match(
        r"(?:conclusion|final thoughts|summary|the bottom line|in closing|wrapping up)\b",
        fragments[headings[-1]].text,
        re.IGNORECASE,
    ):
        headings.pop()
    run: list[int] = []
    for at in reversed(headings):
        level = fragments[run[0] if run else at].level
        if fragments[at].level != level or not _is_question(fragments[at].text):
            break
        run.insert(0, at)
    return set(run) if len(run) >= 3 else set()


def _list_items(fragment: Fragment) -> list[Fragment]:
    """The items of a list of bold questions as paragraphs; any other fragment as it is."""
    if fragment.block or not fragment.html.startswith(("<ol", "<ul")):
        return [fragment]
    items = [inner(item) for item in parse(fragment.html)[0].findall("li")]
    parts = [Fragment(item if item.startswith("<p") else f"<p>{item}</p>") for item in items]
    return parts if parts and all(_bold_question(part)[0] for part in parts) else [fragment]


def _bold_question(fragment: Fragment) -> tuple[str, str]:
    """The bold question that a paragraph consists of or begins with, and the rest of it as a paragraph."""
    if fragment.block or fragment.level or not fragment.html.startswith("<p"):
        return "", ""
    paragraph = parse(fragment.html)[0]
    first = paragraph[0] if len(paragraph) else None
    if first is None or (paragraph.text or "").strip() or first.tag not in ("strong", "b"):
        plain = fragment.text
        return (plain, "") if re.match(r"Q(?:uestion)?\s*\d{0,3}\s*[.:)]", plain) and _is_question(plain) else ("", "")
    question = words(first)
    if not _is_question(question):
        return "", ""
    first.drop_tree()
    while len(paragraph) and paragraph[0].tag == "br" and not (paragraph.text or "").strip():
        paragraph[0].drop_tag()
    rest = inner(paragraph)
    return question, f"<p>{rest}</p>" if rest else ""
