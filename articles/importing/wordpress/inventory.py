"""The inventory of a WordPress export, taken in a first pass: authors, terms, pictures, and what cannot be imported."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from articles.importing.html.images import Picture
from articles.importing.posts import ImportRefused, Person, Term, name_of
from articles.importing.wordpress.wxr import (
    MalformedXml,
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
from core.lib.text import one_line

UNCATEGORIZED = {"uncategorized", "uncategorised", "sin-categoria", "non-classe", "allgemein", "senza-categoria"}
# States of posts that readers never saw.
BINNED = {"trash", "auto-draft", "inherit"}
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|bmp|svg|heic)$", re.IGNORECASE)


@dataclass(slots=True)
class Inventory:
    """What the first pass found."""

    site: str = ""
    posts: int = 0
    comments: int = 0
    binned: int = 0
    other: Counter[str] = field(default_factory=Counter)
    people: dict[str, Person] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    attached: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    originals: dict[str, str] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    reusable: dict[str, str] = field(default_factory=dict)
    categories: dict[str, Term] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    tags: dict[str, Term] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def lost(self) -> Counter[str]:
        """What the export contains and cannot be imported."""
        lost = Counter({f"items of the type “{kind}”": number for kind, number in self.other.items()})
        lost["comments"] = self.comments
        lost["posts in the trash or never saved"] = self.binned
        lost["places of categories below others, because there is only one level here"] = sum(
            bool(parent) for parent in self.parents.values()
        )
        return +lost

    def attached_to(self, identifier: str) -> list[Picture]:
        """The pictures uploaded to a post, in order, which its [gallery] shows."""
        numbers = [number for _, number in sorted(self.attached.get(identifier, []))]
        return [self.pictures[number] for number in numbers]

    def archive_pages(self) -> list[tuple[str, str, Term | Person]]:
        """WordPress's own pages of categories, tags and authors."""
        pages: list[tuple[str, str, Term | Person]] = []
        for slug, term in self.categories.items():
            pages.append((f"/category/{slug}/", "categories", term))
            if (path := self._path(slug)) != slug:
                pages.append((f"/category/{path}/", "categories", term))
        pages += [(f"/tag/{slug}/", "tags", term) for slug, term in self.tags.items()]
        # A login that is an e-mail address was never a part of an address.
        people = [(login, person) for login, person in self.people.items() if "@" not in login]
        return pages + [(f"/author/{login}/", "authors", person) for login, person in people]

    def _path(self, slug: str) -> str:
        """The path of a category in addresses, below its parents."""
        parts = [slug]
        while (parent := self.parents.get(parts[0])) and parent not in parts and len(parts) < 10:
            parts.insert(0, parent)
        return "/".join(parts)


FEED = (
    "This is a feed, not an export: it holds the newest posts only, and often only their beginnings. WordPress makes an export"
    " of everything under Tools, Export."
)


def take_inventory(source: Source) -> Inventory:
    """Read the whole file once, so that a broken one is refused, or mended, before anything is written."""
    try:
        return _inventory(source)
    except MalformedXml as broken:
        source.mend = True
        try:
            found = _inventory(source)
        except ImportRefused:
            raise broken from None
        found.remarks.append(
            f"The XML is not well-formed ({str(broken).removesuffix('Nothing was imported.').strip()}) and was mended: "
            "bare ampersands, entities of HTML and characters that are not UTF-8 were corrected."
        )
        return found


def _inventory(source: Source) -> Inventory:
    found = Inventory()
    is_export = False
    for _, element in elements(source):
        name = tag_of(element)
        if name in ("wp:base_blog_url", "link") and not (name == "link" and found.site):
            found.site = inner_text(element).strip()
        elif name == "wp:author":
            _add_author(fields_of(element), found)
        elif name in ("wp:category", "wp:tag", "wp:term"):
            _add_term(name, fields_of(element), found)
        elif name == "item":
            _add_item(element, found)
            is_export = is_export or any(tag_of(child).startswith("wp:") for child in element)
        is_export = is_export or name.startswith("wp:")
    if not is_export and not found.posts:
        raise ImportRefused(
            "This XML is not a WordPress export: its channel has no items and no elements of WordPress."
        )
    if not is_export:
        found.remarks.append(FEED)
    return found


