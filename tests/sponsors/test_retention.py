"""Advertising forgets in time what it knows of persons; what was clicked and sold stays."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from core import retention
from sponsors import clicks, verdicts
from sponsors import retention as keeping
from sponsors.models import AdEvent, Booking, BuyerVisit, Sponsor
from sponsors.verdicts import COUNTED_FOR, LAST_VERDICTS
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


def ago(time):
    return timezone.now() - time - timedelta(seconds=1)


def clicked(sold, at, nonce):
    return clicks.record_click(claim_id=sold.claims.get().pk, nonce=nonce, at=at, network="198.51.100.7")


def test_origins_of_clicks_go_at_one_time_when_their_verdicts_are_final_and_the_clicks_stay(client, time_machine):
    sold = factories.running()
    event = clicked(sold, timezone.now(), "reader")
    factories.wait(time_machine, days=5)
    clicked(sold, timezone.now(), "reader")
    client.get(sold.portal_path)
    for days, went in ((26, 0), (1, 0), (1, 2)):
        factories.wait(time_machine, days=days)
        assert retention.purge_expired()["origins of clicks on ads"] == went
        verdicts.judge_all()
        assert set(AdEvent.objects.values_list("reason", flat=True)) == {"", "repeat"}
        assert BuyerVisit.objects.exists()
    assert set(AdEvent.objects.values_list("nonce", "ip_prefix")) == {("", "")}
    factories.wait(time_machine, days=5)
    retention.purge_expired()
    assert not BuyerVisit.objects.exists()
    with pytest.raises(IntegrityError, match="is final"), transaction.atomic():
        AdEvent.objects.filter(pk=event.pk).update(reason="repeat")


def test_an_origin_can_be_emptied_and_not_be_changed():
    event = clicked(factories.running(), timezone.now(), "n")
    for origin in ("nonce", "ip_prefix", "place", "agent"):
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            AdEvent.objects.filter(pk=event.pk).update(**{origin: "other"})
    assert AdEvent.objects.filter(pk=event.pk).update(ip_prefix="", nonce="") == 1


def test_every_other_column_of_a_click_is_frozen():
    (frozen,) = [trigger for trigger in AdEvent._meta.triggers if trigger.name == "frozen"]
    looser = {"id", "ip_prefix", "nonce", "place", "agent", "reason"}
    others = {field.column for field in AdEvent._meta.concrete_fields} - looser
    condition = frozen.condition.resolve(AdEvent)
    assert {column for column in others if f'OLD."{column}"' in condition} == others


def test_origins_are_kept_for_as_long_as_clicks_count_at_least():
    assert keeping.ORIGINS_KEPT_FOR == timedelta(days=settings.AD_ORIGINS_DAYS) > COUNTED_FOR + LAST_VERDICTS
    assert timedelta(days=settings.DEAD_BOOKINGS_DAYS) == keeping.DEAD_BOOKINGS_KEPT_FOR


@pytest.mark.parametrize("state", ["cancelled", "expired"])
def test_contacts_of_dead_bookings_go(state):
    sold = factories.held()
    sold.claims.update(state="released")
    Booking.objects.filter(pk=sold.pk).update(
        state=state, decided_at=ago(keeping.DEAD_BOOKINGS_KEPT_FOR), message="Call me.", contact_email="a@example.com"
    )
    assert retention.purge_expired()["contacts of bookings"] == 1
    sold.refresh_from_db()
    assert (sold.contact_email, sold.message) == ("", "")


def test_contacts_of_bookings_that_stand_are_kept_for_ten_years():
    sold = factories.running()
    Booking.objects.update(decided_at=ago(keeping.DEAD_BOOKINGS_KEPT_FOR))
    assert retention.purge_expired()["contacts of bookings"] == 0
    Booking.objects.update(requested_at=ago(keeping.RECORDS_KEPT_FOR))
    Sponsor.objects.update(created_at=ago(keeping.RECORDS_KEPT_FOR), contact_email="a@example.com")
    went = retention.purge_expired()
    assert (went["contacts of bookings"], went["contacts of sponsors"]) == (1, 1)
    sold.refresh_from_db()
    assert sold.contact_email == ""
