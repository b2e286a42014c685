"""The briefing desk in the admin: what each role may do, and that no page lets anyone past it."""

import email
import re
from datetime import date, timedelta
from email import policy

import pytest
from django.test import Client
from django.utils import timezone

from core.models import OutgoingMail
from newsletter.models import Briefing, Delivery, Newsletter
from newsletter.sending import approval, sender, sponsor_places
from tests.html import posted_by
from tests.newsletter import factories
from tests.sponsors import factories as sponsors

pytestmark = pytest.mark.django_db

DESK = "/admin/newsletter/briefing/"
PAGES = ["preview/", "preview/mail.html", "progress/"]
WRITING = ["articles/", "approve/"]


@pytest.fixture
def draft(weekly):
    factories.subscriptions(weekly, 2)
    return factories.briefing(weekly)


@pytest.fixture
def editor(client):
    client.force_login(factories.user(role="editor"))
    return client


def state():
    return Briefing.objects.get().state


@pytest.mark.parametrize("role", ["writer", "sponsorship manager", "awards steward"])
@pytest.mark.parametrize("page", ["", *PAGES, *WRITING])
def test_other_roles_see_no_briefing(client, draft, role, page):
    assert factories.sign_in(client, role).get(f"{DESK}{draft.pk}/{page or 'change/'}").status_code == 403


@pytest.mark.parametrize("page", ["compose/", *(f"1/{page}" for page in [*PAGES, *WRITING])])
def test_who_is_not_signed_in_is_sent_to_sign_in(client, db, page):
    assert client.get(f"{DESK}{page}").status_code == 302


@pytest.mark.parametrize("role", ["editor", "newsletter manager", "administrator"])
@pytest.mark.parametrize("page", ["change/", *PAGES, *WRITING])
def test_who_composes_sees_every_page(client, draft, role, page):
    assert factories.sign_in(client, role).get(f"{DESK}{draft.pk}/{page}").status_code == 200


@pytest.mark.parametrize(
    ("page", "data"), [("approve/", {}), ("decide/", {"decision": "pause"}), ("test/", {"to": "a@example.com"})]
)
def test_a_writer_changes_nothing(client, draft, page, data):
    assert factories.sign_in(client, "writer").post(f"{DESK}{draft.pk}/{page}", data).status_code == 403
    assert state() == "draft"
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("page", ["test/", "decide/"])
def test_a_get_changes_nothing(editor, draft, page):
    assert editor.get(f"{DESK}{draft.pk}/{page}").status_code == 405


@pytest.mark.parametrize(
    ("role", "code"), [("editor", 403), ("writer", 403), ("newsletter manager", 200), ("administrator", 200)]
)
@pytest.mark.parametrize("model", ["subscriber", "suppression"])
def test_subscribers_are_for_the_newsletter_manager(client, draft, role, code, model):
    assert factories.sign_in(client, role).get(f"/admin/newsletter/{model}/").status_code == code


def test_a_draft_is_made_from_the_newest_articles(editor, weekly):
    factories.published("Where bridges break")
    assert b"New briefing from the newest articles" in editor.get(DESK).content
    response = editor.post(f"{DESK}compose/", {"newsletter": weekly.pk, "issue_date": "2026-12-01"})
    briefing = Briefing.objects.get()
    assert response.url == f"{DESK}{briefing.pk}/change/"
    assert briefing.items.get().heading == "Where bridges break"


def test_a_bad_day_is_refused_in_words(editor, weekly):
    response = editor.post(f"{DESK}compose/", {"newsletter": weekly.pk, "issue_date": "soon"})
    assert b"Enter a valid date" in response.content


def test_articles_are_found_and_added_at_the_end(editor, draft):
    publication = factories.published("Gas fees explained")
    page = editor.get(f"{DESK}{draft.pk}/articles/", {"q": "gas"})
    assert b"Gas fees explained" in page.content
    editor.post(f"{DESK}{draft.pk}/articles/", {"publication": [publication.pk, "x"]})
    assert draft.items.order_by("ordering").last().heading == "Gas fees explained"
    assert b"Gas fees explained" not in editor.get(f"{DESK}{draft.pk}/articles/").content


