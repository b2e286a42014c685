"""From whom a newsletter's mail is and who gets the answers: briefings, letters, welcome mails and links to confirm alike."""

import email
from email import policy

import pytest
from django.utils import timezone

from core.models import OutgoingMail
from newsletter.models import Briefing, Newsletter, Subscription
from newsletter.sending import composition, freeze
from newsletter.subscribers import subscriptions
from tests.html import posted_by
from tests.newsletter import automations, factories
from tests.newsletter.sending import send_what_is_left

pytestmark = pytest.mark.django_db

ANSWERS = "answers@xn--zeitung-mnchen-osb.example"


@pytest.fixture
def weekly():
    factories.profile(contact_email="desk@perigee.example")
    return factories.newsletter(
        from_name="Perigee Weekly", from_email="weekly@perigee.example", reply_to="answers@zeitung-münchen.example"
    )


def parsed(raw):
    return email.message_from_bytes(bytes(raw), policy=policy.default)


def sender_and_answers(message):
    reply_to = message["Reply-To"]
    return str(message["From"]), reply_to and reply_to.addresses[0].addr_spec


def queued(kind):
    return parsed(OutgoingMail.objects.filter(kind=f"newsletter.{kind}").latest("id").message)


def test_a_briefing_is_answered_where_its_newsletter_says(weekly, smtp_server):
    factories.subscription(weekly)
    send_what_is_left(factories.frozen(weekly))
    (message,) = smtp_server.messages
    assert sender_and_answers(parsed(message.message)) == ("Perigee Weekly <weekly@perigee.example>", ANSWERS)


def test_a_letter_of_an_automation_too(weekly, smtp_server):
    automation = automations.automation(weekly, {"letter": "Hello"}, begins="confirmed")
    factories.subscription(weekly, "new@example.com", state="pending")
    subscriptions.confirm(Subscription.objects.select_related("newsletter").get(), issued_at=timezone.now())
    automations.run()
    assert automations.editions(automation)
    assert [sender_and_answers(parsed(one.message))[1] for one in smtp_server.messages] == [ANSWERS]


def test_a_newsletter_that_says_nothing_is_answered_at_the_sites_contact_address(weekly):
    Newsletter.objects.update(reply_to="")
    weekly.refresh_from_db()
    assert composition.headers_of(factories.briefing(weekly)).reply_to == "desk@perigee.example"


def test_whoever_asks_for_a_newsletter_gets_the_link_from_its_sender(weekly):
    factories.sign_up("new@example.com", newsletter=weekly)
    assert sender_and_answers(queued("confirm")) == ("Perigee Weekly <weekly@perigee.example>", ANSWERS)
    row = Subscription.objects.select_related("newsletter").get()
    subscriptions.confirm(row, issued_at=timezone.now())
    factories.sign_up("new@example.com", newsletter=weekly)
    assert sender_and_answers(queued("already-subscribed")) == ("Perigee Weekly <weekly@perigee.example>", ANSWERS)


def test_what_is_about_no_single_newsletter_is_from_the_site(weekly, settings):
    subscriptions.send_data_link(factories.subscription(weekly).subscriber)
    assert sender_and_answers(queued("personal-data")) == (f"Perigee <{settings.DEFAULT_FROM_EMAIL}>", None)


def test_a_welcome_mail_is_answered_there(weekly):
    Newsletter.objects.update(welcome_subject="Welcome", welcome_text="Good to have you.")
    factories.sign_up("new@example.com", newsletter=weekly)
    subscriptions.confirm(Subscription.objects.select_related("newsletter").get(), issued_at=timezone.now())
    assert sender_and_answers(queued("welcome")) == ("Perigee Weekly <weekly@perigee.example>", ANSWERS)


def test_another_address_for_answers_has_a_briefing_approved_anew(weekly):
    factories.subscription(weekly)
    briefing = factories.approved(weekly)
    Newsletter.objects.update(reply_to="others@perigee.example")
    assert freeze.start_due() == []
    assert "It was changed since it was approved" in Briefing.objects.get(pk=briefing.pk).trouble


def test_what_was_frozen_is_answered_where_it_was_approved_for(weekly):
    factories.subscription(weekly)
    briefing = factories.frozen(weekly)
    Newsletter.objects.update(reply_to="others@perigee.example")
    assert composition.headers_of(Briefing.objects.get()).reply_to == "answers@zeitung-münchen.example"
    kept_before = briefing.look | {"sender": briefing.look["sender"][:2]}
    Briefing.objects.update(look=kept_before)
    assert composition.headers_of(Briefing.objects.get()).reply_to == "desk@perigee.example"


def test_an_address_that_not_all_mail_servers_take_is_refused_where_it_is_typed(client, weekly):
    client.force_login(factories.user("manager@example.com", role="newsletter manager"))
    page = f"/admin/newsletter/newsletter/{weekly.pk}/change/"
    form = posted_by(client.get(page).content.decode(), "newsletter_form")
    said = client.post(page, form | {"reply_to": ["käse@example.com"]})
    assert "reply_to" in said.context["adminform"].form.errors


def test_previews_and_the_check_list_say_from_whom_it_is_and_who_gets_the_answers(client, weekly):
    client.force_login(factories.user(role="editor"))
    factories.subscription(weekly)
    briefing = factories.briefing(weekly)
    for page in ("preview", "check"):
        said = client.get(f"/admin/newsletter/briefing/{briefing.pk}/{page}/").content.decode()
        assert "Perigee Weekly &lt;weekly@perigee.example&gt;" in said
        assert "answers@zeitung-münchen.example" in said
