"""The welcome mail: queued with the first confirmation, once, with a way out; staff write, preview and test it."""

import email
import email.policy
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from core.models import OutgoingMail
from newsletter import bounces
from newsletter.mail.reports import Kind, Report
from newsletter.models import Newsletter, Subscriber, Subscription
from newsletter.subscribers import consent, subscriptions
from tests.html import posted_by
from tests.newsletter import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly():
    factories.profile()
    return factories.newsletter(
        welcome_subject="Welcome, käse", welcome_text="Good to have you.\n\nhttps://example.com/first"
    )


def confirm(weekly, address="new@example.com"):
    factories.sign_up(address, newsletter=weekly)
    row = Subscription.objects.select_related("newsletter").get(subscriber__email=address, newsletter=weekly)
    subscriptions.confirm(row, issued_at=timezone.now())
    return row


def leave(row):
    subscriptions.unsubscribe(subscriber_id=row.subscriber_id, newsletter_id=row.newsletter_id, by="page")


def welcomes():
    return OutgoingMail.objects.filter(kind="newsletter.welcome")


def parsed(mail):
    return email.message_from_bytes(bytes(mail.message), policy=email.policy.SMTP)


def test_whoever_confirms_gets_it_with_a_way_out(client, weekly):
    confirm(weekly)
    mail = parsed(welcomes().get())
    assert (mail["To"], mail["Subject"], mail["Auto-Submitted"]) == ("new@example.com", "Welcome, käse", None)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = (part.get_content() for part in mail.iter_parts())
    assert text.splitlines()[:3] == ["Good to have you.", "", "https://example.com/first"]
    assert 'href="https://example.com/first"' in html
    assert "Unsubscribe: http" in text
    one_click = mail["List-Unsubscribe"].strip("<>").split("/", 3)[3]
    client.post(f"/{one_click}", {"List-Unsubscribe": "One-Click"})
    assert Subscription.objects.get().state == "unsubscribed"


def test_it_comes_from_the_newsletters_sender_and_calls_readers_by_name(weekly):
    Newsletter.objects.update(
        from_email="weekend@example.com",
        welcome_subject='Welcome, {{first name, else "reader"}}',
        welcome_text='Dear {{ name, else "reader" }}, hello.',
    )
    weekly.refresh_from_db()
    for address, name in (("ann@example.com", "ann <b>lee</b>"), ("bo@example.com", "Bo Lee"), ("c@example.com", "")):
        row = factories.subscription(weekly, address, state="pending")
        Subscriber.objects.filter(pk=row.subscriber_id).update(name=name)
        subscriptions.confirm(Subscription.objects.get(pk=row.pk), issued_at=timezone.now())
    got = {mail.recipient: mail for mail in welcomes()}
    subjects = {address: mail.subject for address, mail in got.items()}
    assert subjects == {
        "ann@example.com": "Welcome, reader",  # nobody is called so
        "bo@example.com": "Welcome, Bo",
        "c@example.com": "Welcome, reader",
    }
    mail = parsed(got["bo@example.com"])
    assert mail["From"].addresses[0].addr_spec == "weekend@example.com"
    assert mail["Subject"] == "Welcome, Bo"
    assert "Dear Bo Lee, hello." in mail.get_body(("plain",)).get_content()
    assert "Dear Bo Lee, hello." in mail.get_body(("html",)).get_content()


def test_a_personal_word_that_there_is_not_is_refused_where_it_is_typed(client, weekly):
    client.force_login(factories.user("manager@example.com", role="newsletter manager"))
    page = f"/admin/newsletter/newsletter/{weekly.pk}/change/"
    form = posted_by(client.get(page).content.decode(), "newsletter_form")
    said = client.post(page, form | {"welcome_text": ["Dear {{nickname}}"], "welcome_subject": ["Hello {{name}}"]})
    errors = said.context["adminform"].form.errors
    assert "There is no personal word “nickname”" in errors["welcome_text"][0]
    assert "nothing for those of whom we do not know it" in errors["welcome_subject"][0]


def test_confirming_twice_or_coming_back_within_a_year_brings_no_other(weekly):
    row = confirm(weekly)
    subscriptions.confirm(row, issued_at=timezone.now())
    leave(row)
    confirm(weekly)
    assert (welcomes().count(), Subscription.objects.get().state) == (1, "confirmed")


