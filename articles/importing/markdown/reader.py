"""Markdown with front matter: a file, a folder or a zip, as Jekyll, Hugo, Obsidian, Astro and `export_site` write them."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.urls import reverse

from articles.importing.archives import FolderFiles, ZipFiles, files_beside
from articles.importing.decoding import decode
from articles.importing.markdown.dialects import plain_markdown
from articles.importing.markdown.frontmatter import Head, load_yaml, split
from articles.importing.markdown.render import markdown_html
from articles.importing.markdown.site_config import SiteConfig, address_of, read_config
from articles.importing.moonpress import reader as moonpress_reader
from articles.importing.posts import (
    ARCHIVED,
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
    Term,
    attempt,
    name_of,
    person,
    term,
)
from articles.importing.values import moment_or_none, truth
from core.lib.slugs import slug_of
from core.lib.text import one_line, storable

ENDINGS = (".md", ".markdown", ".mdx", ".mkd")
# Pages in HTML are posts where Jekyll and Hugo keep posts.
HTML_POST = re.compile(r"(?:^|/)(?:_posts|_drafts|content)/.+\.html?$", re.IGNORECASE)
_NOT_READ = re.compile(
    r"(?:^|/)(?:_posts|_drafts|content|posts)/.+\.(rst|adoc|asciidoc|org|textile|ipynb|pandoc)$", re.IGNORECASE
)
_NOT_POSTS = re.compile(
    r"(?:^|/)(?:readme|license|licence|changelog|contributing|code_of_conduct|security|_index|404)\.\w+$", re.IGNORECASE
)
_NOT_FOLDERS = re.compile(
    r"(?:^|/)(?:node_modules|_layouts|_includes|_site|themes|archetypes|layouts|templates|vendor|public)/",
    re.IGNORECASE,
)
_DATED = re.compile(r"^(\d{4}-\d{1,2}-\d{1,2})[-_ ](.+)$")
_IMAGE = re.compile(r"(<img\b[^>]*?\bsrc=\")([^\"]+)(\")")
_LINK = re.compile(r"(<a\b[^>]*?\bhref=\")([^\"]+)(\")")
_MEANT = {
    "title", "slug", "date", "published", "publishdate", "pubdate", "published_at", "created", "date_published", "lastmod", "updated", "updateddate", "modified",
    "last_modified_at", "updated_at", "date_modified", "draft", "status", "categories", "category", "section", "tags", "tag", "keywords", "author", "authors",
    "description", "summary", "excerpt", "standfirst", "subtitle", "deck", "seo", "seo_title", "meta_title", "seo_description", "meta_description", "image",
    "cover", "featured_image", "featuredimage", "feature_image", "thumbnail", "hero", "heroimage", "banner", "images", "header", "image_alt", "cover_alt", "coveralt",
    "aliases", "redirect_from", "permalink", "url", "featured", "pinned", "layout", "type", "expirydate", "id", "uuid",
}  # fmt: skip


def read_markdown(path: Path, encoding: str | None = None) -> Export:
    """The posts of a folder, a zip or a single file. Raises ImportRefused where there are none."""
    files = files_beside(path)
    names = [path.name] if path.is_file() and isinstance(files, FolderFiles) else files.names()
    unread = [name for name in names if _NOT_READ.search(name)]
    if not path.is_file() or isinstance(files, ZipFiles):
        names = [name for name in names if name.lower().endswith(ENDINGS) or HTML_POST.search(name)]
    skipped = [name for name in names if len(names) > 1 and (_NOT_POSTS.search(name) or _NOT_FOLDERS.search(name))]
    names = [name for name in names if name not in skipped]
    if not names:
        raise ImportRefused("There is no Markdown file in it.")
    left: Counter[str] = Counter()
    for told, found in (("files that are no posts", skipped), ("posts in a format that is not read", unread)):
        if found:
            left[f"{told} ({', '.join(found[:5])}{' …' if len(found) > 5 else ''})"] = len(found)
    if moonpress_reader.is_ours(files):
        return moonpress_reader.read(files, names)
    folder = _Folder(files, names, encoding)
    return Export("markdown", folder.posts(), total=len(names), site=folder.config.url, files=files, left=left)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file lies, and what that says: its slug, its date, whether it is a draft."""

    name: str
    folder: str
    slug: str
    stem: str
    date: str
    draft: bool
    jekyll: bool

    @classmethod
    def of(cls, name: str) -> "_Place":
        folder, _, file = name.rpartition("/")
        stem = file.rsplit(".", 1)[0]
        if stem.lower() in ("index", "post") and folder:
            stem = folder.rsplit("/", 1)[-1]
        dated = _DATED.match(stem)
        date, stem = (dated[1], dated[2]) if dated else ("", stem)
        folders = f"/{folder.lower()}/"
        return cls(name, folder, slug_of(stem), stem, date, "/_drafts/" in folders, "/_posts/" in folders)


