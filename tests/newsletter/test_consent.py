"""The consent ledger: what sending reads follows from it, nobody changes it, and people can read it."""

from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.models import OutgoingMail
from newsletter.models import ConsentAct, Subscriber, Subscription, Suppression, Wording
from newsletter.sending import approval
from newsletter.stats import Audience
from newsletter.subscribers import consent, standing, subscriptions
from newsletter.subscribers.addresses import parse_address
from newsletter.subscribers.consent import NewAct
from newsletter.subscribers.standing import Act, Actor
from tests.newsletter import factories

pytestmark = pytest.mark.django_db
LISTS = ["asked", "confirmed", "imported", "changed", "paused", "resumed", "left"]
ADDRESS = ["bounced", "complained", "suppressed", "lifted", "erased"]
TIMES = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


def acts_of(subscriber):
    return list(ConsentAct.objects.about(subscriber))


@st.composite
def histories(draw):
    acts = st.tuples(
        st.sampled_from(LISTS * 2 + ADDRESS),
        st.sampled_from(Actor.values),
        TIMES,
        st.integers(0, 2),
        st.integers(0, 1),
        st.sampled_from([*ConsentAct.Change.values, ""]),
    )
    return draw(st.lists(acts, max_size=25))


@given(histories())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_sending_reads_is_what_replaying_the_ledger_gives(weekly, history):
    with transaction.atomic():
        people = [factories.subscriber(f"p{number}@example.com") for number in range(3)]
        lists = [weekly, factories.newsletter(name="Notes", slug="notes", is_default=False)]
        for act, actor, at, who, which, change in history:
            if act == "erased":
                consent.erase(people[who], actor=actor, way="")
                people[who] = consent.subscriber_at(parse_address(f"p{who}@example.com"))
                continue
            about = {"newsletter_id": lists[which].pk} if act in LISTS else {}
            about["change"] = change if act == "changed" else ""
            about["until"] = (at or datetime(2030, 1, 1, tzinfo=UTC)) if act == "paused" else None
            way, wording = f"way {actor}", "I agree." if act == "asked" else ""
            person = consent.person(people[who])
            consent.record(NewAct(person, act, actor, way=way, given_at=at, wording=wording, **about))
        for someone in people:
            assert stored(someone) == replayed(someone)
        transaction.set_rollback(True)


def stored(subscriber):
    names = list(asdict(standing.Membership("", datetime.now(UTC))))
    names.remove("wording_id")
    rows = Subscription.objects.filter(subscriber=subscriber).order_by("newsletter_id").values("newsletter_id", *names)
    suppression = Suppression.objects.of(subscriber.canonical).values_list("reason", flat=True).first() or ""
    return list(rows), Subscriber.objects.get(pk=subscriber.pk).suppressed, suppression


def replayed(subscriber):
    acts = acts_of(subscriber)
    found = standing.state(acts)
    rows = [{"newsletter_id": key, **asdict(row)} for key, row in sorted(found.lists.items())]
    for row in rows:
        row.pop("wording_id")
    return rows, found.suppressed, found.suppressed


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE newsletter_consentact SET act = 'left'",
        "UPDATE newsletter_consentact SET network = '192.0.2.0/24'",
        "DELETE FROM newsletter_consentact",
        "TRUNCATE newsletter_consentact",
        "UPDATE newsletter_wording SET text = 'x'",
        "DELETE FROM newsletter_wording",
    ],
)
def test_the_database_refuses_to_change_the_ledger(weekly, statement):
    factories.suppression("bounce", "bob@example.com")
    factories.sign_up(email="ann@example.com", newsletter=weekly, source="form", ip="198.51.100.7")
    with (
        pytest.raises(IntegrityError, match=r"kept for good|only ever added to|only when all|never changed or deleted"),
        transaction.atomic(),
    ):
        connection.cursor().execute(f"SET CONSTRAINTS ALL IMMEDIATE; {statement}")
    assert ConsentAct.objects.count() == 2


