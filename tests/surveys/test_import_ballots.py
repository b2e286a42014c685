"""Ballots of an election held elsewhere come in whole or not at all, and are counted by the rules asked for."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from surveys import verification
from surveys.models import Ballot, Season
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
    slug = bring_in(CSV)
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
        ("2 1\n-2\n0\n", "x.blt", "a ballot is a whole weight"),
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
