"""What voters write in is hidden on their ballots, decided on by the steward before the count, and opened with the result."""

import json
import re

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.models import AuditEntry, User
from core.transitions import TransitionRefused
from surveys import ballots, keys, ledger, quarantine, release, seasons, turnout, verification, write_ins
from surveys.models import Ballot, LedgerEntry, PendingBallot, WriteIn
from tests.html import one_line, posted_by
from tests.surveys.factories import body_of, draft_season, last_mail, link_in
from tests.surveys.test_jury import record  # noqa: F401
from tests.surveys.test_tampering import program  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def season():
    season = draft_season()
    season.categories.update(takes_write_in=True)
    seasons.open_voting(season)
    return season


@pytest.fixture
def steward(client):
    user = User.objects.create_user("steward@example.com", name="Steward")
    user.groups.add(Group.objects.get(name="awards steward"))
    client.force_login(user)
    return client


def vote(client, email, **data):
    form = {"email": f"{email}@example.com"} | {name.replace("_", "."): value for name, value in data.items()}
    return client.post("/awards/moon-2026/vote/", form)


def write(client, email, text):
    """Vote for a name that is written in."""
    form = {"email": f"{email}@example.com", "vote-wallet": "write-in", "vote-wallet.write-in.name": text}
    assert client.post("/awards/moon-2026/vote/", form).status_code == 200
    link = link_in(body_of(last_mail()))
    client.post(link)
    return link


def close(season):
    seasons.close(season)
    return season.categories.get()


def decide(category, text, **ruling):
    return write_ins.rule(category.written_names.get(text=text), by=None, **ruling)


def counted(category):
    release.tally(category)
    release.release(category)
    return {row.slug: (row.name, row.rank, row.count) for row in category.tally.rows.select_related("nominee")}


def test_a_name_is_shown_to_its_voter_and_is_on_no_ballot(client, season):
    form = {"email": "ann@example.com", "vote-wallet": "write-in", "vote-wallet.write-in.name": " Zed\u202e  Wallet "}
    client.post("/awards/moon-2026/vote/", form)
    assert b"Zed" not in bytes(PendingBallot.objects.get().sealed_choices)
    link = link_in(body_of(last_mail()))
    page = one_line(client.get(link).content)
    assert '<dd dir="auto">Zed Wallet</dd>' in page
    assert 'value="Zed Wallet"' in page
    client.post(link)
    ((key,),) = Ballot.objects.get().choice
    assert re.fullmatch(r"write-in:[0-9a-f]{32}", key)
    assert WriteIn.objects.get().text == "Zed Wallet"


def test_one_name_in_several_spellings_is_one(client, season):
    for voter, text in enumerate(["Zed Wallet", "zed  wallet", "ＺＥＤ WALLET", "Zed\u200b Wallet\u200e"]):
        write(client, f"voter{voter}", text)
    assert len({json.dumps(ballot.choice) for ballot in Ballot.objects.all()}) == 1
    assert WriteIn.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "held"),
    [
        ({"vote-wallet": "write-in", "vote-wallet.write-in.name": "aDa"}, [["ada"]]),
        ({"vote-wallet": "write-in", "vote-wallet.write-in.name": "\u200e\u202e "}, [["write-in"]]),
        ({"vote-wallet": "write-in"}, [["write-in"]]),
    ],
)
def test_a_nominees_name_is_a_vote_for_them_and_no_name_a_vote_for_others(client, season, sent, held):
    client.post("/awards/moon-2026/vote/", {"email": "ann@example.com"} | sent)
    client.post(link_in(body_of(last_mail())))
    assert Ballot.objects.get().choice == held


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"vote-wallet": "write-in", "vote-wallet.write-in.name": "x" * 81}, "too long: at most 80 characters"),
        ({"vote-wallet": "ada", "vote-wallet.write-in.name": "Zed"}, "You chose “Ada” and “Zed”"),
    ],
)
def test_a_name_that_cannot_be_is_refused_in_words_and_kept(client, season, sent, says):
    page = client.post("/awards/moon-2026/vote/", {"email": "ann@example.com"} | sent)
    assert page.status_code == 400
    assert says in one_line(page.content)
    assert f'value="{sent["vote-wallet.write-in.name"]}"' in page.content.decode()
    assert not WriteIn.objects.exists()


