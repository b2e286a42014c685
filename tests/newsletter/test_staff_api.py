"""Programs add subscribers with evidence, and draft briefings, by the desk's own functions."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import OutgoingMail
from newsletter.models import Briefing, ConsentAct, Newsletter, Subscriber, Subscription
from newsletter.sending import briefing_counts
from newsletter.subscribers import consent, subscriptions
from tests.articles import factories as articles
from tests.core.programs import program
from tests.newsletter import factories

pytestmark = pytest.mark.django_db
BY = "Ada of newsletter manager (key “script”)"
EVIDENCE = {
    "given_at": "2026-05-01T09:30:00Z",
    "source": "checkout",
    "wording": "Send me the weekly.",
    "ip": "203.0.113.7",
}


@pytest.fixture
def manager(db):
    return program("newsletter manager")


@pytest.fixture
def weekly(db):
    factories.profile()
    return factories.newsletter()


def added(manager, **sent):
    return manager.post("subscribers/", {"email": "ann@example.com", "newsletter": "weekly", **sent})


def test_an_address_with_evidence_is_subscribed_and_the_ledger_says_by_what(manager, weekly):
    answer = added(manager, evidence=EVIDENCE, tags=["vip"], name="Ann")
    assert (answer.status_code, answer.json()["lists"][0]["state"], answer.json()["tags"]) == (
        201,
        "confirmed",
        ["vip"],
    )
    act = ConsentAct.objects.get()
    assert (act.act, act.way, act.wording.text, act.network) == (
        "imported",
        "API: checkout",
        "Send me the weekly.",
        "203.0.113.0/24",
    )
    assert act.by_name == "Ada of newsletter manager (key “script”)"
    shown = manager.get(f"subscribers/{answer.json()['id']}/?include=consent").json()
    assert shown["consent"][0]["wording"] == "Send me the weekly."
    assert added(manager, evidence=EVIDENCE).status_code == 201
    assert ConsentAct.objects.count() == 1, "the same again is no act"


def test_an_address_without_evidence_is_asked_and_on_no_list_until_it_confirms(manager, weekly):
    answer = added(manager)
    assert (answer.status_code, answer.json()["lists"][0]["state"]) == (202, "pending")
    assert OutgoingMail.objects.get().kind == "newsletter.confirm"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"evidence": {"source": "shop"}}, "evidence"),
        ({"evidence": {**EVIDENCE, "given_at": "2999-01-01T00:00:00Z"}}, "evidence"),
        ({"evidence": {**EVIDENCE, "wording": " "}}, "evidence"),
        ({"email": "ann@"}, "non_field_errors"),
        ({"newsletter": "none"}, "newsletter"),
    ],
)
def test_what_is_no_evidence_subscribes_nobody(manager, weekly, sent, field):
    answer = added(manager, **sent)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Subscriber.objects.exists()


def test_who_left_or_was_erased_or_suppressed_stays_so(manager, weekly):
    left = factories.subscription(weekly)
    subscriptions.unsubscribe(subscriber_id=left.subscriber_id, newsletter_id=weekly.pk, by="link")
    assert added(manager, evidence=EVIDENCE).json()["lists"][0]["state"] == "unsubscribed"
    erased = factories.subscription(weekly, "bob@example.com").subscriber
    subscriptions.erase(erased)
    for sent in ({"evidence": EVIDENCE},):
        assert added(manager, email="bob@example.com", **sent).status_code == 409
    factories.suppression("staff", "eve@example.com")
    assert added(manager, email="eve@example.com").status_code == 409
    assert not Subscriber.objects.filter(email__in=["bob@example.com", "eve@example.com"]).exists()


def test_somebody_known_is_described_anew_only_by_those_who_may_change_them(manager, weekly):
    added(manager, evidence=EVIDENCE, name="Ann")
    role = Group.objects.get(name="newsletter manager")
    role.permissions.remove(Permission.objects.get(codename="change_subscriber"))
    assert added(manager, evidence=EVIDENCE, name="Eve").json()["name"] == "Ann"
    role.permissions.remove(Permission.objects.get(codename="view_subscriber"))
    assert added(manager, evidence=EVIDENCE).status_code == 403


def test_staff_acts_want_a_reason_and_go_into_the_ledger(manager, weekly):
    row = factories.subscription(weekly).subscriber
    path = f"subscribers/{row.pk}"
    assert manager.post(f"{path}/suppress/", If_Match="*").json()["errors"].keys() == {"reason"}
    gone = manager.post(f"{path}/unsubscribe/", {"newsletter": "weekly", "reason": "Asked by phone."}, If_Match="*")
    assert gone.json()["lists"][0]["state"] == "unsubscribed"
    last = manager.post(f"{path}/suppress/", {"reason": "Wrote that they want nothing."}, If_Match=gone["ETag"]).json()
    assert last["suppressed"] == "staff"
    assert [act.act for act in consent.acts_of([consent.person(row)])[consent.person(row)]][-2:] == [
        "left",
        "suppressed",
    ]


def test_addresses_are_seen_by_those_who_may_see_them_at_the_desk(weekly):
    factories.subscription(weekly)
    assert program("editor").get("subscribers/").status_code == 403
    assert program("newsletter manager", "briefings:read").get("subscribers/").status_code == 403
    seen = (
        program("newsletter manager", "subscribers:read")
        .get("subscribers/?email=ANN@example.com&newsletter=weekly")
        .json()
    )
    assert [row["email"] for row in seen["results"]] == ["ann@example.com"]


def test_a_briefing_is_drafted_changed_and_approved_by_the_rules_of_the_desk(manager, weekly):
    articles.publication(slug="six-bridges", title="Six bridges")
    items = [{"kind": "article", "article": "six-bridges"}, {"kind": "text", "html": "<p>Bye.<script>x</script></p>"}]
    day = timezone.now().date().isoformat()
    made = manager.post("briefings/", {"newsletter": "weekly", "issue_date": day, "subject": "Bridges", "items": items})
    path = f"briefings/{made.json()['id']}"
    shown = [(item["kind"], item["heading"], item["html"]) for item in made.json()["items"]]
    assert shown == [("article", "Six bridges", ""), ("text", "", "<p>Bye.</p>")]
    refused = manager.post(f"{path}/approve/", If_Match=made["ETag"])
    assert (refused.status_code, refused.json()["detail"]) == (409, "Nobody is subscribed to Weekly.")
    factories.subscription(weekly)
    changed = manager.patch(f"{path}/", {"subject": "Six bridges"}, If_Match=made["ETag"])
    warned = manager.get(f"{path}/?include=problems,warnings").json()
    unmeant = manager.post(f"{path}/approve/", If_Match=changed["ETag"])
    assert (unmeant.status_code, bool(warned["warnings"])) == (409, True)
    assert (changed.json()["subject"], warned["problems"]) == ("Six bridges", [])
    approved = manager.post(f"{path}/approve/", {"confirmed": warned["warnings"]}, If_Match=changed["ETag"])
    assert (approved.status_code, approved.json().get("state", approved.json())) == (200, "approved")
    late = manager.patch(f"{path}/", {"subject": "Late"}, If_Match=approved["ETag"])
    assert (late.status_code, late.json()["detail"]) == (409, "This briefing is approved, so it cannot be changed.")
    back = manager.post(f"{path}/withdraw/", If_Match=approved["ETag"])
    assert back.json()["state"] == "draft"
    logged = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert [text for text in logged if "script" in text] == [f"{what} by {BY}." for what in ("Approved", "Taken back")]
    assert Briefing.objects.get().edited_by == manager.account


def test_what_changed_around_a_briefing_since_it_was_read_is_not_approved(manager, weekly):
    factories.subscription(weekly)
    part = {"kind": "text", "html": "<p>Good morning.</p>"}
    day = timezone.now().date().isoformat()
    made = manager.post("briefings/", {"newsletter": "weekly", "issue_date": day, "subject": "Hello", "items": [part]})
    path, read = f"briefings/{made.json()['id']}", made.json()
    confirmed = manager.get(f"{path}/?include=warnings").json()["warnings"]
    Newsletter.objects.update(from_name="Somebody else")
    for header, sent in ((made["ETag"], {}), ("*", {"content": read["content"]})):
        refused = manager.post(f"{path}/approve/", {"confirmed": confirmed, **sent}, If_Match=header)
        assert refused.status_code in (409, 412)
    assert Briefing.objects.get().state == "draft"
    assert manager.post(f"{path}/approve/", {"confirmed": confirmed}, If_Match="*").status_code == 200


def test_parts_that_cannot_be_sent_are_not_dropped_by_those_that_are(manager, weekly):
    day = timezone.now().date().isoformat()
    made = manager.post("briefings/", {"newsletter": "weekly", "issue_date": day, "items": [{"kind": "divider"}]})
    briefing = Briefing.objects.get()
    briefing.items.create(kind="plugged", ordering=5)
    path = f"briefings/{made.json()['id']}/"
    refused = manager.patch(path, {"items": [{"kind": "divider"}]}, If_Match="*")
    assert (refused.status_code, "from another desk" in refused.json()["detail"]) == (409, True)
    assert briefing.items.filter(kind="plugged").exists()
    assert manager.patch(path, {"subject": "Hello"}, If_Match="*").status_code == 200


def test_the_ledgers_of_a_page_of_subscribers_are_read_at_once(manager, weekly):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            rows = manager.get("subscribers/?include=consent").json()["results"]
        assert all(row["consent"] for row in rows)
        return len(rows), len(queries)

    for number in range(2):
        factories.subscription(weekly, f"ann{number}@example.com")
    asked()
    few = asked()
    for number in range(2, 12):
        factories.subscription(weekly, f"ann{number}@example.com")
    assert asked() == (12, few[1])


def test_an_introduction_is_html_also_without_paragraphs(manager, weekly):
    day = timezone.now().date().isoformat()
    sent = {"newsletter": "weekly", "issue_date": day, "introduction": "Six <em>bridges</em>"}
    assert manager.post("briefings/", sent).json()["introduction"] == "<p>Six <em>bridges</em></p>"


def test_who_may_not_approve_does_not(weekly):
    briefing = factories.briefing(weekly)
    assert program("sponsorship manager").post(f"briefings/{briefing.pk}/approve/", If_Match="*").status_code == 403


def test_figures_of_a_briefing_name_nobody(manager, weekly):
    briefing = factories.sent(weekly, opened=3, clicked=2)
    assert briefing_counts.count(briefing.pk)
    factories.subscription(weekly)
    shown = manager.get(f"briefings/{briefing.pk}/figures/").json()
    assert (shown["opened"], shown["clicked"]) == (3, 2)
    assert "@" not in str(shown)
    assert Subscription.objects.exists()
