"""What every reader returns: posts with their categories, tags and authors, and the posts that were refused."""

import logging
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from core.lib.slugs import slug_of
from core.lib.text import one_line

logger = logging.getLogger(__name__)

MAX_BODY = 20 * 1024 * 1024

DRAFT, IN_REVIEW, SCHEDULED, PUBLISHED, ARCHIVED = "draft", "in_review", "scheduled", "published", "archived"


class ImportRefused(Exception):
    """The export cannot be imported, and nothing was written. The message is shown to the person who ran the import."""


class PostRefused(ImportRefused):
    """One post cannot be imported; the others can."""


@dataclass(slots=True)
class ConversionNotes:
    """What the import changed in a post and what was lost: sentences for the report, and how often each applies."""

    changed: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)

    def add(self, other: "ConversionNotes") -> None:
        self.changed.update(other.changed)
        self.lost.update(other.lost)


@dataclass(frozen=True, slots=True)
class Term:
    """A category, a series or a tag."""

    slug: str
    name: str
    description: str = ""
    position: int = 0
    disclaimer: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """An author. E-mail addresses are deliberately not imported."""

    slug: str
    name: str
    bio: str = ""
    role: str = ""
    picture: str = ""
    picture_alt: str = ""
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Cover:
    """The picture at the head of a post."""

    src: str
    alt: str = ""
    caption: str = ""
    credit: str = ""
    focal: tuple[float, float] | None = None


@dataclass(slots=True)
class Post:
    """One post of an export. Its body is HTML as the export has it, or blocks where the reader makes them itself.

    Of all its `categories`, `category` is the one it will have here. `feed_id` is what readers of the old site's feed know
    it by. `unpublished` is a document with changes that readers have not seen yet, to be published at `changes_at`.
    `own` are parts of our documents that no other system has; with `kind` in it, a page of the site.
    """

    source_id: str
    title: str
    where: str = ""
    slug: str = ""
    standfirst: str = ""
    language: str = ""
    html: str = ""
    blocks: list[dict[str, Any]] | None = None
    category: Term | None = None
    series: Term | None = None
    tags: list[Term] = field(default_factory=list)
    categories: list[Term] = field(default_factory=list)
    authors: list[Person] = field(default_factory=list)
    status: str = DRAFT
    published_at: datetime | None = None
    updated_at: datetime | None = None
    seo_title: str = ""
    seo_description: str = ""
    cover: Cover | None = None
    cta: str | None = None
    old_urls: list[str] = field(default_factory=list)
    featured: bool = False
    reading_minutes: int | None = None
    ends_at: datetime | None = None
    changes_at: datetime | None = None
    feed_id: str = ""
    unpublished: dict[str, Any] | None = None
    own: dict[str, Any] = field(default_factory=dict)
    notes: ConversionNotes = field(default_factory=ConversionNotes)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A post that could not be read: its place in the file, its title, and why. `bug` means that the fault is ours."""

    where: str
    title: str
    reason: str
    bug: bool = False


def attempt(read: Callable[[], Post], where: str, title: str = "") -> Post | Refusal:
    """Read one post. Whatever goes wrong with it, the others can still be read."""
    try:
        return read()
    except ImportRefused as refused:
        return Refusal(where, title[:200], str(refused))
    except Exception as error:
        logger.exception("Reading the post at %s (“%s”) failed", where, title[:200])
        return Refusal(where, title[:200], bug_report(error), bug=True)


_PROJECT = Path(__file__).resolve().parents[2]


def bug_report(error: Exception) -> str:
    """An unforeseen error in words for the person who ran the import, with the line of our code that it comes from."""
    places = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    ours = [
        f"{path.relative_to(_PROJECT)}, line {line}"
        for path, line in places
        if path.is_relative_to(_PROJECT) and "site-packages" not in path.parts
    ]
    return (
        f"An error in Moonpress, not in the export: {type(error).__name__} in {ours[-1]}. "
        "Please report it with the traceback from the log."
    )


class Files(Protocol):
    """The files of an export, by their names in it."""

    def read(self, name: str) -> bytes | None:
        """The bytes of a file, or None if the export does not contain it."""


@dataclass(frozen=True, slots=True)
class SubscriberFile:
    """A list of subscribers in an export, which is another part's to import; `is_file` unless its reader makes it."""

    name: str
    read: Callable[[], bytes] = field(compare=False)
    is_file: bool = True


@dataclass(slots=True)
class Export:
    """An opened export: its posts in order, refused ones among them, and what concerns it as a whole.

    `columns` says which of a table's `headers` was taken for which field; until the first post is read it can be changed.
    """

    format: str
    posts: Iterator[Post | Refusal]
    total: int | None = None
    site: str = ""
    files: Files | None = None
    remarks: list[str] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    redirects: list[tuple[str, str]] = field(default_factory=list)
    archive_pages: list[tuple[str, str, Term | Person]] = field(default_factory=list)
    authors: list[Person] = field(default_factory=list)
    categories: list[Term] = field(default_factory=list)
    series: list[Term] = field(default_factory=list)
    tags: list[Term] = field(default_factory=list)
    snippets: list[dict[str, str]] = field(default_factory=list)
    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    subscribers: list[SubscriberFile] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)


# How names are capitalised that a slug has in lower case.
_ACRONYMS = {
    word.lower(): word
    for word in [
        "AI",
        "API",
        "BTC",
        "CBDC",
        "CEX",
        "DAO",
        "DAOs",
        "DeFi",
        "DEX",
        "ETF",
        "ETFs",
        "ETH",
        "FAQ",
        "GameFi",
        "ICO",
        "KYC",
        "L2",
        "NFT",
        "NFTs",
        "P2P",
        "RWA",
        "SEC",
        "SOL",
        "USDC",
        "USDT",
        "XRP",
    ]
}


def name_of(slug: str) -> str:
    """A readable name made from a slug: `crypto-basics` is Crypto Basics, `s-vishwa` is S. Vishwa."""
    words = [word for word in re.split(r"[-_\s]+", slug) if word]
    return " ".join(
        f"{word.upper()}."
        if len(word) == 1 and word.isalpha() and len(words) > 1
        else _ACRONYMS.get(word, word[:1].upper() + word[1:])
        for word in words
    )


def term(text: str) -> Term | None:
    """A category or tag from its name or slug."""
    text = one_line(text)
    slug = slug_of(text)
    if not slug:
        return None
    return Term(slug, name_of(text) if text == slug else text)


def person(text: str) -> Person | None:
    """An author from their name or slug."""
    found = term(text)
    return Person(found.slug, found.name) if found else None
