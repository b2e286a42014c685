"""What was disclosed in the same words holds where they are sent again; whatever is new about it is asked."""

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine

from newsletter.models import Briefing
from newsletter.sending import archive_entries, payers, weekly_digests
from newsletter.tasks import sweep_briefings
from sponsors import flags
from sponsors.models import DisclosureEntry, Flag, FlagDecision, Sponsor
from tests.articles import factories as articles
from tests.newsletter import factories
from tests.newsletter.sending import reload, send_what_is_left
from tests.sponsors import factories as ads

pytestmark = pytest.mark.django_db
DUE = datetime(2026, 5, 8, 16, tzinfo=UTC)  # a Friday, 18:00 in Berlin
ITEMS = [{"heading": "Northwind Custody opens in Porto", "text": "A first office.", "url": "https://example.com/a"}]


@pytest.fixture(autouse=True)
def in_the_week():
    with time_machine.travel(DUE - timedelta(days=6), tick=False):
        yield


@pytest.fixture
def weekly():
    return factories.newsletter(
        digest_weekday=4, digest_time=time(18), time_zone="Europe/Berlin", digest_by_itself=True
    )


@pytest.fixture
def editor():
    return articles.user("editor")


@pytest.fixture
def told(weekly, editor):
    """A briefing that names a sponsor, which was disclosed."""
    ads.running()
    made = factories.briefing(weekly, items=ITEMS)
    (flag,) = payers.look_at(made)
    flags.decide(flag, "disclosed", by=editor)
    return made


def verdicts(briefing):
    return [flag.verdict for flag in payers.look_at(briefing)]


def test_a_briefing_that_is_repeated_waits_for_nobody_and_says_by_whom_it_was_decided(weekly, told, editor):
    again = factories.briefing(weekly, items=ITEMS)
    assert payers.problems(again)
    assert verdicts(again) == ["disclosed"]
    assert verdicts(again) == ["disclosed"]
    assert payers.problems(again) == []
    (decision,) = FlagDecision.objects.filter(flag__about=again.pk)
    assert (decision.by, decision.reason) == (editor, f"The same words were disclosed in “{told}”.")


@pytest.mark.parametrize("field", ["heading", "text"])
def test_other_words_around_the_name_or_one_more_place_are_asked(weekly, told, field):
    more = {**ITEMS[0], field: f"{ITEMS[0][field]} Northwind Custody pays."}
    assert verdicts(factories.briefing(weekly, items=[more])) == [None]


def test_a_sponsor_who_is_called_otherwise_is_asked(weekly, told):
    Sponsor.objects.update(name="Northwind")
    assert verdicts(factories.briefing(weekly, items=ITEMS)) == [None]


@pytest.mark.parametrize("verdict", ["held", "not them"])
def test_where_somebody_decided_otherwise_people_are_asked(weekly, told, editor, verdict):
    other = factories.briefing(weekly, items=ITEMS)
    (flag,) = payers.look_at(other)
    flags.decide(flag, verdict, by=editor)
    assert verdicts(factories.briefing(weekly, items=ITEMS)) == [None]


@pytest.mark.parametrize("verdict", ["held", "not them"])
def test_people_are_asked_also_where_the_text_about_which_somebody_decided_otherwise_has_gone(
    weekly, told, editor, verdict
):
    other = factories.briefing(weekly, items=ITEMS)
    (flag,) = payers.look_at(other)
    flags.decide(flag, verdict, by=editor)
    other.items.all().delete()
    assert payers.look_at(other) == []
    assert verdicts(factories.briefing(weekly, items=ITEMS)) == [None]


def test_what_was_said_not_to_be_them_is_asked(weekly, editor):
    ads.running()
    (flag,) = payers.look_at(factories.briefing(weekly, items=ITEMS))
    flags.decide(flag, "not them", by=editor)
    assert verdicts(factories.briefing(weekly, items=ITEMS)) == [None]


def test_a_weekly_digest_goes_out_by_itself_with_what_its_briefings_disclosed(weekly, told, smtp_server):
    factories.subscription(weekly, "dan@example.com", rhythm="digest")
    at = DUE - timedelta(days=2)
    Briefing.objects.filter(pk=told.pk).update(
        state="sent", **dict.fromkeys(["frozen_at", "scheduled_at", "approved_at", "first_sent_at", "sent_at"], at)
    )
    with time_machine.travel(DUE + timedelta(seconds=20), tick=False):
        weekly_digests.make_due()
        digest = Briefing.objects.get(digest_at__isnull=False)
        assert (digest.trouble, digest.preheader) == ("", ITEMS[0]["heading"])
        sweep_briefings()
        send_what_is_left(digest)
        archive_entries.make_missing()
    (mail,) = smtp_server.to("dan@example.com")
    assert b"has paid us for advertising" in mail.message
    assert reload(digest).state == "sent"
    assert DisclosureEntry.objects.filter(decision__flag__about=digest.pk).count() == 1
    assert Flag.objects.open().count() == 0
