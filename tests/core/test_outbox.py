"""Transactional mail is a row: it goes out once, survives crashes, and is tried again."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.db.models import F
from django.utils import timezone

from core import outbox
from core.models import OutgoingMail
from tests.articles import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def wire(settings, smtp_server):
    settings.EMAIL_URL = smtp_server.url
    return smtp_server


def mail(**fields):
    fields = {
        "kind": "test",
        "recipient": "ann@example.com",
        "subject": "Hello",
        "message": b"Subject: Hello\r\n\r\nHi\r\n",
    } | fields
    return OutgoingMail.objects.create(**fields)


def test_what_is_due_goes_out_once(wire):
    row = mail()
    assert (outbox.send_due(), outbox.send_due()) == (1, 0)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("sent", 1)
    assert [message.recipient for message in wire.messages] == ["ann@example.com"]


@pytest.mark.parametrize("end", ["\r\n", "\x0b", "\u2028"])
def test_a_subject_of_pasted_words_is_one_line(end):
    words = {"by": f"Ana{end}Lima", "article": "Six bridges", "text": "Is it so?", "url": "https://example.com/"}
    row = outbox.queue_mail(template="article_comment", to="ann@example.com", context=words, kind="test")
    assert row.subject == "Ana Lima asks you about “Six bridges”"


def test_what_is_sent_holds_neither_address_nor_message(wire):
    row = mail()
    outbox.send_due()
    row.refresh_from_db()
    assert (row.recipient, bytes(row.message), str(row)) == ("", b"", "Hello")
    with pytest.raises(IntegrityError, match="mail_sent_holds_nothing"):
        OutgoingMail.objects.update(recipient="ann@example.com")


def test_what_is_given_up_says_to_whom_it_was(wire):
    wire.refuse("ann@example.com", "550 no such mailbox")
    row = mail()
    outbox.send_due()
    row.refresh_from_db()
    assert (row.state, row.recipient) == ("failed", "ann@example.com")


PARTS = ["core", "articles", "newsletter", "surveys", "sponsors"]


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("administrator", set(PARTS)),
        ("newsletter manager", {"newsletter"}),
        ("awards steward", {"surveys"}),
        ("sponsorship manager", {"sponsors"}),
    ],
)
def test_each_role_sees_the_mail_of_its_own_part_and_nobody_what_it_says(client, role, seen):
    rows = {part: mail(kind=f"{part}.kind", recipient=f"{part}@example.com", message=b"the link") for part in PARTS}
    client.force_login(factories.user(role))
    page = client.get("/admin/core/outgoingmail/")
    assert {row.kind.partition(".")[0] for row in page.context["cl"].result_list} == seen
    assert client.get("/admin/core/outgoingmail/?q=surveys").context["cl"].result_count == ("surveys" in seen)
    for part, row in rows.items():
        answer = client.get(f"/admin/core/outgoingmail/{row.pk}/change/")
        assert answer.status_code == (200 if part in seen else 302)
        assert "the link" not in answer.content.decode()


def test_what_is_not_due_waits(wire):
    mail(due_at=timezone.now() + timedelta(minutes=1))
    assert outbox.send_due() == 0


def test_mail_of_a_worker_that_died_is_taken_up_once_its_lease_is_over(wire):
    now = timezone.now()
    mail(lease=uuid4(), lease_expires_at=now + timedelta(seconds=1))
    assert outbox.send_due(now=now) == 0
    assert outbox.send_due(now=now + timedelta(seconds=2)) == 1


def test_a_server_that_is_down_is_tried_again_later(settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    row = mail()
    outbox.send_due()
    row.refresh_from_db()
    assert row.state == "queued"
    assert row.due_at > timezone.now() + timedelta(seconds=50)
    assert "cannot be used" in row.error


def test_it_gives_up_after_the_last_try(settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    row = mail(give_up_at=timezone.now() + timedelta(seconds=30))
    outbox.send_due()
    row.refresh_from_db()
    assert row.state == "failed"


def test_old_mail_is_deleted_but_never_what_still_waits():
    old = timezone.now() - timedelta(days=31)
    mail(state="sent", settled_at=old, created_at=old, recipient="", message=b"")
    waiting = mail(created_at=old)
    outbox.delete_old()
    assert list(OutgoingMail.objects.all()) == [waiting]


def test_a_batch_that_takes_longer_than_its_lease_is_sent_once(transactional_db, wire):
    """Every message takes 25 seconds, as far as leases can tell, and another worker looks for work meanwhile."""
    everyone = [f"reader{number}@example.com" for number in range(outbox.BATCH)]
    for recipient in everyone:
        mail(recipient=recipient)
    taken_over = []

    def meanwhile():
        OutgoingMail.objects.update(lease_expires_at=F("lease_expires_at") - timedelta(seconds=25))
        taken_over.extend(OutgoingMail.objects.claim(limit=1))
        connection.close()

    wire.meanwhile = meanwhile
    outbox.send_due()
    wire.meanwhile = None
    left_to_the_other = {row.recipient for row in taken_over}
    sent = [message.recipient for message in wire.messages]
    assert left_to_the_other, "the batch never outlived its lease"
    assert sorted(sent) == sorted(set(everyone) - left_to_the_other)


def test_one_that_cannot_be_sent_stops_no_other(wire):
    odd, refused = mail(recipient="snow☃man@example.com"), mail(recipient="gone@example.com")
    mail(recipient="ann@example.com")
    wire.refuse("gone@example.com", "550 5.1.1 No such user")
    outbox.send_due()
    assert [message.recipient for message in wire.messages] == ["ann@example.com"]
    odd.refresh_from_db()
    refused.refresh_from_db()
    assert (odd.state, refused.state) == ("failed", "failed")
    assert (odd.error, refused.error) == (
        "SMTP cannot carry this address.",
        "550 5.1.1 No such user",
    )


def test_a_server_that_is_down_is_asked_once_for_a_whole_batch(settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    for _ in range(3):
        mail()
    outbox.send_due()
    assert set(OutgoingMail.objects.values_list("state", "attempts")) == {("queued", 1)}
    assert not OutgoingMail.objects.filter(error="").exists()


def test_what_is_composed_as_it_is_sent_is_about_nothing_afterwards(wire):
    mails = {1: {"by": "Ana", "article": "Bridges", "text": "?", "url": "https://example.com/"}}
    outbox.register_kind("test.later", template="article_comment", context=mails.get)
    letters = [outbox.Letter(f"{name}@example.com", about, timezone.now()) for name, about in (("ann", 1), ("bob", 2))]
    outbox.queue_letters("test.later", letters)
    assert outbox.send_due() == 1
    row = OutgoingMail.objects.get()
    assert (row.about, row.recipient, row.subject) == (None, "", "Ana asks you about “Bridges”")
    assert [message.recipient for message in wire.messages] == ["ann@example.com"]
    with pytest.raises(IntegrityError, match="mail_is_about_it_while_queued"):
        OutgoingMail.objects.update(about=1)
