"""The canonical document of an article: what revisions, preview, import, export and the desk all speak."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from articles.aliases import current_names
from articles.blocks import clean_data
from articles.models import Article, ArticleAuthor, Author, Block, Category, Publication, Revision, Snippet, Tag
from articles.models.article import REGION
from core.lib.text import one_line
from core.transitions import lock

VERSION = 1
LIMITS = {"title": 200, "slug": 120, "standfirst": 2000}
SEO_LIMITS = {"title": 120, "description": 320}
KEYS = (
    "version", "title", "slug", "standfirst", "category", "authors", "tags", "seo", "cta", "cover", "reading_minutes",
    "blocks",
)  # fmt: skip
MAX_BLOCKS = 1000
# Addresses under /blog/ that are pages of another kind.
RESERVED = frozenset({"search", "archive", "category", "tag", "author"})


class DocumentError(ValueError):
    """A document cannot be stored; `problems` says why, a sentence each, and nothing was changed."""

    def __init__(self, problems: Iterable[str]):
        self.problems = list(problems)
        super().__init__(" ".join(self.problems))


class StaleVersion(Exception):
    """Somebody saved the article in between; nothing was changed. `current` is the version there is now."""

    def __init__(self, current: int):
        self.current = current
        super().__init__(f"The article was saved by someone else; it is at version {current} now.")


def document_of(article: Article) -> dict[str, Any]:
    """The article as its canonical document."""
    return {
        "version": VERSION,
        "title": article.title,
        "slug": article.slug,
        "standfirst": article.standfirst,
        "category": article.category.slug if article.category else None,
        "authors": [place.author.slug for place in article.byline.select_related("author")],
        "tags": sorted(article.tags.values_list("slug", flat=True)),
        "seo": {"title": article.seo_title, "description": article.seo_description},
        "cta": article.cta.slug if article.cta else None,
        "cover": article.cover,
        "reading_minutes": article.reading_minutes,
        "blocks": [{"type": block.kind, **block.data} for block in article.blocks.all()],
    }


def normalised(document: Any) -> dict[str, Any]:
    """The canonical form of a document, every HTML field cleaned. Raises DocumentError; looks nothing up."""
    if not isinstance(document, Mapping):
        raise DocumentError(["A document is an object with a title and blocks."])
    problems = [f"“{key}” is not a part of a document." for key in document if key not in KEYS]
    if document.get("version", VERSION) != VERSION:
        problems.append(f"This document has version {document['version']}; version {VERSION} is understood.")
    title = _line(document, "title", LIMITS["title"], problems)
    if not title:
        problems.append("The title is missing.")
    slug = _line(document, "slug", LIMITS["slug"], problems) or slugify(title)[: LIMITS["slug"]].strip("-")
    seo = document.get("seo") or {}
    if not isinstance(seo, Mapping) or set(seo) - set(SEO_LIMITS):
        problems.append("“seo” holds a title and a description.")
        seo = {}
    result = {
        "version": VERSION,
        "title": title,
        "slug": _slug(slug, "slug", problems),
        "standfirst": _line(document, "standfirst", LIMITS["standfirst"], problems),
        "category": _slug(document.get("category"), "category", problems),
        "authors": _slugs(document, "authors", problems),
        "tags": sorted(_slugs(document, "tags", problems)),
        "seo": {name: _line(seo, name, limit, problems, "seo ") for name, limit in SEO_LIMITS.items()},
        "cta": _slug(document.get("cta"), "cta", problems),
        "cover": _cover(document.get("cover"), problems),
        "reading_minutes": _minutes(document.get("reading_minutes"), problems),
        "blocks": _blocks(document.get("blocks") or [], problems),
    }
    if not result["slug"] and not problems:
        problems.append("The slug is missing, and the title has no letters to make one from.")
    if result["slug"] in RESERVED:
        problems.append(f"The slug “{result['slug']}” is the address of another page.")
    if problems:
        raise DocumentError(problems)
    return result


def _line(source: Mapping[str, Any], key: str, limit: int, problems: list[str], where: str = "") -> str:
    value = source.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        problems.append(f"“{where}{key}” should be text.")
        return ""
    line = one_line(value)
    if len(line) > limit:
        problems.append(f"“{where}{key}” has {len(line)} characters; at most {limit} fit.")
    return line


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


def _cover(value: Any, problems: list[str]) -> dict[str, Any] | None:
    if not value:
        return None
    try:
        return clean_data("image", value, "The cover")
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


def _blocks(values: Any, problems: list[str]) -> list[dict[str, Any]]:
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


def apply_document(
    article: Article, document: Any, *, by: Any = None, reason: str = "", expected_version: int | None = None
) -> Revision | None:
    """Make the article what the document says, and keep it as a revision; None when that changes nothing.

    The article may be new and unsaved. All or nothing: raises DocumentError for a wrong document, StaleVersion when
    the article is no longer at `expected_version`.
    """
    wanted = normalised(document)
    is_new = article._state.adding
    try:
        return _apply(article, wanted, by, reason, expected_version)
    except (IntegrityError, DocumentError) as error:
        if isinstance(error, IntegrityError) and "slug" in str(error):
            raise DocumentError([f"The slug “{wanted['slug']}” is taken by another article."]) from None
        if is_new:
            article.pk, article.version, article._state.adding = None, 0, True
        # What it names may have been deleted or merged in this moment: look again, and say so if it is gone.
        return _apply(article, wanted, by, reason, expected_version)


def _apply(article: Article, wanted: dict[str, Any], by: Any, reason: str, expected: int | None) -> Revision | None:
    wanted = current_names(wanted)
    found = _references(wanted, article)
    with transaction.atomic():
        _claim_version(article, expected)
        if article.version and document_of(article) == wanted:
            return None
        revision = _store(article, wanted, found, by, reason)
        connection.check_constraints()  # now, while it can be mended, and not when the request ends
        return revision


def _references(wanted: dict[str, Any], article: Article) -> dict[str, dict[str, Any]]:
    """The rows a document names, by slug."""
    problems: list[str] = []

    def rows(model: Any, label: str, slugs: list[str]) -> dict[str, Any]:
        found = {row.slug: row for row in model.objects.filter(slug__in=slugs)} if slugs else {}
        problems.extend(f"There is no {label} “{slug}”." for slug in slugs if slug not in found)
        return found

    found = {
        "category": rows(Category, "category", [wanted["category"]] if wanted["category"] else []),
        "authors": rows(Author, "author", wanted["authors"]),
        "tags": rows(Tag, "tag", wanted["tags"]),
        "cta": rows(Snippet, "call-to-action card", [wanted["cta"]] if wanted["cta"] else []),
    }
    if any(snippet.kind != Snippet.Kind.CTA for snippet in found["cta"].values()):
        problems.append(f"The snippet “{wanted['cta']}” is not a call-to-action card.")
    if slug_is_taken(wanted["slug"], besides=article):
        problems.append(f"The slug “{wanted['slug']}” is taken by another article.")
    if problems:
        raise DocumentError(problems)
    return found


def slug_is_taken(slug: str, *, besides: Article | None = None) -> bool:
    """Whether an article has a slug, or had it when readers were last shown it; leaving one article out."""
    own = (besides and besides.pk) or 0
    return (
        Article.objects.exclude(pk=own).filter(slug=slug).exists()
        or Publication.objects.exclude(article=own).filter(slug=slug).exists()
    )


def _claim_version(article: Article, expected: int | None) -> None:
    """Lock the row and see that nobody saved in between."""
    if article._state.adding:
        return
    lock(article, "category", "cta")
    if expected is not None and article.version != expected:
        raise StaleVersion(article.version)


def _store(
    article: Article, wanted: dict[str, Any], found: dict[str, dict[str, Any]], by: Any, reason: str
) -> Revision:
    article.title, article.slug, article.standfirst = wanted["title"], wanted["slug"], wanted["standfirst"]
    article.category, article.cta = found["category"].get(wanted["category"]), found["cta"].get(wanted["cta"])
    article.cover, article.reading_minutes = wanted["cover"], wanted["reading_minutes"]
    article.seo_title, article.seo_description = wanted["seo"]["title"], wanted["seo"]["description"]
    article.version += 1
    article.changed_at = timezone.now()
    if article._state.adding:
        article.created_by = article.created_by or by
    article.save()
    if article.version > 1:
        article.tags.set(found["tags"].values())
        article.blocks.all().delete()
    else:
        article.tags.add(*found["tags"].values())
    _store_byline(article, [found["authors"][slug] for slug in wanted["authors"]])
    Block.objects.bulk_create(
        Block(
            parent=article,
            region=REGION,
            ordering=10 * number,
            kind=block["type"],
            data={key: value for key, value in block.items() if key != "type"},
        )
        for number, block in enumerate(wanted["blocks"], 1)
    )
    return Revision.objects.create(
        article=article, version=article.version, document=wanted, by=by, reason=reason[:200]
    )


def _store_byline(article: Article, authors: list[Author]) -> None:
    if [place.author_id for place in article.byline.all()] == [author.pk for author in authors]:
        return
    article.byline.all().delete()
    ArticleAuthor.objects.bulk_create(
        ArticleAuthor(article=article, author=author, position=position) for position, author in enumerate(authors, 1)
    )


def create_article(document: Any, *, by: Any = None, reason: str = "") -> Article:
    """A new draft from a document. Raises DocumentError."""
    article = Article()
    apply_document(article, document, by=by, reason=reason)
    return article
