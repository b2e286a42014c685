"""Hugo's shortcodes, rewritten as Markdown and HTML."""

import re
from collections.abc import Callable
from html import escape

from articles.importing.html.attributes import Shown
from articles.importing.html.delimited import Enclosing, Tag, replace_pairs
from articles.importing.markdown.values import block, named, values_of
from articles.importing.posts import ConversionNotes

Linked = Callable[[str], str]
_TAG = re.compile(
    r"""\{\{(?P<kind>[<%])\s*(?P<close>/)?\s*(?P<name>[\w./-]*\w)(?P<rest>(?:[^"'`{}<>%]|"[^"\n]*"|'[^'\n]*'|`[^`]*`|(?<!/)[<>%](?!\}\}))*?)(?P<empty>/)?\s*[>%]\}\}""",
)
_LITERAL = re.compile(r"\{\{([<%])/\*(.*?)\*/([>%])\}\}", re.DOTALL)
_PLAYERS = {
    "youtube": "https://www.youtube.com/watch?v={}", "youtube-lite": "https://www.youtube.com/watch?v={}", "yt": "https://www.youtube.com/watch?v={}",
    "vimeo": "https://vimeo.com/{}", "instagram": "https://www.instagram.com/p/{}/", "asciinema": "https://asciinema.org/a/{}",
    "codepen": "https://codepen.io/{}", "spotify": "https://open.spotify.com/{}", "bilibili": "https://www.bilibili.com/video/{}",
}  # fmt: skip
_CODE = re.compile(r"\{\{[<%]\s*(highlight|code|code-block|codeblock|prism|mermaid)\b([^{}]*)(?<!/)[>%]\}\}\n?")


def with_code(text: str) -> str:
    """The text with its shortcodes for code as fenced code."""

    def fenced(match: re.Match[str], inside: str, whole: str) -> str:
        values = values_of(match[2])
        language = values.get("lang") or values.get("language") or values.get("0") or ""
        return f"\n```{language if match[1] != 'mermaid' else 'mermaid'}\n{inside.strip(chr(10))}\n```\n"

    return replace_pairs(text, _CODE, lambda match: r"\{\{[<%]\s*/\s*" + match[1] + r"\s*[>%]\}\}", fenced)


def with_hugo(text: str, notes: ConversionNotes, linked: Linked, keep: Callable[[str], str]) -> str:
    """The text with its shortcodes replaced; `keep` puts those in comments aside, which show a shortcode as such."""
    if "{{" not in text:
        return text
    tags = [
        Tag(
            match.start(),
            match.end(),
            match["name"].lower(),
            match["rest"],
            bool(match["close"]),
            bool(match["empty"]),
            match[0],
        )
        for match in _TAG.finditer(text)
    ]
    text = Enclosing(text, tags, lambda tag, inside: _shown(tag, inside, notes, linked)).resolved()
    return _LITERAL.sub(lambda match: keep(f"`{{{{{match[1]}{match[2]}{match[3]}}}}}`"), text)


def _shown(tag: Tag, inside: str | None, notes: ConversionNotes, linked: Linked) -> str | None:
    name, values = tag.name, values_of(tag.attributes)
    first = values.get("0", "")
    if tag.closes:
        return ""
    if name in ("figure", "img", "image", "imgproc"):
        return _figure({"src": first, **values})
    if name in ("tweet", "x", "twitter", "x-simple", "twitter_simple"):
        user, number = values.get("user") or first, values.get("id") or values.get("1", "")
        return f"\n\nhttps://x.com/{user if number else 'i'}/status/{number or user}\n\n"
    if name in _PLAYERS and (number := values.get("id") or first or values.get("src", "")):
        return f"\n\n{number if '//' in number else _PLAYERS[name].format(number)}\n\n"
    if name in ("ref", "relref"):
        target, _, anchor = (values.get("path") or first).partition("#")
        address = linked(target) if target else ""
        if target and not address:
            notes.lost[f"a link to “{target[:80]}”, which the export does not contain"] += 1
            return "#"
        return f"{address}#{anchor}" if anchor else address
    if name == "gist" and first:
        return f"\n\n<https://gist.github.com/{first}/{values.get('1', '')}>\n\n"
    return _unknown(tag, values, inside, notes)


def _figure(values: dict[str, str]) -> str:
    """A picture with its title, caption and credit as one caption."""
    credit = values.get("attr") or values.get("credit") or ""
    if credit and (address := values.get("attrlink")):
        credit = f'<a href="{escape(address)}">{escape(credit, quote=False)}</a>'
    else:
        credit = escape(credit, quote=False)
    said = [plain(values.get("title", "")), plain(values.get("caption", ""))]
    caption = ". ".join(filter(None, said)) + (f" ({credit})" if credit else "")
    shown = f"<figcaption>{caption.strip()}</figcaption>" if caption.strip() else ""
    picture = f'<img src="{escape(values.get("src", ""))}" alt="{escape(values.get("alt", ""))}">'
    if (address := values.get("link", "")) and address != values.get("src"):
        picture = f'<a href="{escape(address)}">{picture}</a>'
    return block(f"<figure>{picture}{shown}</figure>")


def plain(text: str) -> str:
    """A caption without the marks of Markdown, as HTML."""
    text = re.sub(r"\[([^\[\]]*)\]\(\s*([^()\s]+)[^()]*\)", r"\1", text)
    return re.sub(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1", r"\2", escape(text, quote=False))


def _unknown(tag: Tag, values: dict[str, str], inside: str | None, notes: ConversionNotes) -> str:
    held = named(values)
    bare = [value for name, value in values.items() if name.isdigit() and re.search(r"[^\W\d_]\s+[^\W\d_]", value)]
    if bare:
        held["text"] = " ".join(filter(None, [held.get("text", ""), *bare]))
    shown = Shown(tag.name, held).html(inside or "")
    if not re.search(r"\w", shown):
        notes.lost[f"shortcode left out: {tag.whole[:120]}"] += 1
        return shown
    kept = "its content was kept" if inside and inside.strip() else "words and addresses in it were kept"
    notes.lost[f"shortcode {tag.name}, which is unknown here ({kept})"] += 1
    return shown
