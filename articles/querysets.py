"""The queryset of publications, and the rows it gives."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypedDict, cast

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, Func, OuterRef, Value
from django.db.models.functions import Cast, Coalesce, JSONObject, NullIf

if TYPE_CHECKING:
    from articles.models import Publication


class BylineRow(TypedDict):
    """An author in a byline."""

    slug: str
    name: str
    role: str
    bio_html: str
    links: list[dict[str, str]]
    portrait: str | None


class TagRow(TypedDict):
    """A tag of an article."""

    slug: str
    name: str


class CategoryColumns(TypedDict):
    """The columns of the article's category."""

    category_slug: str | None
    category_name: str | None
    disclaimer_slug: str | None
    disclaimer_html: str | None


class SeriesColumns(TypedDict):
    """The columns of the article's series, and its number in it."""

    series_slug: str | None
    series_name: str | None
    part: int | None


class CtaColumns(TypedDict):
    """The columns of the call-to-action card at the end of the page."""

    cta_slug: str | None
    cta_heading: str | None
    cta_html: str | None
    cta_label: str | None
    cta_url: str | None


class PageRow(CategoryColumns, SeriesColumns, CtaColumns):
    """A row of `PublicationQuerySet.pages()` from a prepared query: all that a page is made of, JSON as text."""

    pk: int
    kind: str
    slug: str
    title: str
    standfirst: str
    language: str
    seo_title: str
    seo_description: str
    social_title: str
    canonical: str
    noindex: bool
    corrections: str
    paid: str | None
    html: str
    toc: str
    faq: str
    image: str | None
    social_image: str
    reading_minutes: int
    words: int
    published_at: datetime
    updated_at: datetime
    byline_rows: str
    tag_rows: str
    snippet_rows: str
    also_read_rows: str
    related_pks: str
    frame_key: bytes | None
    frame_html: str | None


PAGE_COLUMNS = (
    "pk", "kind", "slug", "title", "standfirst", "language", "seo_title", "seo_description", "social_title",
    "canonical", "noindex", "corrections", "paid", "html", "toc", "faq", "image", "social_image", "reading_minutes", "words", "published_at", "updated_at",
    "part",
)  # fmt: skip


def _byline() -> ArraySubquery:
    """The authors of each publication, in order, as a subquery."""
    model: Any = apps.get_model("articles", "PublicationAuthor")
    rows = model.objects.filter(publication=OuterRef("pk"))
    return ArraySubquery(
        rows.order_by("position").values(
            json=JSONObject(
                slug="author__slug",
                name="author__name",
                role="author__role",
                bio_html="author__bio_html",
                links="author__links",
                portrait=Coalesce(NullIf("author__portrait__replacement", Value("")), "author__portrait__file"),
            )
        )
    )


def _through(name: str, *columns: str) -> ArraySubquery:
    """Columns of the rows in a many-to-many relation of each publication, as a subquery."""
    field: Any = apps.get_model("articles", "Publication")._meta.get_field(name)
    rows = field.remote_field.through.objects.filter(publication=OuterRef("pk"))
    other = field.m2m_reverse_field_name()
    return ArraySubquery(
        rows.order_by(other).values(json=JSONObject(**{column: f"{other}__{column}" for column in columns}))
    )


def _as_text(array: ArraySubquery) -> Cast:
    """An array as the text of a JSON list, which Python parses much faster than the driver makes lists of arrays."""
    return Cast(Func(array, function="array_to_json"), models.TextField())


def _related() -> ArraySubquery:
    """The keys of each publication's related ones, newest first, as a subquery."""
    model: Any = apps.get_model("articles", "Publication")
    rows = model.related.through.objects.filter(from_publication=OuterRef("pk"))
    return ArraySubquery(rows.order_by("-to_publication__published_at", "-to_publication").values("to_publication"))


class PublicationQuerySet(models.QuerySet["Publication"]):
    """Published articles. Every row is live: unpublishing deletes it."""

    def live(self) -> Self:
        """All, newest first."""
        return self.order_by("-published_at", "-pk")

    def parts(self) -> Self:
        """Those of a series, in its order: by number, then by date."""
        return self.order_by(F("part").asc(nulls_last=True), "published_at", "pk")

    def cards(self) -> Self:
        """With all that a card in a list shows, in this one query."""
        return self.defer(*self.model.BODY_FIELDS).select_related("category").annotate(byline_rows=_byline())

    def pages(self) -> "models.QuerySet[Publication, PageRow]":
        """All that an article's own page is made of, as plain values in one query (see articles.article_page)."""
        rows = self.values(
            *PAGE_COLUMNS,
            category_slug=F("category__slug"),
            category_name=F("category__name"),
            series_slug=F("series__slug"),
            series_name=F("series__name"),
            disclaimer_slug=F("category__disclaimer__slug"),
            disclaimer_html=F("category__disclaimer__html"),
            cta_slug=F("cta__slug"),
            cta_heading=F("cta__heading"),
            cta_html=F("cta__html"),
            cta_label=F("cta__label"),
            cta_url=F("cta__url"),
            byline_rows=_as_text(_byline()),
            tag_rows=_as_text(_through("tags", "slug", "name")),
            snippet_rows=_as_text(_through("snippets", "slug", "heading", "html", "label", "url")),
            also_read_rows=_as_text(_through("also_read", "pk", "publication__title", "publication__slug")),
            related_pks=_as_text(_related()),
            frame_key=F("frame__key"),
            frame_html=F("frame__html"),
        )
        return cast("models.QuerySet[Publication, PageRow]", rows)

    def feed_items(self) -> Self:
        """With all that a feed shows, in this one query."""
        return (
            self.defer("text", "search", "toc")
            .select_related("category")
            .annotate(byline_rows=_byline(), tag_rows=_through("tags", "slug", "name"), feed_id=F("article__feed_id"))
        )
