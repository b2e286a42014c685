"""Configuration of newsletter."""

from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    name = "newsletter"

    def ready(self) -> None:
        from newsletter import dashboard
        from newsletter.stats import Audience
        from sponsors import audience

        audience.register(Audience())
        dashboard.register_all()
