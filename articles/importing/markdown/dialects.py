"""Dialects of Markdown: shortcodes of Jekyll, Hugo, Obsidian and MDX, rewritten as Markdown and HTML."""

import re
from collections.abc import Callable
from html import escape

from articles.importing.html.delimited import replace_pairs
from articles.importing.posts import ConversionNotes

Linked = Callable[[str], str]

_FENCE = re.compile(
    r"(^|\n)(?P<mark>`{3,}+|~{3,}+)[^\n]*+\n.*?(?:\n(?P=mark)[`~]*[ \t]*(?=\n|\Z)|\Z)|(?<!`)`[^`\n]+`(?!`)", re.DOTALL
)
_TONES = {"note": "note", "info": "note", "abstract": "note", "summary": "note", "quote": "note", "example": "note", "todo": "note", "question": "note", "important": "note", "seealso": "note", "tip": "tip", "hint": "tip", "success": "tip", "check": "tip", "done": "tip", "warning": "warning", "caution": "warning", "attention": "warning", "danger": "warning", "error": "warning", "failure": "warning", "bug": "warning"}  # fmt: skip
_OBSIDIAN = re.compile(r"^> ?\[!(\w+)\][+-]?[ \t]*(.*)\n((?:^>.*(?:\n|\Z))*)", re.MULTILINE)
_CONTAINER = re.compile(r"^:{3,}[ \t]*\{?\.?(\w+)\}?[ \t]*(.*)\n", re.MULTILINE)
_BANG = re.compile(
    r"^(?:!!!|\?\?\?\+?)[ \t]+(\w+)(?:[ \t]+\"([^\"\n]*)\")?[ \t]*\n((?:(?: {4}|\t).*(?:\n|\Z)|[ \t]*\n)+)",
    re.MULTILINE,
)
_WIKI_IMAGE = re.compile(
    r"!\[\[([^\[\]|#\n]+\.(?:png|jpe?g|gif|webp|avif|svg|bmp))(?:\|([^\[\]\n]*))?\]\]", re.IGNORECASE
)
_WIKI_LINK = re.compile(r"!?\[\[([^\[\]|#\n]*)(#[^\[\]|\n]*)?(?:\|([^\[\]\n]+))?\]\]")
_HUGO = re.compile(r"\{\{[<%]\s*(?P<close>/)?\s*(?P<name>[\w./-]+)")
_HUGO_CODE = re.compile(r"\{\{[<%]\s*(highlight|code)\b([^{}]*)[>%]\}\}\n?")
_LIQUID_CODE = re.compile(r"\{%-?\s*highlight\s+(\w+)[^%\n]*%\}\n?")
_LIQUID_RAW = re.compile(r"\{%-?\s*(?:raw|endraw|comment|endcomment)\s*-?%\}")
_LIQUID_TAG = re.compile(r"\{%-?\s*(\w+)")
_LIQUID_VALUE = re.compile(r"\{\{-?")
_KRAMDOWN = re.compile(r"(?<=[)\]\w>*])\{:[^}\n]*\}|^[ \t]*\{:[^}\n]*\}[ \t]*$", re.MULTILINE)
_MDX = re.compile(r"^(?:import\s.+?from\s+['\"].+?['\"];?|export\s+(?:const|default|function)\s.*)$", re.MULTILINE)
_HUGO_NOTICE = re.compile(
    r"\{\{[<%]\s*(notice|alert|callout|admonition|hint|note|tip|warning|info)\b([^{}]*?)[>%]\}\}\n?"
)
# Placeholders for a table of contents.
_TOC = re.compile(
    r"^[ \t]*(?:[-*+]|\d+\.)[^\n]*\n[ \t]*\{:[ \t]*toc[^}\n]*\}[ \t]*$|^[ \t]*\{:[ \t]*toc[^}\n]*\}[ \t]*$|^\[\[?_?TOC_?\]?\][ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
# `## Heading {#id .class}`, as kramdown, Pandoc and Hugo write it.
_HEADING_ID = re.compile(r"^(#{1,6}[ \t][^\n{}]*)\{:?[ \t]*(?=[#.])(?:#([\w-]+))?[^{}\n]*\}[ \t]*$", re.MULTILINE)
# The targets of Obsidian's links to a paragraph.
_BLOCK_ID = re.compile(r"(?<=\S)[ \t]+\^[\w-]{1,40}[ \t]*$", re.MULTILINE)
_MDX_VALUE = re.compile(r"(?<![\\\w$])\{(?![%{#])[^{}\n]*\}")
_MDX_PART = re.compile(r"<(/?)([A-Z][\w.]*)\b")
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|webp|avif|svg)(?:\?.*)?$", re.IGNORECASE)
_PAIR = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|`([^`]*)`|(\S+))|"([^"]*)"|'([^']*)'|([^\s"'=]+)""")


def plain_markdown(text: str, notes: ConversionNotes, *, linked: Linked, mdx: bool = False) -> str:
    """Rewrite the dialects as plain Markdown. `linked` returns the address of another file of the export, or nothing."""
    text = replace_pairs(
        text,
        _LIQUID_CODE,
        lambda _: r"\{%-?\s*endhighlight\s*-?%\}",
        lambda match, inside, _: f"\n```{match[1]}\n{inside.rstrip()}\n```\n",
    )
    text = replace_pairs(text, _HUGO_CODE, lambda match: r"\{\{[<%]\s*/\s*" + match[1] + r"\s*[>%]\}\}", _hugo_code)
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\ue010{len(kept) - 1}\ue011"

    text = _FENCE.sub(keep, text)
    if mdx:
        text = _mdx(_MDX.sub("", text), notes)
    text = _HEADING_ID.sub(_heading_anchor, text)
    text = _TOC.sub("", text)
    text = _BLOCK_ID.sub("", text)
    text = re.sub(r"<!--\s*more\s*-->|%%.*?%%", "", text, flags=re.DOTALL | re.IGNORECASE)
    text = _OBSIDIAN.sub(
        lambda match: _callout(match[1], match[2], re.sub(r"^> ?", "", match[3], flags=re.MULTILINE)), text
    )
    text = replace_pairs(
        text,
        _CONTAINER,
        lambda _: r"^:{3,}[ \t]*$",
        lambda match, inside, whole: _callout(match[1], match[2], inside) if match[1].lower() in _TONES else whole,
    )
    text = _BANG.sub(
        lambda match: _callout(match[1], match[2] or "", re.sub(r"^(?: {4}|\t)", "", match[3], flags=re.MULTILINE)),
        text,
    )
    text = replace_pairs(
        text,
        _HUGO_NOTICE,
        lambda match: r"\{\{[<%]\s*/\s*" + re.escape(match[1]) + r"\s*[>%]\}\}",
        lambda match, inside, _: _callout(*_notice(match), inside),
    )
    text = replace_pairs(
        text, _HUGO, lambda _: r"/?\s*[>%]\}\}", lambda match, inside, _: _hugo(match, inside, notes, linked)
    )
    text = _LIQUID_RAW.sub("", text)
    text = replace_pairs(
        text, _LIQUID_TAG, lambda _: r"-?%\}", lambda match, inside, _: _liquid(match[1], inside.strip(), notes, linked)
    )
    text = replace_pairs(
        text, _LIQUID_VALUE, lambda _: r"-?\}\}", lambda match, inside, _: _liquid_value(inside.strip(), notes)
    )
    text = _WIKI_IMAGE.sub(lambda match: f"![{_alt(match[2])}](<{match[1].strip()}>)", text)
    text = _WIKI_LINK.sub(lambda match: _wiki_link(match, linked), text)
    text = re.sub(r"==([^=\n]+)==", r"<mark>\1</mark>", text)
    text = _KRAMDOWN.sub("", text)
    return re.sub("\ue010(\\d+)\ue011", lambda match: kept[int(match[1])], text)


def _heading_anchor(match: re.Match[str]) -> str:
    """A heading with its id as an anchor, for links to it within the text; what else stands in the braces goes."""
    return f'{match[1]}<a id="{match[2]}"></a>' if match[2] else match[1]


def _callout(kind: str, title: str, body: str) -> str:
    tone = _TONES.get(kind.lower(), "note")
    heading = f"**{title.strip()}**\n\n" if title.strip() else ""
    return f'\n<div class="callout callout-{tone}">\n\n{heading}{body.strip()}\n\n</div>\n\n'


def _notice(match: re.Match[str]) -> tuple[str, str]:
    """The kind and the title of a notice."""
    values = _values(match[2])
    first = values.get("type") or values.get("0", "")
    kind = first if first.lower() in _TONES else match[1]
    title = values.get("title") or values.get("1") or ("" if first.lower() in _TONES else first)
    return kind, title


def _mdx(text: str, notes: ConversionNotes) -> str:
    """Remove the components and expressions of MDX; the content of a component stays."""

    def part(match: re.Match[str], inside: str, whole: str) -> str:
        values = _values(inside.strip().removesuffix("/").replace("={", "=").replace("}", " "))
        if match[1]:
            return "\n\n"
        source = values.get("src", "")
        if match[2] in ("YouTube", "Youtube", "LiteYouTube"):
            return f"\n\nhttps://www.youtube.com/watch?v={values.get('id') or values.get('videoid') or ''}\n\n"
        if re.search(r"\.(?:png|jpe?g|gif|webp|avif|svg)$", source, re.IGNORECASE):
            return f'\n\n<figure><img src="{escape(source)}" alt="{escape(values.get("alt", ""))}"></figure>\n\n'
        notes.lost[f"component <{match[2]}>, which is unknown here (its content was kept)"] += 1
        return "\n\n"

    text = replace_pairs(text, _MDX_PART, lambda _: r"(?<!=)>", part)
    if values := len(_MDX_VALUE.findall(text)):
        notes.lost["expressions in braces, which are evaluated when a page is built"] += values
    return _MDX_VALUE.sub("", text)


def _hugo_code(match: re.Match[str], inside: str, whole: str) -> str:
    language = (_values(match[2]).get("0") or "").strip()
    return f"\n```{language}\n{inside.strip(chr(10))}\n```\n"


def _hugo(match: re.Match[str], inside: str, notes: ConversionNotes, linked: Linked) -> str:
    name, values = match["name"].lower(), _values(inside)
    first = values.get("0", "")
    if match["close"]:
        return ""
    if name in ("figure", "img", "image"):
        caption = values.get("caption") or values.get("title") or ""
        shown = f"<figcaption>{escape(caption, quote=False)}</figcaption>" if caption else ""
        return f'\n<figure><img src="{escape(values.get("src") or first)}" alt="{escape(values.get("alt", ""))}">{shown}</figure>\n'
    if name == "youtube":
        return f"\n\nhttps://www.youtube.com/watch?v={values.get('id') or first}\n\n"
    if name == "vimeo":
        return f"\n\nhttps://vimeo.com/{values.get('id') or first}\n\n"
    if name in ("tweet", "x", "twitter"):
        return f"\n\nhttps://x.com/{values.get('user') or first}/status/{values.get('id') or values.get('1', '')}\n\n"
    if name in ("ref", "relref"):
        return linked(values.get("path") or first) or "#"
    if name == "gist" and first:
        return f"\n\n<https://gist.github.com/{first}/{values.get('1', '')}>\n\n"
    notes.lost[f"shortcode {name}, which is unknown here (its content was kept)"] += 1
    return ""


def _liquid(name: str, rest: str, notes: ConversionNotes, linked: Linked) -> str:
    if name in ("post_url", "link"):
        return linked(rest) or "#"
    values = _values(rest)
    file, first = values.get("0", ""), values.get("0" if name != "include" else "1", "")
    source = next(
        (
            value
            for key in ("src", "url", "image", "path", "file", "image_path")
            if _PICTURE.search(value := values.get(key, ""))
        ),
        "",
    )
    if source or (name != "include" and _PICTURE.search(first)):
        caption = values.get("caption") or values.get("description") or values.get("title") or ""
        shown = f"<figcaption>{escape(caption, quote=False)}</figcaption>" if caption else ""
        alt = values.get("alt") or ("" if source else values.get("1", ""))
        return f'\n\n<figure><img src="{escape(source or first)}" alt="{escape(alt)}">{shown}</figure>\n\n'
    if (name if name != "include" else file).startswith(("youtube", "video")) and (number := values.get("id") or first):
        return f"\n\n{number if '//' in number else f'https://www.youtube.com/watch?v={number}'}\n\n"
    if name == "gist" and first:
        return f"\n\n<https://gist.github.com/{first}>\n\n"
    if not name.startswith("end"):
        notes.lost[f"Liquid tag {name}{f' ({file[:60]})' if name.startswith('include') else ''}"] += 1
    return ""


def _liquid_value(expression: str, notes: ConversionNotes) -> str:
    """`{{ "/a" | relative_url }}` is a path; `{{ site.url }}` is this site."""
    if match := re.match(r"[\"']([^\"']*)[\"']", expression):
        return match[1]
    if not expression.startswith(("site.url", "site.baseurl", "site.github")):
        notes.lost[f"Liquid value {expression[:40]}"] += 1
    return ""


def _wiki_link(match: re.Match[str], linked: Linked) -> str:
    target, anchor, label = (match[1] or "").strip(), (match[2] or "").strip("# "), (match[3] or "").strip()
    shown = label or target.rsplit("/", 1)[-1] or anchor
    address = linked(target) if target else ""
    return f"[{shown}]({address})" if address else shown


def _alt(text: str | None) -> str:
    """An alternative text. In Obsidian a number in its place is the width."""
    text = (text or "").strip()
    return "" if re.fullmatch(r"\d+(?:x\d+)?", text) else text


def _values(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    number = 0
    for match in _PAIR.finditer(text):
        if match[1]:
            found[match[1].lower()] = next((value for value in match.group(2, 3, 4, 5) if value is not None), "")
        elif match[0] != ",":
            found[str(number)] = next((value for value in match.group(6, 7, 8) if value is not None), "")
            number += 1
    return found
