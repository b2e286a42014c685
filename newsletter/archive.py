"""The archive of sent briefings, as pages and as a feed: the same words, without a subscriber's own links."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.postgres.search import SearchRank
from django.contrib.syndication.views import Feed
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from articles.search import cleaned_query, excerpt_of, marked, query_of
from core.lib.html import absolute_addresses
from core.lib.text import storable
from core.models import SiteProfile
from core.pagecache import public
from newsletter.models import ArchiveEntry, Briefing, BriefingItem
from newsletter.querysets import BriefingQuerySet
from newsletter.sending import composition

PER_PAGE = 20


@require_safe
@public
def index(request: HttpRequest) -> HttpResponse:
    """The list of sent briefings, newest first, or those with the words that are searched for; digests only repeat."""
    words = cleaned_query(request.GET.get("q", ""))
    briefings = Briefing.objects.readable().issues().select_related("newsletter")
    page = Paginator(_matching(briefings, words), PER_PAGE).get_page(request.GET.get("page"))
    if words:
        _add_excerpts(page.object_list, words)
    page_query = f"{urlencode({'q': words})}&" if words else ""
    return render(request, "newsletter/archive.html", {"page": page, "query": words, "page_query": page_query})


def _matching(briefings: BriefingQuerySet, words: str) -> BriefingQuerySet:
    """All of them; with words those that have them, best first."""
    if not words:
        return briefings.order_by("-first_sent_at")
    rank = SearchRank(F("archive_entry__search"), query_of(words), normalization=1)
    found = briefings.filter(archive_entry__search=query_of(words)).annotate(rank=rank)
    return found.order_by("-rank", "-first_sent_at", "-pk")


def _add_excerpts(briefings: Iterable[Any], words: str) -> None:
    """Only of what one page shows: marking reads whole texts."""
    entries = ArchiveEntry.objects.filter(briefing__in=[row.pk for row in briefings])
    excerpts = dict(entries.annotate(excerpt=excerpt_of("text", words)).values_list("briefing", "excerpt"))
    for briefing in briefings:
        briefing.excerpt_html = marked(excerpts.get(briefing.pk, ""))


@require_safe
@public
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One sent briefing."""
    found = Briefing.objects.readable().select_related("newsletter", "archive_entry")
    briefing = get_object_or_404(found, slug=slug)
    entry = getattr(briefing, "archive_entry", None)
    picture = settings.SITE_URL + default_storage.url(entry.social_image) if entry and entry.social_image else ""
    context = {"briefing": briefing, "shown": composition.web_version(briefing), "social_image": picture}
    return render(request, "newsletter/briefing.html", context)


class FullTextRss(Rss201rev2Feed):
    """RSS with the whole text, as readers of feeds expect it."""

    def root_attributes(self) -> dict[str, str]:
        return super().root_attributes() | {"xmlns:content": "http://purl.org/rss/1.0/modules/content/"}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content:encoded", item["html"])


class BriefingFeed(Feed):
    """The archive as RSS."""

    feed_type = FullTextRss
    description = "Every briefing that was sent."

    def link(self) -> str:
        return settings.SITE_URL + reverse("newsletter:archive")

    def feed_url(self) -> str:
        return settings.SITE_URL + reverse("newsletter:archive-feed")

    def title(self) -> str:
        return f"{SiteProfile.current().name}: briefings"

    def items(self) -> Any:
        return (
            Briefing.objects.readable()
            .issues()
            .order_by("-first_sent_at")
            .prefetch_related("items__snippet")[:PER_PAGE]
        )

    def item_title(self, item: Any) -> str:
        return str(item.title)

    def item_description(self, item: Any) -> str:
        headings = [part.heading for part in item.items.all() if part.kind == BriefingItem.Kind.ARTICLE]
        return item.summary or "; ".join(headings)

    def item_extra_kwargs(self, item: Any) -> dict[str, Any]:
        """The whole briefing as HTML whose links also work elsewhere."""
        shown = composition.web_version(item, list(item.items.all()))
        html = render_to_string("newsletter/_parts.html", {"shown": shown})
        if shown.paid:
            html += render_to_string("articles/feed_paid.html", {"paid": shown.paid})
        page = settings.SITE_URL + item.get_absolute_url()
        return {"html": storable(absolute_addresses(html, site=settings.SITE_URL, page=page))}

    def item_pubdate(self, item: Any) -> Any:
        return item.first_sent_at

    def item_link(self, item: Any) -> str:
        return settings.SITE_URL + item.get_absolute_url()


feed = require_safe(public(BriefingFeed()))
