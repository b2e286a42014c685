"""A sponsor buys: from the media kit to the report and back into a booking, in a browser, with real mail and a real send."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from newsletter.models import Delivery, Newsletter
from newsletter.tasks import start_due_briefings
from sponsors import notices
from sponsors.models import Booking, Creative, Invoice
from tests.articles.test_desk_in_a_browser import PASSWORD, sign_in
from tests.browser.test_main_job import link_in, sign_out, wait_for_mail
from tests.newsletter import factories as mailing
from tests.smtp import wait_until
from tests.sponsors import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BUYER, BOOKS = "ads@northwind.example", "books@northwind.example"
SELLER = {"name": "Perigee Press", "address": "1 Harbour Street\nDublin", "vat_id": "IE6388047V", "tax_rate": "23"}
SELLER |= {"iban": "IE29AIBK93115212345678", "prefix": "PP-"}
BILLED = {"name": "Northwind Custody Ltd", "address": "2 Quay\nCork", "email": BOOKS, "reference": "PO 7"}


@pytest.fixture
def staff(live_site, celery_worker):
    """Those who sell a place in today's briefing, which has a reader: a manager, and an editor as the second pair of eyes."""
    orbit = mailing.newsletter(slug="orbit")
    Newsletter.objects.update(undo_seconds=0)
    mailing.subscription(orbit, "reader@example.com")
    slot = factories.kind("mail:orbit", name="Place in the briefing", image_sizes=[])
    factories.package({slot: 1})
    factories.open_days(slot, days=3)
    return {role: someone(role) for role in ("sponsorship manager", "editor")}


def someone(role):
    row = factories.user(f"{role.split()[-1]}@example.com", password=PASSWORD)
    row.groups.add(Group.objects.get(name=role))
    return row


def test_a_sponsor_buys_and_buys_again(page, staff, smtp_server):
    manager, editor = staff.values()
    it_is_said_who_sells(page, manager)
    a_buyer_books(page, smtp_server)
    says_to_whom_it_is_billed(page)
    the_booking_is_confirmed_and_billed(page, manager, smtp_server)
    the_buyer_hands_in_an_ad(page)
    two_people_approve_it(page, editor, manager, smtp_server)
    the_briefing_carries_it(smtp_server)
    the_invoice_is_paid(page, manager)
    the_buyer_gets_the_report_and_books_again(page, smtp_server)
    it_is_sold_again_and_billed_to_whom_is_known(page, manager, smtp_server)


def it_is_said_who_sells(page, manager):
    sign_in(page, manager)
    page.goto("/admin/sponsors/seller/add/")
    for name, value in SELLER.items():
        page.fill(f"#id_{name}", value)
    page.select_option("#id_country", "IE")
    page.select_option("#id_tax_rule", "added")
    page.click("input[name=_save]")
    page.locator(".messagelist .success").wait_for()
    sign_out(page)


def a_buyer_books(page, smtp):
    page.goto("/advertise/")
    page.get_by_text("1 left").or_(page.get_by_text("free", exact=True)).first.wait_for()
    page.get_by_role("link", name="Book Gold").click()
    page.get_by_text("23 % VAT is added").wait_for()
    page.keyboard.press("Tab")
    page.locator("input[name=start]").first.focus()
    page.keyboard.press("Space")
    page.fill("input[name=company]", "Northwind Custody")
    page.fill("input[name=contact_email]", BUYER)
    assert page.locator("#id_runs option").nth(2).inner_text() == "3 runs: USD 4,500"
    page.get_by_role("button", name="Hold these dates").click()
    page.get_by_role("heading", name="One step left").wait_for()
    page.goto(link_in(wait_for_mail(smtp, BUYER), "/advertise/keep/"))
    page.get_by_role("button", name="Keep these dates").click()
    page.get_by_role("heading", name="Your Gold booking").wait_for()


def says_to_whom_it_is_billed(page):
    page.get_by_role("link", name="Invoices and payment").click()
    for name, value in BILLED.items():
        page.fill(f"#id_{name}", value)
    page.select_option("#id_country", "IE")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("USD 1,845 with tax").wait_for()