class _Folder:
    """The Markdown files of one export."""

    def __init__(self, files: FolderFiles | ZipFiles, names: list[str], encoding: str | None) -> None:
        self.files = files
        self.names = names
        self.encoding = encoding
        self.everything = set(files.names())
        self.by_file = {name.rsplit("/", 1)[-1].lower(): name for name in sorted(self.everything, reverse=True)}
        self.slugs: dict[str, str] = {}
        for name in names:
            stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0].lower()
            self.slugs[stem] = self.slugs[name.lower()] = _Place.of(name).slug
        self.people = self._people()
        self.config = read_config(files.read, self.everything)

    def _people(self) -> dict[str, Person]:
        """Jekyll's and Hugo's lists of authors."""
        found: dict[str, Person] = {}
        for name in self.everything:
            if re.search(r"(?:^|/)_?data/authors\.ya?ml$", name):
                try:
                    rows = load_yaml((self.files.read(name) or b"").decode("utf-8", "replace"))
                except PostRefused:
                    continue
                for key, row in (rows if isinstance(rows, dict) else {}).items():
                    if isinstance(row, dict) and (who := _person({"slug": str(key), **row})):
                        found[str(key).lower()] = who
        return found

    def posts(self) -> Iterator[Post | Refusal]:
        for name in self.names:
            yield attempt(partial(self._post, name), name)

    def _post(self, name: str) -> Post:
        content = self.files.read(name)
        if content is None:
            raise PostRefused("It cannot be read: the file is damaged.")
        if len(content) > MAX_BODY:
            raise PostRefused(f"It is {len(content) >> 20} MB large; at most {MAX_BODY >> 20} MB are taken.")
        try:
            text, _ = decode(content, self.encoding)
        except ImportRefused as refused:
            raise PostRefused(str(refused).replace(" Nothing was imported.", "")) from None
        head, body = split(storable(text))
        place = _Place.of(name)
        title, body = _title(head, body, place)
        post = Post(f"{place.folder}/{place.name.rsplit('/', 1)[-1]}".strip("/"), title, where=name)
        post.slug = _slug(head, place) or slug_of(title)
        body = plain_markdown(body, post.notes, linked=self.address, mdx=name.lower().endswith(".mdx"))
        is_html = name.lower().endswith((".html", ".htm"))
        post.html = self._located(body if is_html else markdown_html(body), place.folder)
        _read_lines(post, head)
        _read_cover(post, head, lambda source: self.located(source, place.folder))
        self._file(post, head, place)
        _read_times(post, head, place)
        post.old_urls = _old_urls(head, post, place, self.config)
        post.featured = truth(head.get("featured") or head.get("pinned"))
        for key, value in head.items():
            if key not in _MEANT and value not in (None, "", [], False):
                post.notes.left[f"front matter “{key[:40]}”"] += 1
        return post

    def address(self, target: str) -> str:
        """Where another file of the export will be, by its path, its name or its title."""
        target = unquote(target.strip().strip("/")).lower()
        stem = target.rsplit("/", 1)[-1]
        found = self.slugs.get(target) or self.slugs.get(stem.rsplit(".", 1)[0] if stem.endswith(ENDINGS) else stem)
        return reverse("articles:article", args=[found]) if found else ""

    def _located(self, html: str, folder: str) -> str:
        html = _IMAGE.sub(lambda match: match[1] + self.located(match[2], folder) + match[3], html)

        def link(match: re.Match[str]) -> str:
            target, _, anchor = match[2].partition("#")
            here = self.address(target) if target.lower().endswith(ENDINGS) and "://" not in target else ""
            return match[1] + (here + (f"#{anchor}" if anchor else "") if here else match[2]) + match[3]

        return _LINK.sub(link, html)

    def located(self, source: str, folder: str) -> str:
        """The path of a picture in the export, from the folder of the file that shows it."""
        if re.match(r"[a-z][a-z0-9+.-]*:|//", source, re.IGNORECASE):
            return source
        plain = unquote(re.split(r"[?#]", source)[0])
        beside = posixpath.normpath(posixpath.join(folder, plain.lstrip("/") if plain.startswith("/") else plain))
        rooted = posixpath.normpath(plain.lstrip("/"))
        places = [
            beside,
            rooted,
            f"static/{rooted}",
            f"assets/{rooted}",
            f"public/{rooted}",
            f"source/{rooted}",
            f"src/{rooted}",
        ]
        found = next((place for place in places if place in self.everything), None)
        return found or self.by_file.get(rooted.rsplit("/", 1)[-1].lower()) or source

    def _file(self, post: Post, head: Head, place: _Place) -> None:
        """Category, tags and authors; Jekyll writes lists as words."""
        split_words = place.jekyll
        categories = _terms(head.get("categories") or head.get("category") or head.get("section"), split_words)
        tags = _terms(head.get("tags") or head.get("tag") or head.get("keywords"), split_words)
        post.filed = categories
        post.category = categories[0] if categories else None
        post.tags = list(dict.fromkeys([*categories[1:], *tags]))
        if categories[1:]:
            post.notes.changed["categories after the first became tags"] += len(categories) - 1
        authors = head.get("authors") or head.get("author")
        entries = (
            authors
            if isinstance(authors, list)
            else re.split(r"\s*,\s*|\s+and\s+|\s*&\s*", authors)
            if isinstance(authors, str)
            else [authors]
        )
        found = [self.people.get(str(entry).lower()) or _person(entry) for entry in entries if entry]
        post.authors = list(dict.fromkeys(who for who in found if who))


