"""Liquid's and Nunjucks's tags as Jekyll, Hexo and Eleventy have them, rewritten as Markdown and HTML."""

import re
from collections.abc import Callable
from html import escape

from articles.importing.html.attributes import Shown
from articles.importing.html.delimited import Enclosing, Tag, replace_pairs
from articles.importing.markdown.hugo import plain
from articles.importing.markdown.values import block, named, values_of
from articles.importing.posts import ConversionNotes

Linked = Callable[[str], str]
_TAG = re.compile(r"""\{%-?\s*(?P<name>\w+)(?P<rest>(?:[^"'%]|"[^"\n]*"|'[^'\n]*'|%(?!\})|["'])*?)-?%\}""")
_RAW = re.compile(r"\{%-?\s*(?:raw|verbatim)\s*-?%\}")
_COMMENT = re.compile(r"\{%-?\s*comment\b[^%]*%\}|\{#(?![\w-]*\})")
_VALUE = re.compile(r"\{\{-?")
_CODE = re.compile(r"\{%-?\s*(highlight|codeblock|code)\b([^%\n]*)%\}\n?")
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|webp|avif|svg)(?:\?.*)?$", re.IGNORECASE)
_SILENT = {"assign", "capture", "if", "unless", "else", "elsif", "elseif", "for", "endfor", "case", "when", "cycle", "increment", "decrement", "set", "break", "continue", "tablerow", "layout", "extends", "block", "import", "from", "macro", "more", "toc"}  # fmt: skip


def literal(text: str, keep: Callable[[str], str]) -> str:
    """The text with what is raw put aside by `keep`, and comments removed."""
    text = replace_pairs(
        text,
        _COMMENT,
        lambda match: r"#\}" if match[0].startswith("{#") else r"\{%-?\s*endcomment\s*-?%\}",
        lambda match, inside, whole: whole if match[0].startswith("{#") and "\n\n" in inside else "",
    )
    return replace_pairs(
        text, _RAW, lambda _: r"\{%-?\s*end(?:raw|verbatim)\s*-?%\}", lambda _, inside, __: keep(inside)
    )


def with_code(text: str) -> str:
    """The text with its tags for code as fenced code."""
    return replace_pairs(
        text,
        _CODE,
        lambda match: r"\{%-?\s*end" + match[1] + r"\s*-?%\}",
        lambda match, inside, _: _code(match[2].strip(" -"), inside, titled=match[1] != "highlight"),
    )


def without_raw(code: str) -> str:
    """Code without the marks that keep Liquid from reading it."""
    return re.sub(r"\{%-?\s*(?:end)?(?:raw|verbatim)\s*-?%\}", "", code) if _RAW.search(code) else code


def with_liquid(text: str, notes: ConversionNotes, linked: Linked) -> str:
    """The text with its tags and values replaced."""
    if "{%" in text:
        tags = []
        for match in _TAG.finditer(text):
            name = match["name"].lower()
            closes = name.startswith("end") and len(name) > 3
            tags.append(
                Tag(
                    match.start(),
                    match.end(),
                    name[3:] if closes else name,
                    match["rest"].strip(),
                    closes,
                    False,
                    match[0],
                )
            )
        text = Enclosing(text, tags, lambda tag, inside: _shown(tag, inside, notes, linked)).resolved()
    return replace_pairs(text, _VALUE, lambda _: r"-?\}\}", lambda _, inside, __: _value(inside.strip(), notes))


def _shown(tag: Tag, inside: str | None, notes: ConversionNotes, linked: Linked) -> str | None:
    name, rest = tag.name, tag.attributes
    if tag.closes:
        return ""
    if name in ("post_url", "link", "post_link", "post_path") and not (name == "link" and "://" in rest):
        return _link(name, rest, linked, notes)
    if name in ("blockquote", "quote", "cq", "centerquote", "pullquote") and inside is not None:
        return _quote(rest if name != "pullquote" else "", inside)
    if (shown := _media(name, rest)) is not None:
        return shown
    return _unknown(tag, inside, notes)


def _code(rest: str, inside: str, *, titled: bool) -> str:
    """A block of code. Hexo writes `title lang:ruby address`, Jekyll the language alone."""
    options = values_of(re.sub(r"(?<!\S)\w+:\S*", "", rest) if titled else rest)
    named_language = re.search(r"\blang(?:uage)?:(\S+)", rest)
    words = [value for name, value in options.items() if name.isdigit()]
    language = named_language[1] if named_language else (words[:1] or [""])[0] if not titled or len(words) == 1 else ""
    title = " ".join(words) if titled and (named_language or len(words) > 1) else ""
    heading = f"\n**{title}**\n" if title else ""
    return f"{heading}\n```{language}\n{inside.strip(chr(10)).rstrip()}\n```\n"


