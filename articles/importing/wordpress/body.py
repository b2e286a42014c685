"""The HTML of a WordPress post's body: paragraphs made from empty lines, Gutenberg's blocks, covers, shortcodes."""

import html as html_entities
import json
import re
from collections import Counter
from collections.abc import Sequence
from html import escape

from articles.importing.html.code import with_language
from articles.importing.html.delimited import replace_pairs
from articles.importing.html.images import Picture
from articles.importing.posts import MAX_BODY, ConversionNotes, PostRefused
from articles.importing.wordpress.shortcodes import TOO_LARGE, Pictures, Shortcodes

_BLOCKS = (
    "table|thead|tfoot|caption|col|colgroup|tbody|tr|td|th|div|dl|dd|dt|ul|ol|li|pre|form|blockquote|address|h[1-6]|hr|fieldset|section|article|"
    "aside|header|footer|nav|figure|figcaption|details|summary|iframe|video|audio|p"
)
_BLOCK_EDGE = re.compile(rf"(</?(?:{_BLOCKS})\b[^>]*>)", re.IGNORECASE)
_ONE_EDGE = re.compile(rf"<(/?)({_BLOCKS})\b[^>]*>", re.IGNORECASE)
# Blocks of one line, which an empty line ends even where nobody closed them, and those that hold a line or blocks.
_ONE_LINE = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary", "figcaption", "caption"])
_HOLD_LINES = _ONE_LINE | {"li", "td", "th", "dd"}
_AROUND = frozenset(["ul", "ol", "dl", "table"])
_CLOSING = re.compile(rf"</({_BLOCKS})\b", re.IGNORECASE)
# What an opening tag ends, as in a browser.
_ENDS = {
    "li": ("li",),
    "dd": ("dd",),
    "dt": ("dd",),
    "td": ("td", "th"),
    "th": ("td", "th"),
    "tr": ("td", "th", "tr"),
    "tbody": ("td", "th", "tr", "thead"),
}
_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_AS_IT_IS = re.compile(r"<(pre|script|style|textarea)\b", re.IGNORECASE)
_CODE_LINES = re.compile(
    r"^<code\b[^<>\n]*>(?:(?!</code>).)*\n(?:(?!</code>).)*</code>(?=\s*$)", re.IGNORECASE | re.MULTILINE | re.DOTALL
)
_AROUND_CODE = re.compile(r"<code\b[^<>]*>\s*(<pre\b)|(</pre\s*>)\s*</code\s*>", re.IGNORECASE)
# Attributes are JSON in which WordPress writes < and > as escapes.
_BLOCK_COMMENT = re.compile(r"<!--\s+(/)?wp:([a-z][a-z0-9_/-]*)([^<>]*)-->")
_MARKS = re.compile(r"<!--\s*(more|nextpage|noteaser)\b.*?-->", re.IGNORECASE)
# Blocks that have a picture as the background of their words.
_COVER = re.compile(r"<(?:div|figure|section)\b[^<>]*\bwp-block-(?:cover|media-text)[^<>]*>", re.IGNORECASE)
_BACKGROUND = re.compile(
    r"background-image:\s*url\(\s*(?:&quot;|&#039;|['\"])?([^)'\"\s]+?)(?:&quot;|&#039;|['\"])?\s*\)"
)


