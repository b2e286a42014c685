"""Configuration of newsletter."""

from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    name = "newsletter"
