"""The e-mails to sponsors and sponsorship managers, one function each, queued in the caller's transaction."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse

from core.lib import clock
from core.models import OutgoingMail, SiteProfile, User
from core.outbox import queue_mail
from sponsors.models import (
    Approval,
    Booking,
    Claim,
    CreativeVersion,
    Inquiry,
    MakeGood,
    Notice,
    Offer,
    Payment,
    WaitingBuyer,
)
from sponsors.outlook import Outlook

MANAGER = "sponsorship manager"


def address_to_confirm(booking: Booking) -> None:
    """To the address that was typed: the link that keeps the dates."""
    _queue("address_to_confirm", [booking.contact_email], booking, keep_url=settings.SITE_URL + booking.keep_path)


def dates_free(row: WaitingBuyer, starts: Sequence[date]) -> None:
    """To a buyer on the waiting list: days on which the package can start now."""
    path = reverse("sponsors:book", args=[row.tier])
    context = {"row": row, "starts": starts, "book_url": settings.SITE_URL + path}
    queue_mail(template="sponsors/dates_free", to=row.contact_email, context=context, kind="sponsors.dates_free")


def booking_requested(booking: Booking) -> None:
    """To the sponsor: what is held, and until when. To the managers: the request."""
    _to_sponsor("booking_requested", booking)
    _to_managers("booking_to_decide", booking, admin_path=reverse("admin:sponsors_booking_overview", args=[booking.pk]))


def booking_confirmed(booking: Booking, *, asks_to_whom: bool) -> None:
    """To the sponsor: what is theirs now, and what comes next: the ad, and to whom it is billed where that is not known."""
    billing_url = settings.SITE_URL + booking.billing_path if asks_to_whom else ""
    _to_sponsor("booking_confirmed", booking, billing_url=billing_url)


def billing_asked(booking: Booking) -> None:
    """To the sponsor: to whom is the invoice made out?"""
    name = booking.snapshot["name"]
    letter(
        "billing_asked",
        booking,
        subject=f"To whom is the invoice for your {name} package made out?",
        heading="To whom is it billed?",
        paragraphs=[
            f"Your {name} package ({booking.price_text}) is confirmed.",
            "For its invoice we need the name, address and country of the business, and its VAT id if it has one.",
            "The invoice comes by e-mail as soon as you have said so.",
        ],
        buttons=[("Say to whom", settings.SITE_URL + booking.billing_path)],
    )


def money_moved(booking: Booking, payment: Payment, *, standing: str) -> None:
    """To the sponsor: what came in, or went back, and how the account stands."""
    package, day = booking.snapshot["name"], f"{payment.paid_on:%-d %B %Y}"
    heading = f"We have {'paid back' if payment.is_refund else 'received'} {payment.amount_text}"
    said = f"It was paid on {day}." if payment.is_refund else f"Thank you. It came in on {day}."
    letter(
        "paid_back" if payment.is_refund else "payment_received",
        booking,
        subject=f"{heading} for your {package} package",
        heading=heading,
        paragraphs=[said, standing],
        buttons=[("Your invoices and payments", settings.SITE_URL + booking.billing_path)],
    )


def booking_cancelled(booking: Booking) -> None:
    kept = booking.claims.filter(state=Claim.State.CONFIRMED).select_related("unit__kind")
    _to_sponsor("booking_cancelled", booking, kept=list(kept))


def booking_lapsed(booking: Booking) -> None:
    """To both sides: the hold ran out, and its places are free again."""
    _to_sponsor("booking_lapsed", booking)
    path = reverse("admin:sponsors_booking_overview", args=[booking.pk])
    _to_managers("booking_lapsed_to_us", booking, admin_path=path)


def contact_changed(booking: Booking, *, before: str) -> None:
    """To the address that a booking had: mail about it goes elsewhere now."""
    _queue("contact_changed", [before], booking)


def portal_link(booking: Booking) -> None:
    """To the sponsor: a fresh link, as the old one has expired."""
    _to_sponsor("portal_link", booking)


def creative_submitted(version: CreativeVersion) -> None:
    """To the managers: the sponsor handed something in."""
    booking = version.creative.booking
    path = reverse("admin:sponsors_creative_change", args=[version.creative_id])
    if booking:
        _to_managers("creative_to_review", booking, version=version, admin_path=path)


def creative_decided(version: CreativeVersion, approval: Approval) -> None:
    """To the sponsor: approved, or rejected and why."""
    if version.creative.booking:
        _to_sponsor("creative_decided", version.creative.booking, version=version, approval=approval)


def make_good_found(row: MakeGood) -> None:
    """To the managers: a day did not carry the ad it was sold for."""
    path = reverse("admin:sponsors_makegood_changelist") + "?state__exact=open"
    _to_managers("make_good_to_us", row.claim.booking, row=row, admin_path=path)


def make_good_given(row: MakeGood) -> None:
    """To the sponsor: what did not run, and the day that is given for it."""
    _to_sponsor("make_good_given", row.claim.booking, row=row)


def link_broken(version: CreativeVersion, problem: str) -> None:
    """To both sides: nobody gets to where an ad leads."""
    booking = version.creative.booking
    if booking:
        path = reverse("admin:sponsors_creative_change", args=[version.creative_id])
        _to_sponsor("link_broken", booking, version=version, problem=problem)
        _to_managers("link_broken_to_us", booking, version=version, problem=problem, admin_path=path)


def paid_for_nothing(booking: Booking, payment: Payment) -> None:
    """To the managers: a payment for days that cannot be had any more, which stays as credit."""
    path = reverse("admin:sponsors_invoice_account", args=[booking.pk])
    _to_managers("paid_for_nothing_to_us", booking, payment=payment, admin_path=path)


def unplaced_payment(reference: str, why: str) -> None:
    """To the managers: what was paid at a provider and belongs to nothing of ours."""
    for manager in managers():
        _write(
            "unplaced_payment_to_us",
            manager,
            subject=f"A payment could not be recorded: {reference}",
            heading="A payment could not be recorded",
            paragraphs=[
                f"{reference}: {why}",
                "The money is at the provider. Look it up there, and record it on the account of its booking or pay it back.",
            ],
            buttons=[("Money due", settings.SITE_URL + reverse("admin:sponsors_invoice_due"))],
            to_us=True,
        )


def creative_due(booking: Booking, places: Sequence[Outlook], *, about: str = "") -> bool:
    """To the sponsor: an ad is missing, and when it has to be there."""
    return letter(
        "creative_due",
        booking,
        subject=f"Your ad for {booking.snapshot['name']} is still missing",
        heading="We need your ad",
        paragraphs=[
            "Your days come closer, and there is no ad of yours for them yet that can run. Hand it in on your own page.",
            "One of us looks at it before it runs. In place of what comes too late, an ad of our own runs.",
        ],
        lines=[f"{place.claim.unit}: {place.words}" for place in places],
        buttons=[("Hand in your ad", settings.SITE_URL + booking.portal_path)],
        about=about,
    )


def inquiry_to_us(row: Inquiry) -> None:
    """To the managers: what somebody asks for."""
    page = settings.SITE_URL + reverse("admin:sponsors_inquiry_change", args=[row.pk])
    for manager in managers():
        _write(
            "inquiry_to_us",
            manager,
            subject=f"{row.company} asks about ads",
            heading=f"{row.company} asks about ads",
            paragraphs=[f"From {row.contact_email} ({row.get_category_display()}):", *row.message.split("\n")],
            buttons=[("Make an offer", page)],
            to_us=True,
        )


def offer_made(offer: Offer) -> None:
    """To the buyer: what is offered, at which price, until when, and the link that accepts it."""
    runs = f"{offer.runs} runs of " if offer.runs > 1 else ""
    _write(
        "offer_made",
        offer.contact_email,
        subject=f"Our offer to {offer.company}: {offer.package.name}",
        heading=f"{offer.package.name} for {offer.price_text}",
        paragraphs=[
            *filter(None, offer.words.split("\n")),
            f"We offer {offer.company} {runs}this package for {offer.price_text} in all, until {clock.in_words(offer.expires_at)}:",
        ],
        lines=[f"{item.quantity} × {item.kind.name}" for item in offer.package.items.select_related("kind")],
        buttons=[("Choose your days and accept", settings.SITE_URL + offer.path)],
    )


def offer_accepted(offer: Offer) -> None:
    """To the managers: an offer is a booking now."""
    page = settings.SITE_URL + reverse("admin:sponsors_booking_overview", args=[offer.booking_id])
    letter(
        "offer_accepted_to_us",
        offer.booking,  # type: ignore[arg-type]
        subject=f"{offer.company} accepted your offer",
        heading=f"{offer.company} accepted your offer",
        paragraphs=[f"{offer.package.name} for {offer.price_text} is booked."],
        buttons=[("The booking", page)],
        to_us=True,
    )


def _write(kind: str, to: str, *, to_us: bool = False, lines: Sequence[str] = (), **words: Any) -> OutgoingMail:
    """A mail in words that are all here: subject, heading, paragraphs and buttons."""
    context = words | {"to_us": to_us, "lines": lines}
    return queue_mail(template="sponsors/letter", to=to, context=context, kind=f"sponsors.{kind}")


def letter(
    kind: str,
    booking: Booking,
    *,
    subject: str,
    heading: str,
    paragraphs: Sequence[str],
    buttons: Sequence[tuple[str, str]],
    lines: Sequence[str] = (),
    about: str = "",
    to_us: bool = False,
) -> bool:
    """Write to one side in words that are all here; whether it was, since what is `about` something is written once."""
    if about and Notice.objects.filter(booking=booking, kind=kind, about=about).exists():
        return False
    words: dict[str, Any] = {
        "subject": subject,
        "heading": heading,
        "paragraphs": paragraphs,
        "lines": lines,
        "buttons": buttons,
    }
    to = managers() if to_us else [booking.contact_email]
    for number, recipient in enumerate(filter(None, to)):
        mail = _write(kind, recipient, to_us=to_us, **words)
        if number == 0:
            _note(booking, kind, mail, about=about, to_us=to_us)
    return True


def _note(booking: Booking, kind: str, mail: OutgoingMail, **fields: Any) -> None:
    Notice.objects.create(
        booking=booking, kind=kind, subject=mail.subject, at=mail.created_at, mail_id=mail.pk, **fields
    )


def _to_sponsor(template: str, booking: Booking, **context: object) -> None:
    links = {
        "portal_url": settings.SITE_URL + booking.portal_path,
        "report_url": settings.SITE_URL + booking.report_path,
    }
    _queue(template, [booking.contact_email], booking, **links, **context)


def _to_managers(template: str, booking: Booking, *, admin_path: str, **context: object) -> None:
    _queue(template, managers(), booking, admin_url=settings.SITE_URL + admin_path, **context)


def _queue(template: str, recipients: Iterable[str], booking: Booking, **context: object) -> None:
    claims = booking.claims.select_related("unit__kind").order_by("unit__date", "unit__kind__name", "id")
    context |= {"booking": booking, "claims": list(claims)}
    for number, recipient in enumerate(recipients):
        mail = queue_mail(template=f"sponsors/{template}", to=recipient, context=context, kind=f"sponsors.{template}")
        if number == 0:
            _note(booking, template, mail, to_us="admin_url" in context)


def managers() -> list[str]:
    """The site's address for sponsors, or else that of each sponsorship manager."""
    if address := SiteProfile.current().sponsor_email:
        return [address]
    return list(User.objects.people().filter(groups__name=MANAGER).values_list("email", flat=True))
