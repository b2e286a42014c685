"""The text part of rich text: paragraphs of lines that are short enough, lists with their signs, links with their addresses."""

import re
import textwrap
from html.parser import HTMLParser

WIDTH = 72
_SKIPPED = frozenset(["style", "script", "title"])
_BLOCKS = frozenset(
    ["p", "div", "section", "figure", "figcaption", "blockquote", "ul", "ol", "li", "h2", "h3", "h4", "table", "caption", "tr", "pre", "dl", "dt", "dd"]
)  # fmt: skip
_SPACES = re.compile(r"[ \t\r\n\f]+")


class _Writer(HTMLParser):
    """Writes blocks of text as it meets the elements of cleaned HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[tuple[str, bool]] = []  # each with whether it is one line of several that belong together
        self.words = ""
        self.indents: list[str] = []  # what the lines of each element around begin with
        self.sign = ""  # of the list entry that begins
        self.numbers: list[int] = []  # of each list around the next entry's number; 0 for one without numbers
        self.hrefs: list[tuple[str, int]] = []
        self.is_code = False
        self.skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag in _SKIPPED:
            self.skipping += 1
        elif tag == "br":
            self.words += "\n"
        elif tag == "hr":
            self.end_block()
            self.blocks.append(("* * *", False))
        elif tag == "a":
            self.hrefs.append((said.get("href") or "", len(self.words)))
        elif tag in ("td", "th") and self.words.strip():
            self.words += " | "
        elif tag in _BLOCKS:
            self.end_block()
            self._open(tag, said)

    def _open(self, tag: str, said: dict[str, str | None]) -> None:
        if tag in ("ul", "ol"):
            start = said.get("start") or "1"
            self.numbers.append((int(start) if start.isdecimal() else 1) if tag == "ol" else 0)
        elif tag == "li":
            number = self.numbers[-1] if self.numbers else 0
            self.sign = f"{number}. " if number else "- "
            if number:
                self.numbers[-1] += 1
            self.indents.append(" " * len(self.sign))
        elif tag == "blockquote":
            self.indents.append("> ")
        elif tag in ("h2", "h3", "h4"):
            self.words = "* "
        elif tag == "pre":
            self.is_code = True

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self.skipping = max(0, self.skipping - 1)
        elif tag == "a" and self.hrefs:
            href, start = self.hrefs.pop()
            shown = self.words[start:].strip()
            if href and href.removeprefix("mailto:") != shown:
                self.words = f"{self.words} <{href}>" if shown else f"{self.words}<{href}>"
        elif tag in _BLOCKS:
            self.end_block(is_row=tag in ("li", "tr"))
            if tag in ("li", "blockquote") and self.indents:
                self.indents.pop()
            elif tag in ("ul", "ol") and self.numbers:
                self.numbers.pop()
            elif tag == "pre":
                self.is_code = False

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.words += data if self.is_code else _SPACES.sub(" ", data.replace("\u00a0", " "))

    def end_block(self, *, is_row: bool = False) -> None:
        """Write the words so far as a block of their own."""
        words, self.words = self.words, ""
        if not words.strip() or words == "* ":
            return
        rest = "".join(self.indents)
        first = rest[: len(rest) - len(self.sign)] + self.sign if self.sign else rest
        self.sign = ""
        lines = words.strip("\n").splitlines() if self.is_code else [line.strip() for line in words.strip().split("\n")]
        written: list[str] = []
        for line in lines:
            head = rest if written else first
            written += [head + line] if self.is_code or not line else _wrapped(line, head, rest)
        self.blocks.append(("\n".join(line.rstrip() for line in written), is_row or bool(self.numbers)))


def _wrapped(line: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        line, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def of_html(html: str) -> str:
    """Cleaned HTML as text; its blocks have an empty line between them, but for the lines of a list or a table."""
    writer = _Writer()
    writer.feed(html)
    writer.close()
    writer.end_block()
    text, after_row = "", False
    for block, is_row in writer.blocks:
        text += ("\n" if is_row and after_row else "\n\n") + block
        after_row = is_row
    return text.strip("\n")
