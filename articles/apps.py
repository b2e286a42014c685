"""Configuration of articles."""

from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    name = "articles"

    def ready(self) -> None:
        from articles import announcing, fillers
        from articles.desk import start

        fillers.register_all()
        announcing.register_all()
        start.register_all()
