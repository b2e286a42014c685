"""The list of subscribers says of each what they have to do with which newsletter; and a newsletter begins as the model has it."""

import lxml.html
import pytest
from django.urls import reverse

from newsletter.models import Newsletter, Subscriber, Subscription
from tests import desks
from tests.html import posted_by
from tests.newsletter import factories

pytestmark = pytest.mark.django_db
LIST, NEWSLETTERS = reverse("admin:newsletter_subscriber_changelist"), reverse("admin:newsletter_newsletter_changelist")
ADD = reverse("admin:newsletter_newsletter_add")


def lists_of(client):
    """What stands beside each address."""
    return {
        row.xpath("string(th)"): [
            (badge.get("class").rpartition("--")[2], badge.text)
            for badge in row.xpath("td[contains(@class, 'field-lists')]/span")
        ]
        for row in desks.rows(client, LIST)
    }


def test_it_tells_whoever_gets_something_from_those_who_left_never_confirmed_or_get_no_mail(manager, weekly):
    for name, state in (("on", "confirmed"), ("asked", "pending"), ("left", "unsubscribed"), ("gone", "confirmed")):
        person = Subscriber.objects.create(email=f"{name}@example.com", canonical=f"{name}@example.com")
        Subscription.objects.create(newsletter=weekly, subscriber=person, state=state)
    Subscriber.objects.filter(email="gone@example.com").update(suppressed="bounce")
    assert lists_of(manager) == {
        "on@example.com": [("confirmed", str(weekly))],
        "asked@example.com": [("pending", f"{weekly}: asked, not confirmed")],
        "left@example.com": [("unsubscribed", f"{weekly}: Unsubscribed")],
        "gone@example.com": [("failed", "gets no mail: mail to it came back"), ("confirmed", str(weekly))],
    }


def test_a_long_list_is_asked_for_in_as_many_queries_as_a_short_one(manager, weekly, django_assert_max_num_queries):
    factories.subscriptions(weekly, 30)
    manager.get(LIST)
    with django_assert_max_num_queries(25):
        assert len(lists_of(manager)) == 30


@pytest.mark.parametrize("address", [LIST, NEWSLETTERS])
def test_the_buttons_of_a_list_stand_in_one_row(manager, weekly, address):
    page = lxml.html.fromstring(manager.get(address).content.decode())
    assert len(page.xpath("//ul[@class='object-tools']")) == 1
    assert len(page.xpath("//ul[@class='object-tools']/li")) > 1


def test_a_newsletter_begins_with_thirty_seconds_to_take_a_briefing_back(manager):
    form = posted_by(manager.get(ADD).content.decode(), "newsletter_form")
    assert (form["undo_seconds"], form["digest_time"]) == (["30"], ["08:00"])
    answer = manager.post(ADD, form | {"name": ["Nightly"], "slug": ["nightly"]})
    assert answer.status_code == 302, answer.context["adminform"].errors
    assert Newsletter.objects.get(slug="nightly").undo_seconds == 30
