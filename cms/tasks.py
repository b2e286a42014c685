"""Doorbells of the shared ground."""

from celery import shared_task

from cms import outbox


@shared_task
def send_outgoing_mail() -> None:
    """Send what is due; rung by whoever queues mail, and by beat for what was left."""
    outbox.send_due()
