"""Articles for programs: the list, one with its document, and each step of its life."""

from typing import Any, ClassVar

from django.db import transaction
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.response import Response

from articles import publishing
from articles.desk import checks
from articles.desk.permissions import may_publish
from articles.models import Article
from articles.staff_api.shown import ArticleCard, ArticleNew, ArticleSent, ArticleWhole, store
from core.api.fields import Prose, sample
from core.api.staff import StaffList, StaffRow, StaffStep
from core.api.versions import IF_MATCH, etag_of

VIEW, ADD, CHANGE = "articles.view_article", "articles.add_article", "articles.change_article"
PUBLISH = (CHANGE, "articles.publish_article")
OPTIONAL = frozenset({"html", "checks"})
EXAMPLE = sample(title="Six bridges", standfirst="What they cost.", markdown="## Fees\n\nThey *fell*.", publish=True)


class ArticleFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=Article.State.choices)
    category = filters.CharFilter(field_name="category__slug")
    author = filters.CharFilter(field_name="authors__slug", distinct=True)
    tag = filters.CharFilter(field_name="tags__slug", distinct=True)
    slug = filters.CharFilter()
    changed_after = filters.IsoDateTimeFilter(field_name="changed_at", lookup_expr="gt")

    class Meta:
        model = Article
        fields: ClassVar[list[str]] = []


class ArticleList(StaffList):
    """Articles of the desk, the last changed first."""

    part = "articles"
    needs = {"GET": VIEW, "POST": ADD}
    queryset = Article.objects.select_related("category").order_by("-changed_at", "-pk")
    serializer_class = ArticleCard
    filterset_class = ArticleFilter
    filter_backends = [filters.DjangoFilterBackend, OrderingFilter]
    ordering_fields = ["changed_at", "id"]

    @extend_schema(request=ArticleNew, responses={201: ArticleWhole}, examples=[EXAMPLE])
    def post(self, request: Request) -> Response:
        """A new article: a draft, or published at once."""
        sent = ArticleNew(data=request.data)
        sent.is_valid(raise_exception=True)
        article = Article()
        with transaction.atomic():
            store(article, sent.validated_data, by=request.user)
            if sent.validated_data.get("publish"):
                _must_publish(request, article)
                publishing.publish(article, by=request.user, check=checks.blocking)
            article.refresh_from_db()
            shown = plain(article)
        location = f"{request.path}{article.pk}/"
        return Response(shown, status=status.HTTP_201_CREATED, headers={"ETag": etag_of(shown), "Location": location})


def plain(article: Article) -> dict[str, Any]:
    """An article as it is shown where nothing more is asked for."""
    found = ArticleWhole(article)
    for name in OPTIONAL:
        found.fields.pop(name)
    return dict(found.data)


def _must_publish(request: Request, article: Article) -> None:
    if not may_publish(request.user, article):
        raise PermissionDenied(f"{request.user} may not publish: its roles lack articles.publish_article.")


class OfArticle(StaffRow):
    """What views of one article share."""

    part = "articles"
    queryset = Article.objects.select_related("category", "series", "cta")
    serializer_class = ArticleWhole
    optional = OPTIONAL

    def whole(self, row: Article) -> dict[str, Any]:
        return plain(row)


class ArticleRow(OfArticle):
    """One article with its document."""

    needs = {"GET": VIEW, "PATCH": CHANGE}

    @extend_schema(
        request=ArticleSent, responses=ArticleWhole, parameters=[IF_MATCH], examples=[sample(title="Seven bridges")]
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is sent; the rest stays. Readers see it once it is published again."""
        sent = ArticleSent(data=request.data, partial=True)
        sent.is_valid(raise_exception=True)
        return self.changed(request, lambda article: store(article, sent.validated_data, by=request.user))


class Dated(serializers.Serializer[Any]):
    dated = serializers.DateTimeField(required=False, help_text="The date that readers are told, in the past.")


class Times(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    until = serializers.DateTimeField(required=False, help_text="When it is taken offline again.")


class Reason(serializers.Serializer[Any]):
    reason = Prose(max_length=400)


class Step(OfArticle, StaffStep):
    """A step of an article's life, by the desk's rules."""

    needs = {"POST": PUBLISH}


class Publish(Step):
    """Publish it as it is now."""

    route, sent, example = "publish", Dated, {"dated": "2026-05-01T06:00:00Z"}

    def take(self, article: Article, by: Any, sent: dict[str, Any]) -> None:
        publishing.publish(article, by=by, check=checks.blocking, dated=sent.get("dated"))


class Schedule(Step):
    """Publish this version at a later time."""

    route, sent, example = "schedule", Times, {"at": "2036-12-01T06:00:00Z"}

    def take(self, article: Article, by: Any, sent: dict[str, Any]) -> None:
        publishing.schedule(article, at=sent["at"], until=sent.get("until"), by=by, check=checks.blocking)


class CancelSchedule(Step):
    """Let nothing happen to it by itself any more."""

    route = "cancel-schedule"

    def take(self, article: Article, by: Any, sent: dict[str, Any]) -> None:
        publishing.cancel_schedule(article, by=by)


class Unpublish(Step):
    """Take it offline and make it a draft."""

    route = "unpublish"

    def take(self, article: Article, by: Any, sent: dict[str, Any]) -> None:
        publishing.unpublish(article, by=by)


class Archive(Step):
    """Retire it: its address leads to its category."""

    route = "archive"

    def take(self, article: Article, by: Any, sent: dict[str, Any]) -> None:
        publishing.archive(article, by=by)


class Submit(Step):
    """Send it to review."""

    route, needs = "submit", {"POST": CHANGE}

    def take(self, article: Article, by: Any, sent: dict[str, Any]) -> None:
        publishing.submit(article, by=by)


class SendBack(Step):
    """Send it back to its author, and say what has to be done."""

    route, sent, example = "send-back", Reason, {"reason": "Say where the figures are from."}

    def take(self, article: Article, by: Any, sent: dict[str, Any]) -> None:
        publishing.send_back(article, reason=sent["reason"], by=by)


STEPS = (Publish, Schedule, CancelSchedule, Unpublish, Archive, Submit, SendBack)
