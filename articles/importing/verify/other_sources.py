"""The posts of newsletters, blogs and pages as their exports have them: tables, JSON and HTML, walked through as they stand.

What only the other system can show (forms to sign up, buttons to share) is no text of a post, and is not counted.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

from lxml import html as lxml_html

from articles.importing.archives import ZipFiles, files_beside, main_file
from articles.importing.decoding import decode
from articles.importing.verify.figures import Figures, count_html
from articles.importing.verify.source_posts import DRAFT, SourcePost, date_of, due, of_markdown

_WIDGETS = frozenset(
    ["subscription-widget-wrap", "subscription-widget-wrap-editor", "subscription-widget", "subscribe-widget", "captioned-button-wrap",
     "button-wrapper", "image-link-expand", "header-anchor-parent", "paywall-jump", "paywall", "section-divider", "js-mixtapeImage",
     "mixtapeImage", "icon", "page-title", "page-description", "newsletter-form-wrapper", "sqs-block-newsletter", "sqs-block-form", "newsletter-block", "form-block"]
)  # fmt: skip
_HTML = re.compile(r"\s*<(?:p|div|h\d|table|figure|!doctype)\b", re.IGNORECASE)
_NOTION = re.compile(r" ?([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(md|html)$")
_NOTION_HEAD = re.compile(r"\A\s*# [^\n]*\n+(?:(?:[A-Z][^:\n]{0,40}: [^\n]+(?:\n|\Z))+(?=\n|\Z))?")
_THROUGH_GOOGLE = re.compile(r"https?://www\.google\.com/url\?q=([^&\"]+)(?:&[^\"]*)?")
_ATOM = "{http://www.w3.org/2005/Atom}"


def substack(path: Path, site: str, encoding: str | None) -> Iterator[SourcePost]:
    files = files_beside(path)
    names = {name.rsplit("/", 1)[-1]: name for name in files.names()}
    for row in _rows(files.read(names["posts.csv"]) or b"", encoding):
        number, _, slug = row["post_id"].partition(".")
        body = decode(files.read(names.get(f"{row['post_id']}.html", "")) or b"")[0]
        figures = count_html(shown(body), site)
        if sound := row.get("podcast_url"):
            figures.play(sound)
        at = date_of(row.get("post_date"))
        is_open = row.get("audience", "everyone") in ("everyone", "") and row.get("type") not in ("page", "thread")
        yield SourcePost(number, row.get("title") or slug, slug, due(row.get("is_published", "").lower() == "true" and is_open and bool(at), at), None, figures)  # fmt: skip


def medium(path: Path, site: str, encoding: str | None) -> Iterator[SourcePost]:
    files = files_beside(path)
    for name in files.names():
        if not re.search(r"(?:^|/)posts/[^/]+\.html$", name):
            continue
        root = lxml_html.fromstring(decode(files.read(name) or b"", encoding)[0] or "<p>")
        stem = name.rsplit("/", 1)[-1].removesuffix(".html")
        address = next(iter(root.xpath('//a[contains(@class, "p-canonical")]/@href')), "")
        found = re.search(r"-?([0-9a-f]{8,16})$", stem) or re.search(r"-?([0-9a-f]{8,16})$", urlsplit(address).path)
        title = " ".join("".join(root.xpath('//*[contains(@class, "p-name")]//text()')).split())
        body = "".join(map(_written, root.xpath('//section[@data-field="body"]')))
        subtitle = " ".join(root.xpath('//section[@data-field="subtitle"]//text()'))
        yield SourcePost(
            found[1] if found else stem, f"{title} {subtitle}".strip(), figures=count_html(shown(body), site)
        )


def beehiiv(path: Path, site: str, encoding: str | None) -> Iterator[SourcePost]:
    files = files_beside(path)
    in_zip = isinstance(files, ZipFiles) and any(name.endswith("posts.csv") for name in files.names())
    data, _ = main_file(path, "posts.csv" if in_zip else ".csv")
    for row in _rows(data, encoding):
        slug = urlsplit(row.get("url", "")).path.rstrip("/").rsplit("/", 1)[-1] or row.get("slug", "")
        body = row.get("content_html", "")
        parts = lxml_html.fromstring(body).xpath('//*[@id="content-blocks"]') if body.strip() else []
        html = shown("".join(map(_written, parts)) or body)
        yield SourcePost(row.get("id") or slug, row.get("web_title", ""), slug, figures=count_html(html, site))


def buttondown(path: Path, site: str, encoding: str | None) -> Iterator[SourcePost]:
    files = files_beside(path)
    texts: dict[str, str] = {}
    data = b""
    if isinstance(files, ZipFiles):
        names = files.names()
        texts = {name.rsplit("/", 1)[-1][:-3]: name for name in names if name.endswith(".md")}
        for ending in ("emails.json", "emails.csv"):
            data = data or next((files.read(name) or b"" for name in names if name.endswith(ending)), b"")
    else:
        data = path.read_bytes()
    text = decode(data, encoding)[0]
    is_json = text.lstrip("\ufeff \t\r\n")[:1] in ("[", "{")
    found = json.loads(text) if is_json else _rows(data, encoding)
    for row in found["results"] if isinstance(found, dict) else found:
        slug = str(row.get("slug") or "")
        body = str(row.get("body") or "") or decode(files.read(texts.get(slug, "")) or b"")[0]
        is_html = "buttondown-editor-mode: fancy" in body[:100] or _HTML.match(body)
        figures = count_html(body, site) if is_html else of_markdown(body, site)
        yield SourcePost(str(row.get("id") or slug), str(row.get("subject") or ""), slug, figures=figures)


def kit(path: Path, site: str, encoding: str | None) -> Iterator[SourcePost]:
    data = json.loads(decode(path.read_bytes(), encoding)[0])
    for page in data if isinstance(data, list) else [data]:
        found = page.get("broadcasts", page.get("broadcast"))
        for row in found if isinstance(found, list) else [found]:
            figures = count_html(str(row.get("content") or ""), site)
            yield SourcePost(str(row.get("id")), str(row.get("subject") or ""), figures=figures)


def blogger(path: Path, site: str, encoding: str | None) -> Iterator[SourcePost]:
    files = files_beside(path)
    names = [name for name in files.names() if name.lower().endswith((".atom", ".xml"))]
    data = b"" if isinstance(files, ZipFiles) else path.read_bytes()
    for name in names if not data else []:
        content = files.read(name) or b""
        data = content if not data and b"<feed" in content[:4096] else data
    for entry in ET.fromstring(data).iter(f"{_ATOM}entry"):  # noqa: S314 - the import has refused a file that declares entities
        said = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in entry if "blogger" in child.tag}
        terms = " ".join(each.get("term") or "" for each in entry.iter(f"{_ATOM}category"))
        kind = said.get("type", "").lower() or next(iter(re.findall(r"kind#(\w+)", terms)), "post")
        if kind not in ("post", "page") or said.get("status") in ("SOFT_TRASHED", "DELETED"):
            continue
        body = next((each for name in ("content", "summary") if (each := entry.find(_ATOM + name)) is not None), None)
        is_tree = body is not None and body.get("type") == "xhtml"
        html = "" if body is None else ET.tostring(body, "unicode").replace("html:", "") if is_tree else body.text or ""
        at = date_of(entry.findtext(f"{_ATOM}published"))
        hidden = said.get("status") == "DRAFT" or any((each.text or "").strip() == "yes" for each in entry.iter() if each.tag.endswith("}draft"))  # fmt: skip
        state = due(kind == "post" and not hidden, at)
        heading = entry.find(f"{_ATOM}title")
        title = "" if heading is None else "".join(heading.itertext())
        yield SourcePost(" ".join((entry.findtext(f"{_ATOM}id") or "").split()), title, "", state, at if state != DRAFT else None, count_html(html, site))  # fmt: skip


def wix(path: Path, site: str, encoding: str | None) -> Iterator[SourcePost]:
    data, _ = main_file(path, ".csv")
    for row in _rows(data, encoding):
        slug = row.get("slug") or row.get("post_page_url", "").rstrip("/").rsplit("/", 1)[-1]
        figures, spoken = Figures(), list[str]()
        try:
            _visit(json.loads(row.get("rich_content", ""))["nodes"], figures, spoken, site)
        except (ValueError, TypeError, KeyError):
            spoken = [row.get("plain_content", "")]
        figures.say("".join(spoken))
        yield SourcePost(row.get("id") or row.get("internal_id") or slug, row.get("title", ""), figures=figures)


def _visit(node: Any, figures: Figures, spoken: list[str], site: str) -> None:
    """Every word and address that Wix's nodes hold."""
    if isinstance(node, list):
        for each in node:
            _visit(each, figures, spoken, site)
    elif isinstance(node, dict):
        if node.get("type") not in ("TEXT", None):
            spoken.append("\n")
        for name, value in node.items():
            if isinstance(value, str) and name in ("text", "caption"):
                spoken.append(value)
            elif isinstance(value, str) and name == "url" and value.startswith("http"):
                figures.link(value, site)
            elif name not in ("style", "containerData", "thumbnails", "media", "video", "audio", "image"):
                _visit(value, figures, spoken, site)


