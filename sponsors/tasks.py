"""Tasks that beat starts."""

from celery import shared_task

from sponsors import availability, booking, link_checks


@shared_task
def turn_day() -> None:
    """Have pages rendered again when an ad's day comes or goes."""
    availability.turn_day()


@shared_task
def expire_stale_holds() -> None:
    """Release holds that have run out, for what calendars show: a booking does it by itself for the units it needs."""
    booking.expire_stale()


@shared_task
def check_links() -> None:
    """Look at where ads lead that may run."""
    link_checks.run_due()
