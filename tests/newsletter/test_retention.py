"""The newsletter forgets in time, and wholly where somebody asks for it."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from core import retention
from core.models import OutgoingMail
from newsletter import retention as keeping
from newsletter.models import Briefing, Delivery, Hit, Subscriber, Subscription, Suppression
from newsletter.sending import deliveries
from newsletter.subscribers import subscriptions
from tests.newsletter import factories

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def ago(time):
    return timezone.now() - time - SECOND


def hit(of, at, **fields):
    return Hit.objects.create(
        delivery=of, kind="open", verdict="valid", at=at, network="192.0.2.0/24", user_agent="Firefox", **fields
    )


def test_sign_ups_never_confirmed_go_with_their_address(weekly):
    factories.subscription(weekly, "old@example.com", state="pending", since=ago(keeping.SIGN_UPS_KEPT_FOR))
    factories.subscription(weekly, "new@example.com", state="pending")
    Subscriber.objects.filter(email="old@example.com").update(created_at=ago(keeping.SIGN_UPS_KEPT_FOR))
    retention.purge_expired()
    assert list(Subscription.objects.values_list("subscriber__email", flat=True)) == ["new@example.com"]
    assert list(Subscriber.objects.values_list("email", flat=True)) == ["new@example.com"]


def test_those_who_left_long_ago_go_and_no_import_brings_them_back(weekly):
    left = ago(keeping.LEFT_KEPT_FOR)
    factories.subscription(weekly, state="unsubscribed", unsubscribed_at=left)
    Subscriber.objects.update(created_at=left)
    retention.purge_expired()
    assert not Subscriber.objects.exists()
    assert Suppression.objects.get().digest == Suppression.digest_of("ann@example.com")


def test_those_on_another_list_stay_and_are_not_suppressed(weekly):
    notes = factories.newsletter(name="Notes", slug="notes", is_default=False)
    factories.subscription(weekly, state="unsubscribed", unsubscribed_at=ago(keeping.LEFT_KEPT_FOR))
    factories.subscription(notes)
    retention.purge_expired()
    assert Subscription.objects.get().newsletter == notes
    assert not Suppression.objects.exists()


def test_networks_of_consent_go_and_its_time_and_words_stay(weekly):
    old = ago(keeping.EVIDENCE_KEPT_FOR)
    factories.subscription(
        weekly, since=old, confirmed_at=old, requested_from="192.0.2.0/24", consent_text="Send me this."
    )
    factories.subscription(weekly, "new@example.com", requested_from="192.0.2.0/24")
    assert retention.purge_expired()["networks of consent"] == 1
    kept = Subscription.objects.get(subscriber__email="ann@example.com")
    assert (kept.requested_from, kept.confirmed_at, kept.consent_text) == ("", old, "Send me this.")


def test_networks_and_browsers_of_readers_go_and_the_counts_stay(weekly):
    delivery = Delivery.objects.create(briefing=factories.sent(weekly, opened=0, clicked=0))
    hit(delivery, ago(keeping.ORIGINS_KEPT_FOR))
    assert retention.purge_expired()["networks and browsers of readers"] == 1
    kept = Hit.objects.get()
    assert (kept.network, kept.user_agent, kept.verdict) == ("", "", "valid")


def test_networks_of_late_hits_are_kept_for_their_time(weekly):
    delivery = Delivery.objects.create(briefing=factories.sent(weekly, opened=0, clicked=0))
    hit(delivery, timezone.now())
    assert retention.purge_expired()["networks and browsers of readers"] == 0
    assert Hit.objects.get().network == "192.0.2.0/24"


def test_who_read_what_is_forgotten_after_thirteen_months(weekly):
    ann = factories.subscription(weekly).subscriber
    old = factories.sent(weekly, days_ago=keeping.READING_KEPT_FOR.days + 1, opened=0, clicked=0)
    late = factories.sent(weekly, days_ago=1, opened=0, clicked=0)
    for briefing in (old, late):
        Delivery.objects.create(briefing=briefing, subscriber=ann, note="550 no")
    assert retention.purge_expired()["who read what"] == 1
    assert list(Delivery.objects.order_by("id").values_list("subscriber", "note")) == [
        (None, ""),
        (ann.pk, "550 no"),
    ]


def test_a_row_that_the_database_keeps_stops_no_other(weekly):
    for name in ("ann", "bob", "eve"):
        address = f"{name}@example.com"
        factories.subscription(weekly, address, state="pending", since=ago(keeping.SIGN_UPS_KEPT_FOR))
    kept = Subscription.objects.get(subscriber__email="bob@example.com")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE keeper (id bigint REFERENCES newsletter_subscription NOT DEFERRABLE)")
        cursor.execute("INSERT INTO keeper VALUES (%s)", [kept.pk])
    with pytest.raises(ExceptionGroup, match=r"1 rows of newsletter\.Subscription"):
        keeping.delete_unconfirmed()
    assert list(Subscription.objects.all()) == [kept]


def test_one_briefing_whose_readers_cannot_be_forgotten_stops_no_other(weekly):
    factories.subscriptions(weekly, 1)
    kept, other = factories.frozen(weekly), factories.frozen(weekly)
    for briefing in (kept, other):
        briefing.deliveries.update(state="skipped")
        type(briefing).objects.filter(pk=briefing.pk).update(state="cancelled", frozen_at=ago(keeping.READING_KEPT_FOR))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        rule = "CHECK (subscriber_id IS NOT NULL OR briefing_id <> %s) NOT VALID"
        cursor.execute(f"ALTER TABLE newsletter_delivery ADD CONSTRAINT keeper {rule}", [kept.pk])
    with pytest.raises(ExceptionGroup):
        keeping.forget_readers()
    assert kept.deliveries.get().subscriber is not None
    assert other.deliveries.get().subscriber is None


def test_expired_sessions_and_the_old_log_of_the_admin_go():
    for days in (-1, 1):
        Session.objects.create(session_key=str(days), expire_date=timezone.now() + timedelta(days=days))
    log(ago(retention.ADMIN_LOG_KEPT_FOR)), log(timezone.now())
    went = retention.purge_expired()
    assert (went["sessions"], went["admin log"]) == (1, 1)
    assert Session.objects.get().session_key == "1"


def log(at, text="something", subject=Subscriber, key=1):
    return LogEntry.objects.create(
        user=factories.user(),
        content_type=ContentType.objects.get_for_model(subject),
        object_id=str(key),
        object_repr=text,
        action_flag=CHANGE,
        action_time=at,
        change_message="Changed e-mail.",
    )


def places_of(address):
    """Every table and column in which an address stands, in whatever case and type."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying', 'bytea', 'json', 'jsonb', 'ARRAY')"
        )
        found = []
        for table, column, kind in cursor.fetchall():
            text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {text} ILIKE %s', [f"%{address}%"])
            if cursor.fetchone()[0]:
                found.append(f"{table}.{column}")
    return found


