"""WordPress's [shortcodes]: those of WordPress itself and of common plugins as the HTML they stand for."""

import html as html_entities
import re
from collections.abc import Callable, Iterator, Sequence
from html import escape

from articles.importing.html.delimited import replace_pairs
from articles.importing.html.images import Picture, figure_of
from articles.importing.posts import MAX_BODY, ConversionNotes, PostRefused
from articles.importing.wordpress.page_builders import is_builder, module_html, raw_html

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
_CODE = re.compile(r"<(pre|code)\b|<!-- wp:(?:code|preformatted|html)\b", re.IGNORECASE)


# Shortcodes whose attribute may be a bare address or id: [youtube https://youtu.be/…].
_TAKE_AN_ADDRESS = {"embed", "youtube", "vimeo", "tweet"}
_EQUALS_ADDRESS = re.compile(r"\[(youtube|vimeo)\s*=\s*(?=[^\s\]])", re.IGNORECASE)


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
                inner or attributes.get("url") or attributes.get("0", "").lstrip("=")
            ),
            "vimeo": lambda attributes, inner: self.address(
                inner or attributes.get("url") or f"https://vimeo.com/{attributes.get('0') or attributes.get('id', '')}"
            ),
            "tweet": lambda attributes, inner: self.address(inner or attributes.get("0", "")),
            "video": self.recording,
            "audio": self.recording,
            "playlist": self.recording,
            **dict.fromkeys(("code", "sourcecode", "source", "crayon", "highlight", "prism"), self.code),
            **dict.fromkeys(("footnote", "fn", "ref", "efn_note", "mfn"), self.footnote),
            "quote": lambda attributes, inner: f"<blockquote>{inner}</blockquote>",
            "vc_raw_html": lambda attributes, inner: f"\n\n{raw_html(inner)}\n\n",
            "pullquote": lambda attributes, inner: f'<blockquote class="wp-block-pullquote">{inner}</blockquote>',
        }

    def resolved(self, text: str) -> str:
        kept: list[str] = []

        def keep(match: re.Match[str], inside: str, whole: str) -> str:
            kept.append(whole)
            return f"\ue020{len(kept) - 1}\ue021"

        text = _EQUALS_ADDRESS.sub(r"[\1 ", text)
        text = replace_pairs(text, _CODE, lambda match: rf"</{match[1]}\s*>" if match[1] else "<!-- /wp:", keep)
        return re.sub("\ue020(\\d+)\ue021", lambda match: kept[int(match[1])], self._outside(text))

    def _outside(self, text: str) -> str:
        """Replace the shortcodes of a text that contains no code. They may be nested."""
        if "[" not in text:
            return text
        matches = list(_SHORTCODE.finditer(text))
        closings = [(match["name"].lower(), match.start()) for match in matches if match["close"]]
        out, at = [], 0
        for match in matches:
            if match.start() < at:
                continue
            if match["escaped"]:
                out += [text[at : match.start()], match["escaped"][1:-1]]
                at = match.end()
                continue
            name = match["name"].lower()
            closed_at = next((start for other, start in closings if other == name and start >= match.end()), None)
            if match["close"] or not self._is_shortcode(match, closed_at):
                drop = match["close"] and any(
                    other["name"] and other["name"].lower() == name and other.start() < match.start()
                    for other in matches
                    if not other["escaped"]
                )
                out += [text[at : match.start()], "" if drop else match[0]]
                at = match.end()
                continue
            out.append(text[at : match.start()])
            inner, at = "", match.end()
            if closed_at is not None and not match["empty"] and name in self.known:
                inner = (
                    text[match.end() : closed_at]
                    if self.known[name] == self.code
                    else self._outside(text[match.end() : closed_at])
                )
                at = closed_at + text[closed_at:].index("]") + 1
            out.append(self._html(name, _attributes(match["attributes"]), inner))
        return "".join([*out, text[at:]])

    def _is_shortcode(self, match: re.Match[str], closed_at: int | None) -> bool:
        """Whether brackets are meant for WordPress or a plugin, not an author's own such as [sic] and [then-mayor]."""
        name, attributes = match["name"].lower(), match["attributes"]
        return (
            closed_at is not None
            or bool(match["empty"])
            or "=" in attributes
            or name == "gallery"
            or is_builder(name)
            or (name in _TAKE_AN_ADDRESS and bool(attributes))
        )

    def _html(self, name: str, attributes: Attributes, inner: str) -> str:
        if name in self.known:
            return self.known[name](attributes, inner)
        if is_builder(name):
            return f"\n\n{module_html(name, attributes, self.pictures, self.notes)}\n\n"
        self.notes.lost[f"shortcode [{name}] of an unknown plugin (its content was kept)"] += 1
        return ""

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
                for name in ("src", "mp4", "webm", "m4v", "ogv", "mp3", "m4a", "ogg", "wav")
                if attributes.get(name)
            ),
            "",
        )
        return f'\n\n<video src="{escape(source)}"></video>\n\n{inner}' if source else inner

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
            found[str(number)] = match[5] or match[6] or ""
    return found
