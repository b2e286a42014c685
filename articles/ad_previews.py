"""An ad on the page of the newest article, for those who hand it in and those who approve it."""

from django.template.loader import render_to_string

from articles.article_page import ROWS, SlotContext, assembled
from articles.frames import render_frame
from articles.models import Publication
from sponsors.placements import Placement
from sponsors.previews import Preview


def preview(_channel: str, placement: Placement) -> Preview:
    """The page with the ad where an article has it; before anything is published, the ad alone."""
    newest = Publication.objects.live().order_by("-published_at").values_list("slug", flat=True).first()
    row = ROWS.first(newest) if newest else None
    if row is None:
        return Preview(render_to_string("sponsors/ad_alone.html", {"placement": placement}))
    page = SlotContext(row, preview=True)
    page.placement = placement
    return Preview(assembled(render_frame(row), row, page))