def test_erasure_leaves_the_address_nowhere(weekly, client):
    factories.sign_up(email="Ann@Example.com", newsletter=weekly, source="form", ip="192.0.2.7")
    ann = Subscriber.objects.get()
    factories.subscription(weekly, "bob@example.com")
    briefing = factories.frozen(weekly)
    OutgoingMail.objects.create(
        kind="surveys.ballot", recipient="ann@example.com", subject="x", message=b"ann@example.com"
    )
    Delivery.objects.create(briefing=briefing, subscriber=ann, state="failed", note="550 <ann@example.com> unknown")
    factories.suppression("bounce", "ann@example.com", note="ann@example.com")
    log(timezone.now(), text="Ann@example.com on Weekly")
    assert {"newsletter_delivery.note", "django_admin_log.object_repr", "core_outgoingmail.message"} <= set(
        places_of("ann@example.com")
    )
    client.post(f"/newsletter/data/{subscriptions.data_token(ann.pk)}/erase/")
    assert places_of("ann@example.com") == []
    assert deliveries.counts_of(briefing)["failed"] == 1


def test_mail_to_an_account_of_the_staff_outlasts_an_erasure(weekly):
    factories.sign_up(email="ann@example.com", newsletter=weekly, source="form")
    OutgoingMail.objects.create(kind="core.password_reset", recipient="ann@example.com", subject="x", message=b"x")
    subscriptions.erase(Subscriber.objects.get())
    assert OutgoingMail.objects.get().kind == "core.password_reset"


def test_an_answer_that_comes_after_an_erasure_is_not_kept(weekly):
    factories.subscription(weekly)
    briefing = factories.frozen(weekly)
    Briefing.objects.filter(pk=briefing.pk).update(state="sending")
    queue = deliveries.DeliveryQueue(briefing)
    (claimed,) = queue.record_and_claim([], wanted=1)
    subscriptions.erase(Subscriber.objects.get())
    outcome = deliveries.Outcome(deliveries.Status.REFUSED, "550 ann is unknown")
    queue.record_and_claim([(claimed.delivery_id, outcome)], wanted=0)
    assert (Delivery.objects.get().state, Delivery.objects.get().note) == ("failed", "")
