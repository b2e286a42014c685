"""A jury votes apart, by accounts; nobody on it where they have a conflict; and weighs what the ballot paper says."""

import csv
import io
import json

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.urls import reverse

from core.models import User
from core.transitions import TransitionRefused
from sponsors.models import Sponsor
from surveys import jury, keys, ledger, quarantine, recusals, release, seasons, verification
from surveys.models import Ballot, Juror, UnsealedBallot
from surveys.quarantine import Kind
from surveys.tallying import weights
from tests.html import one_line
from tests.sponsors import factories as sponsors
from tests.surveys.factories import cast, close_and_release, draft_season
from tests.surveys.test_tampering import program  # noqa: F401

pytestmark = pytest.mark.django_db


def account(name, domain="example.org", role="juror"):
    user = User.objects.create_user(f"{name.lower()}@{domain}", name=name)
    user.groups.add(Group.objects.get(name=role))
    return user


def jury_season(method="plurality", *, jurors=("Ann", "Bob", "Cleo"), weight=40, quorum=2, **fields):
    season = draft_season()
    season.categories.update(
        method=method, jury_weight=weight, jury_quorum=quorum, scale=5 if method == "score" else None, **fields
    )
    for name in jurors:
        season.jurors.create(user=account(name), name=name)
    return season


def opened(**fields):
    season = jury_season(**fields)
    seasons.open_voting(season)
    return season


def vote(season, name, choice):
    juror = season.jurors.get(name=name)
    return jury.cast(juror, {"wallet": choice}, by=juror.user)


def test_a_ballot_under_review_keeps_its_place_and_costs_its_juror_no_other_category(client):
    season = jury_season()
    other = season.categories.create(slug="report", title="Report", jury_weight=40, jury_quorum=2)
    for name in ("ada", "bit"):
        other.nominees.create(slug=name, name=name.title())
    seasons.open_voting(season)
    ann = season.jurors.get(name="Ann")
    receipt = vote(season, "Ann", [["ada"]]).cast[0][1]
    ledger.seal(season, everything=True)
    quarantine.hold(season, quarantine.place(season, Kind.RECEIPT, receipt), reason="check", by=None)
    casting = jury.cast(ann, {"wallet": [["bit"]], "report": [["bit"]]}, by=ann.user)
    assert [category.slug for category, _ in casting.cast] == ["report"]
    assert [category.slug for category in casting.standing] == ["wallet"]
    with pytest.raises(TransitionRefused, match="under review"):
        recusals.recuse(ann, season.categories.get(slug="wallet"), reason="a friend", by=ann.user)
    client.force_login(ann.user)
    page = one_line(client.post(page_of(season), {"vote-wallet": "bit"}).content)
    assert "An earlier vote stands" in page
    assert "was not counted there" in page


def page_of(season):
    return reverse("admin:surveys_season_jury", args=[season.pk])


@pytest.fixture
def record(client, program, tmp_path):  # noqa: F811
    """What a stranger downloads, and what the verifier says to it."""

    def run(season, tamper=None):
        files = {
            name: client.get(f"/awards/{season.slug}/{name}").content.decode()
            for name in ("ledger.json", "ballots.csv")
        }
        book, rows = json.loads(files["ledger.json"]), list(csv.DictReader(io.StringIO(files["ballots.csv"])))
        if tamper:
            tamper(book, rows)
        (tmp_path / "ledger.json").write_text(json.dumps(book))
        with (tmp_path / "ballots.csv").open("w") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return program.main([str(tmp_path / "ledger.json"), str(tmp_path / "ballots.csv"), "--key", keys.public_key()])

    return run


def test_the_jury_weighs_what_the_paper_says_and_a_stranger_counts_it_again(client, record):
    season = opened(weight=40, quorum=2)
    category = season.categories.get()
    cast(category, [["ada"]], 6)
    cast(category, [["bit"]], 4)
    vote(season, "Ann", [["bit"]])
    vote(season, "Bob", [["ada"]])
    vote(season, "Bob", [["bit"]])
    vote(season, "Cleo", [["coin"]])
    seasons.close(season)
    made = release.tally(category)
    part = made.detail["jury"]
    assert (part["counts_in"], part["weights"]) == (True, [9, 20])  # 3 * 60 to 10 * 40
    shares = {row.slug: f"{100 * row.count / made.base:.1f}" for row in made.rows.all()}
    assert shares == {"bit": "50.7", "ada": "36.0", "coin": "13.3", "write-in": "0.0"}  # 0.6 * 4/10 + 0.4 * 2/3 …
    assert (made.ballots, part["public"]["winners"], part["jury"]["winners"]) == (13, ["ada"], ["bit"])
    assert part["reconciliation"] == {"confirmed": 4, "held": 0, "void": 0, "counted": 3, "superseded": 1}
    release.release_season(season)
    assert list(verification.problems(season)) == []
    page = one_line(client.get("/awards/moon-2026/wallet/").content)
    assert "10 ballots weigh 60 %, the jury’s 3 weigh 40 %" in page
    assert "Bob" not in page
    assert record(season) == 0


