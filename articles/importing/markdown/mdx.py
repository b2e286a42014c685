"""MDX: imports and expressions removed, components replaced by what they hold and what their attributes say."""

import re
from html import escape

from articles.importing.html.attributes import Shown
from articles.importing.html.delimited import Enclosing, Tag
from articles.importing.markdown.values import block, values_of
from articles.importing.posts import ConversionNotes

_STATEMENT = re.compile(r"^(?:import\s.+?from\s+['\"].+?['\"];?|import\s+['\"].+?['\"];?|export\s+(?:const|let|default|function)\s.*)$", re.MULTILINE)  # fmt: skip
_HEADING_ID = re.compile(r"\{/\*\s*#([\w-]+)\s*\*/\}")
_COMMENT = re.compile(r"\{/\*.*?\*/\}", re.DOTALL)
_VALUE = re.compile(r"(?<![\\\w$])\{(?![%{#])[^{}\n]*\}")
_TEXT_VALUE = re.compile(r"\{\s*(?:\"([^\"\n{}]*)\"|'([^'\n{}]*)'|`([^`{}$]*)`)\s*\}")
_COMPONENT = re.compile(r"<(/?)([A-Z][\w.]*)(?=[\s/>])")
_EXPRESSION = re.compile(r"=\{(?:\s*(\"[^\"]*\"|'[^']*'|`[^`$]*`)\s*|[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
MAX_TAG = 20_000


def with_components(text: str, notes: ConversionNotes) -> str:
    """The text with its components (`<Tab label="…">`) replaced."""
    if not _COMPONENT.search(text):
        return text
    return Enclosing(text, _tags(text), lambda tag, inside: _shown(text, tag, inside, notes)).resolved()


def without_statements(text: str) -> str:
    """MDX without its imports, exports and comments."""
    return _COMMENT.sub("", _HEADING_ID.sub(r"{#\1}", _STATEMENT.sub("", text)))


def without_expressions(text: str, notes: ConversionNotes) -> str:
    """MDX without what is evaluated when a page is built; a text in braces is kept."""
    text = _TEXT_VALUE.sub(lambda match: match[1] or match[2] or match[3] or "", text)
    for value in _VALUE.findall(text):
        notes.lost[f"an expression that is evaluated when a page is built: {value[:60]}"] += 1
    return _VALUE.sub("", text)


def _tags(text: str) -> list[Tag]:
    found = []
    at = 0
    while match := _COMPONENT.search(text, at):
        end = _end_of_tag(text, match.end())
        if end is None:
            at = match.end()
            continue
        rest = text[match.end() : end - 1]
        empty = rest.rstrip().endswith("/")
        rest = _EXPRESSION.sub(lambda value: "=" + (value[1] or '""'), rest.rstrip().removesuffix("/"))
        found.append(Tag(match.start(), end, match[2].lower(), rest, bool(match[1]), empty, text[match.start() : end]))
        at = end
    return found


def _end_of_tag(text: str, at: int) -> int | None:
    """The end of a tag: the first > that stands neither in quotation marks nor in braces."""
    depth, quote = 0, ""
    for place in range(at, min(len(text), at + MAX_TAG)):
        sign = text[place]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'`":
            quote = sign
        elif sign in "{}":
            depth += 1 if sign == "{" else -1
        elif sign == ">" and depth <= 0:
            return place + 1
    return None


def _shown(text: str, tag: Tag, inside: str | None, notes: ConversionNotes) -> str | None:
    if tag.closes:
        return ""
    values = values_of(tag.attributes)
    if re.fullmatch(r"(?:lite)?youtube(?:embed|video)?", tag.name) and (
        number := values.get("id") or values.get("videoid") or values.get("youtubeid")
    ):
        return f"\n\n{number if '//' in number else f'https://www.youtube.com/watch?v={number}'}\n\n"
    if tag.name == "tweet" and (number := values.get("id") or values.get("tweetid")):
        return f"\n\n{number if '//' in number else f'https://x.com/i/status/{number}'}\n\n"
    if tag.name in ("image", "img", "figure", "picture") and not values.get("src"):
        alt, caption = (escape(values.get(name, ""), quote=False) for name in ("alt", "caption"))
        notes.lost[f"a picture that only the site's code names: {tag.whole[:80]}"] += 1
        return block(f"<p>{caption or alt}</p>") + (inside or "")
    if (
        tag.name in ("a", "link", "navlink")
        and inside is not None
        and (address := values.get("href") or values.get("to"))
    ):
        return f'<a href="{escape(address)}">{inside}</a>'
    shown = Shown(tag.name, values).html(inside or "")
    if not re.search(r"\w", shown):
        notes.lost[f"component left out: {tag.whole[:120]}"] += 1
        return shown
    kept = "its content was kept" if inside and inside.strip() else "words and addresses in it were kept"
    notes.lost[f"component <{tag.whole[1:].split()[0].strip('/>')}>, which is unknown here ({kept})"] += 1
    # On a line of its own, it is a block.
    starts_a_line = text[: tag.start].rpartition("\n")[2].strip() == ""
    return f"\n\n{shown}\n\n" if starts_a_line and (inside is None or "\n" in inside) else shown
