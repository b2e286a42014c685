"""The API of the packages on sale."""

from typing import Any

from django.conf import settings
from django.urls import path, reverse
from rest_framework import generics, serializers

from core.api import kept
from sponsors import availability
from sponsors.models import Package, PackageItem


class PackageItemSerializer(serializers.ModelSerializer):
    placement = serializers.CharField(source="kind.name")
    channel = serializers.CharField(source="kind.channel")

    class Meta:
        model = PackageItem
        fields = ["placement", "channel", "quantity"]


class PackageSerializer(serializers.ModelSerializer):
    name = serializers.CharField()
    items = PackageItemSerializer(many=True)
    next_starts = serializers.SerializerMethodField(help_text="The next days on which the whole package can start.")
    url = serializers.SerializerMethodField()

    class Meta:
        model = Package
        fields = ["tier", "version", "name", "summary", "price", "currency", "items", "next_starts", "url"]

    def get_url(self, package: Package) -> str:
        return settings.SITE_URL + reverse("sponsors:book", args=[package.tier])

    def get_next_starts(self, package: Package) -> list[str]:
        calendar: availability.Calendar = self.context["calendar"]
        return [day.isoformat() for day in calendar.starts(package, limit=3)]


@kept
class PackageList(generics.ListAPIView):
    """Ad packages on sale, the most expensive first."""

    queryset = Package.objects.on_sale()
    serializer_class = PackageSerializer
    pagination_class = None

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "calendar": availability.calendar(self.get_queryset())}


urlpatterns = [path("packages/", PackageList.as_view(), name="package-list")]
