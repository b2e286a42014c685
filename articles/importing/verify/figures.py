"""Figures of a text: its words, links, pictures, players, code and footnotes, counted in HTML and in our blocks."""

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urlsplit

from articles.tables import rows_of
from core.lib.links import direct

_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"(?:https?:)?//\S+|\bwww\.\S+|\S+@\S+\.\S+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_UNSEEN = frozenset(["script", "style", "noscript", "template", "title", "head", "textarea", "select", "svg"])
_BREAKS = frozenset(
    ["p", "div", "br", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "tr", "table", "pre", "blockquote", "figure",
     "figcaption", "section", "article", "hr", "dt", "dd", "details", "summary", "img", "iframe", "video", "audio"]
)  # fmt: skip
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|bmp)(?:\?|$)", re.IGNORECASE)
_NOTE_NUMBER = re.compile(r"[\[(]?\d{1,3}[\])]?|[*†‡↩↑︎]+")
_SIZE = re.compile(r"-\d{2,5}x\d{2,5}(?=\.\w+$)|-scaled(?=\.\w+$)")


@dataclass(slots=True)
class Figures:
    """What was counted. `own` are links without a host; words of `beside` may be here or not: numbers of notes, names of files."""

    words: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    pictures: Counter[str] = field(default_factory=Counter)
    players: Counter[str] = field(default_factory=Counter)
    code: Counter[str] = field(default_factory=Counter)
    beside: Counter[str] = field(default_factory=Counter)
    own: int = 0
    footnotes: int = 0

    def say(self, text: str) -> None:
        self.words.update(_WORD.findall(_ADDRESS.sub(" ", text).lower()))

    def play(self, address: str) -> None:
        """Count a player or recording, which may have become a link that is called by its file."""
        self.players[plain(address)] += 1
        self.beside.update(_WORD.findall(file_name(address)))

    def link(self, address: str, site: str) -> None:
        """Count a link. The files of the old site keep its address, its pages become paths."""
        address = address.strip()
        if not address or address.startswith("#") or address.lower().startswith(("javascript:", "data:", "vbscript:")):
            return
        host, of_this_site = _host(address), not _SCHEME.match(address)
        if (host and host == _host(site)) or (not host and of_this_site):
            self.own += 1
        else:
            self.links[plain(direct(address))] += 1

    def totals(self) -> dict[str, int]:
        counted = {name: getattr(self, name).total() for name in ("words", "links", "pictures", "players", "code")}
        return counted | {"own links": self.own, "footnotes": self.footnotes}


def plain(address: str) -> str:
    """An address without what may differ although it leads to the same page."""
    address = unquote(re.sub(r"^(?:https?:)?//(?:www\.)?", "", address.strip(), flags=re.IGNORECASE))
    return re.sub(r"\s|%20", "", address).rstrip("/").lower()


def file_name(address: str) -> str:
    """The name of a picture's file, whatever its size."""
    try:
        name = unquote(urlsplit(address).path).rsplit("/", 1)[-1]
    except ValueError:
        return address[:100]
    return _SIZE.sub("", name).lower() or address[:100]


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


class HtmlFigures(HTMLParser):
    """Counts in HTML as it comes."""

    def __init__(self, figures: Figures, site: str = "") -> None:
        super().__init__(convert_charrefs=True)
        self.figures = figures
        self.site = site
        self.unseen = self.code = 0
        self.linked = ""
        self.text: list[str] = []
        self.lines: list[str] = []
        self.fallbacks = Counter[str]()  # pictures for browsers without scripts, which most often are there as well

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in _UNSEEN:
            self.unseen += 1
        if tag in _BREAKS:
            self.text.append("\n")
            self.lines.append("\n" if tag == "br" else "")
        if tag == "pre":
            self.code += 1
            self.lines = []
        elif tag == "a" and not self.code:
            self.linked = values.get("href", "")
            if not _PICTURE.search(self.linked):
                self.figures.link(self.linked, self.site)
        elif tag == "img":
            self._picture(values)
        elif tag in ("iframe", "embed") and (address := values.get("src") or values.get("data-src", "")).strip():
            self.figures.play(address)
        elif tag == "small" and "data-footnote" in values:
            self.figures.footnotes += 1
        elif tag in ("video", "audio", "source") and values.get("src"):
            self.figures.play(values["src"])

    def _picture(self, values: dict[str, str]) -> None:
        address = values.get("src") or values.get("data-src") or values.get("srcset", "").split(" ")[0]
        self.linked = ""  # a link to a picture around it shows it larger
        emoji = {"emoji", "wp-smiley"} & set(values.get("class", "").split())
        if emoji:
            self.text.append(values.get("alt", ""))
        elif address and values.get("width") not in ("0", "1") and values.get("height") not in ("0", "1"):
            name = file_name(address) if not address.startswith("data:") else "data:"
            (self.fallbacks if self.unseen else self.figures.pictures)[name] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self.unseen = max(self.unseen - 1, 0)
        if tag in _BREAKS:
            self.text.append("\n")
        if tag == "a" and _PICTURE.search(self.linked):
            self.figures.link(self.linked, self.site)
        if tag == "a":
            self.linked = ""
        if tag == "pre" and self.code:
            self.code -= 1
            if code := of_code("".join(self.lines)):
                self.figures.code[code] += 1

    def handle_data(self, data: str) -> None:
        if self.linked.startswith("#") and _NOTE_NUMBER.fullmatch(data.strip()):
            self.figures.beside.update(_WORD.findall(data))  # footnotes are numbered anew
            return
        if not self.unseen:
            self.text.append(data)
            self.lines.append(data)

    def done(self) -> None:
        self.close()
        self.figures.pictures |= self.fallbacks
        self.figures.say("".join(self.text))


def of_code(text: str) -> str:
    """Code, without the empty lines around it and the spaces at the ends of its lines."""
    return "\n".join(line.rstrip() for line in text.strip("\n").rstrip().split("\n"))


def count_html(html: str, site: str = "") -> Figures:
    figures = Figures()
    reader = HtmlFigures(figures, site)
    reader.feed(html)
    reader.done()
    return figures


def count_blocks(blocks: list[dict[str, Any]], names: dict[str, str], site: str = "") -> Figures:
    """The figures of our blocks. `names` are the files that stored pictures were, by their paths."""
    figures = Figures()
    for block in blocks:
        for key, value in block.items():
            if key in ("html", "answer"):
                reader = HtmlFigures(figures, site)
                reader.feed(value)
                reader.done()
            elif key == "csv":
                figures.say(" ".join(cell for row in rows_of(value) for cell in row))
            elif key == "code":
                figures.code[of_code(value)] += 1
                figures.say(value)
            elif key in ("caption", "credit", "question", "text", "attribution"):
                figures.say(str(value))
        if block["type"] == "embed":
            figures.players[plain(block["url"])] += 1
        for image in [block] if block["type"] == "image" else block.get("images", []):
            source = image["src"]
            figures.pictures[names.get(source, "").lower() or file_name(source)] += 1
            figures.link(image.get("link", ""), site)
            if image is not block:
                figures.say(f"{image.get('caption', '')} {image.get('credit', '')}")
    return figures
