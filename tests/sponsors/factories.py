"""What the tests of sponsors are made of; every booking and verdict goes through the functions that the site uses."""

from datetime import timedelta
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone

from core.models import User
from sponsors import approval, availability, booking, payments, placements, statements
from sponsors.models import BankLine, BillingDetails, Package, PackageItem, PlacementKind, Seller
from sponsors.money import invoices


def today():
    return timezone.now().date()


def soon(days=7):
    return today() + timedelta(days=days)


def wait(time_machine, **duration):
    """Let time pass."""
    time_machine.move_to(timezone.now() + timedelta(**duration))


def user(email="mia@example.com", **fields):
    return User.objects.filter(email=email).first() or User.objects.create_user(email, **fields)


def kind(channel="web:article", **fields):
    name = fields.pop("name", f"Slot in {channel}")
    fields = {
        "image_sizes": ["600x200"],
        "cutoff_hours": 24,
        "slug": name.lower().replace(" ", "-").replace(":", "-"),
    } | fields
    return PlacementKind.objects.create(name=name, channel=channel, **fields)


def package(items=None, *, tier="gold", price="1500.00", on_sale=True, **fields):
    """A package of {kind: quantity}; of one day in an article slot unless said otherwise."""
    made = Package.objects.create(tier=tier, price=Decimal(price), summary="For a test.", on_sale=on_sale, **fields)
    for item_kind, quantity in (items or {kind(): 1}).items():
        PackageItem.objects.create(package=made, kind=item_kind, quantity=quantity)
    return made


def open_days(*kinds, first=None, days=30, per_day=1, **options):
    first = first or today()
    for each in kinds:
        availability.open_units(each, first=first, last=first + timedelta(days=days - 1), per_day=per_day, **options)


def held(bought=None, *, start=None, company="Northwind Custody", **fields):
    if bought is None:
        bought = package()
        open_days(*(item.kind for item in bought.items.all()))
    address = f"ads@{company.split()[0].lower()}{''.join(filter(str.isdigit, company))}.example"
    fields = {"is_address_known": True, "start": start or soon()} | fields
    return booking.hold(package=bought, company=company, contact_email=address, **fields)


def confirmed(bought=None, **fields):
    return booking.confirm(held(bought, **fields), by=None)


def submitted(creative, *, by=None, **fields):
    fields = {
        "headline": "Keys that stay yours",
        "body": "Custody with a second lock.",
        "link_url": "https://northwind.example/start?ref=moon",
    } | fields
    return approval.submit(creative, by=by, **fields)


def approved(creative, **fields):
    version = submitted(creative, **fields)
    return approve(version)


def approve(version, by=None):
    """Have two people say yes to a version, of whom one can be named."""
    approval.approve(version, by=by or user("second@example.com"), roles=["editorial"])
    approval.approve(version, by=user("third@example.com"), roles=["compliance"])
    return version


def running(channel="web:article", *, day=None, **fields):
    """A confirmed booking with an approved creative that runs on a channel on a day (today)."""
    slot = kind(channel, name=f"Slot {channel} {PlacementKind.objects.count()}")
    bought = package({slot: 1}, version=Package.objects.count() + 1, on_sale=False)
    open_days(slot, first=day or today(), days=1)
    sold = confirmed(bought, start=day or today(), **fields)
    approved(sold.creatives.get())
    return sold


def shown_on(channel, day):
    """The ad that comes first on a channel on a day, or None."""
    return next(iter(placements.placements_on(channel, day)), None)


def seller(**fields):
    """In whose name is billed: a business in Germany that charges its VAT, unless said otherwise."""
    fields = {
        "name": "Moonpress Media GmbH",
        "address": "Mondstraße 1\n10115 Berlin",
        "country": "DE",
        "vat_id": "DE136695976",
        "iban": "DE89370400440532013000",
        "tax_rule": "added",
        "tax_rate": Decimal(19),
        "prefix": "MP-",
    } | fields
    return Seller.objects.create(**fields)


def billed_to(booking, **fields):
    """Says to whom a booking is billed."""
    fields = {"name": booking.company, "address": "Hauptstraße 2\n10115 Berlin", "country": "DE"} | fields
    return BillingDetails.objects.create(booking=booking, **fields)


def invoiced(bought=None, *, to=None, **fields):
    """A booking that was confirmed and billed."""
    kept = held(bought, **fields)
    billed_to(kept, **(to or {}))
    return booking.confirm(kept, by=None)


def money_pages(booking):
    """The pages on the money of a booking, at the desk and its sponsor's: billed, paid too much, a line of a statement open."""
    seller()
    billed_to(booking)
    issued = invoices.issue_for(booking)
    payments.receive(booking, Decimal("2000.00"), currency="USD", paid_on=today())
    open_days(booking.package.items.get().kind, first=soon(40), days=1)
    owing = invoiced(booking.package, start=soon(40), company=f"{booking.company[:40]} 2")
    type(owing).objects.filter(pk=owing.pk).update(sponsor=booking.sponsor)
    statements.take(f"date;amount;text\n{today()};5.00;{booking.company}".encode(), currency="USD", by=None)
    line = BankLine.objects.get()
    at = [
        ("invoice_account", booking),
        ("invoice_change", issued),
        ("invoice_credit", issued),
        ("bankline_settle", line),
    ]
    paths = [reverse(f"admin:sponsors_{name}", args=[row.pk]) for name, row in at]
    names = ("invoice_due", "bankline_read", "bankline_changelist", "ledgerentry_changelist", "overview", "offer_make")
    paths += [reverse(f"admin:sponsors_{name}") for name in (*names, "rununit_calendar")]
    return [*paths, booking.billing_path]
