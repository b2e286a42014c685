"""Readers' figures for programs: by day, of the site or of one article."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from articles.models import Article
from articles.readership import figures
from core.api.access import ByKey
from core.replica import for_reports

LONGEST = timedelta(days=366)


class DayShown(serializers.Serializer[Any]):
    """A day; visitors are counted anew each day."""

    day = serializers.DateField()
    views = serializers.IntegerField()
    visitors = serializers.IntegerField()


class FiguresShown(serializers.Serializer[Any]):
    since = serializers.DateField()
    until = serializers.DateField()
    article = serializers.CharField(allow_null=True)
    days = DayShown(many=True)


class Asked(serializers.Serializer[Any]):
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    article = serializers.SlugField(required=False)

    def validate(self, attrs: Any) -> Any:
        until: date = attrs.setdefault("until", timezone.now().date())
        since: date = attrs.setdefault("since", until - min(timedelta(days=27), until - date.min))
        if not timedelta(0) <= until - since <= LONGEST:
            raise ValidationError({"since": ["Ask for at most a year, from its first day to its last."]})
        return attrs


class ReadersFigures(ByKey, APIView):
    """How often the site, or one article, was read, by day."""

    part = "figures"
    needs = {"GET": "articles.view_dayfigures"}

    @extend_schema(
        parameters=[
            OpenApiParameter("since", date, description="Else four weeks before the last day."),
            OpenApiParameter("until", date, description="Else today."),
            OpenApiParameter("article", str, description="Its slug; without it, of the whole site."),
        ],
        responses=FiguresShown,
    )
    @for_reports
    def get(self, request: Request) -> Response:
        asked = Asked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        article = self._article(given.get("article"))
        scope = figures.Scope(given["since"], given["until"], article=article.pk if article else None)
        days = [{"day": day, "views": views, "visitors": visitors} for day, views, visitors in figures.by_day(scope)]
        shown = {"since": scope.first, "until": scope.last, "article": article.slug if article else None, "days": days}
        return Response(FiguresShown(shown).data)

    def _article(self, slug: str | None) -> Article | None:
        if not slug:
            return None
        found = Article.objects.filter(slug=slug).first()
        if found is None:
            raise ValidationError({"article": ["There is no article of this slug."]})
        return found
