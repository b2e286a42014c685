"""Bounces and complaints: each believed once and under our signature, and what follows from each."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from core.lib.signing import BadToken
from newsletter import bounces, stats
from newsletter.mail import reports, return_path
from newsletter.mail.return_path import address_for
from newsletter.models import BounceRule, ConsentAct, Delivery, IgnoredReports, MailReport, Subscriber
from newsletter.sending import sender
from newsletter.subscribers import consent
from tests.newsletter import factories
from tests.newsletter.reports import (
    EXCHANGE,
    GMAIL,
    OUT_OF_OFFICE,
    OUTLOOK,
    POSTFIX,
    READ_RECEIPT,
    YAHOO,
    written,
)
from tests.processes import manage_command

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def bounce_address(settings):
    settings.BOUNCE_ADDRESS = "bounces@news.example"


def sent_to(subscriber, *, days_ago=1):
    """A delivery that the mail server took."""
    briefing = factories.sent(subscriber.subscriptions.get().newsletter, days_ago=days_ago, opened=0, clicked=0)
    at = timezone.now() - timedelta(days=days_ago)
    return Delivery.objects.create(briefing=briefing, subscriber=subscriber, state="sent", sent_at=at)


def suppressed(subscriber):
    return Subscriber.objects.get(pk=subscriber.pk).suppressed


def ignored():
    return dict(IgnoredReports.objects.values_list("reason", "number"))


def test_each_delivery_leaves_with_a_return_path_of_its_own(weekly, smtp_server):
    factories.subscriptions(weekly, 3)
    briefing = factories.frozen(weekly)
    while sender.pump(briefing.pk):
        pass
    senders = {message.recipient: message.sender for message in smtp_server.messages}
    made = {row.subscriber.email: address_for(row.pk) for row in briefing.deliveries.all()}
    assert senders == made
    assert all(len(address.partition("@")[0]) <= 64 for address in made.values())


def test_without_a_bounce_address_the_return_path_is_the_sender(settings):
    settings.BOUNCE_ADDRESS = ""
    assert address_for(7) == settings.DEFAULT_FROM_EMAIL
    assert return_path.tokens_in("bounces+abc@news.example") == []


@pytest.mark.parametrize("number", [0, 1, 127, 128, 10**6, 2**31, 2**63 - 1])
def test_a_return_path_is_read_whatever_its_case(settings, number):
    settings.BOUNCE_ADDRESS = "bounces-of.newsletters-1@news.example"
    address = address_for(number)
    assert len(address.partition("@")[0]) <= 64
    for text in (address, address.upper(), f"Perigee <{address}>"):
        assert [return_path.delivery_of(token) for token in return_path.tokens_in(text)] == [number]


def test_a_changed_token_is_nobodys():
    (token,) = return_path.tokens_in(address_for(7))
    with pytest.raises(BadToken):
        return_path.delivery_of(("b" if token[0] == "a" else "a") + token[1:])


@pytest.mark.parametrize("shape", [POSTFIX, EXCHANGE, GMAIL])
def test_no_such_mailbox_suppresses_and_is_in_the_ledger(ann, shape):
    delivery = sent_to(ann)
    assert bounces.take(written(shape, to=address_for(delivery.pk))) == "gone"
    assert suppressed(ann) == "bounce"
    act = ConsentAct.objects.get(act="bounced")
    assert (act.actor, act.way) == ("server", f"briefing {delivery.briefing_id}")
    assert "5.1.1" in act.note
    assert "ann@" not in act.note


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To"])
def test_the_return_path_may_stand_in_the_mail_servers_headers_alone(ann, header):
    delivery = sent_to(ann)
    message = f"{header}: {address_for(delivery.pk)}\r\n".encode() + written(POSTFIX)
    assert bounces.take(message) == "gone"


def test_the_message_that_comes_back_names_its_delivery_too(ann):
    delivery = sent_to(ann)
    own = sender.message_token(delivery.briefing_id, ann.pk)
    assert bounces.take(written(EXCHANGE, message_id=own)) == "gone"
    other = sent_to(ann)
    assert bounces.take(written(POSTFIX, sender=address_for(other.pk))) == "gone"


@pytest.mark.parametrize("answer", ["550 5.7.1 Blocked for spam", "550 User unknown", "554 5.6.0 Bad content"])
def test_a_refusal_that_is_about_us_is_kept_and_suppresses_nobody(ann, answer):
    report = written(POSTFIX, to=address_for(sent_to(ann).pk), status="5.0.0", answer=answer)
    assert bounces.take(report) == "refused"
    assert suppressed(ann) == ""


@pytest.mark.parametrize("shape", [YAHOO, OUTLOOK])
def test_a_complaint_suppresses_at_once(ann, shape):
    delivery = sent_to(ann)
    own = sender.message_token(delivery.briefing_id, ann.pk)
    assert bounces.take(written(shape, message_id=own)) == "complaint"
    assert suppressed(ann) == "complaint"


def test_a_complaint_finds_its_delivery_by_the_return_path(ann):
    assert bounces.take(written(YAHOO, sender=address_for(sent_to(ann).pk))) == "complaint"


def test_not_spam_is_no_complaint(ann):
    assert bounces.take(written(YAHOO, sender=address_for(sent_to(ann).pk), type="not-spam")) == "other"
    assert suppressed(ann) == ""


@pytest.mark.parametrize(
    ("shape", "fields", "reason"),
    [
        (OUT_OF_OFFICE, {}, "auto-reply"),
        (READ_RECEIPT, {}, "auto-reply"),
        (POSTFIX, {"action": "delayed", "status": "4.4.1"}, "delay"),
        (POSTFIX, {"action": "delivered", "status": "2.1.5"}, "delay"),
    ],
)
def test_what_is_no_bounce_changes_nothing_and_is_counted(ann, shape, fields, reason):
    assert bounces.take(written(shape, to=address_for(sent_to(ann).pk), **fields)) == reason
    assert (suppressed(ann), ignored(), MailReport.objects.count()) == ("", {reason: 1}, 0)


def test_forged_foreign_and_replayed_reports_change_nothing_and_are_counted(ann):
    delivery = sent_to(ann)
    name, _, host = address_for(delivery.pk).partition("@")
    forged = f"{name[:-4]}aaaa@{host}"
    assert bounces.take(written(POSTFIX, to=forged)) == "forged"
    assert bounces.take(written(POSTFIX, to="someone@other.example", message_id="abc")) == "foreign"
    assert bounces.take(written(POSTFIX, to=address_for(delivery.pk + 1))) == "foreign"
    assert suppressed(ann) == ""
    genuine = written(POSTFIX, to=address_for(delivery.pk))
    assert [bounces.take(genuine) for _ in range(3)] == ["gone", "replayed", "replayed"]
    assert ignored() == {"forged": 1, "foreign": 2, "replayed": 2}
    assert ConsentAct.objects.filter(act="bounced").count() == 1


def test_a_replayed_report_does_not_stop_whoever_was_let_back_in(ann):
    genuine = written(POSTFIX, to=address_for(sent_to(ann).pk))
    bounces.take(genuine)
    consent.record(consent.NewAct(consent.person(ann), "lifted", "staff"))
    assert bounces.take(genuine) == "replayed"
    assert suppressed(ann) == ""


def test_an_old_delivery_no_longer_bounces_but_can_be_complained_of(ann):
    delivery = sent_to(ann, days_ago=31)
    assert bounces.take(written(POSTFIX, to=address_for(delivery.pk))) == "late"
    assert suppressed(ann) == ""
    assert bounces.take(written(YAHOO, sender=address_for(delivery.pk))) == "complaint"


def fails_for_now(subscriber, *, answer="452 4.2.2 Mailbox full"):
    return bounces.take(written(POSTFIX, to=address_for(sent_to(subscriber).pk), status="4.0.0", answer=answer))


def test_temporary_failures_suppress_once_there_are_as_many_as_the_rule_says(ann):
    BounceRule.objects.create(times=3, within_days=60)
    assert [fails_for_now(ann), fails_for_now(ann), suppressed(ann)] == ["deferred", "deferred", ""]
    assert fails_for_now(ann, answer="552 5.2.2 Over quota") == "deferred"
    assert suppressed(ann) == "bounce"
    assert ConsentAct.objects.get(act="bounced").note.startswith("3 briefings within 60 days failed for now")


def test_temporary_failures_count_anew_after_staff_let_an_address_back_in(ann):
    BounceRule.objects.create(times=2, within_days=60)
    fails_for_now(ann), fails_for_now(ann)
    consent.record(consent.NewAct(consent.person(ann), "lifted", "staff"))
    fails_for_now(ann)
    assert suppressed(ann) == ""
    fails_for_now(ann)
    assert suppressed(ann) == "bounce"


def test_temporary_failures_of_long_ago_do_not_count(ann):
    BounceRule.objects.create(times=2, within_days=10)
    fails_for_now(ann)
    MailReport.objects.update(received_at=timezone.now() - timedelta(days=11))
    fails_for_now(ann)
    assert suppressed(ann) == ""


def test_a_report_about_an_erased_subscriber_is_kept_without_one(ann):
    delivery = sent_to(ann)
    Delivery.objects.filter(pk=delivery.pk).update(subscriber=None)
    assert bounces.take(written(POSTFIX, to=address_for(delivery.pk))) == "gone"
    assert not ConsentAct.objects.filter(act="bounced").exists()


def test_figures_are_without_what_came_back_or_was_reported(weekly):
    briefing = factories.sent(weekly, delivered=1000, opened=300, clicked=25)
    gone, reported, both = briefing.deliveries.order_by("pk")[:3]
    for delivery, kind in ((gone, "gone"), (reported, "complaint"), (both, "deferred"), (both, "complaint")):
        MailReport.objects.create(delivery=delivery, kind=kind)
    reading = stats.readings([briefing])[briefing.pk]
    assert (reading.delivered, reading.returned, reading.complaints) == (997, 2, 1)
    assert (reading.opened, reading.clicked) == (297, 22)
    (send,) = stats.Audience().sends(since=briefing.issue_date)
    assert (send.delivered, send.opened, send.clicked) == (997, 297, 22)


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_hands_a_message_over_on_standard_input(ann, settings):
    address = address_for(sent_to(ann).pk)
    message = written(POSTFIX).decode()
    command = ("take_report", "--recipient", address)
    done = manage_command(*command, stdin=message, BOUNCE_ADDRESS=settings.BOUNCE_ADDRESS)
    assert (done.returncode, done.stdout.strip(), suppressed(ann)) == (0, "gone", "bounce")
    nowhere = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    assert manage_command(*command, stdin=message, **nowhere).returncode == 75


@given(st.binary(max_size=400), st.sampled_from([POSTFIX, EXCHANGE, YAHOO]), st.integers(0, 1500))
def test_no_message_is_too_broken_to_be_read(noise, shape, at):
    whole = written(shape)
    assert reports.read(whole[:at] + noise + whole[at:])
    assert reports.read(noise)


@pytest.mark.parametrize(
    ("code", "followed", "became"),
    [
        (
            "4.2.2",
            "It counts: after 5 such briefings in 60 days no mail goes there.",
            "came back: failed for now (4.2.2)",
        ),
        ("5.7.1", "Nothing: it is about our server or the message", "came back: refused for another reason (5.7.1)"),
        ("5.1.1", "No mail goes there any more.", "came back: no such mailbox (5.1.1)"),
    ],
)
def test_staff_read_what_followed_and_what_became_of_each_letter(ann, client, code, followed, became):
    """Also of a failure for now, which nothing else on the subscriber's page tells of."""
    bounces.take(written(POSTFIX, to=address_for(sent_to(ann).pk), status=code, answer=f"{code[0]}50 {code} No"))
    client.force_login(factories.user(role="newsletter manager"))
    assert followed in client.get(reverse("admin:newsletter_mailreport_changelist")).content.decode()
    assert became in client.get(reverse("admin:newsletter_subscriber_change", args=[ann.pk])).content.decode()


