"""A briefing as it is received, byte for byte: the deliverability checklist."""

import email
import re
from email import policy
from types import SimpleNamespace

import pytest

from core import outbox
from core.lib.signing import read_token
from newsletter import bounces
from newsletter.mail import mime
from newsletter.models import TrackedLink
from newsletter.sending import approval, composition, freeze, sender
from tests.newsletter import factories
from tests.sponsors import factories as sponsors

pytestmark = pytest.mark.django_db

ITEMS = [
    {
        "heading": "Where bridges break",
        "text": ".A dot first.\n\nSix of them, and “quotes”.",
        "url": "https://example.com/a?x=1&x=2",
    },
    {"kind": "text", "heading": "", "text": "Just words."},
]


@pytest.fixture
def received(smtp_server, settings):
    """What one subscriber got."""
    settings.SITE_URL = "https://perigee.example"
    weekly = factories.newsletter(from_name="Perigee, the “Briefing”")
    factories.subscription(weekly)
    factories.profile(contact_email="desk@perigee.example")
    sponsors.running("mail:weekly", company="Quayside Vaults")
    briefing = factories.frozen(weekly, subject="Six bridges – and a staircase, für immer", items=ITEMS)
    sender.pump(briefing.pk)
    (message,) = smtp_server.messages
    raw = message.message
    parsed = email.message_from_bytes(raw, policy=policy.default)
    return SimpleNamespace(
        raw=raw,
        headers=raw.split(b"\r\n\r\n", 1)[0],
        parsed=parsed,
        text=parsed.get_body(("plain",)).get_content(),
        html=parsed.get_body(("html",)).get_content(),
        briefing=briefing,
        envelope=message,
    )


def header(received, name):
    """The lines of one header, unfolded but not decoded."""
    unfolded = re.sub(rb"\r\n[ \t]+", b" ", received.headers)
    return [
        line.split(b": ", 1)[1].decode()
        for line in unfolded.split(b"\r\n")
        if line.lower().startswith(name.lower().encode() + b":")
    ]


@pytest.mark.parametrize("name", ["From", "To", "Date", "Message-ID", "Subject", "MIME-Version", "List-Unsubscribe"])
def test_it_has_each_header_once(received, name):
    assert len(header(received, name)) == 1


def test_it_is_for_one_visible_recipient(received):
    assert header(received, "To") == ["ann@example.com"]
    assert received.envelope.recipients == ["ann@example.com"]


def test_lines_end_in_crlf_and_are_short(received):
    assert b"\n" not in received.raw.replace(b"\r\n", b"")
    assert b"\r" not in received.raw.replace(b"\r\n", b"")
    assert max(len(line) for line in received.raw.split(b"\r\n")) <= 78


def test_words_in_headers_are_encoded_and_read_back(received):
    assert received.parsed["Subject"] == "Six bridges – and a staircase, für immer"
    assert received.parsed["From"].addresses[0].display_name == "Perigee, the “Briefing”"
    assert received.headers.isascii()