def _title(head: Head, body: str, place: _Place) -> tuple[str, str]:
    """The title, and the text without the heading that only repeats it."""
    title = one_line(str(head.get("title") or ""))
    heading = re.match(r"\s*#[ \t]+(.+?)[ \t]*#*[ \t]*\n|\s*(.+)\n=+[ \t]*\n", body + "\n")
    said = re.sub(r"[*_`]", "", heading[1] or heading[2] or "") if heading else ""
    if heading and (not title or said.strip().casefold() == title.casefold()):
        title, body = title or one_line(said), body[heading.end() :]
    return title or name_of(place.slug) or "Untitled", body


def _slug(head: Head, place: _Place) -> str:
    given = str(head.get("slug") or "").strip("/") or str(head.get("permalink") or head.get("url") or "").strip("/")
    if ":" in given or "{" in given or given.startswith("http"):
        given = ""
    return slug_of(given.rsplit("/", 1)[-1].removesuffix(".html")) or place.slug


def _first(head: Head, *names: str) -> str:
    return next(
        (
            one_line(str(value))
            for name in names
            if isinstance(value := head.get(name), str | int | float) and str(value).strip()
        ),
        "",
    )


def _read_lines(post: Post, head: Head) -> None:
    description = _first(head, "description")
    post.standfirst = _first(head, "standfirst", "summary", "excerpt", "subtitle", "deck") or description
    seo = head.get("seo")
    seo = {str(key).lower(): value for key, value in seo.items()} if isinstance(seo, dict) else {}
    post.seo_title = _first(seo, "title", "meta_title") or _first(head, "seo_title", "meta_title")
    post.seo_description = _first(seo, "description") or _first(head, "seo_description", "meta_description")
    if description and description != post.standfirst:
        post.seo_description = post.seo_description or description


def _read_cover(post: Post, head: Head, located: Any) -> None:
    names = (
        "cover",
        "image",
        "featured_image",
        "featuredimage",
        "feature_image",
        "hero",
        "heroimage",
        "banner",
        "thumbnail",
        "images",
        "header",
    )
    for value in (head.get(name) for name in names):
        entry = value[0] if isinstance(value, list) and value else value
        values = (
            {str(key).lower(): str(item or "") for key, item in entry.items()}
            if isinstance(entry, dict)
            else {"src": str(entry or "")}
        )
        source = next(
            (values[key] for key in ("src", "image", "url", "path", "feature", "teaser") if values.get(key)), ""
        )
        if source and source.lower() not in ("true", "false"):
            alt = values.get("alt") or _first(head, "image_alt", "cover_alt", "coveralt")
            post.cover = Cover(
                located(re.sub(r"^!?\[\[|\]\]$", "", source.strip())),
                one_line(alt),
                one_line(values.get("caption", "")),
            )
            return


