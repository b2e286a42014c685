"""The API of the packages on sale: their free days, and a way to hold them, by the form's own rules."""

from datetime import date
from typing import Any

from django.conf import settings
from django.urls import path, reverse
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import kept
from core.api.fields import sample
from core.api.problems import answer
from core.api.shape import Shaped
from core.lib.forms import client_address
from core.lib.networks import network_of
from core.lib.text import storable
from sponsors import availability
from sponsors.booking import Unavailable
from sponsors.forms import BookingForm
from sponsors.models import Package, PackageItem, Sponsor

STARTS_OFFERED = 40


class PackageItemSerializer(serializers.ModelSerializer):
    placement = serializers.CharField(source="kind.name")
    channel = serializers.CharField(source="kind.channel")

    class Meta:
        model = PackageItem
        fields = ["placement", "channel", "quantity"]


class PackageSerializer(serializers.ModelSerializer):
    name = serializers.CharField()
    offer = serializers.CharField(help_text="Stands for this version at this price. Send it back when you book.")
    items = PackageItemSerializer(many=True)
    next_starts = serializers.SerializerMethodField(help_text="The next days on which the whole package can start.")
    url = serializers.SerializerMethodField()

    class Meta:
        model = Package
        fields = ["tier", "version", "name", "summary", "price", "currency", "offer", "items", "next_starts", "url"]

    def get_url(self, package: Package) -> str:
        return settings.SITE_URL + reverse("sponsors:book", args=[package.tier])

    def get_next_starts(self, package: Package) -> list[str]:
        calendar: availability.Calendar = self.context["calendar"]
        return [day.isoformat() for day in calendar.starts(package, limit=3)]


@kept
class PackageList(Shaped, generics.ListAPIView):
    """Ad packages on sale, the most expensive first."""

    queryset = Package.objects.on_sale()
    serializer_class = PackageSerializer
    pagination_class = None

    def get_serializer_context(self) -> dict[str, Any]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made, maybe without a database
            return {**super().get_serializer_context()}
        return {**super().get_serializer_context(), "calendar": availability.calendar(self.get_queryset())}


class DaySerializer(serializers.Serializer[Any]):
    """A day on which the whole package can start, and the last day of its ads then."""

    start = serializers.DateField()
    last = serializers.DateField()


def days_of(package: Package) -> list[tuple[date, date]]:
    """The runs from which a buyer may choose."""
    calendar = availability.calendar([package])
    return [(day, calendar.last_day(package, day)) for day in calendar.starts(package, limit=STARTS_OFFERED)]


@kept
class FreeDays(APIView):
    """The free days of a package."""

    @extend_schema(responses=DaySerializer(many=True))
    def get(self, _request: Request, tier: str) -> Response:
        package = generics.get_object_or_404(Package.objects.on_sale(), tier=tier)
        return Response([{"start": first, "last": last} for first, last in days_of(package)])


class BookingRequest(serializers.Serializer[Any]):
    company = serializers.CharField(max_length=120)
    contact_email = serializers.CharField(max_length=254)
    start = serializers.DateField(help_text="One of the free days.")
    category = serializers.CharField(
        required=False,
        help_text=f"One of {', '.join(Sponsor.Category.values)}. Needed where a place is for one advertiser of a kind.",
    )
    runs = serializers.IntegerField(required=False, min_value=1, help_text="How many runs. All are held, or none.")
    weeks = serializers.IntegerField(
        required=False,
        help_text="Of several runs: weeks from one to the next, 2 or 4; 0 where they follow on each other.",
    )
    offer = serializers.CharField(
        required=False, help_text="The package’s `offer`. Where its price has changed since, nothing is held."
    )
    message = serializers.CharField(required=False, max_length=2000)


EXAMPLE = sample(company="Northwind Custody", contact_email="ads@northwind.example", start="2026-12-08")


class BookingAnswer(serializers.Serializer[Any]):
    message = serializers.CharField()
    hold_until = serializers.DateTimeField()
    price = serializers.DecimalField(max_digits=10, decimal_places=2)
    currency = serializers.CharField()


class BookingCreate(APIView):
    """Hold the days of a package, by the rules of the form: the link in a mail keeps them."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(request=BookingRequest, responses={202: BookingAnswer}, examples=[EXAMPLE])
    def post(self, request: Request, tier: str) -> Response:
        package = generics.get_object_or_404(Package.objects.on_sale(), tier=tier)
        sent = request.data if isinstance(request.data, dict) else {}
        typed = {name: storable(str(sent.get(name) or "")) for name in BookingForm.base_fields}
        network = network_of(client_address(request._request))
        form = BookingForm(typed, package=package, network=network)
        if not form.is_valid():
            code = 429 if form.has_error("__all__", "too-many") else 400
            headers = {"Retry-After": "3600"} if code == status.HTTP_429_TOO_MANY_REQUESTS else {}
            return answer("Nothing was held.", code, errors=form.errors, headers=headers)
        try:
            booking = form.save()
        except Unavailable as conflict:
            days = [day.isoformat() for day in conflict.alternatives]
            return answer(str(conflict), status.HTTP_409_CONFLICT, alternatives=days)
        held: dict[str, Any] = {
            "hold_until": booking.hold_until,
            "price": str(booking.price),
            "currency": booking.currency,
        }
        return answer("Check your inbox: the link in our mail keeps these days.", status.HTTP_202_ACCEPTED, **held)


urlpatterns = [
    path("packages/", PackageList.as_view(), name="package-list"),
    path("packages/<slug:tier>/days/", FreeDays.as_view(), name="api-package-days"),
    path("packages/<slug:tier>/bookings/", BookingCreate.as_view(), name="api-package-bookings"),
]
