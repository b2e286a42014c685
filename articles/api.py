"""The API of what readers see: articles, pages, categories, tags, authors. Drafts are not in it."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import path
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import generics, serializers
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request

from articles import slots
from articles.contexts import authors_of
from articles.models import Author, Category, Kind, Publication, Series, Tag
from articles.pagination import CardPaginator
from articles.paid import shown, sponsors_of
from articles.search import best, cleaned_query
from articles.structured_data import absolute
from core.api import Pages, kept
from core.api.shape import Shaped


class CategorySerializer(serializers.ModelSerializer[Category]):
    url = serializers.SerializerMethodField()

    class Meta:
        model = Category
        fields = ["slug", "name", "description", "url"]

    def get_url(self, category: Category) -> str:
        return absolute(category.get_absolute_url())


class BylineSerializer(serializers.Serializer[dict[str, Any]]):
    slug = serializers.SlugField()
    name = serializers.CharField()
    url = serializers.CharField()


class CardSerializer(serializers.ModelSerializer[Publication]):
    """An article in a list."""

    url = serializers.SerializerMethodField()
    category: serializers.SlugRelatedField[Category] = serializers.SlugRelatedField(
        "slug", read_only=True, allow_null=True
    )
    authors = serializers.SerializerMethodField()
    image = serializers.SerializerMethodField()

    class Meta:
        model = Publication
        fields = [
            "slug", "title", "standfirst", "url", "category", "authors", "image", "reading_minutes", "published_at",
            "updated_at",
        ]  # fmt: skip

    def get_url(self, publication: Publication) -> str:
        return absolute(publication.get_absolute_url())

    @extend_schema_field(BylineSerializer(many=True))
    def get_authors(self, publication: Publication) -> list[dict[str, Any]]:
        rows = authors_of(publication.byline_rows)
        return [{"slug": row["slug"], "name": row["name"], "url": absolute(row["url"])} for row in rows]

    def get_image(self, publication: Publication) -> str | None:
        return absolute(publication.image["src"]) if publication.image else None


class FaqSerializer(serializers.Serializer[dict[str, str]]):
    question = serializers.CharField()
    answer = serializers.CharField()


class DisclosureSerializer(serializers.Serializer[Any]):
    """A sponsor who is named, and since when that is said."""

    sponsor = serializers.CharField()
    on = serializers.DateField()
    words = serializers.CharField(help_text="As readers are told.")


class ArticleSerializer(CardSerializer):
    """An article with its text."""

    html = serializers.SerializerMethodField()
    faq = FaqSerializer(many=True, read_only=True)
    tags = serializers.SerializerMethodField()
    sponsors_named = serializers.SerializerMethodField(help_text="Who paid us and is named in it.")
    disclosures = serializers.SerializerMethodField(help_text="What is said of them, to be shown with the text.")
    series: serializers.SlugRelatedField[Series] = serializers.SlugRelatedField("slug", read_only=True, allow_null=True)

    class Meta(CardSerializer.Meta):
        fields = [*CardSerializer.Meta.fields, "html", "faq", "tags", "sponsors_named", "disclosures", "series"]

    def get_html(self, publication: Publication) -> str:
        return slots.strip(publication.html)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_sponsors_named(self, publication: Publication) -> list[str]:
        return sponsors_of(publication.paid)

    @extend_schema_field(DisclosureSerializer(many=True))
    def get_disclosures(self, publication: Publication) -> Any:
        paid = shown(publication.paid)
        return DisclosureSerializer(paid["named"] if paid else [], many=True).data

    def get_tags(self, publication: Publication) -> list[str]:
        return [row["slug"] for row in publication.tag_rows]


class TagSerializer(serializers.ModelSerializer[Tag]):
    url = serializers.SerializerMethodField()

    class Meta:
        model = Tag
        fields = ["slug", "name", "url"]

    def get_url(self, tag: Tag) -> str:
        return absolute(tag.get_absolute_url())


class AuthorSerializer(serializers.ModelSerializer[Author]):
    """Somebody who is named in bylines; their account, if they have one, is not told."""

    url = serializers.SerializerMethodField()
    portrait = serializers.SerializerMethodField()
    links = serializers.ListField(child=serializers.DictField())

    class Meta:
        model = Author
        fields = ["slug", "name", "role", "bio_html", "portrait", "links", "url"]

    def get_url(self, author: Author) -> str:
        return absolute(author.get_absolute_url())

    def get_portrait(self, author: Author) -> str | None:
        return absolute(author.portrait.url) if author.portrait else None


class PageSerializer(serializers.ModelSerializer[Publication]):
    """A page of the site, such as About."""

    url = serializers.SerializerMethodField()
    html = serializers.SerializerMethodField()

    class Meta:
        model = Publication
        fields = ["slug", "title", "standfirst", "url", "published_at", "updated_at", "html"]

    def get_url(self, page: Publication) -> str:
        return absolute(page.get_absolute_url())

    def get_html(self, page: Publication) -> str:
        return slots.strip(page.html)


class ArticleFilter(filters.FilterSet):
    category = filters.CharFilter(field_name="category__slug")
    tag = filters.CharFilter(field_name="tags__slug")
    author = filters.CharFilter(field_name="authors__slug")
    series = filters.CharFilter(field_name="series__slug")
    published_after = filters.IsoDateTimeFilter(field_name="published_at", lookup_expr="gt")
    updated_after = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gt")
    published_before = filters.IsoDateTimeFilter(field_name="published_at", lookup_expr="lt")
    q = filters.CharFilter(method="search", label="Full-text search, best first")

    class Meta:
        model = Publication
        fields: list[str] = []

    def search(self, queryset: Any, _name: str, value: str) -> QuerySet[Publication]:
        return best(queryset, cleaned_query(value))


class WholePaginator(CardPaginator):
    """Likewise, with the articles' texts."""

    @staticmethod
    def rows() -> Any:
        return Publication.objects.feed_items().select_related("series")


