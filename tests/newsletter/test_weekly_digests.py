"""The weekly digest: made by itself, from what its week held, for those who chose it; the others get each briefing."""

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from articles.publishing import unpublish
from newsletter.models import Briefing, ConsentAct, Newsletter, Subscription
from newsletter.sending import approval, composition, drafts, freeze, weekly_digests
from newsletter.subscribers import subscriptions
from newsletter.tasks import sweep_briefings
from tests.newsletter import factories
from tests.newsletter.sending import send_what_is_left
from tests.sponsors import factories as selling

pytestmark = pytest.mark.django_db

DUE = datetime(2026, 5, 8, 16, tzinfo=UTC)  # a Friday, 18:00 in Berlin


@pytest.fixture
def weekly():
    with time_machine.travel(DUE - timedelta(days=6), tick=False):
        return factories.newsletter(digest_weekday=4, digest_time=time(18), time_zone="Europe/Berlin")


@pytest.fixture
def dan(weekly):
    """Somebody who chose the digest."""
    return factories.subscription(weekly, "dan@example.com", rhythm="digest").subscriber


def sent(weekly, *headings, days=2, **fields):
    """A briefing that went out some days before the digest."""
    items = [{"heading": heading, "url": f"https://example.com/{heading}"} for heading in headings]
    at = DUE - timedelta(days=days)
    made = factories.briefing(weekly, items=items, **fields)
    times = dict.fromkeys(["frozen_at", "scheduled_at", "approved_at", "first_sent_at", "sent_at"], at)
    Briefing.objects.filter(pk=made.pk).update(state="sent", **times)
    return made


def make(weekly, *, after=timedelta(seconds=20)):
    with time_machine.travel(DUE + after, tick=False):
        weekly_digests.make_due()
    return Briefing.objects.filter(digest_at__isnull=False).first()


def headings(briefing):
    return [item.heading for item in briefing.items.all()]


def test_it_holds_each_article_of_the_week_once_and_nothing_else(weekly, dan):
    sent(weekly, "too old", days=8)
    sent(weekly, "a", "b", days=4)
    both = sent(weekly, "b", "c", days=1, introduction="Today only.")
    both.items.create(kind="text", heading="A word of the day")
    sent(factories.newsletter(name="Notes", slug="notes", is_default=False), "of another")
    Briefing.objects.filter(pk=sent(weekly, "cancelled").pk).update(state="cancelled")
    digest = make(weekly)
    assert headings(digest) == ["a", "b", "c"]
    assert (digest.state, digest.subject, digest.introduction) == ("draft", "Weekly: the week to 8 May 2026", "")
    assert digest.preheader == "a; b; c"


def test_it_is_made_once_a_week_at_its_time(weekly, dan):
    sent(weekly, "a")
    assert make(weekly, after=timedelta(seconds=-20)) is None
    first = make(weekly)
    assert first.digest_at == DUE
    assert make(weekly, after=timedelta(days=7, seconds=-20)) == first
    Newsletter.objects.update(digest_due_at=DUE)  # as a page of staff that was open meanwhile saves it
    make(weekly)
    assert Briefing.objects.filter(digest_at__isnull=False).count() == 1
    with pytest.raises(IntegrityError, match="briefing_digest_once"), transaction.atomic():
        factories.briefing(weekly, digest_at=DUE)


@pytest.mark.parametrize("missing", ["news", "wish"])
def test_without_news_or_anybody_who_chose_it_there_is_none(weekly, missing):
    if missing == "wish":
        factories.subscription(weekly)
        sent(weekly, "a")
    else:
        factories.subscription(weekly, "dan@example.com", rhythm="digest")
    assert make(weekly) is None
    assert Newsletter.objects.get().digest_due_at == DUE + timedelta(days=7)


def test_what_a_digest_held_does_not_come_again(weekly, dan):
    sent(weekly, "a")
    make(weekly)
    sent(weekly, "b", days=-5)
    make(weekly, after=timedelta(days=7, seconds=20))
    assert [headings(digest) for digest in Briefing.objects.order_by("digest_at").exclude(digest_at=None)] == [
        ["a"],
        ["b"],
    ]


def test_an_article_withdrawn_since_is_left_out_and_one_that_moved_is_linked_where_it_is(weekly, dan):
    with time_machine.travel(DUE - timedelta(days=3), tick=False):
        kept, gone = factories.published("Kept"), factories.published("Withdrawn")
    made = sent(weekly)
    for publication in (kept, gone):
        item = drafts.add_article(made, publication, ordering=10)
        type(item).objects.filter(pk=item.pk).update(
            url="http://localhost:8000/blog/old/" if publication == kept else item.url
        )
    unpublish(gone.article)
    digest = make(weekly)
    assert headings(digest) == ["Kept"]
    assert digest.items.get().url.endswith(kept.get_absolute_url())


def test_it_goes_out_by_itself_where_the_newsletter_is_set_so(weekly, dan, smtp_server):
    Newsletter.objects.update(digest_by_itself=True)
    factories.subscription(weekly, "ann@example.com")
    sent(weekly, "a")
    with time_machine.travel(DUE + timedelta(seconds=20), tick=False):
        sweep_briefings()
        digest = send_what_is_left(Briefing.objects.get(digest_at=DUE))
    assert [message.recipient for message in smtp_server.messages] == ["dan@example.com"]
    assert (digest.state, digest.candidates, digest.approved_by) == ("sent", 1, None)


def test_what_stands_in_its_way_is_said_on_the_draft(client, weekly, dan):
    Newsletter.objects.update(digest_by_itself=True)
    sent(weekly, "a")
    factories.profile(postal_address="")
    digest = make(weekly)
    assert (digest.state, "no postal address" in digest.trouble) == ("draft", True)
    client.force_login(factories.user(role="newsletter manager", is_staff=True))
    assert b"no postal address" in client.get(f"/admin/newsletter/briefing/{digest.pk}/change/").content