def test_names_are_merged_named_or_withheld_and_a_stranger_counts_them_again(client, season, program, tmp_path):  # noqa: F811
    for voter, text in enumerate(["Adda", "Zed", "Zedd", "my neighbour", "Zed"]):
        write(client, f"voter{voter}", text)
    vote(client, "bob", **{"vote-wallet": "bit"})
    client.post(link_in(body_of(last_mail())))
    category = close(season)
    with pytest.raises(TransitionRefused, match="4 names written in “Wallet” are waiting"):
        release.tally(category)
    decide(category, "Adda", nominee="ada")
    decide(category, "Zed", name="Zed Wallet")
    decide(category, "Zedd", name="zed wallet", reason="a slip")
    with pytest.raises(TransitionRefused, match="Say why"):
        decide(category, "my neighbour", withhold=True)
    decide(category, "my neighbour", withhold=True, reason="a private person")
    before = client.get("/awards/moon-2026/ledger.json").json()
    assert not before["rulings"]
    assert "Zed" not in json.dumps(before)
    for entry in LedgerEntry.objects.filter(kind="ruling"):
        assert "counts as" not in client.get(f"/awards/receipt/{entry.receipt}/").content.decode()
    rows = counted(category)
    assert rows["write-in:zed-wallet"] == ("Zed Wallet", 1, 3)
    assert (rows["ada"][2], rows["bit"][2], rows["write-in"]) == (1, 1, ("Other / write-in", None, 1))
    assert list(verification.problems(season)) == []
    files = {name: client.get(f"/awards/moon-2026/{name}").content for name in ("ledger.json", "ballots.csv")}
    for name, content in files.items():
        assert b"neighbour" not in content
        (tmp_path / name).write_bytes(content)
    paths = [str(tmp_path / name) for name in files]
    assert program.main([*paths, "--key", keys.public_key()]) == 0
    page = client.get("/awards/moon-2026/wallet/").content.decode()
    assert "Zed Wallet" in page
    for ballot in Ballot.objects.all():
        assert "neighbour" not in client.get(f"/awards/receipt/{ballot.receipt}/").content.decode()


@pytest.mark.parametrize(
    "tamper",
    [
        lambda book: book["rulings"].popitem(),
        lambda book: next(iter(book["rulings"].values()))["ruling"].update(counts_as="bit"),
        lambda book: next(iter(book["rulings"].values()))["ruling"].update(text="someone else"),
        lambda book: book.pop("rulings"),
    ],
)
def test_a_decision_that_is_changed_or_left_out_is_found(client, season, program, tmp_path, tamper):  # noqa: F811
    write(client, "ann", "Zed")
    category = close(season)
    decide(category, "Zed", name="Zed")
    decide(category, "Zed", nominee="ada")
    release.tally(category)
    release.release_season(season)
    for name in ("ledger.json", "ballots.csv"):
        (tmp_path / name).write_bytes(client.get(f"/awards/moon-2026/{name}").content)
    paths = [str(tmp_path / name) for name in ("ledger.json", "ballots.csv")]
    assert program.main([*paths, "--key", keys.public_key()]) == 0
    book = json.loads((tmp_path / "ledger.json").read_text())
    tamper(book)
    (tmp_path / "ledger.json").write_text(json.dumps(book))
    assert program.main([*paths, "--key", keys.public_key()]) == 1


