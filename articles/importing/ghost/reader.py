"""The reader of Ghost's JSON exports, also zipped with their images, and of dumps of its API."""

import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from html import escape, unescape
from pathlib import Path
from typing import Any

from django.urls import reverse

from articles.importing.archives import ZipFiles, files_beside
from articles.importing.decoding import decode
from articles.importing.ghost.lexical_mobiledoc import lexical_html, mobiledoc_html
from articles.importing.markdown.render import markdown_html
from articles.importing.posts import (
    DRAFT,
    MAX_BODY,
    PUBLISHED,
    SCHEDULED,
    ConversionNotes,
    Cover,
    Export,
    ImportRefused,
    Person,
    Post,
    PostRefused,
    Refusal,
    SubscriberFile,
    Term,
    attempt,
    name_of,
    term,
)
from articles.importing.values import moment_or_none, truth
from core.lib.slugs import slug_of
from core.lib.text import one_line, storable

Row = dict[str, Any]
PLACEHOLDER = "__GHOST_URL__"
_PROFILES = {
    "website": "",
    "twitter": "https://x.com/",
    "facebook": "https://www.facebook.com/",
    "linkedin": "https://www.linkedin.com/in/",
    "bluesky": "https://bsky.app/profile/",
    "threads": "https://www.threads.net/@",
    "instagram": "https://www.instagram.com/",
    "youtube": "https://www.youtube.com/@",
    "tiktok": "https://www.tiktok.com/@",
    "mastodon": "https://",
}
_TEXTS = ("html", "lexical", "mobiledoc", "markdown", "plaintext")
_LABELS = {"twitter": "X", "youtube": "YouTube", "tiktok": "TikTok", "linkedin": "LinkedIn"}


def read_ghost(path: Path, encoding: str | None = None) -> Export:
    """The posts of a Ghost export. Raises ImportRefused if the file is not one."""
    files = files_beside(path)
    data = _json_of(files) if isinstance(files, ZipFiles) else path.read_bytes()
    text, _ = decode(data, encoding)
    ghost = _Ghost(_tables(text))
    export = Export(
        "ghost",
        ghost.posts(),
        total=len(ghost.rows("posts")),
        files=files,
        lost=ghost.lost(),
        redirects=[("/rss/", reverse("articles:feed", args=["xml"]))],
        archive_pages=ghost.archive_pages(),
        site=ghost.site,
        remarks=ghost.remarks,
    )
    if members := ghost.members():
        export.subscribers.append(SubscriberFile("members.csv", lambda: members, is_file=False))
    # The address given with --site is set later, and takes precedence over the export's.
    ghost.address = lambda: export.site.rstrip("/")
    return export


def _json_of(files: ZipFiles) -> bytes:
    """The JSON file in a zip that contains posts."""
    for name in sorted(
        (name for name in files.names() if name.lower().endswith(".json")), key=lambda name: name.count("/")
    ):
        content = files.read(name) or b""
        if b'"posts"' in content:
            return content
    raise ImportRefused("The zip contains no Ghost export: none of its JSON files has posts.")


def _tables(text: str) -> Row:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        at_end = error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg
        cut = " It looks cut off; export it again." if at_end else ""
        raise ImportRefused(
            f"Line {error.lineno}: the JSON is broken ({error.msg}). Nothing was imported.{cut}"
        ) from None
    except RecursionError:
        raise ImportRefused("The JSON is nested too deeply to be an export.") from None
    wrapped = isinstance(data, dict) and bool(data.get("db") or data.get("data"))
    if isinstance(data, dict) and isinstance(data.get("db"), list) and data["db"]:
        data = data["db"][0]
    if isinstance(data, dict) and isinstance(data.get("data"), dict):
        data = data["data"]
    if isinstance(data, list):
        data = {"posts": data}
    posts = data.get("posts") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(posts, list):
        raise ImportRefused("This JSON is not a Ghost export: it has no list of posts.")
    rows = [row for row in posts if isinstance(row, dict)]
    if posts and not wrapped and not any(row.keys() & set(_TEXTS) for row in rows):
        names = ", ".join(sorted({str(key) for row in rows[:5] for key in row})[:12])
        raise ImportRefused(
            f"This JSON is not a Ghost export: none of its posts has a text as Ghost keeps it ({', '.join(_TEXTS)})."
            + (f" They have {names}." if names else "")
        )
    return data


