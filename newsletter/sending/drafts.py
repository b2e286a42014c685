"""Drafts of briefings: made from the newest articles, added to, and copied."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from articles.images import asset_at
from articles.models import Publication
from core.lib.slugs import free_slug
from newsletter.models import Briefing, BriefingItem, Newsletter
from newsletter.sending import pictures, sponsor_places
from newsletter.sending.looks import template_of

NEWEST = 8


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
    sponsor_places.place_sponsors(briefing)
    return briefing


def newest_publications(newsletter: Newsletter) -> Iterator[Publication]:
    """Articles published since the last briefing that went out was begun, and in no other of this newsletter, drafts too."""
    earlier = newsletter.briefings.issues().exclude(state=Briefing.State.CANCELLED)
    since = earlier.promised().aggregate(last=Max("created_at"))["last"]
    carried = BriefingItem.objects.filter(briefing__in=earlier, article__isnull=False).values("article")
    publications = Publication.objects.live().exclude(article__in=carried)
    if since:
        publications = publications.filter(published_at__gt=since)
    return publications[:NEWEST].iterator()


def add_article(briefing: Briefing, publication: Publication, *, ordering: int) -> BriefingItem:
    """Add an article with its own title, standfirst and picture, which the editor may change; as large as the template says."""
    item = BriefingItem(
        briefing=briefing,
        ordering=ordering,
        kind=BriefingItem.Kind.ARTICLE,
        article_id=publication.article_id,
        heading=publication.title,
        text=publication.standfirst,
        url=settings.SITE_URL + publication.get_absolute_url(),
        size=template_of(briefing).card_size,
    )
    if item.size:
        put_cover(item, publication)
    item.save()
    return item


def put_cover(item: BriefingItem, publication: Publication) -> None:
    """Give an article's card the picture that readers see at the top of the article."""
    cover = publication.image or {}
    if asset := asset_at(cover.get("src", "")):
        item.image, item.image_alt = asset.file, cover.get("alt", "")[:400]
        pictures.put_in(item, focal=[asset.focal_x, asset.focal_y])


@transaction.atomic
def add_articles(briefing: Briefing, publications: Iterable[Publication]) -> int:
    """Add several articles at the end of a draft; return how many."""
    last = briefing.items.aggregate(last=Max("ordering"))["last"] or 0
    return len([add_article(briefing, each, ordering=last + 10 * n) for n, each in enumerate(publications, start=1)])


@transaction.atomic
def add_news(briefing: Briefing, sources: Iterable[str]) -> int:
    """Add parts that other desks bring along at the end of a draft; return how many."""
    last = briefing.items.aggregate(last=Max("ordering"))["last"] or 0
    items = [
        BriefingItem(briefing=briefing, ordering=last + 10 * number, kind=BriefingItem.Kind.PLUGGED, source=source)
        for number, source in enumerate(sources, start=1)
    ]
    return len(BriefingItem.objects.bulk_create(items))


@transaction.atomic
def copy_of(briefing: Briefing, *, issue_date: date, slug: str = "", **others: Any) -> Briefing:
    """A draft with the words and parts of another briefing. Its sponsors' places get the ads of its own day.

    `others`: columns in which it differs.
    """
    slug = slug or f"{briefing.newsletter.slug}-{issue_date:%Y-%m-%d}"
    copied = Briefing.objects.create(
        newsletter=briefing.newsletter,
        segment=briefing.segment,
        template=briefing.template,
        subject=briefing.subject,
        preheader=briefing.preheader,
        introduction=briefing.introduction,
        issue_date=issue_date,
        slug=free_slug(slug, is_briefing, limit=80),
        **others,
    )
    items = list(briefing.items.order_by("ordering", "id"))
    for item in items:
        item.pk, item.briefing = None, copied
        if item.kind == BriefingItem.Kind.SPONSOR:
            for name, value in sponsor_places.EMPTY.items():
                setattr(item, name, value)
    BriefingItem.objects.bulk_create(items)
    sponsor_places.place_sponsors(copied)
    return copied


def is_briefing(slug: str) -> bool:
    return Briefing.every.filter(slug=slug).exists()
