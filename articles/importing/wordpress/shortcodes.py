"""WordPress's own ways to write a text: paragraphs by empty lines, blocks in comments, [shortcodes] in brackets."""

import html as html_entities
import json
import re
from collections.abc import Callable, Iterator, Sequence
from html import escape

from articles.importing.html.delimited import replace_pairs
from articles.importing.html.images import Picture, figure_of
from articles.importing.posts import MAX_BODY, Notes, PostRefused
from articles.importing.wordpress.page_builders import is_builder, module_html, raw_html

TOO_LARGE = f"With the blocks and galleries that it shows, its text is larger than {MAX_BODY >> 20} MB."
Attributes = dict[str, str]
Pictures = dict[str, Picture]

_BLOCKS = (
    "table|thead|tfoot|caption|col|colgroup|tbody|tr|td|th|div|dl|dd|dt|ul|ol|li|pre|form|blockquote|address|h[1-6]|hr|fieldset|section|article|"
    "aside|header|footer|nav|figure|figcaption|details|summary|iframe|video|audio|p"
)
_BLOCK_EDGE = re.compile(rf"(</?(?:{_BLOCKS})\b[^>]*>)", re.IGNORECASE)
_HOLD_LINES = {
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "td",
    "th",
    "dt",
    "dd",
    "summary",
    "figcaption",
    "caption",
}
_AS_IT_IS = re.compile(r"<(pre|script|style|textarea)\b", re.IGNORECASE)
# Attributes are JSON in which WordPress writes < and > as escapes.
_BLOCK_COMMENT = re.compile(r"<!--\s+(/)?wp:([a-z][a-z0-9_/-]*)([^<>]*)-->")
# Blocks that WordPress fills when a page is shown: their comment holds no words.
_MARKS = re.compile(r"<!--\s*(more|nextpage|noteaser)\b.*?-->", re.IGNORECASE)


def autop(text: str) -> str:
    """Paragraphs where empty lines stand, as WordPress makes them when a page is shown."""
    kept: list[str] = []

    def keep(match: re.Match[str], inside: str, whole: str) -> str:
        kept.append(whole)
        return f"\n\n\ue000{len(kept) - 1}\ue001\n\n"

    text = replace_pairs(text, _AS_IT_IS, lambda match: rf"</{match[1]}\s*>", keep)
    text = _BLOCK_EDGE.sub(r"\n\n\1\n\n", text)
    parts = []
    depth = 0
    for chunk in re.split(r"\n\s*\n", text):
        chunk = chunk.strip()
        if not chunk:
            continue
        if edge := re.fullmatch(rf"<(/?)({_BLOCKS})\b[^>]*>", chunk, re.IGNORECASE):
            inline_holder = edge[2].lower() in _HOLD_LINES
            depth += (-1 if edge[1] else 1) if inline_holder else 0
            parts.append(chunk)
        elif depth > 0 or chunk.startswith("\ue000"):
            parts.append(chunk)
        else:
            parts.append("<p>" + re.sub(r"\s*\n\s*", "<br>\n", chunk) + "</p>")
    return re.sub("\ue000(\\d+)\ue001", lambda match: kept[int(match[1])], "\n".join(parts))


def gutenberg(text: str, notes: Notes, reusable: dict[str, str]) -> str:
    """The HTML of a text written in blocks: their comments go; what stands between blocks is classic text."""
    out: list[str] = []
    at = depth = grown = 0
    for match in _BLOCK_COMMENT.finditer(text):
        between = text[at : match.start()]
        out.append(autop(between) if depth == 0 and between.strip() else between)
        at = match.end()
        closing, name, rest_of_comment = match.groups()
        attributes = rest_of_comment.strip()
        empty = attributes.endswith("/")
        if closing:
            depth = max(depth - 1, 0)
        elif empty:
            out.append(_empty_block(name, attributes.removesuffix("/"), notes, reusable))
            grown += len(out[-1])
            if grown > MAX_BODY:
                raise PostRefused(TOO_LARGE)
        else:
            depth += 1
            if name.removeprefix("core/") == "freeform":
                depth -= 1
    rest = text[at:]
    out.append(autop(rest) if rest.strip() and depth == 0 else rest)
    return "".join(out)


def _empty_block(name: str, attributes: str | None, notes: Notes, reusable: dict[str, str]) -> str:
    """A block that is a comment alone: a text kept elsewhere, or something that WordPress fills in."""
    values = _json(attributes)
    if name in ("block", "core/block") and (kept := reusable.get(str(values.get("ref")))) is not None:
        return gutenberg(kept, notes, {}) if "<!-- wp:" in kept else autop(kept)
    url = values.get("url")
    if name == "social-link":
        notes.left["links to profiles on social networks"] += 1
        return ""
    if isinstance(url, str) and url.startswith("http"):
        return f"<p>{escape(url, quote=False)}</p>"
    if words := _words_of_fields(values.get("data")):
        notes.changed[f"words in the fields of block “{name}” kept as paragraphs"] += 1
        return "".join(f"<p>{text}</p>" for text in words)
    if name == "footnotes":
        return ""
    if name not in ("more", "nextpage", "separator", "spacer"):
        notes.left[f"block “{name}”, which WordPress fills when a page is shown"] += 1
    return "<hr>" if name == "separator" else ""


