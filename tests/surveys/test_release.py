"""A result is counted after the close, hidden until it is released, and shown as it was counted."""

import pytest
from django.core.management import CommandError, call_command

from core.transitions import TransitionRefused
from surveys import article_draft, blocks, ledger, papers, release, seasons
from surveys.importing import ImportedCategory, choices_from_counts, import_season
from surveys.models import Ballot, Season, Tally, TreeHead
from surveys.result_view import result_of
from tests.surveys.factories import cast, draft_season, open_season, released_season

pytestmark = pytest.mark.django_db

PUBLISHED = {"292": "49.7", "180": "30.6", "41": "7.0", "22": "3.7", "21": "3.6", "19": "3.2", "5": "0.9"}


@pytest.fixture
def etf():
    """The finished season with the published figures."""
    names = ["BlackRock", "Grayscale", "Fidelity", "ARK 21Shares", "Bitwise", "VanEck", "Valkyrie"]
    counts = dict(zip(names, map(int, PUBLISHED), strict=True)) | {"write-in": 8}
    category = ImportedCategory(
        title="Bitcoin ETF", nominees=[{"name": name} for name in names], ballots=choices_from_counts(counts)
    )
    return import_season(title="Moon Awards 2025", slug="moon-2025", source="test", categories=[category])


def test_the_published_shares_come_out(client, etf):
    result = result_of(etf.categories.get())
    assert {row["votes"]: row["share"] for row in result.rows if row["rank"]} == PUBLISHED
    assert [(row["name"], row["votes"], row["share"]) for row in result.rows if not row["rank"]] == [
        ("Other / write-in", "8", "1.4")
    ]
    page = client.get("/awards/moon-2025/bitcoin-etf/").content.decode()
    assert all(f"{share} %" in page for share in PUBLISHED.values())
    for words in ("N = 588", "Plurality count", "not a representative sample", "may not sum to 100", "<svg", "<table"):
        assert words in page


def test_a_category_is_tallied_only_after_its_close():
    season = open_season()
    with pytest.raises(TransitionRefused, match="has not been closed"):
        release.tally(season.categories.get())


def test_nothing_is_tallied_while_a_ballot_waits_for_the_ledger():
    season = open_season()
    seasons.close(season)
    category = season.categories.get()
    cast(category, [["ada"]])
    with pytest.raises(TransitionRefused, match="1 ballot of “Wallet” is not in the ledger yet"):
        release.tally(category)
    ledger.seal(season, everything=True)
    assert release.tally(category).ballots == 1


def test_a_result_is_not_released_once_a_nominee_withdrew_after_its_tally():
    season = open_season()
    category = season.categories.get()
    cast(category, [["ada"]], sealed=True)
    seasons.close(season)
    release.tally(category)
    papers.withdraw(category.nominees.get(slug="ada"), reason="asked to", by=None)
    with pytest.raises(TransitionRefused, match="withdrew after its tally: tally it again"):
        release.release(category)
    release.tally(category)
    release.release(category)


def test_nothing_is_tallied_while_a_ballot_is_held():
    season = open_season()
    category = season.categories.get()
    cast(category, [["ada"]], 2, sealed=True)
    Ballot.objects.filter(pk=category.ballots.first().pk).update(state="quarantined", reason="looks bought")
    seasons.close(season)
    with pytest.raises(TransitionRefused, match="held for review"):
        release.tally(category)


def test_a_tally_can_be_made_again_until_it_is_released():
    season = open_season()
    category = season.categories.get()
    cast(category, [["ada"]], 2, sealed=True)
    seasons.close(season)
    category.refresh_from_db()
    release.tally(category)
    ledger.void(category.ballots.first(), reason="bought")
    with pytest.raises(TransitionRefused, match="tally it again"):
        release.release(category)
    release.tally(category)
    release.release(category)
    with pytest.raises(TransitionRefused, match="cannot be counted again"):
        release.tally(category)


def test_a_category_without_a_vote_can_be_released():
    season = open_season()
    seasons.close(season)
    release.tally(season.categories.get())
    release.release_season(season)
    assert result_of(season.categories.get()).winners == []


def test_equal_counts_share_a_place_and_a_victory(client):
    season = released_season(counts={"bit": 4, "ada": 4, "coin": 1})
    rows = result_of(season.categories.get()).rows
    assert [(row["rank"], row["winner"]) for row in rows] == [(1, True), (1, True), (3, False), (None, False)]
    assert client.get("/awards/moon-2025/wallet/").content.decode().count("Winner</span>") == 2


