"""The reader of Medium's exports: a zip with an HTML page for each story."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from articles.importing.archives import ZipFiles, files_beside
from articles.importing.decoding import decode
from articles.importing.markup import by_class, inner, link, parsed, remove, replace
from articles.importing.posts import (
    DRAFT,
    MAX_BODY,
    PUBLISHED,
    Cover,
    Export,
    ImportRefused,
    Person,
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

_STORY = re.compile(r"(?:^|/)posts/[^/]+\.html$")
_IDENTIFIER = re.compile(r"-?([0-9a-f]{8,16})$")
_OTHERS = (
    "bookmarks",
    "claps",
    "highlights",
    "interests",
    "ips",
    "lists",
    "sessions",
    "pubs-following",
    "users-following",
)


def is_medium(files: ZipFiles) -> bool:
    """Whether a zip is an export of Medium: its stories say so themselves."""
    for name in [name for name in files.names() if _STORY.search(name)][:5]:
        content = files.read(name) or b""
        if b"h-entry" in content and b"e-content" in content:
            return True
    return False


def read_medium(path: Path, encoding: str | None = None) -> Export:
    """The stories of a Medium export. Raises ImportRefused."""
    files = files_beside(path)
    names = [name for name in files.names() if _STORY.search(name)]
    if not isinstance(files, ZipFiles) or not names:
        raise ImportRefused("A Medium export is a zip with a folder “posts” in it. Upload it as it came.")
    export = Export("medium", _posts(names, files, encoding), total=len(names), files=files)
    for folder in _OTHERS:
        export.lost[f"pages of “{folder}”"] = sum(f"/{folder}/" in f"/{name}" for name in files.names())
    export.lost += type(export.lost)()
    return export


def _posts(names: list[str], files: ZipFiles, encoding: str | None) -> Iterator[Post | Refusal]:
    for name in names:
        yield attempt(partial(_post, name, files, encoding), name, name.rsplit("/", 1)[-1])


def _post(name: str, files: ZipFiles, encoding: str | None) -> Post:
    content = files.read(name)
    if content is None:
        raise PostRefused("It cannot be read: the file is damaged.")
    if len(content) > MAX_BODY:
        raise PostRefused(f"Its text is {len(content) >> 20} MB large; at most {MAX_BODY >> 20} MB are imported.")
    root = parsed(storable(decode(content, encoding)[0]))
    stem = name.rsplit("/", 1)[-1].removesuffix(".html")
    title = _words(root, "p-name") or one_line(re.sub(r"^draft_|^[\d-]+_|-[0-9a-f]{8,12}$", "", stem).replace("-", " "))
    canonical = next((each.get("href") or "" for each in by_class(root, "p-canonical")), "")
    identifier = _IDENTIFIER.search(stem) or _IDENTIFIER.search(urlsplit(canonical).path)
    post = Post(identifier[1] if identifier else stem, title or "Untitled", where=name)
    old = urlsplit(canonical)
    post.slug = slug_of(_IDENTIFIER.sub("", old.path.rsplit("/", 1)[-1])) or slug_of(title) or slug_of(stem)
    if old.hostname and not old.hostname.endswith("medium.com"):
        post.old_urls = [old.path]
    elif old.hostname:
        post.notes.lost["addresses at medium.com, which cannot lead here"] += 1
    post.authors = [who for each in by_class(root, "p-author") if (who := _author(each))]
    post.tags = list(dict.fromkeys(found for each in by_class(root, "p-tag") if (found := term(each.text_content()))))
    body = next((each for each in root.iter("section") if each.get("data-field") == "body"), None)
    if body is None:
        raise PostRefused("It has no text: the page is none of Medium's stories.")
    _set_state(post, root, body, stem, title)
    post.standfirst = one_line(
        next((each.text_content() for each in root.iter("section") if each.get("data-field") == "subtitle"), "")
    )
    _clean(post, body)
    post.html = inner(body)
    return post


def _words(root: HtmlElement, name: str) -> str:
    return one_line(next((each.text_content() for each in by_class(root, name)), ""))


def _author(element: HtmlElement) -> Person | None:
    found, address = person(element.text_content()), element.get("href") or ""
    return (
        Person(found.slug, found.name, links=(("Medium", address),)) if found and address.startswith("http") else found
    )


def _set_state(post: Post, root: HtmlElement, body: HtmlElement, stem: str, title: str) -> None:
    shown = next((each.get("datetime") for each in by_class(root, "dt-published")), "")
    post.published_at = moment_or_none(shown, post.notes, "date of publication")
    is_draft = stem.startswith("draft_") or not post.published_at
    post.status = DRAFT if is_draft else PUBLISHED
    has_title = bool(by_class(body, "graf--title"))
    if not is_draft and not has_title and " ".join(body.text_content().split()).startswith(title.rstrip("….")):
        post.status = DRAFT
        post.notes.changed["stories without a title of their own, such as responses, became drafts"] += 1


def _clean(post: Post, body: HtmlElement) -> None:
    """Without what stands at the head of the article anyway, with gists, cards and pictures as others have them."""
    for name, value in (("graf--title", post.title), ("graf--subtitle", post.standfirst)):
        shown = by_class(body, name)[:1]
        if shown and one_line(shown[0].text_content()).rstrip("….")[:80] == value.rstrip("….")[:80]:
            remove(shown)
    remove([each for each in by_class(body, "section-divider") if each.tag == "div"][:1])
    for script in [each for each in body.iter("script") if each.get("src")]:
        replace(script, link(str(script.get("src")).removesuffix(".js")))
    for card in by_class(body, "js-mixtapeImage", "mixtapeImage"):
        remove([card])
    for image in body.iter("img"):
        if image.get("data-image-id") and "/max/" in (image.get("src") or ""):
            image.set("src", re.sub(r"/max/\d+/", "/max/2400/", str(image.get("src"))))
    first = next((each for each in body.iter("img") if each.get("data-is-featured") == "true"), None)
    if first is not None and first.get("src"):
        figure = next(first.iterancestors("figure"), first)
        caption = one_line(next((each.text_content() for each in figure.iter("figcaption")), ""))
        post.cover = Cover(str(first.get("src")), one_line(first.get("alt") or ""), caption)
        links = [each for each in figure.iter("a") if each.get("href")]
        remove([figure]) if not links else replace(first, "")
