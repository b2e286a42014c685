"""What staff do about one subscriber: by whom, with what reason, and what the ledger says of it."""

import pytest

from core.lib.roles import ROLES
from newsletter.models import ConsentAct, Delivery, Hit, Subscriber, Suppression
from tests.newsletter import factories

pytestmark = pytest.mark.django_db

NAMES = ["unsubscribe", "correct", "suppress", "lift", "erase"]


@pytest.fixture
def manager(client):
    client.force_login(factories.user("manager@example.com", role="newsletter manager"))
    return client


def address(person, name=""):
    return f"/admin/newsletter/subscriber/{person.pk}/" + (f"act/{name}/" if name else "change/")


def does(client, person, name, **fields):
    fields = {"reason": "asked by phone"} | fields
    return client.post(address(person, name), fields, follow=True)


def last_act():
    act = ConsentAct.objects.latest("pk")
    return act.act, act.actor, act.by_name, act.note


@pytest.mark.parametrize("role", sorted({*ROLES} - {"newsletter manager", "administrator"}))
def test_other_roles_can_do_nothing_about_a_subscriber(client, ann, role):
    factories.suppression("bounce")
    client.force_login(factories.user("other@example.com", role=role))
    assert {client.post(address(ann, name), {"reason": "x"}).status_code for name in NAMES} == {403}


def test_asking_changes_nothing_and_the_page_offers_what_applies(manager, ann):
    before = ConsentAct.objects.count()
    page = manager.get(address(ann)).content.decode()
    assert [name for name in NAMES if f"/act/{name}/" in page] == ["unsubscribe", "correct", "suppress", "erase"]
    assert {manager.get(address(ann, name)).status_code for name in NAMES} == {200, 302}
    assert ConsentAct.objects.count() == before


@pytest.mark.parametrize("reason", ["", " ", "\u200b"])
@pytest.mark.parametrize("name", ["unsubscribe", "correct", "suppress", "erase"])
def test_no_act_goes_without_a_reason(manager, ann, weekly, name, reason):
    before = ConsentAct.objects.count()
    does(manager, ann, name, reason=reason, newsletter=weekly.pk, address="new@example.com")
    assert ConsentAct.objects.count() == before
    assert Subscriber.objects.get().email == "ann@example.com"


def test_staff_unsubscribe_with_a_reason(manager, ann, weekly):
    does(manager, ann, "unsubscribe", newsletter=weekly.pk)
    assert ann.subscriptions.get().state == "unsubscribed"
    assert last_act() == ("left", "staff", "manager@example.com", "asked by phone")


def test_staff_suppress_and_lift_with_a_reason(manager, ann):
    does(manager, ann, "suppress")
    assert Subscriber.objects.get().suppressed == Suppression.objects.get().reason == "staff"
    does(manager, ann, "lift", reason="wrote again")
    assert Subscriber.objects.get().suppressed == ""
    assert last_act() == ("lifted", "staff", "manager@example.com", "wrote again")


def test_who_lifts_what_follows_from_a_complaint_is_warned(manager, ann):
    lift = f"/admin/newsletter/subscriber/{ann.pk}/act/lift/"
    factories.suppression("bounce", ann.email)
    assert b"reported our mail as spam." not in manager.get(lift).content
    factories.suppression("complaint", ann.email)
    assert b"They reported our mail as spam. Write to them again only if they asked for it" in manager.get(lift).content


def test_an_erasure_leaves_its_reason_and_no_word_of_anybody(manager, ann):
    does(manager, ann, "erase", reason="ann@example.com begged for it")
    assert Subscriber.objects.exists()
    does(manager, ann, "erase", reason="The subscriber asked for it.")
    assert not Subscriber.objects.exists()
    assert ConsentAct.objects.count() == 1
    assert last_act() == ("erased", "staff", "manager@example.com", "The subscriber asked for it.")


def test_a_mistyped_address_is_corrected_and_its_bounce_stays_behind(manager, ann):
    factories.suppression("bounce")
    does(manager, ann, "correct", address="Anna@Example.com")
    ann.refresh_from_db()
    assert (ann.email, ann.canonical, ann.suppressed) == ("Anna@example.com", "anna@example.com", "")
    assert ann.subscriptions.get().state == "confirmed"
    assert last_act() == ("changed", "staff", "manager@example.com", "asked by phone")
    assert Suppression.objects.get().digest == Suppression.digest_of("ann@example.com")


@pytest.mark.parametrize("taken", ["known@example.com", "angry@example.com", "no address", "x@y"])
def test_an_address_is_not_corrected_into_one_that_is_taken_said_no_or_is_none(manager, ann, taken):
    factories.subscriber("known@example.com")
    factories.suppression("complaint", "angry@example.com")
    page = does(manager, ann, "correct", address=taken)
    assert b"errornote" in page.content or b"errorlist" in page.content
    assert Subscriber.objects.get(pk=ann.pk).email == "ann@example.com"


def test_who_complained_is_written_to_at_no_other_address(manager, ann):
    factories.suppression("complaint")
    does(manager, ann, "correct", address="anna@example.com")
    assert Subscriber.objects.get().email == "ann@example.com"


def test_the_page_shows_the_newest_briefings_and_what_a_person_did_with_them(manager, ann, weekly):
    assert b"None yet." in manager.get(address(ann)).content
    briefing = factories.briefing(weekly, subject="Issue one")
    delivery = Delivery.objects.create(briefing=briefing, subscriber=ann)
    Hit.objects.create(delivery=delivery, kind="open", verdict="machine", reason="proxy")
    assert b"Issue one, pending</li>" in manager.get(address(ann)).content
    Hit.objects.create(delivery=delivery, kind="open", verdict="valid")
    assert b"Issue one, pending, opened</li>" in manager.get(address(ann)).content
