"""The events of bookings that webhooks can ask for. They tell of the company and the package, not of whom we write to."""

from core import webhooks
from sponsors.models import Booking

REQUESTED, CONFIRMED, CANCELLED = "booking.requested", "booking.confirmed", "booking.cancelled"
PAID = "booking.paid"
EVENTS = {
    REQUESTED: "a buyer confirms their address, and ad days are held",
    CONFIRMED: "a booking is confirmed",
    CANCELLED: "a booking is cancelled",
    PAID: "a payment settles what a booking owes",
}


def register_all() -> None:
    """Register the events of bookings."""
    for name, label in EVENTS.items():
        webhooks.register(name, label)


def announce(event: str, booking: Booking) -> None:
    """Announce what happened to a booking, in the transaction in which it happens."""
    shown = {
        "id": booking.pk,
        "state": booking.state,
        "company": booking.company,
        "package": booking.snapshot["name"],
        "price": str(booking.price),
        "currency": booking.currency,
    }
    webhooks.announce(event, {"booking": shown})
