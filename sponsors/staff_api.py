"""The API for staff and programs: bookings as the desk knows them, sold and cancelled, and payments that came in."""

from decimal import Decimal
from typing import Any, ClassVar

from django.urls import path
from django_filters import rest_framework as filters
from rest_framework import serializers

from core.api import keys
from core.api.fields import Line
from core.api.staff import StaffList, StaffRow, StaffStep
from core.transitions import TransitionRefused
from sponsors import booking as bookings
from sponsors import payments
from sponsors.models import Booking, Payment
from sponsors.money import ledger

keys.register_part("bookings", "Bookings of ads, and what is paid for them")
VIEW, DECIDE, PAY = "sponsors.view_booking", "sponsors.decide_booking", "sponsors.add_payment"


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


class BookingWhole(BookingShown):
    """A booking with its account."""

    balance = serializers.SerializerMethodField(help_text="What is owed; below zero, what we owe.")

    class Meta(BookingShown.Meta):
        fields = [*BookingShown.Meta.fields, "balance"]

    def get_balance(self, booking: Booking) -> str:
        return str(ledger.balance(booking))


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


class OfBooking(StaffRow):
    """What views of one booking share."""

    part = "bookings"
    queryset = Booking.objects.with_first_day().select_related("sponsor")
    serializer_class = BookingWhole


class BookingRow(OfBooking):
    """One booking with its account."""

    needs = {"GET": VIEW}


class Agreed(serializers.Serializer[Any]):
    price = serializers.DecimalField(
        max_digits=10, decimal_places=2, help_text="What it is sold for: as quoted, or what it costs now."
    )


class Confirm(OfBooking, StaffStep):
    """Sell it, to whoever has confirmed their address. It is billed, and the buyer is told."""

    needs = {"POST": (VIEW, DECIDE)}
    route, sent, example = "confirm", Agreed, {"price": "1500.00"}

    def take(self, row: Booking, by: Any, sent: dict[str, Any]) -> None:
        if row.is_live() and sent["price"] != row.price:
            raise TransitionRefused(f"Its price is {row.price_text}.")
        bookings.confirm(row, by=by, price=sent["price"])


class Cancellation(serializers.Serializer[Any]):
    reason = Line(max_length=300, help_text="For the buyer, who is told.")


class Cancel(OfBooking, StaffStep):
    """Give back the days that are ahead, by the terms’ rule. What ran stays."""

    needs = {"POST": (VIEW, DECIDE)}
    route, sent, example = "cancel", Cancellation, {"reason": "They asked for it."}

    def take(self, row: Booking, by: Any, sent: dict[str, Any]) -> None:
        bookings.cancel(row, by=by, reason=sent["reason"])


class PaymentSent(serializers.Serializer[Any]):
    amount = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=Decimal("0.01"))
    currency = serializers.RegexField("^[A-Z]{3}$")
    paid_on = serializers.DateField()
    reference = Line(max_length=100, help_text="The bank’s. The same twice is one payment.")
    note = Line(required=False, allow_blank=True, max_length=300)


class Pay(OfBooking, StaffStep):
    """Record what came in by bank transfer, in full or in part. What pays all of a hold sells its days."""

    needs = {"POST": (VIEW, PAY)}
    route, sent = "payments", PaymentSent
    example = {"amount": "500.00", "currency": "USD", "paid_on": "2026-11-30", "reference": "E2E-4711"}

    def take(self, row: Booking, by: Any, sent: dict[str, Any]) -> None:
        payments.receive(row, sent.pop("amount"), method=Payment.Method.BANK, by=by, **sent)


STEPS = (Confirm, Cancel, Pay)
urlpatterns = [
    path("desk/bookings/", BookingList.as_view(), name="api-desk-bookings"),
    path("desk/bookings/<int:pk>/", BookingRow.as_view(), name="api-desk-booking"),
    *(
        path(f"desk/bookings/<int:pk>/{view.route}/", view.as_view(), name=f"api-desk-booking-{view.route}")
        for view in STEPS
    ),
]
