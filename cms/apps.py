"""Configuration of the shared ground."""

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig as DjangoStaticFilesConfig

from cms.celery import app as celery_app

__all__ = ["CmsConfig", "StaticFilesConfig", "celery_app"]  # tasks belong to the Celery application from the start


class CmsConfig(AppConfig):
    name = "cms"
    verbose_name = "Site"

    def ready(self) -> None:
        from cms import start
        from cms.lib import lists, widgets

        lists.bound_every_list()
        widgets.name_every_field()
        start.register_all()


class StaticFilesConfig(DjangoStaticFilesConfig):
    """Collects what our pages use, and not the browsable API or the second of two API viewers."""

    ignore_patterns = [*DjangoStaticFilesConfig.ignore_patterns, "rest_framework", "redoc", "*-es-bundle*", "*.jsx"]
