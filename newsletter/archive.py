"""The archive of sent briefings, as pages and as a feed: the same words, without a subscriber's own links."""

from typing import Any

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.models import SiteProfile
from core.pagecache import public
from newsletter.models import Briefing, BriefingItem

PER_PAGE = 20


@require_safe
@public
def index(request: HttpRequest) -> HttpResponse:
    """The list of sent briefings, newest first; digests only repeat what they held."""
    briefings = Briefing.objects.readable().issues().select_related("newsletter").order_by("-first_sent_at")
    page = Paginator(briefings, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "newsletter/archive.html", {"page": page})


@require_safe
@public
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One sent briefing."""
    briefing = get_object_or_404(Briefing.objects.readable().select_related("newsletter"), slug=slug)
    items = briefing.items.order_by("ordering", "id")
    return render(request, "newsletter/briefing.html", {"briefing": briefing, "items": items})


class BriefingFeed(Feed):
    """The archive as RSS."""

    description = "Every briefing that was sent."

    def link(self) -> str:
        return settings.SITE_URL + reverse("newsletter:archive")

    def feed_url(self) -> str:
        return settings.SITE_URL + reverse("newsletter:archive-feed")

    def title(self) -> str:
        return f"{SiteProfile.current().name}: briefings"

    def items(self) -> Any:
        return Briefing.objects.readable().issues().order_by("-first_sent_at").prefetch_related("items")[:PER_PAGE]

    def item_title(self, item: Any) -> str:
        return str(item.subject)

    def item_description(self, item: Any) -> str:
        headings = [part.heading for part in item.items.all() if part.kind == BriefingItem.Kind.ARTICLE]
        return item.preheader or "; ".join(headings)

    def item_pubdate(self, item: Any) -> Any:
        return item.first_sent_at

    def item_link(self, item: Any) -> str:
        return settings.SITE_URL + item.get_absolute_url()


feed = require_safe(public(BriefingFeed()))