def _link(name: str, rest: str, linked: Linked, notes: ConversionNotes) -> str:
    values = values_of(rest)
    target = values.get("0", "") if name.startswith("post_") and name != "post_url" else rest.strip("\"' ")
    address = linked(target.partition("#")[0]) or "#"
    if address == "#":
        notes.lost[f"a link to “{target[:80]}”, which the export does not contain"] += 1
    if name != "post_link":
        return address
    title = " ".join(
        value for key, value in values.items() if key.isdigit() and key != "0" and value not in ("true", "false")
    )
    return f"[{title or target}]({address})" if address != "#" else title or target


def _quote(rest: str, inside: str) -> str:
    """Hexo's quotation: author, source, address and the source's title behind the name."""
    address = re.search(r"https?://\S+", rest)
    before = rest[: address.start()] if address else rest
    after = rest[address.end() :].strip() if address else ""
    cited = ", ".join(part.strip() for part in before.split(",") if part.strip())
    label = escape(after or cited or (address[0] if address else ""), quote=False)
    link = f'<a href="{escape(address[0])}">{label}</a>' if address else ""
    said = " ".join(filter(None, [escape(cited, quote=False) if not link or after else "", link]))
    return (
        f"\n\n<blockquote>\n\n{inside.strip()}\n\n{f'<p><cite>{said}</cite></p>' if said else ''}\n\n</blockquote>\n\n"
    )


def _media(name: str, rest: str) -> str | None:
    """Pictures, players, files and links, by whatever tag or include they come."""
    values = values_of(rest)
    including = name in ("include", "include_relative", "include_cached", "render", "partial")
    file = values.get("0", "") if including else ""
    called = (file if including else name).rsplit("/", 1)[-1]
    bare = [value for key, value in values.items() if key.isdigit()][1 if including else 0 :]
    source = next((value for value in values.values() if _PICTURE.search(value) and value != file), "")
    if source:
        return _picture(called, source, values, bare)
    first = values.get("id") or values.get("url") or values.get("src") or (bare[0] if bare else "")
    if called.startswith(("youtube", "video", "responsive-embed")) and first:
        return f"\n\n{first if '/' in first else f'https://www.youtube.com/watch?v={first}'}\n\n"
    if called.startswith("vimeo") and first:
        return f"\n\n{first if '/' in first else f'https://vimeo.com/{first}'}\n\n"
    if called.startswith(("tweet", "twitter")) and "/" in first:
        return f"\n\n{first}\n\n"
    if called.startswith("gist") and first:
        return f"\n\n<https://gist.github.com/{first}>\n\n"
    if name in ("link", "iframe", "embed", "asset_link", "jsfiddle", "pdf") and (
        address := next((value for value in bare if "/" in value or "." in value), "")
    ):
        label = " ".join(value for value in bare if value != address and not re.fullmatch(r"\d+%?|true|false", value))
        return f"[{label or address}]({address})" if name != "iframe" else f"\n\n[{label or address}]({address})\n\n"
    return None


def _picture(called: str, source: str, values: dict[str, str], bare: list[str]) -> str:
    words = [
        value for value in bare if value != source and not re.fullmatch(r"[\d%x]+|left|right|center|\w+-\w+", value)
    ]
    caption = values.get("caption") or values.get("description") or values.get("title") or ""
    alt = values.get("alt") or ("" if named(values) and caption else " ".join(words))
    shown = f"<figcaption>{plain(caption)}</figcaption>" if caption else ""
    return block(f'<figure><img src="{escape(source)}" alt="{escape(alt)}">{shown}</figure>')


def _unknown(tag: Tag, inside: str | None, notes: ConversionNotes) -> str:
    values = values_of(tag.attributes)
    included = f" ({values.get('0', '')[:60]})" if tag.name.startswith("include") else ""
    shown = (
        Shown(values.get("0", tag.name).rsplit("/", 1)[-1].split(".")[0] if included else tag.name, named(values)).html(
            inside or ""
        )
        if tag.name not in _SILENT
        else inside or ""
    )
    held = (
        ": its content was kept"
        if inside and inside.strip()
        else ": words in it were kept"
        if re.search(r"\w", shown)
        else ""
    )
    if not (tag.name == "note" and held):
        notes.lost[f"Liquid tag {tag.name}{included}{held}"] += 1
    return shown


def _value(expression: str, notes: ConversionNotes) -> str:
    """`{{ "/a" | relative_url }}` is a path; `{{ site.url }}` is this site."""
    if match := re.match(r"[\"']([^\"']*)[\"']", expression):
        return match[1]
    if not expression.startswith(("site.url", "site.baseurl", "site.github")):
        notes.lost[f"Liquid value {expression[:40]}"] += 1
    return ""