SECRET_PAGES = [
    "/awards/", "/awards/moon-2026/", "/awards/moon-2026/wallet/", "/awards/moon-2026/wallet/ada/",
    "/awards/moon-2026/ledger/", "/awards/moon-2026/ledger.json", "/awards/moon-2026/vote/", "/api/v1/seasons/",
    "/api/v1/seasons/moon-2026/",
]  # fmt: skip


@pytest.mark.parametrize("stage", ["open", "closed", "tallied"])
def test_no_page_tells_a_result_before_its_release(client, stage):
    """Every page is the same with 777 ballots for one nominee as with as many for another."""
    pages = []
    for turn, favourite in enumerate(("ada", "bit")):
        season = open_season("moon-2026" if turn == 0 else "moon-2027")
        category = season.categories.get()
        cast(category, [[favourite]], 777, sealed=True)
        if stage != "open":
            seasons.close(season)
            category.refresh_from_db()
        if stage == "tallied":
            release.tally(category)
        texts = [client.get(path.replace("moon-2026", season.slug)).content.decode() for path in SECRET_PAGES]
        assert not any("777 " in text or "Winner" in text for text in texts)
        pages.append([text for path, text in zip(SECRET_PAGES, texts, strict=True) if "ledger" not in path])
        assert client.get(f"/awards/{season.slug}/ballots.csv").status_code == 404
        assert result_of(category) is None
        assert "released" in blocks.award_results({}, season.slug, "wallet")
        with pytest.raises(TransitionRefused, match="once the results are released"):
            article_draft.draft_article([category])


def test_after_the_release_pages_api_and_exports_agree(client):
    released_season()
    page = client.get("/awards/moon-2025/wallet/").content.decode()
    (category,) = client.get("/api/v1/seasons/moon-2025/").json()["categories"]
    rows = category["result"]["rows"]
    assert category["result"]["winners"] == ["Ada"]
    assert (rows[0]["name"], rows[0]["count"], rows[0]["share"]) == ("Ada", 30, "66.7")
    assert all(row["share"] in page for row in rows)
    export = client.get("/awards/moon-2025/ballots.csv").content.decode().splitlines()
    assert len(export) == 46
    assert sum('""ada""' in line for line in export) == 30


def test_a_draft_season_is_nowhere(client):
    draft_season("secret")
    assert client.get("/api/v1/seasons/secret/").status_code == 404
    assert client.get("/api/v1/seasons/").json()["results"] == []
    for path in ("/awards/secret/ledger/", "/awards/secret/ledger.json", "/awards/secret/ballots.csv"):
        assert client.get(path).status_code == 404


def test_a_released_category_does_not_open_the_others(client):
    season = open_season(categories=("wallet", "report"))
    for category in season.categories.all():
        cast(category, [["ada"]], 5)
    wallet = season.categories.get(slug="wallet")
    seasons.close_category(wallet)
    release.tally(wallet)
    release.release(wallet)
    export = client.get("/awards/moon-2026/ballots.csv").content.decode()
    assert "wallet" in export
    assert "report" not in export
    assert "Vote" in client.get("/awards/moon-2026/vote/").content.decode()


def test_the_season_closes_with_its_last_category():
    season = open_season(categories=("wallet", "report"))
    for category in season.categories.all():
        seasons.close_category(category)
    season.refresh_from_db()
    assert season.state == Season.State.CLOSED


def test_a_block_of_a_season_that_is_gone_shows_nothing(etf):
    assert blocks.award_results({}, "nowhere", "wallet") == ""


def test_the_command_refuses_an_open_season_and_an_unknown_one(capsys):
    open_season()
    for arguments, says in (
        (["moon-2026"], "has not been closed"),
        (["nowhere"], "There is no season"),
        (["moon-2026", "x"], "no category “x”"),
    ):
        with pytest.raises(CommandError, match=says):
            call_command("tally", *arguments, "--json")


def test_result_pages_cost_few_queries(client, etf, django_assert_max_num_queries):
    client.get("/awards/")
    for path, most in (
        ("/awards/", 6),
        ("/awards/moon-2025/", 8),  # one for who pays us among its nominees
        ("/awards/moon-2025/bitcoin-etf/", 8),
        ("/awards/moon-2025/ledger/", 7),
        ("/awards/moon-2025/bitcoin-etf/blackrock/", 8),
        ("/api/v1/seasons/moon-2025/", 7),
    ):
        with django_assert_max_num_queries(most):
            assert client.get(path).status_code == 200


def test_a_tally_remembers_the_head_and_the_rules_it_was_made_from():
    season = released_season(rules_version="7")
    made = Tally.objects.get()
    *_, counted, published = TreeHead.objects.filter(season=season).order_by("size")
    assert (made.rules_version, made.tree_head) == ("7", counted)
    assert published == ledger.latest_head(season)
