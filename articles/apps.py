"""Configuration of articles."""

from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    name = "articles"

    def ready(self) -> None:
        from articles import addresses, dashboard, events, slot_renderers

        addresses.register_all()
        slot_renderers.register_all()
        events.register_all()
        dashboard.register_all()