def notion(path: Path, site: str, encoding: str | None) -> Iterator[SourcePost]:
    for name, text in _pages(path, encoding):
        if not (found := _NOTION.search(name)) and isinstance(files_beside(path), ZipFiles):
            continue
        key, stem = found[1].replace("-", "") if found else name, _NOTION.sub("", name.rsplit("/", 1)[-1])
        if name.endswith(".md"):
            yield SourcePost(key, stem, figures=of_markdown(_NOTION_HEAD.sub("", text.lstrip("\ufeff\n")), site))
            continue
        root = lxml_html.fromstring(text)
        written = "".join(
            map(_written, root.find_class("page-body"))
        )  # the reader names each property that it leaves out
        yield SourcePost(key, stem, figures=count_html(shown(written or text), site))


def google_docs(path: Path, site: str, encoding: str | None) -> Iterator[SourcePost]:
    for name, text in _pages(path, encoding):
        if name.lower().endswith((".html", ".htm")):
            text = re.sub(r'<(?:sup><)?a [^>]*href="#cmnt.*?</a>(?:</sup>)?|<div[^>]*><p[^>]*><a href="#cmnt_.*?</div>', "", text, flags=re.DOTALL)  # fmt: skip
            text = _THROUGH_GOOGLE.sub(lambda found: unquote(found[1]), text)
            yield SourcePost(name, name.rsplit("/", 1)[-1], figures=count_html(text, site))


def _pages(path: Path, encoding: str | None) -> Iterator[tuple[str, str]]:
    files = files_beside(path)
    for name in files.names() if isinstance(files, ZipFiles) else [path.name]:
        if name.lower().endswith((".md", ".html", ".htm")):
            yield name, decode(files.read(name) or b"", encoding)[0]


def _rows(data: bytes, encoding: str | None) -> list[dict[str, str]]:
    csv.field_size_limit(1 << 30)
    text = decode(data, encoding)[0].lstrip("\ufeff")
    head = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    return [
        {re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"): (value or "").strip() for name, value in row.items() if name}
        for row in rows
    ]  # fmt: skip


def shown(html: str) -> str:
    """HTML without what only the other system can show."""
    root = lxml_html.fragment_fromstring(html, create_parent="div")
    for link in root.find_class("image-link"):
        if "substack" in (link.get("href") or ""):
            link.attrib.pop("href")  # to the picture itself
    for element in list(root.iter()):
        if isinstance(element.tag, str) and _WIDGETS & set((element.get("class") or "").split()):
            element.drop_tree()
    return _written(root)


def _written(element: Any) -> str:
    return str(lxml_html.tostring(element, encoding="unicode"))
