"""What a shortcode or component shows according to its attributes: words, links, pictures and players, as HTML."""

import re
from collections import Counter
from collections.abc import Mapping
from html import escape

from articles.importing.html.embeds import embed_url, web_url
from articles.importing.html.images import Picture, figure_of

_TITLES = ("title", "heading", "header", "headline", "main_heading", "question", "summary", "tab_title", "label")
_SPEAKERS = ("author", "cite", "source", "by", "attribution", "speaker", "credit", "attr", "footer", "person", "who")
_ADDRESSES = ("button_url", "link", "url", "href", "link_url", "button_link", "file", "pdf", "permalink", "to", "address", "attrlink", "src", "mp3", "mp4", "data", "path")  # fmt: skip
_LABELS = ("button_text", "link_text", "btn_text", "label", "button_label", "text", "title", "name", "caption")
_WORDS = ("text", "subhead", "subtitle", "description", "quote", "content", "answer", "caption", "message", "body", "note", "tagline", "name", "definition", "term", "alt", "tooltip")  # fmt: skip
# What steers how something looks or works, whatever it is called; no words of a text.
_TECHNICAL = re.compile(
    r"^(?:.*[_-])?(?:class|classname|classes|style|styles|css|id|ids|el_class|width|height|align|type|kind|color|colour|icon|size|sizes|params|"
    r"animation|background|bg|target|rel|lang|language|font|columns?|order|orderby|template|theme|variant|loading|format|"
    r"key|slug|category|tag|tags|shortcode|data-\w+|query|filter|limit|count|margin|padding|class_name|layout|position)$"
)
_FOLDED = re.compile(r"toggle|accordion|details|spoiler|collaps|expand|faq|fold")
_QUOTED = re.compile(r"quote|testimonial|^cq$")
_NOTICE = re.compile(
    r"notice|alert|callout|admonition|infobox|message|^(?:su_)?(?:box|note|tip|warning|info|hint|aside)$"
)
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg|bmp)(?:\?|#|$)", re.IGNORECASE)
_FORM = re.compile(r"form|login|captcha|subscribe|signup|search", re.IGNORECASE)


class Shown:
    """Reads the attributes of one shortcode or component; each is shown once."""

    def __init__(self, name: str, values: Mapping[str, str]) -> None:
        self.name = name.lower()
        self.values = {key.lower().replace("-", "_"): " ".join(value.split()) for key, value in values.items()}
        self.left = Counter({key: 1 for key, value in self.values.items() if value})
        if _FORM.search(self.name):
            self.left.clear()

    def _take(self, names: tuple[str, ...], *, fits: object = None) -> str:
        for key in names:
            if self.left[key] > 0 and (not callable(fits) or fits(self.values[key])):
                self.left[key] = 0
                return self.values[key]
        return ""

    def html(self, inside: str = "") -> str:
        """What the tag and its content show."""
        figures = self._pictures()
        players = self._players()
        title = "" if figures else self._take(_TITLES, fits=_is_text)
        address = self._take(_ADDRESSES, fits=_is_address)
        if address:
            return f"{figures}{players}{self._linked(address, title, inside)}{self._rest()}"
        speaker = self._take(_SPEAKERS, fits=_is_text)
        return f"{figures}{players}{self._framed(title, speaker, inside)}{self._rest()}"

    def _linked(self, address: str, title: str, inside: str) -> str:
        label = inside.strip() or self._take(_LABELS, fits=_is_text) or title
        heading = "" if label == title or not title else f"<p><strong>{escape(title, quote=False)}</strong></p>"
        shown = label if inside.strip() else escape(label or _file_name(address), quote=False)
        if re.search(r"<(?:p|div|h\d|ul|ol|img|figure|a)\b|\n\s*\n", shown):
            link = f'{shown}\n\n<p><a href="{escape(address)}">{escape(_file_name(address), quote=False)}</a></p>'
        else:
            link = f'<a href="{escape(address)}">{shown}</a>'
            link = link if inside.strip() or label else f"\n\n<p>{link}</p>\n\n"
        return heading + link

    def _framed(self, title: str, speaker: str, inside: str) -> str:
        if title and inside.strip() and _FOLDED.search(self.name):
            return f"\n\n<details><summary>{escape(title, quote=False)}</summary>\n\n{inside}\n\n</details>\n\n"
        heading = f"\n\n<p><strong>{escape(title, quote=False)}</strong></p>\n\n" if title else ""
        cited = f"\n\n<p><cite>{escape(speaker, quote=False)}</cite></p>\n\n" if speaker else ""
        if inside.strip() and _QUOTED.search(self.name):
            return f"\n\n{heading}<blockquote>\n\n{inside}\n\n{cited}</blockquote>\n\n"
        if inside.strip() and _NOTICE.search(self.name):
            return f'\n\n<div class="callout callout-{self._tone()}">\n\n{heading}{inside}\n\n</div>\n\n{cited}'
        return heading + inside + cited

    def _tone(self) -> str:
        said = f"{self.name} {self.values.get('type', '')} {self.values.get('style', '')}".lower()
        if re.search(r"warn|danger|error|alert|caution", said):
            return "warning"
        return "tip" if re.search(r"tip|success|hint", said) else "note"

    def _rest(self) -> str:
        """Every other attribute that holds words."""
        words = [self._take((key,)) for key in _WORDS if _is_text(self.values.get(key, ""))]
        words += [
            self._take((key,))
            for key, value in self.values.items()
            if re.search(r"[^\W\d_]{2,}\s+[^\W\d_]{2,}", value) and _is_text(value) and not _TECHNICAL.match(key)
        ]
        return "".join(f"\n\n<p>{escape(text, quote=False)}</p>\n\n" for text in words if text)

    def _pictures(self) -> str:
        found = ""
        for key, value in self.values.items():
            if self.left[key] > 0 and _PICTURE_FILE.search(value) and " " not in value and key not in ("name", "icon"):
                self.left[key] = 0
                caption = self._take(("caption", "title", "description"), fits=_is_text)
                credit = self._take(("credit", "attr", "attribution", "source"), fits=_is_text)
                shown = " ".join(filter(None, (caption, credit and f"({credit})")))
                found += f"\n\n{figure_of(Picture(value, self._take(('alt',)), shown))}\n\n"
        return found

    def _players(self) -> str:
        found = ""
        for key, value in self.values.items():
            if self.left[key] > 0 and "/" in value and embed_url(value):
                self.left[key] = 0
                found += f"\n\n<p>{escape(value, quote=False)}</p>\n\n"
        return found


def _is_text(value: str) -> bool:
    """Whether a value is something to read, not a number, a colour, a switch or an address."""
    return (
        bool(re.search(r"[^\W\d_]", value))
        and not _is_address(value)
        and not re.fullmatch(r"true|false|yes|no|on|off|none|auto|#[0-9a-fA-F]{3,8}|\d+(?:px|em|rem|%|vh|vw)", value)
        and not re.match(r"[{\[]", value)
    )


def _is_address(value: str) -> bool:
    return bool(web_url(value)) or bool(re.match(r"(?:/(?!/)|\.\.?/)\S+$|mailto:\S+$", value))


def _file_name(address: str) -> str:
    """How a link without a label is called: by its file, or its address."""
    name = re.split(r"[?#]", address)[0].rstrip("/").rsplit("/", 1)[-1]
    return name if re.search(r"\.\w{2,4}$", name) and name.count(".") == 1 and "//" + name not in address else address