class _Ghost:
    """The tables of one export."""

    def __init__(self, tables: Row) -> None:
        self.tables = tables
        self.settings = {str(row.get("key")): row.get("value") for row in self.rows("settings")}
        self.permalinks = str(self.settings.get("permalinks") or "/:slug/")
        self.site = str(self.settings.get("url") or "")
        self.address = lambda: self.site.rstrip("/")
        self.remarks = list(self._of_the_site())
        self.meta = {_key(row.get("post_id")): row for row in self.rows("posts_meta")}
        self.tags = {_key(row.get("id")): row for row in self.rows("tags")}
        self.users = {_key(row.get("id")): row for row in self.rows("users")}
        self.of_post = {
            name: self._joined(table, key)
            for name, table, key in (("tags", "posts_tags", "tag_id"), ("users", "posts_authors", "author_id"))
        }

    def rows(self, table: str) -> list[Row]:
        found = self.tables.get(table)
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []

    def _joined(self, table: str, key: str) -> dict[Any, list[Any]]:
        ordered = sorted(self.rows(table), key=lambda row: _number(row.get("sort_order")))
        joined: dict[Any, list[Any]] = defaultdict(list)
        for row in ordered:
            joined[_key(row.get("post_id"))].append(_key(row.get(key)))
        return joined

    def members(self) -> bytes:
        """Its members as the CSV file that Ghost makes of them; who is not said to get mails gets none."""
        on = {_key(row.get("member_id")) for row in self.rows("members_newsletters")}
        file = io.StringIO()
        out = csv.writer(file)
        rows = [row for row in self.rows("members") if row.get("email")]
        for row in rows:
            gets_mails = row["subscribed"] if "subscribed" in row else _key(row.get("id")) in on
            gets_mails = truth(gets_mails) and not truth(row.get("email_disabled"))
            name, since = one_line(str(row.get("name") or "")), str(row.get("created_at") or "")
            out.writerow([row["email"], name, "true" if gets_mails else "false", since])
        head = "email,name,subscribed_to_emails,created_at\r\n"
        return (head + file.getvalue()).encode() if rows else b""

    def lost(self) -> Counter[str]:
        """What the export contains besides posts and cannot be imported."""
        names = {
            "comments": "comments",
            "newsletters": "newsletters",
            "offers": "offers",
            "products": "tiers",
            "snippets": "snippets",
        }
        lost = Counter({label: len(self.rows(table)) for table, label in names.items()})
        for key in ("codeinjection_head", "codeinjection_foot", "ghost_head", "ghost_foot"):
            lost["code injected into the whole site"] += bool(self.settings.get(key))
        return +lost

    def _of_the_site(self) -> Iterator[str]:
        """The old site's name and navigation, for the report: an import does not change the profile of this site."""
        name, about = (one_line(str(self.settings.get(key) or "")) for key in ("title", "description"))
        if name or about:
            yield f"The old site was called “{name}”{f', “{about}”' if about else ''}. The profile of this site was not changed."
        for key, what in (("navigation", "navigation"), ("secondary_navigation", "second navigation")):
            try:
                entries = json.loads(str(self.settings.get(key) or "[]"))
                links = [f"{one_line(str(entry['label']))} ({one_line(str(entry['url']))})" for entry in entries]
            except (ValueError, TypeError, LookupError, RecursionError):
                continue
            if links:
                yield f"Its {what}, which you can set up again in the site profile: {', '.join(links)[:600]}."

    def archive_pages(self) -> list[tuple[str, str, Term | Person]]:
        """Ghost's own pages of tags and authors."""
        terms = [(f"/tag/{tag.get('slug')}/", "tags", _term(tag)) for tag in self.tags.values() if not _internal(tag)]
        people = [(f"/author/{user.get('slug')}/", "authors", _person(user)) for user in self.users.values()]
        return [(path, kind, item) for path, kind, item in [*terms, *people] if item]

    def posts(self) -> Iterator[Post | Refusal]:
        for number, row in enumerate(self.rows("posts"), 1):
            title = one_line(str(row.get("title") or ""))
            where = f"post {number}" + (f" (/{row['slug']}/)" if row.get("slug") else "")
            yield attempt(partial(self._post, row, title, where), where, title)

    def _post(self, row: Row, title: str, where: str) -> Post:
        slug = str(row.get("slug") or "")
        if not title and not slug and not any(row.get(key) for key in _TEXTS):
            raise PostRefused("It has no title, no slug and no text.")
        meta = {
            **row,
            **{
                key: value
                for key, value in self.meta.get(_key(row.get("id")), {}).items()
                if value is not None and key != "id"
            },
        }
        post = Post(
            storable(str(row.get("uuid") or row.get("id") or slug or slug_of(title) or where)),
            title or name_of(slug) or "Untitled",
            where=where,
            slug=slug_of(slug or title or "untitled"),
        )
        if not title:
            post.notes.changed["posts without a title got one from their address"] += 1
        post.html = self._html(row, post.notes)
        post.standfirst = one_line(str(row.get("custom_excerpt") or ""))
        post.seo_title, post.seo_description = (
            one_line(str(meta.get("meta_title") or "")),
            one_line(str(meta.get("meta_description") or "")),
        )
        if address := row.get("feature_image") or row.get("image"):
            caption = str(meta.get("feature_image_caption") or "")
            post.notes.lost["links in captions at the head (their words are kept)"] += len(re.findall(r"<a\b", caption))
            caption = unescape(re.sub(r"<[^>]+>", "", caption))
            post.cover = Cover(str(address), one_line(str(meta.get("feature_image_alt") or "")), one_line(caption))
        self._file(row, post)
        self._set_state(row, post)
        if slug:
            post.old_urls = [self._old_url(slug, post)]
        post.featured = truth(row.get("featured"))
        for name, what in (
            ("codeinjection_head", "code injected into a post"),
            ("codeinjection_foot", "code injected into a post"),
            ("canonical_url", "canonical addresses elsewhere"),
            ("custom_template", "templates of a theme for one post"),
            ("og_image", "pictures for social networks (the one at the head is used)"),
            ("twitter_image", "pictures for social networks (the one at the head is used)"),
            ("og_title", "titles and descriptions for social networks"),
            ("og_description", "titles and descriptions for social networks"),
            ("twitter_title", "titles and descriptions for social networks"),
            ("twitter_description", "titles and descriptions for social networks"),
            ("email_subject", "subjects of mails"),
            ("tiers", "tiers that may read a post"),
        ):
            post.notes.lost[what] += 1 if row.get(name) or meta.get(name) else 0
        post.notes.lost += Counter()
        return post

    def _html(self, row: Row, notes: ConversionNotes) -> str:
        """The HTML that Ghost rendered, or else would render."""
        if any(len(str(row.get(name) or "")) > MAX_BODY for name in _TEXTS):
            raise PostRefused(f"Its text is larger than {MAX_BODY >> 20} MB.")
        html = str(row.get("html") or "")
        if not html and row.get("lexical"):
            html = lexical_html(row["lexical"], notes)
        if not html and row.get("mobiledoc"):
            html = mobiledoc_html(row["mobiledoc"], notes)
        if not html and row.get("markdown"):
            html = markdown_html(str(row["markdown"]))
        if not html and row.get("plaintext"):
            html = "".join(f"<p>{escape(line, quote=False)}</p>" for line in str(row["plaintext"]).split("\n\n"))
        # The placeholder stands for the old site in links, and for the export's files in the addresses of pictures.
        html = re.sub(rf"{PLACEHOLDER}(?=/content/(?:media|files)/)", self.address(), html)
        return re.sub(rf"(<a\b[^>]*\bhref=[\"']){PLACEHOLDER}/?(?!content/images)", r"\1/", html)

    def _file(self, row: Row, post: Post) -> None:
        """Set the tags, the category (the first tag) and the authors."""
        tags = [
            self.tags[key] for key in self.of_post["tags"].get(_key(row.get("id")), []) if key in self.tags
        ] or _named(row.get("tags"))
        public = [tag for tag in tags if not _internal(tag)]
        post.notes.lost["internal tags (#…)"] += len(tags) - len(public)
        post.tags = list(dict.fromkeys(found for tag in public if (found := _term(tag))))
        post.category = post.tags[0] if post.tags else None
        if post.category:
            post.notes.changed["the first tag of a post became its category as well"] += 1
        users = [self.users[key] for key in self.of_post["users"].get(_key(row.get("id")), []) if key in self.users]
        users = (
            users
            or _named(row.get("authors"))
            or [self.users[key] for key in (_key(row.get("author_id")),) if key in self.users]
        )
        post.authors = list(dict.fromkeys(who for user in users if (who := _person(user))))

    def _set_state(self, row: Row, post: Post) -> None:
        status, notes = str(row.get("status") or "draft"), post.notes
        post.published_at = moment_or_none(row.get("published_at"), notes, "date of publication")
        post.updated_at = moment_or_none(row.get("updated_at"), notes, "date of the last change")
        post.status = {"published": PUBLISHED, "scheduled": SCHEDULED}.get(status, DRAFT)
        if post.status != DRAFT and not post.published_at:
            post.published_at = moment_or_none(row.get("created_at"), notes) or post.updated_at
        if post.status != DRAFT and not post.published_at:
            post.status = DRAFT
            notes.changed["posts without a date became drafts"] += 1
        page = row.get("type") == "page" or truth(row.get("page"))
        visibility = str(row.get("visibility") or "public")
        if status == "sent":
            notes.changed["posts that were only mailed became drafts"] += 1
        if post.status == DRAFT:
            return
        if page:
            post.status = DRAFT
            notes.changed["pages became drafts, for you to decide whether they belong among the articles"] += 1
        elif visibility != "public":
            post.status = DRAFT
            notes.changed["posts for members only became drafts, because everyone can read what is published here"] += 1

    def _old_url(self, slug: str, post: Post) -> str:
        when = post.published_at
        parts = {
            ":slug": slug,
            ":id": "",
            ":author": post.authors[0].slug if post.authors else "",
            ":primary_tag": post.tags[0].slug if post.tags else "all",
        }
        parts |= {":year": f"{when:%Y}", ":month": f"{when:%m}", ":day": f"{when:%d}"} if when else {}
        return re.sub(r":\w+", lambda match: parts.get(match[0], ""), self.permalinks)