def form_of(briefing, **changes):
    """What the change form sends."""
    address = f"{DESK}{briefing.pk}/change/"
    client = Client()
    client.force_login(factories.user(role="editor"))
    return posted_by(client.get(address).content, "briefing_form") | changes


def test_a_draft_is_edited_and_reordered(editor, weekly):
    briefing = factories.briefing(
        weekly, items=[{"heading": "A", "url": "https://a.example"}, {"heading": "B", "url": "https://b.example"}]
    )
    changes = {"block-article-1-ordering": 1, "block-article-1-text": "Changed"}
    data = form_of(briefing, subject="New words", **changes)
    assert editor.post(f"{DESK}{briefing.pk}/change/", data).status_code == 302
    briefing.refresh_from_db()
    assert briefing.subject == "New words"
    assert [item.heading for item in briefing.items.order_by("ordering")] == ["B", "A"]
    assert briefing.items.get(heading="B").text == "Changed"


def test_the_words_of_an_ad_cannot_be_edited_but_its_place_can(editor, weekly):
    sponsors.running("mail:weekly", day=sponsors.soon())
    briefing = factories.briefing(weekly, issue_date=sponsors.soon(), items=[])
    sponsor_places.place_sponsors(briefing)
    ad = briefing.items.get()
    changes = {"block-sponsor-0-heading": "Our own words", "block-sponsor-0-url": "https://evil.example"}
    data = form_of(briefing, **changes, **{"block-sponsor-0-ordering": 99})
    assert editor.post(f"{DESK}{briefing.pk}/change/", data).status_code == 302
    after = briefing.items.get()
    assert (after.heading, after.url, after.ordering) == (ad.heading, ad.url, 99)


def test_nobody_makes_an_ad_by_hand(editor, draft):
    new = {"block-sponsor-TOTAL_FORMS": 1, "block-sponsor-0-ordering": 90, "block-sponsor-0-region": "main"}
    words = {"block-sponsor-0-heading": "Mine", "block-sponsor-0-label": "Ad"}
    assert editor.post(f"{DESK}{draft.pk}/change/", form_of(draft, **new, **words)).status_code == 302
    assert draft.items.get(kind="sponsor").heading == ""


def test_an_approved_briefing_cannot_be_edited(editor, draft):
    data = form_of(draft, subject="Too late")
    approval.approve(draft, by=factories.user())
    editor.post(f"{DESK}{draft.pk}/change/", data)
    assert editor.post(f"{DESK}{draft.pk}/delete/", {"post": "yes"}).status_code == 403
    assert editor.get(f"{DESK}{draft.pk}/change/").status_code == 200
    assert Briefing.objects.get().subject == "Six bridges"


def test_the_preview_may_style_itself_and_run_nothing(editor, draft):
    response = editor.get(f"{DESK}{draft.pk}/preview/mail.html")
    csp = response["Content-Security-Policy"]
    assert "default-src 'none'" in csp
    assert "style-src 'unsafe-inline'" in csp
    assert "script-src 'none'" in csp
    assert b"Six bridges" in response.content


def test_a_test_goes_to_the_typed_address(editor, draft):
    response = editor.post(f"{DESK}{draft.pk}/test/", {"to": "me@example.com"}, follow=True)
    assert b"A test is on its way to me@example.com." in response.content
    mail = OutgoingMail.objects.get()
    parsed = email.message_from_bytes(bytes(mail.message), policy=policy.default)
    assert (mail.recipient, parsed["Subject"]) == ("me@example.com", "[Test] Six bridges")


def test_a_test_to_a_bad_address_is_refused_in_words(editor, draft):
    response = editor.post(f"{DESK}{draft.pk}/test/", {"to": "me@"})
    assert b"not an e-mail address we can write to" in response.content
    assert b"me@</textarea>" in response.content


def test_the_approval_says_how_many_will_get_it(editor, draft):
    page = editor.get(f"{DESK}{draft.pk}/approve/")
    assert b"<strong>2</strong> confirmed subscribers" in page.content
    assert state() == "draft"


