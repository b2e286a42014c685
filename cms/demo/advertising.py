"""The demo newsroom's ad packages, two sponsors who bought one, and house ads for the rest."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.conf import settings
from django.utils import timezone

from cms.demo import content
from cms.demo.pieces import Piece
from core.lib import clock
from core.models import OutgoingMail, User
from sponsors import images
from sponsors.approval import approve, submit
from sponsors.availability import EVERY_DAY, open_units
from sponsors.booking import confirm, hold
from sponsors.models import BillingDetails, Creative, KitText, Package, PackageItem, PlacementKind, Seller, Sponsor

ON_SALE_DAYS = 90
SELLER = "sponsors@example.com"
APPROVERS = {"editorial": "editor@example.com", "compliance": "admin@example.com"}


def pieces() -> Iterator[Piece]:
    """Placements and packages, house ads for what is not sold, and the sponsors' bookings."""
    wanted, today = content.read("sponsors"), clock.utc_day()
    for kind in wanted["kinds"]:
        yield f"placement {kind['slug']}", partial(_make_kind, kind, today)
    for package in wanted["packages"]:
        yield f"package {package['tier']}", partial(_make_package, package)
    for slug, ad in wanted["house_ads"].items():
        yield f"house ad {slug}", partial(_make_house_ad, slug, ad)
    yield "seller of ads", _make_seller
    for number, entry in enumerate(wanted["kit"]):
        yield f"media kit {entry['heading']}", partial(_make_passage, entry, number)
    for sponsor in wanted["sponsors"]:
        yield f"sponsor {sponsor['name']}", partial(_make_sponsor, sponsor, today)


def _make_kind(kind: dict[str, Any], today: date) -> None:
    made, new = PlacementKind.objects.get_or_create(slug=kind["slug"], defaults=kind)
    if new:
        weekdays = {today.weekday()} if made.is_mail else EVERY_DAY  # the weekly briefing's next issue is today's
        open_units(made, first=today, last=today + timedelta(days=ON_SALE_DAYS), weekdays=weekdays)


def _make_package(entry: dict[str, Any]) -> None:
    if Package.objects.filter(tier=entry["tier"]).exists():
        return
    package = Package.objects.create(
        tier=entry["tier"],
        summary=entry["summary"],
        price=Decimal(entry["price"]),
        currency=entry["currency"],
        on_sale=True,
    )
    for slug, quantity in entry["items"].items():
        PackageItem.objects.create(package=package, kind=PlacementKind.objects.get(slug=slug), quantity=quantity)


def _make_house_ad(slug: str, ad: dict[str, str]) -> None:
    kind = PlacementKind.objects.get(slug=slug)
    creative, new = Creative.objects.get_or_create(kind=kind, booking=None, retired_at=None)
    if new:
        _run(creative, ad | {"link_url": settings.SITE_URL + ad["link_url"]})


def _make_seller() -> None:
    """In whose name the demo bills: a business that there is not, at an account that there is not."""
    if not Seller.objects.exists():
        Seller.objects.create(
            name="Demo Newsroom Ltd",
            address="1 Example Street\nDublin",
            country="IE",
            tax_rule=Seller.TaxRule.ADDED,
            tax_rate=23,
            iban="DEMO-ACCOUNT",
            prefix="DEMO-",
        )


def _make_passage(entry: dict[str, str], number: int) -> None:
    KitText.objects.get_or_create(heading=entry["heading"], defaults=entry | {"ordering": 10 * (number + 1)})


def _make_sponsor(entry: dict[str, Any], today: date) -> None:
    if Sponsor.objects.filter(name__iexact=entry["name"]).exists():
        return
    began = timezone.now()
    names = ("name", "category", "website", "contact_email", "aliases", "jurisdictions")
    sponsor = Sponsor.objects.create(**{name: entry[name] for name in names})
    wanted = entry["booking"]
    booking = hold(
        is_address_known=True,
        package=Package.objects.get(tier=wanted["tier"], on_sale=True),
        company=sponsor.name,
        contact_email=sponsor.contact_email,
        start=today + timedelta(days=wanted["starts_in_days"]),
        message=wanted["message"],
        category=sponsor.category,
        sponsor=sponsor,
    )
    to = {"name": sponsor.name, "address": "1 Example Street\nSpringfield", "country": "US"}
    BillingDetails.objects.create(booking=booking, **to)
    confirm(booking, by=_user(SELLER))
    for creative in booking.creatives.select_related("kind"):
        _run(creative, entry["creatives"][creative.kind.slug])
    # Nobody reads what is sent to these addresses.
    OutgoingMail.objects.filter(kind__startswith="sponsors.", created_at__gte=began).delete()


def _run(creative: Creative, ad: dict[str, str]) -> None:
    """Hand an ad in and approve it."""
    image = None
    if "image" in ad:
        with (content.IMAGES / ad["image"]).open("rb") as file:
            image = images.accept(file, creative.kind.sizes)
    version = submit(
        creative,
        headline=ad["headline"],
        body=ad["body"],
        link_url=ad["link_url"],
        image=image,
        image_alt=ad.get("image_alt", ""),
        by=_user(SELLER),
    )
    for role, email in APPROVERS.items():
        approve(version, by=_user(email), roles=[role])


def _user(email: str) -> User:
    return User.objects.get(email=email)
