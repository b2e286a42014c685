"""Staff correct an entry of the public log, or a figure, with a reason that is read by those it is told: by another row."""

import pytest

from core.models import AuditEntry
from sponsors import adjustments, clicks, disclosures, reports
from sponsors.models import Adjustment, DisclosureEntry
from tests.articles import factories as articles
from tests.sponsors import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold():
    """A booking that ran today: 40 views and two clicks count."""
    made = factories.running()
    claim = made.claims.get()
    claim.view_days.create(day=claim.unit.date, reason="", number=40)
    for nonce in ("a", "b"):
        clicks.record_click(claim_id=claim.pk, nonce=nonce)
    return made


def as_(role, client):
    someone = articles.user(role)
    client.force_login(someone)
    return someone


def figures(sold):
    return f"/admin/sponsors/booking/{sold.pk}/figures/"


def sent(sold, **fields):
    given = {"claim": sold.claims.get().pk, "kind": "view", "number": "-15", "words": "A test of ours.", "seen": "0"}
    return given | fields


def test_an_editor_corrects_an_entry_of_the_log_and_nobody_who_sells(sold, client):
    entry = DisclosureEntry.objects.get()
    own, correct = (f"/admin/sponsors/disclosureentry/{entry.pk}/{page}/" for page in ("change", "correct"))
    as_("sponsorship manager", client)
    assert correct not in client.get(own).content.decode()
    assert client.post(correct, {"words": "It was silver."}).status_code == 403
    editor = as_("editor", client)
    assert correct in client.get(own).content.decode()
    asked = client.get(correct).content.decode()
    assert entry.placements[0] in asked
    assert "It cannot be taken back" in asked
    assert b"Say what is wrong" in client.post(correct, {"words": "  "}).content
    assert DisclosureEntry.objects.count() == 1
    client.post(correct, {"words": "It was silver."})
    made = DisclosureEntry.objects.first()
    assert (made.kind, made.placements) == ("correction", ["About entry 1: It was silver."])
    logged = AuditEntry.objects.get(action="corrected the public log")
    assert (logged.by, logged.detail) == (editor, "Entry 2: It was silver.")
    assert b"says so already" in client.post(correct, {"words": "It was silver."}).content
    assert disclosures.verify().entries == 2
    assert b"It was silver." in client.get("/sponsored-is-not-rated/").content


def test_figures_are_corrected_with_a_reason_beside_what_was_counted(sold, client):
    as_("editor", client)
    assert client.get(figures(sold)).status_code == 403
    seller = as_("sponsorship manager", client)
    assert figures(sold) in client.get(f"/admin/sponsors/booking/{sold.pk}/overview/").content.decode()
    assert "What came and how it was judged stays" in client.get(figures(sold)).content.decode()
    client.post(figures(sold), sent(sold))
    (line,) = reports.report_on(sold).lines
    assert (line.valid_views, line.final_views) == (40, 25)
    assert b"Corrected by hand: -15 views. A test of ours." in client.get(sold.report_path).content
    logged = AuditEntry.objects.get(action="corrected the figures of")
    assert logged.by == seller
    assert "-15 views, 40 before. A test of ours." in logged.detail
    assert "Corrected the figures of" in client.get(f"/admin/sponsors/booking/{sold.pk}/overview/").content.decode()


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"words": ""}, "This field is required"),
        ({"number": "0"}, "how many"),
        ({"number": "x"}, "whole number"),
        ({"number": "-41"}, "Only 40 views count there"),
        ({"kind": "click", "number": "-3"}, "Only 2 clicks count there"),
        ({"number": "1000000000000"}, "less than or equal"),
        ({"seen": "7"}, "were corrected since"),
        ({"claim": "0"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_corrected_is_said_and_leaves_nothing(sold, client, fields, refusal):
    as_("sponsorship manager", client)
    assert refusal in client.post(figures(sold), sent(sold, **fields)).content.decode()
    assert not Adjustment.objects.exists()
    assert not AuditEntry.objects.filter(action="corrected the figures of").exists()


def test_a_page_that_is_sent_twice_corrects_once(sold, client):
    as_("sponsorship manager", client)
    for _ in range(2):
        client.post(figures(sold), sent(sold, number="5"))
    assert Adjustment.objects.count() == 1


def test_a_day_to_come_has_no_figures_and_a_mail_no_views(client):
    ahead = factories.running("web:home", day=factories.soon(), company="Second Ltd")
    as_("sponsorship manager", client)
    assert "None of its days has begun" in client.get(figures(ahead)).content.decode()
    mailed = factories.running("mail:weekly", company="Third Ltd")
    assert "no views are counted" in client.post(figures(mailed), sent(mailed)).content.decode()
    assert adjustments.seen(mailed) == "0"
