"""The reader of WordPress's exports (WXR): a first pass takes the inventory, a second reads the posts."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.urls import reverse

from articles.importing.archives import files_beside
from articles.importing.html.embeds import web_url
from articles.importing.posts import (
    DRAFT,
    IN_REVIEW,
    MAX_BODY,
    PUBLISHED,
    SCHEDULED,
    ConversionNotes,
    Cover,
    Export,
    Person,
    Post,
    PostRefused,
    Refusal,
    Term,
    attempt,
    name_of,
)
from articles.importing.values import moment_or_none
from articles.importing.wordpress.body import wordpress_html
from articles.importing.wordpress.inventory import (
    BINNED,
    UNCATEGORIZED,
    Inventory,
    host_of,
    person_of,
    take_inventory,
    term_of,
)
from articles.importing.wordpress.wxr import (
    Source,
    elements,
    fields_of,
    inner_text,
    meta_of,
    path_of,
    plain,
    tag_of,
)
from core.lib.slugs import slug_of
from core.lib.text import storable

STATES = {"publish": PUBLISHED, "future": SCHEDULED, "draft": DRAFT, "pending": IN_REVIEW, "private": DRAFT}
_SEO_TITLES = ("_yoast_wpseo_title", "rank_math_title", "_aioseo_title", "_aioseop_title", "_seopress_titles_title")
_SEO_DESCRIPTIONS = (
    "_yoast_wpseo_metadesc",
    "rank_math_description",
    "_aioseo_description",
    "_aioseop_description",
    "_seopress_titles_desc",
    "_genesis_description",
)
_PRIMARY = ("_yoast_wpseo_primary_category", "rank_math_primary_category", "_primary_term_category")
_SOCIAL = ("_yoast_wpseo_opengraph-title", "rank_math_facebook_title", "_aioseo_og_title", "_seopress_social_fb_title")
_CANONICAL = (
    "_yoast_wpseo_canonical",
    "rank_math_canonical_url",
    "_aioseo_canonical_url",
    "_seopress_robots_canonical",
)
_UNUSED = ("_yoast_wpseo_opengraph-description", "_yoast_wpseo_twitter-title", "_yoast_wpseo_twitter-description")
# Custom fields that are imported elsewhere, and those that plugins keep for themselves.
_OWN_FIELDS = re.compile(
    r"_|(?:footnotes|enclosure|rank_math|amp_|jetpack|publicize|sharing_|sfsi|ssb_|post_views|views$|total_sales|dsq_|"
    r"classic-editor|advanced_seo|spay_|wpcom|timeline_|reddit|email_notification|inline_featured|om_disable|panels_data|"
    r"slide_template|site-|ast-|theme-|astra|ekit|eltdf|qode|td_|newscatcher|wp_last|hefo|cybocfi|ampforwp|saswp)",
    re.IGNORECASE,
)
_PAGES_BECAME = "pages became drafts, for you to decide whether they belong among the articles"


def read_wordpress(path: Path, encoding: str | None = None) -> Export:
    """The posts of a WordPress export. Raises ImportRefused if it is not one, is broken, or declares entities."""
    files = files_beside(path)
    source = Source(path, files, encoding)
    found = take_inventory(source)
    lost = found.lost()
    return Export(
        "wordpress",
        _posts(source, found, lost),
        total=found.posts,
        site=found.site,
        files=files,
        remarks=found.remarks,
        lost=lost,
        redirects=[("/feed/", reverse("articles:feed", args=["xml"]))],
        archive_pages=found.archive_pages(),
    )


def _posts(source: Source, found: Inventory, lost: Counter[str]) -> Iterator[Post | Refusal]:
    """The posts in order. Once all were read, files that no post shows are counted in `lost`."""
    for name, element in elements(source):
        if tag_of(element) != "item":
            continue
        if not len(element):
            lost["items with nothing in them"] += 1
            continue
        fields = fields_of(element)
        kind, status = fields.get("wp:post_type", "post").strip(), fields.get("wp:status", "publish").strip()
        if kind not in ("post", "page") or status in BINNED:
            continue
        title = plain(fields.get("title", ""))
        where = f"line {element.sourceline}" if element.sourceline else f"post {fields.get('wp:post_id', '')}"
        where = f"{name} {where}".strip()
        item = _Item(element, fields, found, where)
        yield attempt(partial(item.post, title, kind, status), where, title)
    if unseen := len(found.originals.keys() - found.shown):
        lost["files of the media library that no post shows"] = unseen


_NOTE_NUMBER = re.compile(r"""<sup\b[^>]*\sdata-fn=["']([^"']+)["'][^>]*>.*?</sup>""", re.DOTALL)


class _Item:
    """One post or page of the export."""

    def __init__(self, element: Any, fields: dict[str, str], found: Inventory, where: str) -> None:
        self.element = element
        self.fields = fields
        self.found = found
        self.where = where
        self.meta = meta_of(element)

    def post(self, title: str, kind: str, status: str) -> Post:
        fields = self.fields
        body = fields.get("content:encoded") or fields.get("description", "")
        if len(body) > MAX_BODY:
            raise PostRefused(f"Its text is {len(body) >> 20} MB large; at most {MAX_BODY >> 20} MB are imported.")
        name = re.sub(r"\.html?$", "", unquote(fields.get("wp:post_name", "").strip())).strip("/").rsplit("/", 1)[-1]
        if not title and not name and not body.strip():
            raise PostRefused("It has neither a title nor a text.")
        identifier = fields.get("wp:post_id", "").strip() or name or title
        shown = title or name_of(name) or f"Untitled ({identifier})"
        source_id = storable(f"{host_of(self.found.site)}#{identifier}")
        post = Post(source_id, shown, where=self.where, slug=slug_of(name) or slug_of(shown))
        if not title:
            post.notes.changed["posts without a title got one from their address"] += 1
        post.html = self._html(body, identifier, post)
        post.standfirst = plain(fields.get("excerpt:encoded", ""))
        post.seo_title, post.seo_description = self._seo(_SEO_TITLES, post), self._seo(_SEO_DESCRIPTIONS, post)
        self._set_seo(post)
        self._set_cover(post)
        self._file(post)
        self._set_state(post, kind, status)
        post.old_urls = self._old_urls(identifier, kind)
        post.featured = fields.get("wp:is_sticky", "").strip() == "1"
        self._report_fields(post)
        return post

    def _html(self, body: str, identifier: str, post: Post) -> str:
        html = wordpress_html(
            storable(body),
            post.notes,
            pictures=self.found.pictures,
            reusable=self.found.reusable,
            attached=self.found.attached_to(identifier),
        )
        html = self._with_footnotes(self._full_size(html), post)
        self.found.shown.update(path_of(address) for address in re.findall(r"(?:src|href)=[\"']([^\"']+)", html))
        return html

    def _full_size(self, html: str) -> str:
        """Replace scaled-down pictures by the originals, where those are known."""

        def original(match: re.Match[str]) -> str:
            address = re.sub(
                r"(https?://(?:i\d\.wp\.com|[\w-]+\.files\.wordpress\.com)/[^?\"']*)\?[^\"']*", r"\1", match[2]
            )
            large = re.sub(r"-\d{2,5}x\d{2,5}(?=\.\w+$)", "", path_of(address))
            return match[1] + (self.found.originals.get(large, address) if large != path_of(address) else address)

        return re.sub(r"(<img\b[^>]*?\ssrc=[\"'])([^\"']+\.\w+(?:\?[^\"']*)?)", original, html, flags=re.IGNORECASE)

    def _with_footnotes(self, html: str, post: Post) -> str:
        """The text with WordPress's own footnotes, which are stored separately from it, where their numbers stand."""
        try:
            stored = json.loads(self.meta.get("footnotes") or "[]")
            texts = {str(note.get("id") or number): str(note["content"]) for number, note in enumerate(stored)}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            post.notes.lost["footnotes that cannot be read"] += 1
            return html
        placed = Counter[str]()

        def note(match: re.Match[str]) -> str:
            if match[1] not in texts:
                return match[0]
            placed[match[1]] += 1
            return f'<small data-footnote="">{texts[match[1]]}</small>'

        html = _NOTE_NUMBER.sub(note, html)
        if placed:
            post.notes.changed["footnotes that became footnotes here"] += len(placed)
        rest = "".join(f"<li>{text}</li>" for name, text in texts.items() if name not in placed)
        return f"{html}<hr><ol>{rest}</ol>" if rest else html

    def _seo(self, names: tuple[str, ...], post: Post) -> str:
        """The value of an SEO plugin, unless it is a template for the plugin to fill in."""
        value = next((self.meta[name] for name in names if self.meta.get(name)), "")
        if re.search(r"%%?\w+%%?|#\w+_\w+", value):
            post.notes.lost["titles and descriptions for search that are templates of a plugin"] += 1
            return ""
        return plain(value)

    def _set_seo(self, post: Post) -> None:
        """What else SEO plugins tell search engines and social sites."""
        canonical = next((self.meta[name].strip() for name in _CANONICAL if self.meta.get(name)), "")
        noindex = self.meta.get("_yoast_wpseo_meta-robots-noindex", "").strip() == "1"
        seo: dict[str, Any] = {"social_title": self._seo(_SOCIAL, post), "canonical": web_url(canonical) or ""}
        if found := {name: value for name, value in seo.items() if value} | ({"noindex": True} if noindex else {}):
            post.own["seo"] = found
        if unused := sum(bool(self.meta.get(name, "").strip()) for name in _UNUSED):
            post.notes.lost["titles and descriptions for social networks"] += unused

    def _set_cover(self, post: Post) -> None:
        number = self.meta.get("_thumbnail_id", "").strip()
        picture = self.found.pictures.get(number)
        if picture and picture.src:
            post.cover = Cover(picture.src, picture.alt, picture.caption)
            self.found.shown.add(path_of(picture.src))
        elif number.strip("0 "):
            post.notes.lost["pictures at the head of a post that the export does not contain"] += 1

    def _file(self, post: Post) -> None:
        """Set the category (the primary one, else the first), the tags and the authors."""
        categories: dict[str, tuple[str, Term]] = {}
        tags: list[Term] = []
        authors: list[Person | None] = []
        for child in self.element:
            if tag_of(child) != "category":
                continue
            nicename, label, domain = child.get("nicename") or "", inner_text(child), child.get("domain") or "category"
            if domain == "category" and (term := self.found.categories.get(nicename) or term_of(nicename, label)):
                # The oldest exports name each category twice, once without its slug.
                if nicename or term.slug not in categories:
                    categories[term.slug] = nicename, term
            elif domain in ("post_tag", "tag") and (term := self.found.tags.get(nicename) or term_of(nicename, label)):
                tags.append(term)
            elif domain == "author":
                authors.append(self._author(nicename.removeprefix("cap-"), label))
            elif domain not in ("category", "post_tag", "tag"):
                post.notes.lost[f"terms of “{domain[:60]}”"] += 1
        real = [found for slug, found in categories.items() if slug not in UNCATEGORIZED]
        main = self.found.numbers.get(next((self.meta[key] for key in _PRIMARY if self.meta.get(key)), ""))
        real.sort(key=lambda pair: pair[0] != main if main else False)
        post.category = real[0][1] if real else None
        post.notes.changed["categories after the first became tags"] += max(len(real) - 1, 0)
        post.notes.changed += Counter()
        post.tags = list(dict.fromkeys([*(term for _, term in real[1:]), *tags]))
        creator = self.fields.get("dc:creator", "").strip()
        authors = authors or [self._author(creator, creator)]
        post.authors = list(dict.fromkeys(filter(None, authors)))

    def _author(self, login: str, label: str) -> Person | None:
        people = self.found.people
        return people.get(login) or people.get(label.strip()) or person_of(login, label)

    def _set_state(self, post: Post, kind: str, status: str) -> None:
        post.status = STATES.get(status, DRAFT)
        post.feed_id = self.fields.get("guid", "").strip()
        if status not in STATES:
            post.notes.changed[f"posts in the state “{status[:60]}” became drafts"] += 1
        if post.status in (PUBLISHED, SCHEDULED):
            post.published_at = self._moment(post.notes, "wp:post_date_gmt", "wp:post_date", "pubDate")
        post.updated_at = self._moment(post.notes, "wp:post_modified_gmt", "wp:post_modified")
        if status == "private":
            post.notes.changed["private posts became drafts"] += 1
        if (
            self.meta.get("_expiration-date", "").strip()
            and self.meta.get("_expiration-date-status", "saved") == "saved"
        ):
            post.ends_at = moment_or_none(self.meta["_expiration-date"], post.notes, "date of expiry")
        if self.fields.get("wp:post_password", "").strip() and post.status != DRAFT:
            post.status = DRAFT
            post.notes.changed["posts behind a password became drafts"] += 1
        if kind == "page" and post.status != DRAFT:
            post.status = DRAFT
            post.notes.changed[_PAGES_BECAME] += 1
        if post.status in (PUBLISHED, SCHEDULED) and not post.published_at:
            post.notes.changed["posts without a date are dated today"] += 1

    def _moment(self, notes: ConversionNotes, *names: str) -> datetime | None:
        for name in names:
            if (found := moment_or_none(self.fields.get(name), notes)) is not None:
                return found
        return None

    def _old_urls(self, identifier: str, kind: str) -> list[str]:
        """The permalink, those of earlier slugs, and the short link with the post's id."""
        link = self.fields.get("link", "").strip()
        old = [unquote(link)] if link and "?" not in link else []
        path = path_of(link)
        folder = path.rstrip("/").rsplit("/", 1)[0]
        slugs = [
            child.findtext("{*}meta_value") or ""
            for child in self.element
            if tag_of(child) == "wp:postmeta" and (child.findtext("{*}meta_key") or "").strip() == "_wp_old_slug"
        ]
        old += [f"{folder}/{unquote(slug.strip())}/" for slug in slugs if slug.strip() and old]
        if identifier.isdigit():
            folder = path_of(self.found.site).rstrip("/")
            old.append(f"{folder}/?{'page_id' if kind == 'page' else 'p'}={identifier}")
        return old

    def _report_fields(self, post: Post) -> None:
        """Report custom fields and other values that are not imported."""
        for key, value in self.meta.items():
            if value.strip() and key and not _OWN_FIELDS.match(key):
                post.notes.lost[f"custom field “{escape(key[:60], quote=False)}”"] += 1
        if self.meta.get("enclosure", "").strip():
            post.notes.lost[
                f"an audio or video file for podcast players: {self.meta['enclosure'].split()[0][:200]}"
            ] += 1
        if self.meta.get("_elementor_data") and not re.sub(r"<[^>]*>", "", post.html).strip():
            post.notes.lost["texts that exist only in Elementor's layout data"] += 1
