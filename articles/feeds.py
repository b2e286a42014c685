"""Feeds in RSS, Atom and JSON Feed, of the whole site and of each category, series, tag and author."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Enclosure, Rss201rev2Feed
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from articles import slots
from articles.contexts import authors_of, shown_corrections
from articles.models import Author, Category, Publication, Series, Tag
from articles.paid import shown, sponsors_of
from articles.querysets import PublicationQuerySet
from articles.structured_data import absolute
from core.lib.cachetags import LISTS, tagged
from core.lib.html import absolute_addresses
from core.lib.text import storable
from core.models import SiteProfile
from core.pagecache import of_articles, public

ITEMS = 20
SOURCES: dict[str, type[Category | Series | Tag | Author]] = {
    "category": Category,
    "series": Series,
    "tag": Tag,
    "author": Author,
}


class RssFeed(Rss201rev2Feed):
    """RSS with the whole text, as readers of feeds expect it."""

    def root_attributes(self) -> dict[str, str]:
        return super().root_attributes() | {
            "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
            "xmlns:media": "http://search.yahoo.com/mrss/",
        }

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content:encoded", item["html"])
        if image := item["image"]:
            size = {name: str(image[name]) for name in ("width", "height") if name in image}
            handler.addQuickElement("media:content", attrs={"url": image["url"], "medium": "image", **size})


class AtomFeed(Atom1Feed):
    """Atom with the whole text."""

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["html"], {"type": "html"})


@require_safe
@public
@of_articles
@tagged(LISTS)
def feed(request: HttpRequest, form: str, kind: str = "", slug: str = "") -> HttpResponse:
    """The newest articles, of the whole site or of one category, series, tag or author."""
    if kind and kind not in SOURCES:
        raise Http404("There is no such feed.")
    source: Any = get_object_or_404(SOURCES[kind], slug=slug) if kind else None
    site = SiteProfile.current()
    head = {
        "title": storable(f"{site.name}: {source}" if source else site.name),
        "description": storable(getattr(source, "description", "") or site.tagline or site.name),
        "home": absolute(source.get_absolute_url() if source else reverse("home")),
        "address": absolute(request.path),
    }
    found: PublicationQuerySet = source.publications.live() if source else Publication.objects.live()
    items = [_item(publication) for publication in found.filter(noindex=False).feed_items()[:ITEMS]]
    return FORMS[form](head, items)


def _item(publication: Publication) -> dict[str, Any]:
    url = absolute(publication.get_absolute_url())
    return {
        "id": publication.feed_id,
        "title": publication.title,
        "url": url,
        "summary": publication.standfirst,
        "language": publication.language,
        "html": absolute_addresses(slots.strip(publication.html), site=settings.SITE_URL, page=url)
        + _corrections(publication)
        + _paid(publication),
        "sponsors": sponsors_of(publication.paid),
        "authors": authors_of(publication.byline_rows),
        "tags": [row["name"] for row in publication.tag_rows],
        "category": publication.category,
        "image": publication.image and {**publication.image, "url": absolute(publication.image["src"])},
        "published_at": publication.published_at,
        "updated_at": publication.updated_at,
    }


def _corrections(publication: Publication) -> str:
    """What was corrected, below the text, as on the article's page."""
    context = {"corrections": shown_corrections(publication.corrections)}
    return render_to_string("components/corrections.html", context) if publication.corrections else ""


def _paid(publication: Publication) -> str:
    """Who paid us and is named, below the text."""
    named = shown(publication.paid)
    return render_to_string("articles/feed_paid.html", {"paid": named}) if named and named["named"] else ""


def _enclosures(item: dict[str, Any]) -> list[Enclosure]:
    """The picture as a file to fetch, where the file is ours and we know how long it is."""
    image = item["image"]
    name = image["src"].removeprefix(settings.MEDIA_URL) if image and not image.get("missing") else ""
    if not name or not default_storage.exists(name):
        return []
    return [Enclosure(image["url"], str(default_storage.size(name)), "image/webp")]


def _xml(generator: type[Rss201rev2Feed] | type[Atom1Feed], content_type: str) -> Callable[..., HttpResponse]:
    def respond(head: dict[str, str], items: list[dict[str, Any]]) -> HttpResponse:
        feed = generator(
            title=head["title"], link=head["home"], description=head["description"], feed_url=head["address"],
            language=settings.LANGUAGE_CODE,
        )  # fmt: skip
        for item in items:
            categories = [item["category"].name] if item["category"] else []
            feed.add_item(
                title=storable(item["title"]),
                link=item["url"],
                description=storable(item["summary"]),
                unique_id=item["id"],
                unique_id_is_permalink=False,
                author_name=storable(", ".join(author["name"] for author in item["authors"])) or None,
                pubdate=item["published_at"],
                updateddate=item["updated_at"],
                categories=[storable(name) for name in [*categories, *item["tags"]]],
                html=storable(item["html"]),
                image=item["image"],
                enclosures=_enclosures(item),
            )
        return HttpResponse(feed.writeString("utf-8"), content_type=content_type)

    return respond


def _json(head: dict[str, str], items: list[dict[str, Any]]) -> HttpResponse:
    """https://www.jsonfeed.org/version/1.1/"""
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": head["title"],
        "description": head["description"],
        "home_page_url": head["home"],
        "feed_url": head["address"],
        "language": settings.LANGUAGE_CODE,
        "items": [_json_item(item) for item in items],
    }
    return JsonResponse(body, content_type="application/feed+json", json_dumps_params={"ensure_ascii": False})


def _json_item(item: dict[str, Any]) -> dict[str, Any]:
    def stamp(moment: datetime) -> str:
        return moment.isoformat(timespec="seconds")

    entry = {
        "id": item["id"],
        "url": item["url"],
        "title": item["title"],
        "summary": item["summary"],
        "content_html": item["html"],
        "date_published": stamp(item["published_at"]),
        "date_modified": stamp(item["updated_at"]),
        "authors": [{"name": author["name"], "url": absolute(author["url"])} for author in item["authors"]],
        "tags": item["tags"],
    }
    entry |= {"language": item["language"]} if item["language"] else {}
    entry |= {"_sponsors": item["sponsors"]} if item["sponsors"] else {}
    return entry | ({"image": item["image"]["url"]} if item["image"] else {})


FORMS: dict[str, Callable[..., HttpResponse]] = {
    "xml": _xml(RssFeed, "application/rss+xml; charset=utf-8"),
    "atom": _xml(AtomFeed, "application/atom+xml; charset=utf-8"),
    "json": _json,
}


class FeedForm:
    """The ending of a feed's address: xml (RSS), atom or json."""

    regex = "xml|atom|json"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