def person_of(login: str, *names: str) -> Person | None:
    """An author with the best of some names. An e-mail address is never used as a name."""
    shown = next((name for given in names if (name := plain(given)) and "@" not in name), "")
    if "@" in login or not shown:
        shown = shown or name_of(login.split("@", maxsplit=1)[0].replace(".", " "))
    slug = slug_of(shown) or slug_of(login.split("@", maxsplit=1)[0])
    return Person(slug, shown) if slug else None


def _add_author(fields: dict[str, str], found: Inventory) -> None:
    login = fields.get("wp:author_login", "").strip()
    full = f"{fields.get('wp:author_first_name', '')} {fields.get('wp:author_last_name', '')}"
    person = person_of(login, fields.get("wp:author_display_name", ""), full, login)
    if login and person:
        found.people[login] = person


def _add_term(name: str, fields: dict[str, str], found: Inventory) -> None:
    kind = fields.get("wp:term_taxonomy", "")
    if name == "wp:category" or kind == "category":
        nicename = fields.get("wp:category_nicename") or fields.get("wp:term_slug") or ""
        label = fields.get("wp:cat_name") or fields.get("wp:term_name") or nicename
        if term := term_of(
            nicename, label, fields.get("wp:category_description") or fields.get("wp:term_description") or ""
        ):
            found.categories[nicename] = term
            found.parents[nicename] = (fields.get("wp:category_parent") or fields.get("wp:term_parent") or "").strip()
            found.numbers[fields.get("wp:term_id", "").strip()] = nicename
    elif name == "wp:tag" or kind == "post_tag":
        nicename = fields.get("wp:tag_slug") or fields.get("wp:term_slug") or ""
        if term := term_of(nicename, fields.get("wp:tag_name") or fields.get("wp:term_name") or nicename):
            found.tags[nicename] = term


def _add_item(element: Any, found: Inventory) -> None:
    fields = fields_of(element)
    kind, status = fields.get("wp:post_type", "post").strip(), fields.get("wp:status", "publish").strip()
    identifier = fields.get("wp:post_id", "").strip()
    found.comments += sum(tag_of(child) == "wp:comment" for child in element)
    if kind == "attachment":
        _add_attachment(identifier, fields, element, found)
    elif kind == "wp_block":
        found.reusable[identifier] = fields.get("content:encoded", "")
    elif kind == "guest-author":
        _add_guest(fields, meta_of(element), found)
    elif kind in ("post", "page"):
        found.posts += status not in BINNED
        found.binned += status in BINNED
    else:
        found.other[kind[:60]] += 1


def _add_attachment(identifier: str, fields: dict[str, str], element: Any, found: Inventory) -> None:
    url = fields.get("wp:attachment_url", "").strip() or fields.get("guid", "").strip()
    alt = plain(meta_of(element).get("_wp_attachment_image_alt", ""))
    found.pictures[identifier] = Picture(url, alt, plain(fields.get("excerpt:encoded", "")))
    found.originals[path_of(url)] = url
    order = fields.get("wp:menu_order", "").strip()
    if _PICTURE.search(path_of(url)):
        found.attached[fields.get("wp:post_parent", "").strip()].append(
            (int(order) if order.isdigit() else 0, identifier)
        )


def _add_guest(fields: dict[str, str], meta: dict[str, str], found: Inventory) -> None:
    """An author without an account, as Co-Authors Plus keeps them."""
    login = meta.get("cap-user_login", "").strip() or fields.get("wp:post_name", "").strip().removeprefix("cap-")
    if login and (person := person_of(login, meta.get("cap-display_name", ""), fields.get("title", ""))):
        found.people.setdefault(login, person)


def term_of(nicename: str, label: str, description: str = "") -> Term | None:
    name = plain(label)
    slug = slug_of(unquote(nicename)) or slug_of(name)
    return Term(slug, name or slug, plain(description)) if slug else None


def host_of(site: str) -> str:
    """The identity of an old site: its host, and its folder if it has one."""
    try:
        parts = urlsplit(site)
    except ValueError:
        return ""
    return one_line(f"{parts.hostname or ''}{parts.path.rstrip('/')}")
