"""When an approved briefing leaves: time to take it back, another time without a new approval, and who may approve."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from core.transitions import TransitionRefused
from newsletter.models import Briefing, BriefingItem
from newsletter.sending import approval, freeze
from tests.newsletter import factories
from tests.newsletter.sending import reload

pytestmark = pytest.mark.django_db

DESK = "/admin/newsletter/briefing/"


@pytest.fixture
def berlin():
    """A newsletter with a zone of its own, 30 seconds to take a briefing back, and two subscribers."""
    made = factories.newsletter(time_zone="Europe/Berlin", undo_seconds=30)
    factories.subscriptions(made, 2)
    return made


@pytest.fixture
def editor(client):
    client.force_login(factories.user("eve@example.com", role="editor"))
    return client


def post(client, briefing, page, **data):
    return client.post(f"{DESK}{briefing.pk}/{page}/", data, follow=True).content.decode()


def test_no_letter_leaves_before_there_was_time_to_take_it_back(berlin):
    briefing = factories.approved(berlin)
    assert freeze.start_due() == []
    with time_machine.travel(timezone.now() + timedelta(seconds=29)):
        assert freeze.start_due() == []
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert freeze.start_due() == [briefing.pk]


def test_it_is_taken_back_by_a_button_and_is_a_draft_again(berlin, editor):
    briefing = factories.approved(berlin)
    page = editor.get(f"{DESK}{briefing.pk}/progress/").content.decode()
    assert "The first letter leaves in 2" in page
    assert '<button class="button default" name="decision" value="withdraw">Take it back</button>' in page
    assert "Taken back: it will not be sent" in post(editor, briefing, "decide", decision="withdraw")
    assert (reload(briefing).state, reload(briefing).scheduled_at) == ("draft", None)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert freeze.start_due() == []


def test_what_has_begun_cannot_be_taken_back_any_more(berlin, editor):
    briefing = factories.frozen(berlin)
    assert "is sending, so it cannot be taken back" in post(editor, briefing, "decide", decision="withdraw")
    assert reload(briefing).state == "sending"


def test_a_time_ahead_is_kept_and_a_nearer_one_leaves_room_to_take_it_back(berlin):
    later = timezone.now() + timedelta(hours=5)
    briefing = factories.briefing(berlin)
    approval.approve(briefing, by=factories.user(), at=later)
    assert briefing.scheduled_at == later
    approval.reschedule(briefing, at=timezone.now() + timedelta(seconds=2))
    assert timedelta(seconds=25) < briefing.scheduled_at - timezone.now() < timedelta(seconds=31)


def test_what_goes_by_itself_waits_for_nobody(berlin):
    briefing = factories.briefing(berlin)
    approval.approve(briefing)
    assert freeze.start_due() == [briefing.pk]


def test_the_time_is_given_in_the_newsletters_zone_whatever_the_editors_is(berlin, editor):
    briefing = factories.briefing(berlin)
    factories.user("eve@example.com").__class__.objects.update(time_zone="America/New_York")
    assert "Europe/Berlin" in editor.get(f"{DESK}{briefing.pk}/approve/").content.decode()
    said = post(editor, briefing, "approve", when="2031-01-06T08:00", seen=approval.seen(briefing))
    assert reload(briefing).scheduled_at == datetime(2031, 1, 6, 7, tzinfo=UTC)
    assert "6 January 2031, 08:00 CET" in said


def test_the_time_is_changed_and_the_approval_stands(berlin, editor):
    briefing = factories.briefing(berlin)
    by = factories.user()
    approval.approve(briefing, by=by, at=timezone.now() + timedelta(days=2))
    before = reload(briefing)
    page = editor.get(f"{DESK}{briefing.pk}/progress/").content.decode()
    assert "Another time" in page
    said = post(editor, briefing, "schedule", when="2031-01-06T08:00", was=before.scheduled_at.isoformat())
    assert "The approval stands" in said
    after = reload(briefing)
    assert after.scheduled_at == datetime(2031, 1, 6, 7, tzinfo=UTC)
    assert (after.state, after.approved_by, after.approved_at) == ("approved", by, before.approved_at)


@pytest.mark.parametrize(
    ("data", "words", "at"),
    [
        ({"when": "2027-03-28T02:30"}, "never show 02:30", None),
        ({"when": "2027-10-31T02:30"}, "show 02:30 twice", None),
        ({"when": "2027-10-31T02:30", "when_turn": "0"}, "CEST", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        ({"when": "2027-10-31T02:30", "when_turn": "1"}, "CET", datetime(2027, 10, 31, 1, 30, tzinfo=UTC)),
        ({"when": "2027-03-28T03:00"}, "CEST", datetime(2027, 3, 28, 1, tzinfo=UTC)),
        ({"when": "yesterday"}, "Write a date and a time", None),
        ({"when": "2020-01-01T00:00"}, "has passed already", None),
    ],
)
def test_the_nights_on_which_clocks_change_and_times_that_cannot_be(berlin, editor, data, words, at):
    briefing = factories.briefing(berlin)
    approval.approve(briefing, by=factories.user(), at=timezone.now() + timedelta(days=2))
    before = briefing.scheduled_at
    assert words in post(editor, briefing, "schedule", **data)
    assert reload(briefing).scheduled_at == (at or before)


def test_a_time_somebody_else_has_changed_meanwhile_is_not_overwritten(berlin, editor):
    briefing = factories.briefing(berlin)
    approval.approve(briefing, by=factories.user(), at=timezone.now() + timedelta(days=2))
    was = briefing.scheduled_at.isoformat()
    approval.reschedule(briefing, at=timezone.now() + timedelta(days=3))
    said = post(editor, briefing, "schedule", when="2031-01-06T08:00", was=was)
    assert "Somebody set another time meanwhile" in said
    assert reload(briefing).scheduled_at == briefing.scheduled_at


def test_no_time_is_given_to_what_was_sent_or_has_changed_since(berlin):
    briefing = factories.approved(berlin)
    BriefingItem.objects.update(heading="Other words")
    with pytest.raises(ValidationError, match="changed since it was approved"):
        approval.reschedule(briefing, at=timezone.now() + timedelta(days=1))
    with pytest.raises(TransitionRefused, match="is sending, so its time cannot be changed"):
        approval.reschedule(factories.frozen(berlin), at=timezone.now() + timedelta(days=1))


def test_what_was_paused_before_it_began_can_be_made_a_draft_and_nothing_later(berlin, editor):
    briefing = factories.approved(berlin)
    factories.profile(postal_address="")
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        freeze.start_due()
    assert reload(briefing).state == "paused"
    assert "Back to draft" in editor.get(f"{DESK}{briefing.pk}/progress/").content.decode()
    approval.withdraw(briefing)
    assert reload(briefing).state == "draft"
    factories.profile()
    begun = factories.frozen(berlin)
    approval.pause(begun)
    with pytest.raises(TransitionRefused, match="paused"):
        approval.withdraw(begun)


def test_whoever_changed_it_last_does_not_approve_it_where_the_newsletter_says_so(berlin, editor, client):
    berlin.approved_by_another = True
    berlin.save()
    editor.post(f"{DESK}compose/", {"newsletter": berlin.pk, "issue_date": "2026-12-01"})
    briefing = Briefing.objects.get()
    factories.profile()
    Briefing.objects.update(introduction="Good morning.", subject="Six bridges", preheader="And a staircase")
    seen = approval.seen(briefing)
    assert "are approved by somebody else" in post(editor, briefing, "approve", seen=seen)
    assert reload(briefing).state == "draft"
    client.force_login(factories.user("bob@example.com", role="editor"))
    post(client, briefing, "approve", seen=seen)
    assert (reload(briefing).state, reload(briefing).approved_by.email) == ("approved", "bob@example.com")


def test_a_save_that_changes_nothing_makes_nobody_its_writer(berlin, editor):
    from tests.newsletter.test_desk import form_of

    briefing = factories.briefing(berlin)
    data = form_of(briefing)
    editor.post(f"{DESK}{briefing.pk}/change/", data)
    assert reload(briefing).edited_by is None
    editor.post(f"{DESK}{briefing.pk}/change/", data | {"subject": "Other words"})
    assert reload(briefing).edited_by.email == "eve@example.com"
