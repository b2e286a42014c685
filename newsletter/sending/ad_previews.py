"""An ad in a real briefing of its newsletter, for those who hand it in and those who approve it."""

from core.lib import clock
from newsletter.models import Briefing, BriefingItem, Newsletter
from newsletter.sending import composition, sponsor_places
from sponsors.placements import Placement
from sponsors.previews import Preview

NOBODY = "preview"


def preview(channel: str, placement: Placement) -> Preview:
    """The last briefing that went out, with the ad in its first place; of a newsletter that sent none, the ad alone."""
    newsletter = Newsletter.objects.get(slug=channel.partition(":")[2])
    last = Briefing.objects.sent().readable().filter(newsletter=newsletter).order_by("-sent_at").first()
    briefing = last or Briefing(newsletter=newsletter, subject=newsletter.name, issue_date=clock.utc_day(), slug=NOBODY)
    ad = BriefingItem(briefing=briefing, kind=BriefingItem.Kind.SPONSOR, **_shown(placement))
    others = composition.items_of(briefing) if last else []
    links = composition.plain_links(NOBODY, NOBODY)
    rendered = composition.render(briefing, links, items=_with(ad, others, after=1))
    return Preview(rendered.html, rendered.text)


def _shown(placement: Placement) -> dict[str, object]:
    return sponsor_places.fields_of(placement) | {"claim_id": None}


def _with(ad: BriefingItem, items: list[BriefingItem], *, after: int) -> list[BriefingItem]:
    """The items with the ad in the place of their first ad, and no other ad."""
    kinds = [item.kind for item in items]
    place = kinds.index(ad.kind) if ad.kind in kinds else min(after, len(items))
    others = [item for item in items if item.kind != ad.kind]
    return [*others[:place], ad, *others[place:]]
