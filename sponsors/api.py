"""The API of the packages on sale."""

from typing import Any

from django.urls import path
from rest_framework import generics, serializers

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
    url = serializers.HyperlinkedIdentityField("sponsors:book", lookup_field="tier", lookup_url_kwarg="tier")

    class Meta:
        model = Package
        fields = ["tier", "version", "name", "summary", "price", "currency", "items", "next_starts", "url"]

    def get_next_starts(self, package: Package) -> list[str]:
        calendar: availability.Calendar = self.context["calendar"]
        return [day.isoformat() for day in calendar.starts(package, limit=3)]


class PackageList(generics.ListAPIView):
    """Ad packages on sale, the most expensive first."""

    queryset = Package.objects.on_sale()
    serializer_class = PackageSerializer
    pagination_class = None

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "calendar": availability.calendar(self.get_queryset())}


urlpatterns = [path("packages/", PackageList.as_view(), name="package-list")]
