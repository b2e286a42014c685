"""WordPress's export (WXR), read as a stream: once to learn what it holds, once for its posts."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from articles.importing.archives import files_beside
from articles.importing.decoding import moment
from articles.importing.posts import (
    DRAFT,
    IN_REVIEW,
    MAX_BODY,
    PUBLISHED,
    SCHEDULED,
    Cover,
    Export,
    ImportRefused,
    Person,
    Post,
    PostRefused,
    Refusal,
    Term,
    attempt,
    one_line,
    slug_of,
    storable,
)
from articles.importing.shortcodes import wordpress_html
from articles.importing.wxr import Source, elements, fields_of, meta_of, path_of, tag_of, text_of

STATES = {"publish": PUBLISHED, "future": SCHEDULED, "draft": DRAFT, "pending": IN_REVIEW, "private": DRAFT}
_SEO_TITLES = ("_yoast_wpseo_title", "rank_math_title", "_aioseo_title", "_aioseop_title", "_seopress_titles_title")
_SEO_DESCRIPTIONS = (
    "_yoast_wpseo_metadesc",
    "rank_math_description",
    "_aioseo_description",
    "_aioseop_description",
    "_seopress_titles_desc",
)


def read_wordpress(path: Path, encoding: str | None = None) -> Export:
    """The posts of a WordPress export. Raises ImportRefused for a file that is none, is broken, or declares entities."""
    files = files_beside(path)
    source = Source(path, files)
    survey = _survey(source)
    left = Counter({f"items of the type “{kind}”": number for kind, number in survey.other.items()})
    left += Counter({"comments": survey.comments, "posts in the bin or never saved": survey.binned})
    return Export(
        "wordpress",
        _posts(source, survey),
        total=survey.posts,
        site=survey.site,
        files=files,
        remarks=survey.remarks,
        left=left,
        redirects=[("/feed/", "/feed.xml")],
        pages=survey.pages(),
    )


@dataclass(slots=True)
class _Survey:
    """What the first reading found."""

    site: str = ""
    posts: int = 0
    comments: int = 0
    binned: int = 0
    other: Counter[str] = field(default_factory=Counter)
    people: dict[str, Person] = field(default_factory=dict)
    pictures: dict[str, tuple[str, str]] = field(default_factory=dict)
    originals: dict[str, str] = field(default_factory=dict)
    reusable: dict[str, str] = field(default_factory=dict)
    categories: dict[str, Term] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    tags: dict[str, Term] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def pages(self) -> list[tuple[str, str, Term | Person]]:
        """WordPress's own pages of categories, tags and authors."""
        pages: list[tuple[str, str, Term | Person]] = []
        pages += [(f"/category/{slug}/", "categories", term) for slug, term in self.categories.items()]
        pages += [(f"/tag/{slug}/", "tags", term) for slug, term in self.tags.items()]
        return pages + [(f"/author/{login}/", "authors", person) for login, person in self.people.items()]


def _survey(source: Source) -> _Survey:
    """Read the whole file once, so that a broken one is known before anything is written."""
    survey = _Survey()
    seen = False
    for element in elements(source):
        name = tag_of(element)
        if name in ("wp:base_blog_url", "link") and not (name == "link" and survey.site):
            survey.site = text_of(element).strip()
        elif name == "wp:author":
            _survey_author(fields_of(element), survey)
        elif name in ("wp:category", "wp:tag", "wp:term"):
            _survey_term(name, fields_of(element), survey)
        elif name == "item":
            _survey_item(element, survey)
        seen = seen or name.startswith("wp:") or name == "item"
    if not seen:
        raise ImportRefused("This XML is no WordPress export: its channel has neither items nor anything of WordPress.")
    return survey


def _survey_author(fields: dict[str, str], survey: _Survey) -> None:
    login = fields.get("wp:author_login", "").strip()
    full = f"{fields.get('wp:author_first_name', '')} {fields.get('wp:author_last_name', '')}"
    name = one_line(fields.get("wp:author_display_name", "")) or one_line(full) or login
    slug = slug_of(name) or slug_of(login)
    if login and slug:
        survey.people[login] = Person(slug, name)


