"""Invoices: taxed by rule, numbered without gaps, never changed, printed in every name's own letters."""

import io
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from core import outbox
from core.models import OutgoingMail
from core.transitions import TransitionRefused
from sponsors import booking
from sponsors.billing_forms import BillingForm
from sponsors.models import Invoice, LedgerEntry, Payment
from sponsors.money import documents, invoices, ledger, tax, typefaces
from sponsors.money.amounts import shares
from tests.sponsors import factories

pytestmark = pytest.mark.django_db

GERMAN, GREEK = "DE136695976", "EL094259216"


@pytest.mark.parametrize(
    ("rule", "country", "vat_id", "net", "taxed", "words"),
    [
        ("added", "DE", "", "1500.00", "285.00", ""),
        ("added", "DE", GERMAN, "1500.00", "285.00", ""),
        ("added", "GR", "", "1500.00", "285.00", ""),
        ("added", "GR", GREEK, "1500.00", "0.00", tax.REVERSE_CHARGE),
        ("added", "US", "", "1500.00", "0.00", tax.OUTSIDE_EU),
        ("inclusive", "US", "", "1260.50", "239.50", ""),
        ("none", "DE", "", "1500.00", "0.00", "Small business."),
    ],
)
def test_the_tax_follows_from_the_rule_and_from_where_the_buyer_is(rule, country, vat_id, net, taxed, words):
    factories.seller(tax_rule=rule, tax_words="Small business.")
    sold = factories.invoiced(to={"country": country, "vat_id": vat_id})
    row = sold.invoices.get()
    assert (row.net, row.tax, row.gross) == (Decimal(net), Decimal(taxed), Decimal(net) + Decimal(taxed))
    assert row.tax_words == words


@pytest.mark.parametrize(
    ("kind", "prices", "nets", "taxes"),
    [
        (tax.ADDED, ["0.50", "0.50"], ["0.50", "0.50"], ["0.10", "0.09"]),  # on each line, it would be 0.20 in all
        (tax.ADDED, ["1500.00", "-375.01"], ["1500.00", "-375.01"], ["285.00", "-71.25"]),
        (tax.INCLUSIVE, ["1.00", "1.00", "1.00"], ["0.84", "0.84", "0.84"], ["0.16", "0.16", "0.16"]),
        (tax.INCLUSIVE, ["0.03", "0.03", "0.03"], ["0.03", "0.02", "0.03"], ["0.00", "0.01", "0.00"]),
        (tax.REVERSE, ["0.50", "0.50"], ["0.50", "0.50"], ["0.00", "0.00"]),
    ],
)
def test_tax_is_rounded_half_up_on_the_sum_of_a_document_and_its_lines_add_up_to_it(kind, prices, nets, taxes):
    by_rule = tax.Treatment(kind, Decimal(0) if kind == tax.REVERSE else Decimal(19))
    lines = tax.taxed([tax.Line("x", Decimal(price)) for price in prices], by_rule, "EUR")
    assert ([line["net"] for line in lines], [line["tax"] for line in lines]) == (nets, taxes)
    total = by_rule.split(sum(map(Decimal, prices)), "EUR")
    assert (tax.total(lines, "net"), tax.total(lines, "tax")) == total


def test_a_currency_without_coins_is_rounded_to_the_whole_and_what_is_shared_out_adds_up():
    assert tax.Treatment(tax.ADDED, Decimal(19)).split(Decimal(150), "JPY") == (150, 29)
    assert shares(Decimal("100.00"), 3, "EUR") == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("de 136 695 976", "DE", GERMAN),
        (GREEK, "GR", GREEK),
        ("DE136695977", "DE", None),
        (GERMAN, "FR", None),
        ("anything", "US", "anything"),
    ],
)
def test_a_vat_id_is_checked_for_its_form_and_its_country(typed, country, kept):
    if kept is None:
        with pytest.raises(ValidationError):
            tax.checked_vat_id(typed, country)
    else:
        assert tax.checked_vat_id(typed, country) == kept


def test_nothing_is_billed_before_it_is_known_by_whom_and_to_whom_and_then_at_once():
    sold = factories.confirmed()
    assert not sold.invoices.exists()
    factories.seller()
    form = BillingForm({"name": "Northwind", "address": "Street 1", "country": "DE"}, booking=sold)
    assert form.is_valid(), form.errors
    form.save()
    assert invoices.issue_for(sold) == sold.invoices.get()  # twice is once
    assert sold.invoices.get().number.endswith("-00001")
    assert ledger.balance(sold) == Decimal("1785.00")


def test_what_was_issued_is_neither_changed_nor_deleted():
    factories.seller()
    sold = factories.invoiced()
    for model, change in ((Invoice, {"gross": 1}), (Invoice, {"buyer_name": "Other"}), (LedgerEntry, {"amount": 1})):
        for attempt in (
            lambda m=model, c=change: m.objects.update(**c),
            lambda m=model: m.objects.all()._raw_delete("default"),
        ):
            with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
                attempt()
    documents.pdf_of(sold.invoices.get())
    with pytest.raises(IntegrityError, match="ten years"), transaction.atomic():
        sold.invoices.get().document.delete()


