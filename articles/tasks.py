"""Doorbells of articles."""

from celery import shared_task

from articles import publishing, related


@shared_task
def publish_due() -> None:
    """Publish and take down what is due; rung by beat every minute."""
    publishing.publish_due()


@shared_task
def refresh_related() -> None:
    """Find companions anew where something changed; rung by such changes, and by beat for what was left."""
    related.refresh_due()
