"""Doorbells of sponsors, rung by beat."""

from celery import shared_task

from sponsors import availability, booking


@shared_task
def turn_day() -> None:
    """Have pages made anew when an ad's day comes or goes."""
    availability.turn_day()


@shared_task
def expire_stale_holds() -> None:
    """Release holds that ran out. Only for those who look: whoever books does it for the units at hand."""
    booking.expire_stale()
