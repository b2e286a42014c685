"""The ad that a channel shows on a day, booked or a house ad, always with its label."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.files.storage import default_storage
from django.db.models import BigIntegerField, CharField, F, Model, OuterRef, QuerySet, Subquery, Value
from django.urls import reverse

from core import pagecache
from core.lib.signing import make_token
from core.models import SiteProfile
from sponsors import rules
from sponsors.models import AdRule, CreativeVersion, Package, PlacementKind, Sponsor

LABEL = "Paid advertisement"
HOUSE_LABEL = "From us"
HOUSE = "house"
CLICK, CANARY, VIEW = "sponsors.click", "sponsors.canary", "sponsors.view"
TEXTS = ("headline", "body", "link_url", "image_alt", "image_width", "image_height", "phone_width", "phone_height")
SHOWN = (*TEXTS, "image", "phone_image", "number", "asset_class")


@dataclass(frozen=True, slots=True)
class Placement:
    """One ad as it is shown. Clicks count for its claim; a house ad has none. Texts are plain, not HTML."""

    sponsor_name: str
    label: str
    headline: str
    body: str
    image_url: str
    link_url: str
    click_url: str
    claim_id: int | None
    tier: str
    version_id: int
    image_alt: str = ""
    image_width: int | None = None
    image_height: int | None = None
    phone_url: str = ""  # of the image for narrow screens
    phone_width: int | None = None
    phone_height: int | None = None
    canary_url: str = ""  # of a link that no reader sees
    view_token: str = ""  # what a browser sends that showed it
    notices: tuple[str, ...] = ()  # what rules have us print beside it

    @property
    def is_house(self) -> bool:
        return self.claim_id is None

    @property
    def cta(self) -> str:
        """The words of its link."""
        return "Find out more" if self.is_house else f"Visit {self.sponsor_name}"


def placements_on(channel: str, day: date) -> list[Placement]:
    """All ads of a channel on a day: each booked one, by kinds of placement, then our own of the kinds that nobody booked."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    booked_kinds = set()
    for row in _rows(channel, day):
        if not row["house"]:
            found.setdefault(("claim", row["claim_id"]), row)
            booked_kinds.add(row["kind"])
        elif row["kind"] not in booked_kinds:
            found.setdefault(("house", row["kind"]), row)
    in_force = rules.in_force() if booked_kinds else []
    return [_placement(row, in_force) for row in found.values()]


def placement_of(version: CreativeVersion) -> Placement:
    """A version as it would be shown, for previews: its link leads straight to its destination, and counts nothing."""
    row = {name: getattr(version, name) for name in SHOWN}
    row |= {"claim_id": None, "version_id": version.pk, "sponsor_name": "", "tier": HOUSE}
    shown, booking = _placement(row, []), version.creative.booking
    if booking is None:
        return shown
    return replace(
        shown,
        claim_id=0,
        sponsor_name=booking.name,
        label=LABEL,
        tier=booking.snapshot["tier"],
        notices=rules.findings(version).printed,
    )


def _rows(channel: str, day: date) -> QuerySet[Any, dict[str, Any]]:
    """The ads of a channel on a day, the first to be shown first.

    Booked means: the booking and its claim on that day are confirmed, and a version of its creative was submitted
    before the unit's cut-off and stands approved. Of several versions the latest approved one runs.
    """
    approved = CreativeVersion.objects.approved().filter(creative__retired_at=None)
    booked = approved.filter(
        creative__booking__state="confirmed",
        creative__booking__claims__state="confirmed",
        creative__booking__claims__unit__channel=channel,
        creative__booking__claims__unit__date=day,
        creative__booking__claims__unit__kind=F("creative__kind"),
        submitted_at__lte=F("creative__booking__claims__unit__cutoff_at"),
    ).values(
        *SHOWN,
        house=Value(0),
        kind=F("creative__kind"),
        place=_of(PlacementKind, "position", "creative__kind"),
        ordinal=F("creative__booking__claims__unit__ordinal"),
        claim_id=F("creative__booking__claims"),
        version_id=F("pk"),
        sponsor_name=_of(Sponsor, "name", "creative__booking__sponsor"),
        category=_of(Sponsor, "category", "creative__booking__sponsor"),
        countries=_of(Sponsor, "jurisdictions", "creative__booking__sponsor"),
        tier=_of(Package, "tier", "creative__booking__package"),
    )
    house = approved.filter(creative__booking=None, creative__kind__channel=channel).values(
        *SHOWN,
        house=Value(1),
        kind=F("creative__kind"),
        place=_of(PlacementKind, "position", "creative__kind"),
        ordinal=Value(0),
        claim_id=Value(None, output_field=BigIntegerField()),
        version_id=F("pk"),
        sponsor_name=Value(""),
        category=Value(""),
        countries=Value([], output_field=ArrayField(CharField(max_length=2))),
        tier=Value(HOUSE),
    )
    return booked.union(house, all=True).order_by("house", "place", "kind", "ordinal", "-number")


def _of(model: type[Model], field: str, key: str) -> Subquery:
    """One field of the row that a foreign key names. As a subquery and not a join: planning eight joins takes 20 ms."""
    return Subquery(model._default_manager.filter(pk=OuterRef(key)).values(field)[:1])


@pagecache.per_generation
def placements_shown(channel: str, day: date) -> list[Placement]:
    """The ads that take turns on a page (sponsors.rotation): all that are booked, or one of our own.

    They are asked for once a content generation, which every change to ads moves on.
    """
    found = placements_on(channel, day)
    return [ad for ad in found if not ad.is_house] or found[:1]


def _placement(row: dict[str, Any], in_force: list[AdRule]) -> Placement:
    shown = {name: row[name] for name in (*TEXTS, "claim_id", "version_id", "sponsor_name", "tier")}
    shown["image_url"] = default_storage.url(str(row["image"])) if row["image"] else ""
    shown["phone_url"] = default_storage.url(str(row["phone_image"])) if row["phone_image"] else ""
    if row["claim_id"] is None:
        shown |= {"sponsor_name": SiteProfile.current().name, "label": HOUSE_LABEL, "click_url": row["link_url"]}
    else:
        asset_class = row["asset_class"] or rules.usual(row["category"])
        apply = rules.applying(in_force, asset_class=asset_class, countries=row["countries"])
        shown["notices"] = rules.printed(apply)
        claim, version = row["claim_id"], row["version_id"]
        canary = reverse("sponsors:click", args=[make_token(CANARY, claim, version)])
        shown |= {"label": LABEL, "click_url": click_url(claim, version), "canary_url": canary}
        shown["view_token"] = make_token(VIEW, claim)
    return Placement(**shown)


def click_url(claim_id: int, version_id: int) -> str:
    """The link of an ad on a page: a signed redirect, so that its destination cannot be exchanged."""
    return reverse("sponsors:click", args=[make_token(CLICK, claim_id, version_id)])
