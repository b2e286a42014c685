"""Doorbells of articles."""

from celery import shared_task

from articles import publishing


@shared_task
def publish_due() -> None:
    """Publish and take down what is due; rung by beat every minute."""
    publishing.publish_due()
