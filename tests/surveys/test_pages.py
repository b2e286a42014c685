"""The awards' pages can be kept by any cache, are found, and say what can be done now."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from surveys.forms import in_fair_order
from tests.html import one_line
from tests.sponsors import factories as sponsors
from tests.surveys.factories import draft_season, open_season, released_season

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path",
    ["", "moon-2026/", "moon-2026/wallet/", "moon-2026/wallet/ada/", "moon-2026/vote/", "moon-2026/nominate/",
     "moon-2026/ledger/", "moon-2026/ledger.json", "moon-2026/verify.py"],
)  # fmt: skip
def test_pages_need_no_cookie_and_can_be_kept(client, path):
    open_season()
    page = client.get(f"/awards/{path}")
    assert page.status_code == 200
    assert "public" in page["Cache-Control"]
    assert not page.cookies
    assert "Cookie" not in page.get("Vary", "")
    assert "csrfmiddlewaretoken" not in page.content.decode()


@pytest.mark.parametrize(
    "path", ["nowhere/", "moon-2026/nowhere/", "moon-2026/wallet/nobody/", "nowhere/ledger/", "nowhere/verify.py"]
)
def test_unknown_addresses_are_not_found(client, path):
    open_season()
    assert client.get(f"/awards/{path}").status_code == 404


def test_without_a_season_the_index_says_so(client):
    assert "No season yet" in client.get("/awards/").content.decode()


def test_before_the_opening_there_is_no_ballot(client):
    later = timezone.now() + timedelta(days=2)
    open_season(opens_at=later)
    assert "Voting opens" in client.get("/awards/moon-2026/wallet/").content.decode()
    assert f">{later:%-d %B %Y}, {later:%H:%M} UTC</time>" in client.get("/awards/moon-2026/vote/").content.decode()
    page = client.post("/awards/moon-2026/vote/", {"email": "ann@example.com", "vote-wallet": "ada"})
    assert page.status_code == 409


def every_ten_minutes(number):
    return [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=10 * slot) for slot in range(number)]


def test_nominees_stand_in_another_order_every_ten_minutes():
    category = draft_season(nominees=[f"nominee-{number}" for number in range(6)]).categories.get()
    orders = [[each.slug for each in in_fair_order(category, now)] for now in every_ten_minutes(200)]
    now = datetime(2026, 11, 1, 10, 1, tzinfo=UTC)
    assert in_fair_order(category, now) == in_fair_order(category, now + timedelta(minutes=8))
    assert len({tuple(order) for order in orders}) > 100
    assert {order[0] for order in orders} == {f"nominee-{number}" for number in range(6)}


def test_the_first_place_is_shared_out_fairly():
    category = draft_season().categories.get()
    firsts = [in_fair_order(category, now)[0].slug for now in every_ten_minutes(600)]
    assert all(150 < firsts.count(name) < 250 for name in ("ada", "bit", "coin"))


def test_the_ballot_is_one_labelled_group_for_each_category(client):
    open_season(categories=("wallet", "report"))
    text = client.get("/awards/moon-2026/vote/").content.decode()
    assert text.count("<fieldset") == text.count("<legend") == 2
    assert text.count('type="radio"') == 8
    assert '<label class="form-label" for="vote-email">' in text


def test_what_people_write_is_escaped(client):
    season = draft_season()
    season.categories.get().nominees.create(slug="x", name="<script>alert(1)</script>", description="<b>bold</b>")
    from surveys import seasons

    seasons.open_voting(season)
    for path in ("wallet/", "wallet/x/", "vote/"):
        text = client.get(f"/awards/moon-2026/{path}").content.decode()
        assert "<script>alert" not in text
        assert "<b>bold" not in text


def test_a_nominee_page_shows_its_place_and_its_neighbours_result(client):
    released_season()
    text = one_line(client.get("/awards/moon-2025/wallet/bit/").content)
    assert "Place 2" in text
    assert "12 votes" in text
    assert "26.7 %" in text


def test_a_nominee_who_advertises_is_marked(client):
    open_season()
    sponsors.running(company="Ada")
    assert "Ada advertises with us" in client.get("/awards/moon-2026/wallet/ada/").content.decode()
    assert "advertises" not in client.get("/awards/moon-2026/wallet/bit/").content.decode()
