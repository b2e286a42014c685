"""Configuration of sponsors."""

from django.apps import AppConfig


class SponsorsConfig(AppConfig):
    name = "sponsors"

    def ready(self) -> None:
        from sponsors import dashboard

        dashboard.register_all()
