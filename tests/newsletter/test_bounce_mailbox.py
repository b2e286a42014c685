"""The mailbox of bounces: what is in it is taken, and deleted only after that is committed."""

import pytest
from django.db import connection

from newsletter import bounce_mailbox
from newsletter.bounce_mailbox import MailboxTrouble
from newsletter.mail.return_path import address_for
from newsletter.models import Delivery, IgnoredReports, MailReport
from tests.newsletter import factories
from tests.newsletter.reports import OUT_OF_OFFICE, POSTFIX, written

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mailbox(settings, imap_server):
    settings.BOUNCE_ADDRESS = "bounces@news.example"
    settings.BOUNCE_IMAP_URL = imap_server.url
    return imap_server


def bounce(number=0):
    weekly = factories.newsletter(name=f"W{number}", slug=f"w{number}", is_default=False)
    person = factories.subscription(weekly, f"reader{number}@example.com").subscriber
    row = Delivery.objects.create(briefing=factories.briefing(weekly), subscriber=person)
    return written(POSTFIX, to=address_for(row.pk))


def test_all_that_is_in_the_mailbox_is_taken_and_deleted(mailbox):
    for message in (bounce(1), bounce(2), written(OUT_OF_OFFICE), b"Hello"):
        mailbox.put(message)
    assert bounce_mailbox.read() == 4
    assert mailbox.messages == {}
    assert MailReport.objects.filter(kind="gone").count() == 2
    assert sorted(IgnoredReports.objects.values_list("reason", flat=True)) == ["auto-reply", "other"]
    assert bounce_mailbox.read() == 0


def test_a_message_that_cannot_be_taken_is_flagged_stays_and_stops_no_other(mailbox):
    cannot = mailbox.put(bounce(1))
    mailbox.put(bounce(2))
    refused = Delivery.objects.order_by("pk").first().pk
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE newsletter_mailreport ADD CONSTRAINT no CHECK (delivery_id <> {refused})")
    assert bounce_mailbox.read() == 1
    assert [*mailbox.messages] == [cannot]
    assert mailbox.flags[cannot] == {"\\Flagged"}
    assert MailReport.objects.count() == 1
    assert bounce_mailbox.read() == 0


def test_what_was_taken_and_could_not_be_deleted_is_not_taken_twice(mailbox, settings):
    settings.BOUNCE_IMAP_URL = f"{mailbox.url}?timeout=0.3"
    uid = mailbox.put(bounce())
    mailbox.silent_at = "UID STORE"
    with pytest.raises(MailboxTrouble):
        bounce_mailbox.read()
    assert ([*mailbox.messages], MailReport.objects.count()) == ([uid], 1)
    mailbox.silent_at = ""
    assert bounce_mailbox.read() == 1
    assert (mailbox.messages, MailReport.objects.count()) == ({}, 1)
    assert IgnoredReports.objects.get().reason == "replayed"


def test_a_server_that_refuses_or_is_not_there_is_told_of_without_its_password(mailbox, settings):
    settings.BOUNCE_IMAP_URL = mailbox.url.replace("secret", "hidden")
    with pytest.raises(MailboxTrouble) as refused:
        bounce_mailbox.read()
    assert "hidden" not in str(refused.value)
    settings.BOUNCE_IMAP_URL = "imap://reader:secret@127.0.0.1:1"
    with pytest.raises(MailboxTrouble):
        bounce_mailbox.read()


def test_without_a_mailbox_nothing_is_read(settings):
    settings.BOUNCE_IMAP_URL = ""
    assert bounce_mailbox.read() == 0
