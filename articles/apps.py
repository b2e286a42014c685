"""Configuration of articles."""

from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    name = "articles"

    def ready(self) -> None:
        from articles import dashboard, events, slot_renderers

        slot_renderers.register_all()
        events.register_all()
        dashboard.register_all()
