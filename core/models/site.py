"""The site: what it says of itself, and the generation of what its readers see."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import cached_property

from core import pagecache
from core.lib import html, menus


class SiteProfile(models.Model):
    """What the site says of itself on every page. There is one row."""

    name = models.CharField(max_length=80, default="Moonpress")
    tagline = models.CharField(max_length=160, blank=True)
    postal_address = models.CharField(
        max_length=200, blank=True, help_text="Printed at the foot of every briefing, as the law asks."
    )
    contact_email = models.EmailField(blank=True)
    sponsor_email = models.EmailField(blank=True, help_text="Where those who want to advertise can write.")
    one_person_approves_ads = models.BooleanField(
        "one person may approve an ad alone",
        default=False,
        db_default=False,
        help_text="Of an ad, editorial and compliance are otherwise judged by two different people. The media kit says which.",
    )
    about_heading = models.CharField(max_length=120, blank=True)
    about_html = models.TextField("about", blank=True, help_text="The panel under every article.")
    stats = models.JSONField(
        default=list, blank=True, help_text='Tiles in that panel: [{"value": "12", "label": "years of research"}]'
    )
    navigation = models.JSONField(
        default=list,
        blank=True,
        help_text='The header\'s links: [{"label": "Research", "url": "/blog/category/research/"}]',
    )
    footer = models.JSONField(
        default=list,
        blank=True,
        help_text='The footer\'s links: [{"heading": "Read", "label": "Research", "url": "/blog/category/research/"}]',
    )
    social_links = models.JSONField(default=list, blank=True, help_text='[{"label": "Mastodon", "url": "https://…"}]')

    class Meta:
        verbose_name = "site profile"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="site_profile_is_one_row")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.id = 1
        self.about_html = html.clean(self.about_html)
        super().save(*args, **kwargs)
        pagecache.bump()

    def clean(self) -> None:
        for field, keys in (
            ("stats", {"value", "label"}),
            ("navigation", {"label", "url"}),
            ("footer", {"heading", "label", "url"}),
            ("social_links", {"label", "url"}),
        ):
            entries = getattr(self, field)
            if not isinstance(entries, list) or not all(
                isinstance(entry, dict) and set(entry) == keys for entry in entries
            ):
                raise ValidationError({field: f"Write a list of entries that each have {' and '.join(sorted(keys))}."})
            if any(not str(entry.get("url", "/")).startswith(("/", "https://", "http://")) for entry in entries):
                raise ValidationError({field: "A link starts with / or https://."})

    @cached_property
    def menu(self) -> list[menus.Link]:
        """The header's links that lead somewhere."""
        return menus.alive(self.navigation)

    def leads_to(self, path: str) -> bool:
        """Whether a link of the header or the footer is to a page of ours, shown or not."""
        return any(link["url"].startswith(path) for link in [*self.navigation, *self.footer])

    @cached_property
    def columns(self) -> list[menus.Column]:
        """The footer's columns, likewise."""
        return menus.columns(self.footer)

    @cached_property
    def pages(self) -> list[menus.Link]:
        """The pages that a footer has of which nobody made columns."""
        return [] if self.footer else [{"label": name, "url": url} for url, name in menus.pages()]

    @staticmethod
    @pagecache.per_generation
    def current() -> "SiteProfile":
        """The one row, or its defaults where none was saved yet; kept until content changes."""
        return SiteProfile.objects.first() or SiteProfile()


class ContentGeneration(models.Model):
    """A number that grows with every change readers can see; see core.pagecache."""

    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.value)