def test_what_somebody_changed_since_the_page_was_seen_is_not_approved(editor, draft):
    seen = re.search(r'name="seen" value="(\w+)"', editor.get(f"{DESK}{draft.pk}/approve/").content.decode())[1]
    Briefing.objects.filter(pk=draft.pk).update(subject="Something else")
    page = editor.post(f"{DESK}{draft.pk}/approve/", {"seen": seen}).content.decode()
    assert "Somebody changed this briefing meanwhile" in page
    assert Briefing.objects.get(pk=draft.pk).state == "draft"
    seen = re.search(r'name="seen" value="(\w+)"', editor.get(f"{DESK}{draft.pk}/approve/").content.decode())[1]
    editor.post(f"{DESK}{draft.pk}/approve/", {"seen": seen})
    assert Briefing.objects.get(pk=draft.pk).state == "approved"


def test_approving_lets_it_go_out(editor, draft):
    response = editor.post(f"{DESK}{draft.pk}/approve/")
    assert response.url == f"{DESK}{draft.pk}/progress/"
    briefing = Briefing.objects.get()
    assert (briefing.state, briefing.approved_by.email) == ("approved", "editor@example.com")


def test_approving_for_later(editor, draft):
    at = timezone.now() + timedelta(days=1)
    editor.post(f"{DESK}{draft.pk}/approve/", {"when": f"{at:%Y-%m-%d}T07:30"})
    assert Briefing.objects.get().scheduled_at == at.replace(hour=7, minute=30, second=0, microsecond=0)


def test_withdrawing_says_what_is_not_sent_and_stands_in_the_history(editor, draft):
    at = f"{timezone.now() + timedelta(days=1):%Y-%m-%d}"
    editor.post(f"{DESK}{draft.pk}/approve/", {"when": f"{at}T07:30"})
    page = editor.post(f"{DESK}{draft.pk}/decide/", {"decision": "withdraw"}, follow=True).content.decode()
    said = f"it will not be sent on {date.fromisoformat(at):%-d %B %Y}, 07:30 UTC, and is a draft again"
    assert said in page
    history = editor.get(f"{DESK}{draft.pk}/history/").content.decode()
    assert said in history
    assert "Approved, to be sent on" in history


def test_what_is_in_the_way_is_listed_instead(editor, draft):
    factories.profile(postal_address="")
    for response in (editor.get(f"{DESK}{draft.pk}/approve/"), editor.post(f"{DESK}{draft.pk}/approve/")):
        assert b"no postal address" in response.content
    assert state() == "draft"


@pytest.mark.parametrize("is_booked", [True, False])
def test_of_the_ad_of_another_day_it_speaks_where_one_is_booked(editor, draft, is_booked):
    day = timezone.localdate() + timedelta(days=3)
    Briefing.objects.update(issue_date=day)
    if is_booked:
        sponsors.running("mail:weekly", day=day, company="Quayside Vaults")
    said = f"It carries the ad of {day:%-d %B %Y}"
    assert (said in editor.get(f"{DESK}{draft.pk}/approve/").content.decode()) is is_booked
    approval.approve(Briefing.objects.get(), by=factories.user(), at=timezone.now() + timedelta(hours=1))
    assert (said in editor.get(f"{DESK}{draft.pk}/progress/").content.decode()) is is_booked


def test_a_time_that_has_passed_is_refused(editor, draft):
    response = editor.post(f"{DESK}{draft.pk}/approve/", {"when": "2020-01-01T07:30"})
    assert b"has passed already" in response.content
    assert "when" in posted_by(response.content, "approve_form")  # it can be put right where it is said


@pytest.mark.parametrize(
    ("steps", "end"),
    [
        (["pause"], "paused"),
        (["pause", "resume"], "sending"),
        (["cancel"], "cancelled"),
        (["withdraw"], "sending"),
        (["nonsense"], "sending"),
    ],
)
def test_a_send_is_paused_resumed_and_cancelled(editor, weekly, steps, end):
    factories.subscriptions(weekly, 1)
    briefing = factories.frozen(weekly)
    for decision in steps:
        asked = {"decision": decision, "sure": "1"}
        assert editor.post(f"{DESK}{briefing.pk}/decide/", asked).status_code == 302
    assert state() == end


