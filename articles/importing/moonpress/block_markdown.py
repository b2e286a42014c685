"""Lossless conversion of blocks to readable Markdown and back.

Rich text is Markdown, code is fenced by backticks. Every other block is fenced by colons and begins with its kind; its
content is Markdown for questions and callouts, and YAML for all other kinds:

    :::faq What is a block?
    A list of transactions that everyone agreed on.
    :::

    :::callout warning
    This **cannot** be undone.
    :::

    :::image
    src: images/ab/abcdef0123456789abcd.webp
    alt: A chart of fees
    :::

A suffix says how a text is written if that differs from the file's `form`: `:::text.none` and the like hold Markdown in
another form (see `prose_markdown`), `:::text.html`, `:::faq.html` and `:::callout.html` hold HTML.
"""

import re
from collections import Counter
from typing import Any

import yaml

from articles.importing.markdown.frontmatter import load_yaml
from articles.importing.moonpress.prose_markdown import FORMS, html_of, markdown_of
from articles.importing.posts import PostRefused

Block = dict[str, Any]
_PROSE = {"richtext": "html", "faq": "answer", "callout": "html"}
_NAMES = {"richtext": "text"}
_OPENING = re.compile(r"^(:{3,})([a-z_]+)(?:\.([a-z]+))?(?: (.*))?$")
_CODE_FENCE = re.compile(r"^(`{3,})([^`]*)$")


def form_of(blocks: list[Block]) -> str:
    """The most frequent form among the rich texts of a document."""
    counted = Counter(
        found[1] for block in blocks if block["type"] == "richtext" and (found := markdown_of(block["html"]))
    )
    return counted.most_common(1)[0][0] if counted else FORMS[0]


def write_blocks(blocks: list[Block], form: str) -> str:
    """Write blocks as Markdown with the given form."""
    parts: list[str] = []
    for at, block in enumerate(blocks):
        after_text = at > 0 and blocks[at - 1]["type"] == "richtext"
        parts.append(_written(block, form, after_text))
    return "\n\n".join(parts) + ("\n" if parts else "")


def _written(block: Block, form: str, after_text: bool) -> str:
    kind = block["type"]
    if kind in _PROSE:
        return _prose(block, form, after_text)
    if kind == "code":
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", block["code"])), 3)
        if "\r" not in block["code"]:
            return f"{fence}{block.get('language', '')}\n{block['code']}\n{fence}"
    data = {key: value for key, value in block.items() if key != "type"}
    body = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100_000) if data else ""
    return _fenced(kind, "", "", body.rstrip("\n"))


def _prose(block: Block, form: str, after_text: bool) -> str:
    kind = block["type"]
    html = block[_PROSE[kind]]
    title = str(block.get("question") or block.get("tone") or "")
    found = markdown_of(html)
    text, how = (html, "html") if found is None else (found[0], "" if found[1] == form else found[1])
    if kind == "richtext" and not how and not after_text:
        return text
    return _fenced(_NAMES.get(kind) or str(kind), how, title, text)


def _fenced(kind: str, how: str, title: str, body: str) -> str:
    longest = max((len(run) for run in re.findall(r"^:{3,}", body, re.MULTILINE)), default=2)
    fence = ":" * max(3, longest + 1)
    head = f"{fence}{kind}{f'.{how}' if how else ''}{f' {title}' if title else ''}"
    return f"{head}\n{body}\n{fence}" if body else f"{head}\n{fence}"


def read_blocks(text: str, form: str) -> list[Block]:
    """Read the blocks of such Markdown. Raises PostRefused if a block is never closed or has the wrong content."""
    blocks: list[Block] = []
    lines = text.split("\n")
    prose: list[str] = []
    at = 0

    def finish() -> None:
        words = "\n".join(prose).strip("\n")
        prose.clear()
        if words.strip():
            blocks.append({"type": "richtext", "html": html_of(words, form)})

    while at < len(lines):
        colons, backticks = _OPENING.match(lines[at]), _CODE_FENCE.match(lines[at])
        if not colons and not backticks:
            prose.append(lines[at])
            at += 1
            continue
        finish()
        fence = colons[1] if colons else backticks[1] if backticks else ""
        end = next((line for line in range(at + 1, len(lines)) if lines[line] == fence), None)
        if end is None:
            raise PostRefused(f"The block that line {at + 1} of the text opens, “{lines[at][:60]}”, is never closed.")
        body = "\n".join(lines[at + 1 : end])
        if colons:
            blocks.append(_read(colons[2], colons[3] or "", colons[4] or "", body, form))
        elif backticks:
            language = backticks[2].strip()
            blocks.append({"type": "code", "code": body} | ({"language": language} if language else {}))
        at = end + 1
    finish()
    return blocks


def _read(kind: str, how: str, title: str, body: str, form: str) -> Block:
    if kind in ("text", "faq", "callout"):
        html = body if how == "html" else html_of(body, how or form)
        if kind == "faq":
            return {"type": "faq", "question": title, "answer": html}
        return (
            {"type": "callout", "tone": title or "note", "html": html}
            if kind == "callout"
            else {"type": "richtext", "html": html}
        )
    data = load_yaml(body) if body.strip() else {}
    if not isinstance(data, dict) or kind in _PROSE:
        raise PostRefused(f"The block “{kind}” should hold names with their values.")
    images = {"image": [data], "gallery": data.get("images")}.get(kind, [])
    if not isinstance(images, list) or not all(map(is_image, images)):
        raise PostRefused(f"The block “{kind}” should say in words where its image is (src) and what it shows.")
    return {**{str(key): value for key, value in data.items()}, "type": kind}


def is_image(value: Any) -> bool:
    """Whether a value has the shape of an image: an address, and lines of text about it."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("src"), str)
        and all(isinstance(value.get(key) or "", str) for key in ("alt", "caption", "credit", "link"))
        and is_focal(value.get("focal"))
    )


def is_focal(value: Any) -> bool:
    """Whether a value is a focal point (two numbers), or there is none."""
    return value is None or (
        isinstance(value, list) and len(value) == 2 and all(isinstance(share, int | float) for share in value)
    )


class _Dumper(yaml.SafeDumper):
    """Readable YAML, with long texts as lines below their name."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = "\n" in text and not re.search(
        r"[^\S\n](?=\n|$)|^\s|[^\x20-\x7e\u00a1-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff\n]", text
    )
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if plain else None)


_Dumper.add_representer(str, _text)


def dump_yaml(data: Any) -> str:
    """YAML as `export_site` writes it."""
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100_000)
