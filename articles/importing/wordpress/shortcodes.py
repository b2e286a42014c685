"""WordPress's [shortcodes]: those of WordPress itself and of common plugins as the HTML they stand for."""

import html as html_entities
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from html import escape

from articles.importing.html.attributes import Shown
from articles.importing.html.code import LANGUAGES
from articles.importing.html.delimited import Enclosing, Tag, replace_pairs
from articles.importing.html.images import Picture, figure_of
from articles.importing.posts import MAX_BODY, ConversionNotes, PostRefused
from articles.importing.wordpress.page_builders import is_builder, module_html, raw_html

CODE_NAMES = frozenset(LANGUAGES) - {"text", "console", "make", "markdown", "tex", "latex", "http", "go", "r", "c", "d"}
TOO_LARGE = f"With the blocks and galleries in it, its text is larger than {MAX_BODY >> 20} MB."
Attributes = dict[str, str]
Pictures = dict[str, Picture]

_SHORTCODE = re.compile(
    r"""(?P<escaped>\[\[[a-zA-Z][^\[\]]*\]\])
    |\[(?P<close>/)?(?P<name>[a-zA-Z][\w-]{1,60})(?P<attributes>(?>\s+(?:[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s\]'"]+)|"[^"]*"|[^\s\]"']+))*+)\s*(?P<empty>/)?\]""",
    re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s'"]+))|"([^"]*)"|(\S+)""")
_BLOCKS = re.compile(r"<(?:p|div|ul|ol|dl|table|pre|blockquote|figure|img|iframe|h[1-6])\b|\n\s*\n", re.IGNORECASE)
_CODE = re.compile(r"<(pre|code)\b|<!-- wp:(?:code|preformatted|html|[\w-]+/(?:code|syntax)[\w-]*)\b", re.IGNORECASE)


# Shortcodes whose attribute may be a bare address or id: [youtube https://youtu.be/…], also written with an equals sign.
_TAKE_AN_ADDRESS = {
    "embed", "youtube", "vimeo", "tweet", "twitter", "gist", "instagram", "tiktok", "soundcloud", "spotify", "facebook", "googlemaps", "googlevideo",
    "dailymotion", "ted", "slideshare", "scribd", "bandcamp", "vine", "flickr", "codepen", "jsfiddle", "audio", "video", "pdf", "iframe", "archiveorg",
    "issuu", "kickstarter", "polldaddy", "crowdsignal", "typeform",
}  # fmt: skip
_EQUALS_ADDRESS = re.compile(rf"\[({'|'.join(sorted(_TAKE_AN_ADDRESS))})\s*=\s*(?=[^\s\]])", re.IGNORECASE)
_PAIR = re.compile(r"\s[\w:-]+\s*=")
_IN_A_BLOCK = re.compile(r"<!--\s+wp:shortcode\b[^<>]*-->", re.IGNORECASE)


class Shortcodes:
    """Replaces the shortcodes of a text: known ones by HTML, unknown ones by their content."""

    def __init__(self, notes: ConversionNotes, pictures: Pictures, attached: Sequence[Picture] = ()) -> None:
        self.notes = notes
        self.pictures = pictures
        self.attached = attached
        self.notes_below: list[str] = []
        self.bare_galleries = self.grown = 0
        self.known: dict[str, Callable[[Attributes, str], str]] = {
            "caption": self.caption,
            "wp_caption": self.caption,
            "gallery": self.gallery,
            "embed": lambda attributes, inner: self.address(inner or attributes.get("src") or attributes.get("0", "")),
            "youtube": lambda attributes, inner: self.address(
                inner or attributes.get("url") or attributes.get("id") or attributes.get("0", "").lstrip("=")
            ),
            "vimeo": lambda attributes, inner: self.address(
                inner or attributes.get("url") or f"https://vimeo.com/{attributes.get('0') or attributes.get('id', '')}"
            ),
            "tweet": lambda attributes, inner: self.address(inner or attributes.get("0", "")),
            "video": self.recording,
            "audio": self.recording,
            "playlist": self.playlist,
            **dict.fromkeys(("code", "sourcecode", "source", "crayon", "highlight", "prism"), self.code),
            **dict.fromkeys(("footnote", "fn", "ref", "efn_note", "mfn"), self.footnote),
            "quote": lambda attributes, inner: Shown("quote", attributes).html(inner),
            "vc_raw_html": lambda attributes, inner: f"\n\n{raw_html(inner)}\n\n",
            "pullquote": self.pullquote,
        }

    def resolved(self, text: str) -> str:
        kept: list[str] = []

        def keep(match: re.Match[str], inside: str, whole: str) -> str:
            kept.append(whole)
            return f"\ue020{len(kept) - 1}\ue021"

        if "[" not in text:
            return text
        text = _EQUALS_ADDRESS.sub(r"[\1 ", text)
        text = replace_pairs(text, _CODE, lambda match: rf"</{match[1]}\s*>" if match[1] else "<!-- /wp:", keep)
        text = replace_pairs(
            text,
            _IN_A_BLOCK,
            lambda _: r"<!--\s+/wp:shortcode\s+-->",
            lambda match, inside, whole: keep(
                match, "", match[0] + self._outside(inside, meant=True) + "<!-- /wp:shortcode -->"
            ),
        )
        text = self._outside(text)
        for _ in range(2):  # code stands in the kept blocks too
            text = re.sub(
                "\ue020(\\d+)\ue021", lambda match: kept[int(match[1])] if int(match[1]) < len(kept) else "", text
            )
        return text

    def _outside(self, text: str, *, meant: bool = False) -> str:
        """Replace the shortcodes of a text that contains no code. `meant` is one in which all brackets are shortcodes."""
        if "[" not in text:
            return text
        tags = [
            Tag(
                match.start(),
                match.end(),
                (match["name"] or "").lower(),
                match["attributes"] or "",
                bool(match["close"]),
                bool(match["empty"]),
                match[0],
            )
            for match in _SHORTCODE.finditer(text)
        ]
        verbatim = frozenset(name for name, read in self.known.items() if read == self.code) | CODE_NAMES
        return Enclosing(text, tags, partial(self._shown, meant=meant), verbatim).resolved()

    def _shown(self, tag: Tag, inside: str | None, *, meant: bool) -> str | None:
        if not tag.name:  # [[escaped]], which shows one pair of brackets
            name = re.match(r"[\w-]+", tag.whole[2:])
            return tag.whole[1:-1] if name and (name[0].lower() in self.known or "=" in tag.whole) else None
        if tag.closes or not (meant or self._is_shortcode(tag, inside)):
            return None
        return self._html(tag, _attributes(tag.attributes), inside)

    @staticmethod
    def _is_shortcode(tag: Tag, inside: str | None) -> bool:
        """Whether brackets are meant for WordPress or a plugin, not an author's own such as [sic] and [then-mayor]."""
        return (
            inside is not None
            or tag.empty
            or bool(_PAIR.search(tag.attributes))
            or tag.name == "gallery"
            or is_builder(tag.name)
            or (tag.name in _TAKE_AN_ADDRESS and bool(re.search(r"[\d/]", tag.attributes)))
        )

    def _html(self, tag: Tag, attributes: Attributes, inside: str | None) -> str:
        if tag.name in self.known:
            return self.known[tag.name](attributes, inside or "")
        if is_builder(tag.name):
            return f"\n\n{module_html(tag.name, attributes, self.pictures, self.notes)}\n\n{inside or ''}"
        if inside is not None and tag.name in CODE_NAMES:
            return self.code({"language": tag.name, **attributes}, inside)
        bare = attributes.get("0", "")
        if "/" in bare and tag.name in _TAKE_AN_ADDRESS:
            attributes = {"href": bare, **attributes}
        elif tag.name == "gist" and (number := attributes.get("id") or bare):
            attributes = {"href": f"https://gist.github.com/{number}"}
        shown = Shown(tag.name, attributes).html(inside or "")
        if not re.search(r"\w", shown):
            self.notes.lost[f"shortcode left out: {tag.whole[:120]}"] += 1
            return shown
        held = "its content was kept" if inside and inside.strip() else "words and addresses in it were kept"
        self.notes.lost[f"shortcode [{tag.name}] of an unknown plugin ({held})"] += 1
        return shown

    def footnote(self, attributes: Attributes, inner: str) -> str:
        """A footnote: its number in the text, its words below it."""
        if not inner.strip():
            return ""
        if not _BLOCKS.search(inner):
            self.notes.changed["footnotes that became footnotes here"] += 1
            return f'<small data-footnote="">{inner.strip()}</small>'
        self.notes_below.append(inner.strip())
        return f"<sup>{len(self.notes_below)}</sup>"

    def footnotes(self) -> str:
        if not self.notes_below:
            return ""
        self.notes.changed["footnotes moved below the text and numbered"] += len(self.notes_below)
        return f"<hr><ol>{''.join(f'<li>{words}</li>' for words in self.notes_below)}</ol>"

    def caption(self, attributes: Attributes, inner: str) -> str:
        match = re.match(r"\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)", inner, re.IGNORECASE)
        picture, words = (match[1], inner[match.end() :]) if match else ("", inner)
        words = words.strip() or attributes.get("caption", "")
        return (
            f"\n\n<figure>{picture}<figcaption>{words}</figcaption></figure>\n\n"
            if words
            else f"\n\n<figure>{picture}</figure>\n\n"
        )

    def gallery(self, attributes: Attributes, inner: str) -> str:
        ids = re.findall(r"\d+", attributes.get("ids") or attributes.get("include") or "")
        if not ids:
            self.bare_galleries += 1
        if self.bare_galleries > 1 and not ids:
            self.notes.lost["galleries that repeat the pictures of another"] += 1
            return ""
        left_out = {self.pictures.get(number) for number in re.findall(r"\d+", attributes.get("exclude") or "")}
        found = [self.pictures[identifier] for identifier in ids if identifier in self.pictures]
        if not ids:
            found = [picture for picture in self.attached if picture not in left_out]
        if len(found) < len(ids) or not found:
            self.notes.lost["pictures of a [gallery] that the export does not contain"] += max(len(ids) - len(found), 1)
        images = "".join(map(figure_of, found))
        self.grown += len(images)
        if self.grown > MAX_BODY:
            raise PostRefused(TOO_LARGE)
        return f'\n\n<figure class="wp-block-gallery">{images}</figure>\n\n' if images else ""

    def address(self, text: str) -> str:
        text = html_entities.unescape(re.sub(r"<[^>]+>", "", text)).strip()
        if re.fullmatch(r"[\w-]{11}", text):
            text = f"https://www.youtube.com/watch?v={text}"
        return f"\n\n<p>{escape(text, quote=False)}</p>\n\n" if text else ""

    def recording(self, attributes: Attributes, inner: str) -> str:
        source = next(
            (
                attributes[name]
                for name in ("src", "url", "href", "mp4", "webm", "m4v", "ogv", "mp3", "m4a", "ogg", "wav")
                if attributes.get(name)
            ),
            attributes.get("0", "") if "/" in attributes.get("0", "") else "",
        )
        return f'\n\n<video src="{escape(source)}"></video>\n\n{inner}' if source else inner

    def pullquote(self, attributes: Attributes, inner: str) -> str:
        speaker = next((value for name in ("author", "cite", "source") if (value := attributes.get(name))), "")
        cited = f"<cite>{escape(speaker, quote=False)}</cite>" if speaker else ""
        return f'<blockquote class="wp-block-pullquote">{inner}{cited}</blockquote>'

    def playlist(self, attributes: Attributes, inner: str) -> str:
        numbers = re.findall(r"\d+", attributes.get("ids") or "")
        found = [self.pictures[number] for number in numbers if number in self.pictures]
        if not numbers or len(found) < len(numbers):
            self.notes.lost["recordings of a [playlist] that the export does not contain"] += max(
                len(numbers) - len(found), 1
            )
        return "".join(f'\n\n<audio src="{escape(each.src)}"></audio>\n\n' for each in found)

    def code(self, attributes: Attributes, inner: str) -> str:
        language = re.sub(r"[^\w+#.-]", "", attributes.get("language") or attributes.get("lang") or "")
        code = escape(
            html_entities.unescape(re.sub(r"</?(?:pre|code|p)\b[^>]*>|<br\s*/?>", "", inner)).strip("\n"), quote=False
        )
        return f'\n\n<pre><code class="language-{language}">{code}</code></pre>\n\n'


def _attributes(text: str | None) -> Attributes:
    found: Attributes = {}
    bare: Iterator[int] = iter(range(100))
    for match in _ATTRIBUTE.finditer(text or ""):
        if match[1]:
            found[match[1].lower()] = html_entities.unescape(
                next((value for value in match.group(2, 3, 4) if value is not None), "")
            )
        elif (number := next(bare, None)) is not None:
            found[str(number)] = html_entities.unescape(match[5] or match[6] or "")
    return found
