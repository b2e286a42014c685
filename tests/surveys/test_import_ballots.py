"""Ballots of an election held elsewhere come in whole or not at all, and are counted by the rules asked for."""

import io
import itertools
import json

import pytest
from django.core.management import CommandError, call_command

from core.models import User
from core.transitions import TransitionRefused
from surveys import seasons, verification
from surveys.models import Ballot, LedgerEntry, Season
from tests.surveys.test_tallying import debian

pytestmark = pytest.mark.django_db

CSV = """ballot_id,rank,choice
1,1,Ada
1,2,Bit
2,1,Bit
3,1,overvote
3,2,Ada
4,1,undervote
4,2,Coin
5,1,write-in
5,2,Ada
6,1,Ada
6,1,Bit
7,3,Coin
"""


@pytest.fixture
def bring_in(tmp_path):
    def run(content, *options, method="irv", name="some-election.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        out = io.StringIO()
        call_command("import_ballots", str(path), "--method", method, *options, stdout=out, stderr=io.StringIO())
        return out.getvalue().strip()

    return run


def tally(slug):
    out = io.StringIO()
    call_command("tally", slug, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_an_imported_season_is_archived_marked_and_sealed(client, bring_in):
    slug = bring_in(CSV, "--publish")
    season = Season.objects.get()
    assert (slug, season.slug, season.state, season.is_imported) == (*("some-election",) * 2, "archived", True)
    assert season.imported_from == "some-election.csv"
    assert list(verification.problems(season)) == []
    assert "Imported" in client.get(f"/awards/{slug}/").content.decode()
    assert client.get(f"/awards/{slug}/result/").status_code == 200


def test_an_instant_runoff_is_printed_round_by_round(bring_in):
    found = tally(bring_in(CSV))
    assert (found["method"], found["ballots"], found["winners"]) == ("irv", 7, ["Coin"])
    assert found["rounds"][0] == {
        "counts": {"Ada": 1, "Bit": 1, "Coin": 2, "write-in": 1},
        "eliminated": ["Ada", "Bit", "write-in"],
        "exhausted": 2,
    }
    assert [sum(stage["counts"].values()) + stage["exhausted"] for stage in found["rounds"]] == [7, 7]


def test_the_rules_asked_for_are_the_rules_applied(bring_in):
    skipping = tally(bring_in(CSV, "--overvote", "skip", "--max-skips", "1"))
    assert skipping["rounds"][0]["counts"] == {"Ada": 2, "Bit": 1, "Coin": 1, "write-in": 1}
    assert tally(bring_in(CSV, "--max-ranks", "1"))["rounds"][0]["counts"]["Coin"] == 0


def test_plurality_counts_first_choices(bring_in):
    found = tally(bring_in(CSV, method="plurality"))
    assert (found["counts"], found["shares"]["Ada"]) == ({"Ada": 1, "Bit": 1, "Coin": 0, "write-in": 1}, "33.3")
    assert found["winners"] == ["Ada", "Bit"]


def test_scores_come_from_the_rank_column(bring_in):
    found = tally(bring_in("ballot_id,rank,choice\n1,5,Ada\n1,0,Bit\n2,3,Bit\n", method="score"))
    assert (found["counts"], found["winners"]) == ({"Ada": 5, "Bit": 3}, ["Ada"])


@pytest.mark.parametrize(("unranked", "ahead", "behind"), [("last", 190, 184), ("no-opinion", 167, 174)])
def test_a_published_election_comes_out(bring_in, unranked, ahead, behind):
    names, ballots = debian(2006)
    lines, serial = ["ballot_id,rank,choice"], 0
    for ranks, number in ballots:
        for _ in range(number):
            serial += 1
            lines += [f"{serial},{place},{name}" for place, rank in enumerate(ranks, 1) for name in rank]
    found = tally(bring_in("\n".join(lines), "--unranked", unranked, method="schulze"))
    assert found["pairwise"]["Anthony Towns"]["Steve McIntyre"] == ahead
    assert found["pairwise"]["Steve McIntyre"]["Anthony Towns"] == behind
    assert set(found["pairwise"]) == set(names)


BLT = """4 1
3 1 2=3 0
2 2 - 4 0  # a skipped rank
1 0
0
"Ada"
"Bit, Inc."
"Coin"
"Doge"
"A small election"
"""


def test_blt_files_are_read_with_weights_skips_and_equal_ranks(bring_in):
    found = tally(bring_in(BLT, name="x.blt"))
    assert Season.objects.get().title == "A small election"
    assert (found["ballots"], found["winners"]) == (6, ["Ada"])
    assert found["rounds"][0]["counts"] == {"Ada": 3, "Bit, Inc.": 2, "Coin": 0, "Doge": 0}


def ballots(*piles):
    """Long CSV of so many ballots of each ranking: `"Ash Birch=Cedar"` has two equal names at its second rank."""
    lines, serials = ["ballot_id,rank,choice"], itertools.count(1)
    for ranking, number in piles:
        for serial in itertools.islice(serials, number):
            ranks = enumerate(ranking.split(), 1)
            lines += [f"{serial},{place},{name}" for place, rank in ranks for name in rank.split("=")]
    return "\n".join(lines)


def test_joint_winners_are_first_and_the_next_is_third(bring_in):
    slug = bring_in(ballots(("A B C", 3), ("D A B", 2), ("D B C", 2), ("C B D", 2)), method="schulze")
    found = tally(slug)
    assert (sorted(found["winners"]), found["places"]) == (["B", "D"], {"B": 1, "D": 1, "A": 3, "C": 3})
    places = dict(Season.objects.get().categories.get().tally.rows.exclude(rank=None).values_list("name", "rank"))
    assert places == {"B": 1, "D": 1, "A": 3, "C": 3}


def test_a_paper_can_end_where_a_name_comes_again(bring_in):
    content = ballots(("Ash", 4), ("Birch", 5), ("Cedar Cedar Ash", 2))
    assert tally(bring_in(content))["rounds"][-1]["counts"] == {"Ash": 6, "Birch": 5}
    last = tally(bring_in(content, "--duplicate", "exhaust"))["rounds"][-1]
    assert (last["counts"], last["exhausted"]) == ({"Ash": 4, "Birch": 5}, 2)


def test_what_decided_a_tie_is_said(bring_in):
    found = tally(bring_in(ballots(("Ash", 4), ("Birch", 5), ("Cedar Ash=Birch", 2), ("Cedar Ash", 1))))
    assert (found["rounds"][1]["counts"], found["rounds"][1]["exhausted"]) == ({"Ash": 5, "Birch": 5}, 2)
    assert found["ties"] == [{"between": ["Ash", "Birch"], "decided_by": "round 1", "round": 2}]
    assert found["winners"] == ["Birch"]


def test_a_rank_can_be_left_to_the_one_name_in_it_that_is_still_in(bring_in):
    content = ballots(("Ash", 4), ("Birch", 5), ("Cedar Ash=Cedar", 2), ("Dogwood Ash=Birch", 1), ("Cedar", 1))
    found = tally(bring_in(content, "--overvote", "continuing"))
    assert (found["rounds"][-1]["counts"], found["rounds"][-1]["exhausted"]) == ({"Ash": 6, "Birch": 5}, 2)


def test_write_ins_can_be_eliminated_first(bring_in):
    content = ballots(("Ash Birch", 5), ("Birch Ash", 4), ("write-in Birch", 3), ("Cedar Birch", 2))
    first = tally(bring_in(content, "--write-ins", "first"))
    assert [stage["eliminated"] for stage in first["rounds"]] == [["write-in"], ["Cedar"], []]
    assert first["rounds"][-1]["counts"] == {"Ash": 5, "Birch": 9}
    assert tally(bring_in(content))["rounds"][0]["eliminated"] == ["Cedar"]


def test_write_ins_that_go_first_never_win(bring_in):
    found = tally(bring_in(ballots(("write-in", 9), ("Ash", 2), ("Birch", 1)), "--write-ins", "first"))
    assert found["winners"] == ["Ash"]


def test_readers_see_an_import_only_once_somebody_shows_it(client, bring_in):
    season = Season.objects.get(slug=bring_in(CSV))
    receipt = Ballot.objects.first().receipt
    paths = ["", "result/", "result/ada/", "ledger/", "ledger.json", "ballots.csv", "verify.py"]
    for path in (*(f"/awards/{season.slug}/{path}" for path in paths), f"/awards/receipt/{receipt}/"):
        assert client.get(path).status_code == 404, path
    assert client.get(f"/api/v1/seasons/{season.slug}/").status_code == 404
    for path in ("/awards/", "/api/v1/seasons/", "/sitemap.xml"):
        assert season.slug not in client.get(path).content.decode()
    seasons.show_imported(season, by=User.objects.create_user("steward@example.com"))
    assert client.get(f"/awards/{season.slug}/result/").status_code == 200
    with pytest.raises(TransitionRefused, match="already"):
        seasons.show_imported(season, by=None)


WITHDRAWN = """4 1
-2
3 1 3 0
4 2 1 0
2 3 2 1 0
1 4 0
0
"Ash"
"Birch"
"Cedar"
"Dogwood"
"One seat, Birch withdrawn"
"""


def test_whoever_withdrew_takes_no_part_and_the_ledger_says_so(bring_in):
    found = tally(bring_in(WITHDRAWN, name="x.blt"))
    assert found["rounds"][0]["counts"] == {"Ash": 7, "Cedar": 2, "Dogwood": 1}
    assert found["winners"] == ["Ash"]
    said = LedgerEntry.objects.get(kind="withdrawal").statement
    assert (said["withdraw"], said["reason"]) == ("birch", "Withdrawn in the file that was imported.")
    assert list(verification.problems(Season.objects.get())) == []


def test_names_and_ballots_may_share_a_line(bring_in):
    content = '3 1\n2 1 2 0 3 3 0\n(ann) 2 2 3 0\n0 "Ash" "Birch #1" "Cedar \\"C\\"" "All on one line"'
    found = tally(bring_in(content, name="x.blt"))
    assert Season.objects.get().title == "All on one line"
    assert (found["ballots"], list(found["counts"])) == (7, ["Ash", "Birch #1", 'Cedar "C"'])


def test_papers_may_have_weights(client, bring_in):
    content = '2 1\n1.5 1 2 0\n2.25 2 0\n1 1 0\n0\n"Ash"\n"Birch"\n"Weighted papers"\n'
    slug = bring_in(content, "--publish", method="plurality", name="x.blt")
    found = tally(slug)
    assert (found["counts"], found["ballots"], found["shares"]["Ash"]) == ({"Ash": 2.5, "Birch": 2.25}, 4.75, "52.6")
    page = client.get(f"/awards/{slug}/result/").content.decode()
    assert "2.25" in page
    assert "N = 4.75 ballots" in page
    assert list(verification.problems(Season.objects.get())) == []
    assert ",2.25" in client.get(f"/awards/{slug}/ballots.csv").content.decode()


def test_the_same_file_can_come_in_again_under_other_rules(bring_in):
    assert (bring_in(CSV), bring_in(CSV, "--overvote", "skip")) == ("some-election", "some-election-2")


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        ("", "x.csv", "ballot_id is missing"),
        ("ballot,rank,choice\n", "x.csv", "ballot_id is missing"),
        ("ballot_id,rank,choice\n", "x.csv", "holds no ballots"),
        ("ballot_id,rank,choice\n1,1,Ada\n2,1", "x.csv", "Line 3 has 2 columns instead of 3"),
        ('ballot_id,rank,choice\n1,1,Ada\n2,1,"Bi', "x.csv", "Line 3 is not complete CSV"),
        ("ballot_id,rank,choice\n1,first,Ada\n", "x.csv", "Line 2: “first” is not a rank"),
        ("ballot_id,rank,choice\n1,99999,Ada\n", "x.csv", "Line 2: “99999” is not a rank"),
        ("ballot_id,rank,choice\n,1,Ada\n", "x.csv", "Line 2 has no ballot_id"),
        ("ballot_id,rank,choice\n1,1,Ada\n2,1,ada\n", "x.csv", "Two nominees are called"),
        (f"ballot_id,rank,choice\n1,1,{'a' * 121}\n", "x.csv", "at most 120 characters"),
        ("ballot_id,rank,choice\n1,1,Zoé\n".encode("latin-1"), "x.csv", "not UTF-8 text (line 2)"),
        (b"PK\x03\x04\0\0", "x.csv", "not a text file"),
        ("nonsense", "x.blt", "Line 1: a BLT file starts with"),
        ("2 1\n1 1 0\n", "x.blt", "ends before the line with a lone 0"),
        ("2 1\n1 3 0\n0\n", "x.blt", "“3” is not a candidate; they are numbered 1 to 2"),
        ("2 1\n-3\n0\n", "x.blt", "“3” is not a candidate"),
        ("2 1\n0.0 1 0\n0\n", "x.blt", "a ballot is a weight such as 1 or 2.5"),
        ("2 1\n1 2 1\n1 1 0\n0\n", "x.blt", "Line 2: a ballot ends with a 0 on its line"),
        ('2 1\n1 1 0\n0\n"Ada"\n', "x.blt", "a candidate's name is expected"),
    ],
)
def test_a_wrong_file_is_refused_in_words_and_leaves_nothing(bring_in, content, name, says):
    with pytest.raises(CommandError) as refusal:
        bring_in(content, name=name)
    assert says in str(refusal.value)
    assert "Nothing was imported" in str(refusal.value)
    assert not Season.objects.exists()
    assert not Ballot.objects.exists()


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_ballots", str(tmp_path / "none.csv"), "--method", "irv")


def test_a_nominee_who_is_at_a_rank_three_times_is_there_once(bring_in):
    bring_in("ballot_id,rank,choice\n1,1,Ada\n1,1,Ada\n1,1,Bit\n1,1,Ada\n2,1,Bit\n", method="approval")
    assert sorted(ballot.choice for ballot in Ballot.objects.all()) == [[["ada", "bit"]], [["bit"]]]
