"""The pages of sales, with something in each: what is owed, paid, named, asked and offered; for tests that walk pages."""

from decimal import Decimal

from django.urls import reverse

from core.lib import clock
from sponsors.models import BankLine, Flag, Inquiry
from sponsors.money import invoices
from tests.sponsors import factories

LISTS = ("bankline", "flag", "flagsearch", "inquiry", "invoice", "ledgerentry", "offer", "payment", "seller")
PUBLIC = ("disclosure-log", "disclosure-check", "media-kit")


def desk_pages(booking, article, text="Words"):
    """The addresses of the pages about a booking that is billed by this, and about a flag in an article."""
    seller = factories.seller(name=text[:100], tax_words=text[:100])
    factories.billed_to(booking, name=text[:100])
    invoice = invoices.issue_for(booking)
    paid = {"amount": Decimal(5), "currency": "USD", "payer": text[:140], "text": text[:500], "key": "1"}
    line = BankLine.objects.create(booked_on=clock.utc_day(), **paid)
    named = {"title": text[:200], "words": text[:200], "places": [text[:100]], "fingerprint": "1", "is_certain": True}
    flag = Flag.objects.create(noun="article", about=article.pk, sponsor=booking.sponsor, **named)
    asked = Inquiry.objects.create(company=text[:120], contact_email="mia@example.com", message=text)
    about = [("invoice", name, invoice) for name in ("change", "credit")]
    about += [("bankline", name, line) for name in ("change", "settle")]
    about += [("flag", "change", flag), ("inquiry", "offer", asked), ("inquiry", "change", asked)]
    about += [("invoice", "account", booking), ("creative", "submit", booking.creatives.get())]
    about.append(("seller", "change", seller))
    paths = [reverse(f"admin:sponsors_{model}_{name}", args=[row.pk]) for model, name, row in about]
    paths += [reverse(f"admin:sponsors_{name}_changelist") for name in LISTS]
    pages = ("invoice_due", "bankline_read", "offer_make", "rununit_calendar", "overview")
    return paths + [reverse(f"admin:sponsors_{name}") for name in pages]


def public_pages(booking):
    """The addresses of what a sponsor and everybody sees of bookings."""
    own = [booking.portal_path, booking.billing_path, booking.days_path, booking.report_path]
    return own + [reverse(f"sponsors:{name}") for name in PUBLIC]
