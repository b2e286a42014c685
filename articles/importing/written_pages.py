"""The reader of pages that were written in Notion or Google Docs: each exported page is an article, as a draft."""

import posixpath
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from lxml.html import HtmlElement

from articles.importing.archives import ZipFiles, files_beside
from articles.importing.decoding import decode
from articles.importing.markdown.render import markdown_html
from articles.importing.markup import by_class, inner, parsed, remove, replace
from articles.importing.posts import (
    DRAFT,
    MAX_BODY,
    Export,
    Post,
    PostRefused,
    Refusal,
    attempt,
    person,
    term,
)
from articles.importing.values import moment_or_none
from core.lib.slugs import slug_of
from core.lib.text import one_line, storable

NOTION_NAME = re.compile(r" ?([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(md|html)$")
_PROPERTY = re.compile(r"^([A-Z][^:\n]{0,40}): (.+)$")
_WRITTEN = ("created", "published", "date", "publish_date", "published_on", "created_time")
_RULE = re.compile(r"\.(c\d+)\s*\{([^}]*)\}")


def is_notion(names: list[str]) -> bool:
    return any(NOTION_NAME.search(name) for name in names)


def is_google_docs(head: bytes) -> bool:
    """Whether an HTML page is one that Google Docs wrote."""
    return (
        b"docs.google.com" in head
        or b"lst-kix" in head
        or (b"google.com/url?q=" in head)
        or (b"<style" in head and b".c0{" in head and b'class="c' in head)
    )


def read_notion(path: Path, encoding: str | None = None) -> Export:
    """The pages of a Notion export. Raises ImportRefused."""
    files = files_beside(path)
    names = [name for name in files.names() if NOTION_NAME.search(name)] if isinstance(files, ZipFiles) else [path.name]
    export = Export("notion", _posts(names, files, encoding, _notion), total=len(names), files=files)
    export.lost["tables (CSV files of databases)"] = (
        sum(name.endswith(".csv") for name in files.names()) if isinstance(files, ZipFiles) else 0
    )
    export.lost += type(export.lost)()
    return export


def read_google_docs(path: Path, encoding: str | None = None) -> Export:
    """The documents that Google Docs saved as web pages. Raises ImportRefused."""
    files = files_beside(path)
    names = (
        [name for name in files.names() if name.lower().endswith((".html", ".htm"))]
        if isinstance(files, ZipFiles)
        else [path.name]
    )
    return Export("google_docs", _posts(names, files, encoding, _google), total=len(names), files=files)


def _posts(names: list[str], files: Any, encoding: str | None, make: Any) -> Iterator[Post | Refusal]:
    for name in names:
        yield attempt(partial(_post, name, files, encoding, make), name, name.rsplit("/", 1)[-1])


def _post(name: str, files: Any, encoding: str | None, make: Any) -> Post:
    content = files.read(name)
    if content is None:
        raise PostRefused("It cannot be read: the file is damaged.")
    if len(content) > MAX_BODY:
        raise PostRefused(f"It is {len(content) >> 20} MB large; at most {MAX_BODY >> 20} MB are imported.")
    text = storable(decode(content, encoding)[0])
    stem = NOTION_NAME.sub("", name.rsplit("/", 1)[-1])
    title = one_line(re.sub(r"\.html?$", "", stem)) or "Untitled"
    match = NOTION_NAME.search(name)
    post = Post(match[1].replace("-", "") if match else name, title, where=name, status=DRAFT)
    make(post, text, name)
    post.slug = slug_of(post.title) or slug_of(title)
    post.notes.changed["pages came as drafts, for you to publish"] += 1
    return post


def _located(source: str, folder: str) -> str:
    if re.match(r"[a-z][a-z0-9+.-]*:|//|#", source, re.IGNORECASE):
        return source
    return posixpath.normpath(posixpath.join(folder, unquote(source)))


def _notion(post: Post, text: str, name: str) -> None:
    folder = posixpath.dirname(name)
    if name.endswith(".md"):
        text = _markdown(post, text)
        root = parsed(markdown_html(text))
    else:
        root = _page(post, text)
    for image in root.iter("img"):
        image.set("src", _located(image.get("src") or "", folder))
    for link in list(root.iter("a")):
        target = unquote((link.get("href") or "").split("#")[0])
        if "://" not in target and target.endswith((".md", ".html", ".csv")):
            link.attrib.pop("href", None)
            post.notes.lost["links to other pages of the export (their words stay)"] += 1
    post.html = inner(root[0])


def _markdown(post: Post, text: str) -> str:
    """The text without its title and properties, which stand above it."""
    lines = text.lstrip("\ufeff\n").split("\n")
    if lines and lines[0].startswith("# "):
        post.title = one_line(lines.pop(0)[2:]) or post.title
    while lines and not lines[0].strip():
        lines.pop(0)
    said: dict[str, str] = {}
    at = 0
    while at < len(lines) and (match := _PROPERTY.match(lines[at])):
        said[match[1]] = match[2].strip()
        at += 1
    if said and (at == len(lines) or not lines[at].strip()):
        _properties(post, said)
        lines = lines[at:]
    return "\n".join(lines)


