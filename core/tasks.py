"""Doorbells of the shared ground."""

from celery import shared_task

from core import cdn_purge, outbox, retention, webhooks


@shared_task
def send_outgoing_mail() -> None:
    """Send what is due; rung by whoever queues mail, and by beat for what was left."""
    outbox.send_due()


@shared_task(soft_time_limit=120)
def purge_caches() -> None:
    """Tell the cache in front what to forget."""
    cdn_purge.send_purges()


@shared_task(soft_time_limit=120)
def deliver_webhooks() -> None:
    """Tell others what happened."""
    webhooks.send_deliveries()


@shared_task
def purge_expired() -> None:
    """Delete what is past its keeping time."""
    retention.purge_expired()
