"""What advertising keeps of persons: for how long, and what deletes it."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from core import retention
from core.lib import batches, clock
from core.retention import Column, days
from sponsors import availability, view_counts
from sponsors.models import (
    AdEvent,
    BankLine,
    BillingDetails,
    Booking,
    BuyerVisit,
    Claim,
    Inquiry,
    Invoice,
    InvoiceDocument,
    Offer,
    Payment,
    Sponsor,
    SponsorNote,
    WaitingBuyer,
)
from sponsors.models.invoices import BUYER

ORIGINS_KEPT_FOR = timedelta(days=settings.AD_ORIGINS_DAYS)
DEAD_BOOKINGS_KEPT_FOR = timedelta(days=settings.DEAD_BOOKINGS_DAYS)
UNKNOWN_KEPT_FOR = timedelta(days=3)  # as long as the link of the mail works
WAITING_KEPT_FOR = availability.WINDOW  # then every day that they wait for is over
RECORDS_KEPT_FOR = timedelta(days=3653)  # ten years, as books are kept

_BOOKING = (
    f"{days(UNKNOWN_KEPT_FOR)} where its address was never confirmed; {days(DEAD_BOOKINGS_KEPT_FOR)} after it lapsed or was"
    f" cancelled; else {days(RECORDS_KEPT_FOR)}"
)
_BILLED = f"{days(RECORDS_KEPT_FOR)} after it was issued: tax law asks that books are kept as long"
_TO_BILL = f"as the booking's address; {days(RECORDS_KEPT_FOR)} where it was billed"
_WAITING = f"until a day is free, at most {days(WAITING_KEPT_FOR)}"
COLUMNS = [
    *(
        Column(f"sponsors.AdView.{name}", f"{days(view_counts.VIEWS_KEPT_FOR)} after its day", "the hourly purge")
        for name in ("network", "place", "visitor")
    ),
    *(
        Column(f"sponsors.{name}", f"{days(view_counts.VIEWS_KEPT_FOR)} after its day", "the hourly purge")
        for name in ("AdReader.network", "AdReader.place", "AdReader.visitor", "BuyerDay.place")
    ),
    *(
        Column(f"sponsors.AdEvent.{name}", f"{days(ORIGINS_KEPT_FOR)} after its ad’s day", "the hourly purge")
        for name in ("ip_prefix", "nonce", "place", "agent")
    ),
    Column(
        "sponsors.BuyerVisit.place",
        f"{days(ORIGINS_KEPT_FOR)} after it, and after its sponsor’s last ad day",
        "the hourly purge",
    ),
    Column("sponsors.Booking.contact_email", _BOOKING, "the hourly purge"),
    Column("sponsors.Booking.message", _BOOKING, "the hourly purge"),
    Column("sponsors.Booking.company", "for good: an organisation's name", retention.ADMIN),
    Column("sponsors.Sponsor.name", "for good: an organisation's name", retention.ADMIN),
    Column(
        "sponsors.Sponsor.contact_email", f"{days(RECORDS_KEPT_FOR)} after the last booking", "the hourly purge; staff"
    ),
    Column("sponsors.Seller.name", retention.ORGANISATION, retention.ADMIN),
    Column("sponsors.Seller.address", retention.ORGANISATION, retention.ADMIN),
    Column("sponsors.Seller.email", retention.ORGANISATION, retention.ADMIN),
    *(
        Column(f"sponsors.BillingDetails.{name}", _TO_BILL, "the hourly purge")
        for name in ("name", "address", "vat_id", "email", "reference")
    ),
    *(
        Column(f"sponsors.Invoice.{name}", _BILLED, "the hourly purge; the database refuses to do it earlier")
        for name in ("buyer_name", "buyer_address", "buyer_vat_id", "buyer_email", "buyer_reference")
    ),
    Column("sponsors.InvoiceDocument.pdf", _BILLED, "the hourly purge; the database refuses to do it earlier"),
    Column("sponsors.BankLine.payer", _BILLED.replace("issued", "read"), "the hourly purge"),
    Column("sponsors.BankLine.text", _BILLED.replace("issued", "read"), "the hourly purge"),
    Column("sponsors.BankLine.file_name", "for good: what a statement's file was called", "nobody"),
    Column("sponsors.Payment.note", _BILLED.replace("issued", "recorded"), "the hourly purge"),
    Column("sponsors.SponsorNote.text", f"{days(RECORDS_KEPT_FOR)} after the last booking", "the hourly purge"),
    Column("sponsors.Notice.subject", "as long as its booking: it names an organisation", retention.ADMIN),
    Column("sponsors.AdLinkCheck.note", "as long as its ad", "checking its link again"),
    Column("sponsors.DisclosureEntry.sponsor_name", "for good: the log is public", "nobody: the database refuses"),
    Column("sponsors.Inquiry.company", days(DEAD_BOOKINGS_KEPT_FOR), "the hourly purge"),
    Column("sponsors.Inquiry.contact_email", days(DEAD_BOOKINGS_KEPT_FOR), "the hourly purge"),
    Column("sponsors.Inquiry.message", days(DEAD_BOOKINGS_KEPT_FOR), "the hourly purge"),
    Column("sponsors.Offer.company", "for good: an organisation's name", retention.ADMIN),
    Column("sponsors.Offer.contact_email", f"{days(DEAD_BOOKINGS_KEPT_FOR)} after it ran out", "the hourly purge"),
    Column("sponsors.BlockedDomain.domain", "until staff lift it", retention.ADMIN),
    Column("sponsors.BlockedDomain.note", "until staff lift it", retention.ADMIN),
    Column("sponsors.WaitingBuyer.contact_email", _WAITING, "telling them; the hourly purge"),
    Column("sponsors.WaitingBuyer.company", _WAITING, "telling them; the hourly purge"),
]


def register_all() -> None:
    """Put the keeping times of advertising into force."""
    retention.declare(COLUMNS)
    retention.register("origins of clicks on ads", forget_origins)
    retention.register("views of ads", view_counts.drop_old_views)
    retention.register("contacts of bookings", forget_bookings)
    retention.register("contacts of sponsors", forget_sponsors)
    retention.register("inquiries about ads", forget_inquiries)
    retention.register("waiting lists for ads", forget_waiting)
    retention.register("buyers on invoices", forget_billed)


def forget_origins() -> int:
    """Empty where the clicks on an ad came from, of all at one time when their verdicts are final; and from where buyers came.

    A part of them would be judged as if it were the whole: a second click would count where the first is forgotten.
    """
    ended, before = clock.utc_day() - ORIGINS_KEPT_FOR, timezone.now() - ORIGINS_KEPT_FOR
    judged = Claim.objects.filter(unit__date__gte=ended, state=Claim.State.CONFIRMED)
    bookings = Booking.objects.filter(Q(claims__in=judged) | Q(sponsor__bookings__claims__in=judged))
    batches.delete(BuyerVisit.objects.filter(at__lt=before).exclude(booking__in=bookings.values("pk")))
    known = AdEvent.objects.filter(claim__unit__date__lt=ended).exclude(nonce="", ip_prefix="", place="", agent="")
    return batches.update(known, nonce="", ip_prefix="", place="", agent="")


def forget_bookings() -> int:
    """Empty the contacts of bookings that came to nothing, and of those that books need no longer be kept of."""
    now = timezone.now()
    ended = Coalesce("decided_at", "hold_until", "requested_at")
    ran = Exists(Claim.objects.filter(booking=OuterRef("pk"), state="confirmed"))  # also of one cancelled half way
    over = ~ran & Q(state__in=["cancelled", "expired"])
    dead = over & Q(ended__lt=now - DEAD_BOOKINGS_KEPT_FOR)
    dead |= over & Q(address_confirmed_at=None, requested_at__lt=now - UNKNOWN_KEPT_FOR)
    old = ran & Q(requested_at__lt=now - RECORDS_KEPT_FOR)
    bookings = Booking.objects.alias(ended=ended).filter(dead | old).exclude(contact_email="", message="")
    batches.delete(BillingDetails.objects.filter(booking__in=bookings.values("pk")))
    return batches.update(bookings, contact_email="", message="")


def forget_billed() -> int:
    """Empty what invoices and payments say of persons, once books need no longer be kept of them."""
    before = timezone.now() - RECORDS_KEPT_FOR
    batches.delete(InvoiceDocument.objects.filter(made_at__lt=before))
    batches.update(Payment.objects.filter(recorded_at__lt=before).exclude(note=""), note="")
    batches.update(BankLine.objects.filter(read_at__lt=before).exclude(payer="", text=""), payer="", text="")
    billed = Invoice.objects.filter(issued_at__lt=before).exclude(buyer_name="")
    return batches.update(billed, **dict.fromkeys(BUYER, ""))


def forget_inquiries() -> int:
    """Delete inquiries, and empty the contacts of offers that ran out: a booking has its own."""
    before = timezone.now() - DEAD_BOOKINGS_KEPT_FOR
    offers = Offer.objects.filter(expires_at__lt=before).exclude(contact_email="")
    old = Inquiry.objects.filter(asked_at__lt=before)
    Offer.objects.filter(inquiry__in=old).update(inquiry=None)
    return batches.update(offers, contact_email="") + batches.delete(old)


def forget_waiting() -> int:
    """Delete who has waited in vain for as long."""
    return batches.delete(WaitingBuyer.objects.filter(asked_at__lt=timezone.now() - WAITING_KEPT_FOR))


def forget_sponsors() -> int:
    """Empty the contacts of sponsors who have booked nothing for as long."""
    before = timezone.now() - RECORDS_KEPT_FOR
    lately = Booking.objects.filter(requested_at__gte=before, sponsor__isnull=False).values("sponsor")
    gone = Sponsor.objects.filter(created_at__lt=before).exclude(pk__in=lately)
    forgotten = batches.delete(SponsorNote.objects.filter(sponsor__in=gone))
    return forgotten + batches.update(gone.exclude(contact_email=""), contact_email="")
