"""Reads that many places share."""

from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.db import models
from django.db.models import F, OuterRef
from django.db.models.functions import JSONObject

if TYPE_CHECKING:
    from articles.models import Publication  # noqa: F401


def _byline() -> ArraySubquery:
    """The authors of each publication, in order, without a query of their own."""
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
                portrait="author__portrait__file",
            )
        )
    )


def _through(name: str, *columns: str) -> ArraySubquery:
    """Some columns of a many-to-many relation of each publication."""
    field: Any = apps.get_model("articles", "Publication")._meta.get_field(name)
    rows = field.remote_field.through.objects.filter(publication=OuterRef("pk"))
    other = field.m2m_reverse_field_name()
    return ArraySubquery(
        rows.order_by(other).values(json=JSONObject(**{column: f"{other}__{column}" for column in columns}))
    )


class PublicationQuerySet(models.QuerySet["Publication"]):
    """Published articles. Every row is live: unpublishing deletes it."""

    def live(self) -> Self:
        """What readers may see, newest first."""
        return self.order_by("-published_at", "-pk")

    def cards(self) -> Self:
        """With what a card in a list shows, in this one query."""
        return self.defer(*self.model.BODY_FIELDS).select_related("category").annotate(byline_rows=_byline())

    def pages(self) -> Self:
        """With what an article's own page shows, in this one query."""
        return (
            self.defer("text", "search")
            .select_related("category__disclaimer", "cta")
            .annotate(
                byline_rows=_byline(),
                tag_rows=_through("tags", "slug", "name"),
                snippet_rows=_through("snippets", "slug", "heading", "html", "label", "url"),
            )
        )

    def feed_items(self) -> Self:
        """With what a feed shows, in this one query."""
        return (
            self.defer("text", "search", "toc", "faq")
            .select_related("category")
            .annotate(byline_rows=_byline(), tag_rows=_through("tags", "slug", "name"))
        )

    def matching(self, words: str) -> Self:
        """What a reader's search finds, best first."""
        query = SearchQuery(words, search_type="websearch", config="english")
        return (
            self.filter(search=query)
            .annotate(rank=SearchRank(F("search"), query, normalization=1))
            .order_by("-rank", "-published_at")
        )

    def highlighted(self, words: str) -> Any:
        """With `excerpt`: where the words occur, each hit between the marks of `articles.searching`."""
        query = SearchQuery(words, search_type="websearch", config="english")
        options: dict[str, Any] = {
            "start_sel": "\x02", "stop_sel": "\x03", "max_words": 34, "min_words": 16, "max_fragments": 2,
            "fragment_delimiter": " … ",
        }  # fmt: skip
        return self.annotate(excerpt=SearchHeadline("text", query, config="english", **options))
