"""The check list before approval: links looked at in the background, warnings that are confirmed, tests to several addresses."""

import string
from datetime import timedelta
from random import Random

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from articles.images import store_image
from core.lib import reachability
from core.models import OutgoingMail
from newsletter.models import Briefing, LinkCheck, MailTemplate
from newsletter.sending import approval, composition, content_checks, link_checks, sponsor_places
from tests.articles import factories as articles
from tests.newsletter import factories
from tests.sponsors import factories as ads

pytestmark = pytest.mark.django_db
DESK = "/admin/newsletter/briefing/"


@pytest.fixture
def editor(client):
    client.force_login(factories.user(role="newsletter manager"))
    return client


@pytest.fixture
def draft(weekly):
    factories.subscriptions(weekly, 2)
    return factories.briefing(weekly)


def leading_to(weekly, *urls):
    factories.subscription(weekly)
    return factories.briefing(weekly, items=[{"heading": url, "url": url} for url in urls])


def test_links_are_looked_at_in_the_background_and_said_to_be_wrong_in_words(weekly, http_server, settings, editor):
    settings.LINK_CHECKS_OF_PRIVATE_HOSTS = True
    briefing = leading_to(weekly, f"{http_server.url}/gone")
    editor.post(f"{DESK}{briefing.pk}/check/links/")
    assert "0 of 1 link to other sites looked at" in page(editor, briefing)
    http_server.answers = [404, 404]  # to the question for its head, and for itself
    link_checks.run_due()
    shown = page(editor, briefing)
    assert "1 of 1 link to other sites looked at" in shown
    assert "could not be reached: there is no such page (404)." in shown
    link_checks.start(briefing)
    link_checks.run_due()
    assert briefing.link_checks.get().state == "fine"


ANSWERS = {
    (200,): "",
    (301, 301, 301, 301, 301, 301): "leads on",
    (403, 403): "",
    (405, 200): "",
    (500,): "error (500)",
}


@pytest.mark.parametrize("answers", ANSWERS)
def test_what_a_server_answers_is_judged(http_server, settings, answers):
    settings.LINK_CHECKS_OF_PRIVATE_HOSTS = True
    http_server.answers, http_server.headers = list(answers), {"Location": "/on"}
    found = reachability.problem_of(f"{http_server.url}/")
    assert ANSWERS[answers] in found if ANSWERS[answers] else found == ""


def page(client, briefing):
    return " ".join(client.get(f"{DESK}{briefing.pk}/check/").content.decode().split())


def test_addresses_inside_our_own_network_are_never_asked(weekly, http_server, settings):
    settings.WEBHOOKS_TO_PRIVATE_HOSTS = True  # which is about something else
    briefing = leading_to(weekly, f"{http_server.url}/metadata")
    link_checks.start(briefing)
    link_checks.run_due()
    assert briefing.link_checks.get().note == "its host is not on the public internet."
    assert not http_server.requests


def test_links_that_are_still_being_looked_at_are_warned_of_before_approval(weekly, http_server, settings, editor):
    settings.LINK_CHECKS_OF_PRIVATE_HOSTS = True
    briefing = leading_to(weekly, f"{http_server.url}/a", f"{http_server.url}/b")
    link_checks.start(briefing)
    assert content_checks.UNLOOKED in page(editor, briefing)
    editor.post(f"{DESK}{briefing.pk}/approve/", {"when": ""})
    assert Briefing.objects.get().state == "draft"
    link_checks.run_due()
    assert content_checks.UNLOOKED not in content_checks.warnings(briefing)


@pytest.mark.parametrize(
    ("order", "fields", "said"),
    [
        (["header", "title", "items"], {}, "no place for the introduction"),
        (["items"], {"introduction": ""}, ""),
        (["title", "items", "introduction"], {"header": "<p>Every Friday</p>"}, "no place for the header"),
        (["introduction"], {}, "no place for the articles, texts and ads"),
    ],
)
def test_a_template_cannot_leave_out_what_a_briefing_has(weekly, order, fields, said):
    factories.subscription(weekly)
    template = MailTemplate.objects.create(
        newsletter=weekly, name="Plain", order=order, header_html=fields.pop("header", "")
    )
    found = " ".join(approval.problems(factories.briefing(weekly, template=template, **fields)))
    assert said in found if said else found == ""


def test_pictures_that_take_long_over_a_phone_are_warned_of(weekly, settings):
    names = [default_storage.save(f"heavy-{number}.jpg", ContentFile(bytes(420 * 1024))) for number in range(3)]
    addresses = [settings.SITE_URL + default_storage.url(name) for name in names]
    items = [{"kind": "image", "image_url": address, "image_alt": "A bridge"} for address in addresses]
    said = " ".join(content_checks.warnings(factories.briefing(weekly, items=items)))
    assert f"The picture {names[0]} weighs 420 kB." in said
    assert "The pictures weigh 1.2 MB together" in said
    for name in names:
        default_storage.delete(name)


