"""Configuration of sponsors."""

from django.apps import AppConfig


class SponsorsConfig(AppConfig):
    name = "sponsors"

    def ready(self) -> None:
        from core import outbox
        from sponsors import calendar, dashboard, retention

        dashboard.register_all()
        calendar.register_all()
        outbox.register("sponsors", seen_with="sponsors.view_booking")
        retention.register_all()
