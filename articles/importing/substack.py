"""The reader of Substack's exports: a zip with posts.csv, an HTML file for each post, and the list of subscribers."""

import re
from collections.abc import Iterator
from functools import partial
from html import escape, unescape
from pathlib import Path
from typing import Any

from lxml.html import HtmlElement

from articles.importing.archives import ZipFiles, files_beside
from articles.importing.decoding import decode
from articles.importing.markup import by_class, inner, link, parsed, remove, replace, said
from articles.importing.posts import (
    DRAFT,
    MAX_BODY,
    PUBLISHED,
    SCHEDULED,
    ConversionNotes,
    Export,
    ImportRefused,
    Post,
    PostRefused,
    Refusal,
    attempt,
    name_of,
)
from articles.importing.tables import Record, records
from articles.importing.values import moment_or_none, truth
from core.lib.slugs import slug_of
from core.lib.text import one_line, storable

_POST = re.compile(r"(?:^|/)posts/([^/]+)\.html$")
_INVITES = re.compile(r"%%|/subscribe\b|action=share|/comments\b|leave_comment|/leaderboard|donate_url|gift=")
MEMBERS = "posts for members only became drafts, because everyone can read what is published here"
PAGES = "pages became drafts, for you to decide whether they belong among the articles"


def is_substack(names: list[str]) -> bool:
    """Whether a zip with these files is an export of Substack."""
    plain = [name.rsplit("/", 1)[-1].lower() for name in names]
    return "posts.csv" in plain and any(_POST.search(name.lower()) for name in names)


def read_substack(path: Path, encoding: str | None = None) -> Export:
    """The posts of a Substack export. Raises ImportRefused."""
    files = files_beside(path)
    names = files.names()
    table = next((name for name in names if name.rsplit("/", 1)[-1].lower() == "posts.csv"), "")
    if not isinstance(files, ZipFiles) or not table:
        raise ImportRefused(
            "A Substack export is a zip with posts.csv and a folder “posts” in it. Upload it as it came."
        )
    rows = records(files.read(table) or b"", encoding)
    texts = {match[1]: name for name in names if (match := _POST.search(name))}
    export = Export("substack", _posts(rows, texts, files), total=len(rows), files=files)
    export.remarks.append(
        "The export does not say where the newsletter was. With the address of the old site, such as"
        " https://name.substack.com, links to it become links within this site."
    )
    listed = {row.cells.get("post_id", "").strip() for row in rows}
    export.lost["texts that posts.csv does not list"] = len(texts.keys() - listed)
    export.lost["files with openings and deliveries"] = sum(
        name.endswith((".opens.csv", ".delivers.csv")) for name in names
    )
    export.lost += type(export.lost)()
    return export


def _posts(rows: list[Record], texts: dict[str, str], files: ZipFiles) -> Iterator[Post | Refusal]:
    for row in rows:
        yield attempt(partial(_post, row, texts, files), row.where, one_line(unescape(row.cells.get("title", ""))))


def _post(row: Record, texts: dict[str, str], files: ZipFiles) -> Post:
    identifier = row.get("post_id")
    number, _, slug = identifier.partition(".")
    title = one_line(unescape(row.get("title")))
    name = texts.get(identifier)
    if not identifier or (not title and not name):
        raise PostRefused("It has neither a title nor a text.")
    post = Post(storable(number), title or name_of(slug) or "Untitled", where=row.where, slug=slug_of(slug or title))
    post.standfirst = one_line(unescape(row.get("subtitle")))
    _set_state(post, row)
    if slug:
        post.old_urls = [f"/p/{slug}"]
    if name:
        content = files.read(name) or b""
        if len(content) > MAX_BODY:
            raise PostRefused(f"Its text is {len(content) >> 20} MB large; at most {MAX_BODY >> 20} MB are imported.")
        post.html = substack_html(storable(decode(content)[0]), post.notes)
    else:
        post.notes.lost["posts whose text the export does not contain"] += 1
    if sound := row.get("podcast_url"):
        post.html = f'<audio src="{escape(sound)}"></audio>{post.html}'
        post.notes.changed["podcast episodes came as posts with a link to their sound, which stays where it was"] += 1
    return post


def _set_state(post: Post, row: Record) -> None:
    kind, audience = row.get("type").lower(), row.get("audience").lower()
    post.published_at = moment_or_none(row.get("post_date"), post.notes, "date of publication")
    post.status = PUBLISHED if truth(row.get("is_published")) else DRAFT
    if post.status == DRAFT and post.published_at and kind != "page" and not row.get("email_sent_at"):
        post.notes.changed["posts that were not published became drafts"] += 1
    if post.status == DRAFT:
        return
    post.status = SCHEDULED if not post.published_at else PUBLISHED
    if not post.published_at:
        post.status = DRAFT
        post.notes.changed["posts without a date became drafts"] += 1
    elif kind == "page":
        post.status = DRAFT
        post.notes.changed[PAGES] += 1
    elif kind == "thread":
        post.status = DRAFT
        post.notes.changed["threads, whose answers the export does not contain, became drafts"] += 1
    elif audience not in ("", "everyone"):
        post.status = DRAFT
        post.notes.changed[MEMBERS] += 1


