"""The posts of an export, read by the simplest means and apart from the readers, for a count to compare with."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from articles.importing.archives import ZipFiles, files_beside, main_file
from articles.importing.decoding import decode
from articles.importing.posts import ImportRefused
from articles.importing.verify import other_sources
from articles.importing.verify.figures import Figures, count_html
from articles.importing.verify.source_posts import (
    ARCHIVED,
    COMMENT,
    DRAFT,
    IN_REVIEW,
    MARKDOWN,
    SAID,
    TAGS,
    SourcePost,
    date_of,
    due,
    of_markdown,
)

_WITH_VALUES = re.compile(r"\[[a-zA-Z][\w-]+(?:\s[^\[\]]*)?=[^\[\]]*\]")
_CODE = re.compile(r"\[(code|sourcecode|source|crayon|highlight|prism|php|python|javascript|js|css|html|xml|java|csharp|cpp|ruby|bash|sql)\b([^\[\]]*)\](.*?)\[/\1\]", re.DOTALL | re.IGNORECASE)  # fmt: skip
_CLOSING = re.compile(r"\[/([a-zA-Z][\w-]+)\]")
_LATER = ("publishdate", "publish_date", "pubdate")


def posts_of(
    path: Path, format_name: str, site: str, encoding: str | None = None, columns: Mapping[str, str] | None = None
) -> Iterator[SourcePost] | None:
    """The posts of an export; None for a format that is not read here. Of a table, `columns` are those that were chosen."""
    if format_name == "webflow":
        return _webflow(path, site, encoding, columns or {})
    reader = READERS.get(format_name)
    return reader(path, site, encoding) if reader else None


def of_wordpress(body: str, site: str) -> Figures:
    """The figures of a body with WordPress's shortcodes, whose words and addresses count as well."""
    body = _CODE.sub(lambda match: f"<pre>{escape(unescape(match[3]), quote=False)}</pre>", COMMENT.sub("\n", body))
    closed = {name.lower() for name in _CLOSING.findall(body)}
    spoken = _WITH_VALUES.sub(
        lambda match: " " + " ".join("".join(found) for found in SAID.findall(match[0])) + " ", body
    )
    spoken = _CLOSING.sub(" ", spoken)
    spoken = re.sub(
        r"\[([a-zA-Z][\w-]+)[^\[\]=]*\]", lambda match: " " if match[1].lower() in closed else match[0], spoken
    )
    return count_html(spoken, site)


def _wordpress(
    path: Path, site: str, encoding: str | None, prepared: Callable[[str], str] = lambda html: html
) -> Iterator[SourcePost]:
    for item in filter(len, _items(path)):
        fields = {
            child.tag.rpartition("}")[2]: (child.text or "").strip()
            for child in reversed(list(item))
            if isinstance(child.tag, str) and "excerpt" not in child.tag
        }
        kind, status = fields.get("post_type", "post"), fields.get("status", "publish")
        if kind not in ("post", "page") or status in ("trash", "auto-draft", "inherit"):
            continue
        at = next((date_of(fields[name]) for name in ("post_date_gmt", "post_date", "pubDate") if fields.get(name, "0000")[:4] != "0000"), None)  # fmt: skip
        state = due(status in ("publish", "future") and kind == "post" and not fields.get("post_password"), at)
        state = IN_REVIEW if status == "pending" else state
        key = fields.get("post_id", "") or fields.get("post_name", "") or fields.get("title", "")
        slug = (
            unquote(fields.get("post_name", "")).rsplit("/", 1)[-1].removesuffix(".html")
        )  # Squarespace has paths there
        yield SourcePost(f"{_site_of(site)}#{key}", unescape(fields.get("title", "")), slug, state, at if status != "draft" else None, of_wordpress(prepared(fields.get("encoded", "")), site))  # fmt: skip


def _items(path: Path) -> Iterator[Any]:
    """The items of the XML, one at a time."""
    files = files_beside(path)
    names = [name for name in files.names() if name.lower().endswith(".xml")] if isinstance(files, ZipFiles) else [""]
    for name in names:
        with files.open(name) if isinstance(files, ZipFiles) else path.open("rb") as file:
            for _, element in etree.iterparse(
                file, tag="item", recover=True, huge_tree=True, resolve_entities=False, no_network=True
            ):
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]


def _site_of(site: str) -> str:
    """What the ids of a site's posts begin with."""
    parts = urlsplit(site)
    return f"{parts.hostname or ''}{parts.path.rstrip('/')}"


def _ghost(path: Path, site: str, encoding: str | None) -> Iterator[SourcePost]:
    data, _ = main_file(path, ".json")
    tables = json.loads(decode(data, encoding)[0])
    tables = tables["db"][0] if isinstance(tables, dict) and tables.get("db") else tables
    tables = tables.get("data", tables) if isinstance(tables, dict) else {"posts": tables}
    captions = {
        row.get("post_id"): str(row.get("feature_image_caption") or "") for row in tables.get("posts_meta") or []
    }
    for row in tables["posts"]:
        if not isinstance(row, dict):
            continue
        at = date_of(row.get("published_at") or row.get("created_at"))
        public = (
            row.get("visibility", "public") == "public" and row.get("type", "post") != "page" and not row.get("page")
        )
        state = due(row.get("status") in ("published", "scheduled") and public, at)
        html = str(row.get("html") or "").replace("__GHOST_URL__", "")
        figures = count_html(html, site) if html else _of_nodes(row)
        figures.beside += count_html(captions.get(row.get("id"), "")).words
        yield SourcePost(str(row.get("uuid") or row.get("id")), str(row.get("title") or ""), str(row.get("slug") or ""), state, at if state != DRAFT else None, figures)  # fmt: skip