def test_one_that_is_hours_late_waits_for_somebody(weekly, dan):
    Newsletter.objects.update(digest_by_itself=True)
    sent(weekly, "a")
    digest = make(weekly, after=timedelta(hours=5))
    assert (digest.state, "was due on 8 May 2026, 16:00 UTC" in digest.trouble) == ("draft", True)


def test_each_briefing_goes_only_to_those_who_chose_each(weekly, dan, smtp_server):
    factories.subscription(weekly, "ann@example.com")
    briefing = factories.briefing(weekly)
    assert approval.audience_size(briefing) == 1
    approval.approve(briefing, by=factories.user())
    freeze.freeze(briefing.pk)
    assert send_what_is_left(briefing).candidates == 1
    assert [message.recipient for message in smtp_server.messages] == ["ann@example.com"]


def test_where_no_digest_is_offered_any_more_everybody_gets_each(weekly, dan, smtp_server):
    weekly.digest_weekday = None
    weekly.save()
    send_what_is_left(factories.frozen(weekly))
    assert [message.recipient for message in smtp_server.messages] == ["dan@example.com"]
    assert Newsletter.objects.get().digest_due_at is None


@pytest.mark.parametrize(("place", "shown"), [("", []), ("-digest", ["Keys that stay yours"])])
def test_it_carries_no_ad_but_one_booked_for_digests(weekly, dan, place, shown):
    with time_machine.travel(DUE - timedelta(days=5), tick=False):
        selling.running(weekly.channel + place, day=DUE.date())
    sent(weekly, "a")
    digest = make(weekly)
    assert [item.heading for item in digest.items.filter(kind="sponsor")] == shown
    assert ("Paid advertisement" in composition.render(digest, composition.plain_links("u", "p")).text) is bool(shown)


def test_the_archive_and_the_next_draft_go_by_the_briefings_alone(client, weekly, dan):
    sent(weekly, "a", subject="Of the day")
    digest = make(weekly)
    Briefing.objects.filter(pk=digest.pk).update(
        state="sent", **dict.fromkeys(["frozen_at", "scheduled_at", "approved_at", "first_sent_at", "sent_at"], DUE)
    )
    for page in ("", "feed.xml"):
        text = client.get(f"/newsletter/archive/{page}").content.decode()
        assert ("Of the day" in text, digest.subject in text) == (True, False)
    assert client.get(digest.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-03-27T12:00", "2026-03-29T01:30"),  # 02:30 is skipped: 03:30 CEST
        ("2026-10-23T12:00", "2026-10-25T00:30"),  # 02:30 comes twice: the first, in CEST
        ("2026-10-25T00:30", "2026-11-01T01:30"),
    ],
)
def test_in_the_nights_when_clocks_are_changed_it_is_due_once(at, due):
    weekly = Newsletter(digest_weekday=6, digest_time=time(2, 30), time_zone="Europe/Berlin")
    at, due = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (at, due))
    assert weekly.digest_after(at) == due


def test_another_time_moves_what_is_due_and_other_changes_do_not(weekly):
    with time_machine.travel(DUE + timedelta(seconds=5), tick=False):
        weekly.description = "Changed while it is due."
        weekly.save()
        assert weekly.digest_due_at == DUE
        weekly.digest_time = time(19)
        weekly.save()
    assert weekly.digest_due_at == DUE + timedelta(hours=1)


def test_it_is_chosen_on_the_page_that_confirms(client, weekly):
    row = factories.subscription(weekly, "new@example.com", state="pending")
    url = f"/newsletter/confirm/{subscriptions.confirm_token(row)}/"
    assert "One digest a week, on Fridays" in client.get(url).content.decode()
    assert client.post(url, {"rhythm": "hourly"}).status_code == 400
    client.post(url, {"rhythm": "digest"})
    assert (Subscription.objects.get().state, Subscription.objects.get().rhythm) == ("confirmed", "digest")
    assert ConsentAct.objects.last().in_words().startswith("Chose the weekly digest of Weekly")


def test_it_is_chosen_and_given_up_on_the_preferences_page(client, weekly):
    ann = factories.subscription(weekly).subscriber
    url = f"/newsletter/preferences/{subscriptions.preferences_token(ann.pk)}/"
    for rhythm in ("digest", "digest", "each"):
        client.post(url, {"newsletters": [weekly.pk], f"rhythm_{weekly.pk}": rhythm})
        assert Subscription.objects.get().rhythm == rhythm
    client.post(url, {"newsletters": [weekly.pk]})
    assert [act.change for act in ConsentAct.objects.filter(act="changed")] == ["digest", "each"]


def test_a_newsletter_without_one_does_not_ask(client):
    row = factories.subscription(factories.newsletter(), state="pending")
    url = f"/newsletter/confirm/{subscriptions.confirm_token(row)}/"
    assert "digest" not in client.get(url).content.decode()
    client.post(url, {"rhythm": "digest"})
    assert Subscription.objects.get().rhythm == "each"


def test_no_other_newsletter_has_its_ads_where_a_digest_has_them(weekly):
    taken = Newsletter(name="Other", slug="weekly-digest")
    with pytest.raises(ValidationError, match="Under “weekly-digest” sponsors book the weekly digest of Weekly"):
        taken.full_clean()
    with pytest.raises(IntegrityError, match="called as the digest of another"), transaction.atomic():
        taken.save()
    weekly.slug = "weekly-notes"
    weekly.save()
    taken.save()
    with pytest.raises(ValidationError, match="sponsors book the weekly digest of Third"):
        Newsletter(name="Third", slug="weekly").full_clean()
