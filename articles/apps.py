"""Configuration of articles."""

from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    name = "articles"

    def ready(self) -> None:
        from articles import addresses, dashboard, events, moves, retention, slot_renderers, unclaimed
        from core import outbox
        from core.retention import declare, register

        addresses.register_all()
        slot_renderers.register_all()
        moves.register_all()
        events.register_all()
        dashboard.register_all()
        declare(retention.COLUMNS)
        register("pictures that nothing uses", unclaimed.delete_old)
        outbox.register("articles", seen_with="articles.view_article")
