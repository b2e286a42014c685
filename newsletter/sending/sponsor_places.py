"""The sponsors' places in a briefing: which booked ad stands where.

Every ad that is booked for the day has a place. The editor's places are filled in their order, the first with the ad that
comes first in its channel; where there are more ads than places, more are made. Ads of our own fill what is left over.
"""

from typing import Any

from django.conf import settings
from django.db.models import Max

from newsletter.models import Briefing, BriefingItem
from newsletter.sending.looks import template_of
from sponsors import outlook, sold_days
from sponsors.models import Claim
from sponsors.placements import Placement, placements_on

EMPTY: dict[str, Any] = {
    "heading": "", "text": "", "url": "", "image_url": "", "image_alt": "", "image_width": None, "image_height": None,
    "label": "", "sponsor_name": "", "notice": "", "claim_id": None,
}  # fmt: skip


def place_sponsors(briefing: Briefing) -> None:
    """Put the ads that are booked now into the sponsors' places, and empty the others."""
    if briefing.is_letter:
        return  # which leaves on no one day, and days are what is booked
    places = filled(briefing)
    briefing.items.filter(pk__in=[place.pk for place in places if place.pk]).update(claim=None)  # each may move
    for place in places:
        place.save()


def filled(briefing: Briefing) -> list[BriefingItem]:
    """The sponsors' places with the ads that are booked now, not saved; those that stay empty have no heading."""
    if briefing.is_letter:
        return []
    kind = BriefingItem.Kind.SPONSOR
    places = list(briefing.items.filter(kind=kind).order_by("ordering", "id"))
    booked, own = _ads(briefing)
    wanted = max(len(booked), 1 if booked or own else 0)
    if missing := wanted - len(places):
        places += _new_places(briefing, missing, first=not places)
    ads = (booked + own)[: len(places)]
    for place, ad in zip(places, [*ads, *[None] * (len(places) - len(ads))], strict=True):
        for name, value in (fields_of(ad) if ad else EMPTY).items():
            setattr(place, name, value)
    return places


def is_booked(briefing: Briefing) -> bool:
    """Whether an ad is booked for its day that can run in it."""
    return not briefing.is_letter and bool(_ads(briefing)[0])


def _ads(briefing: Briefing) -> tuple[list[Placement], list[Placement]]:
    ads = placements_on(briefing.channel, briefing.issue_date)
    return [ad for ad in ads if not ad.is_house], [ad for ad in ads if ad.is_house]


def _new_places(briefing: Briefing, number: int, *, first: bool) -> list[BriefingItem]:
    """Places for which the editor has chosen none: one near the beginning, the others at the end."""
    last = briefing.items.aggregate(last=Max("ordering"))["last"] or 0
    after_all = iter(range(last + 20, 2**15, 10))
    near = 10 * template_of(briefing).ad_after + 5  # parts of a new draft stand at 10, 20, 30 …
    orderings = [near if first and place == 0 else next(after_all) for place in range(max(number, 0))]
    return [BriefingItem(briefing=briefing, kind=BriefingItem.Kind.SPONSOR, ordering=place) for place in orderings]


def fields_of(placement: Placement) -> dict[str, Any]:
    """What a part of a briefing holds that shows an ad."""
    image = placement.image_url
    return {
        "heading": placement.headline,
        "text": placement.body,
        "url": placement.link_url,
        "image_url": settings.SITE_URL + image if image.startswith("/") else image,
        "image_alt": placement.image_alt,
        "image_width": placement.image_width,
        "image_height": placement.image_height,
        "label": placement.label,
        "sponsor_name": placement.sponsor_name,
        "notice": "\n".join(placement.notices),
        "claim_id": placement.claim_id,
    }


def problems(briefing: Briefing) -> list[str]:
    """Find the bookings that cannot be kept before their sponsors do."""
    if briefing.is_letter:
        return []
    booked = Claim.objects.filter(
        state=Claim.State.CONFIRMED,
        booking__state="confirmed",
        unit__channel=briefing.channel,
        unit__date=briefing.issue_date,
    ).select_related("booking__sponsor", "unit__kind")
    placed = {ad.claim_id for ad in placements_on(briefing.channel, briefing.issue_date)}
    day = f"{briefing.issue_date:%d %b %Y}"
    return [
        f"{claim.booking.name} has booked the ad of {day}. {outlook.of_claim(claim).words}"
        for claim in booked
        if claim.pk not in placed
    ]


def date_warnings(briefing: Briefing) -> list[str]:
    """Sold days beside the briefing's own that none of its newsletter's briefings has: it may be dated wrongly."""
    if briefing.is_letter:
        return []
    others = Briefing.objects.filter(newsletter=briefing.newsletter_id).exclude(state=Briefing.State.CANCELLED)
    dated = list(others.exclude(pk=briefing.pk).values_list("issue_date", flat=True))
    own = f"{briefing.issue_date:%a %-d %b %Y}"
    return [
        f"An ad of {' and '.join(names)} is sold for {day:%a %-d %b %Y}, and no briefing has that date: this one is dated {own}."
        f" Date it {day:%-d %b}, or the ad does not run in it and another day is owed."
        for day, names in sold_days.missed_near(briefing.channel, briefing.issue_date, dated=dated)
    ]


def repeated(briefing: Briefing) -> list[str]:
    """Ads of its day that another briefing carries already, a sentence each: readers of both would see them twice."""
    booked = [ad.claim_id for ad in _ads(briefing)[0]] if not briefing.is_letter else []
    others = Briefing.objects.promised().exclude(pk=briefing.pk)
    carried = BriefingItem.objects.filter(claim__in=booked, briefing__in=others).select_related("briefing")
    return [
        f"The ad of {item.sponsor_name} is in “{item.briefing.title}” of the same day, too."
        for item in carried.order_by("claim", "briefing")
    ]
