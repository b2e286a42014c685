"""Configuration of sponsors."""

from django.apps import AppConfig


class SponsorsConfig(AppConfig):
    name = "sponsors"

    def ready(self) -> None:
        from sponsors import start

        start.register_all()