def test_an_invoice_is_corrected_by_a_credit_note_and_issued_anew():
    factories.seller()
    sold = factories.invoiced()
    first = sold.invoices.get()
    note = invoices.credit(first, reason="Wrong address")
    assert (note.gross, note.corrects, ledger.balance(sold)) == (first.gross, first, 0)
    with pytest.raises(TransitionRefused, match="in full already"):
        invoices.credit(first, reason="Once more")
    again = invoices.issue_again(sold, by=None)
    assert [again.serial, note.serial, first.serial] == [3, 2, 1]
    with pytest.raises(TransitionRefused, match="billed already"):
        invoices.issue_again(sold, by=None)


def text_of(row):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(documents.pdf_of(row))).pages)


def test_the_document_can_be_read_by_a_machine_in_every_script_its_font_has():
    factories.seller()
    name = "Ελληνική Юг 株式会社ムーン 달 شركة القمر Ltd"
    sold = factories.invoiced(to={"name": name, "country": "GR", "vat_id": GREEK})
    text = text_of(sold.invoices.get())
    for words in ("Ελληνική Юг 株式会社ムーン 달", "MP-", GREEK, "Reverse charge", "DE136695976", "1,500.00", "Greece"):
        assert words in text
    assert "شركة القمر" in text
    assert documents.pdf_of(sold.invoices.get()) == documents.pdf_of(sold.invoices.get())
    for words, refused in ((name, ""), ("บริษัท มูน", "cannot print บริษัทมูน. Please")):
        form = BillingForm({"name": words, "address": "Bangkok", "country": "TH"}, booking=sold)
        assert form.is_valid() == (not refused)
        assert refused in str(form.errors)


def test_what_no_font_has_is_written_in_latin_letters_where_nobody_could_be_asked():
    assert typefaces.printable("東京 มูน – 달") == "東京 mun – 달"
    assert typefaces.unprintable("東京 달 قمر Ω ₿") == "₿"


def test_the_mail_brings_the_document():
    factories.seller()
    sold = factories.invoiced(to={"email": "books@northwind.example"})
    row = OutgoingMail.objects.get(kind="sponsors.invoice")
    subject, message = outbox.composed(row)
    assert (row.recipient, row.message, sold.invoices.get().number in subject) == ("books@northwind.example", b"", True)
    assert b'filename="MP-' in message.replace(b"\r\n ", b" ")


def test_what_is_cancelled_half_way_is_credited_by_the_terms_and_what_ran_stays_billed(time_machine):
    factories.seller(credit_days=3, late_credit=Decimal(50))
    slot = factories.kind()
    bought = factories.package({slot: 5}, price="100.00")
    factories.open_days(slot)
    sold = factories.invoiced(bought, start=factories.soon(2))
    factories.wait(time_machine, days=3)  # one day ran, one is running, three are ahead: in 1, 2 and 3 days
    booking.cancel(sold, by=None, reason="Budget")
    note = sold.invoices.get(kind="credit")
    assert [line["net"] for line in note.lines] == ["10.00", "10.00", "20.00"]
    assert (note.net, note.tax, ledger.balance(sold)) == (Decimal(40), Decimal("7.60"), Decimal("71.40"))
    assert ledger.faults() == []


def test_a_booking_cancelled_before_it_was_billed_is_billed_for_what_it_owes():
    factories.seller(credit_days=30, late_credit=Decimal(25))
    sold = factories.confirmed()
    booking.cancel(sold, by=None)
    factories.billed_to(sold)
    row = invoices.issue_for(sold)
    assert (row.net, [line["net"] for line in row.lines]) == (Decimal("1125.00"), ["1500.00", "-375.00"])


def test_a_booking_cancelled_in_time_owes_nothing_to_the_cent():
    factories.seller(tax_rate=Decimal("7.7"), credit_days=1)
    slot = factories.kind()
    factories.open_days(slot)
    sold = factories.invoiced(factories.package({slot: 7}, price="99.99"), start=factories.soon())
    booking.cancel(sold, by=None)
    assert ledger.balance(sold) == 0
    assert Payment.objects.count() == 0


def test_what_waited_is_billed_by_itself_once_it_is_said_who_sells_and_to_whom():
    slot = factories.kind()
    factories.open_days(slot)
    bought = factories.package({slot: 1})
    told = factories.invoiced(bought)
    silent = factories.confirmed(bought, start=factories.soon(8), company="Silent Ltd")
    owing = factories.confirmed(bought, start=factories.soon(9))
    over = factories.confirmed(bought, start=factories.soon(10))
    assert (invoices.issue_waiting(), invoices.waiting().count()) == (0, 4)
    factories.seller(credit_days=30, late_credit=Decimal(25))
    booking.cancel(owing, by=None)
    invoices.issue_waiting()
    assert [row.pk for row in invoices.waiting()] == [silent.pk]
    taken_back = over.invoices.get()
    invoices.credit(taken_back, reason="Wrong address")
    assert invoices.issue_waiting() == 0
    assert {row.pk: invoices.missing(row)[:25] for row in invoices.waiting()} == {
        silent.pk: "The sponsor has not said ",
        over.pk: "Its invoice was taken bac",
    }
    assert told.invoices.count() == 1
