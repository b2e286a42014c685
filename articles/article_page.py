"""An article's page for readers, put together from its kept frame, its body and what its slots show now."""

import json
from functools import cached_property
from typing import NamedTuple

from django.urls import reverse

from articles import slots
from articles.cache_tags import tags_of
from articles.frames import kept_frame
from articles.models import Kind, Publication
from articles.querysets import PageRow
from core.lib.prepared import PreparedQuery
from sponsors.channels import ARTICLE
from sponsors.placements import Placement
from sponsors.rotation import placement_shown

ROWS = PreparedQuery(lambda slug: Publication.objects.filter(slug=slug).pages())
PAGES = PreparedQuery(lambda slug: Publication.every.filter(slug=slug, kind=Kind.PAGE).pages())


class SlotContext:
    """What slot renderers know of the page they render for (see articles.slot_renderers)."""

    def __init__(self, row: PageRow, *, preview: bool = False):
        self.row = row
        self.preview = preview
        self.related: list[int] = json.loads(row["related_pks"])
        no_ads = preview or row["kind"] == Kind.PAGE
        self.placement: Placement | None = None if no_ads else placement_shown(ARTICLE, page=row["pk"])
        self.signups = 0

    @cached_property
    def snippets(self) -> dict[str, dict[str, str]]:
        """The call-to-action cards in the text, by slug."""
        return {row["slug"]: row for row in json.loads(self.row["snippet_rows"])}

    @cached_property
    def also_read(self) -> dict[str, dict[str, str]]:
        """The published articles that the text names, by the article's number."""
        return {
            str(row["pk"]): {
                "title": row["publication__title"],
                "url": reverse("articles:article", args=[row["publication__slug"]]),
            }
            for row in json.loads(self.row["also_read_rows"])
            if row["publication__slug"]
        }


class Page(NamedTuple):
    """An article's page, and the tags by which caches in front know what it shows."""

    html: str
    tags: list[str]


def article_page(slug: str, *, rows: PreparedQuery[PageRow] = ROWS) -> Page | None:
    """The page of the article with this slug, None if no article has it; or of a page, from the `rows` of these."""
    row = rows.first(slug)
    if row is None:
        return None
    return Page(assembled(kept_frame(row), row, SlotContext(row)), tags_of(row))


def assembled(frame: str, row: PageRow, page: SlotContext) -> str:
    """A page put together from its parts."""
    return slots.render(frame.replace(slots.BODY, row["html"], 1), page)
