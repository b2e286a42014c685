"""Money at the desk and on the sponsor's page: each as it would be used."""

import re
from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from sponsors import payments
from sponsors.models import Invoice, Payment
from sponsors.money import invoices, ledger
from tests.html import one_line
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client):
    row = factories.user("sponsors@example.com")
    row.groups.add(Group.objects.get(name="sponsorship manager"))
    client.force_login(row)
    return client


def account(row):
    return reverse("admin:sponsors_invoice_account", args=[row.pk])


def shown(client, path, **posted):
    answer = client.post(path, posted, follow=True) if posted else client.get(path)
    assert answer.status_code == 200
    return one_line(answer.content)


def test_a_sponsor_says_to_whom_it_is_billed_and_gets_the_document(client):
    factories.seller()
    sold = factories.confirmed()
    typed = {"name": "Northwind Ltd", "address": "Street 1", "country": "DE", "vat_id": "DE1"}
    assert "no VAT id of the EU" in shown(client, sold.billing_path, **typed)
    page = shown(client, sold.billing_path, **typed | {"vat_id": "DE136695976"})
    assert "USD 1,785 is due" in page
    assert "DE89370400440532013000" in page
    document = client.get(sold.invoices.get().path)
    assert (document["Content-Type"], document.content[:5]) == ("application/pdf", b"%PDF-")
    assert client.get(reverse("sponsors:invoice", args=["x"])).status_code == 404


def test_money_due_leads_to_an_account_on_which_a_payment_is_recorded(manager):
    factories.seller()
    sold = factories.invoiced()
    due = reverse("admin:sponsors_invoice_due")
    assert account(sold) in shown(manager, due)
    pay = {"does": "pay", "pay-kind": "payment", "pay-paid_on": "2026-11-29", "pay-method": "bank"}
    page = shown(manager, account(sold), **pay, **{"pay-amount": "1785.00", "pay-reference": "T1"})
    assert "Settled." in page
    assert (Payment.objects.get().provider_ref, ledger.balance(sold)) == ("T1", 0)
    assert "Nobody owes anything" in shown(manager, due)
    assert "no more can be paid back" in shown(
        manager, account(sold), **pay | {"pay-kind": "refund", "pay-amount": "1.00"}
    )


def test_a_payment_that_is_sent_twice_counts_once_and_none_of_a_day_to_come(manager):
    factories.seller()
    sold = factories.invoiced()
    pay = {"does": "pay", "pay-kind": "payment", "pay-method": "bank", "pay-amount": "5.00"}
    pay["pay-key"] = re.search(r'name="pay-key" value="([0-9a-f]{16})"', shown(manager, account(sold)))[1]
    assert "still to come" in shown(manager, account(sold), **pay, **{"pay-paid_on": factories.soon().isoformat()})
    for _ in range(2):
        shown(manager, account(sold), **pay, **{"pay-paid_on": "2026-11-29"})
    assert ledger.balance(sold) == Decimal("1780.00")
    assert Payment.objects.get().reference == ""


def test_money_due_is_what_the_ledger_says_and_since_the_invoice_that_stands(manager):
    factories.seller()
    sold = factories.invoiced()
    invoices.credit(sold.invoices.get(), reason="Wrong address")
    again = invoices.issue_again(sold, by=None)
    (row,) = ledger.owed()
    assert (row.balance, row.due) == (Decimal(1785), again.due_on)
    assert "USD 1,785" in shown(manager, reverse("admin:sponsors_invoice_due"))


def test_an_invoice_is_taken_back_for_a_reason_and_issued_anew_with_other_details(manager):
    factories.seller()
    sold = factories.invoiced()
    row = sold.invoices.get()
    assert "Take back by a credit note" in shown(manager, reverse("admin:sponsors_invoice_change", args=[row.pk]))
    credit = reverse("admin:sponsors_invoice_credit", args=[row.pk])
    assert "Say why" in shown(manager, credit, reason=" ")
    assert "Bill it anew" in shown(manager, credit, reason="Wrong address")
    to = {"to-name": "Northwind Ltd", "to-address": "Street 9", "to-country": "FR"}
    shown(manager, account(sold), does="bill", **to)
    assert sold.invoices.count() == 2  # what waits for nothing is not billed by itself
    shown(manager, account(sold), does="issue")
    assert Invoice.objects.first().buyer_address == "Street 9"
    assert manager.get(reverse("admin:sponsors_invoice_pdf", args=[row.pk])).content[:5] == b"%PDF-"


def test_what_is_confirmed_and_not_billed_says_why(manager):
    sold = factories.confirmed()
    assert "Say first under “Invoicing”" in shown(manager, reverse("admin:sponsors_invoice_due"))
    factories.seller()
    assert "has not said yet to whom" in shown(manager, account(sold))
    page = shown(manager, account(sold), does="adjust", **{"adjust-amount": "-5", "adjust-reason": "Fees"})
    assert "USD 5 is credited" in page


def test_credit_of_a_booking_is_used_for_another_of_its_sponsor_that_owes_something(manager):
    factories.seller()
    sold = factories.invoiced()
    kind = sold.package.items.get().kind
    factories.open_days(kind, first=factories.soon(40), days=3)
    assert "Use the credit" not in shown(manager, account(sold))
    payments.receive(sold, Decimal("2000.00"), currency="USD", paid_on=factories.today())
    assert "No other booking of this sponsor owes anything in USD" in shown(manager, account(sold))
    other = factories.invoiced(sold.package, start=factories.soon(40))
    strange = factories.invoiced(sold.package, start=factories.soon(41), company="Stranger")
    page = shown(manager, account(sold))
    assert "which owes USD 1,785" in page
    assert 'name="use-amount" value="215.00"' in page
    use = {"does": "use", "use-target": other.pk}
    assert "not as much credit: USD 215" in shown(manager, account(sold), **use, **{"use-amount": "215.01"})
    assert "Select a valid choice" in shown(
        manager, account(sold), **use | {"use-target": strange.pk, "use-amount": "1.00"}
    )
    assert "Settled." in shown(manager, account(sold), **use, **{"use-amount": "215.00"})
    assert (ledger.balance(other), ledger.faults()) == (Decimal("1570.00"), [])


def test_lists_and_columns_of_money_are_called_as_people_call_them(manager):
    factories.seller()
    row = factories.invoiced().invoices.get()
    for name, words in (("seller", "1 seller"), ("ledgerentry", "1 ledger entry"), ("rununit", "30 places")):
        assert f"{words} </p>" in shown(manager, reverse(f"admin:sponsors_{name}_changelist"))
    assert "Buyer’s VAT id" in shown(manager, reverse("admin:sponsors_invoice_change", args=[row.pk]))
    ours = [model for model in apps.get_app_config("sponsors").get_models() if admin.site.is_registered(model)]
    labels = {str(field.verbose_name) for model in ours for field in model._meta.fields}
    small = re.compile(r"\b(?:vat|iban|bic|url|html|sha ?256|ip|id|email)\b")
    assert not {label for label in labels if small.search(label.replace("VAT id", ""))}


@pytest.mark.parametrize("name", ["invoice", "payment", "ledgerentry", "seller"])
def test_the_lists_of_money_take_few_queries(manager, django_assert_max_num_queries, name):
    factories.seller()
    factories.invoiced()
    with django_assert_max_num_queries(12):
        assert manager.get(reverse(f"admin:sponsors_{name}_changelist")).status_code == 200
