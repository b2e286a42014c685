"""The shared ground's tasks: mail, purges, webhooks, and what has expired."""

from celery import shared_task

from core import cdn_purge, outbox, retention, webhooks


@shared_task
def send_outgoing_mail() -> None:
    """Send the mail that is due; rung when mail is queued, and by beat for the rest."""
    outbox.send_due()


@shared_task
def purge_caches() -> None:
    """Have the cache in front drop what has changed."""
    cdn_purge.send_purges()


@shared_task
def deliver_webhooks() -> None:
    """Deliver events to webhooks."""
    webhooks.send_deliveries()


@shared_task
def purge_expired() -> None:
    """Delete what is past its keeping time."""
    retention.purge_expired()
