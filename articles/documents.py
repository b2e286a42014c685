"""Reading an article as a document and writing one to it; every write is kept as a revision."""

from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from articles import page_addresses
from articles.aliases import current_names
from articles.document_schema import LIMITS, RESERVED, VERSION, Document, DocumentError, Seo, normalised
from articles.image_library import note_uses
from articles.models import (
    Article,
    ArticleAuthor,
    Author,
    Block,
    Category,
    Kind,
    Publication,
    Revision,
    Series,
    Snippet,
    Tag,
)
from articles.models.article import REGION
from articles.unclaimed import claim
from core.lib.slugs import free_slug
from core.transitions import lock


class StaleVersion(Exception):
    """The article was saved in the meantime; nothing was changed. `current` is its version now."""

    def __init__(self, current: int):
        self.current = current
        super().__init__(f"The article was saved meanwhile; it is at version {current} now.")


def document_of(article: Article) -> Document:
    """An article as its canonical document."""
    document: Document = {
        "version": VERSION,
        "title": article.title,
        "slug": article.slug,
        "standfirst": article.standfirst,
        "category": article.category.slug if article.category else None,
        "authors": [place.author.slug for place in article.byline.select_related("author")],
        "tags": sorted(article.tags.values_list("slug", flat=True)),
        "seo": _seo_of(article),
        "cta": article.cta.slug if article.cta else None,
        "cover": article.cover,
        "reading_minutes": article.reading_minutes,
        "blocks": [{"type": block.kind, **block.data} for block in article.blocks.all()],
    }
    if article.is_page:
        document["kind"] = Kind.PAGE.value
    if article.language:
        document["language"] = article.language
    if article.series:
        document["series"] = article.series.slug
    if article.part:
        document["part"] = article.part
    if article.corrections:
        document["corrections"] = article.corrections
    return document


def _seo_of(article: Article) -> Seo:
    seo: Seo = {"title": article.seo_title, "description": article.seo_description}
    if article.social_title:
        seo["social_title"] = article.social_title
    if article.social_image:
        seo["social_image"] = article.social_image
    if article.canonical:
        seo["canonical"] = article.canonical
    if article.noindex:
        seo["noindex"] = True
    return seo


def apply_document(
    article: Article, document: Any, *, by: Any = None, reason: str = "", expected_version: int | None = None
) -> Revision | None:
    """Make an article what a document says and keep it as a revision; None if that changes nothing.

    A slug that is taken gets a number. The article may be new and unsaved. All or nothing: raises DocumentError if the document is invalid, StaleVersion if
    the article is no longer at `expected_version`.
    """
    wanted = normalised(document)
    is_new = article._state.adding
    try:
        return _apply(article, wanted, by, reason, expected_version)
    except (IntegrityError, DocumentError):
        if is_new:
            article.pk, article.version, article._state.adding = None, 0, True
        # Its slug may have just been taken, or a row that it refers to deleted or merged. Look again, and report what
        # is gone.
        return _apply(article, wanted, by, reason, expected_version)


def _apply(article: Article, wanted: Document, by: Any, reason: str, expected: int | None) -> Revision | None:
    wanted = _settled(article, current_names(wanted))
    found = _references(wanted, article)
    with transaction.atomic():
        _claim_version(article, expected)
        if article.version and document_of(article) == wanted:
            return None
        revision = _store(article, wanted, found, by, reason)
        connection.check_constraints()  # now, while we can react, not at the end of the request
        return revision


def _settled(article: Article, wanted: Document) -> Document:
    """The document with a slug that is free, and of the kind that the article has for good."""
    if article._state.adding:
        article.kind = wanted.get("kind", Kind.ARTICLE)
    elif article.kind != wanted.get("kind", Kind.ARTICLE):
        raise DocumentError(["An article cannot become a page, nor a page an article."])
    if article.is_page and (reason := page_addresses.refusal(wanted["slug"])):
        raise DocumentError([reason])
    return {**wanted, "slug": free_article_slug(wanted["slug"], article)}


