"""A sponsor buys: from the media kit to the report and back into a booking, in a browser, with real mail and a real send."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from newsletter.models import Delivery, Newsletter
from newsletter.tasks import start_due_briefings
from sponsors import notices
from sponsors.models import BillingDetails, Booking, CreativeVersion, Invoice, Seller
from tests.articles.test_desk_in_a_browser import PASSWORD, sign_in
from tests.browser.test_main_job import link_in, sign_out, wait_for_mail
from tests.newsletter import factories as mailing
from tests.smtp import wait_until
from tests.sponsors import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BUYER = "ads@northwind.example"
SELLER = {"name": "Perigee Press", "address": "1 Harbour Street", "country": "IE"}
BILLED = {"name": "Northwind Custody Ltd", "address": "2 Quay", "country": "IE", "email": BUYER}


@pytest.fixture
def manager(live_site, celery_worker):
    """Somebody who sells a place in today's briefing, which has a reader."""
    orbit = mailing.newsletter(slug="orbit")
    Newsletter.objects.update(undo_seconds=0)
    mailing.subscription(orbit, "reader@example.com")
    slot = factories.kind("mail:orbit", name="Place in the briefing", image_sizes=[])
    factories.package({slot: 1})
    factories.open_days(slot, days=3)
    someone = factories.user("manager@example.com", password=PASSWORD)
    someone.groups.add(Group.objects.get(name="sponsorship manager"))
    return someone


def test_a_sponsor_buys_and_buys_again(page, manager, smtp_server):
    books(page, smtp_server)
    is_confirmed_and_billed(page, manager, smtp_server)
    hands_in_an_ad_that_is_approved(page, smtp_server)
    the_briefing_carries_it(smtp_server)
    gets_the_report_and_books_again(page, smtp_server)


def books(page, smtp):
    page.goto("/advertise/")
    page.get_by_text("1 left").or_(page.get_by_text("free", exact=True)).first.wait_for()
    page.get_by_role("link", name="Book Gold").click()
    page.keyboard.press("Tab")
    page.locator("input[name=start]").first.focus()
    page.keyboard.press("Space")
    page.fill("input[name=company]", "Northwind Custody")
    page.fill("input[name=contact_email]", BUYER)
    page.get_by_role("button", name="Hold these dates").click()
    page.get_by_role("heading", name="One step left").wait_for()
    page.goto(link_in(wait_for_mail(smtp, BUYER), "/advertise/keep/"))
    page.get_by_role("button", name="Keep these dates").click()
    page.get_by_role("heading", name="Your Gold booking").wait_for()


def is_confirmed_and_billed(page, manager, smtp):
    row = Booking.objects.get()
    Seller.objects.get_or_create(pk=1, defaults=SELLER)
    BillingDetails.objects.create(booking=row, **BILLED)
    sign_in(page, manager)
    page.goto(f"/admin/sponsors/booking/{row.pk}/overview/")
    page.click(".stand-next__button")
    page.locator(".messagelist .success").wait_for()
    sign_out(page)
    assert Invoice.objects.get().gross == row.price
    wait_until(lambda: any(b"application/pdf" in mail.message for mail in smtp.to(BUYER)), what="the invoice")


def hands_in_an_ad_that_is_approved(page, smtp):
    page.goto(Booking.objects.get().portal_path)
    page.locator("[name$=-headline]").fill("Keys that stay yours")
    page.locator("[name$=-link_url]").fill("https://northwind.example/start")
    page.get_by_role("button", name="Submit").click()
    page.get_by_text("awaits our review").first.wait_for()
    factories.approve(CreativeVersion.objects.get())
    wait_until(lambda: any(b"approved" in mail.message for mail in smtp.to(BUYER)), what="the approval")
    page.reload()
    page.get_by_text(re.compile("Version 1 is approved")).first.wait_for()


def the_briefing_carries_it(smtp):
    mailing.approved(Newsletter.objects.get())
    start_due_briefings.delay()
    wait_until(lambda: Delivery.objects.filter(state="sent").exists(), what="the briefing", seconds=60)
    assert b"Keys that stay yours" in smtp.to("reader@example.com")[-1].message


def gets_the_report_and_books_again(page, smtp):
    notices.run_due(timezone.now() + timedelta(days=4))
    wait_until(lambda: any(b"/advertise/renew/" in mail.message for mail in smtp.to(BUYER)), what="the report")
    last = next(mail for mail in smtp.to(BUYER)[::-1] if b"/advertise/renew/" in mail.message)
    page.goto(link_in(last, "/advertise/report/"))
    page.get_by_text("Place in the briefing").first.wait_for()
    page.goto(link_in(last, "/advertise/renew/"))
    page.locator("input[name=start]").first.check()
    page.get_by_role("button", name="Hold these dates").click()
    page.get_by_role("heading", name="Your Gold booking").wait_for()
    assert sorted(Booking.objects.values_list("state", flat=True)) == ["confirmed", "held"]
