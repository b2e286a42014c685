"""Configuration of sponsors."""

from django.apps import AppConfig


class SponsorsConfig(AppConfig):
    name = "sponsors"

    def ready(self) -> None:
        from django.urls import reverse

        from core import outbox
        from core.lib import menus
        from sponsors import calendar, dashboard, events, retention
        from sponsors.money import letters

        dashboard.register_all()
        menus.offer(
            lambda: [
                (reverse("sponsors:media-kit"), "Advertise"),
                (reverse("sponsors:disclosure-log"), "Sponsored is not rated"),
            ]
        )
        calendar.register_all()
        events.register_all()
        outbox.register("sponsors", seen_with="sponsors.view_booking")
        retention.register_all()
        letters.register_all()