def test_links_that_were_taken_out_are_looked_at_no_more(weekly):
    briefing = leading_to(weekly, "https://one.example/", "https://two.example/")
    link_checks.start(briefing)
    briefing.items.filter(url="https://one.example/").delete()
    link_checks.start(briefing)
    assert [check.url for check in LinkCheck.objects.all()] == ["https://two.example/"]


@pytest.mark.parametrize("letters", [string.ascii_letters + string.digits, "".join(map(chr, range(0x4E00, 0x9000)))])
def test_a_link_that_is_too_long_to_be_looked_at_stops_no_page_and_is_warned_of(editor, weekly, letters):
    factories.subscription(weekly)
    long = "https://long.example/?q=" + "".join(Random(1).choices(letters, k=1950 if len(letters) > 99 else 5000))
    text = f'<p>See <a href="{long}">this</a> and <a href="https://short.example/">that</a>.</p>'
    briefing = factories.briefing(weekly, introduction=text)
    editor.post(f"{DESK}{briefing.pk}/check/links/")
    assert {check.url for check in LinkCheck.objects.all()} & {long, "https://short.example/"} == {
        "https://short.example/"
    }
    assert f"A link is very long ({len(long.encode()) / 1000:.1f} kB): https://long.example/" in page(editor, briefing)


SUBJECTS = {
    "SIX BRIDGES AND A STAIRCASE": "all in capitals",
    "Win now!!": "several exclamation marks",
    "Free money for all": "says “Free money”",
    "Re: our talk": "begins like an answer",
    "x" * 90: "has 90 characters",
}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_like_spam_is_warned_of(weekly, subject):
    assert SUBJECTS[subject] in " ".join(content_checks.warnings(factories.briefing(weekly, subject=subject)))


@pytest.mark.parametrize("subject", ["Six bridges and a staircase", "ETF: SEC says no", "What is new, Ann?"])
def test_an_honest_subject_is_not(weekly, subject):
    assert content_checks.warnings(factories.briefing(weekly, subject=subject)) == []


def test_a_picture_without_words_is_warned_of_and_one_that_links_stops_the_briefing(weekly):
    factories.subscription(weekly)
    alone = {"kind": "image", "image_url": "https://example.com/a.jpg"}
    briefing = factories.briefing(weekly, items=[alone, {**alone, "url": "https://example.com/"}])
    assert "The picture a.jpg has no alternative text." in content_checks.warnings(briefing)
    assert "has no alternative text, so nobody" in " ".join(approval.problems(briefing))


def test_warnings_are_confirmed_one_by_one(editor, draft):
    Briefing.objects.update(subject="Free money!!")
    address = f"{DESK}{draft.pk}/approve/"
    refused = editor.post(address).content.decode()
    assert "tick that it is meant" in refused
    warnings = content_checks.warnings(Briefing.objects.get())
    editor.post(address, {"confirmed": warnings[:1]})
    assert Briefing.objects.get().state == "draft"
    editor.post(address, {"confirmed": warnings})
    assert Briefing.objects.get().state == "approved"


def test_a_test_goes_to_several_addresses_and_the_seed_list_once_each(editor, draft):
    draft.newsletter.seeds = "seed@gmail.example\nme@example.com"
    draft.newsletter.save()
    typed = {"to": "me@example.com, you@example.com", "seeds": "on"}
    shown = editor.post(f"{DESK}{draft.pk}/test/", typed, follow=True).content.decode()
    assert "Tests are on their way to 3 addresses." in shown
    found = sorted(OutgoingMail.objects.values_list("recipient", flat=True))
    assert found == ["me@example.com", "seed@gmail.example", "you@example.com"]


def test_one_bad_address_sends_no_test_at_all(editor, draft):
    shown = editor.post(f"{DESK}{draft.pk}/test/", {"to": "me@example.com you@"}).content.decode()
    assert "not an e-mail address we can write to" in shown
    assert not OutgoingMail.objects.exists()


def test_a_seed_list_is_cleaned_where_it_is_typed(editor, weekly):
    address = f"/admin/newsletter/newsletter/{weekly.pk}/change/"
    shown = editor.post(
        address, {"name": "Weekly", "ordering": 0, "seeds": "a@example.com\nno-address"}
    ).content.decode()
    assert "no-address: " in shown


def test_the_preview_shows_a_name_and_the_dark(editor, draft):
    Briefing.objects.update(introduction='Hi {{first name, else "reader"}}')
    frame = f"{DESK}{draft.pk}/preview/mail.html"
    assert "Hi Maria" in editor.get(frame, {"name": "Maria Rossi"}).content.decode()
    assert "Hi reader" in editor.get(frame).content.decode()
    assert "@media all" in editor.get(frame, {"scheme": "dark"}).content.decode()
    assert "@media not all" in editor.get(frame).content.decode()


# Templates


def templated(weekly, **fields):
    return MailTemplate.objects.create(newsletter=weekly, name="Daily", is_default=True, **fields)


