"""Personal words: what stands for them in whose mail, byte for byte; what is wrong with them before anything leaves."""

import email
import re
from email import policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail import mime, personal_words
from newsletter.mail.personal_words import BUILT_IN, Person, first_name
from newsletter.sending import approval, composition, freeze, sender
from tests.newsletter import factories

pytestmark = pytest.mark.django_db

HELLO = 'Hello {{first name, else "reader"}}'

NAMES = {
    "Maria Rossi": "Maria",
    "Rossi, Maria": "Maria",
    "Dr. Ann Lee": "Ann",
    "MARIA ROSSI": "Maria",
    "o'neil": "O'Neil",
    "山田太郎": "山田太郎",
    "Zo\u00eb van Dam": "Zo\u00eb",
    "J. Smith": "",
    "": "",
    "Ma\u202eria\u200b Rossi": "Maria",
    "Ann\r\nBcc: all@example.com": "",
    "Buy at http://spam.example": "",
    "=?utf-8?q?evil?=": "",
    "{{name}}": "",
    "<b>Ann</b>": "",
    "x" * 80: "",
    "A\u0300\u0301\u0302\u0303\u0304nn": "A\u0300\u0301nn",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_first_name_is_one_that_somebody_wants_to_read(name):
    assert first_name(name) == NAMES[name]


@given(st.text(max_size=80))
def test_nothing_that_ends_a_line_or_a_tag_comes_out_of_a_name(name):
    found = first_name(name)
    assert len(found.splitlines()) <= 1
    assert not re.search(r"[<>{}\x00-\x1f\u202a-\u202e]", found)


WRONG = {
    'Hi {{frist name, else "x"}}': "There is no personal word “frist name”. Known: “first name”, “name”.",
    "Hi {{first name}}": "has nothing for those of whom we do not know it",
    'Hi {{first name, else "x"': "is not closed by }}",
    "{{ 7|add:7 }}": "There is no personal word “7|add:7”.",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_with_a_word_is_said_with_its_name(text):
    assert WRONG[text] in " ".join(personal_words.problems(text, BUILT_IN))


@pytest.mark.parametrize("place", ["subject", "preheader", "introduction"])
def test_an_unknown_word_is_not_approved_wherever_it_stands(weekly, place):
    factories.subscription(weekly)
    briefing = factories.briefing(weekly, **{place: 'Dear {{frist name, else "reader"}}'})
    assert "There is no personal word “frist name”" in " ".join(approval.problems(briefing))


def test_a_word_that_is_torn_by_formatting_is_noticed(weekly):
    factories.subscription(weekly)
    briefing = factories.briefing(weekly, items=[{"kind": "text", "html": "<p>Dear {{first <b>nam</b>}}</p>"}])
    assert "There is no personal word “first nam”" in " ".join(approval.problems(briefing))


@pytest.fixture
def received(weekly, smtp_server):
    """What subscribers of these names got, by their addresses."""

    def sent(people, **fields):
        for number, (name, attributes) in enumerate(people):
            address = f"reader{number}@example.com"
            factories.subscriber(address, name=name, attributes=attributes)
            factories.subscription(weekly, address)
        sender.pump(factories.frozen(weekly, **fields).pk)
        return {
            message.recipients[0]: email.message_from_bytes(message.message, policy=policy.default)
            for message in smtp_server.messages
        }

    return sent


def body(message, subtype):
    return message.get_body((subtype,)).get_content()


def test_each_subscriber_is_called_by_name_in_subject_text_and_html(received):
    text = {"kind": "text", "html": '<p>Dear {{first name, else "reader"}}, and “{{name, else "you"}}”.</p>'}
    people = [("Zo\u00eb Müller", {}), ("", {}), ("R&D <Team>", {}), (".NET Fan", {})]
    got = received(people, subject=f"{HELLO}: bridges", preheader=HELLO, items=[text])
    zoe, nobody, odd, dotted = (got[f"reader{number}@example.com"] for number in range(4))
    assert zoe["Subject"] == "Hello Zo\u00eb: bridges"
    assert nobody["Subject"] == "Hello reader: bridges"
    assert "Dear Zo\u00eb, and “Zo\u00eb Müller”." in body(zoe, "plain")
    assert "Dear Zo\u00eb, and “Zo\u00eb Müller”." in body(zoe, "html")
    assert "Dear reader, and “you”." in body(nobody, "plain")
    assert "<Team>" not in body(odd, "html")
    assert "Dear .Net, and “.NET Fan”." in body(dotted, "plain")


def test_a_field_of_the_newsrooms_own_is_a_word_too(received):
    factories.field("Town")
    word = '{{town, else "your town"}}'
    got = received([("Ann", {"town": "Port Vesper"}), ("Bo", {})], introduction=f"Rain in {word}.", subject="Weather")
    assert "Rain in Port Vesper." in body(got["reader0@example.com"], "plain")
    assert "Rain in your town." in body(got["reader1@example.com"], "html")


def test_headers_stay_whole_whatever_the_name(received):
    evil = "Ann\u2028Bcc: all@example.com"
    long = "Žofia-Kristína-Alžbeta-Margaréta-Žofia-Kristína-Alžbeta"
    got = received(
        [(evil, {}), (long, {})], subject=f"{HELLO} – und noch viel mehr Wörter über Brücken, Brücken und Brücken"
    )
    for message in got.values():
        assert message["Bcc"] is None
        raw = message.as_bytes()
        assert raw.count(b"\nSubject:") == 1
    assert got["reader1@example.com"]["Subject"].startswith("Hello Žofia-Kristína")


@given(name=st.text(max_size=60))
def test_a_subject_is_read_as_it_was_merged(name):
    fields = mime.PersonalFields(
        {"words": [{"key": "name", "otherwise": "reader", "kind": "text"}], "subject": ["Hello ", 0, " – bridges"]}
    )
    merged = fields.values(Person(name=name))["subject"]
    assert merged.isascii()
    assert all(line.startswith(b" ") for line in merged.split(b"\r\n")[1:])
    assert max(map(len, re.findall(rb"=\?[^ ]+\?=", merged)), default=0) <= 75
    parsed = email.message_from_bytes(b"Subject: " + merged + b"\r\n\r\n", policy=policy.default)
    assert parsed["Subject"] == f"Hello {personal_words.cleaned(name) or 'reader'} – bridges"


def test_a_test_mail_calls_a_subscriber_by_name_and_others_as_written(weekly, mailoutbox):
    from core.models import OutgoingMail

    factories.subscriber("ann@example.com", name="Ann Lee")
    briefing = factories.briefing(weekly, subject=HELLO)
    freeze.send_test(briefing, to=["ann@example.com", "other@example.com", "ANN@example.com"])
    subjects = dict(OutgoingMail.objects.values_list("recipient", "subject"))
    assert subjects == {"ann@example.com": "[Test] Hello Ann", "other@example.com": "[Test] Hello reader"}


def test_the_archive_tells_nobodys_name(client, weekly):
    briefing = factories.sent(weekly, subject=HELLO, introduction=f"{HELLO}.", delivered=1, opened=0, clicked=0)
    page = client.get(briefing.get_absolute_url()).content.decode()
    assert "Hello reader." in page
    assert "{{" not in page
    assert "<title>Hello reader" in page
    assert "Hello reader" in client.get("/newsletter/archive/").content.decode()
    assert client.get(f"/api/v1/briefings/{briefing.slug}/").json()["subject"] == "Hello reader"


def test_a_message_without_personal_words_asks_the_database_for_nobodys_name(weekly, django_assert_num_queries):
    factories.subscription(weekly)
    briefing = factories.frozen(weekly)
    assert briefing.message.personal == {}
    assert composition.headers_of(briefing).subject == "Six bridges"