TAMPERINGS = {
    "the paper's weight": lambda book, rows: book["statements"]["0"]["paper"]["categories"][0]["jury"].update(
        weight=90
    ),
    "the result's weights": lambda book, rows: result(book)["jury"].update(weights=[1, 1]),
    "that it counts": lambda book, rows: result(book)["jury"].update(counts_in=False),
    "the jury's side": lambda book, rows: result(book)["jury"]["jury"]["counts"].update(ada=9),
    "the jury left out of the result": lambda book, rows: result(book).pop("jury"),
    "a public ballot as the jury's": lambda book, rows: next(row for row in rows if not row["jury"]).update(jury="1"),
    "a juror's ballot as the public's": lambda book, rows: next(row for row in rows if row["jury"]).update(jury=""),
    "a juror's ballot left out": lambda book, rows: rows.remove(next(row for row in rows if row["jury"])),
}


def result(book):
    return next(each["result"] for each in book["statements"].values() if "result" in each)


@pytest.mark.parametrize("what", TAMPERINGS)
def test_whatever_is_changed_about_the_jury_is_found(record, what):
    season = opened(quorum=1)
    cast(season.categories.get(), [["ada"]], 3)
    vote(season, "Ann", [["bit"]])
    seasons.close(season)
    release.tally(season.categories.get())
    release.release_season(season)
    assert record(season, TAMPERINGS[what]) == 1


def stuffed(category, number):
    """Ballots that are marked as the jury's and are no juror's."""
    for serial in range(200, 200 + number):
        nonce = bytes([serial]) * 16
        leaf = ledger.ballot_leaf(category, [["coin"]], nonce, is_jury=True)
        made = {"voter_key": bytes([serial]) * 32, "nonce": nonce, "leaf_hash": leaf, "is_jury": True}
        UnsealedBallot.objects.create(ballot=category.ballots.create(choice=[["coin"]], **made))


@pytest.mark.parametrize("is_kept", [True, False], ids=["with the pepper", "without the pepper"])
def test_a_jury_of_more_ballots_than_jurors_is_found(record, capsys, is_kept):
    season = opened(quorum=1)
    category = season.categories.get()
    cast(category, [["ada"]], 3)
    recusals.recuse(season.jurors.get(name="Bob"), category, reason="a friend", by=None)
    vote(season, "Ann", [["bit"]])
    stuffed(category, 2)
    close_and_release(season)
    if not is_kept:
        keys.destroy_pepper(season)
    problems = list(verification.problems(season))
    assert sum("but no juror's" in problem for problem in problems) == (2 if is_kept else 0)
    assert any("3 ballots of its jury" in problem for problem in problems)
    assert record(season) == 1
    assert "the file has 3 ballots of the jury to be counted" in capsys.readouterr().out


def test_a_strangers_ballot_in_the_place_of_a_juror_who_did_not_vote_is_found_while_the_pepper_is_there():
    season = opened(quorum=1)
    vote(season, "Ann", [["bit"]])
    stuffed(season.categories.get(), 1)
    seasons.close(season)
    (problem,) = verification.problems(season)
    assert "is the jury's, but no juror's" in problem


def test_a_jury_that_lost_a_void_ballot_and_then_its_member_holds(record):
    season = opened(quorum=1)
    category = season.categories.get()
    for name in ("Ann", "Bob", "Cleo"):
        vote(season, name, [["bit"]])
    ledger.seal(season, everything=True)
    ledger.void(category.ballots.get(voter_key=recusals.voter_key(season.jurors.get(name="Bob"))), reason="a mistake")
    recusals.recuse(season.jurors.get(name="Bob"), category, reason="a friend", by=None)
    close_and_release(season)
    assert list(verification.problems(season)) == []
    assert record(season) == 0


def test_a_void_ballot_is_not_counted_after_all_once_its_juror_takes_no_part(record):
    season = opened(quorum=1)
    category = season.categories.get()
    receipts = {name: vote(season, name, [["bit"]]).cast[0][1] for name in ("Ann", "Bob")}
    ledger.seal(season, everything=True)
    for receipt in receipts.values():
        quarantine.hold(season, quarantine.place(season, Kind.RECEIPT, receipt), reason="check", by=None)
    rows = {row.name: row for row in season.quarantines.all()}
    for row in rows.values():
        quarantine.void(row, reason="found void", by=None)
    recusals.recuse(season.jurors.get(name="Bob"), category, reason="a friend", by=None)
    assert quarantine.count(rows[receipts["Ann"]], reason="a mistake", by=None) == 1
    with pytest.raises(TransitionRefused, match="takes no part in its category any more"):
        quarantine.count(rows[receipts["Bob"]], reason="a mistake", by=None)
    close_and_release(season)
    assert category.ballots.get(state="void").receipt == receipts["Bob"]
    assert list(verification.problems(season)) == []
    assert record(season) == 0