def test_whoever_may_not_approve_their_own_asks_the_others_by_mail(client, weekly):
    Newsletter.objects.update(approved_by_another=True)
    factories.subscription(weekly)
    writer, other = (
        factories.user("nell@example.com", role="newsletter manager"),
        factories.user("ed@example.com", role="editor"),
    )
    draft = factories.briefing(weekly, subject="Six bridges", edited_by=writer)
    client.force_login(writer)
    approve, ask = f"{DESK}{draft.pk}/approve/", f"{DESK}{draft.pk}/ask/"
    page = client.get(approve).content.decode()
    assert f"To {other}, such as when it should go out" in page
    said = client.post(ask, {"note": "Friday at eight\nplease"}, follow=True).content.decode()
    assert f"Asked by mail to approve it: {other}." in said
    (mail,) = OutgoingMail.objects.filter(kind="newsletter.briefing-ready")
    assert (mail.recipient, mail.subject) == ("ed@example.com", "“Six bridges” is ready to be approved")
    words = email.message_from_bytes(mail.message, policy=policy.default).get_body(("plain",)).get_content()
    assert "Friday at eight please" in words
    assert approve in words
    refused = client.post(ask, {"note": "Friday & soon"}, follow=True).content.decode()
    assert "asked within the last hour" in refused
    assert 'value="Friday &amp; soon"' in refused, "what was typed stays"
    client.force_login(other)
    assert b"such as when it should go out" not in client.get(approve).content
    assert client.post(approve, {"when": ""}).status_code == 302
    assert b"Only a draft waits for an approval." in client.post(ask, follow=True).content


def test_before_a_send_is_cancelled_the_desk_asks_and_says_who_will_not_get_it(editor, weekly):
    """The button stands beside that of a pause, and a press on it cannot be taken back."""
    factories.subscriptions(weekly, 3)
    briefing = factories.frozen(weekly)
    cancel = f"{DESK}{briefing.pk}/decide/"
    asked = " ".join(editor.post(cancel, {"decision": "cancel"}).content.decode().split())
    assert "<strong>3</strong> of 3 subscribers have not got" in asked
    assert "pause it instead" in asked
    assert Briefing.objects.get(pk=briefing.pk).state == "sending"
    fields = posted_by(asked.encode(), "cancel_form")
    assert editor.post(cancel, fields).status_code == 302
    assert Briefing.objects.get(pk=briefing.pk).state == "cancelled"
    again = editor.post(cancel, {"decision": "cancel"}, follow=True).content
    assert b"cannot be cancelled" in again or b"is cancelled" in again


@pytest.fixture
def troubled(weekly, smtp_server):
    factories.subscriptions(weekly, 3)
    smtp_server.refuse("reader1@example.com", "550 5.1.1 No such user")
    smtp_server.hang_up("reader2@example.com", at="ACCEPTED")
    briefing = factories.frozen(weekly)
    sender.pump(briefing.pk)
    return briefing


def test_progress_shows_counts_and_what_failed(client, troubled):
    page = factories.sign_in(client, "newsletter manager").get(f"{DESK}{troubled.pk}/progress/").content.decode()
    for words in (
        "3 of 3 done",
        "550 5.1.1 No such user",
        "reader1@example.com",
        "Uncertain",
        "lost after the message",
    ):
        assert words in page
    assert sender.message_token(troubled.pk, Delivery.objects.get(state="uncertain").subscriber_id) in page


def test_progress_says_why_somebody_was_left_out(editor, weekly):
    factories.subscriptions(weekly, 4)
    factories.suppression("bounce", "reader0@example.com")
    people = weekly.subscriptions.filter(subscriber__email__in=["reader1@example.com", "reader2@example.com"])
    people.update(paused_until=timezone.now() + timedelta(days=9))
    page = " ".join(editor.get(f"{DESK}{factories.frozen(weekly).pk}/progress/").content.decode().split())
    assert "Skipped, since they get no mail now: 2 paused, 1 suppressed." in page


def test_addresses_are_shown_to_who_may_see_subscribers(editor, troubled):
    page = editor.get(f"{DESK}{troubled.pk}/progress/").content.decode()
    assert "550 5.1.1 No such user" in page
    assert "reader1@example.com" not in page