def _terms(value: Any, split_words: bool) -> list[Term]:
    if isinstance(value, str):
        value = (
            re.split(r"\s*[,;]\s*", value) if re.search(r"[,;]", value) else value.split() if split_words else [value]
        )
    entries = value if isinstance(value, list) else []
    names = [
        str(entry.get("name") or entry.get("title") or "") if isinstance(entry, dict) else str(entry)
        for entry in entries
        if entry
    ]
    return list(dict.fromkeys(found for name in names if (found := term(name.strip().lstrip("#")))))


def _person(entry: Any) -> Person | None:
    if not isinstance(entry, dict):
        return person(re.sub(r"^\[\[|\]\]$|<[^>]*>", "", str(entry)))
    row = {str(key).lower(): value for key, value in entry.items()}
    name = one_line(str(row.get("name") or row.get("display_name") or row.get("title") or row.get("slug") or ""))
    slug = slug_of(str(row.get("slug") or "")) or slug_of(name)
    bio = one_line(str(row.get("bio") or row.get("description") or ""))
    return (
        Person(
            slug, name, bio=markdown_html(bio) if bio else "", picture=str(row.get("avatar") or row.get("image") or "")
        )
        if slug
        else None
    )


def _read_times(post: Post, head: Head, place: _Place) -> None:
    dates = [head.get(name) for name in ("date", "publishdate", "pubdate", "published_at", "date_published", "created")]
    shown = head.get("published")
    if shown is not None and not isinstance(shown, bool) and str(shown).lower() not in ("true", "false"):
        dates.insert(0, shown)
        shown = None
    notes = post.notes
    given = next(filter(None, (moment_or_none(date, notes) for date in dates)), None)
    post.published_at = given or moment_or_none(place.date, notes)
    post.updated_at = next(
        filter(
            None,
            (
                moment_or_none(head.get(name), notes, "date of the last change")
                for name in (
                    "lastmod",
                    "updated",
                    "updateddate",
                    "modified",
                    "last_modified_at",
                    "updated_at",
                    "date_modified",
                )
            ),
        ),
        None,
    )
    status = str(head.get("status") or "").strip().lower()
    hidden = (
        truth(head.get("draft"))
        or place.draft
        or (shown is not None and not truth(shown))
        or status in ("draft", "private", "pending", "idea", "todo")
    )
    expired = moment_or_none(head.get("expirydate"), notes, "date of expiry")
    page = str(head.get("layout") or head.get("type") or "").lower() == "page"
    if hidden:
        post.status = DRAFT
    elif status == "archived" or (expired and expired < datetime.now(UTC)):
        post.status = ARCHIVED
    elif page:
        post.status = DRAFT
        post.notes.changed[
            "pages became drafts: here a page is an article, and whether it should be in the blog is yours to say"
        ] += 1
    elif post.published_at:
        post.status = PUBLISHED
    else:
        post.status = DRAFT
        post.notes.changed["posts without a date became drafts"] += 1


def _old_urls(head: Head, post: Post, place: _Place, config: SiteConfig) -> list[str]:
    """Where a post was: as its front matter says, else where Jekyll or Hugo would have put it."""
    found: list[str] = []
    for key in ("aliases", "redirect_from", "permalink", "url"):
        value = head.get(key)
        found += [
            str(entry)
            for entry in (value if isinstance(value, list) else [value])
            if entry and "/" in str(entry) and not re.search(r"[{}]|(?<!http)(?<!https):", str(entry))
        ]
    given = _first(head, "permalink", "url")
    parts: dict[str, Any] = {"slug": post.slug, "stem": place.stem, "when": post.published_at}
    if not given and place.jekyll:
        categories = [slug_of(term.name) for term in post.filed]
        found.append(config.base + address_of(config.permalink, categories=categories, **parts))
    elif not given and (match := re.search(r"(?:^|/)content/(.+?)/?$", place.folder)):
        bundle = place.name.rsplit("/", 1)[-1].startswith("index.") and "/" in match[1]
        folder = match[1].rsplit("/", 1)[0] if bundle else match[1]
        section = match[1].split("/", 1)[0]
        pattern = config.by_section.get(section, f"/{folder}/:slug/")
        found.append(address_of(pattern, categories=[], section=section, **parts))
    return [address if address.startswith(("/", "http")) else f"/{address}" for address in found if address]