class CardPages(Pages):
    """Pages that are quick however far back they are."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        self.django_paginator_class = WholePaginator if view.asks_for_more() else CardPaginator
        return super().paginate_queryset(queryset, request, view)


@kept
class ArticleList(Shaped, generics.ListAPIView[Publication]):
    """Published articles, newest first; with include=html,tags and more of what one article shows."""

    serializer_class = ArticleSerializer
    optional = frozenset(ArticleSerializer.Meta.fields) - frozenset(CardSerializer.Meta.fields)
    filterset_class = ArticleFilter
    filter_backends = [filters.DjangoFilterBackend, OrderingFilter]
    ordering_fields = ["published_at", "updated_at"]
    pagination_class = CardPages

    def get_queryset(self) -> Any:
        rows = WholePaginator.rows() if self.asks_for_more() else CardPaginator.rows()
        return rows.live()


@kept
class ArticleDetail(Shaped, generics.RetrieveAPIView[Publication]):
    """One published article."""

    queryset = Publication.objects.feed_items().select_related("series")
    serializer_class = ArticleSerializer
    lookup_field = "slug"


@kept
class CategoryList(Shaped, generics.ListAPIView[Category]):
    """The site's categories."""

    queryset = Category.objects.all()
    serializer_class = CategorySerializer
    pagination_class = None


@kept
class CategoryDetail(Shaped, generics.RetrieveAPIView[Category]):
    """One category."""

    queryset = Category.objects.all()
    serializer_class = CategorySerializer
    lookup_field = "slug"


TAGS = Tag.objects.filter(Exists(Publication.objects.filter(tags=OuterRef("pk")))).order_by("name", "pk")


@kept
class TagList(Shaped, generics.ListAPIView[Tag]):
    """The subjects of published articles, by name."""

    queryset = TAGS
    serializer_class = TagSerializer


@kept
class TagDetail(Shaped, generics.RetrieveAPIView[Tag]):
    """One subject."""

    queryset = TAGS
    serializer_class = TagSerializer
    lookup_field = "slug"


AUTHORS = (
    Author.objects.filter(Exists(Publication.objects.filter(authors=OuterRef("pk"))))
    .select_related("portrait")
    .order_by("name", "pk")
)


@kept
class AuthorList(Shaped, generics.ListAPIView[Author]):
    """The authors of published articles, by name."""

    queryset = AUTHORS
    serializer_class = AuthorSerializer


@kept
class AuthorDetail(Shaped, generics.RetrieveAPIView[Author]):
    """One author."""

    queryset = AUTHORS
    serializer_class = AuthorSerializer
    lookup_field = "slug"


PAGES = Publication.every.filter(kind=Kind.PAGE).order_by("slug", "pk")


@kept
class PageList(Shaped, generics.ListAPIView[Publication]):
    """The pages of the site, such as About; with include=html, with their text."""

    queryset = PAGES
    serializer_class = PageSerializer
    optional = frozenset({"html"})


@kept
class PageDetail(Shaped, generics.RetrieveAPIView[Publication]):
    """One page."""

    queryset = PAGES
    serializer_class = PageSerializer
    lookup_field = "slug"


urlpatterns = [
    path("tags/", TagList.as_view(), name="api-tags"),
    path("tags/<slug:slug>/", TagDetail.as_view(), name="api-tag"),
    path("authors/", AuthorList.as_view(), name="api-authors"),
    path("authors/<slug:slug>/", AuthorDetail.as_view(), name="api-author"),
    path("pages/", PageList.as_view(), name="api-pages"),
    path("pages/<slug:slug>/", PageDetail.as_view(), name="api-page"),
    path("articles/", ArticleList.as_view(), name="api-articles"),
    path("articles/<slug:slug>/", ArticleDetail.as_view(), name="api-article"),
    path("categories/", CategoryList.as_view(), name="api-categories"),
    path("categories/<slug:slug>/", CategoryDetail.as_view(), name="api-category"),
]