def test_staff_see_what_came_back_and_set_the_rule(ann, client):
    bounces.take(written(POSTFIX, to=address_for(sent_to(ann).pk)))
    bounces.take(b"Hello")
    client.force_login(factories.user(role="newsletter manager", is_staff=True))
    page = client.get(reverse("admin:newsletter_mailreport_changelist")).content.decode()
    assert "ann@example.com" in page
    assert "no such mailbox" in page
    assert "No mail goes there any more." in page
    assert f'/admin/newsletter/subscriber/{ann.pk}/change/">ann@example.com</a>' in page
    assert (
        "ann@example.com"
        not in client.get(f"{reverse('admin:newsletter_mailreport_changelist')}?q=bea@example.com").content.decode()
    )
    assert (
        "ann@example.com"
        in client.get(f"{reverse('admin:newsletter_mailreport_changelist')}?q=Ann@example.com").content.decode()
    )
    assert "no report" in client.get(reverse("admin:newsletter_ignoredreports_changelist")).content.decode()
    rule = " ".join(client.get(reverse("admin:newsletter_bouncerule_changelist")).content.decode().split())
    assert "<dt>Briefings that failed for now</dt> <dd>5</dd>" in rule, "what holds before somebody says otherwise"
    assert "Nothing here yet" not in rule
    client.post(reverse("admin:newsletter_bouncerule_add"), {"times": "3", "within_days": "20"})
    assert str(BounceRule.current()) == "3 briefings within 20 days"