def test_progress_can_be_fetched_in_part(editor, troubled):
    part = editor.get(f"{DESK}{troubled.pk}/progress/", headers={"X-Fragment": "1"}).content
    assert b"3 of 3 done" in part
    assert b"<html" not in part


def test_progress_takes_few_queries(editor, troubled, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        editor.get(f"{DESK}{troubled.pk}/progress/")


def test_the_lists_of_the_desk_take_few_queries(client, weekly, django_assert_max_num_queries):
    for number in range(15):
        factories.briefing(weekly, subject=f"Issue {number}")
    factories.subscriptions(weekly, 30)
    factories.sign_in(client, "newsletter manager")
    for model, most in {"briefing": 11, "subscriber": 14, "newsletter": 11, "suppression": 11}.items():
        with django_assert_max_num_queries(most):
            assert client.get(f"/admin/newsletter/{model}/").status_code == 200


def test_the_slug_of_a_newsletter_stays(client, weekly):
    factories.sign_in(client, "newsletter manager")
    client.post(
        f"/admin/newsletter/newsletter/{weekly.pk}/change/",
        {"name": "Daily", "slug": "daily", "is_open": "on", "ordering": 0},
    )
    weekly = Newsletter.objects.get()
    assert (weekly.name, weekly.slug) == ("Daily", "weekly")


def new_part(briefing, kind, **values):
    """What the page sends with one more part of a kind."""
    place = {f"block-{kind}-TOTAL_FORMS": 1, f"block-{kind}-0-ordering": 990, f"block-{kind}-0-region": "main"}
    return form_of(briefing, **place, **{f"block-{kind}-0-{name}": value for name, value in values.items()})


def test_a_chosen_article_brings_its_words_and_one_that_is_not_published_is_refused(editor, weekly):
    factories.published("Where bridges break")
    briefing, address = factories.briefing(weekly, items=[]), "/admin/newsletter/briefing/{}/change/"
    answer = editor.post(address.format(briefing.pk), new_part(briefing, "article", article="where-bridges-break"))
    assert answer.status_code == 302
    item = briefing.items.get()
    assert (item.heading, item.text) == ("Where bridges break", "On Where bridges break.")
    assert item.url == "http://localhost:8000/blog/where-bridges-break/"
    other = factories.briefing(weekly, items=[])
    page = editor.post(address.format(other.pk), new_part(other, "article", article="secret")).content.decode()
    assert "A briefing tells only of what readers can see." in page


def test_a_part_that_lacks_something_says_what(editor, weekly):
    briefing = factories.briefing(weekly, items=[])
    for kind, words in {"button": "This field is required", "image": "Choose an image, or upload one."}.items():
        assert words in editor.post(f"{DESK}{briefing.pk}/change/", new_part(briefing, kind)).content.decode()
    assert not briefing.items.exists()


def test_a_text_that_lost_every_word_is_gone(editor, weekly):
    briefing = factories.briefing(weekly, items=[{"kind": "text", "html": "<p>Words.</p>"}])
    changes = {"block-richtext-0-html": "<p></p>"}
    assert editor.post(f"{DESK}{briefing.pk}/change/", form_of(briefing, **changes)).status_code == 302
    assert not briefing.items.exists()


def test_whoever_composes_chooses_published_articles_and_pictures_and_sees_no_drafts(client, weekly):
    factories.published("Where bridges break")
    factories.sign_in(client, "newsletter manager")
    found = client.get("/admin/articles/article/choices/published/", {"term": "bridges"}).json()["results"]
    assert [each["text"] for each in found] == ["Where bridges break"]
    assert client.get("/admin/articles/article/choices/image/").status_code == 200
    assert client.get("/admin/articles/article/choices/article/").status_code == 403


def test_a_briefing_is_copied_by_a_button(editor, draft):
    assert editor.get(f"{DESK}{draft.pk}/copy/").status_code == 405
    answer = editor.post(f"{DESK}{draft.pk}/copy/")
    copied = Briefing.objects.exclude(pk=draft.pk).get()
    assert answer.url == f"{DESK}{copied.pk}/change/"
    assert (copied.state, copied.items.get().heading) == ("draft", "Where bridges break")
