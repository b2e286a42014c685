"""The renderers of the slots that any article may have; other applications register their own (see articles.slots).

What a slot shows is rendered once per content generation, however many articles show it.
"""

from collections.abc import Iterable, Sequence

from django.db.models import Q
from django.template.loader import render_to_string

from articles import slots
from articles.article_page import SlotContext
from articles.contexts import card_of, series_of
from articles.models import Publication
from articles.related import SHOWN
from articles.series import Standing, standing_of
from core.lib.html import text_of
from core.pagecache import per_generation
from sponsors.placements import Placement

RECENT = 3
NEWEST = RECENT + SHOWN + 1  # three are left without the article itself and its related ones
CARDS_KEPT = 5_000


class Cards:
    """Rendered cards of articles, by the keys of their publications."""

    def __init__(self) -> None:
        self.newest: list[int] = []
        self.html: dict[int, str] = {}

    def having(self, wanted: Iterable[int]) -> dict[int, str]:
        """The cards, including these and the newest. One query if any is missing."""
        cards = self.html if len(self.html) <= CARDS_KEPT else {}  # other threads still hold the old dictionary
        missing = [pk for pk in wanted if pk not in cards]
        if self.newest and cards and not missing:
            return cards
        live = Publication.objects.live()
        found = list(live.cards().filter(Q(pk__in=missing) | Q(pk__in=live.values("pk")[:NEWEST])))
        for publication in found:
            context = {"article": card_of(publication)}
            cards[publication.pk] = render_to_string("components/article_card.html", context)
        self.html, self.newest = cards, [publication.pk for publication in found[:NEWEST]]
        return cards


@per_generation
def _cards() -> Cards:
    return Cards()


def _related(page: SlotContext) -> str:
    return _section(_cards().having(page.related), page.related, "Related", "related")


def _recent(page: SlotContext) -> str:
    kept = _cards()
    html = kept.having(page.related)
    others = [pk for pk in kept.newest if pk != page.row["pk"] and pk not in page.related]
    return _section(html, others[:RECENT], "Recent posts", "recent")


def _section(html: dict[int, str], pks: Sequence[int], heading: str, anchor: str) -> str:
    shown = "".join(html[pk] for pk in pks if pk in html)
    return _section_around(heading, anchor).replace(slots.BODY, shown) if shown else ""


@per_generation
def _section_around(heading: str, anchor: str) -> str:
    return render_to_string("components/article_row.html", {"heading": heading, "id": anchor, "cards": slots.BODY})


def _cta(page: SlotContext, slug: str) -> str:
    row = page.snippets.get(slug)
    return _cta_card(row["heading"], row["html"], row["label"], row["url"]) if row else ""


@per_generation
def _cta_card(heading: str, html: str, label: str, url: str) -> str:
    cta = {"heading": heading, "body": text_of(html), "label": label, "url": url}
    return render_to_string("components/cta_card.html", {"cta": cta})


def _sponsor(page: SlotContext) -> str:
    """The ad, in the first slot of the page only: where the editor put it, otherwise beside the text."""
    placement, page.placement = page.placement, None
    return _ad(placement) if placement else ""


@per_generation
def _ad(placement: Placement) -> str:
    return render_to_string("components/sponsor_slot.html", {"placement": placement})


def _lead_signup(page: SlotContext) -> str:
    """The sign-up above the text, unless the editor put one into it."""
    return "" if "<!--slot:signup:" in page.row["html"] else _lead_signup_form()


@per_generation
def _lead_signup_form() -> str:
    return render_to_string("components/signup.html", {"source": "article", "strip": True})


def _also_read(page: SlotContext, article: str) -> str:
    named = page.also_read.get(article)
    return _also_read_line(named["title"], named["url"]) if named else ""


@per_generation
def _also_read_line(title: str, url: str) -> str:
    return render_to_string("components/also_read.html", {"article": {"title": title, "url": url}})


def _series(page: SlotContext, where: str) -> str:
    """Which part of its series it is, above the text; the way to the parts before and after it, below."""
    standing = standing_of(page.row)
    if not standing:
        return ""
    series = series_of(page.row) or {}
    return _series_part(where, standing, **series)


@per_generation
def _series_part(where: str, standing: Standing, name: str, url: str) -> str:
    context = {"series": {"name": name, "url": url}, "standing": standing}
    return render_to_string(f"components/series_{where}.html", context)


def register_all() -> None:
    """Register the slots of articles."""
    slots.register("cta", _cta)
    slots.register("sponsor_slot", _sponsor)
    slots.register("lead_signup", _lead_signup)
    slots.register("also_read", _also_read)
    slots.register("related", _related)
    slots.register("recent", _recent)
    slots.register("series", _series)
