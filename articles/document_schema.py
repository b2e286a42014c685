"""The canonical document of an article, shared by revisions, previews, imports, exports and the desk."""

from collections.abc import Iterable, Mapping
from typing import Any, NotRequired, TypedDict, cast

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug

from articles.blocks import clean_data
from core.lib.slugs import slug_of
from core.lib.text import language_code, one_line

VERSION = 1
LIMITS = {"title": 200, "slug": 120, "standfirst": 2000}
SEO_LIMITS = {"title": 120, "description": 320}
MAX_BLOCKS = 1000
# Addresses under /blog/ that are pages of another kind.
RESERVED = frozenset({"search", "archive", "category", "tag", "author"})

BlockData = dict[str, Any]  # its `type`, and the values of a block of that kind (articles.blocks)


class Seo(TypedDict):
    """What search engines get instead of the title and the standfirst."""

    title: str
    description: str


class Cover(TypedDict):
    """The picture at the top, with the values of an image block."""

    src: str
    alt: NotRequired[str]
    caption: NotRequired[str]
    credit: NotRequired[str]
    focal: NotRequired[list[float]]


class Document(TypedDict):
    """A whole article. It refers to other rows (category, authors, tags, card) by their slugs."""

    version: int
    title: str
    slug: str
    standfirst: str
    language: NotRequired[str]  # where it is another than the site's
    category: str | None
    authors: list[str]
    tags: list[str]
    seo: Seo
    cta: str | None
    cover: Cover | None
    reading_minutes: int | None
    blocks: list[BlockData]


KEYS = frozenset(Document.__annotations__)


def empty_document() -> Document:
    """The document of an article that has not been written yet."""
    return {
        "version": VERSION,
        "title": "",
        "slug": "",
        "standfirst": "",
        "category": None,
        "authors": [],
        "tags": [],
        "seo": {"title": "", "description": ""},
        "cta": None,
        "cover": None,
        "reading_minutes": None,
        "blocks": [],
    }


class DocumentError(ValueError):
    """A document cannot be stored, and nothing was changed. `problems` are the reasons, a sentence each."""

    def __init__(self, problems: Iterable[str]):
        self.problems = list(problems)
        super().__init__(" ".join(self.problems))


def normalised(document: Any) -> Document:
    """The canonical form of a document, its HTML cleaned. Looks nothing up in the database. Raises DocumentError."""
    if not isinstance(document, Mapping):
        raise DocumentError(["A document is an object with a title and blocks."])
    problems = [f"“{key}” is not a part of a document." for key in document if key not in KEYS]
    if document.get("version", VERSION) != VERSION:
        problems.append(f"This document has version {document['version']}; version {VERSION} is understood.")
    title = _line(document, "title", LIMITS["title"], problems)
    if not title:
        problems.append("The title is missing.")
    slug = _line(document, "slug", None, problems)
    seo = document.get("seo") or {}
    if not isinstance(seo, Mapping) or set(seo) - set(SEO_LIMITS):
        problems.append("“seo” holds a title and a description.")
        seo = {}
    result: Document = {
        "version": VERSION,
        "title": title,
        "slug": article_slug(slug or title),
        "standfirst": _line(document, "standfirst", LIMITS["standfirst"], problems),
        "category": _slug(document.get("category"), "category", problems),
        "authors": _slugs(document, "authors", problems),
        "tags": sorted(_slugs(document, "tags", problems)),
        "seo": {
            "title": _line(seo, "title", SEO_LIMITS["title"], problems, "seo "),
            "description": _line(seo, "description", SEO_LIMITS["description"], problems, "seo "),
        },
        "cta": _slug(document.get("cta"), "cta", problems),
        "cover": _cover(document.get("cover"), problems),
        "reading_minutes": _minutes(document.get("reading_minutes"), problems),
        "blocks": _blocks(document.get("blocks") or [], problems),
    }
    if language := _language(document.get("language"), problems):
        result["language"] = language
    if problems:
        raise DocumentError(problems)
    return result


def article_slug(text: str) -> str:
    """An article's slug for its title, or for a slug as somebody typed it."""
    return slug_of(text, LIMITS["slug"], otherwise="article")


def _line(source: Mapping[str, Any], key: str, limit: int | None, problems: list[str], where: str = "") -> str:
    value = source.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        problems.append(f"“{where}{key}” should be text.")
        return ""
    line = one_line(value)
    if limit and len(line) > limit:
        problems.append(f"“{where}{key}” has {len(line)} characters; at most {limit} fit.")
    return line


def _language(value: Any, problems: list[str]) -> str:
    if not value:
        return ""
    try:
        return language_code(str(value))
    except ValidationError as error:
        problems.extend(error.messages)
        return ""


def _slug(value: Any, key: str, problems: list[str]) -> str | None:
    if value is None or value == "":
        return None
    try:
        validate_slug(value if isinstance(value, str) else " ")
    except ValidationError:
        problems.append(f"“{key}”: {value!r} is not a slug: only letters, digits, - and _.")
        return None
    return str(value)


def _slugs(document: Mapping[str, Any], key: str, problems: list[str]) -> list[str]:
    values = document.get(key) or []
    if not isinstance(values, list):
        problems.append(f"“{key}” is a list of slugs.")
        return []
    return list(dict.fromkeys(slug for value in values if (slug := _slug(value, key, problems))))


def _cover(value: Any, problems: list[str]) -> Cover | None:
    if not value:
        return None
    try:
        return cast(Cover, clean_data("image", value, "The cover"))
    except ValidationError as error:
        problems.extend(error.messages)
        return None


def _minutes(value: Any, problems: list[str]) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 600:
        problems.append("“reading_minutes” is a whole number from 1 to 600.")
        return None
    return value


def _blocks(values: Any, problems: list[str]) -> list[BlockData]:
    if not isinstance(values, list):
        problems.append("“blocks” is a list.")
        return []
    if len(values) > MAX_BLOCKS:
        problems.append(f"An article has at most {MAX_BLOCKS} blocks; this one has {len(values)}.")
        return []
    cleaned = []
    for number, value in enumerate(values, 1):
        if not isinstance(value, Mapping):
            problems.append(f"Block {number} is not an object.")
            continue
        kind = value.get("type")
        rest = {key: item for key, item in value.items() if key != "type"}
        try:
            cleaned.append({"type": kind, **clean_data(str(kind), rest, f"Block {number} ({kind})")})
        except ValidationError as error:
            problems.extend(error.messages)
    return cleaned
