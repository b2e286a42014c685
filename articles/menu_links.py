"""What menus can lead to: our own addresses as articles.addresses knows them, lists of articles, and pages."""

from collections.abc import Iterator

from django.urls import reverse

from articles.addresses import Page, page_behind
from articles.models import Category, Series
from articles.page_addresses import shown
from core.lib import menus

OFFERED = 50  # series


def _pages() -> Iterator[tuple[str, str]]:
    for slug, title in shown().items():
        yield reverse("page", args=[slug]), title


def _lists() -> Iterator[tuple[str, str]]:
    yield reverse("home"), "Front page"
    yield reverse("articles:articles"), "All articles"
    yield reverse("articles:archive"), "Articles by month"
    for category in Category.objects.all():
        yield category.get_absolute_url(), category.name
    for series in Series.objects.all()[:OFFERED]:
        yield series.get_absolute_url(), series.name
    yield reverse("articles:feed", args=["xml"]), "RSS feed"


def register_all() -> None:
    """Register what leads somewhere, and offer it."""
    menus.register(leads_somewhere=lambda path: page_behind(path) in (Page.SHOWN, Page.UNKNOWN))
    menus.list_pages(_pages)
    menus.offer(_pages)
    menus.offer(_lists)
