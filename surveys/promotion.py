"""What nominees show on their own sites: pictures with a link while they stand for election, and a badge if they won."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html

from core.models import SiteProfile
from surveys import keys, ledger, papers, pictures
from surveys.models import AwardCategory, Nominee, Season
from surveys.result_view import result_of


@dataclass(frozen=True, slots=True)
class Standing:
    """A nominee in the words of the ballot paper, with what a picture of it says."""

    nominee: Nominee
    category: AwardCategory
    lead: str
    is_winner: bool = False

    @property
    def about(self) -> str:
        return f"{self.category.title}, {self.category.season.title}"

    @property
    def arguments(self) -> list[str]:
        return [self.category.season.slug, self.category.slug, self.nominee.slug]

    @property
    def can_be_voted_for(self) -> bool:
        """Whether to ask for votes makes sense: the vote is yet to come, or open."""
        return self.category.closed_at is None and not self.nominee.withdrawn_at


def standing_of(nominee: Nominee, category: AwardCategory) -> Standing:
    """What is publicly known of a nominee now. Nothing of a count before its release."""
    found = next((each for each in papers.nominees_of(category) if each.pk == nominee.pk), nominee)
    found.category = category
    result = result_of(category)
    winners = [row["slug"] for row in result.rows if row["winner"]] if result else []
    if found.slug in winners and not found.withdrawn_at:
        return Standing(found, category, "Winner" if len(winners) == 1 else "Joint winner", is_winner=True)
    is_open = category.season.state == Season.State.VOTING and category.closed_at is None and not found.withdrawn_at
    return Standing(found, category, "Vote for" if is_open else "Nominee")


def card(standing: Standing, size: str) -> bytes:
    return pictures.card(
        standing.nominee, size=size, lead=standing.lead, about=standing.about, site=SiteProfile.current().name
    )


def badge_png(standing: Standing) -> bytes:
    return pictures.badge(standing.nominee, lead=standing.lead, about=standing.about, site=SiteProfile.current().name)


def badge_svg(standing: Standing) -> str:
    """A winner's badge as an SVG of its own, without scripts, styles or fonts from elsewhere."""
    size, lines = pictures.fitted(standing.nominee.name, pictures.BADGE_NAME)
    about = pictures.wrapped(standing.about, *pictures.BADGE_ABOUT)
    context = {
        "lead": standing.lead,
        "size": size,
        "lines": [(line, 285 - 10 * len(lines) + number * int(size * 1.2)) for number, line in enumerate(lines)],
        "about": [(line, 424 + number * 34) for number, line in enumerate(about)],
        "standing": standing,
        "site": SiteProfile.current(),
    }
    return render_to_string("surveys/badge.svg", context)


def kit(standing: Standing) -> dict[str, Any]:
    """The page with what a nominee can copy: the link, the picture in its sizes, and an embed that needs no script."""
    link = settings.SITE_URL + standing.nominee.get_absolute_url()
    alt = f"Vote for {standing.nominee.name}: {standing.about}"
    shown = []
    for size, (width, height) in pictures.SIZES.items():
        path = reverse("surveys:nominee-card", args=[*standing.arguments, size])
        embed = _embed(link, settings.SITE_URL + path, alt, width, height)
        shown.append({"size": size, "path": path, "width": width, "height": height, "embed": embed})
    return {"standing": standing, "nominee": standing.nominee, "link": link, "pictures": shown, "alt": alt}


def badge_page(standing: Standing) -> dict[str, Any]:
    """A winner's badge with what proves it: the result's leaf in the ledger."""
    season = standing.category.season
    link = settings.SITE_URL + reverse("surveys:badge", args=standing.arguments)
    image = settings.SITE_URL + reverse("surveys:badge-svg", args=standing.arguments)
    width, height = pictures.BADGE
    alt = f"{standing.lead}: {standing.nominee.name}, {standing.about}"
    return {
        "standing": standing,
        "nominee": standing.nominee,
        "season": season,
        "link": link,
        "alt": alt,
        "embed": _embed(link, image, alt, width // 2, height // 2),
        "leaf": ledger.result_entry(standing.category),
        "key": keys.public_key(),
    }


def _embed(link: str, image: str, alt: str, width: int, height: int) -> str:
    snippet = format_html(
        '<a href="{}"><img src="{}" alt="{}" width="{}" height="{}" loading="lazy"></a>',
        link,
        image,
        alt,
        width,
        height,
    )
    return "" + snippet  # to be shown as text, so it is escaped once more where it stands
