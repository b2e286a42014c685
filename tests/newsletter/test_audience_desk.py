"""Subscribers and suppressions at the desk: how they are found, and narrowed."""

import pytest

from newsletter.models import Subscriber, Suppression
from tests.newsletter import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(weekly):
    factories.subscriptions(weekly, 2)


def test_a_subscriber_is_found_by_the_beginning_of_the_address(client, two):
    factories.sign_in(client, "newsletter manager")
    page = client.get("/admin/newsletter/subscriber/", {"q": "READER1@"}).content
    assert b"reader1@example.com" in page
    assert b"reader0@example.com" not in page
    person = Subscriber.objects.get(email="reader1@example.com")
    assert b"confirmed" in client.get(f"/admin/newsletter/subscriber/{person.pk}/change/").content


FOUND_BY = [
    "maria",
    "rossi",
    "ROSSI@",
    "@mail.paper.example",
    "paper",
    "maria.rossi@mail.paper.example",
    "Lund",
    "maria lund",
]


def found(client, **asked):
    return [row.email for row in client.get("/admin/newsletter/subscriber/", asked).context["cl"].result_list]


@pytest.mark.parametrize("typed", FOUND_BY)
def test_a_subscriber_is_found_by_any_part_of_address_domain_and_name(client, two, typed):
    factories.subscriber("Maria.Rossi@mail.paper.example", name="Lundgren, M.")
    factories.sign_in(client, "newsletter manager")
    assert found(client, q=typed) == ["Maria.Rossi@mail.paper.example"]


def test_subscribers_are_narrowed_by_what_one_subscription_has(client, weekly):
    daily = factories.newsletter(name="Daily", slug="daily", is_default=False)
    factories.subscription(weekly, "both@example.com", source="footer")
    factories.subscription(daily, "both@example.com", state="unsubscribed")
    factories.subscription(weekly, "gone@example.com", state="unsubscribed", source="article")
    factories.sign_in(client, "newsletter manager")
    assert found(client, list=weekly.pk, state="unsubscribed") == ["gone@example.com"]
    assert found(client, list=weekly.pk) == ["gone@example.com", "both@example.com"]
    assert found(client, state="unsubscribed", source="footer") == []
    assert found(client, source="article") == ["gone@example.com"]


def test_suppressed_subscribers_are_listed_by_their_reason(client, weekly):
    factories.subscription(weekly, "full@example.com")
    factories.subscription(weekly, "fine@example.com")
    factories.suppression("bounce", "full@example.com")
    factories.sign_in(client, "newsletter manager")
    assert found(client, suppressed__exact="bounce") == ["full@example.com"]


def test_staff_enter_and_find_a_suppression_by_its_address(client, db):
    factories.sign_in(client, "newsletter manager")
    client.post("/admin/newsletter/suppression/add/", {"address": "Angry@Example.com", "note": "by phone"})
    row = Suppression.objects.get()
    assert (row.reason, row.digest) == ("staff", Suppression.digest_of("angry@example.com"))
    again = client.post("/admin/newsletter/suppression/add/", {"address": "angry@example.com"})
    assert b"already gets no briefings" in again.content
    assert row.digest.encode() in client.get("/admin/newsletter/suppression/", {"q": "angry@example.com"}).content


def test_a_suppression_says_whose_it_is_and_is_lifted_with_a_reason(client, weekly, django_assert_max_num_queries):
    """Only digests are kept; but a subscriber who is here is known by theirs."""
    factories.subscription(weekly, "full@example.com")
    factories.suppression("bounce", "full@example.com")
    factories.suppression("staff", "stranger@example.com")
    factories.sign_in(client, "newsletter manager")
    person, here = Subscriber.objects.get(), "/admin/newsletter/suppression/"
    with django_assert_max_num_queries(11):
        page = client.get(here).content.decode()
    assert f'/admin/newsletter/subscriber/{person.pk}/change/">full@example.com</a>' in page
    assert f'no subscriber’s: <span title="{Suppression.digest_of("stranger@example.com")}">' in page
    assert "delete_selected" not in page
    of_full, of_stranger = (Suppression.objects.of(f"{name}@example.com").get() for name in ("full", "stranger"))
    shown = client.get(f"{here}{of_full.pk}/change/").content.decode()
    assert f'/admin/newsletter/subscriber/{person.pk}/act/lift/">Lift the suppression…</a>' in shown
    assert "mail to it came back" in shown
    assert client.post(f"{here}{of_full.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{here}{of_stranger.pk}/delete/", {"post": "yes"}).status_code == 302
    assert [row.digest for row in Suppression.objects.all()] == [of_full.digest]