def wordpress_html(
    text: str, notes: ConversionNotes, *, pictures: Pictures, reusable: dict[str, str], attached: Sequence[Picture] = ()
) -> str:
    """The HTML of a post's body, classic or in blocks, with its shortcodes replaced."""
    if marks := len(_MARKS.findall(text)):
        notes.changed["“read more” and page-break marks removed"] += marks
        text = _MARKS.sub("\n\n", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _COVER.sub(_with_background, text)
    shortcodes = Shortcodes(notes, pictures, attached)
    text = shortcodes.resolved(text)
    if "<!-- wp:" in text:
        return gutenberg(text, notes, reusable) + shortcodes.footnotes()
    return (text if _WHOLE.search(text) else autop(text)) + shortcodes.footnotes()


def _with_background(match: re.Match[str]) -> str:
    found = _BACKGROUND.search(match[0])
    return f'{match[0]}<img src="{escape(html_entities.unescape(found[1]))}">' if found else match[0]


_WHOLE = re.compile(r'class="(?:[^"]* )?(?:sqs-|image-block-outer-wrapper)')  # Squarespace writes every paragraph


def autop(text: str) -> str:
    """Turn empty lines into paragraphs, as WordPress does when it shows a page, and close what was left open."""
    kept: list[str] = []

    def keep(match: re.Match[str], inside: str, whole: str) -> str:
        kept.append(whole)
        return f"\n\n\ue000{len(kept) - 1}\ue001\n\n"

    text = _AROUND_CODE.sub(lambda match: match[1] or match[2], text)
    text = replace_pairs(text, _AS_IT_IS, lambda match: rf"</{match[1]}\s*>", keep)
    text = _TAG.sub(lambda match: match[0].replace("\n", " "), text)
    text = _CODE_LINES.sub(
        lambda match: match[0] if "\ue000" in match[0] else keep(match, "", f"<pre>{match[0]}</pre>"), text
    )
    made = _Paragraphs(Counter(name.lower() for name in _CLOSING.findall(text)))
    for chunk in re.split(r"\n\s*\n", _BLOCK_EDGE.sub(r"\n\n\1\n\n", text)):
        if chunk := chunk.strip():
            made.add(chunk)
    return re.sub(
        "\ue000(\\d+)\ue001",
        lambda match: kept[int(match[1])] if int(match[1]) < len(kept) else "",
        "\n".join(made.parts),
    )


class _Paragraphs:
    """Puts pieces of a text, divided at empty lines and at the tags of blocks, into paragraphs."""

    def __init__(self, closings: Counter[str]) -> None:
        self.parts: list[str] = []
        self.closings = closings  # the closing tags still to come
        self.open: list[str] = []  # the blocks around the next piece
        self.filled = False  # whether the innermost of them holds words already

    def add(self, chunk: str) -> None:
        if edge := _ONE_EDGE.fullmatch(chunk):
            self._edge(chunk, closing=bool(edge[1]), name=edge[2].lower())
        elif chunk.startswith("\ue000"):
            self._close_line()
            self.parts.append(chunk)
        else:
            self._words(chunk)

    def _edge(self, chunk: str, *, closing: bool, name: str) -> None:
        self.closings[name] -= closing
        if name in _ONE_LINE and not closing:
            self._close_line()
        if name in ("hr", "col") or chunk.endswith("/>"):
            self._close_line()
        elif not closing:
            for ended in _ENDS.get(name, ()):
                if self.open and self.open[-1] == ended:
                    self.open.pop()
            self.open.append(name)
            self.filled = False
        elif name in self.open:
            while self.open.pop() != name:
                pass
            self.filled = True
        elif name == "p":  # it was closed at an empty line
            return
        self.parts.append(chunk)

    def _close_line(self) -> None:
        """End a paragraph or heading that was never closed."""
        if self.open and self.open[-1] in _ONE_LINE:
            self.parts.append(f"</{self.open.pop()}>")

    def _close_list(self) -> None:
        """End a list or table, if an empty line stands in it and it is closed nowhere below."""
        around = next((name for name in reversed(self.open) if name in _AROUND), "")
        while around and self.open[-1] in (_HOLD_LINES | _AROUND) and self.closings[around] <= 0:
            self.parts.append(f"</{(ended := self.open.pop())}>")
            if ended == around:
                around = next((name for name in reversed(self.open) if name in _AROUND), "")

    def _words(self, chunk: str) -> None:
        holder = self.open[-1] if self.open else ""
        lines = re.sub(r"\s*\n\s*", "<br>\n", chunk)
        if holder in _ONE_LINE and not self.filled:
            self.parts.append(chunk if holder != "p" else lines)
        elif holder in _HOLD_LINES and not self.filled:
            self.parts.append(chunk)
        else:
            self._close_line()
            self._close_list()
            self.parts.append(f"<p>{lines}</p>")
        self.filled = True


def gutenberg(text: str, notes: ConversionNotes, reusable: dict[str, str]) -> str:
    """Remove the comments that delimit Gutenberg's blocks. Text between blocks is classic text."""
    out: list[str] = []
    at = depth = grown = 0
    language = ""
    for match in _BLOCK_COMMENT.finditer(text):
        between = text[at : match.start()]
        if language and "<pre" in between:
            between, language = with_language(between, language), ""
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
            if "code" in name and (values := _json(attributes)):
                language = str(values.get("language") or values.get("lang") or "")
            if name.removeprefix("core/") == "freeform":
                depth -= 1
    rest = text[at:]
    out.append(autop(rest) if rest.strip() and depth == 0 else rest)
    return "".join(out)


def _empty_block(name: str, attributes: str | None, notes: ConversionNotes, reusable: dict[str, str]) -> str:
    """A block that consists of a comment: a text kept elsewhere, or something WordPress fills in."""
    values = _json(attributes)
    if name in ("block", "core/block") and (kept := reusable.get(str(values.get("ref")))) is not None:
        return gutenberg(kept, notes, {}) if "<!-- wp:" in kept else autop(kept)
    url = values.get("url")
    if name == "social-link":
        notes.lost["links to profiles on social networks"] += 1
        return ""
    if isinstance(url, str) and url.startswith("http"):
        return f"<p>{escape(url, quote=False)}</p>"
    if words := _words_of_fields(values.get("data")):
        notes.changed[f"words in the fields of block “{name}” kept as paragraphs"] += 1
        return "".join(f"<p>{text}</p>" for text in words)
    if name == "footnotes":
        return ""
    if name not in ("more", "nextpage", "separator", "spacer"):
        notes.lost[f"block “{name}”, which WordPress fills in when a page is shown"] += 1
    return "<hr>" if name == "separator" else ""


def _words_of_fields(data: object) -> list[str]:
    """The texts among the fields of a block; numbers, colours and keys are ignored."""
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
