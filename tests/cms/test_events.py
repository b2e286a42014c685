"""Webhooks are told of every part, and of no address."""

import pytest
from django.utils import timezone

from core import webhooks
from core.lib import clock
from core.models import OutgoingRequest, Webhook
from newsletter.sending import deliveries
from newsletter.subscribers import consent, subscriptions
from sponsors import booking
from sponsors.models import Payment, PlacementKind
from sponsors.money import ledger
from surveys import seasons
from tests.articles import factories as articles
from tests.newsletter import factories as newsletters
from tests.sponsors import factories as sponsors
from tests.surveys import factories as surveys

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(db):
    """The types of the events that were told so far, with what they hold; it forgets them."""
    Webhook.objects.create(name="all", url="https://example.com/", events=list(webhooks.EVENTS))

    def so_far():
        bodies = [row.body for row in OutgoingRequest.objects.filter(webhook__isnull=False).order_by("pk")]
        OutgoingRequest.objects.all().delete()
        assert "@" not in str(bodies)
        return [body["type"] for body in bodies], bodies

    return so_far


def test_acts_of_subscribers_are_told_by_number_and_imports_are_not(told):
    weekly = newsletters.newsletter()
    row = newsletters.subscription(weekly)
    subscriptions.unsubscribe(subscriber_id=row.subscriber_id, newsletter_id=weekly.pk, by="link")
    newsletters.suppression("bounce")
    person = consent.person(row.subscriber)
    consent.record(
        consent.NewAct(person, "imported", "import", weekly.pk), consent.NewAct(person, "left", "import", weekly.pk)
    )
    names, bodies = told()
    assert names == [f"subscriber.{step}" for step in ("subscribed", "confirmed", "left", "bounced")]
    assert bodies[0]["data"] == {"subscriber": row.subscriber_id, "newsletter": "weekly"}


def test_a_briefing_that_has_gone_out_is_told_once(told):
    weekly = newsletters.newsletter()
    newsletters.subscription(weekly)
    briefing = newsletters.frozen(weekly)
    told()
    briefing.deliveries.update(state="sent", sent_at=timezone.now())
    type(briefing).objects.filter(pk=briefing.pk).update(state="sending")
    for _ in range(2):
        briefing.refresh_from_db()
        deliveries.reconcile(briefing.pk)
    assert told()[0] == ["briefing.sent"]


def test_the_phases_of_a_season_are_told(told):
    season = surveys.draft_season()
    seasons.open_nominations(season)
    seasons.close_nominations(season)
    seasons.open_voting(season)
    names, bodies = told()
    assert names == ["season.nominating", "season.shortlisting", "season.voting"]
    assert bodies[-1]["data"]["season"]["slug"] == season.slug


def test_bookings_are_told_without_whom_we_write_to(told):
    held = sponsors.held()
    booking.confirm(held, by=articles.user("sponsorship manager"))
    booking.cancel(held, by=None, reason="x")
    names, bodies = told()
    assert names[-2:] == ["booking.confirmed", "booking.cancelled"]
    assert bodies[-1]["data"]["booking"]["company"] == held.company
    sponsors.seller()
    owing = sponsors.invoiced(sponsors.package({PlacementKind.objects.get(): 1}, tier="silver"), start=sponsors.soon(5))
    told()
    half = ledger.balance(owing) / 2
    paid = {"booking": owing, "amount": half, "currency": owing.currency, "paid_on": clock.utc_day()}
    said = []
    for number in range(3):
        ledger.enter(Payment.objects.create(provider_ref=f"bank {number}", **paid))
        said.append(told()[0])
    assert said == [[], ["booking.paid"], []], "once, when nothing is owed"
