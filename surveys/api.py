"""What the API shows of the awards: seasons, categories, nominees, and results once they are released."""

from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from django.urls import path
from django.urls.resolvers import URLPattern
from drf_spectacular.utils import extend_schema_field
from rest_framework import generics, serializers

from core.api import kept
from surveys import papers
from surveys.models import AwardCategory, Nominee, Season
from surveys.result_view import result_of


class RowSerializer(serializers.Serializer[dict[str, Any]]):
    rank = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    slug = serializers.CharField()
    count = serializers.FloatField()
    share = serializers.CharField(allow_null=True)
    winner = serializers.BooleanField()


class ResultSerializer(serializers.Serializer[Any]):
    """A released result; `note` states N, the method and the sample."""

    unit = serializers.CharField()
    note = serializers.CharField()
    winners = serializers.ListField(child=serializers.CharField())
    rows = RowSerializer(many=True)


class NomineeSerializer(serializers.ModelSerializer[Nominee]):
    class Meta:
        model = Nominee
        fields = ["slug", "name", "description", "url", "withdrawn_at"]


class AwardCategorySerializer(serializers.ModelSerializer[AwardCategory]):
    nominees = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()

    class Meta:
        model = AwardCategory
        fields = ["slug", "title", "description", "method", "closed_at", "released_at", "nominees", "result"]

    @extend_schema_field(NomineeSerializer(many=True))
    def get_nominees(self, category: AwardCategory) -> Any:
        return NomineeSerializer(papers.nominees_of(category), many=True).data

    @extend_schema_field(ResultSerializer(allow_null=True))
    def get_result(self, category: AwardCategory) -> dict[str, Any] | None:
        result = result_of(category)
        return dict(ResultSerializer(result).data) if result else None


class SeasonSerializer(serializers.ModelSerializer[Season]):
    page = serializers.SerializerMethodField()

    class Meta:
        model = Season
        fields = [
            "slug", "title", "standfirst", "state", "opens_at", "closes_at", "released_at", "rules_version",
            "is_imported", "page",
        ]  # fmt: skip

    def get_page(self, season: Season) -> str:
        return settings.SITE_URL + season.get_absolute_url()


class SeasonDetailSerializer(SeasonSerializer):
    categories = AwardCategorySerializer(many=True, read_only=True)

    class Meta(SeasonSerializer.Meta):
        fields = [*SeasonSerializer.Meta.fields, "categories"]


@kept
class SeasonList(generics.ListAPIView[Season]):
    """Seasons that readers know of, the newest first."""

    queryset = Season.objects.public()
    serializer_class = SeasonSerializer


@kept
class SeasonDetail(generics.RetrieveAPIView[Season]):
    """One season with its categories, nominees and released results."""

    queryset = Season.objects.public().prefetch_related(
        Prefetch("categories", AwardCategory.objects.prefetch_related("nominees"))
    )
    serializer_class = SeasonDetailSerializer
    lookup_field = "slug"


urlpatterns: list[URLPattern] = [
    path("seasons/", SeasonList.as_view(), name="api-seasons"),
    path("seasons/<slug:slug>/", SeasonDetail.as_view(), name="api-season"),
]