def _survey_term(name: str, fields: dict[str, str], survey: _Survey) -> None:
    kind = fields.get("wp:term_taxonomy", "")
    if name == "wp:category" or kind == "category":
        nicename = fields.get("wp:category_nicename") or fields.get("wp:term_slug") or ""
        label = fields.get("wp:cat_name") or fields.get("wp:term_name") or nicename
        if term := _term(
            nicename, label, fields.get("wp:category_description") or fields.get("wp:term_description") or ""
        ):
            survey.categories[nicename] = term
            survey.numbers[fields.get("wp:term_id", "")] = nicename
    elif name == "wp:tag" or kind == "post_tag":
        nicename = fields.get("wp:tag_slug") or fields.get("wp:term_slug") or ""
        if term := _term(nicename, fields.get("wp:tag_name") or fields.get("wp:term_name") or nicename):
            survey.tags[nicename] = term


def _survey_item(element: Any, survey: _Survey) -> None:
    fields = fields_of(element)
    kind, status = fields.get("wp:post_type", "post").strip(), fields.get("wp:status", "publish").strip()
    identifier = fields.get("wp:post_id", "").strip()
    survey.comments += sum(tag_of(child) == "wp:comment" for child in element)
    if kind == "attachment":
        url = fields.get("wp:attachment_url", "").strip() or fields.get("guid", "").strip()
        survey.pictures[identifier] = url, one_line(meta_of(element).get("_wp_attachment_image_alt", ""))
        survey.originals[path_of(url)] = url
    elif kind == "wp_block":
        survey.reusable[identifier] = fields.get("content:encoded", "")
    elif kind in ("post", "page"):
        wanted = status in STATES
        survey.posts += wanted
        survey.binned += not wanted
    else:
        survey.other[kind[:60]] += 1


def _term(nicename: str, label: str, description: str = "") -> Term | None:
    name = one_line(label)
    slug = slug_of(unquote(nicename)) or slug_of(name)
    return Term(slug, name or slug, one_line(description)) if slug else None


def _posts(source: Source, survey: _Survey) -> Iterator[Post | Refusal]:
    for element in elements(source):
        if tag_of(element) != "item":
            continue
        fields = fields_of(element)
        kind, status = fields.get("wp:post_type", "post").strip(), fields.get("wp:status", "publish").strip()
        if kind not in ("post", "page") or status not in STATES:
            continue
        title = one_line(fields.get("title", ""))
        where = f"line {element.sourceline}" if element.sourceline else f"post {fields.get('wp:post_id', '')}"
        item = _Item(element, fields, survey, where)
        yield attempt(partial(item.post, title, kind, status), where, title)