def _of_nodes(row: dict[str, Any]) -> Figures:
    """The figures of a text that Ghost stored as nodes: every word in them."""
    if row.get("markdown"):
        return count_html(MARKDOWN.render(str(row["markdown"])))
    source = row.get("lexical") or row.get("mobiledoc")
    figures = Figures()
    if source:
        _visit(json.loads(source) if isinstance(source, str) else source, figures, "")
    elif row.get("plaintext"):
        figures.say(str(row["plaintext"]))
    return figures


def _visit(node: Any, figures: Figures, key: str) -> None:
    if isinstance(node, dict):
        for name, value in node.items():
            _visit(value, figures, name)
    elif isinstance(node, list):
        for entry in node:
            _visit(entry, figures, key)
    elif isinstance(node, str) and key in ("text", "heading", "content", "calloutText", "caption", "header", "subheader", "buttonText", "code", "sections", "markdown", "html", "title", "fileTitle"):  # fmt: skip
        found = count_html(node if key != "code" else "")
        figures.words += found.words if key != "sections" or " " in node else Figures().words
        figures.links += found.links
        if key == "code":
            figures.code[node.strip("\n").rstrip()] += 1
            figures.say(node)


def _webflow(path: Path, site: str, encoding: str | None, columns: Mapping[str, str]) -> Iterator[SourcePost]:
    data, _ = main_file(path, ".csv")
    text = decode(data, encoding)[0]
    csv.field_size_limit(1 << 30)
    head = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])
    for row in csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=head.count)):
        named = {name: value for name, value in row.items() if name and isinstance(value, str)}
        cells = {re.sub(r"[^a-z]", "", name.lower()): value for name, value in named.items()}
        exact = {name.casefold(): value for name, value in named.items()}
        chosen = {what: exact.get(name.casefold(), "") for what, name in columns.items()}
        yes = {name for name, value in cells.items() if value.strip().lower() in ("true", "yes", "1")}
        dated = chosen.get("dated", cells.get("publishedon"))
        at = date_of(dated) if dated else None
        published = "draft" not in yes and (bool(at) or dated is None)
        state = ARCHIVED if "archived" in yes else due(published, at)
        title = chosen.get("title", cells.get("name") or cells.get("title", ""))
        slug = chosen.get("slug", cells.get("slug", ""))
        body = chosen.get("body", max((value for value in cells.values() if "<" in value), key=len, default=""))
        locale = cells.get("localeid", "")
        key = ":".join(filter(None, [cells.get("itemid", ""), locale])) or f"slug:{slug}"
        yield SourcePost(key, title, slug, state, None, count_html(body, site))


def _markdown(path: Path, site: str, encoding: str | None) -> Iterator[SourcePost]:
    from articles.importing.markdown.reader import files_of  # which files are posts is the reader's to say

    files, names = files_of(path)
    for name in names:
        try:
            text = decode(files.read(name) or b"", encoding)[0].replace("\r\n", "\n").lstrip("\ufeff\n")
        except ImportRefused:  # which the import has reported
            continue
        match = re.match(r"(---|\+\+\+)[ \t]*\n(.*?)\n(?:---|\+\+\+|\.\.\.)[ \t]*(?:\n|\Z)", text, re.DOTALL)
        head, body = (
            (match[2], text[match.end() :])
            if match and re.search(r"^[\w-]+\s*[:=]", match[2], re.MULTILINE)
            else ("", text)
        )
        values = {
            key.lower(): value.strip("\"' ")
            for key, value in re.findall(r"^([\w-]+)\s*[:=][ \t]*([^\n#]*)", head, re.MULTILINE)
        }
        stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        dated = re.match(r"\d{4}-\d{1,2}-\d{1,2}", stem)
        at = date_of(values.get("date") or next((values[key] for key in _LATER if values.get(key)), "") or (dated and dated[0])) if head or dated else None  # fmt: skip
        later = max(filter(None, (date_of(values[key]) for key in _LATER if values.get(key))), default=None)
        at = later if later and later > datetime.now(UTC) and (not at or later > at) else at
        hidden = values.get("draft") in ("true", "yes", "1") or values.get("published") == "false" or "_drafts/" in name
        state = due(bool(at) and not hidden and values.get("layout") != "page", at)
        html = name.lower().endswith((".html", ".htm"))
        figures = count_html(TAGS.sub(" ", body), site) if html else of_markdown(body, site)
        yield SourcePost(name, values.get("title", stem), "", state, at if state != DRAFT else None, figures)


READERS: dict[str, Callable[[Path, str, str | None], Iterator[SourcePost]]] = {
    "wordpress": _wordpress,
    "squarespace": partial(_wordpress, prepared=other_sources.shown),
    "ghost": _ghost,
    "markdown": _markdown,
    "substack": other_sources.substack,
    "medium": other_sources.medium,
    "beehiiv": other_sources.beehiiv,
    "buttondown": other_sources.buttondown,
    "kit": other_sources.kit,
    "blogger": other_sources.blogger,
    "wix": other_sources.wix,
    "notion": other_sources.notion,
    "google_docs": other_sources.google_docs,
}