def _internal(tag: Row) -> bool:
    return tag.get("visibility") == "internal" or str(tag.get("name") or "").startswith("#")


def _term(tag: Row) -> Term | None:
    name = one_line(str(tag.get("name") or ""))
    slug = slug_of(str(tag.get("slug") or "")) or slug_of(name)
    return Term(slug, name or slug, one_line(str(tag.get("description") or ""))) if slug else None


def _person(user: Row) -> Person | None:
    name = one_line(str(user.get("name") or ""))
    slug = slug_of(str(user.get("slug") or "")) or slug_of(name)
    links = []
    for key, base in _PROFILES.items():
        value = str(user.get(key) or "").strip()
        if value:
            address = value if value.startswith("http") else base + value.lstrip("@/")
            links.append((_LABELS.get(key, key.capitalize()), address))
    picture = str(user.get("profile_image") or user.get("image") or "")
    if "gravatar.com" in picture:
        picture = ""
    bio = one_line(str(user.get("bio") or ""))
    return (
        Person(
            slug, name or slug, bio=bio and f"<p>{escape(bio, quote=False)}</p>", picture=picture, links=tuple(links)
        )
        if slug
        else None
    )


def _named(values: Any) -> list[Row]:
    """Tags or authors listed in the post itself, as objects or bare names."""
    if not isinstance(values, list):
        return []
    found = [
        value if isinstance(value, dict) else {"name": value, "slug": (term(str(value)) or Term("", "")).slug}
        for value in values
    ]
    return [row for row in found if row.get("name") or row.get("slug")]


def _key(value: Any) -> str:
    """An id as text; old exports have numbers."""
    return str(value) if isinstance(value, str | int) else ""


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