def _references(wanted: Document, article: Article) -> dict[str, dict[str, Any]]:
    """The rows that a document refers to, by slug."""
    problems: list[str] = []

    def rows(model: Any, label: str, slugs: list[str]) -> dict[str, Any]:
        found = {row.slug: row for row in model.objects.filter(slug__in=slugs)} if slugs else {}
        problems.extend(f"There is no {label} “{slug}”." for slug in slugs if slug not in found)
        return found

    found = {
        "category": rows(Category, "category", [wanted["category"]] if wanted["category"] else []),
        "authors": rows(Author, "author", wanted["authors"]),
        "tags": rows(Tag, "tag", wanted["tags"]),
        "series": rows(Series, "series", [wanted["series"]] if wanted.get("series") else []),
        "cta": rows(Snippet, "call-to-action card", [wanted["cta"]] if wanted["cta"] else []),
    }
    if any(snippet.kind != Snippet.Kind.CTA for snippet in found["cta"].values()):
        problems.append(f"The snippet “{wanted['cta']}” is not a call-to-action card.")
    if problems:
        raise DocumentError(problems)
    return found


def free_article_slug(slug: str, article: Article | None = None) -> str:
    """The slug, or the first with a number behind it that no other article has."""
    return free_slug(slug, lambda candidate: slug_is_taken(candidate, besides=article), limit=LIMITS["slug"])


def slug_is_taken(slug: str, *, besides: Article | None = None) -> bool:
    """Whether a slug is the address of another page, or one article has it, or had it when readers last saw it."""
    own, kind = (besides and besides.pk) or 0, besides.kind if besides else Kind.ARTICLE
    return (
        (slug in RESERVED and kind == Kind.ARTICLE)
        or Article.objects.exclude(pk=own).filter(slug=slug, kind=kind).exists()
        or Publication.every.exclude(article=own).filter(slug=slug, kind=kind).exists()
    )


def _claim_version(article: Article, expected: int | None) -> None:
    """Lock the row and make sure that nobody else has saved it since."""
    if article._state.adding:
        return
    lock(article, "category", "series", "cta")
    if expected is not None and article.version != expected:
        raise StaleVersion(article.version)


def _store(article: Article, wanted: Document, found: dict[str, dict[str, Any]], by: Any, reason: str) -> Revision:
    article.title, article.slug, article.standfirst = wanted["title"], wanted["slug"], wanted["standfirst"]
    article.language = wanted.get("language", "")
    article.category, article.cta = (
        found["category"].get(wanted["category"] or ""),
        found["cta"].get(wanted["cta"] or ""),
    )
    article.series, article.part = found["series"].get(wanted.get("series") or ""), wanted.get("part")
    article.cover, article.reading_minutes = wanted["cover"], wanted["reading_minutes"]
    article.seo_title, article.seo_description = wanted["seo"]["title"], wanted["seo"]["description"]
    article.social_title, article.social_image = (
        wanted["seo"].get("social_title", ""),
        wanted["seo"].get("social_image", ""),
    )
    article.canonical, article.noindex = wanted["seo"].get("canonical", ""), wanted["seo"].get("noindex", False)
    article.corrections = wanted.get("corrections", [])
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
    _store_byline(article, [found["authors"][slug] for slug in wanted["authors"]], is_new=article.version == 1)
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
    claim(wanted)
    note_uses(article, wanted, is_live=False, is_new=article.version == 1)
    return Revision.objects.create(
        article=article, version=article.version, document=wanted, by=by, reason=reason[:200]
    )


def _store_byline(article: Article, authors: list[Author], *, is_new: bool) -> None:
    if not is_new:
        if [place.author_id for place in article.byline.all()] == [author.pk for author in authors]:
            return
        article.byline.all().delete()
    ArticleAuthor.objects.bulk_create(
        ArticleAuthor(article=article, author=author, position=position) for position, author in enumerate(authors, 1)
    )


def create_article(document: Any, *, by: Any = None, reason: str = "") -> Article:
    """Create a draft from a document. Raises DocumentError."""
    article = Article()
    apply_document(article, document, by=by, reason=reason)
    return article