WITHHELD = {"text": None, "nonce": None}
LIES = {
    "a withheld text counts for a nominee": (
        {"counts_as": "ada", "name": "Ada", "reason": "private"} | WITHHELD,
        "withholds",
    ),
    "a withheld text has a name of its own": (
        {"counts_as": "write-in:zed", "reason": "private"} | WITHHELD,
        "withholds",
    ),
    "a text is withheld without a reason": ({"counts_as": "write-in", "reason": ""} | WITHHELD, "withholds"),
    "a nominee is called another": ({"counts_as": "ada", "name": "Bit"}, "other than the ballot paper"),
    "a text counts for nobody": ({"counts_as": "write-in", "name": "Other"}, "is not on the ballot paper"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_sealed_decision_that_nobody_makes_at_the_desk_is_found(season, client, record, capsys, lie):  # noqa: F811
    write(client, "ann", "Zed")
    category = close(season)
    decide(category, "Zed", name="Zed")
    changes, found = LIES[lie]
    said = LedgerEntry.objects.get(kind="ruling").statement
    told = {name: value for name, value in (said["ruling"] | changes).items() if value is not None}
    ledger.state(season, LedgerEntry.Kind.RULING, said | {"ruling": told})
    release.tally(category)
    release.release_season(season)
    assert any("The decision on a write-in" in problem for problem in verification.problems(season))
    assert record(season) == 1
    assert found in capsys.readouterr().out


def test_a_decision_for_a_stranger_that_came_after_the_count_is_found_in_the_tables(season, client):
    write(client, "ann", "Zed")
    category = close(season)
    decide(category, "Zed", name="Zed")
    release.tally(category)
    said = LedgerEntry.objects.get(kind="ruling").statement
    told = said["ruling"] | {"counts_as": "eve", "name": "Eve"}
    ledger.state(season, LedgerEntry.Kind.RULING, said | {"ruling": told})
    problems = list(verification.problems(season))
    assert any("The decision on a write-in" in problem for problem in problems)
    assert any("No candidate is called “eve”" in problem for problem in problems)


def test_decisions_are_no_ballots_of_the_turnout(client, season):
    for voter, text in enumerate(["Zed", "Yan", "Zed"]):
        write(client, f"voter{voter}", text)
    category = close(season)
    for text in ("Zed", "Yan"):
        decide(category, text, name=text)
    release.tally(category)
    release.release_season(season)
    assert sum(number for _, number in turnout.by_day(season)) == 3


def test_who_writes_in_what_they_also_chose_has_chosen_it_once():
    as_ = {"write-in:1": "ada", "write-in:2": "write-in:zed"}
    assert write_ins.merged([["ada"], ["write-in:1"], ["bit"]], as_) == [["ada"], ["bit"]]
    assert write_ins.merged([["write-in:1"], ["ada", "bit"]], as_) == [["ada"], ["bit"]]
    assert write_ins.merged({"ada": 2, "write-in:1": 5}, as_) == {"ada": 5}
    assert write_ins.merged([["ada"], [], ["ada"]], as_) == [["ada"], [], ["ada"]]  # as it was imported


def test_a_decision_after_the_count_says_so_and_asks_for_a_new_count(client, season):
    write(client, "ann", "Zed")
    category = close(season)
    decide(category, "Zed", name="Zed")
    release.tally(category)
    decide(category, "Zed", nominee="bit")
    assert [entry.statement["ruling"]["after_count"] for entry in LedgerEntry.objects.filter(kind="ruling")] == [
        False,
        True,
    ]
    with pytest.raises(TransitionRefused, match="after its tally"):
        release.release(category)
    assert counted(category)["bit"] == ("Bit", 1, 1)
    with pytest.raises(TransitionRefused, match="is released"):
        decide(category, "Zed", nominee="ada")
    statement = {"season": "moon-2026", "category": "wallet", "ruling": {"write_in": "x"}, "seal": "x"}
    ledger.state(season, LedgerEntry.Kind.RULING, statement)
    assert "A write-in of “wallet” was decided on after its result." in list(verification.problems(season))


def test_before_the_release_no_page_of_the_desk_shows_whose_vote_a_decision_tells_of(client, season):
    write(client, "ann", "Zed Wallet")
    category = close(season)
    decide(category, "Zed Wallet", name="Zedd", reason="a slip")
    entry = LedgerEntry.objects.get(kind="ruling")
    client.force_login(User.objects.create_superuser("all@example.com"))
    paths = [
        reverse("admin:surveys_ledgerentry_change", args=[entry.pk]),
        reverse("admin:surveys_season_overview", args=[season.pk]),
        reverse("admin:surveys_awardcategory_change", args=[category.pk]),
        reverse("admin:core_auditentry_changelist"),
    ]
    for path in paths:
        page = client.get(path).content.decode()
        assert not [word for word in ("Zed", "a slip", entry.statement["seal"]) if word in page], path
    release.tally(category)
    release.release(category)
    assert "Zedd" in client.get(paths[0]).content.decode()


def test_a_name_that_nobody_decided_on_is_not_published_with_its_void_ballot(client, season):
    write(client, "ann", "Zed")
    ballot = Ballot.objects.get()
    ledger.seal(season, everything=True)
    quarantine.hold(season, quarantine.place(season, quarantine.Kind.RECEIPT, ballot.receipt), reason="x", by=None)
    quarantine.void(season.quarantines.get(), reason="bought", by=None)
    counted(close(season))
    page = client.get(f"/awards/receipt/{ballot.receipt}/").content.decode()
    assert write_ins.NOT_PUBLISHED in page
    assert ballot.choice[0][0].removeprefix("write-in:") not in page


def test_the_names_of_a_turn_are_stored_at_once_in_one_order(client, season):
    for voter, text in enumerate(["Zed", "Yon", "Xen", "Wim"]):
        vote(client, f"voter{voter}", **{"vote-wallet": "write-in", "vote-wallet_write-in_name": text})
    pending = list(PendingBallot.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as queries:
        ballots.confirm_all(season, pending)
    (stored,) = [each["sql"] for each in queries if 'INSERT INTO "surveys_writein"' in each["sql"]]
    keys_in_order = list(dict.fromkeys(re.findall(r"[0-9a-f]{32}", stored)))
    assert keys_in_order == sorted(WriteIn.objects.values_list("key", flat=True))


# The steward's page


def page_of(category):
    return reverse("admin:surveys_awardcategory_write-ins", args=[category.pk])


def test_while_voting_is_open_the_steward_sees_no_name(steward, season):
    write(steward, "ann", "Zed")
    page = steward.get(page_of(season.categories.get())).content.decode()
    assert "Zed" not in page
    assert "here after the close" in page
    with pytest.raises(TransitionRefused, match="after the close"):
        decide(season.categories.get(), "Zed", nominee="ada")


def test_the_page_is_the_same_however_many_wrote_a_name(steward, season):
    write(steward, "ann", "Zed")
    write(steward, "bob", "Ad a")
    category = close(season)
    before = re.sub(r'value="[\w-]{64}"|nonce="[^"]+"', "", steward.get(page_of(category)).content.decode())
    Ballot.objects.filter(pk=Ballot.objects.first().pk).update(voter_key=b"x" * 32)
    copied = Ballot.objects.first()
    for serial in range(5):
        copied.pk, copied.nonce, copied.leaf_hash = serial, bytes([serial]) * 16, bytes([serial]) * 32
        copied.voter_key = bytes([serial]) * 32
        copied.save(force_insert=True)
    after = re.sub(r'value="[\w-]{64}"|nonce="[^"]+"', "", steward.get(page_of(category)).content.decode())
    assert before == after


def test_the_steward_decides_on_many_and_what_one_lacks_stops_no_other(steward, season):
    for text in ("Zed", "Adaa", "spam.example"):
        write(steward, text.lower(), text)
    category = close(season)
    page = one_line(steward.get(page_of(category)).content)
    assert "3 to decide on before the count" in page
    assert "looks like “Ada”" in page
    keys_of = {each.text: each.key for each in WriteIn.objects.all()}
    form = {"key": list(keys_of.values())}
    form |= {f"as-{keys_of['Zed']}": "+name", f"name-{keys_of['Zed']}": "Zed Wallet"}
    form |= {f"as-{keys_of['Adaa']}": "ada", f"as-{keys_of['spam.example']}": "+withheld"}
    answer = steward.post(page_of(category), form)
    assert answer.status_code == 400
    assert "Say why the name is not published" in answer.content.decode()
    assert {each.counts_as for each in write_ins.rulings(category).values()} == {"ada", "write-in:zed-wallet"}
    form[f"reason-{keys_of['spam.example']}"] = "an advertisement"
    assert steward.post(page_of(category), form).status_code == 302
    assert LedgerEntry.objects.filter(kind="ruling").count() == 3
    said = AuditEntry.objects.filter(action="decided on a write-in")
    assert said.count() == 3
    assert not said.filter(detail__contains="spam").exists()
    counted(category)


def test_what_was_not_changed_on_the_page_is_not_decided_and_no_colleague_is_overruled(steward, season):
    for text in ("Adaa", "Bitt", "Zed"):
        write(steward, text.lower(), text)
    category = close(season)
    form = posted_by(steward.get(page_of(category)).content.decode(), "decisions")
    keys_of = {each.text: each.key for each in WriteIn.objects.all()}
    decide(category, "Bitt", nominee="bit")
    decide(category, "Zed", name="Zed")
    form |= {f"as-{keys_of['Zed']}": "ada", f"reason-{keys_of['Zed']}": "the same"}
    answer = steward.post(page_of(category), form)
    assert answer.status_code == 400
    assert write_ins.DECIDED_MEANWHILE in one_line(answer.content)
    decided = write_ins.rulings(category)
    assert {each.counts_as for each in decided.values()} == {"bit", "write-in:zed"}
    again = posted_by(answer.content.decode(), "decisions")
    assert steward.post(page_of(category), again).status_code == 302
    assert write_ins.rulings(category) == decided
    again[f"as-{keys_of['Zed']}"] = "ada"
    assert steward.post(page_of(category), again).status_code == 302
    assert write_ins.rulings(category)[f"write-in:{keys_of['Zed']}"].counts_as == "ada"
    again = posted_by(steward.get(page_of(category)).content.decode(), "decisions") | {f"as-{keys_of['Zed']}": ""}
    assert "it is not taken back" in steward.post(page_of(category), again).content.decode()


def test_of_two_who_decide_at_one_moment_the_second_is_told(client, season):
    write(client, "ann", "Zed")
    category = close(season)
    decide(category, "Zed", nominee="ada", knowing=[None])
    with pytest.raises(TransitionRefused, match="Somebody else has decided"):
        decide(category, "Zed", nominee="bit", knowing=[None])
    assert not decide(category, "Zed", nominee="ada", knowing=[None])


def test_an_editor_gets_no_further(client, season):
    user = User.objects.create_user("editor@example.com")
    user.groups.add(Group.objects.get(name="editor"))
    client.force_login(user)
    assert client.get(page_of(season.categories.get())).status_code == 403
