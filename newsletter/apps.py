"""Configuration of newsletter."""

from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    name = "newsletter"

    def ready(self) -> None:
        from newsletter import start
        from newsletter.stats import Audience
        from sponsors import audience

        audience.register(Audience())
        start.register_all()
