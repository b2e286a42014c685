"""Links that answer for whoever reads the letter: theirs in the mail, nobody's on a page, and counted by no briefing."""

import email
import re
from email import policy

import pytest

from newsletter.models import TrackedLink
from newsletter.sending import approval, composition, freeze, plugged, sender
from newsletter.subscribers.subscriptions import reader_of
from tests.newsletter import factories

pytestmark = pytest.mark.django_db
ASKED = f"/blog/{plugged.OF_READER}"


@pytest.fixture
def briefing(weekly):
    said = {"kind": "text", "html": f'<p><a href="{ASKED}">Yes</a> <a href="https://example.com/a">A link</a></p>'}
    return factories.briefing(weekly, items=[said])


def test_in_a_letter_it_says_whose_letter_it_is_and_no_click_on_it_is_counted(weekly, briefing, smtp_server):
    ann = factories.subscription(weekly).subscriber
    approval.approve(briefing, by=factories.user())
    freeze.freeze(briefing.pk)
    sender.pump(briefing.pk)
    (message,) = smtp_server.messages
    parsed = email.message_from_bytes(message.message, policy=policy.default)
    for kind in ("html", "plain"):
        body = parsed.get_body((kind,)).get_content()
        (token,) = re.findall(r"http://localhost:8000/blog/\?letter=([\w.-]+)", body)
        assert reader_of(token) == ann.pk
    assert not TrackedLink.objects.filter(url__contains="/blog/").exists()
    assert TrackedLink.objects.filter(url="https://example.com/a").exists()


def test_on_a_page_it_is_nobody_s(briefing):
    (part,) = composition.web_version(briefing).parts
    assert 'href="http://localhost:8000/blog/"' in part.html


@pytest.mark.parametrize("token", ["", "0", "made-up", "a" * 500, "\x00"])
def test_what_is_no_letter_s_token_is_nobody_s(token):
    assert reader_of(token) is None
