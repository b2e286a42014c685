"""What is taken away from a released result: files, drawings, pictures, badges; and what nominees use to ask for votes."""

import csv
import io
import json
from xml.etree import ElementTree as ET

import pytest
from django.utils import timezone
from PIL import Image

from surveys import promotion, release, seasons, turnout
from surveys.models import LedgerEntry, TreeHead
from tests.html import one_line
from tests.surveys.factories import cast, draft_season, open_season, released_season, seal_and_open

pytestmark = pytest.mark.django_db
IMAGES = ["card-wide.png", "card-square.png", "card-tall.png", "badge.png"]


def ranked_season(method, *piles):
    season = draft_season()
    season.categories.update(method=method)
    seal_and_open(season)
    for choice, number in piles:
        cast(season.categories.get(), choice, number)
    seasons.close(season)
    release.tally(season.categories.get())
    release.release_season(season)
    return season


def rows_of(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_every_figure_of_a_plurality_is_in_both_files(client):
    released_season()
    lines = rows_of(client.get("/awards/moon-2025/wallet/result.csv"))
    assert [(line["nominee"], line["count"], line["share"], line["rank"], line["winner"]) for line in lines] == [
        ("ada", "30", "66.7", "1", "1"),
        ("bit", "12", "26.7", "2", "0"),
        ("coin", "0", "0.0", "3", "0"),
        ("write-in", "3", "6.7", "", "0"),
    ]
    document = json.loads(client.get("/awards/moon-2025/wallet/result.json").content)
    assert document["rows"][0]["count"] == "30"
    assert document["reconciliation"]["counted"] == 45


def test_rounds_are_in_the_files_and_drawn_with_more_than_half_marked(client):
    ranked_season("irv", ([["ada"], ["bit"]], 4), ([["bit"]], 3), ([["coin"], ["bit"]], 2))
    lines = rows_of(client.get("/awards/moon-2026/wallet/result.csv"))
    found = [(line["round"], line["nominee"], line["count"]) for line in lines if line["table"] == "round"]
    assert ("2", "bit", "5") in found
    assert ("1", "(exhausted)", "0") in found
    page = one_line(client.get("/awards/moon-2026/wallet/").content)
    assert page.count("chart__bar chart__bar--lead") == 2  # who won, and the round that decided it
    assert "Bit: 3, 5." in page
    assert "Coin: 2, –." in page


def test_pairs_are_in_the_files_and_drawn(client):
    ranked_season("schulze", ([["ada"], ["bit"], ["coin"]], 5), ([["bit"], ["ada"], ["coin"]], 2))
    lines = rows_of(client.get("/awards/moon-2026/wallet/result.csv"))
    found = {(line["nominee"], line["against"]): line["count"] for line in lines if line["table"] == "pair"}
    assert (found["ada", "bit"], found["bit", "ada"]) == ("5", "2")
    assert "Ada: –, 5, 7." in one_line(client.get("/awards/moon-2026/wallet/").content)


@pytest.mark.parametrize(
    "path",
    ["wallet/result.csv", "wallet/result.json", "turnout.csv", "wallet/ada/badge/", "wallet/ada/badge.svg"],
)
def test_nothing_of_it_is_there_before_the_release(client, path):
    season = open_season()
    cast(season.categories.get(), [["ada"]], 5, sealed=True)
    assert client.get(f"/awards/moon-2026/{path}").status_code == 404
    seasons.close(season)
    release.tally(season.categories.get())
    assert client.get(f"/awards/moon-2026/{path}").status_code == 404
    release.release_season(season)
    assert client.get(f"/awards/moon-2026/{path}").status_code == 200


def test_the_turnout_counts_ballots_by_the_day_of_their_seal_and_no_statement(client, time_machine):
    time_machine.move_to("2026-11-27T10:00:00Z")
    season = open_season(
        opens_at=timezone.now() - timezone.timedelta(days=1), closes_at=timezone.now() + timezone.timedelta(days=5)
    )
    category = season.categories.get()
    cast(category, [["ada"]], 20, sealed=True)
    time_machine.move_to("2026-11-29T23:59:00Z")
    cast(category, [["bit"]], 25, sealed=True)
    seasons.close(season)
    release.tally(category)
    release.release_season(season)
    assert [number for _, number in turnout.by_day(season)] == [20, 0, 25]
    lines = rows_of(client.get("/awards/moon-2026/turnout.csv"))
    assert lines[2] == {"day": "2026-11-29", "ballots": "25"}
    assert "27 Nov: 20. 28 Nov: 0. 29 Nov: 25." in one_line(client.get("/awards/moon-2026/").content)


def test_ballots_that_were_imported_at_once_make_no_chart_of_days(client):
    season = released_season()
    assert turnout.chart_of(season) is None
    assert TreeHead.objects.filter(season=season).exists()
    assert "Turnout by day" not in client.get("/awards/moon-2025/").content.decode()


@pytest.mark.parametrize("name", IMAGES)
def test_pictures_are_drawn_in_their_size_whatever_the_name(client, name):
    season = released_season(nominees=("ada", "bit", "coin"))
    nominee = season.categories.get().nominees.get(slug="ada")
    answer = client.get(f"/awards/moon-2025/wallet/ada/{name}")
    picture = Image.open(io.BytesIO(answer.content))
    wanted = {"card-wide.png": (1200, 630), "card-square.png": (1080, 1080), "card-tall.png": (1080, 1350)}
    assert picture.size == wanted.get(name, (600, 600))
    nominee.name = "Ein sehr langer Name, der nicht endet, " * 3 + "月 🚀"
    for size in ("wide", "tall"):
        assert promotion.pictures.card(nominee, size=size, lead="Winner", about="A" * 200, site="S" * 90)


def test_only_winners_have_a_badge_and_it_leads_to_the_leaf_of_the_result(client):
    season = released_season()
    assert client.get("/awards/moon-2025/wallet/bit/badge/").status_code == 404
    page = client.get("/awards/moon-2025/wallet/ada/badge/").content.decode()
    leaf = LedgerEntry.objects.get(season=season, kind="result")
    assert f"/awards/receipt/{leaf.receipt}/" in page
    assert client.get(f"/awards/receipt/{leaf.receipt}/").status_code == 200
    assert "&lt;a href=&quot;" in page
    assert "<script" not in page.split("<textarea")[1].split("</textarea>")[0]
    assert "badge/" in client.get("/awards/moon-2025/wallet/ada/").content.decode()
    assert "badge/" not in client.get("/awards/moon-2025/wallet/bit/").content.decode()


def test_the_badge_is_an_svg_whatever_the_name_holds(client):
    season = draft_season(nominees=("bit",))
    season.categories.get().nominees.create(slug="ada", name="A & <b>“D”</b>")
    seasons.open_voting(season)
    cast(season.categories.get(), [["ada"]], 3)
    seasons.close(season)
    release.tally(season.categories.get())
    release.release_season(season)
    answer = client.get("/awards/moon-2026/wallet/ada/badge.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert "A & <b>“D”</b>" in "".join(ET.fromstring(answer.content).itertext())


def test_joint_winners_say_so(client):
    released_season(counts={"ada": 5, "bit": 5})
    assert "Joint winner" in client.get("/awards/moon-2025/wallet/bit/badge/").content.decode()


def test_a_nominee_gets_a_kit_to_ask_for_votes_until_the_vote_is_over(client):
    season = open_season()
    page = one_line(client.get("/awards/moon-2026/wallet/ada/kit/").content)
    assert page.count("readonly") == 4
    assert "/awards/moon-2026/wallet/ada/card-tall.png" in page
    assert "kit/" in client.get("/awards/moon-2026/wallet/ada/").content.decode()
    assert client.get("/awards/moon-2026/wallet/ada/card-huge.png").status_code == 404
    seasons.close(season)
    assert client.get("/awards/moon-2026/wallet/ada/kit/").status_code == 404
