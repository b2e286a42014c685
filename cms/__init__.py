"""The ground that the newsroom's parts share: people, mail, pages, settings."""

from cms.celery import app as celery_app

__all__ = ["celery_app"]
