"""The tasks of articles."""

from celery import shared_task

from articles import moves, publishing, related


@shared_task
def publish_due() -> None:
    """Publish and take down what is due; run by beat."""
    publishing.publish_due()


@shared_task
def refresh_related() -> None:
    """Refresh related articles; run after changes, and by beat for what was left."""
    related.refresh_due()


@shared_task
def follow_moved() -> None:
    """Put links to pages under former slugs right; run after changes, and by beat for what was left."""
    moves.follow_moved()
