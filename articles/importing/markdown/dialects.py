"""Dialects of Markdown: shortcodes of Jekyll, Hugo, Obsidian and MDX, rewritten as Markdown and HTML."""

import re
from collections.abc import Callable

from articles.importing.html.delimited import replace_pairs
from articles.importing.markdown import hugo, liquid
from articles.importing.markdown.mdx import with_components, without_expressions, without_statements
from articles.importing.markdown.values import values_of
from articles.importing.posts import ConversionNotes

Linked = Callable[[str], str]

_FENCE = re.compile(
    r"(?P<line>^|\n)(?P<indent>[ \t]*(?:>[ \t]?)*)(?P<mark>`{3,}+|~{3,}+)(?P<info>[^\n]*+)\n(?P<code>.*?(?:\n|(?<=\n)))??[ \t>]*(?P=mark)[`~]*[ \t]*(?=\n|\Z)"
    r"|(?<!`)(?P<tick>`{1,2})(?!`)[^\n]+?(?<!`)(?P=tick)(?!`)",
    re.DOTALL,
)
_UNCLOSED = re.compile(r"(?:^|\n)(?:`{3,}|~{3,})[^\n`]*\n.*\Z", re.DOTALL)
_INDENTED = re.compile(r"(?<=\n)[ \t]*\n(?P<code>(?:(?: {4}|\t)[^\n]*\n(?:[ \t]*\n(?= {4}|\t))*)+)")
_TITLE = re.compile(r"""(?:\b(?:title|name|filename|file|caption)=|:title=)(?:"([^"]*)"|'([^']*)'|([^\s"']+))""")
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
_KRAMDOWN = re.compile(r"(?<=[)\]\w>*])\{:[^}\n]*\}|^[ \t]*\{:[^}\n]*\}[ \t]*$", re.MULTILINE)
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
# `{#id}` behind other lines, `{: #id}` below a heading, and attributes behind a link, a picture or a block.
_LINE_ID = re.compile(r"[ \t]+\{:?[ \t]*#([\w:-]+)[^{}\n]*\}[ \t]*$", re.MULTILINE)
_ID_BELOW = re.compile(r"^(#{1,6}[ \t][^\n]*)\n\{:[ \t]*(#[\w-]+)[^}\n]*\}[ \t]*$", re.MULTILINE)
_ATTRIBUTES = re.compile(r"(?<=[)\]])\{(?=[.#:]|\w+=)[^{}\n]*\}|^\{(?=[.#]|\w+=)[^{}\n]*\}[ \t]*$", re.MULTILINE)
_MARKED = re.compile(r"(?<![=\w!<>])==(?=\S)([^=\n]+?)(?<=\S)==(?![=\w])")
_REMARK = re.compile(r"^%%[ \t]*\n.*?\n%%[ \t]*$|%%[^%\n]+%%", re.DOTALL | re.MULTILINE)
_WITH_CODE_OF_THE_SITE = re.compile(r"^import\s[^\n]+from\s+['\"]@(?:theme|site|components|docusaurus)", re.MULTILINE)


def plain_markdown(text: str, notes: ConversionNotes, *, linked: Linked, mdx: bool = False) -> str:
    """Rewrite the dialects as plain Markdown. `linked` returns the address of another file of the export, or nothing."""
    text = hugo.with_code(liquid.with_code(text))
    kept = _Kept()
    text = _FENCE.sub(lambda match: kept.put(_fenced(match)), text)
    text = _UNCLOSED.sub(lambda match: kept.put(match[0]), text)
    text = _INDENTED.sub(lambda match: _indented(match, kept), text)
    mdx = mdx or bool(_WITH_CODE_OF_THE_SITE.search(text))
    if mdx:
        text = without_statements(text)
    text = liquid.literal(text, kept.put)
    text = _with_ids(text)
    text = _TOC.sub("", text)
    text = _BLOCK_ID.sub("", text)
    text = re.sub(r"<!--\s*more\s*-->", "", text, flags=re.IGNORECASE)
    text, remarks = _REMARK.subn("", text)
    if remarks:
        notes.lost["remarks that only the author saw (%%…%%)"] += remarks
    text = _with_callouts(text)
    text = hugo.with_hugo(text, notes, linked, kept.put)
    text = liquid.with_liquid(text, notes, linked)
    text = with_components(text, notes)
    if mdx:
        text = without_expressions(text, notes)
    text = _WIKI_IMAGE.sub(lambda match: f"![{_alt(match[2])}](<{match[1].strip()}>)", text)
    text = _WIKI_LINK.sub(lambda match: _wiki_link(match, linked), text)
    text = _MARKED.sub(r"<mark>\1</mark>", text)
    text = _KRAMDOWN.sub("", text)
    return kept.put_back(text)


