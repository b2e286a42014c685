"""The pages of those who advertise: what is offered, the booking, the sponsor's own page."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string

from core import pagecache
from core.lib.signing import make_token
from sponsors import booking
from sponsors.models import Booking, CreativeVersion, Package, Seller
from tests.html import one_line
from tests.sponsors import factories
from tests.sponsors.test_approval import picture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def gold():
    made = factories.package({factories.kind(name="Article place"): 2})
    factories.open_days(made.items.get().kind)
    return made


def request_for(gold, client, **changes):
    fields = {
        "company": "Northwind Custody",
        "contact_email": "ads@northwind.example",
        "start": factories.soon().isoformat(),
        "message": "Hello",
    } | changes
    return client.post(f"/advertise/book/{gold.tier}/", fields)


def test_the_media_kit_shows_packages_prices_contents_and_free_days(gold, client):
    page = client.get("/advertise/").content.decode()
    assert "USD 1,500" in page
    assert "2 × Article place" in page
    assert f'datetime="{factories.soon(2).isoformat()}"' in page
    assert "600×200" in page


def test_the_media_kit_can_be_kept_and_sets_no_cookie(gold, client):
    response = client.get("/advertise/")
    assert "public" in response["Cache-Control"]
    assert not response.cookies
    assert "style=" not in response.content.decode()


def test_the_media_kit_takes_few_queries(gold, client, django_assert_max_num_queries):
    client.get("/advertise/")
    with django_assert_max_num_queries(18):
        client.get("/advertise/")


def test_with_nothing_on_sale_the_media_kit_says_so(client):
    assert b"Nothing is on sale" in client.get("/advertise/").content


def test_a_package_off_sale_cannot_be_booked(gold, client):
    assert client.get("/advertise/book/platinum/").status_code == 404


def test_a_request_holds_the_dates_and_says_so(gold, client):
    response = request_for(gold, client)
    assert response.status_code == 302
    held = Booking.objects.get()
    assert (held.state, held.claims.count(), held.message) == ("held", 2, "Hello")
    assert b"One step left: look at your mail" in client.get(response["Location"]).content
    booking.keep(held)
    assert b"These dates are held for you" in client.get(response["Location"]).content


def test_a_request_for_taken_dates_is_refused_with_other_days_and_keeps_what_was_typed(gold, client):
    factories.held(gold, company="Second Ltd")
    response = request_for(gold, client)
    assert response.status_code == 409
    page = response.content.decode()
    said, offered = page.split("The package could start on", 1)
    assert "is taken" in said
    assert f"{factories.soon():%a %-d %b %Y}" not in offered.split("</")[0]
    assert page.count("The package could start on") == 1
    assert 'value="Northwind Custody"' in page
    assert Booking.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"company": ""}, "This field is required"),
        ({"contact_email": "not an address"}, "Enter a valid email address"),
        ({"start": "soon"}, "Enter a valid date"),
        ({"start": "2020-01-01"}, "This day has passed"),
        ({"website": "https://spam.example"}, "Something went wrong"),
        ({"message": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_a_bad_request_is_refused_in_plain_words(gold, client, changes, words):
    response = request_for(gold, client, **changes)
    assert words in response.content.decode()
    assert not Booking.objects.exists()


def test_a_company_name_cannot_smuggle_a_line_into_a_mail(gold, client):
    request_for(gold, client, company="Northwind\r\nBcc: x@example.com")
    assert Booking.objects.get().company == "Northwind Bcc: x@example.com"


def test_the_same_request_again_leads_to_what_is_held(gold, client):
    first, again = request_for(gold, client), request_for(gold, client)
    assert (first.status_code, again.status_code) == (302, 302)
    assert Booking.objects.count() == 1


def test_a_price_that_changed_while_the_form_was_open_is_shown_and_asked_again(gold, client):
    form = client.get("/advertise/book/gold/").content.decode()
    shown = re.search(r'name="offer" value="([^"]*)"', form)[1]
    Package.objects.filter(pk=gold.pk).update(price="1900.00")
    said = request_for(gold, client, offer=shown).content.decode()
    assert not Booking.objects.exists()
    assert "it costs USD 1,900 now" in said
    assert said.count("it costs USD 1,900 now") == 1
    request_for(gold, client, offer=re.search(r'name="offer" value="([^"]*)"', said)[1])
    assert Booking.objects.get().price_text == "USD 1,900"


def test_somebody_of_ours_who_hands_in_at_the_portal_does_so_under_their_own_name(gold, client):
    held = factories.held(gold)
    colleague = factories.user("seller@example.com", is_staff=True)
    client.force_login(colleague)
    assert "recorded as yours" in client.get(held.portal_path).content.decode()
    creative = held.creatives.first()
    fields = {"headline": "Safes", "body": "Of steel.", "link_url": "https://northwind.example/"}
    sent = {f"creative{creative.pk}-{name}": value for name, value in fields.items()}
    client.post(held.portal_path, {"creative": creative.pk, **sent})
    assert creative.versions.get().submitted_by == colleague


def test_robots_are_kept_from_what_is_one_sponsor_s(client):
    robots = client.get("/robots.txt").content.decode()
    for path in ("requested", "keep", "portal", "report", "look", "go"):
        assert f"Disallow: /advertise/{path}/" in robots


def test_one_network_cannot_hold_everything(gold, client):
    for number, day in enumerate((4, 6, 8, 10, 12)):
        fields = {"company": f"Firm {number}", "contact_email": f"ads@firm{number}.example"}
        assert request_for(gold, client, start=factories.soon(day).isoformat(), **fields).status_code == 302
    response = request_for(gold, client, start=factories.soon(14).isoformat())
    assert response.status_code == 429
    assert b"Too many requests" in response.content


def test_a_form_on_another_site_is_refused(gold, client):
    response = client.post("/advertise/book/gold/", {}, headers={"sec-fetch-site": "cross-site"})
    assert response.status_code == 403


def portal_fields(creative, **changes):
    fields = {"headline": "Keys that stay yours", "body": "Text", "link_url": "https://northwind.example/"} | changes
    prefix = f"creative{creative.pk}-"
    return {"creative": creative.pk} | {prefix + name: value for name, value in fields.items()}


def test_a_sponsor_hands_in_an_ad_that_waits_for_approval(client):
    sold = factories.confirmed()
    image = SimpleUploadedFile("ad.png", picture().getvalue())
    fields = portal_fields(sold.creatives.get(), image=image, image_alt="A safe")
    response = client.post(sold.portal_path, fields)
    assert response.status_code == 302
    version = CreativeVersion.objects.get()
    assert (version.submitted_by, version.image_alt) == (None, "A safe")
    page = client.get(sold.portal_path)
    assert b"awaits our review" in page.content
    assert "no-store" in page["Cache-Control"]
    assert page["X-Robots-Tag"] == "noindex"
    assert not page.cookies


def test_a_new_version_keeps_the_image_unless_told_otherwise(client):
    sold = factories.confirmed()
    creative = sold.creatives.get()
    image = SimpleUploadedFile("ad.png", picture().getvalue())
    client.post(sold.portal_path, portal_fields(creative, image=image, image_alt="A safe"))
    client.post(sold.portal_path, portal_fields(creative, headline="Other words", image_alt="A safe"))
    client.post(sold.portal_path, portal_fields(creative, headline="Third", drop_image="on"))
    assert [bool(version.image) for version in CreativeVersion.objects.order_by("number")] == [True, True, False]


def test_a_kind_may_take_a_second_image_for_phones(client):
    slot = factories.kind(phone_sizes=["300x250"])
    bought = factories.package({slot: 1})
    factories.open_days(slot)
    sold = factories.confirmed(bought, start=factories.today() + timedelta(days=2))
    small, wide = (SimpleUploadedFile("a.png", picture(size).getvalue()) for size in ((300, 250), (600, 200)))
    alone = client.post(sold.portal_path, portal_fields(sold.creatives.get(), phone_image=small))
    assert "send that, too" in alone.content.decode()
    small.seek(0)
    both = {"image": wide, "phone_image": small, "image_alt": "A safe"}
    client.post(sold.portal_path, portal_fields(sold.creatives.get(), **both))
    version = CreativeVersion.objects.get()
    factories.approve(version)
    ad = factories.shown_on("web:article", factories.today() + timedelta(days=2))
    html = render_to_string("components/sponsor_slot.html", {"placement": ad})
    assert re.search(rf'<source media="[^"]+" srcset="{ad.phone_url}" width="300"\s+height="250">', html)
    client.post(sold.portal_path, portal_fields(sold.creatives.get(), headline="Other words", image_alt="A safe"))
    assert CreativeVersion.objects.first().phone_image


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"headline": "x" * 61}, "This has 61 characters"),
        ({"link_url": "javascript:alert(1)"}, "Write a full web address"),
        (
            {"image": SimpleUploadedFile("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")},
            "not an image we can read",
        ),
        ({"image": SimpleUploadedFile("a.png", picture((481, 361)).getvalue())}, "481×361"),
        ({"image": SimpleUploadedFile("a.png", picture().getvalue())}, "Describe the image"),
    ],
)
def test_an_ad_outside_the_specifications_is_refused_at_its_field(client, changes, words):
    sold = factories.confirmed()
    response = client.post(sold.portal_path, portal_fields(sold.creatives.get(), **changes))
    assert words in response.content.decode()
    assert not CreativeVersion.objects.exists()


def test_nothing_is_handed_in_for_a_booking_that_is_over(client):
    sold = factories.confirmed()
    creative = sold.creatives.get()
    booking.cancel(sold, by=None)
    client.post(sold.portal_path, portal_fields(creative))
    assert not CreativeVersion.objects.exists()


def test_a_portal_is_no_way_into_another_booking(client):
    bought = factories.package()
    factories.open_days(bought.items.get().kind)
    mine, other = factories.held(bought), factories.held(bought, start=factories.soon(12))
    client.post(mine.portal_path, portal_fields(other.creatives.get()))
    assert not CreativeVersion.objects.exists()


@pytest.mark.parametrize("page", ["portal", "report", "requested"])
def test_a_malformed_or_foreign_link_is_not_found(client, page):
    for token in ("x", make_token("sponsors.other", 1), make_token(f"sponsors.{page}", 999)):
        assert client.get(f"/advertise/{page}/{token}/").status_code == 404


def test_a_report_link_opens_no_portal(client):
    sold = factories.confirmed()
    assert client.get(sold.report_path.replace("/report/", "/portal/")).status_code == 404


def test_the_form_says_what_several_runs_cost_together_and_whether_tax_comes_on_top(client):
    made = factories.package(price="1500.50")
    factories.open_days(made.items.get().kind)
    for rule, words in (
        ("added", "Net: 19 % VAT is added for buyers in Germany"),
        ("inclusive", "Tax of 19 % is included."),
        ("none", ""),
    ):
        Seller.objects.all().delete()
        factories.seller(tax_rule=rule)
        pagecache.bump()
        for path in ("/advertise/", "/advertise/book/gold/"):
            page = one_line(client.get(path).content)
            assert words in page
            assert words or "VAT is added" not in page
    assert '<option value="3">3 runs: USD 4,501.50</option>' in page
    sent = {"company": "Northwind", "contact_email": "a@b.example", "start": factories.soon().isoformat(), "runs": "13"}
    assert "Book between 1 and 12 runs at a time." in one_line(client.post("/advertise/book/gold/", sent).content)
