"""Configuration of the shared ground."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig as DjangoStaticFilesConfig

from core.celery import app as celery_app

# Tasks belong to the Celery application from the start.
__all__ = ["AdminConfig", "CoreConfig", "StaticFilesConfig", "celery_app"]


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Site"

    def ready(self) -> None:
        from core import dashboard, heartbeats, outbox, retention
        from core.api import idempotency
        from core.lib import admin_labels

        admin_labels.ask_plainly()
        dashboard.register_all()
        outbox.register("core", seen_with="core.view_user")
        retention.register("processes that ended", heartbeats.forget_ended)
        retention.register("kept answers of the API", idempotency.delete_old)


class StaticFilesConfig(DjangoStaticFilesConfig):
    """Collects what our pages use, and not the browsable API or the second of two API viewers."""

    ignore_patterns = [*DjangoStaticFilesConfig.ignore_patterns, "rest_framework", "redoc", "*-es-bundle*", "*.jsx"]


class AdminConfig(DjangoAdminConfig):
    """Django's, with our site in place of its own."""

    default_site = "core.lib.admin_site.DeskSite"
