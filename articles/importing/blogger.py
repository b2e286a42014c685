"""The reader of Blogger's backups: Atom, as Blogger wrote it before and as Google Takeout writes it now."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.urls import reverse
from lxml import etree

from articles.importing.archives import ZipFiles, files_beside, main_file
from articles.importing.html.images import Picture, figure_of
from articles.importing.markup import by_class, inner, parsed, replace
from articles.importing.posts import (
    DRAFT,
    MAX_BODY,
    PUBLISHED,
    SCHEDULED,
    Export,
    ImportRefused,
    Person,
    Post,
    PostRefused,
    Refusal,
    attempt,
    name_of,
    person,
    term,
)
from articles.importing.values import moment_or_none
from core.lib.slugs import slug_of
from core.lib.text import one_line, storable

_ATOM = "{http://www.w3.org/2005/Atom}"
_KIND = "http://schemas.google.com/g/2005#kind"
_SIZE = re.compile(
    r"/(?:s\d{2,4}(?:-[a-z0-9-]+)?|w\d+-h\d+(?:-[a-z0-9-]+)?)/(?=[^/]+$)|=(?:s\d{2,4}|w\d+-h\d+)(?:-[a-z0-9-]+)*$"
)
_PICTURES = re.compile(r"//[\w.-]*(?:blogspot|googleusercontent|ggpht)\.com/")
PAGES = "pages became drafts, for you to decide whether they belong among the articles"


def is_atom(head: bytes) -> bool:
    """Whether the beginning of a file is that of an Atom feed."""
    return bool(
        re.match(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<\?[^>]*>\s*|<!--.*?-->\s*)*<feed\b", head, re.DOTALL)
    )


def read_blogger(path: Path, encoding: str | None = None) -> Export:
    """The posts of a Blogger backup. Raises ImportRefused if it is not one, or declares entities."""
    data, files = _file(path)
    feed = _feed(data, encoding)
    entries = [(entry, _kind(entry)) for entry in feed.iterfind(f"{_ATOM}entry")]
    kinds = Counter(kind for _, kind in entries)
    if not kinds["post"] and not kinds["page"]:
        raise ImportRefused("This is an Atom feed without a post in it, and no backup of Blogger.")
    site = next(
        (link.get("href") or "" for link in feed.iterfind(f"{_ATOM}link") if link.get("rel") == "alternate"), ""
    )
    posts = _posts([(entry, kind) for entry, kind in entries if kind in ("post", "page")])
    export = Export("blogger", posts, total=kinds["post"] + kinds["page"], site=site, files=files)
    export.lost = +Counter(
        {"comments": kinds["comment"], "settings and templates": kinds["settings"] + kinds["template"]}
    )
    export.redirects = [("/feeds/posts/default", reverse("articles:feed", args=["atom"]))]
    if not site:
        export.remarks.append(
            "The backup does not say where the blog was. Say the address of the old site, for the links to it."
        )
    return export


def _file(path: Path) -> tuple[bytes, Any]:
    files = files_beside(path)
    if isinstance(files, ZipFiles):
        for name in files.names():
            if name.lower().endswith((".atom", ".xml")) and is_atom((content := files.read(name) or b"")[:4096]):
                return content, files
    return main_file(path, ".atom", ".xml")


def _feed(data: bytes, encoding: str | None) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, recover=False, encoding=encoding
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise ImportRefused(f"The XML is broken: {error}. Nothing was imported; make the backup again.") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise ImportRefused("The file declares entities, which no backup of Blogger does. Nothing was imported.")
    if root.tag != f"{_ATOM}feed":
        raise ImportRefused("This is no Atom feed, as a backup of Blogger is.")
    return root


def _own(entry: Any, name: str) -> str:
    """What Takeout says in an element of Blogger's own."""
    return next(
        (
            one_line(each.text or "")
            for each in entry
            if isinstance(each.tag, str) and each.tag.endswith(f"}}{name}") and "blogger" in each.tag
        ),
        "",
    )


def _kind(entry: Any) -> str:
    if kind := _own(entry, "type").lower():
        return "binned" if _own(entry, "status").upper() in ("SOFT_TRASHED", "DELETED") else kind
    terms = [each.get("term") or "" for each in entry.iterfind(f"{_ATOM}category") if each.get("scheme") == _KIND]
    return terms[0].rsplit("#", 1)[-1] if terms else "post"