@pytest.mark.django_db(transaction=True)
def test_a_link_that_is_pressed_twice_at_once_brings_one(weekly):
    row = factories.subscription(weekly, "new@example.com", state="pending")

    def press(_):
        subscriptions.confirm(row, issued_at=timezone.now())
        connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(press, range(8)))
    assert (welcomes().count(), Subscription.objects.get().state) == (1, "confirmed")


def test_whoever_comes_back_after_more_than_a_year_gets_it_again(weekly):
    with time_machine.travel(timezone.now() - timedelta(days=366), tick=False):
        leave(confirm(weekly))
    confirm(weekly)
    assert welcomes().count() == 2


def test_it_is_queued_with_the_confirmation_or_not_at_all(weekly):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_outgoingmail ADD CONSTRAINT full_disk CHECK (kind <> 'newsletter.welcome')")
    with pytest.raises(Exception, match="full_disk"):
        confirm(weekly)
    assert Subscription.objects.get().state == "pending"


def test_an_import_welcomes_nobody(weekly, run):
    run("email,status\nann@example.com,active\n", "--newsletter", "weekly")
    assert Subscription.objects.get().state == "confirmed"
    assert not welcomes().exists()


def test_joining_another_list_on_the_preferences_page_is_a_first_confirmation_too(client, weekly):
    notes = factories.newsletter(name="Notes", slug="notes", is_default=False, is_open=True)
    ann = factories.subscription(notes).subscriber
    url = f"/newsletter/preferences/{subscriptions.preferences_token(ann.pk)}/"
    for _ in range(2):
        client.post(url, {"newsletters": [weekly.pk, notes.pk]})
    assert welcomes().get().recipient == "ann@example.com"


def test_a_newsletter_without_one_sends_none(weekly):
    Newsletter.objects.update(welcome_subject="", welcome_text="")
    confirm(weekly)
    assert not welcomes().exists()


def test_a_confirmation_that_only_lifts_a_suppression_brings_none(weekly):
    row = factories.subscription(weekly)
    consent.record(consent.NewAct(consent.person(row.subscriber), "bounced", "server"))
    confirm(weekly, "ann@example.com")
    assert not welcomes().exists()


def test_a_complaint_about_it_is_one_and_counts_once(weekly):
    confirm(weekly)
    message_id = parsed(welcomes().get())["Message-ID"]
    told = [bounces.take_report(Report(Kind.COMPLAINT, message_ids=[message_id])) for _ in range(2)]
    assert told == ["complaint", "replayed"]
    assert Subscriber.objects.get().suppressed == "complaint"
    assert bounces.take_report(Report(Kind.COMPLAINT, message_ids=[f"x{message_id}"])) == "foreign"


@pytest.mark.parametrize("act", ["complained", "suppressed"])
def test_whoever_must_get_no_mail_gets_neither_a_welcome_nor_another_link(client, weekly, act):
    row = factories.subscription(weekly, state="pending")
    consent.record(consent.NewAct(consent.person(row.subscriber), act, "staff"))
    page = client.post(f"/newsletter/confirm/{subscriptions.confirm_token(row)}/").content.decode()
    assert "nothing will come yet" in page
    subscriptions.send_another_link(Subscription.objects.get())
    assert not OutgoingMail.objects.exists()


def test_staff_preview_it_and_send_themselves_a_test(client, weekly):
    page = f"/admin/newsletter/newsletter/{weekly.pk}"
    client.force_login(factories.user(role="newsletter manager", is_staff=True))
    assert b"Preview and test the welcome mail" in client.get(f"{page}/change/").content
    assert "Good to have you." in client.get(f"{page}/welcome/").content.decode()
    assert "Good to have you." in client.get(f"{page}/welcome/mail.html").content.decode()
    assert "address" in client.post(f"{page}/welcome/", {"to": "nobody"}).content.decode()
    client.post(f"{page}/welcome/", {"to": "nell@example.com"})
    test = OutgoingMail.objects.get()
    assert (test.recipient, parsed(test)["Subject"]) == ("nell@example.com", "[Test] Welcome, käse")


def test_half_a_welcome_is_refused_and_line_breaks_in_the_subject_are_cleaned(client, weekly):
    page = f"/admin/newsletter/newsletter/{weekly.pk}/change/"
    client.force_login(factories.user(role="newsletter manager", is_staff=True))
    form = {"name": "Weekly", "ordering": 0, "welcome_subject": "Hi\u2028there", "welcome_text": ""}
    assert "needs both a subject and a text" in client.post(page, form).content.decode()
    client.post(page, form | {"welcome_text": "Hello."})
    assert Newsletter.objects.get().welcome_subject == "Hi there"
