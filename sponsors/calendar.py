"""Ads on the newsroom's calendar: on each day, what is booked."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from core.lib.calendar import MOST, Entry, Source, Span, register
from sponsors import claims
from sponsors.models import Claim

FIXED = "Its day was sold: make it good with a booking of another."


class AdDays(Source):
    """Booked places, each on its day; the place's name for all who see places, the buyer's for those who see bookings."""

    name, label, plural = "ads", "Ad", "Ad days"
    permissions = ("sponsors.view_rununit",)

    def between(self, user: Any, span: Span) -> Iterator[Entry]:
        sees_buyers = user.has_perm("sponsors.view_booking")
        found = Claim.objects.filter(state__in=claims.LIVE, unit__date__gte=span.first, unit__date__lte=span.last)
        rows = found.select_related("unit__kind", "booking__sponsor").order_by("unit__date", "unit__channel", "pk")
        for claim in rows[:MOST]:
            page, row = ("booking_overview", claim.booking_id) if sees_buyers else ("rununit_change", claim.unit_id)
            yield Entry(
                key=str(claim.pk),
                title=f"{claim.unit.kind}: {claim.booking.name}" if sees_buyers else str(claim.unit.kind),
                url=reverse(f"admin:sponsors_{page}", args=[row]),
                state=claim.get_state_display(),
                when=claim.unit.date,
                fixed=FIXED,
            )


def register_all() -> None:
    """Put ads on the calendar."""
    register(AdDays(), place=40)
