"""Doorbells of the shared ground."""

from celery import shared_task

from cms import outbox, retention


@shared_task
def send_outgoing_mail() -> None:
    """Send what is due; rung by whoever queues mail, and by beat for what was left."""
    outbox.send_due()


@shared_task
def purge_expired() -> None:
    """Delete what is past its keeping time."""
    retention.purge_expired()