class _Kept:
    """Code and other pieces that no dialect may touch; a mark stands for each in the text."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def put(self, piece: str) -> str:
        self.pieces.append(piece)
        return f"\ue010{len(self.pieces) - 1}\ue011"

    def put_back(self, text: str) -> str:
        for _ in range(3):  # raw text may hold code
            text = re.sub(
                "\ue010(\\d+)\ue011",
                lambda match: self.pieces[int(match[1])] if int(match[1]) < len(self.pieces) else "",
                text,
            )
        return text


def _fenced(match: re.Match[str]) -> str:
    """Code as plain Markdown has it: its title on a line above it, the language alone behind the fence."""
    if match["tick"]:
        return liquid.without_raw(match[0])
    info, indent = match["info"].strip(), match["indent"]
    title = _TITLE.search(info)
    named = re.match(r"\{?\.?([\w+#-]*)(?::([\w./-]+\.\w+))?", info)
    language = named[1] if named else ""
    said = next(filter(None, title.groups()), "") if title else (named and named[2]) or ""
    heading = f"{match['line']}{indent}**{said}**\n{indent.rstrip()}" if said else ""
    whole = f"{heading}{match['line']}{indent}{match['mark']}{language}\n{match['code'] or ''}{indent}{match['mark']}"
    return liquid.without_raw(whole)


def _indented(match: re.Match[str], kept: _Kept) -> str:
    """Code that is set in by four spaces, unless it belongs to an entry of a list."""
    before = match.string[: match.start()].rstrip().rpartition("\n")[2]
    if re.match(r"[ \t]|[-*+][ \t]|\d+[.)][ \t]|\[\^|:[ \t]|!!!|\?\?\?", before):
        return match[0]
    return f"\n{kept.put(match['code'])}"


def _with_ids(text: str) -> str:
    """The names of headings and other places as anchors."""
    text = _ID_BELOW.sub(r"\1 {\2}", text)
    text = _HEADING_ID.sub(_heading_anchor, text)
    text = _LINE_ID.sub(r'<a id="\1"></a>', text)
    return _ATTRIBUTES.sub("", text)


def _with_callouts(text: str) -> str:
    text = _OBSIDIAN.sub(
        lambda match: _callout(match[1], match[2], re.sub(r"^> ?", "", match[3], flags=re.MULTILINE)), text
    )
    text = replace_pairs(text, _CONTAINER, lambda _: r"^:{3,}[ \t]*$", _container)
    text = _BANG.sub(
        lambda match: _callout(match[1], match[2] or "", re.sub(r"^(?: {4}|\t)", "", match[3], flags=re.MULTILINE)),
        text,
    )
    return replace_pairs(
        text,
        _HUGO_NOTICE,
        lambda match: r"\{\{[<%]\s*/\s*" + re.escape(match[1]) + r"\s*[>%]\}\}",
        lambda match, inside, _: _callout(*_notice(match), inside),
    )


def _container(match: re.Match[str], inside: str, whole: str) -> str:
    """A block between colons: a callout, a folded section, or only its content."""
    title = re.sub(r"\{[^{}]*\}", "", match[2]).strip()
    title = title[1:-1] if re.fullmatch(r"\[.*\]", title) else title
    if match[1].lower() in _TONES:
        return _callout(match[1], title, inside)
    if match[1].lower() in ("details", "spoiler", "collapse") and title:
        return f"\n<details><summary>{title}</summary>\n\n{inside.strip()}\n\n</details>\n\n"
    return f"\n{f'**{title}**' if title else ''}\n\n{inside.strip()}\n\n"


def _heading_anchor(match: re.Match[str]) -> str:
    """A heading with its id as an anchor, for links to it within the text; what else stands in the braces goes."""
    return f'{match[1]}<a id="{match[2]}"></a>' if match[2] else match[1]


def _callout(kind: str, title: str, body: str) -> str:
    tone = _TONES.get(kind.lower(), "note")
    heading = f"**{title.strip()}**\n\n" if title.strip() else ""
    return f'\n<div class="callout callout-{tone}">\n\n{heading}{body.strip()}\n\n</div>\n\n'


def _notice(match: re.Match[str]) -> tuple[str, str]:
    """The kind and the title of a notice."""
    values = values_of(match[2])
    first = values.get("type") or values.get("0", "")
    kind = first if first.lower() in _TONES else match[1]
    title = values.get("title") or values.get("1") or ("" if first.lower() in _TONES else first)
    return kind, title


def _wiki_link(match: re.Match[str], linked: Linked) -> str:
    target, anchor, label = (match[1] or "").strip(), (match[2] or "").strip("# "), (match[3] or "").strip()
    shown = label or target.rsplit("/", 1)[-1] or anchor
    address = linked(target) if target else ""
    return f"[{shown}]({address})" if address else shown


def _alt(text: str | None) -> str:
    """An alternative text. In Obsidian a number in its place is the width."""
    text = (text or "").strip()
    return "" if re.fullmatch(r"\d+(?:x\d+)?", text) else text
