"""Maps of the site for machines: sitemaps in pages, the news sitemap, robots.txt and llms.txt.

They replace django.contrib.sitemaps, whose template takes half a second for ten thousand lines, and whose pages start at
an OFFSET.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.views.decorators.http import require_safe

from articles.models import Author, Category, Kind, Publication, PublicationAuthor, Series, Tag
from core.lib.cachetags import LISTS, tagged
from core.lib.text import whole_number
from core.pagecache import public

PER_PAGE = 10_000
NEWS_DAYS = 2
NEWS_LIMIT = 1000
LISTED = "pages"
OPENING = ('<?xml version="1.0" encoding="UTF-8"?>', '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">')

Entry = tuple[str, datetime | None]  # path, time of the last change


def _lists() -> Iterable[Entry]:
    """The pages that are lists."""
    yield reverse("home"), None
    yield reverse("articles:articles"), None
    pages = Publication.every.filter(kind=Kind.PAGE, noindex=False, canonical="").order_by("pk")
    for page in pages.only("kind", "slug", "updated_at"):
        yield page.get_absolute_url(), page.updated_at
    listed = (
        (Category, Publication.objects.filter(category=OuterRef("pk")).order_by()),
        (Series, Publication.objects.filter(series=OuterRef("pk")).order_by()),
        (Tag, Publication.tags.through.objects.filter(tag=OuterRef("pk"))),
        (Author, PublicationAuthor.objects.filter(author=OuterRef("pk")).order_by()),
    )
    for model, articles in listed:
        for row in model._default_manager.filter(Exists(articles)).order_by("pk"):
            yield row.get_absolute_url(), None


@require_safe
@public
@tagged(LISTS)
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """All sitemaps."""
    pages = -(-Publication.objects.count() // PER_PAGE)
    names = [*(f"articles-{number}" for number in range(1, pages + 1)), LISTED]
    return render(request, "articles/sitemap_index.xml", {"names": names}, content_type="application/xml")


@require_safe
@public
@tagged(LISTS)
def sitemap(request: HttpRequest, name: str) -> HttpResponse:
    """One sitemap: the lists, or a page of articles."""
    entries = _lists() if name == LISTED else _articles(name)
    return HttpResponse(_urlset(entries), content_type="application/xml")


def _urlset(entries: Iterable[Entry]) -> str:
    """The sitemap as text."""
    lines = [
        f"<url><loc>{escape(settings.SITE_URL + path)}</loc>"
        + (f"<lastmod>{changed.isoformat(timespec='seconds')}</lastmod></url>" if changed else "</url>")
        for path, changed in entries
    ]
    return "\n".join([*OPENING, *lines, "</urlset>\n"])


def _articles(name: str) -> list[Entry]:
    kind, _, number = name.rpartition("-")
    page = whole_number(number, most=99_999)
    if kind != "articles" or not page:
        raise Http404("There is no such sitemap.")
    start = (page - 1) * PER_PAGE
    by_key = Publication.objects.order_by("pk")
    first = by_key.values("pk")[start : start + 1]
    rows = by_key.filter(pk__gte=first).values_list("slug", "updated_at", "noindex", "canonical")[:PER_PAGE]
    folder = reverse("articles:articles")
    found = list(rows)
    if not found:
        raise Http404("There is no such sitemap.")
    return [(f"{folder}{slug}/", updated) for slug, updated, noindex, canonical in found if not (noindex or canonical)]


@require_safe
@public
@tagged(LISTS)
def news_sitemap(request: HttpRequest) -> HttpResponse:
    """The articles of the last two days, in the format of news search engines."""
    since = timezone.now() - timedelta(days=NEWS_DAYS)
    rows = (
        Publication.objects.live()
        .filter(published_at__gte=since, noindex=False, canonical="")
        .only("slug", "title", "published_at")
    )
    context = {"articles": rows[:NEWS_LIMIT]}
    return render(request, "articles/news_sitemap.xml", context, content_type="application/xml")


@require_safe
@public
def robots(request: HttpRequest) -> HttpResponse:
    """Which addresses robots may fetch."""
    return render(request, "articles/robots.txt", content_type="text/plain; charset=utf-8")


@require_safe
@public
@tagged(LISTS)
def llms(request: HttpRequest) -> HttpResponse:
    """A plain guide to the site for language models: https://llmstxt.org/"""
    context = {
        "categories": Category.objects.all(),
        "articles": Publication.objects.live().filter(noindex=False).only("slug", "title", "standfirst")[:50],
    }
    return render(request, "articles/llms.txt", context, content_type="text/plain; charset=utf-8")
