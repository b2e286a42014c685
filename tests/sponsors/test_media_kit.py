"""The media kit says what was measured, beside what it is a share of, and takes no claim that our data contradicts."""

from datetime import date

import pytest

from sponsors import kit_claims, past_results
from sponsors.audience import Figures, Rate, Reading, Send
from sponsors.models import AdDay, AdEvent, Adjustment, KitText
from tests.newsletter import factories as newsletters
from tests.sponsors import factories

pytestmark = pytest.mark.django_db
SENDS = (Send("mail:weekly", "One", date(2026, 11, 20), 3000, 936, 25),)
MEASURED = Figures(date(2026, 11, 29), 3_120, SENDS, Rate(936, 3000), Rate(25, 3000), Reading(28, 14_000, 8_400))
LITTLE = Figures(date(2026, 11, 29), 40, (), None, None)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("Reach with 20–25% open rates", "31.2 %, 936 of 3,000 messages delivered"),
        ("25–30% open rates", None),
        ("Open rates of 45 %", "31.2 %"),
        ("More than 40 % open it", "31.2 %"),
        ("About 31 % open each briefing", None),
        ("Over 30 % open it", None),
        ("0.5–1 % CTR", None),
        ("A CTR of 2 %", "0.83 %, 25 of 3,000 messages delivered"),
        ("2.7 % of those who open click", None),
        ("0.5–1 % clicks per open", "2.67 %, 25 of 936 messages opened"),
        ("12,000 subscribers", "more than was counted: 3,120"),
        ("5k+ weekly subscribers", "more than was counted: 3,120"),
        ("Over 3,000 subscribers", None),
        ("50,000 page views", "more than was counted: 14,000 in four weeks"),
        ("Fees of 0.1 % and 20 % off for students.", None),
        ("No figures at all.", None),
    ],
)
def test_a_claim_that_our_data_contradicts_is_refused_with_the_figures(text, refused):
    said = kit_claims.problems(text, MEASURED)
    assert (refused in said[0]) if refused else said == []


def test_a_rate_is_refused_as_long_as_too_little_was_measured():
    assert "cannot be said yet: 0 messages" in kit_claims.problems("31 % open rates", LITTLE)[0]


@pytest.mark.parametrize("page", ["kittext", "package", "placementkind"])
def test_the_desk_s_forms_refuse_such_a_claim_in_words(client, page):
    client.force_login(newsletters.user("boss@example.com", role="sponsorship manager"))
    sent = {
        "part": "question", "heading": "Why?", "text": "45 % open rates", "ordering": 10, "is_shown": "on", "tier": "gold",
        "summary": "45 % open rates", "price": "10", "currency": "USD", "name": "A", "slug": "a", "channel": "web:home",
        "description": "45 % open rates", "position": 1, "headline_limit": 60, "body_limit": 200, "cutoff_hours": 24,
        "items-TOTAL_FORMS": 0, "items-INITIAL_FORMS": 0,
    }  # fmt: skip
    said = client.post(f"/admin/sponsors/{page}/add/", sent).content.decode()
    assert "“45 %” cannot be said yet" in said
    assert not KitText.objects.exists()


def test_what_staff_wrote_is_shown_until_our_figures_contradict_it(client):
    KitText.objects.create(part="question", heading="How fast?", text="On the next free day.")
    KitText.objects.create(part="audience", heading="Exchanges", text="People who compare fees.")
    KitText.objects.create(part="term", heading="Old", text="We have 9,000 subscribers.")
    page = client.get("/advertise/").content.decode()
    assert "How fast?" in page
    assert "People who compare fees." in page
    assert "9,000 subscribers" not in page
    assert "25–30 %" in page


def test_what_past_packages_brought_is_named_with_consent_and_a_median_of_three_at_least(time_machine, client):
    factories.wait(time_machine, days=-1)
    rows = [factories.running(company=f"Buyer {number}") for number in range(3)]
    for row, clicks in zip(rows, (2, 9, 4), strict=True):
        claim = row.claims.get()
        AdEvent.objects.bulk_create(AdEvent(claim=claim, nonce=f"{row.pk} {n}") for n in range(clicks))
        AdEvent.objects.create(claim=claim, nonce="robot", reason="scanner")
    assert past_results.past().medians == []
    claim = rows[2].claims.get()
    Adjustment.objects.create(claim=claim, kind="click", number=-1, words="Counted wrongly.", by=factories.user())
    for reason, number in (("", 150), ("hosted", 900)):
        AdDay.objects.create(claim=claim, day=claim.unit.date, reason=reason, number=number)
    factories.wait(time_machine, days=30)
    assert past_results.past().medians == []  # a click may still come, or be judged anew
    factories.wait(time_machine, days=2)
    type(rows[1]).objects.filter(pk=rows[1].pk).update(shows_results=True)
    found = past_results.past()
    assert [(each.bookings, each.sponsors, each.clicks) for each in found.medians] == [(3, 3, 3)]
    assert [(of, rate.count, rate.total) for of, rate in found.medians[0].rates] == [("views on pages", 3, 150)]
    assert "of 150 views on pages" in client.get("/advertise/").content.decode()
    assert [(each.booking.name, each.clicks) for each in found.named] == [("Buyer 1", 9)]
    bookings = type(rows[0]).objects
    for change in (
        {"state": "cancelled"},
        {"sponsor": rows[1].sponsor},
        {"snapshot": rows[0].snapshot | {"tier": "custom"}},
    ):
        before = {name: getattr(rows[0], name) for name in change}
        bookings.filter(pk=rows[0].pk).update(**change)
        assert past_results.past().medians == []  # of three different sponsors, and of nothing made for one of them
        bookings.filter(pk=rows[0].pk).update(**before)
    assert past_results.past().medians


@pytest.mark.parametrize("channel", ["web:article", "web:home", "mail:weekly"])
def test_each_placement_is_pictured_by_the_real_page_or_mail(client, channel):
    newsletters.newsletter()
    newsletters.published("Long read")
    sold = factories.kind(channel)
    other = factories.kind("web:home", name="Not for sale")
    factories.package({sold: 1})
    said = client.get(f"/advertise/placements/{sold.slug}/")
    assert "Your headline, in up to 60 characters" in said.content.decode()
    assert "public" in said["Cache-Control"]
    assert f"/advertise/placements/{sold.slug}/" in client.get("/advertise/").content.decode()
    assert client.get(f"/advertise/placements/{other.slug}/").status_code == 404
