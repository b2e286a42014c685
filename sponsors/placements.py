"""What stands in a slot: the ad of a channel on a day, always labelled as one."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import F, Q
from django.db.models.lookups import IsNull
from django.urls import reverse

from cms.lib.signing import make_token
from cms.models import SiteProfile
from sponsors.models import CreativeVersion

LABEL = "Paid advertisement"
HOUSE_LABEL = "From us"
HOUSE = "house"
CLICK = "sponsors.click"
SHOWN = ("headline", "body", "link_url", "image_alt", "image_width", "image_height")


@dataclass(frozen=True, slots=True)
class Placement:
    """One ad as it is shown. `insertion_id` is the claim it fills (None: a house ad); texts are plain, not HTML."""

    sponsor_name: str
    label: str
    headline: str
    body: str
    image_url: str
    link_url: str
    click_url: str
    insertion_id: int | None
    tier: str
    version_id: int
    image_alt: str = ""
    image_width: int | None = None
    image_height: int | None = None

    @property
    def is_house(self) -> bool:
        return self.insertion_id is None

    @property
    def cta(self) -> str:
        """The words of its link."""
        return "Find out more" if self.is_house else f"Visit {self.sponsor_name}"


def placement_on(channel: str, day: date) -> Placement | None:
    """The ad of a channel on a day, in one query: the booked one, else the house ad of that channel, else None.

    Booked means: the booking and its claim on that day are confirmed, and a version of its creative was handed in
    before the unit's cut-off and stands approved. Of several versions the latest approved one runs.
    """
    booked = Q(
        creative__booking__state="confirmed",
        creative__booking__claims__state="confirmed",
        creative__booking__claims__unit__channel=channel,
        creative__booking__claims__unit__date=day,
        creative__booking__claims__unit__kind=F("creative__kind"),
        submitted_at__lte=F("creative__booking__claims__unit__cutoff_at"),
    )
    house = Q(creative__booking__isnull=True, creative__kind__channel=channel)
    row = (
        CreativeVersion.objects.approved()
        .filter(booked | house, creative__retired_at=None)
        .annotate(claim=F("creative__booking__claims"), ordinal=F("creative__booking__claims__unit__ordinal"))
        .order_by(IsNull(F("claim"), True), "creative__kind__position", "ordinal", "-number")
        .values(
            *SHOWN,
            "image",
            "claim",
            version_id=F("pk"),
            sponsor_name=F("creative__booking__sponsor__name"),
            tier=F("creative__booking__package__tier"),
        )
        .first()
    )
    return _placement(row) if row else None


def _placement(row: dict[str, Any]) -> Placement:
    claim, image = row.pop("claim"), row.pop("image")
    row["image_url"] = default_storage.url(image) if image else ""
    if claim is None:
        row |= {
            "sponsor_name": SiteProfile.current().name,
            "tier": HOUSE,
            "label": HOUSE_LABEL,
            "click_url": row["link_url"],
        }
    else:
        row |= {"label": LABEL, "click_url": click_url(claim, row["version_id"])}
    return Placement(insertion_id=claim, **row)


def click_url(claim_id: int, version_id: int) -> str:
    """Where a web placement links: a signed redirect, so that the address it leads to cannot be exchanged."""
    return reverse("sponsors:click", args=[make_token(CLICK, claim_id, version_id)])
