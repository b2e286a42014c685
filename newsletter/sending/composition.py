"""The content of a briefing: its items, the ad among them, and the text and HTML rendered from them."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.template.loader import render_to_string
from django.urls import reverse

from articles.models import Publication
from core.lib.slugs import free_slug
from core.lib.text import one_line
from core.models import SiteProfile
from newsletter.mail.mime import MessageHeaders, Placeholders
from newsletter.models import Briefing, BriefingItem, Newsletter
from sponsors.placements import Placement, placement_on

NEWEST = 8
AD_ORDERING = 15  # after the first article: seen without being the first thing
CANARY = 0  # the number of the hidden link
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Links:
    """Where the links of one rendering lead. `follow` gives the address behind an item's link, from its number and target."""

    unsubscribe: str
    preferences: str
    follow: Callable[[int, str], str] = lambda _number, url: url
    pixel: str = ""
    canary: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A briefing as its two bodies; `targets` are the items' links by number."""

    text: str
    html: str
    targets: dict[int, BriefingItem] = field(default_factory=dict)


@transaction.atomic
def new_briefing(*, newsletter: Newsletter, issue_date: date) -> Briefing:
    """A draft with the articles published since the last briefing, newest first, and the booked sponsor."""
    newest = list(newest_publications(newsletter))
    briefing = Briefing.objects.create(
        newsletter=newsletter,
        issue_date=issue_date,
        slug=free_slug(f"{newsletter.slug}-{issue_date:%Y-%m-%d}", is_briefing, limit=80),
        subject=newest[0].title[:150] if newest else "",
        preheader=newest[0].standfirst[:200] if newest else "",
    )
    for position, publication in enumerate(newest):
        add_article(briefing, publication, ordering=10 * (position + 1))
    place_sponsor(briefing)
    return briefing


def newest_publications(newsletter: Newsletter) -> Iterator[Publication]:
    """Articles published since the last briefing of this newsletter that none of its briefings has carried."""
    earlier = newsletter.briefings.issues().exclude(state=Briefing.State.CANCELLED)
    since = earlier.aggregate(last=Max("created_at"))["last"]
    carried = BriefingItem.objects.filter(briefing__in=earlier, article__isnull=False).values("article")
    publications = Publication.objects.live().exclude(article__in=carried)
    if since:
        publications = publications.filter(published_at__gt=since)
    return publications[:NEWEST].iterator()


def add_article(briefing: Briefing, publication: Publication, *, ordering: int) -> BriefingItem:
    """Add an article with its own title and standfirst, which the editor may change."""
    return BriefingItem.objects.create(
        briefing=briefing,
        ordering=ordering,
        kind=BriefingItem.Kind.ARTICLE,
        article_id=publication.article_id,
        heading=publication.title,
        text=publication.standfirst,
        url=settings.SITE_URL + publication.get_absolute_url(),
    )


@transaction.atomic
def add_articles(briefing: Briefing, publications: Iterable[Publication]) -> int:
    """Add several articles at the end of a draft; return how many."""
    last = briefing.items.aggregate(last=Max("ordering"))["last"] or 0
    return len([add_article(briefing, each, ordering=last + 10 * n) for n, each in enumerate(publications, start=1)])


def place_sponsor(briefing: Briefing) -> None:
    """Replace the ad among the items by the one that is booked for its channel and day now, or remove it."""
    ad = _booked_ad(briefing)
    if ad:
        ad.save()
    else:
        briefing.items.filter(kind=BriefingItem.Kind.SPONSOR).delete()


def _booked_ad(briefing: Briefing) -> BriefingItem | None:
    """The ad that is booked now, as an item that is not saved; None where nothing is booked."""
    placement = placement_on(briefing.channel, briefing.issue_date)
    if placement is None:
        return None
    kind = BriefingItem.Kind.SPONSOR
    item = briefing.items.filter(kind=kind).first() or BriefingItem(briefing=briefing, kind=kind, ordering=AD_ORDERING)
    for name, value in _fields_of(placement).items():
        setattr(item, name, value)
    return item


def _items(briefing: Briefing) -> list[BriefingItem]:
    """The items in their order; a draft shows the ad that is booked at this moment."""
    items = list(briefing.items.order_by("ordering", "id"))
    if not briefing.is_editable:
        return items
    ad = _booked_ad(briefing)
    items = [item for item in items if item.kind != BriefingItem.Kind.SPONSOR] + ([ad] if ad else [])
    return sorted(items, key=lambda item: item.ordering)


def _fields_of(placement: Placement) -> dict[str, Any]:
    image = placement.image_url
    return {
        "heading": placement.headline,
        "text": placement.body,
        "url": placement.link_url,
        "image_url": settings.SITE_URL + image if image.startswith("/") else image,
        "image_alt": placement.image_alt,
        "label": placement.label,
        "sponsor_name": placement.sponsor_name,
        "claim_id": placement.claim_id,
    }


def render(briefing: Briefing, links: Links) -> Rendered:
    """Both bodies of a briefing, with these links. The HTML has its styles inlined, since many mail programs drop others."""
    parts, targets = [], {}
    for number, item in enumerate(_items(briefing), start=CANARY + 1):
        parts.append({"item": item, "href": links.follow(number, item.url) if item.url else ""})
        if item.url:
            targets[number] = item
    context = {
        "briefing": briefing,
        "parts": parts,
        "links": links,
        "site": SiteProfile.current(),
        "site_url": settings.SITE_URL,
        "archive_url": settings.SITE_URL + briefing.get_absolute_url(),
    }
    text = _BLANK_LINES.sub("\n\n", render_to_string("emails/briefing.txt", context)).strip() + "\n"
    html = css_inline.inline(render_to_string("emails/briefing.html", context))
    return Rendered(text=text, html=html, targets=targets)


def headers_of(briefing: Briefing, *, test: bool = False) -> MessageHeaders:
    """What the headers of its message say; texts that were stored by another way than a form are one line here."""
    site, newsletter = SiteProfile.current(), briefing.newsletter
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return MessageHeaders(
        from_name=one_line(newsletter.from_name or site.name),
        from_email=settings.DEFAULT_FROM_EMAIL,
        reply_to=site.contact_email,
        subject=("[Test] " if test else "") + one_line(briefing.subject),
        list_name=one_line(newsletter.name),
        list_id=f"{newsletter.slug}.{host}",
        feedback_id=f"{briefing.pk}:{newsletter.slug}:briefing:{host.replace('.', '-')}",
        site_url=settings.SITE_URL,
        provider=settings.MAIL_PROVIDER,
        takes_mail=bool(settings.BOUNCE_ADDRESS),
    )


def counting_links(placeholders: Placeholders) -> Links:
    """Links whose clicks are counted, with placeholders for what differs between recipients."""
    recipient = placeholders["delivery"]

    def follow(number: int, _url: str = "") -> str:
        return settings.SITE_URL + reverse("newsletter:click", args=[f"{number}.{recipient}"])

    return replace(
        plain_links(placeholders["unsubscribe"], placeholders["preferences"]),
        follow=follow,
        pixel=settings.SITE_URL + reverse("newsletter:open", args=[recipient]),
        canary=follow(CANARY),
    )


def plain_links(unsubscribe: str, preferences: str) -> Links:
    """Links straight to their targets, for newsletters that count nothing, for previews and tests."""
    return Links(
        unsubscribe=settings.SITE_URL + reverse("newsletter:unsubscribe", args=[unsubscribe]),
        preferences=settings.SITE_URL + reverse("newsletter:preferences", args=[preferences]),
    )


def is_briefing(slug: str) -> bool:
    return Briefing.objects.filter(slug=slug).exists()