class _Item:
    """One post or page of the export."""

    def __init__(self, element: Any, fields: dict[str, str], survey: _Survey, where: str) -> None:
        self.element = element
        self.fields = fields
        self.survey = survey
        self.where = where
        self.meta = meta_of(element)

    def post(self, title: str, kind: str, status: str) -> Post:
        fields = self.fields
        body = fields.get("content:encoded", "")
        if len(body) > MAX_BODY:
            raise PostRefused(f"Its text is {len(body) >> 20} MB large; at most {MAX_BODY >> 20} MB are taken.")
        name = unquote(fields.get("wp:post_name", "").strip())
        if not title and not name and not body.strip():
            raise PostRefused("It has neither a title nor a text.")
        identifier = fields.get("wp:post_id", "").strip() or name or title
        host = (urlsplit(self.survey.site).hostname or "") if self.survey.site else ""
        shown = title or name or f"Untitled ({identifier})"
        post = Post(storable(f"{host}#{identifier}"), shown, where=self.where, slug=slug_of(name) or slug_of(shown))
        if not title:
            post.notes.changed["posts without a title got one from their address"] += 1
        post.html = wordpress_html(
            storable(body), post.notes, pictures=self.survey.pictures, reusable=self.survey.reusable
        )
        post.html = self._full_size(post.html)
        post.standfirst = one_line(re.sub(r"<[^>]+>", " ", fields.get("excerpt:encoded", "")))
        post.seo_title, post.seo_description = self._seo(_SEO_TITLES), self._seo(_SEO_DESCRIPTIONS)
        self._set_cover(post)
        self._file(post)
        self._set_state(post, kind, status)
        post.old_urls = self._old_urls()
        post.featured = fields.get("wp:is_sticky", "").strip() == "1"
        return post

    def _full_size(self, html: str) -> str:
        """Pictures that a text shows small, as the files they were made from, where the export names those."""

        def original(match: re.Match[str]) -> str:
            large = re.sub(r"-\d{2,5}x\d{2,5}(?=\.\w+$)", "", path_of(match[2]))
            return match[1] + self.survey.originals.get(large, match[2])

        return re.sub(r"(<img\b[^>]*?\ssrc=[\"'])([^\"']+-\d{2,5}x\d{2,5}\.\w+)", original, html, flags=re.IGNORECASE)

    def _seo(self, names: tuple[str, ...]) -> str:
        """What an SEO plugin kept, unless it is a pattern for the plugin to fill in."""
        value = next((self.meta[name] for name in names if self.meta.get(name)), "")
        return "" if re.search(r"%%?\w+%%?|#\w+_\w+", value) else one_line(value)

    def _set_cover(self, post: Post) -> None:
        found = self.survey.pictures.get(self.meta.get("_thumbnail_id", "").strip())
        if found and found[0]:
            post.cover = Cover(found[0], found[1])
        elif self.meta.get("_thumbnail_id", "").strip("0 "):
            post.notes.left["pictures at the head of a post that the export does not hold"] += 1

    def _file(self, post: Post) -> None:
        """Category (the main one, else the first), tags and author."""
        categories: list[tuple[str, Term]] = []
        tags: list[tuple[str, Term]] = []
        for child in self.element:
            if tag_of(child) != "category":
                continue
            nicename, label, domain = child.get("nicename") or "", text_of(child), child.get("domain") or "category"
            known = (self.survey.categories if domain == "category" else self.survey.tags).get(nicename)
            if domain in ("category", "post_tag", "tag") and (term := known or _term(nicename, label)):
                (categories if domain == "category" else tags).append((nicename, term))
        real = [(nicename, term) for nicename, term in categories if term.slug != "uncategorized"]
        main = self.survey.numbers.get(
            self.meta.get("_yoast_wpseo_primary_category", "") or self.meta.get("rank_math_primary_category", "")
        )
        real.sort(key=lambda pair: pair[0] != main if main else False)
        post.category = real[0][1] if real else None
        post.notes.changed["categories after the first became tags"] += max(len(real) - 1, 0)
        post.notes.changed += Counter()
        post.tags = list(dict.fromkeys([*(term for _, term in real[1:]), *(term for _, term in tags)]))
        login = self.fields.get("dc:creator", "").strip()
        slug = slug_of(login)
        person = self.survey.people.get(login) or (Person(slug, login) if slug else None)
        post.authors = [person] if person else []

    def _set_state(self, post: Post, kind: str, status: str) -> None:
        post.status = STATES[status]
        post.published_at = (
            self._moment("wp:post_date_gmt", "wp:post_date", "pubDate")
            if post.status in (PUBLISHED, SCHEDULED)
            else None
        )
        post.updated_at = self._moment("wp:post_modified_gmt", "wp:post_modified")
        if status == "private":
            post.notes.changed["private posts became drafts"] += 1
        if self.fields.get("wp:post_password", "").strip() and post.status != DRAFT:
            post.status = DRAFT
            post.notes.changed["posts behind a password became drafts"] += 1
        if kind == "page" and post.status != DRAFT:
            post.status = DRAFT
            post.notes.changed[
                "pages became drafts: here a page is an article, and whether it should be in the blog is yours to say"
            ] += 1

    def _moment(self, *names: str) -> datetime | None:
        for name in names:
            if (found := moment(self.fields.get(name), "date")) is not None:
                return found
        return None

    def _old_urls(self) -> list[str]:
        link = self.fields.get("link", "").strip()
        old = [unquote(link)] if link and "?" not in link else []
        path = path_of(link)
        folder = path.rstrip("/").rsplit("/", 1)[0]
        slugs = [
            text_of(child.find("{*}meta_value"))
            for child in self.element
            if tag_of(child) == "wp:postmeta" and (child.findtext("{*}meta_key") or "").strip() == "_wp_old_slug"
        ]
        return old + [f"{folder}/{unquote(slug.strip())}/" for slug in slugs if slug.strip() and old]