def the_booking_is_confirmed_and_billed(page, manager, smtp):
    sign_in(page, manager)
    page.goto(f"/admin/sponsors/booking/{Booking.objects.get().pk}/overview/")
    page.click(".stand-next__button")
    page.locator(".messagelist .success").wait_for()
    sign_out(page)
    wait_until(
        lambda: any(b"application/pdf" in mail.message for mail in smtp.to(BOOKS)), what="the invoice", seconds=90
    )
    page.goto(link_in(smtp.to(BOOKS)[-1], "/advertise/billing/"))
    page.get_by_text("USD 1,845 is due").wait_for()
    issued = page.get_by_role("link", name=re.compile(r"Invoice PP-\d{4}-00001"))
    assert page.request.get(issued.get_attribute("href")).body().startswith(b"%PDF-")


def the_buyer_hands_in_an_ad(page):
    page.get_by_role("link", name="Your ads and days").click()
    page.locator("[name$=-headline]").fill("Keys that stay yours")
    page.locator("[name$=-link_url]").fill("https://northwind.example/start")
    page.get_by_role("button", name="Submit").click()
    page.get_by_text("awaits our review").first.wait_for()


def two_people_approve_it(page, editor, manager, smtp):
    ad = Creative.objects.exclude(booking=None).get()
    for person, role, button in (
        (editor, "editorial", "Approve version 1"),
        (manager, "compliance", "Approve version 1 for compliance"),
    ):
        sign_in(page, person)
        page.goto(f"/admin/sponsors/creative/{ad.pk}/change/")
        page.get_by_role("button", name=button, exact=True).click()
        page.get_by_text(f"Version 1 is approved ({role}).").wait_for()
        sign_out(page)
    wait_until(lambda: any(b"approved" in mail.message for mail in smtp.to(BUYER)), what="the approval")
    page.goto(Booking.objects.get().portal_path)
    page.get_by_text(re.compile("Version 1 is approved")).first.wait_for()


def the_briefing_carries_it(smtp):
    mailing.approved(Newsletter.objects.get())
    start_due_briefings.delay()
    wait_until(lambda: Delivery.objects.filter(state="sent").exists(), what="the briefing", seconds=60)
    assert b"Keys that stay yours" in smtp.to("reader@example.com")[-1].message


def the_invoice_is_paid(page, manager):
    sign_in(page, manager)
    page.goto("/admin/sponsors/invoice/due/")
    page.get_by_role("link", name="Northwind Custody").first.click()
    page.fill("#id_pay-amount", "1845.00")
    page.fill("#id_pay-reference", "AIB 4711")
    page.get_by_role("button", name="Record it").click()
    page.get_by_text("Settled.").wait_for()
    sign_out(page)
    page.goto(Booking.objects.get().billing_path)
    page.get_by_text("All is paid").wait_for()


def the_buyer_gets_the_report_and_books_again(page, smtp):
    notices.run_due(timezone.now() + timedelta(days=4))
    wait_until(lambda: any(b"/advertise/renew/" in mail.message for mail in smtp.to(BUYER)), what="the report")
    last = next(mail for mail in smtp.to(BUYER)[::-1] if b"/advertise/renew/" in mail.message)
    page.goto(link_in(last, "/advertise/report/"))
    page.get_by_text("Place in the briefing").first.wait_for()
    page.goto(link_in(last, "/advertise/renew/"))
    page.locator("input[name=start]").first.check()
    page.get_by_role("button", name="Hold these dates").click()
    page.get_by_role("heading", name="Your Gold booking").wait_for()


def it_is_sold_again_and_billed_to_whom_is_known(page, manager, smtp):
    again = Booking.objects.get(state="held")
    sign_in(page, manager)
    page.goto(f"/admin/sponsors/booking/{again.pk}/overview/")
    page.click(".stand-next__button")
    page.locator(".messagelist .success").wait_for()
    sign_out(page)
    assert list(Invoice.objects.order_by("serial").values_list("serial", "gross", "buyer_name")) == [
        (number, Decimal("1845.00"), BILLED["name"]) for number in (1, 2)
    ]
    wait_until(
        lambda: sum(b"application/pdf" in mail.message for mail in smtp.to(BOOKS)) == 2, what="the invoice", seconds=90
    )
    page.goto(again.billing_path)
    page.get_by_text("USD 1,845 is due").wait_for()
