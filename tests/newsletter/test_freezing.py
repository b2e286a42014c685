"""Freezing a briefing and finishing it: once, in time, wholly, and paused with the reason where that cannot be."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from articles.models import Snippet
from newsletter.models import (
    Briefing,
    CompiledMessage,
    Delivery,
    MailTemplate,
    Newsletter,
    Segment,
    Subscriber,
    Subscription,
)
from newsletter.sending import approval, freeze, sender
from tests.newsletter import factories
from tests.newsletter.sending import reload, send_what_is_left, states

pytestmark = pytest.mark.django_db


def test_a_briefing_is_frozen_once(weekly):
    factories.subscriptions(weekly, 2)
    briefing = factories.frozen(weekly)
    assert not freeze.freeze(briefing.pk)
    assert states(briefing) == {"pending": 2}


def test_a_second_delivery_to_one_subscriber_cannot_exist(weekly):
    factories.subscriptions(weekly, 1)
    briefing = factories.frozen(weekly)
    with pytest.raises(IntegrityError, match="delivery_once"), transaction.atomic():
        Delivery.objects.create(briefing=briefing, subscriber=Subscriber.objects.get())


def test_a_briefing_whose_counts_do_not_add_up_is_not_sent_but_paused(weekly, smtp_server):
    factories.subscriptions(weekly, 3)
    briefing = factories.frozen(weekly)
    Delivery.objects.filter(subscriber__email="reader0@example.com").delete()
    briefing = send_what_is_left(briefing)
    assert briefing.state == "paused"
    assert "do not add up" in briefing.trouble
    with pytest.raises(IntegrityError, match="briefing_sent_reconciles"), transaction.atomic():
        Briefing.objects.filter(pk=briefing.pk).update(state="sent", sent_at=timezone.now(), delivered=2)


def test_a_briefing_that_cannot_be_frozen_is_paused_with_the_reason_and_holds_up_no_other(weekly):
    factories.subscriptions(weekly, 1)
    broken, fine = factories.approved(weekly), factories.approved(weekly)
    CompiledMessage.objects.create(briefing=broken, data=b"left from somewhere")  # so that freezing cannot make one
    assert freeze.start_due() == [fine.pk]
    assert reload(broken).state == "paused"
    assert "IntegrityError" in reload(broken).trouble


def test_a_briefing_that_cannot_be_sent_is_paused_with_the_reason(weekly, smtp_server):
    factories.subscriptions(weekly, 1)
    briefing = factories.frozen(weekly)
    CompiledMessage.objects.all().delete()
    assert not sender.pump(briefing.pk)
    assert reload(briefing).state == "paused"
    assert "RelatedObjectDoesNotExist" in reload(briefing).trouble
    assert states(briefing) == {"pending": 1}


def test_what_is_scheduled_starts_at_its_time(weekly):
    factories.subscriptions(weekly, 1)
    briefing = factories.briefing(weekly)
    approval.approve(briefing, by=factories.user(), at=timezone.now() + timedelta(hours=3))
    assert freeze.start_due() == []
    with time_machine.travel(timezone.now() + timedelta(hours=3, minutes=1)):
        assert freeze.start_due() == [briefing.pk]


def test_a_schedule_that_is_hours_late_asks_first(weekly):
    factories.subscriptions(weekly, 1)
    briefing = factories.approved(weekly)
    with time_machine.travel(timezone.now() + timedelta(hours=5)):
        assert freeze.start_due() == []
        assert reload(briefing).state == "paused"
        assert "It was due at" in reload(briefing).trouble
        approval.resume(reload(briefing))
        assert freeze.start_due() == [briefing.pk]


def test_what_stopped_being_in_order_after_the_approval_is_not_sent(weekly):
    factories.subscriptions(weekly, 1)
    briefing = factories.approved(weekly)
    factories.profile(postal_address="")
    assert freeze.start_due() == []
    assert "no postal address" in reload(briefing).trouble


def test_a_failed_freeze_leaves_nothing_behind(weekly):
    factories.subscriptions(weekly, 1)
    briefing = factories.approved(weekly)
    with connection.cursor() as cursor:  # the deliveries are the last that it writes
        cursor.execute("ALTER TABLE newsletter_delivery ADD CONSTRAINT refuses_all CHECK (false)")
    with pytest.raises(IntegrityError, match="refuses_all"), transaction.atomic():
        freeze.freeze(briefing.pk)
    assert reload(briefing).state == "approved"
    assert not briefing.links.exists()
    assert not CompiledMessage.objects.exists()
    assert Subscription.objects.count() == 1


def change_an_item(briefing):
    briefing.items.update(text="Seven of them.")


def change_the_footer(briefing):
    MailTemplate.objects.update(footer_html="<p>Other words.</p>")


def change_a_personal_word(briefing):
    Briefing.objects.update(subject='{{name, else "Six bridges"}}')


def change_the_sender(briefing):
    Newsletter.objects.update(from_name="Somebody")


def change_who_gets_it(briefing):
    briefing.segment.conditions.update(value="example.com")


@pytest.mark.parametrize(
    "change", [change_an_item, change_the_footer, change_a_personal_word, change_the_sender, change_who_gets_it]
)
def test_what_was_changed_since_it_was_approved_is_held(weekly, change):
    factories.subscriptions(weekly, 1)
    MailTemplate.objects.create(newsletter=weekly, name="Usual", is_default=True, footer_html="<p>Words.</p>")
    segment = Segment.objects.create(name="Readers")
    segment.conditions.create(test="at_domain", value=".com")
    briefing = factories.approved(weekly, segment=segment, subject='{{first name, else "Six bridges"}}')
    change(briefing)
    assert freeze.start_due() == []
    assert reload(briefing).state == "paused"
    assert "It was changed since it was approved" in reload(briefing).trouble


def test_a_reusable_text_that_is_changed_after_the_approval_goes_out_as_it_is_then(weekly):
    factories.subscriptions(weekly, 1)
    snippet = Snippet.objects.create(kind="text", slug="offer", heading="Offer", html="<p>Ten days.</p>")
    briefing = factories.approved(weekly, items=[{"kind": "snippet", "snippet": snippet}])
    Snippet.objects.update(html="<p>Nine days.</p>")
    assert freeze.start_due() == [briefing.pk]
    assert "Nine days" in briefing.items.get().html