def _properties(post: Post, said: dict[str, str]) -> None:
    """Read what a page says of itself. What means nothing here is mostly about the work on it, and named, not published."""
    for label, value in said.items():
        key = re.sub(r"[^a-z]+", "_", label.lower()).strip("_")
        if key in ("tags", "tag", "topics"):
            post.tags = list(dict.fromkeys(found for each in re.split(r"\s*,\s*", value) if (found := term(each))))
        elif key in ("category", "section"):
            post.category = term(value)
        elif key in ("author", "authors", "by", "writer"):
            post.authors = [who for each in re.split(r"\s*,\s*", value) if (who := person(each))]
        elif key in ("summary", "description", "excerpt", "subtitle"):
            post.standfirst = one_line(value)
        elif key in _WRITTEN:
            post.published_at = moment_or_none(value, post.notes)
        else:
            post.notes.lost[f"the property “{label[:40]}”, which said “{value[:80]}”"] += 1


def _page(post: Post, text: str) -> HtmlElement:
    """The text of a page that Notion saved as HTML."""
    root = parsed(text)
    if titles := by_class(root, "page-title"):
        post.title = one_line(titles[0].text_content()) or post.title
    rows = [row for table in by_class(root, "properties") for row in table.iter("tr")]
    said = {one_line(row[0].text_content()): one_line(", ".join(_values(row[1]))) for row in rows if len(row) > 1}
    _properties(post, {label: value for label, value in said.items() if label and value})
    body = next(iter(by_class(root, "page-body")), None)
    remove(list(root.iter("style")))
    remove(by_class(root, "icon"))
    return parsed(inner(body)) if body is not None else root


def _values(cell: HtmlElement) -> list[str]:
    return [each.text_content() for each in by_class(cell, "selected-value")] or [cell.text_content()]


def _google(post: Post, text: str, name: str) -> None:
    """The text of a document: Google writes looks as classes, links through itself, and notes at the end."""
    root = parsed(text)
    styles = "".join(each.text or "" for each in root.iter("style"))
    looks = {found[1]: found[2].replace(" ", "") for found in _RULE.finditer(styles)}
    remove(list(root.iter("style", "title", "meta", "head")))
    if titles := by_class(root, "title"):
        post.title = one_line(titles[0].text_content()) or post.title
        remove(titles[:1])
    if subtitles := by_class(root, "subtitle"):
        post.standfirst = one_line(subtitles[0].text_content())
        remove(subtitles[:1])
    _notes(root)
    for link in root.iter("a"):
        link.set("href", _straight(link.get("href") or "")) if link.get("href") else None
    for span in list(root.iter("span")):
        look = "".join(looks.get(each, "") for each in (span.get("class") or "").split()) + (
            span.get("style") or ""
        ).replace(" ", "")
        words = inner(span)
        for sign, tag in (
            ("font-weight:700", "strong"),
            ("font-style:italic", "em"),
            ("text-decoration:line-through", "s"),
            ("vertical-align:super", "sup"),
            ("vertical-align:sub;", "sub"),
        ):
            if (
                sign in look
                and words.strip()
                and not any(each.tag in ("h1", "h2", "h3", "h4") for each in span.iterancestors())
            ):
                words = f"<{tag}>{words}</{tag}>"
        if words != inner(span):
            replace(span, words)
    folder = posixpath.dirname(name)
    for image in root.iter("img"):
        image.set("src", _located(image.get("src") or "", folder))
    post.html = inner(root[0])


def _straight(address: str) -> str:
    """Where a link leads that goes through Google."""
    parts = urlsplit(address)
    if parts.netloc.endswith("google.com") and parts.path == "/url":
        return parse_qs(parts.query).get("q", [address])[0]
    return address


def _notes(root: HtmlElement) -> None:
    """The text of each footnote where its number stands; comments of the document go."""
    targets = {
        each.get("id"): each for each in root.iter("a") if re.fullmatch(r"(?:ftnt|cmnt)\d+", each.get("id") or "")
    }
    for anchor in [each for each in root.iter("a") if (each.get("href") or "").startswith(("#ftnt", "#cmnt"))]:
        target = targets.get((anchor.get("href") or "")[1:])
        if target is None or anchor.get("id") in targets:
            continue
        holder = next(target.iterancestors("div"), None)
        mark = anchor.getparent() if anchor.getparent() is not None and anchor.getparent().tag == "sup" else anchor
        if holder is None or (anchor.get("href") or "").startswith("#cmnt"):
            remove([mark])
        else:
            remove([target])
            remove(list(holder.iter("br")))
            words = re.sub(
                r"</?(?:p|span)\b[^>]*>", " ", inner(holder).replace("\xa0", " ").replace("&#160;", " ")
            ).strip()
            replace(mark, f'<small data-footnote="">{words}</small>')
            remove([holder])
    for name, target in targets.items():
        if (name or "").startswith("cmnt") and (holder := next(target.iterancestors("div"), None)) is not None:
            remove([holder])