def test_one_click_unsubscribing_is_offered_exactly(received):
    (link,) = header(received, "List-Unsubscribe")
    assert re.fullmatch(r"<https://perigee\.example/u/[\w-]+>", link)
    assert b"=?" not in received.headers.split(b"List-Unsubscribe: ")[1].split(b"\r\n")[0]
    assert header(received, "List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]


def test_the_unsubscribe_link_is_short_enough_for_every_subscriber(settings):
    settings.SITE_URL = "https://news.example.com"
    from newsletter.subscribers.subscriptions import unsubscribe_token

    assert len(f"{settings.SITE_URL}/u/{unsubscribe_token(5_000_000, 500)}") <= 58


def test_the_link_in_the_header_works_without_a_cookie(received, client):
    from newsletter.models import Subscription

    path = header(received, "List-Unsubscribe")[0].strip("<>").removeprefix("https://perigee.example")
    client.handler.enforce_csrf_checks = True
    response = client.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200
    assert Subscription.objects.get().state == "unsubscribed"


def test_it_says_which_list_it_is(received):
    assert header(received, "List-Id") == ['"Weekly" <weekly.perigee.example>']
    assert header(received, "Precedence") == ["bulk"]
    assert header(received, "Feedback-ID") == [f"{received.briefing.pk}:weekly:briefing:perigee-example"]
    assert not header(received, "Auto-Submitted")
    assert header(received, "Reply-To") == ["desk@perigee.example"]


def test_text_comes_before_html(received):
    parts = [part.get_content_type() for part in received.parsed.iter_parts()]
    assert received.parsed.get_content_type() == "multipart/alternative"
    assert parts == ["text/plain", "text/html"]


@pytest.mark.parametrize("body", ["text", "html"])
def test_both_bodies_carry_what_they_must(received, body):
    words = getattr(received, body)
    assert "https://perigee.example/newsletter/unsubscribe/" in words
    assert "https://perigee.example/newsletter/preferences/" in words
    assert "1 Harbour Street, Port Vesper" in words
    assert "Where bridges break" in words
    assert ".A dot first." in words
    assert not re.search(r"field\dx", words)


def test_the_ad_is_labelled_in_both_bodies(received):
    assert "-- Paid advertisement: Quayside Vaults --" in received.text
    assert "Paid advertisement · Quayside Vaults" in received.html
    assert received.text.index("Paid advertisement") < received.text.index("Keys that stay yours")


def test_styles_are_inlined(received):
    assert 'style="' in received.html
    assert "prefers-color-scheme: dark" in received.html


def test_the_message_id_is_the_same_for_every_try_and_tells_whose_it_is(received):
    (message_id,) = header(received, "Message-ID")
    token, host = message_id.strip("<>").split("@")
    assert host == "perigee.example"
    subscriber = received.briefing.deliveries.get().subscriber_id
    assert read_token("message", token) == (received.briefing.pk, subscriber)
    assert token == sender.message_token(received.briefing.pk, subscriber)


def test_links_lead_to_stored_targets_only(received, client):
    links = set(re.findall(r"https://perigee\.example(/l/[\w.-]+)", received.html))
    targets = {client.get(link).url for link in links}
    assert targets == {
        "https://example.com/a?x=1&x=2",
        "https://northwind.example/start?ref=moon",
        "https://perigee.example/",
    }
    assert TrackedLink.objects.count() == 3


def test_a_newsletter_that_counts_nothing_has_plain_links_and_no_image(smtp_server):
    weekly = factories.newsletter(counts_reading=False)
    factories.subscription(weekly)
    briefing = factories.frozen(weekly)
    sender.pump(briefing.pk)
    body = email.message_from_bytes(smtp_server.messages[0].message, policy=policy.default).get_body(("html",))
    html = body.get_content()
    assert 'href="https://example.com/a"' in html
    assert "/l/" not in html
    assert "/o/" not in html
    assert not TrackedLink.objects.exists()


@pytest.mark.parametrize("end", ["\r\n", "\x0b", "\u2028"])
@pytest.mark.parametrize("field", ["subject", "from_name", "list_name", "reply_to"])
def test_a_line_break_in_a_header_is_refused(field, end):
    words = {"from_name": "A", "subject": "S", "list_name": "L", "reply_to": "r@example.com"}
    words[field] = f"x{end}Bcc: all@example.com"
    headers = mime.MessageHeaders(
        from_email="a@example.com", list_id="l", feedback_id="f", site_url="https://x", **words
    )
    with pytest.raises(ValueError, match="line break"):
        mime.compile_message(headers, text="t", html="h", placeholders=mime.Placeholders())


def test_names_and_a_subject_pasted_with_line_separators_go_out_as_one_line(smtp_server):
    newsletter = factories.newsletter(name="The\u2028Briefing", from_name="Moon\x0bpress")
    briefing = factories.briefing(newsletter, subject="Six\u2028bridges")
    freeze.send_test(briefing, to=["me@example.com"])
    outbox.send_due()
    parsed = email.message_from_bytes(smtp_server.messages[0].message, policy=policy.default)
    assert parsed["Subject"] == "[Test] Six bridges"
    assert parsed["From"].addresses[0].display_name == "Moon press"
    assert parsed["List-Id"].startswith('"The Briefing"')


def test_a_test_mail_is_marked_and_counts_nothing(smtp_server):
    briefing = factories.briefing(factories.newsletter())
    freeze.send_test(briefing, to=["me@example.com"])
    outbox.send_due()
    parsed = email.message_from_bytes(smtp_server.messages[0].message, policy=policy.default)
    assert parsed["Subject"] == "[Test] Six bridges"
    assert parsed["To"] == "me@example.com"
    assert 'href="https://example.com/a"' in parsed.get_body(("html",)).get_content()
    assert not briefing.deliveries.exists()
    assert not TrackedLink.objects.exists()


SUBJECTS = [
    "🦜" * 60,
    "橋" * 75,
    "Ünbroken" + "x" * 140,
    "👩‍👩‍👧‍👦 " * 17 + "!",
    "Six bridges – and a staircase",
]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_encoded_words_are_short_enough_whatever_the_subject(weekly, subject):
    factories.profile(name="Périgée, die Zeitung für alle, die von Brücken nicht genug bekommen können")
    headers = composition.headers_of(factories.briefing(weekly, subject=subject))
    placeholders = mime.Placeholders()
    raw = mime.compile_message(headers, text="Text", html="<p>Text</p>", placeholders=placeholders)
    head = raw.split(b"\r\n\r\n")[0]
    assert max(map(len, re.findall(rb"=\?[^ ]+\?=", head))) <= 75
    assert all(len(line) <= 78 for line in head.split(b"\r\n") if b"=?" in line)
    parsed = email.message_from_bytes(raw, policy=policy.default)
    assert parsed["Subject"] == subject
    assert parsed["From"].addresses[0].display_name == headers.from_name


def test_a_reply_goes_to_an_internationalised_domain_by_its_ascii_name(weekly):
    factories.profile(contact_email="desk@zeitung-münchen.example")
    headers = composition.headers_of(factories.briefing(weekly))
    raw = mime.compile_message(headers, text="Text", html="<p>Text</p>", placeholders=mime.Placeholders())
    assert b"\r\nReply-To: desk@xn--zeitung-mnchen-osb.example\r\n" in raw.replace(b"<", b"").replace(b">", b"")


def test_what_cannot_be_made_into_a_mail_is_not_approved(weekly):
    factories.subscriptions(weekly, 1)
    briefing = factories.briefing(weekly)
    factories.profile(contact_email="bücher@example.com")
    assert "cannot be made into a mail" in " ".join(approval.problems(briefing))


def test_the_inbox_shows_nothing_of_the_text_after_the_preheader(received):
    before, after = received.html.split("And a staircase", 1)
    padding = after.split("</div>")[0]
    assert len(re.findall("\u034f\u200c(?:\xa0|&nbsp;)", padding)) == 90
    assert "display: none" in before[-400:]


def test_the_word_engine_gets_a_width_and_no_ad_exceeds_its_box(received):
    assert re.search(r"<!--\[if mso\]><table[^>]*width=\"600\"", received.html)
    assert {int(width) for width in re.findall(r'<img[^>]*width="(\d+)"', received.html)} <= {1, 494, 536}


def test_without_a_mailbox_that_is_read_only_a_link_unsubscribes(received):
    assert b"mailto:" not in received.headers


def test_where_the_bounce_address_is_read_a_mail_unsubscribes_too(weekly, smtp_server, settings):
    settings.BOUNCE_ADDRESS = "bounces@news.example"
    subscriber = factories.subscription(weekly).subscriber
    sender.pump(factories.frozen(weekly).pk)
    (message,) = smtp_server.messages
    unfolded = message.message.replace(b"\r\n ", b" ")
    address = re.search(rb"List-Unsubscribe: <[^>]+>, <mailto:([^?]+)\?subject=unsubscribe>\r\n", unfolded)[1].decode()
    assert address == message.sender
    mail = f"From: Ann <ann@example.com>\r\nTo: {address.upper()}\r\nSubject: unsubscribe\r\n\r\n"
    assert bounces.take(mail.encode()) == "left"
    assert subscriber.subscriptions.get().state == "unsubscribed"
