"""The way out for mail: by SMTP where a server is named, else into files; and what headers may hold."""

import pytest
from django.core.mail import EmailMessage, get_connection

from core.lib.mail import DeliveryFailure, FileSession, address_header, open_session
from core.lib.smtp import Envelope, Status, wire_data
from tests.smtp import free_port

MESSAGE = b"Subject: hello\r\n\r\n.a line that starts with a dot\r\n"


def to(recipient):
    return Envelope("desk@example.com", recipient, wire_data(MESSAGE))


def test_a_message_arrives_byte_for_byte(smtp_server):
    session = open_session()
    assert session.send(to("ann@example.com")).status == Status.ACCEPTED
    session.close()
    assert smtp_server.messages[0].message == MESSAGE


def test_without_a_server_each_message_is_a_file(settings, tmp_path):
    settings.EMAIL_URL, settings.EMAIL_OUTBOX = "", tmp_path / "outbox"
    for _ in range(2):
        assert open_session().send(to("ann@example.com")).status == Status.ACCEPTED
    files = list((tmp_path / "outbox").glob("*.eml"))
    assert len(files) == 2
    assert files[0].read_bytes() == b"X-Envelope-From: desk@example.com\r\nX-Envelope-To: ann@example.com\r\n" + MESSAGE


def test_a_folder_that_cannot_be_written_to_uses_up_no_message(tmp_path):
    (tmp_path / "outbox").touch()
    outcome = FileSession(tmp_path / "outbox").send(to("ann@example.com"))
    assert outcome.status == Status.UNSENT
    assert "Cannot write to" in outcome.note


def test_djangos_own_mail_goes_the_same_way(smtp_server):
    backend = get_connection("core.lib.mail.EmailBackend")
    message = EmailMessage("A password", "One line\nand another", "Desk <desk@example.com>", ["Ann <ann@example.com>"])
    assert backend.send_messages([message]) == 1
    (received,) = smtp_server.messages
    assert (received.sender, received.recipient) == ("desk@example.com", "ann@example.com")
    assert b"One line\r\nand another" in received.message
    assert b"\n" not in received.message.replace(b"\r\n", b"")


@pytest.mark.parametrize("silently", [False, True])
def test_djangos_own_mail_says_that_it_failed_unless_it_is_to_be_silent(settings, silently):
    settings.EMAIL_URL = f"smtp://127.0.0.1:{free_port()}"
    backend = get_connection("core.lib.mail.EmailBackend", fail_silently=silently)
    messages = [EmailMessage("Subject", "Body", "desk@example.com", ["ann@example.com"])]
    if silently:
        assert backend.send_messages(messages) == 0
    else:
        with pytest.raises(DeliveryFailure, match="cannot be used"):
            backend.send_messages(messages)


@pytest.mark.parametrize("name", ["Ann\r\nBcc: all@example.com", "Ann\nX: y", "Ann\u2028X: y"])
def test_a_name_cannot_smuggle_in_a_header(name):
    with pytest.raises(ValueError, match="line break"):
        address_header(name, "a@example.com")
