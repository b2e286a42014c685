"""Segments: what each condition finds, the builder, the size with its time, and what is done with a segment."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from newsletter.models import (
    Briefing,
    Delivery,
    Hit,
    Newsletter,
    Segment,
    SegmentCondition,
    SegmentCount,
    Subscriber,
    SubscriberTag,
    TrackedLink,
)
from newsletter.sending import approval, freeze
from newsletter.subscribers import segments, traits
from tests.newsletter import factories

pytestmark = pytest.mark.django_db
HERE = "/admin/newsletter/segment/"
LIST = "/admin/newsletter/subscriber/"


@pytest.fixture
def manager(client):
    client.force_login(factories.user("manager@example.com", role="newsletter manager"))
    return client


@pytest.fixture
def people(weekly):
    """Ann and Bob are on the list, Cy has left, Di has not confirmed, Eve is on no list."""
    states = {"ann": "confirmed", "bob": "confirmed", "cy": "unsubscribed", "di": "pending"}
    found = {
        name: factories.subscription(weekly, f"{name}@{name}.example", state=state).subscriber
        for name, state in states.items()
    }
    return found | {"eve": factories.subscriber("eve@mail.de")}


def segment(*conditions, joined_by="all", name="Some"):
    made = Segment.objects.create(name=name, joined_by=joined_by)
    for test, given in conditions:
        SegmentCondition.objects.create(segment=made, test=test, **given)
    return made


def names(of):
    return sorted(email.partition("@")[0] for email in segments.members(of).values_list("email", flat=True))


def who(test, **given):
    return " ".join(names(segment((test, given), name=f"{Segment.objects.count()}")))


def test_by_newsletter(weekly, people):
    states = ["subscribed", "left", "unconfirmed", "never_on"]
    assert [who(state, newsletter=weekly) for state in states] == ["ann bob", "cy", "di", "eve"]


def test_by_tag(people):
    factories.tagged(people["ann"], "VIP")
    tag = SubscriberTag.objects.get()
    assert (who("tagged", tag=tag), who("untagged", tag=tag)) == ("ann", "bob cy di eve")


def test_by_field(people):
    town, age, born = factories.field(), factories.field("Age", "number"), factories.field("Born", "date")
    paid = factories.field("Paid", "yes-no")
    values = {"town": "Port Vesper", "age": 9, "born": "2001-01-31", "paid": False}
    traits.set_values(people["ann"], values)
    traits.set_values(people["bob"], {"town": "Vesper", "age": 10.5, "born": "1999-12-31", "paid": True})
    traits.set_values(people["cy"], {"age": "old"})
    assert who("field_is", field=town, value="port vesper") == "ann"
    assert who("field_is_not", field=town, value="Vesper") == "ann cy di eve"
    assert who("field_contains", field=town, value="VESP") == "ann bob"
    assert (who("field_min", field=age, value="10"), who("field_max", field=age, value="10")) == ("bob", "ann")
    assert (who("field_min", field=born, value="2000-01-01"), who("field_max", field=born, value="2000-01-01")) == (
        "ann",
        "bob",
    )
    assert (who("field_is", field=paid, value="no"), who("field_is_not", field=paid, value="no")) == (
        "ann",
        "bob cy di eve",
    )
    assert (who("field_is", field=age, value="10.5"), who("field_filled", field=age)) == ("bob", "ann bob cy")
    assert who("field_empty", field=age) == "di eve"


def test_by_source_and_domain(weekly, people):
    factories.subscription(weekly, "ann@ann.example", source="fair")
    assert (who("came_from", value="fair"), who("not_from", value="fair")) == ("ann", "bob cy di eve")
    assert (who("at_domain", value="ann.example"), who("at_domain", value="example")) == ("ann", "")
    assert (who("at_domain", value=".de"), who("not_at_domain", value=".example")) == ("eve", "eve")


def test_by_join_date_where_it_is_known(weekly, people):
    old = timezone.now() - timedelta(days=100)
    factories.subscription(weekly, "bob@bob.example", requested_at=old, confirmed_at=old)
    factories.subscription(weekly, "ann@ann.example", requested_at=None, confirmed_at=None)
    assert who("joined_over", value="99") == who("joined_before", value=f"{timezone.now():%Y-%m-%d}") == "bob"
    assert who("joined_within", value="99") == "cy di"
    assert who("joined_since", value=f"{old:%Y-%m-%d}", newsletter=weekly) == "bob cy di"


def read(of, person, kind, verdict="valid", days_ago=1):
    """A sent briefing that somebody got, and did something with."""
    made = factories.sent(of, days_ago=days_ago, delivered=1, opened=0, clicked=0)
    row = Delivery.objects.create(briefing=made, subscriber=person, state="sent", sent_at=made.sent_at)
    link = TrackedLink.objects.create(briefing=made, number=7, url="https://example.com") if kind == "click" else None
    if kind:
        Hit.objects.create(
            delivery=row, kind=kind, link=link, verdict=verdict, reason="" if verdict == "valid" else "proxy"
        )


def test_by_what_persons_read_of_the_last_briefings(weekly, people):
    read(weekly, people["ann"], "open", days_ago=9)
    read(weekly, people["bob"], "click", days_ago=2)
    read(weekly, people["cy"], "open", "machine")
    read(weekly, people["di"], "")
    last = {"newsletter": weekly}
    assert (who("read", value="4", **last), who("read", value="3", **last)) == ("ann bob", "bob")
    assert (who("clicked", value="4", **last), who("ignored", value="4", **last)) == ("bob", "cy di")
    TrackedLink.objects.filter(briefing__deliveries__subscriber=people["di"]).delete()  # as where nothing was counted
    assert who("ignored", value="4", **last) == "cy"
    Newsletter.objects.update(counts_reading=False)
    made = segment(("ignored", last | {"value": "4"}))
    assert names(made) == []
    assert "does not count that" in segments.problems(made)[0]


def test_conditions_are_joined_by_all_or_by_any(weekly, people):
    factories.tagged(people["ann"], "VIP")
    given = ("subscribed", {"newsletter": weekly}), ("tagged", {"tag": SubscriberTag.objects.get()})
    third = ("at_domain", {"value": "cy.example"})
    assert names(segment(*given)) == ["ann"]
    assert names(segment(*given, third, joined_by="any", name="any")) == ["ann", "bob", "cy"]
    assert names(segment(("subscribed", {"newsletter": weekly}), joined_by="any", name="one")) == ["ann", "bob"]
    assert names(segment(name="none")) == []


def test_a_segment_is_counted_in_the_background_and_shown_with_its_time(manager, weekly, people):
    factories.suppression("bounce", "bob@bob.example")
    made = segment(("subscribed", {"newsletter": weekly}))
    assert "not counted yet" in manager.get(HERE).content.decode()
    assert "It is being counted" in manager.get(f"{HERE}{made.pk}/size/").content.decode()
    assert segments.count_due() == 1
    made.refresh_from_db()
    assert (made.counted.size, made.counted.mailable) == (2, {str(weekly.pk): {"each": 1}})
    assert made.counted.newest == [people["bob"].pk, people["ann"].pk]
    said = manager.get(f"{HERE}{made.pk}/size/").content.decode()
    assert ("<strong>2</strong>" in said, "being counted" in said, segments.count_due()) == (True, False, 0)
    manager.post(f"{HERE}{made.pk}/count/")
    assert segments.count_due() == 1


def test_one_that_cannot_be_counted_holds_up_no_other(weekly, people):
    broken = segment(("read", {"newsletter": weekly, "value": "many"}), name="broken")
    fine = segment(("subscribed", {"newsletter": weekly}), name="fine")
    assert segments.count_due() == 1
    assert hasattr(Segment.objects.get(pk=fine.pk), "counted")
    assert Segment.objects.get(pk=broken.pk).due_at > timezone.now()


def build(client, *conditions, **said):
    data = {
        "name": "Some",
        "joined_by": "all",
        "conditions-TOTAL_FORMS": len(conditions),
        "conditions-INITIAL_FORMS": 0,
    }
    for number, given in enumerate(conditions):
        data |= {f"conditions-{number}-{name}": value for name, value in given.items()}
    return client.post(f"{HERE}add/", data | said)


def test_a_segment_is_built_and_what_a_test_does_not_need_is_dropped(manager, weekly, people):
    factories.tagged(people["ann"], "VIP")
    tag = SubscriberTag.objects.get().pk
    assert manager.get(f"{HERE}add/").status_code == 200
    made = build(manager, {"test": "tagged", "tag": tag, "newsletter": weekly.pk, "value": "x"})
    assert made.status_code == 302, made.context["errors"]
    kept = SegmentCondition.objects.get()
    assert (kept.tag_id, kept.newsletter, kept.value) == (tag, None, "")
    assert names(Segment.objects.get()) == ["ann"]
    assert "has the tag “VIP”" in manager.get(HERE).content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"test": "subscribed"}, "Choose the newsletter."),
        ({"test": "tagged"}, "Choose the tag."),
        ({"test": "field_is", "value": "x"}, "Choose the field."),
        ({"test": "at_domain", "value": ""}, "Say what to look for"),
        ({"test": "at_domain", "value": "no domain"}, "is no domain"),
        ({"test": "came_from", "value": "nowhere"}, "Nobody signed up at “nowhere”. There are: “test”."),
        ({"test": "joined_since", "value": "yesterday"}, "is no day"),
        ({"test": "joined_within", "value": "0"}, "a whole number from 1 to 36,500"),
        ({"test": "read", "value": "51", "newsletter": "weekly"}, "a whole number from 1 to 50"),
        ({"test": "read", "value": "5", "newsletter": "silent"}, "does not count who opens and clicks"),
        ({"test": "field_min", "field": "town", "value": "5"}, "neither a number nor a day"),
        ({"test": "field_max", "field": "age", "value": "old"}, "is no number"),
        ({"test": "nonsense"}, "Select a valid choice"),
    ],
)
def test_what_is_missing_or_wrong_is_said_in_words(manager, weekly, people, given, said):
    silent = factories.newsletter(name="Silent", slug="silent", is_default=False, counts_reading=False)
    rows = {"weekly": weekly, "silent": silent, "town": factories.field(), "age": factories.field("Age", "number")}
    given = {name: rows[value].pk if value in rows else value for name, value in given.items()}
    assert said in build(manager, given).content.decode().replace("&quot;", '"')
    assert not Segment.objects.exists()


def test_a_segment_needs_a_condition(manager, weekly):
    assert b"add at least one condition" in build(manager).content
    assert not Segment.objects.exists()


def test_what_is_used_is_not_deleted(manager, weekly, people):
    factories.tagged(people["ann"], "VIP", "other")
    tag, other = SubscriberTag.objects.get(name="VIP"), SubscriberTag.objects.get(name="other")
    made = segment(("tagged", {"tag": tag}))
    factories.briefing(weekly, segment=made)
    assert (
        b"is in use, so it stays"
        in manager.post(f"/admin/newsletter/subscribertag/{tag.pk}/delete/", {"post": "yes"}).content
    )
    assert b"is in use, so it stays" in manager.post(f"{HERE}{made.pk}/delete/", {"post": "yes"}).content
    assert (Segment.objects.exists(), SubscriberTag.objects.filter(pk=tag.pk).exists()) == (True, True)
    traits.merge(other, [tag])
    assert SegmentCondition.objects.get().tag == other


def test_the_list_shows_a_segment_as_counted_and_narrows_it_further(manager, weekly, people, settings):
    made = segment(("subscribed", {"newsletter": weekly}))

    def shown(**asked):
        return [row.name for row in manager.get(LIST, {"segment": made.pk} | asked).context["cl"].result_list]

    Subscriber.objects.update(name="x")
    assert shown() == []
    assert "It is being counted" in manager.get(LIST, {"segment": made.pk}).content.decode()
    segments.count_due()
    assert "<strong>2</strong> subscribers, counted on" in " ".join(
        manager.get(LIST, {"segment": made.pk}).content.decode().split()
    )
    assert (len(shown()), len(shown(q="ann")), len(shown(state="pending"))) == (2, 1, 0)
    assert manager.get(LIST, {"segment": "x"}).status_code == 302
    assert manager.get(LIST, {"segment": "999"}).context["cl"].result_count == 0


def test_of_a_segment_larger_than_a_list_leads_to_each_is_still_found(manager, weekly, people):
    """The blocks of bits say who is in it, wherever the newest that are kept end."""
    made = segment(("subscribed", {"newsletter": weekly}))
    far = Subscriber.objects.create(pk=900 * 8192 + 8191, email="far@ann.example", canonical="far@ann.example")
    factories.subscription(weekly, far.email)
    segments.count(made)
    SegmentCount.objects.update(size=segments.NEWEST + 1, newest=[])

    def found(**asked):
        return sorted(row.email for row in manager.get(LIST, {"segment": made.pk} | asked).context["cl"].result_list)

    assert found(q="ann") == ["ann@ann.example", "far@ann.example"]
    assert (found(q="eve"), found(state="pending"), len(found(state="confirmed"))) == ([], [], 3)


def test_a_briefing_goes_to_whoever_is_in_the_segment_when_it_is_frozen(manager, weekly, people):
    factories.tagged(people["ann"], "VIP")
    made = segment(("tagged", {"tag": SubscriberTag.objects.get()}))
    briefing = factories.approved(weekly, segment=made)
    factories.tagged(people["ann"])
    factories.tagged(people["bob"], "VIP")
    factories.tagged(people["cy"], "VIP")
    assert freeze.freeze(briefing.pk)
    assert list(briefing.deliveries.values_list("subscriber", flat=True)) == [people["bob"].pk]
    assert Briefing.objects.get().candidates == 1
    assert (
        "the segment “Some” only" in manager.get(f"/admin/newsletter/briefing/{briefing.pk}/progress/").content.decode()
    )


def test_the_approval_says_how_many_as_counted_and_refuses_nobody(manager, weekly, people):
    made = segment(("subscribed", {"newsletter": weekly}))
    briefing = factories.briefing(weekly, segment=made)
    page = f"/admin/newsletter/briefing/{briefing.pk}/approve/"
    assert "it is being counted" in manager.get(page).content.decode()
    segments.count_due()
    assert "<strong>2</strong> when it was counted" in manager.get(page).content.decode()
    made.conditions.update(test="left")
    segments.count(made)
    assert "Nobody in the segment “Some” is subscribed" in " ".join(approval.problems(briefing))


def test_a_segment_is_exported_by_the_command_and_at_the_desk(manager, weekly, people, tmp_path):
    factories.tagged(people["ann"], "VIP")
    made = segment(("tagged", {"tag": SubscriberTag.objects.get()}))
    call_command("export_subscribers", str(tmp_path / "x.csv"), "--segment", "some")
    asked = {"newsletter": weekly.pk, "form": "plain", "segment": made.pk}
    answer = manager.post("/admin/newsletter/subscriberimport/export/", asked)
    written = b"".join(answer.streaming_content).decode()
    assert (written.count("@"), (tmp_path / "x.csv").read_text()) == (1, written.replace("\r\n", "\n"))
    with pytest.raises(CommandError, match="no segment"):
        call_command("export_subscribers", str(tmp_path / "y.csv"), "--segment", "other")
