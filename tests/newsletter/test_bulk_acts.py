"""Acts on many subscribers: who is meant, the question, the batches, what fails, and what can be undone."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from core.bulk_acts import delete_old
from core.models import AuditEntry
from newsletter.models import BulkAct, ConsentAct, Segment, SegmentCondition, Subscriber, SubscriberTag, Tagging
from newsletter.subscribers import bulk_acts, segments, selection, subscriptions, traits
from tests.newsletter import factories

pytestmark = pytest.mark.django_db
HERE = "/admin/newsletter/bulkact/"
LIST = "/admin/newsletter/subscriber/"


@pytest.fixture
def manager(client):
    client.force_login(factories.user("manager@example.com", role="newsletter manager"))
    return client


@pytest.fixture
def readers(weekly):
    factories.subscriptions(weekly, 5)
    return list(Subscriber.objects.order_by("pk"))


def begin(client, kind, query="", **said):
    """The act, found and waiting for a yes."""
    answer = client.post(f"{HERE}new/{kind}/?{query}", said, follow=True)
    assert answer.redirect_chain, answer.context["form"].errors
    row = BulkAct.objects.first()
    if row.state == "collecting":
        assert bulk_acts.ENGINE.run_next()
    return BulkAct.objects.first()


def do(client, kind, query="", **said):
    row = begin(client, kind, query, **said)
    client.post(f"{HERE}{row.pk}/start/")
    assert bulk_acts.ENGINE.run_next()
    row.refresh_from_db()
    return row


def tagged(name="VIP"):
    return sorted(Tagging.objects.filter(tag__name=name).values_list("subscriber", flat=True))


def text(client, row):
    return " ".join(client.get(f"{HERE}{row.pk}/").content.decode().split())


def test_ticked_subscribers_are_acted_on_after_a_question(manager, readers):
    keys = [reader.pk for reader in readers[:2]]
    chosen = manager.post(LIST, {"action": "bulk_tag", "_selected_action": keys})
    row = begin(manager, "tag", chosen["Location"].partition("?")[2], tag="VIP")
    assert (row.state, row.total, tagged()) == ("ready", 2, [])
    assert "Yes, for 2 subscribers" in text(manager, row)
    manager.post(f"{HERE}{row.pk}/start/")
    assert bulk_acts.ENGINE.run_next()
    row.refresh_from_db()
    assert (row.state, row.done, row.changed, tagged()) == ("done", 2, 2, keys)
    assert AuditEntry.objects.get().detail == "2 subscribers: 2 that were ticked"


def test_an_act_on_all_that_the_list_shows_means_those_and_no_others(manager, weekly, readers):
    assert "Act on all that are found" in manager.get(f"{LIST}?q=reader3").content.decode()
    assert (
        "words: reader3; newsletter: Weekly" in manager.get(f"{HERE}new/?q=reader3&list={weekly.pk}").content.decode()
    )
    row = do(manager, "tag", f"q=reader3&list={weekly.pk}", tag="VIP")
    assert (row.total, row.selection, tagged()) == (1, {}, [readers[3].pk])


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"q": "reader1"},
        {"list": "weekly"},
        {"state": "confirmed", "source": "test"},
        {"suppressed__exact": "bounce"},
        {"tag": "VIP"},
        {"field": "Gold"},
        {"segment": "Some"},
        {"segment": "Some", "q": "reader", "tag": "VIP"},
    ],
)
def test_what_is_meant_is_what_the_list_shows(manager, weekly, readers, asked):
    factories.suppression("bounce", "reader4@example.com")
    level = factories.field("Level", "choice", choices="Gold\nSilver")
    traits.set_values(factories.tagged(readers[0], "VIP"), {"level": "Gold"})
    tag, some = SubscriberTag.objects.get(), Segment.objects.create(name="Some")
    SegmentCondition.objects.create(segment=some, test="subscribed", newsletter=weekly)
    segments.count(some)
    rows = {"weekly": weekly.pk, "VIP": tag.pk, "Some": some.pk}
    said = {
        f"field-{level.pk}" if name == "field" else name: str(rows.get(value, value)) for name, value in asked.items()
    }
    shown = [row.pk for row in manager.get(LIST, said).context["cl"].result_list]
    assert sorted(shown) == sorted(selection.meant(said).values_list("pk", flat=True))
    assert shown
    assert len(shown) == 5 or asked


@pytest.mark.parametrize(
    "said",
    [{"list": "99"}, {"tag": "x"}, {"segment": "7"}, {"field-1": "x"}, {"state": "x"}, {"name": "x"}, {"q": "…"}],
)
def test_what_is_not_known_means_nobody(manager, readers, said):
    with pytest.raises(ValidationError):
        selection.meant(said)
    assert "not there any more" in manager.get(f"{HERE}new/tag/", said).content.decode()
    manager.post(f"{HERE}new/tag/?{'&'.join(f'{name}={value}' for name, value in said.items())}", {"tag": "VIP"})
    assert not BulkAct.objects.exists()


def test_a_tag_that_was_gone_meanwhile_widens_nothing(manager, readers):
    factories.tagged(readers[0], "VIP")
    manager.post(f"{HERE}new/tag/?tag={SubscriberTag.objects.get().pk}", {"tag": "new"})
    SubscriberTag.objects.filter(name="VIP").delete()
    bulk_acts.ENGINE.run_next()
    assert (BulkAct.objects.get().state, tagged("new")) == ("failed", [])


def test_tags_are_put_back_as_they_were(manager, readers):
    factories.tagged(readers[0], "VIP")
    row = do(manager, "tag", "q=reader", tag="vip")
    assert (row.done, row.changed, len(tagged())) == (5, 4, 5)
    manager.post(f"{HERE}{row.pk}/undo/")
    assert bulk_acts.ENGINE.run_next()
    row.refresh_from_db()
    assert (row.state, tagged(), row.batches.count()) == ("undone", [readers[0].pk], 0)
    row = do(manager, "untag", "q=reader", tag=SubscriberTag.objects.get().pk)
    assert (row.changed, tagged()) == (1, [])
    manager.post(f"{HERE}{row.pk}/undo/")
    bulk_acts.ENGINE.run_next()
    assert tagged() == [readers[0].pk]


def test_unsubscribing_goes_through_the_ledger_and_says_that_it_is_final(manager, weekly, readers):
    factories.subscription(weekly, "reader0@example.com", state="unsubscribed")
    row = begin(manager, "unsubscribe", "q=reader", newsletter=weekly.pk, reason="ann@example.com asked")
    assert "This cannot be undone" in text(manager, row)
    manager.post(f"{HERE}{row.pk}/start/")
    bulk_acts.ENGINE.run_next()
    row.refresh_from_db()
    assert (row.changed, row.can_undo, weekly.subscriptions.confirmed().count()) == (4, False, 0)
    act = ConsentAct.objects.latest("pk")
    assert (act.act, act.actor, act.by_name, act.note, act.way) == (
        "left",
        "staff",
        "manager@example.com",
        "… asked",
        "bulk act",
    )
    assert manager.post(f"{HERE}{row.pk}/undo/", follow=True).content.count(b"cannot be undone")


def test_suppressing_leaves_those_who_complained_as_they_are(manager, readers):
    factories.suppression("complaint", "reader0@example.com")
    row = do(manager, "suppress", "q=reader", reason="a list that was bought")
    assert (row.total, row.changed) == (5, 4)
    assert sorted(Subscriber.objects.values_list("suppressed", flat=True)) == ["complaint", *["staff"] * 4]


def test_erasing_leaves_no_trace_of_whom_it_was_about(manager, weekly, readers):
    row = do(manager, "erase", "q=reader", reason="The subscriber asked for it.")
    assert (row.changed, row.failed, Subscriber.objects.count(), row.batches.count()) == (5, 0, 0, 0)
    assert set(ConsentAct.objects.values_list("act", flat=True)) == {"erased"}
    assert manager.post(f"{HERE}new/erase/?q=x", {"reason": "why not"}).context["form"].errors


def test_one_that_fails_stops_no_other(manager, weekly, readers):
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE newsletter_suppression ADD CONSTRAINT refused CHECK (digest <> %s)",
            [subscriptions.consent.person(readers[2]).digest],
        )
    row = do(manager, "suppress", "q=reader", reason="x")
    assert (row.state, row.done, row.changed, row.failed) == ("done", 5, 4, 1)
    assert f"Subscriber {readers[2].pk}: IntegrityError" in row.problem
    assert Subscriber.objects.filter(suppressed="staff").count() == 4


def test_one_that_was_broken_off_goes_on_where_it_was(manager, readers):
    row = begin(manager, "tag", "q=reader", tag="VIP")
    first, *_ = readers
    row.batches.all().delete()
    row.batches.create(number=0, keys=[first.pk], changed=[first.pk], is_done=True)
    row.batches.create(number=1, keys=[readers[1].pk, 0])
    BulkAct.objects.update(done=1, changed=1, total=3)
    manager.post(f"{HERE}{row.pk}/start/")
    bulk_acts.ENGINE.run_next()
    row.refresh_from_db()
    assert (row.state, row.done, row.changed, tagged()) == ("done", 3, 2, [readers[1].pk])


def test_it_is_dropped_before_it_starts_or_stopped_while_it_runs(manager, readers):
    row = begin(manager, "tag", "q=reader", tag="VIP")
    manager.post(f"{HERE}{row.pk}/cancel/")
    row.refresh_from_db()
    assert (row.state, manager.post(f"{HERE}{row.pk}/start/").status_code, bulk_acts.ENGINE.run_next()) == (
        "cancelled",
        302,
        False,
    )
    row = begin(manager, "tag", "q=reader", tag="VIP")
    manager.post(f"{HERE}{row.pk}/start/")
    BulkAct.objects.filter(pk=row.pk).claim(limit=1)
    manager.post(f"{HERE}{row.pk}/cancel/")
    BulkAct.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    bulk_acts.ENGINE.run_next()
    row.refresh_from_db()
    assert (row.state, tagged()) == ("cancelled", [])


def test_what_an_act_needs_is_asked_for(manager, readers, weekly):
    for kind, said in {
        "tag": {"tag": "a, b"},
        "untag": {"tag": "99"},
        "unsubscribe": {"reason": "x"},
        "suppress": {"reason": " "},
    }.items():
        page = manager.post(f"{HERE}new/{kind}/?q=reader", said)
        assert page.context["form"].errors, kind
    assert not BulkAct.objects.exists()
    assert manager.get(f"{HERE}new/other/").status_code == 404


@pytest.mark.parametrize("role", ["writer", "editor", "sponsorship manager"])
def test_no_other_role_acts_on_subscribers(client, readers, role):
    row = bulk_acts.begin("tag", by_name="x", keys=[readers[0].pk], tag=SubscriberTag.objects.create(name="VIP"))
    client.force_login(factories.user("somebody@example.com", role=role))
    pages = ["new/", "new/tag/", "new/erase/", f"{row.pk}/"]
    assert {client.get(f"{HERE}{page}").status_code for page in pages} == {403}
    assert {client.post(f"{HERE}{row.pk}/{page}/").status_code for page in ("start", "cancel", "undo")} == {403}


def test_whom_an_act_was_about_is_kept_while_it_can_be_undone(manager, readers):
    row, waiting = do(manager, "tag", "q=reader", tag="VIP"), begin(manager, "tag", "q=reader", tag="VIP")
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        delete_old(BulkAct)
    row.refresh_from_db()
    waiting.refresh_from_db()
    assert (row.can_undo, waiting.state) == (False, "cancelled")
    with time_machine.travel(timezone.now() + timedelta(days=400)):
        delete_old(BulkAct)
    assert not BulkAct.objects.exists()