@pytest.mark.parametrize("close", [seasons.close, lambda season: seasons.close_category(season.categories.get())])
def test_who_is_in_conflict_and_never_came_is_named_with_the_result(client, close):
    season = jury_season(quorum=1)
    season.jurors.filter(name__in=["Bob", "Cleo"]).update(affiliations="Bit")
    seasons.open_voting(season)
    vote(season, "Ann", [["ada"]])
    close(season)
    release.tally(season.categories.get())
    release.release_season(season)
    page = one_line(client.get("/awards/moon-2026/wallet/").content)
    for name in ("Bob", "Cleo"):
        assert f"{name}: “Bit” is among the affiliations." in page
    assert "Ann: " not in page
    assert list(verification.problems(season)) == []


def test_without_the_pepper_a_season_closes_and_names_nobody():
    season = jury_season(quorum=1)
    season.jurors.filter(name="Bob").update(affiliations="Bit")
    seasons.open_voting(season)
    keys.destroy_pepper(season)
    seasons.close(season)
    assert not season.categories.get().recusals.exists()


@pytest.mark.parametrize("names", [["Nobody Known"], ["Bob", "Bob"]], ids=["a stranger", "one twice"])
def test_only_jurors_take_no_part_and_each_once(record, capsys, names):
    season = opened(quorum=1)
    vote(season, "Ann", [["bit"]])
    seasons.close(season)
    made = release.tally(season.categories.get())
    made.detail["jury"]["recused"] = [{"juror": name, "reason": "a friend"} for name in names]
    made.save()
    release.release_season(season)
    assert record(season) == 1
    assert "somebody took no part who is not on the jury, or did so twice" in capsys.readouterr().out


CHOICES = {
    "plurality": ([["ada"]], [["bit"]]),
    "approval": ([["ada", "coin"]], [["bit", "coin"]]),
    "irv": ([["ada"], ["bit"]], [["bit"], ["coin"]]),
    "schulze": ([["ada"], ["bit"]], [["bit", "coin"], ["ada"]]),
    "score": ({"ada": 5, "bit": 1}, {"bit": 4}),
}


@pytest.mark.parametrize("method", CHOICES)
def test_every_method_can_be_weighed(client, record, method):
    season = opened(method=method, quorum=1)
    public, jurys = CHOICES[method]
    cast(season.categories.get(), public, 5)
    vote(season, "Ann", jurys)
    seasons.close(season)
    release.tally(season.categories.get())
    release.release_season(season)
    assert list(verification.problems(season)) == []
    assert record(season) == 0
    assert client.get("/awards/moon-2026/wallet/").status_code == 200


def test_without_a_quorum_the_public_decides_alone_and_the_page_says_so(client, record):
    season = opened(quorum=2)
    cast(season.categories.get(), [["ada"]], 3)
    vote(season, "Ann", [["bit"]])
    seasons.close(season)
    made = release.tally(season.categories.get())
    assert ([row.slug for row in made.rows.filter(is_winner=True)], made.ballots) == (["ada"], 3)
    release.release_season(season)
    assert "quorum is 2, and 1 voted" in one_line(client.get("/awards/moon-2026/wallet/").content)
    assert record(season) == 0


def test_weights_are_whole_numbers_that_share_out_the_whole():
    assert weights(10, 3, 40) == (9, 20)
    assert weights(1_000_000, 20, 50) == (1, 50_000)
    assert weights(0, 3, 40) == weights(5, 0, 40) == (1, 1)


# Who votes


def test_a_juror_votes_on_a_page_of_their_own_changes_it_and_gets_a_receipt(client):
    season = opened()
    client.force_login(season.jurors.get(name="Ann").user)
    assert "Ann" in client.get("/admin/").content.decode()
    assert page_of(season) in client.get("/admin/").content.decode()
    text = one_line(client.get(page_of(season)).content)
    assert "Your ballot, Ann" in text
    answer = client.post(page_of(season), {"vote-wallet": "ada"})
    ballot = Ballot.objects.get()
    assert (ballot.is_jury, ballot.choice) == (True, [["ada"]])
    assert ballot.receipt in answer.content.decode()
    assert "You have voted in “Wallet”" in one_line(client.get(page_of(season)).content)
    assert "It takes the place" in client.post(page_of(season), {"vote-wallet": "bit"}).content.decode()
    assert {each.state for each in Ballot.objects.filter(choice=[["ada"]])} == {"superseded"}
    refused = client.post(page_of(season), {"vote-wallet": ["ada", "bit"]})
    assert refused.status_code == 400
    assert "Choose one nominee only" in refused.content.decode()