def test_a_sign_up_is_told_act_by_act(weekly):
    factories.sign_up(email="Ann@example.com", newsletter=weekly, source="vote in 2026", ip="192.0.2.7")
    row = Subscription.objects.get()
    subscriptions.confirm(row, issued_at=row.since, ip="198.51.100.7")
    subscriptions.unsubscribe(subscriber_id=row.subscriber_id, newsletter_id=weekly.pk, by="one-click")
    asked, confirmed, left = acts_of(row.subscriber)
    assert (asked.way, asked.network, asked.wording.text) == (
        "vote in 2026",
        "192.0.2.0/24",
        subscriptions.CONSENT_TEXT,
    )
    assert (confirmed.act, confirmed.network, left.act, left.way) == (
        "confirmed",
        "198.51.100.0/24",
        "left",
        "one-click",
    )
    assert left.in_words().startswith("Unsubscribed from Weekly, via one-click (")


def test_the_person_reads_the_words_that_were_agreed_to(client, weekly):
    factories.sign_up(email="ann@example.com", newsletter=weekly, source="form")
    page = client.get(f"/newsletter/data/{subscriptions.data_token(Subscriber.objects.get().pk)}/").content.decode()
    assert "Asked for Weekly, via form, agreeing to wording" in page
    assert subscriptions.CONSENT_TEXT in page


def test_a_wording_is_kept_once_and_its_number_is_its_version(weekly):
    for email in ("a@example.com", "b@example.com"):
        factories.sign_up(email=email, newsletter=weekly, source="form")
    assert Wording.objects.get().text == subscriptions.CONSENT_TEXT


def test_many_acts_are_recorded_with_as_few_statements_as_one(weekly, django_assert_max_num_queries):
    for number in range(20):
        email = f"reader{number}@example.com"
        factories.sign_up(email=email, newsletter=weekly, source="form")
    people = [consent.person(person) for person in Subscriber.objects.all()]
    with django_assert_max_num_queries(14):
        consent.record(*(NewAct(person, "confirmed", "subscriber", weekly.pk) for person in people))
    assert Subscription.objects.confirmed().count() == 20


def test_acts_of_somebody_who_was_erased_meanwhile_are_not_recorded(weekly):
    row = factories.subscription(weekly)
    person = consent.person(row.subscriber)
    subscriptions.erase(row.subscriber)
    consent.record(NewAct(person, "confirmed", "subscriber", weekly.pk))
    assert [act.act for act in ConsentAct.objects.all()] == ["erased"]
    assert not Subscription.objects.exists()


def test_a_second_sign_up_leaves_the_evidence_of_the_first(weekly):
    for source in ("article", "home"):
        factories.sign_up(email="ann@example.com", newsletter=weekly, source=source)
    assert Subscription.objects.get().source == "article"
    assert [act.way for act in ConsentAct.objects.all()] == ["article", "home"]


@pytest.mark.parametrize("reason", ["bounce", "erased"])
def test_somebody_suppressed_and_confirmed_is_let_back_in_by_double_opt_in(weekly, reason):
    row = factories.subscription(weekly)
    factories.suppression(reason)
    factories.sign_up(email="ann@example.com", newsletter=weekly, source="form")
    assert OutgoingMail.objects.get().kind == "newsletter.confirm"
    row = Subscription.objects.select_related("subscriber").get(newsletter=weekly)
    if reason == "bounce":
        assert row.standing == "no mail: mail to it came back"
    subscriptions.confirm(row, issued_at=datetime.now(UTC))
    assert (Subscriber.objects.get().suppressed, Suppression.objects.count()) == ("", 0)
    assert [act.act for act in acts_of(row.subscriber)][-2:] == ["confirmed", "lifted"]