def substack_html(text: str, notes: ConversionNotes) -> str:
    """The HTML of a post without what only Substack can show, with its pictures, players and footnotes as others have them."""
    root = parsed(text)
    _take_out(root, notes)
    _pictures(root)
    _footnotes(root)
    for element in by_class(root, "pullquote"):
        replace(element, f"<blockquote>{inner(element)}</blockquote>")
    for element in by_class(root, "latex-rendered"):
        replace(
            element, f"<p><code>{escape(str(said(element).get('persistentExpression', '')), quote=False)}</code></p>"
        )
    for element in by_class(root, "tweet"):
        replace(element, _tweet(said(element)))
    for element in [each for each in root.iter("div") if each.get("data-attrs")]:
        _embedded(element, notes)
    return inner(root[0])


def _take_out(root: HtmlElement, notes: ConversionNotes) -> None:
    """Remove forms, buttons and files that work at Substack only, and count them."""
    forms = (
        "subscription-widget-wrap",
        "subscription-widget-wrap-editor",
        "subscription-widget",
        "subscribe-widget",
        "captioned-button-wrap",
    )
    notes.lost["sign-up forms"] += remove(by_class(root, *forms))
    for button in by_class(root, "button-wrapper"):
        address = next((each.get("href") or "" for each in button.iter("a")), "") or str(said(button).get("url", ""))
        if not address or _INVITES.search(address):
            notes.lost["buttons to subscribe, share or comment"] += remove([button])
        else:
            replace(button, link(address, " ".join(button.text_content().split())))
    notes.lost["polls"] += remove(by_class(root, "poll-embed"))
    notes.lost["sound and video that lies at Substack only"] += remove(
        by_class(root, "native-audio-embed", "native-video-embed")
    )
    notes.changed["marks where a paywall began removed"] += remove(by_class(root, "paywall-jump", "paywall"))
    remove(by_class(root, "image-link-expand", "header-anchor-parent"))
    notes.lost += type(notes.lost)()
    notes.changed += type(notes.changed)()


def _pictures(root: HtmlElement) -> None:
    """Each picture at the address of its original, without the link to itself, its caption with it."""
    for gallery in by_class(root, "image-gallery-embed"):
        found = said(gallery).get("gallery")
        images = found.get("images") if isinstance(found, dict) else None
        shown = [
            f'<figure><img src="{escape(str(each.get("src", "")))}" alt=""></figure>'
            for each in images or []
            if isinstance(each, dict)
        ]
        caption = str(found.get("caption") or "") if isinstance(found, dict) else ""
        replace(gallery, "".join(shown) + (f"<p>{escape(caption, quote=False)}</p>" if caption else ""))
    for image in list(root.iter("img")):
        about = said(image)
        address, title = str(about.get("src") or image.get("src") or ""), about.get("alt") or image.get("alt") or ""
        made = f'<img src="{escape(address)}" alt="{escape(str(title))}">'
        whole = next((each for each in image.iterancestors("a") if "image-link" in (each.get("class") or "")), None)
        picture = next(image.iterancestors("picture"), None)
        target = str(about.get("href") or (whole.get("href") if whole is not None and not about else None) or "")
        made = f'<a href="{escape(target)}">{made}</a>' if target else made
        replace(whole if whole is not None else picture if picture is not None else image, made)


def _footnotes(root: HtmlElement) -> None:
    """The text of each note where its number stands."""
    texts: dict[str, HtmlElement] = {}
    for note in by_class(root, "footnote"):
        number = next((each.get("id") for each in by_class(note, "footnote-number")), None)
        if number:
            texts[number] = note
    for anchor in by_class(root, "footnote-anchor"):
        found = texts.get((anchor.get("href") or "").lstrip("#"))
        content = by_class(found, "footnote-content") if found is not None else []
        if content:
            words = re.sub(r"</p>\s*<p[^>]*>", " ", inner(content[0]))
            replace(anchor, f'<small data-footnote="">{re.sub(r"</?p[^>]*>", "", words)}</small>')
    remove(texts.values())


def _tweet(about: dict[str, Any]) -> str:
    words, name, address = (str(about.get(key) or "") for key in ("full_text", "name", "url"))
    quoted = f"<p>{escape(words, quote=False)}</p>" if words else ""
    return f"<blockquote>{quoted}{link(address, name or address)}</blockquote>" if address else quoted


def _embedded(element: HtmlElement, notes: ConversionNotes) -> None:
    """A card or player that has nothing of its own to show: a link to what it is about."""
    if element.text_content().strip() and not element.get("class", "").startswith(("embedded-", "digest-post")):
        return
    if any(True for _ in element.iter("iframe", "img", "video", "audio")) and not element.get("class", "").startswith(
        "embedded-"
    ):
        return
    about = said(element)
    address = str(about.get("url") or about.get("canonical_url") or about.get("base_url") or about.get("src") or "")
    title = str(about.get("title") or about.get("name") or "")
    if not address.startswith("http"):
        notes.lost["cards of Substack that say no address"] += bool(element.get("class"))
        notes.lost += type(notes.lost)()
        return
    replace(element, link(address, title))