@pytest.mark.parametrize("role", ["juror", "awards steward", "administrator", "editor"])
def test_nobody_but_its_jurors_gets_the_ballot_of_a_jury(client, role):
    season = opened()
    client.force_login(account("Eve", role=role))
    for method in (client.get, client.post):
        assert method(page_of(season)).status_code == 403
    assert not Ballot.objects.exists()


def test_a_juror_sees_nothing_else_of_the_desk(client):
    season = opened()
    client.force_login(season.jurors.get(name="Ann").user)
    for name in ("season", "ballot", "tally", "ledgerentry"):
        assert client.get(reverse(f"admin:surveys_{name}_changelist")).status_code == 403


def test_after_the_close_no_juror_votes(client):
    season = opened()
    seasons.close(season)
    client.force_login(season.jurors.get(name="Ann").user)
    client.post(page_of(season), {"vote-wallet": "ada"})
    assert not Ballot.objects.exists()


def test_the_jury_is_on_the_paper_and_stays_as_it_is():
    season = opened()
    with pytest.raises(IntegrityError, match="on the ballot paper"), transaction.atomic():
        Juror.objects.filter(name="Ann").update(name="Anna")
    with pytest.raises(IntegrityError, match="on the ballot paper"), transaction.atomic():
        season.jurors.create(user=account("Dora"), name="Dora")
    assert list(verification.problems(season)) == []


def test_voting_does_not_open_with_fewer_jurors_than_the_quorum():
    with pytest.raises(TransitionRefused, match="needs 4 jurors; the season's jury has 3"):
        opened(quorum=4)


# Conflicts


def conflict(season, name):
    return " ".join(recusals.conflicts(season.jurors.get(name=name), season.categories.get()))


def test_who_belongs_to_a_nominee_has_a_conflict():
    season = jury_season()
    season.jurors.filter(name="Ann").update(affiliations="Nobody Ltd, ADA")
    season.jurors.filter(name="Bob").update(affiliations="Adamant")
    season.categories.get().nominees.filter(slug="bit").update(url="https://www.bit.example/wallet")
    User.objects.filter(name="Cleo").update(email="cleo@bit.example")
    assert conflict(season, "Ann") == "“Ada” is among the affiliations."
    assert conflict(season, "Bob") == ""
    assert "“Bit” is at the domain" in conflict(season, "Cleo")


def test_where_a_nominee_advertises_its_people_and_those_who_sell_ads_do_not_vote(client):
    season = jury_season()
    sponsors.running(company="Ada")
    Sponsor.objects.filter(name="Ada").update(contact_email="ads@ada.example")
    User.objects.filter(name="Ann").update(email="ann@ada.example")
    season.jurors.get(name="Bob").user.groups.add(Group.objects.get(name="sponsorship manager"))
    assert "belongs to Ada" in conflict(season, "Ann")
    Sponsor.objects.filter(name="Ada").update(contact_email="", website="https://www.ada.example/")
    for own in ("ada.example", "team.ada.example"):
        User.objects.filter(name="Ann").update(email=f"ann@{own}")
        assert "belongs to Ada" in conflict(season, "Ann"), own
    assert "sells ads" in conflict(season, "Bob")
    assert conflict(season, "Cleo") == ""


def test_a_juror_in_conflict_is_recused_and_the_result_says_so(client, record):
    season = jury_season(quorum=1)
    season.jurors.filter(name="Ann").update(affiliations="Ada")
    seasons.open_voting(season)
    client.force_login(season.jurors.get(name="Ann").user)
    assert "“Ada” is among the affiliations" in client.get(page_of(season)).content.decode()
    client.post(page_of(season), {"vote-wallet": "bit"})
    with pytest.raises(TransitionRefused, match="You take no part"):
        vote(season, "Ann", [["bit"]])
    assert not Ballot.objects.exists()
    client.force_login(season.jurors.get(name="Bob").user)
    client.post(page_of(season), {"recuse": "wallet", "reason-wallet": ""})
    assert not season.categories.get().recusals.filter(juror__name="Bob").exists()
    client.post(page_of(season), {"recuse": "wallet", "reason-wallet": "my sister founded Bit"})
    client.post(page_of(season), {"vote-wallet": "bit"})
    assert not Ballot.objects.exists()
    cast(season.categories.get(), [["ada"]], 3)
    vote(season, "Cleo", [["coin"]])
    seasons.close(season)
    release.tally(season.categories.get())
    release.release_season(season)
    page = one_line(client.get("/awards/moon-2026/wallet/").content)
    assert "Ann: “Ada” is among the affiliations." in page
    assert "Bob: my sister founded Bit" in page
    assert record(season) == 0
