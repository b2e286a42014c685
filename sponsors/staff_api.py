"""The API for staff and programs: bookings as the desk knows them. They are decided at the desk."""

from typing import Any, ClassVar

from django.urls import path
from django_filters import rest_framework as filters
from rest_framework import serializers

from core.api import keys
from core.api.staff import StaffList, StaffRow
from sponsors.models import Booking

keys.register_part("bookings", "Bookings of ads")
VIEW = "sponsors.view_booking"


class BookingShown(serializers.ModelSerializer[Booking]):
    """A booking: of which package, for how much, and where it stands."""

    sponsor: Any = serializers.CharField(source="sponsor.name", default=None, allow_null=True)
    package = serializers.CharField(source="snapshot.name")
    starts_on = serializers.DateField(allow_null=True, help_text="The first day of its ads.")

    class Meta:
        model = Booking
        fields = [
            "id", "state", "company", "contact_email", "sponsor", "package", "price", "currency", "starts_on", "hold_until",
            "requested_at", "decided_at", "reason",
        ]  # fmt: skip


class BookingFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=Booking.State.choices)
    requested_after = filters.IsoDateTimeFilter(field_name="requested_at", lookup_expr="gt")

    class Meta:
        model = Booking
        fields: ClassVar[list[str]] = []


class BookingList(StaffList):
    """Bookings, the newest first."""

    part = "bookings"
    needs = {"GET": VIEW}
    queryset = Booking.objects.with_first_day().select_related("sponsor").order_by("-requested_at", "-pk")
    serializer_class = BookingShown
    filterset_class = BookingFilter


class BookingRow(StaffRow):
    """One booking."""

    part = "bookings"
    needs = {"GET": VIEW}
    queryset = Booking.objects.with_first_day().select_related("sponsor")
    serializer_class = BookingShown


urlpatterns = [
    path("desk/bookings/", BookingList.as_view(), name="api-desk-bookings"),
    path("desk/bookings/<int:pk>/", BookingRow.as_view(), name="api-desk-booking"),
]
