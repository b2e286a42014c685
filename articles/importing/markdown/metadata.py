"""The fields of a post that its front matter and its path give: title, summary, cover, bylines, dates, old addresses."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any
from urllib.parse import unquote

from articles.importing.markdown.frontmatter import Head
from articles.importing.markdown.render import markdown_html
from articles.importing.markdown.site_config import SiteConfig, address_of
from articles.importing.posts import (
    ARCHIVED,
    DRAFT,
    PUBLISHED,
    Cover,
    Person,
    Post,
    Term,
    name_of,
    person,
    term,
)
from articles.importing.values import moment_or_none, truth
from core.lib.slugs import slug_of
from core.lib.text import one_line

_ROLE = re.compile(
    r"\b(?:directors?|engineers?|developer|manager|officer|president|founder|editor|professor|analyst|writer|reporter|correspondent"
    r"|researcher|scientist|designer|architect|consultant|counsel|c[efto]o|ph\.?d|head of|partner|contributor|columnist"
    r"|journalist|economist|strategist|advis[eo]r|attorney|lawyer)\b",
    re.IGNORECASE,
)
_DATED = re.compile(r"^(\d{4}-\d{1,2}-\d{1,2})[-_ ](.+)$")
_PUBLISHED = (
    "date",
    "publishdate",
    "pubdate",
    "publishedat",
    "datepublished",
    "publishedon",
    "posted",
    "created",
    "createdat",
)
_EMBARGO = ("publishdate", "pubdate", "publishon", "publishat", "scheduled", "embargo", "embargountil", "releasedate")
_EXPIRES = (
    "expirydate",
    "expires",
    "expire",
    "expirationdate",
    "unpublishdate",
    "unpublishon",
    "unpublishat",
    "enddate",
)
_CHANGED = ("lastmod", "updated", "updateddate", "modified", "lastmodifiedat", "updatedat", "datemodified", "lastupdated", "lastmodified", "modifieddate", "lastupdate")  # fmt: skip
_MEANT = {
    *_PUBLISHED, *_EMBARGO, *_EXPIRES, *_CHANGED,
    "title", "slug", "published", "draft", "status", "unlisted", "categories", "category", "section", "tags", "tag", "keywords", "author", "authors",
    "description", "summary", "excerpt", "standfirst", "subtitle", "deck", "seo", "seotitle", "metatitle", "seodescription", "metadescription", "image",
    "cover", "coverimage", "featuredimage", "featureimage", "thumbnail", "hero", "heroimage", "banner", "images", "header", "imagealt", "coveralt",
    "featured", "pinned", "aliases", "redirectfrom", "permalink", "url", "layout", "type", "id", "uuid", "lang", "language", "locale",
}  # fmt: skip


def _plain_keys(head: Head) -> Head:
    """The values by their names without the hyphens and underscores that every system sets differently."""
    plain: Head = {}
    for key, value in head.items():
        plain.setdefault(re.sub(r"[-_ ]", "", key), value)
    return plain


@dataclass(frozen=True, slots=True)
class PostPath:
    """The path of a file and what it implies: slug, date, whether it is a draft."""

    name: str
    folder: str
    slug: str
    stem: str
    date: str
    draft: bool
    jekyll: bool

    @classmethod
    def of(cls, name: str) -> "PostPath":
        folder, _, file = name.rpartition("/")
        stem = file.rsplit(".", 1)[0]
        if stem.lower() in ("index", "post") and folder:
            stem = folder.rsplit("/", 1)[-1]
        dated = _DATED.match(stem)
        date, stem = (dated[1], dated[2]) if dated else ("", stem)
        folders = f"/{folder.lower()}/"
        return cls(name, folder, slug_of(stem), stem, date, "/_drafts/" in folders, "/_posts/" in folders)


def title_and_text(head: Head, body: str, path: PostPath) -> tuple[str, str]:
    """The title, and the text without a heading that only repeats it."""
    title = one_line(str(head.get("title") or ""))
    heading = re.match(r"\s*#[ \t]+(.+?)[ \t]*#*[ \t]*\n|\s*(.+)\n=+[ \t]*\n", body + "\n")
    said = re.sub(r"[*_`]", "", heading[1] or heading[2] or "") if heading else ""
    if heading and (not title or said.strip().casefold() == title.casefold()):
        title, body = title or one_line(said), body[heading.end() :]
    return title or name_of(path.slug) or "Untitled", body


def slug_from(head: Head, path: PostPath) -> str:
    given = unquote(str(head.get("slug") or "")).strip("/") or unquote(
        str(head.get("permalink") or head.get("url") or "")
    ).strip("/")
    if ":" in given or "{" in given or given.startswith("http"):
        given = ""
    return slug_of(given.rsplit("/", 1)[-1].removesuffix(".html")) or path.slug


def _first(head: Head, *names: str) -> str:
    return next(
        (
            one_line(str(value))
            for name in names
            if isinstance(value := head.get(name), str | int | float) and str(value).strip()
        ),
        "",
    )


def read_metadata(
    post: Post,
    head: Head,
    path: PostPath,
    *,
    authors: Mapping[str, Person],
    config: SiteConfig,
    located: Callable[[str], str],
) -> None:
    """Fill in a post. `authors` are those the site describes, `located` finds a picture among its files."""
    told = head
    head = _plain_keys(head)
    _read_lines(post, head)
    _read_cover(post, head, located)
    _read_taxonomy(post, head, authors, split_words=path.jekyll)
    _read_times(post, head, path)
    post.old_urls = _old_urls(head, post, path, config)
    post.featured = truth(head.get("featured") or head.get("pinned"))
    for key, value in told.items():
        if re.sub(r"[-_ ]", "", key) not in _MEANT and value not in (None, "", [], False):
            post.notes.lost[f"front matter “{key[:40]}”"] += 1


def _read_lines(post: Post, head: Head) -> None:
    description = _first(head, "description")
    post.standfirst = _first(head, "standfirst", "summary", "excerpt", "subtitle", "deck") or description
    seo = head.get("seo")
    seo = _plain_keys({str(key).lower(): value for key, value in seo.items()}) if isinstance(seo, dict) else {}
    post.seo_title = _first(seo, "title", "metatitle") or _first(head, "seotitle", "metatitle")
    post.seo_description = _first(seo, "description") or _first(head, "seodescription", "metadescription")
    if found := re.fullmatch(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?", _first(head, "lang", "language", "locale")):
        post.language = found[0].replace("_", "-")
    if description and description != post.standfirst:
        post.seo_description = post.seo_description or description


def _read_cover(post: Post, head: Head, located: Callable[[str], str]) -> None:
    names = (
        "cover",
        "image",
        "coverimage",
        "featuredimage",
        "featureimage",
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
            alt = values.get("alt") or _first(head, "imagealt", "coveralt")
            post.cover = Cover(
                located(re.sub(r"^!?\[\[|\]\]$", "", source.strip())),
                one_line(alt),
                one_line(values.get("caption", "")),
            )
            return


def _read_taxonomy(post: Post, head: Head, described: Mapping[str, Person], *, split_words: bool) -> None:
    """Category, tags and authors. Jekyll separates the categories in a line of text by spaces."""
    post.categories = _terms(head.get("categories") or head.get("category") or head.get("section"), split_words)
    tags = _terms(head.get("tags") or head.get("tag") or head.get("keywords"), split_words)
    post.category = post.categories[0] if post.categories else None
    post.tags = list(dict.fromkeys([*post.categories[1:], *tags]))
    if post.categories[1:]:
        post.notes.changed["categories after the first became tags"] += len(post.categories) - 1
    value = head.get("authors") or head.get("author")
    if isinstance(value, str):
        named = [(described.get(name.lower()) or author_from(name), role) for name, role in _byline(value, described)]
        found = [replace(author, role=author.role or role) if author and role else author for author, role in named]
        for role in filter(None, dict.fromkeys(role for _, role in named)):
            post.notes.changed[f"“{role[:100]}” in a byline was taken for what its author is, not for an author"] += 1
    else:
        entries = value if isinstance(value, list) else [value]
        found = [described.get(str(entry).lower()) or author_from(entry) for entry in entries if entry]
    post.authors = list(dict.fromkeys(filter(None, found)))


def _byline(text: str, described: Mapping[str, Person]) -> list[tuple[str, str]]:
    """The names in a line of text, and what is said of each behind its comma: “Ann Alder, Editor, The Paper and Bo Berg”.

    What names a profession is a role, and so is what follows it, unless the site describes such an author, or a role of
    its own follows. All else is a name: an author too many is seen, one who is missing is not.
    """
    people = {*described, *(who.name.lower() for who in described.values())}
    found: list[tuple[str, str]] = []
    for group in re.split(r"\s*,?\s+and\s+|\s*&\s*", text):
        name, *others = re.split(r"\s*,\s*", group.strip(" ,"))
        roles: list[str] = []
        for part, after in zip_longest(others, others[1:], fillvalue=""):
            is_role = _ROLE.search(part)
            is_person = part.lower() in people or (not is_role and _ROLE.search(after))
            if (is_role or roles) and not is_person:
                roles.append(part)
            else:
                found.append((name, ", ".join(roles)))
                name, roles = part, []
        found.append((name, ", ".join(roles)))
    return [(name, role) for name, role in found if name]


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


def author_from(entry: Any) -> Person | None:
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


def _read_times(post: Post, head: Head, path: PostPath) -> None:
    notes = post.notes
    shown = head.get("published")
    dated = shown if not isinstance(shown, bool) and str(shown).lower() not in ("", "none", "true", "false") else None
    dates = [dated, *(head.get(name) for name in _PUBLISHED)]
    given = next(filter(None, (moment_or_none(date, notes) for date in dates)), None)
    post.published_at = given or moment_or_none(path.date, notes)
    # Of several dates the last holds: what has a date of its own for being published was not shown before it.
    for name in _EMBARGO:
        later = moment_or_none(head.get(name), notes)
        if later and later > datetime.now(UTC) and later > (post.published_at or later.replace(year=1900)):
            post.published_at = later
    changes = (moment_or_none(head.get(name), notes, "date of the last change") for name in _CHANGED)
    post.updated_at = next(filter(None, changes), None)
    ends = (moment_or_none(head.get(name), notes, "date of expiry") for name in _EXPIRES)
    post.ends_at = next(filter(None, ends), None)
    post.status = _state(post, head, path, published=shown if dated is None else None)


def _state(post: Post, head: Head, path: PostPath, *, published: Any) -> str:
    status = str(head.get("status") or "").strip().lower()
    page = str(head.get("layout") or head.get("type") or "").lower() == "page"
    hidden = (
        truth(head.get("draft"))
        or path.draft
        or (published is not None and not truth(published))
        or status in ("draft", "private", "pending", "idea", "todo")
    )
    if not hidden and (status == "archived" or (post.ends_at and post.ends_at < datetime.now(UTC))):
        return ARCHIVED
    if not hidden and truth(head.get("unlisted")):
        post.notes.changed["posts that no list showed became drafts"] += 1
    elif not hidden and page:
        post.notes.changed["pages became drafts, for you to decide whether they belong among the articles"] += 1
    elif not hidden and post.published_at:
        return PUBLISHED
    elif not hidden:
        post.notes.changed["posts without a date became drafts"] += 1
    if post.ends_at and post.ends_at > datetime.now(UTC):
        post.notes.lost["ends of posts that are drafts here"] += 1
    return DRAFT


def _old_urls(head: Head, post: Post, path: PostPath, config: SiteConfig) -> list[str]:
    """The old addresses of a post, from its front matter or as Jekyll or Hugo would make them."""
    found: list[str] = []
    for key in ("aliases", "redirectfrom", "permalink", "url"):
        value = head.get(key)
        found += [
            str(entry)
            for entry in (value if isinstance(value, list) else [value])
            if entry and "/" in str(entry) and not re.search(r"[{}]|(?<!http)(?<!https):", str(entry))
        ]
    given = _first(head, "permalink", "url")
    parts: dict[str, Any] = {"slug": post.slug, "stem": path.stem, "when": post.published_at}
    if not given and path.jekyll:
        categories = [slug_of(term.name) for term in post.categories]
        found.append(config.base + address_of(config.permalink, categories=categories, **parts))
    elif not given and (match := re.search(r"(?:^|/)content/(.+?)/?$", path.folder)):
        bundle = path.name.rsplit("/", 1)[-1].startswith("index.") and "/" in match[1]
        folder = match[1].rsplit("/", 1)[0] if bundle else match[1]
        section = match[1].split("/", 1)[0]
        pattern = config.by_section.get(section, f"/{folder}/:slug/")
        found.append(address_of(pattern, categories=[], section=section, **parts))
    return [address if address.startswith(("/", "http")) else f"/{address}" for address in found if address]