def _posts(entries: list[tuple[Any, str]]) -> Iterator[Post | Refusal]:
    for entry, kind in entries:
        title = one_line(_text(entry, "title"))
        yield attempt(partial(_post, entry, kind, title), f"line {entry.sourceline}", title)


def _text(entry: Any, name: str) -> str:
    found = entry.find(f"{_ATOM}{name}")
    if found is None:
        return ""
    if found.get("type") == "xhtml":
        return "".join(etree.tostring(each, encoding="unicode") for each in found)
    return "".join(found.itertext())


def _post(entry: Any, kind: str, title: str) -> Post:
    body = storable(_text(entry, "content") or _text(entry, "summary"))
    if len(body) > MAX_BODY:
        raise PostRefused(f"Its text is {len(body) >> 20} MB large; at most {MAX_BODY >> 20} MB are imported.")
    address = next(
        (each.get("href") or "" for each in entry.iterfind(f"{_ATOM}link") if each.get("rel") == "alternate"), ""
    )
    path = unquote(urlsplit(address).path) or _own(entry, "filename")
    name = re.sub(r"\.html?$", "", path.rsplit("/", 1)[-1])
    identifier = one_line(_text(entry, "id")) or path or title
    if not title and not name and not body.strip():
        raise PostRefused("It has neither a title nor a text.")
    post = Post(storable(identifier), title or name_of(name) or "Untitled", where=f"line {entry.sourceline}")
    post.slug = slug_of(name) or slug_of(post.title)
    if not title:
        post.notes.changed["posts without a title got one from their address"] += 1
    post.html = _html(body)
    post.tags = list(
        dict.fromkeys(
            found
            for each in entry.iterfind(f"{_ATOM}category")
            if each.get("scheme") != _KIND and (found := term(each.get("term") or ""))
        )
    )
    post.authors = [who for each in entry.iterfind(f"{_ATOM}author") if (who := _author(each))]
    post.old_urls = [path] if path else []
    post.feed_id = identifier if identifier.startswith("tag:") else ""
    _set_state(post, entry, kind)
    return post


def _author(element: Any) -> Person | None:
    name = one_line(element.findtext(f"{_ATOM}name") or "")
    return person(name) if name and name.lower() not in ("unknown", "noreply@blogger.com") and "@" not in name else None


def _set_state(post: Post, entry: Any, kind: str) -> None:
    post.published_at = moment_or_none(_text(entry, "published"), post.notes, "date of publication")
    post.updated_at = moment_or_none(_text(entry, "updated"), post.notes, "date of the last change")
    drafts = [each for each in entry.iter() if isinstance(each.tag, str) and each.tag.endswith("}draft")]
    status = _own(entry, "status").upper()
    is_draft = any((each.text or "").strip() == "yes" for each in drafts) or status == "DRAFT"
    post.status = DRAFT if is_draft else SCHEDULED if status == "SCHEDULED" else PUBLISHED
    if kind == "page" and not is_draft:
        post.status = DRAFT
        post.notes.changed[PAGES] += 1


def _html(text: str) -> str:
    """The text with its pictures in full size, and those in tables for their captions as figures."""
    root = parsed(text)
    for table in by_class(root, "tr-caption-container"):
        pictures = list(table.iter("img"))
        captions = [inner(each) for each in by_class(table, "tr-caption")]
        if len(pictures) == 1:
            src, alt = (pictures[0].get(name) or "" for name in ("src", "alt"))
            leads_to = next((link.get("href") or "" for link in pictures[0].iterancestors("a")), "")
            link = "" if _PICTURES.search(leads_to) else leads_to
            shown = figure_of(Picture(src, alt, link=link))
            caption = f"<figcaption>{' '.join(captions)}</figcaption>" if captions else ""
            replace(table, shown.removesuffix("</figure>") + caption + "</figure>")
    for image in root.iter("img"):
        if _PICTURES.search(image.get("src") or ""):
            image.set("src", _full(str(image.get("src"))))
            whole = image.getparent()
            if whole is not None and whole.tag == "a" and _PICTURES.search(whole.get("href") or ""):
                whole.attrib.pop("href")  # it led to the picture itself
    return inner(root[0])


def _full(address: str) -> str:
    return _SIZE.sub(lambda match: "/s0/" if match[0].startswith("/") else "=s0", address)