def rendered(briefing):
    return composition.render(briefing, composition.plain_links("0", "0"))


def test_a_template_has_header_footer_and_order(weekly):
    order = ["introduction", "title", "items"]
    templated(weekly, header_html="<p>Hidden.</p>", footer_html="<p>See <a href='/about/'>us</a>.</p>", order=order)
    mail = rendered(factories.briefing(weekly))
    assert mail.html.index("Good morning.") < mail.html.index("<h1")
    assert "Hidden." not in mail.html
    assert "See us <http://localhost:8000/about/>." in mail.text
    assert mail.text.index("See us") < mail.text.index("Unsubscribe:")


def test_colours_of_a_template_are_in_the_mail_also_in_the_dark(weekly):
    templated(weekly, accent="#7a1fa2", band="#00aa55")
    html = rendered(factories.briefing(weekly)).html
    assert "color: #7a1fa2" in html
    assert "border-bottom: 3px solid #00aa55" in html or "border-bottom-color: #00aa55" in html
    dark = html.split("prefers-color-scheme: dark")[1].split("</style>")[0]
    assert "#7a1fa2" not in dark


def form_of(weekly, **changes):
    places = {"place_header": 1, "place_title": 2, "place_introduction": 3, "place_items": 4}
    colours = {"accent": "#2340c4", "band": "#f2b632", "page": "#f4f6fa", "sheet": "#ffffff", "ink": "#10192e"}
    return {"newsletter": weekly.pk, "name": "Daily", "ad_after": 1, "card_size": "", **colours, **places} | changes


ADD = "/admin/newsletter/mailtemplate/add/"


def test_colours_that_cannot_be_read_are_refused_with_the_contrast(editor, weekly):
    shown = editor.post(ADD, form_of(weekly, accent="#ffee88")).content.decode()
    assert "A link in #ffee88 cannot be read on the sheet, #ffffff: the contrast is 1.2 to 1" in shown
    assert not MailTemplate.objects.exists()


def test_a_template_is_made_with_its_logo_and_order(editor, weekly):
    logo = store_image(articles.picture(size=(600, 200)), name="logo.png").file
    answer = editor.post(
        ADD, form_of(weekly, src=logo, place_introduction=1, place_title=2, place_header="", place_items=3)
    )
    assert answer.status_code == 302, answer.context_data["errors"]
    made = MailTemplate.objects.get()
    assert made.order == ["introduction", "title", "items"]
    assert (made.logo_width, made.logo_height) == (192, 64)
    assert made.logo_url.endswith(".png")


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "text", "html": '<p>Dear {{first <strong>name</strong>, else "reader"}}, good morning.</p>'},
        {"kind": "text", "html": "<p>Look <a href=\"https://example.com/{{first name, else 'you'}}\">here</a>.</p>"},
        {"heading": "Bridges", "url": "https://example.com/?who={{name}}"},
        {"kind": "image", "image_url": "https://example.com/a.png", "image_alt": '{{first name, else "reader"}}'},
    ],
)
def test_a_personal_word_that_nothing_can_be_put_in_for_stops_it(weekly, item):
    factories.subscription(weekly)
    (problem,) = approval.problems(factories.briefing(weekly, items=[item]))
    assert "would go out as it is typed" in problem


@pytest.mark.parametrize(
    ("sold_on", "own_day_on_sale", "other_dated", "named"),
    [
        (1, False, None, True),
        (-1, True, None, True),
        (1, True, None, False),
        (1, False, 1, False),
        (0, False, None, False),
    ],
)
def test_a_briefing_whose_date_is_off_the_sold_day_says_so(weekly, sold_on, own_day_on_sale, other_dated, named):
    issue = ads.soon(10)
    ads.running("mail:weekly", day=issue + timedelta(days=sold_on))
    if own_day_on_sale:
        ads.open_days(ads.kind("mail:weekly"), first=issue, days=1)
    if other_dated:
        factories.briefing(weekly, slug="other", issue_date=issue + timedelta(days=other_dated))
    said = " ".join(content_checks.warnings(factories.briefing(weekly, issue_date=issue)))
    assert ("An ad of Northwind Custody is sold for" in said) is named


def test_an_ad_that_another_briefing_of_the_day_carries_is_named(weekly):
    factories.subscription(weekly)
    issue = ads.soon(10)
    ads.running("mail:weekly", day=issue)
    morning = factories.briefing(weekly, slug="morning", issue_date=issue)
    evening = factories.briefing(weekly, slug="evening", issue_date=issue)
    for each in (morning, evening):
        sponsor_places.place_sponsors(each)
    assert "of the same day" not in " ".join(content_checks.warnings(evening)), "a draft may never go out"
    approval.approve(morning, at=timezone.now() + timedelta(days=10))
    assert "The ad of Northwind Custody is in “Six bridges” of the same day, too." in content_checks.warnings(evening)
    assert "of the same day" not in " ".join(content_checks.warnings(morning))
