"""Configuration of articles."""

from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    name = "articles"

    def ready(self) -> None:
        from articles import announcing, fillers

        fillers.register_all()
        announcing.register_all()