def _words_of_fields(data: object) -> list[str]:
    """What the fields of a block say in words; numbers, colours and keys say nothing."""
    fields = data.items() if isinstance(data, dict) else ()
    return [
        str(value)
        for key, value in fields
        if isinstance(value, str) and not str(key).startswith("_") and re.search(r"\w\s+\w", value)
    ]


def _json(text: str | None) -> dict[str, object]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def wordpress_html(
    text: str, notes: Notes, *, pictures: Pictures, reusable: dict[str, str], attached: Sequence[Picture] = ()
) -> str:
    """The HTML of a WordPress text, classic or in blocks, its shortcodes resolved."""
    if marks := len(_MARKS.findall(text)):
        notes.changed["“read more” and page-break marks removed"] += marks
        text = _MARKS.sub("\n\n", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _COVER.sub(_with_background, text)
    shortcodes = _Shortcodes(notes, pictures, attached)
    text = shortcodes.resolved(text)
    return (gutenberg(text, notes, reusable) if "<!-- wp:" in text else autop(text)) + shortcodes.footnotes()


# Blocks whose picture is the background of their words.
_COVER = re.compile(r"<(?:div|figure|section)\b[^<>]*\bwp-block-(?:cover|media-text)[^<>]*>", re.IGNORECASE)
_BACKGROUND = re.compile(
    r"background-image:\s*url\(\s*(?:&quot;|&#039;|['\"])?([^)'\"\s]+?)(?:&quot;|&#039;|['\"])?\s*\)"
)


def _with_background(match: re.Match[str]) -> str:
    found = _BACKGROUND.search(match[0])
    return f'{match[0]}<img src="{escape(html_entities.unescape(found[1]))}">' if found else match[0]


_SHORTCODE = re.compile(
    r"""(?P<escaped>\[\[[a-zA-Z][^\[\]]*\]\])
    |\[(?P<close>/)?(?P<name>[a-zA-Z][\w-]{1,60})(?P<attributes>(?>\s+(?:[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s\]'"]+)|"[^"]*"|[^\s\]"']+))*+)\s*(?P<empty>/)?\]""",
    re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s'"]+))|"([^"]*)"|(\S+)""")
_CODE = re.compile(r"<(pre|code)\b|<!-- wp:(?:code|preformatted|html)\b", re.IGNORECASE)


class _Shortcodes:
    """Resolves the shortcodes of a text: known ones as HTML, of unknown ones only the words inside stay."""

    def __init__(self, notes: Notes, pictures: Pictures, attached: Sequence[Picture] = ()) -> None:
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

        text = replace_pairs(text, _CODE, lambda match: rf"</{match[1]}\s*>" if match[1] else "<!-- /wp:", keep)
        return re.sub("\ue020(\\d+)\ue021", lambda match: kept[int(match[1])], self._outside(text))

    def _outside(self, text: str) -> str:
        """Shortcodes in a text without code. They are matched from the inside out, as they nest."""
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
        """Whether brackets are meant for a plugin: [sic] and [1] are an author's."""
        name = match["name"].lower()
        return (
            name in self.known
            or closed_at is not None
            or "=" in (match["attributes"] or "")
            or bool(re.search(r"[_-]", name))
            or bool(match["empty"])
        )

    def _html(self, name: str, attributes: Attributes, inner: str) -> str:
        if name in self.known:
            return self.known[name](attributes, inner)
        if is_builder(name):
            return f"\n\n{module_html(name, attributes, self.pictures, self.notes)}\n\n"
        self.notes.left[f"shortcode [{name}], of a plugin that is not here (words inside it are kept)"] += 1
        return ""

    def footnote(self, attributes: Attributes, inner: str) -> str:
        """A note within a text: a number there, its words below."""
        if not inner.strip():
            return ""
        self.notes_below.append(inner.strip())
        return f"<sup>{len(self.notes_below)}</sup>"

    def footnotes(self) -> str:
        if not self.notes_below:
            return ""
        self.notes.changed["notes within a text set below it, numbered"] += len(self.notes_below)
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
            self.notes.left["a [gallery] that shows the same pictures again"] += 1
            return ""
        left_out = {self.pictures.get(number) for number in re.findall(r"\d+", attributes.get("exclude") or "")}
        found = [self.pictures[identifier] for identifier in ids if identifier in self.pictures]
        if not ids:
            found = [picture for picture in self.attached if picture not in left_out]
        if len(found) < len(ids) or not found:
            self.notes.left["pictures of a [gallery] that the export does not hold"] += max(len(ids) - len(found), 1)
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
