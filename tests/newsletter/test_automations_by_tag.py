"""Automations that begin when a subscriber is given a tag, or comes into a segment: who enters, once, and who does not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.transitions import TransitionRefused
from newsletter.automations import figures, flow, lifecycle
from newsletter.models import Automation, Segment, SubscriberTag
from newsletter.subscribers import traits
from tests.newsletter import factories
from tests.newsletter.automations import automation, later, run, wait, where

pytestmark = pytest.mark.django_db


def person(weekly, name, *tags, **fields):
    made = factories.subscription(weekly, f"{name}@example.com", **fields).subscriber
    if tags:
        factories.tagged(made, *tags)
    return made


def of_tag(weekly, **fields):
    tag, _ = SubscriberTag.objects.get_or_create(name="vip")
    return automation(weekly, {"letter": "Hello"}, wait(9), begins="tagged", tag=tag, **fields)


def test_whoever_is_given_the_tag_enters_once_and_gets_its_letter(weekly, smtp_server):
    person(weekly, "before", "vip")
    made = of_tag(weekly)
    run()
    assert where(made) == {"before@example.com": "before"}
    given = person(weekly, "given", "vip")
    person(weekly, "other", "reader")
    person(weekly, "paused", "vip", paused_until=timezone.now() + timedelta(days=30))
    person(weekly, "gone", "vip", state="unsubscribed")
    for minutes in (6, 12):
        with later(minutes=minutes):
            run()
    assert where(made) == {"before@example.com": "before", "given@example.com": 2}
    assert [message.recipient for message in smtp_server.messages] == [given.email]
    traits.set_tags(given, [])
    with later(days=10):
        run()
        factories.tagged(given, "vip")
    with later(days=11):
        run()
    assert where(made)["given@example.com"] == "finished"


def test_it_looks_every_few_minutes_and_catches_up_after_a_pause(weekly):
    made = of_tag(weekly)
    flow.run_due()
    person(weekly, "given", "vip")
    flow.run_due()
    assert where(made) == {}
    lifecycle.pause(made, by=factories.user())
    with later(minutes=6):
        flow.run_due()
        assert where(made) == {}
        lifecycle.start(Automation.objects.get(), by=factories.user())
        flow.run_due()
    assert where(made) == {"given@example.com": 1}


def test_those_who_have_it_already_enter_where_it_says_so(weekly):
    person(weekly, "before", "vip")
    made = of_tag(weekly, takes_present=True)
    flow.run_due()
    assert where(made) == {"before@example.com": 1}


def test_only_those_of_the_segment_that_narrows_it_enter(weekly):
    segment = Segment.objects.create(name="There")
    segment.conditions.create(test="at_domain", value="example.org")
    made = of_tag(weekly, segment=segment)
    flow.run_due()
    person(weekly, "given", "vip")
    factories.tagged(factories.subscription(weekly, "there@example.org").subscriber, "vip")
    with later(minutes=6):
        flow.run_due()
    assert where(made) == {"there@example.org": 1}


def test_whoever_comes_into_a_segment_enters(weekly):
    segment = Segment.objects.create(name="VIP readers", joined_by="any")
    for name in ("vip", "friend"):
        segment.conditions.create(test="tagged", tag=SubscriberTag.objects.create(name=name))
    person(weekly, "before", "friend")
    made = automation(weekly, {"letter": "Hello"}, begins="segment", segment=segment)
    flow.run_due()
    person(weekly, "comer", "vip")
    with later(minutes=6):
        flow.run_due()
    assert where(made) == {"before@example.com": "before"}
    with later(minutes=61):
        flow.run_due()
    assert where(made)["comer@example.com"] == 1


def test_who_was_there_before_is_in_no_figure_and_no_list(weekly, client):
    person(weekly, "before", "vip")
    made = of_tag(weekly)
    flow.run_due()
    figures.count(made)
    assert figures.overview(made).entered == 0
    client.force_login(factories.user("manager@example.com", role="newsletter manager"))
    assert "before@example.com" not in client.get("/admin/newsletter/enrolment/").content.decode()
    page = client.get(f"/admin/newsletter/automation/{made.pk}/overview/").content.decode()
    assert "given the tag “vip”" in page


@pytest.mark.parametrize(("begins", "said"), [("tagged", "Choose the tag"), ("segment", "Choose the segment")])
def test_without_what_it_begins_with_it_does_not_start(weekly, begins, said):
    made = automation(weekly, {"letter": "Hello"}, begins=begins, start=False)
    assert any(said in problem for problem in lifecycle.problems(made))


def test_a_tag_with_which_one_begins_is_kept_when_tags_are_merged(weekly):
    made = of_tag(weekly)
    other = SubscriberTag.objects.create(name="VIPs")
    with pytest.raises(TransitionRefused, match="First week"):
        traits.merge(other, [made.tag])
    traits.merge(made.tag, [other])
    assert SubscriberTag.objects.get() == made.tag


def test_it_takes_the_place_of_no_welcome_mail(weekly):
    made = of_tag(weekly)
    assert not any("begins when a subscription" in problem for problem in lifecycle.problems(made))
    automation(weekly, {"letter": "Welcome"}, begins="confirmed", name="Welcome")
    assert Automation.objects.running().count() == 2
