"""The canonical document of an article, shared by revisions, previews, imports, exports and the desk."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NotRequired, TypedDict, cast

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug

from articles.blocks import clean_cover, clean_data
from core.lib.slugs import slug_of
from core.lib.text import language_code, one_line, prose

VERSION = 1
LIMITS = {"title": 200, "slug": 120, "standfirst": 2000}
SEO_LIMITS = {"title": 120, "description": 320}
SOCIAL_LIMITS = {"social_title": 120, "social_image": 200, "canonical": 500}
CORRECTION_LENGTH = 1000
MAX_CORRECTIONS = 20
MOST_PARTS = 9999
PAGE = "page"
MAX_BLOCKS = 1000
# Addresses under /blog/ that are pages of another kind.
RESERVED = frozenset({"search", "archive", "category", "tag", "author"})

_WEB_ADDRESS = re.compile(r"https?://[^\s/\\]+(/[^\s\\]*)?")
BlockData = dict[str, Any]  # its `type`, and the values of a block of that kind (articles.blocks)


class Seo(TypedDict):
    """What search engines and social sites get instead of the title, the standfirst and the cover."""

    title: str
    description: str
    social_title: NotRequired[str]
    social_image: NotRequired[str]  # the path of one of our images
    canonical: NotRequired[str]  # where it was published first
    noindex: NotRequired[bool]


class Correction(TypedDict):
    """What was corrected, as readers are told, and on which day (in ISO 8601)."""

    date: str
    text: str


class Cover(TypedDict):
    """The picture at the top, with the values of an image block but its link."""

    src: str
    alt: NotRequired[str]
    caption: NotRequired[str]
    credit: NotRequired[str]
    focal: NotRequired[list[float]]


class Document(TypedDict):
    """A whole article. It refers to other rows (category, authors, tags, card) by their slugs."""

    version: int
    kind: NotRequired[str]  # of a page; articles have none
    title: str
    slug: str
    standfirst: str
    language: NotRequired[str]  # where it is another than the site's
    category: str | None
    authors: list[str]
    tags: list[str]
    series: NotRequired[str]
    part: NotRequired[int]  # its number in the series
    seo: Seo
    cta: str | None
    cover: Cover | None
    reading_minutes: int | None
    corrections: NotRequired[list[Correction]]
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
    if not isinstance(seo, Mapping) or set(seo) - {*SEO_LIMITS, *SOCIAL_LIMITS, "noindex"}:
        problems.append(f"“seo” holds {', '.join([*SEO_LIMITS, *SOCIAL_LIMITS])} and noindex.")
        seo = {}
    result: Document = {
        "version": VERSION,
        "title": title,
        "slug": article_slug(slug or title),
        "standfirst": _line(document, "standfirst", LIMITS["standfirst"], problems),
        "category": _slug(document.get("category"), "category", problems),
        "authors": _slugs(document, "authors", problems),
        "tags": sorted(_slugs(document, "tags", problems)),
        "seo": _seo(seo, problems),
        "cta": _slug(document.get("cta"), "cta", problems),
        "cover": _cover(document.get("cover"), problems),
        "reading_minutes": _whole(document, "reading_minutes", 600, problems),
        "blocks": _blocks(document.get("blocks") or [], problems),
    }
    if language := _language(document.get("language"), problems):
        result["language"] = language
    if corrections := _corrections(document.get("corrections") or [], problems):
        result["corrections"] = corrections
    if document.get("kind") == PAGE:
        result |= {"kind": PAGE, "category": None, "authors": [], "tags": []}
    elif document.get("kind"):
        problems.append("“kind” is “page”, or left out.")
    else:
        _add_series(result, document, problems)
    if problems:
        raise DocumentError(problems)
    return result


def _add_series(result: Document, document: Mapping[str, Any], problems: list[str]) -> None:
    if series := _slug(document.get("series"), "series", problems):
        result["series"] = series
        if part := _whole(document, "part", MOST_PARTS, problems):
            result["part"] = part


def _seo(seo: Mapping[str, Any], problems: list[str]) -> Seo:
    result: Seo = {
        "title": _line(seo, "title", SEO_LIMITS["title"], problems, "seo "),
        "description": _line(seo, "description", SEO_LIMITS["description"], problems, "seo "),
    }
    if social_title := _line(seo, "social_title", SOCIAL_LIMITS["social_title"], problems, "seo "):
        result["social_title"] = social_title
    if social_image := _line(seo, "social_image", SOCIAL_LIMITS["social_image"], problems, "seo "):
        result["social_image"] = social_image
    if canonical := _line(seo, "canonical", SOCIAL_LIMITS["canonical"], problems, "seo "):
        result["canonical"] = canonical
        if not _WEB_ADDRESS.fullmatch(canonical):
            problems.append("The address of the original begins with https:// and has no spaces.")
    if seo.get("noindex") is True:
        result["noindex"] = True
    return result


def _corrections(values: Any, problems: list[str]) -> list[Correction]:
    """The corrections by day, the newest first."""
    if not isinstance(values, list) or len(values) > MAX_CORRECTIONS:
        problems.append(f"“corrections” is a list of at most {MAX_CORRECTIONS}.")
        return []
    found: list[Correction] = []
    for value in values:
        if not isinstance(value, Mapping) or set(value) != {"date", "text"}:
            problems.append("A correction has a date and a text.")
            continue
        try:
            day = date.fromisoformat(str(value["date"])[:20])
        except ValueError:
            problems.append(f"“{str(value['date'])[:20]}” is no date of a correction: write it as 2026-05-03.")
            continue
        text = prose(value["text"]).strip() if isinstance(value["text"], str) else ""
        if not text or len(text) > CORRECTION_LENGTH:
            problems.append(f"A correction says what was corrected, in at most {CORRECTION_LENGTH} characters.")
            continue
        found.append({"date": day.isoformat(), "text": text})
    return sorted(found, key=lambda each: each["date"], reverse=True)


def social_cover(document: Document) -> Cover | None:
    """The picture that social sites get instead of the cover."""
    path = document["seo"].get("social_image")
    return {"src": path} if path else None


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
        return cast(Cover, clean_cover(value))
    except ValidationError as error:
        problems.extend(error.messages)
        return None


def _whole(document: Mapping[str, Any], key: str, most: int, problems: list[str]) -> int | None:
    value = document.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        problems.append(f"“{key}” is a whole number from 1 to {most}.")
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