def test_a_link_from_before_a_bounce_does_not_lift_it(weekly):
    row = factories.subscription(weekly, state="pending")
    factories.suppression("bounce")
    subscriptions.confirm(row, issued_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert Subscriber.objects.get().suppressed == "bounce"


def test_an_address_that_was_suppressed_before_it_signed_up_is_known_as_such(weekly):
    factories.suppression("bounce")
    factories.sign_up(email="ann@example.com", newsletter=weekly, source="form")
    assert Subscriber.objects.get().suppressed == "bounce"


def test_an_erasure_leaves_one_act_with_a_keyed_digest(weekly):
    ann = factories.subscription(weekly).subscriber
    factories.suppression("bounce", note="550 5.1.1 <ann@example.com> unknown")
    subscriptions.erase(ann)
    act = ConsentAct.objects.get()
    assert (act.act, act.digest, act.subscriber_id) == (Act.ERASED, Suppression.digest_of("ann@example.com"), None)
    assert (act.network, act.note) == ("", "")
    assert act.digest != sha256(b"ann@example.com").hexdigest()


def test_the_person_reads_the_ledger_and_takes_it_along(client, weekly):
    ann = factories.subscription(weekly).subscriber
    factories.suppression("bounce")
    url = f"/newsletter/data/{subscriptions.data_token(ann.pk)}/"
    page = client.get(url).content.decode()
    assert "Confirmed Weekly, via test (" in page
    assert "Mail to this address came back, by a mail server (" in page
    assert len(client.post(f"{url}export.json").json()["consent"]) == 3


def test_staff_read_the_ledger_and_the_state_that_counts(client, weekly):
    ann = factories.subscription(weekly).subscriber
    factories.suppression("complaint")
    client.force_login(factories.user(role="newsletter manager", is_staff=True))
    page = client.get(f"/admin/newsletter/subscriber/{ann.pk}/change/").content.decode()
    assert "Gets none: it reported our mail as spam." in page
    assert "Our mail was reported as spam" in page
    assert page.count("no mail: it reported our mail as spam") == 1


def test_staff_suppress_and_lift_through_the_ledger(client, weekly):
    ann = factories.subscription(weekly).subscriber
    client.force_login(factories.user(role="newsletter manager", is_staff=True))
    client.post("/admin/newsletter/suppression/add/", {"address": "Ann@example.com", "note": "by phone"})
    assert Subscriber.objects.get().suppressed == "staff"
    key = Suppression.objects.get().pk
    assert client.post(f"/admin/newsletter/suppression/{key}/delete/", {"post": "yes"}).status_code == 403
    assert Subscriber.objects.get().suppressed == "staff", "it is lifted with a reason"
    client.post(f"/admin/newsletter/subscriber/{ann.pk}/act/lift/", {"reason": "wrote again"})
    assert Subscriber.objects.get().suppressed == ""
    assert [(act.act, act.by_name) for act in acts_of(ann)][-2:] == [
        ("suppressed", "editor@example.com"),
        ("lifted", "editor@example.com"),
    ]


def test_a_suppression_of_nobody_s_address_is_deleted(client, weekly):
    client.force_login(factories.user(role="newsletter manager", is_staff=True))
    client.post("/admin/newsletter/suppression/add/", {"address": "ann@example.com", "note": "by phone"})
    client.post(f"/admin/newsletter/suppression/{Suppression.objects.get().pk}/delete/", {"post": "yes"})
    assert not Suppression.objects.exists()


def test_whoever_is_suppressed_is_counted_in_no_audience(weekly):
    notes = factories.newsletter(name="Notes", slug="notes", is_default=False)
    for newsletter, name in [(weekly, "ann"), (notes, "ann"), (weekly, "bob"), (notes, "bob")]:
        factories.subscription(newsletter, f"{name}@example.com")
    factories.suppression("bounce", "bob@example.com")
    assert Audience().subscribers() == 1
    assert approval.audience_size(factories.briefing(weekly)) == Subscription.objects.mailable().count() / 2 == 1
