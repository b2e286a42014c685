"""Confirmed ballots are sealed in shuffled batches, and nothing can be changed unnoticed or at all."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from core.transitions import TransitionRefused
from surveys import keys, ledger, merkle, papers, public_record, release, seasons, verification
from surveys.models import Ballot, LedgerEntry, Season, Tally, TallyRow, TreeHead
from surveys.tasks import seal_ballots, turn_phases
from tests.html import one_line
from tests.surveys.factories import cast, close_and_release, open_season, released_season

pytestmark = pytest.mark.django_db


@pytest.fixture
def category():
    return open_season().categories.get()


def sealed_ballots():
    entries = LedgerEntry.objects.filter(kind="cast").order_by("index")
    return [bytes(leaf) for leaf in entries.values_list("leaf_hash", flat=True)]


def test_a_batch_waits_until_it_hides_who_is_in_it(category):
    cast(category, [["ada"]], 19)
    seal_ballots()
    assert not sealed_ballots()
    cast(category, [["bit"]], 1)
    seal_ballots()
    assert len(sealed_ballots()) == 20
    assert not category.ballots.waiting().exists()


def test_the_rest_is_sealed_at_the_close(category):
    cast(category, [["ada"]], 3)
    seasons.close(category.season)
    assert len(sealed_ballots()) == 3


def test_a_category_that_closes_early_seals_its_own_and_few_of_others_wait():
    season = open_season(categories=("wallet", "report"))
    wallet, report = season.categories.all()
    cast(wallet, [["ada"]], 3)
    few = cast(report, [["bit"]], 19)
    again = Ballot.objects.filter(pk__in=[few[0].pk, few[1].pk])
    again.filter(pk=few[0].pk).update(state="superseded", reason="its voter voted again", voter_key=few[1].voter_key)
    seasons.close_category(wallet)
    assert len(sealed_ballots()) == 3
    assert set(report.ballots.waiting()) == set(few)
    assert not LedgerEntry.objects.filter(kind="superseded").exists()
    cast(report, [["ada"]], 2)
    ledger.seal(season)
    assert len(sealed_ballots()) == 3 + 21
    seasons.close(season)
    assert LedgerEntry.objects.filter(kind="superseded").count() == 1
    assert list(verification.problems(season)) == []


def test_a_category_that_closes_early_takes_along_enough_of_others():
    season = open_season(categories=("wallet", "report"))
    wallet, report = season.categories.all()
    cast(wallet, [["ada"]], 1)
    cast(report, [["bit"]], 20)
    seasons.close_category(wallet)
    assert len(sealed_ballots()) == 21


def test_times_that_are_moved_stand_in_the_ledger_and_on_its_page(client):
    season = open_season()
    before = papers.times_of(season)
    papers.tell_moved(season, before=before)
    assert not LedgerEntry.objects.filter(kind="moved").exists()
    season.closes_at += timedelta(days=2)
    season.save()
    papers.tell_moved(season, before=before)
    standing, (move,) = papers.times_told(season)
    assert standing == papers.times_of(season)
    assert move["moved"] == {"closes_at": {"from": before["closes_at"], "to": standing["closes_at"]}}
    page = one_line(client.get("/awards/moon-2026/ledger/").content)
    assert "Times that were moved" in page
    assert "Voting closes:" in page
    assert list(verification.problems(season)) == []


def test_the_order_in_the_ledger_is_not_the_order_of_voting(category):
    leaves = [ballot.leaf_hash for ballot in cast(category, [["ada"]], 60)]
    ledger.seal(category.season)
    assert sealed_ballots() != leaves
    assert sorted(sealed_ballots()) == sorted(leaves)


def test_every_head_is_signed_over_the_leaves_so_far(category):
    for _ in range(3):
        cast(category, [["ada"]], 25)
        ledger.seal(category.season)
    leaves = ledger.leaves_of(category.season)
    heads = {head.size: bytes(head.root_hash) for head in TreeHead.objects.all()}
    assert heads == {size: merkle.root_of(leaves[:size]) for size in (1, 26, 51, 76)}
    assert list(TreeHead.objects.values_list("number", "statements")) == [(4, 1), (3, 1), (2, 1), (1, 1)]
    assert list(verification.problems(category.season)) == []


def test_a_leaf_is_the_hash_of_what_is_published_of_it(category):
    (ballot,) = cast(category, [["ada"]])
    opened = {"season": "moon-2026", "category": "wallet", "choice": [["ada"]], "nonce": ballot.nonce.hex()}
    data = json.dumps(opened, sort_keys=True, separators=(",", ":")).encode()
    assert ballot.leaf_hash == merkle.leaf_hash(data)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE surveys_ledgerentry SET index = index + 1000",
        "DELETE FROM surveys_ledgerentry",
        "UPDATE surveys_treehead SET size = size + 1",
        "DELETE FROM surveys_treehead",
        "DELETE FROM surveys_ballot",
        "TRUNCATE surveys_ballot CASCADE",
        "TRUNCATE surveys_ledgerentry",
        "TRUNCATE surveys_treehead CASCADE",
        "TRUNCATE surveys_tallyrow",
        "UPDATE surveys_ballot SET choice = '[[\"bit\"]]'",
        "UPDATE surveys_season SET slug = 'other'",
        "UPDATE surveys_awardcategory SET slug = 'other'",
        "UPDATE surveys_nominee SET slug = 'other' WHERE slug = 'ada'",
        "UPDATE surveys_nominee SET name = 'Other' WHERE slug = 'ada'",
        "UPDATE surveys_nominee SET description = 'Other' WHERE slug = 'ada'",
        "UPDATE surveys_awardcategory SET title = 'Other'",
        "UPDATE surveys_awardcategory SET ties = 'lot'",
        "UPDATE surveys_season SET rules_html = '<p>Other</p>'",
        "UPDATE surveys_season SET title = 'Other'",
        "TRUNCATE surveys_tally CASCADE",
        "TRUNCATE surveys_nominee CASCADE",
        "TRUNCATE surveys_awardcategory CASCADE",
        "TRUNCATE surveys_season CASCADE",
        "DELETE FROM surveys_nominee WHERE slug = 'ada'",
        "UPDATE surveys_tally SET ballots = 1",
        "DELETE FROM surveys_tally",
        "DELETE FROM surveys_tallyrow",
        "UPDATE surveys_tallyrow SET count = 1",
    ],
)
def test_the_database_refuses_to_rewrite_history(statement):
    released_season()
    with pytest.raises(IntegrityError, match="kept for good"), transaction.atomic(), connection.cursor() as cursor:
        # TRUNCATE is refused anyway while foreign keys wait to be checked.
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; {statement}")


def test_one_vote_for_each_voter_and_category_is_a_constraint(category):
    (ballot,) = cast(category, [["ada"]])
    twin = Ballot(category=category, voter_key=ballot.voter_key, choice=[["bit"]], nonce=b"n" * 16, leaf_hash=b"l" * 32)
    with pytest.raises(IntegrityError, match="ballot_one_per_voter_and_category"):
        twin.save()


def test_the_sealed_paper_is_shown_with_its_rules(client, category):
    page = one_line(client.get("/awards/moon-2026/ledger/").content.decode())
    assert "Ada, Bit, Coin" in page
    assert "Plurality: one choice, most votes win. Ties are shared." in page


def test_a_void_ballot_stays_and_is_said_to_be_void(category):
    cast(category, [["ada"]], 20, sealed=True)
    ballot = category.ballots.first()
    entry = ledger.void(ballot, reason="bought in bulk")
    assert entry.statement == {"season": "moon-2026", "void": ballot.receipt, "reason": "bought in bulk"}
    with pytest.raises(TransitionRefused, match="is void already"):
        ledger.void(ballot, reason="again")
    close_and_release(category.season)
    made = Tally.objects.get()
    assert (made.ballots, made.reconciliation) == (19, {"confirmed": 20, "held": 0, "void": 1, "counted": 19})
    assert list(verification.problems(category.season)) == []
    with pytest.raises(TransitionRefused, match="is released: its ballots stay"):
        ledger.void(Ballot.objects.get(pk=ballot.pk), reason="again")


def test_the_time_opens_and_closes_by_itself(category):
    season = category.season
    turn_phases()
    season.refresh_from_db()
    assert season.opened_at
    cast(category, [["ada"]], 2)
    Season.objects.update(closes_at="2026-01-02T00:00Z", opens_at="2026-01-01T00:00Z")
    turn_phases()
    season.refresh_from_db()
    assert season.state == "closed"
    assert release.tally(season.categories.get()).ballots == 2


def test_a_receipt_leads_to_its_proof_but_not_to_the_choice_before_the_release(client, category):
    ballot = cast(category, [["ada"]], 20)[0]
    page = client.get(f"/awards/receipt/{ballot.receipt}/")
    assert "Recorded, not yet sealed" in page.content.decode()
    ledger.seal(category.season)
    page = client.get(f"/awards/receipt/{ballot.receipt}/").content.decode()
    assert "In the ledger" in page
    assert "Ada" not in page
    assert "Wallet" not in page
    close_and_release(category.season)
    assert "Ada" in client.get(f"/awards/receipt/{ballot.receipt}/").content.decode()


def test_the_proof_on_the_receipt_page_holds(category):
    ballot = cast(category, [["ada"]], 37, sealed=True)[5]
    found = public_record.receipt_page(ballot.leaf_hash)
    assert merkle.proves_inclusion(
        leaf=ballot.leaf_hash,
        index=found["entry"].index,
        size=found["head"]["size"],
        path=[bytes.fromhex(step) for step in found["path"]],
        root=bytes.fromhex(found["head"]["root"]),
    )


@pytest.mark.parametrize("receipt", ["abc", "g" * 64, "A" * 64, "0" * 64])
def test_a_receipt_that_is_none_is_not_found(client, receipt):
    assert client.get(f"/awards/receipt/{receipt}/").status_code == 404


def test_the_key_that_signs_lies_outside_the_database_and_is_made_once(settings, tmp_path):
    settings.VAR = tmp_path
    public = keys.signing_key().public_key().public_bytes_raw()
    assert keys.signing_key().public_key().public_bytes_raw() == public
    assert (tmp_path / "ledger_signing_key").stat().st_mode & 0o777 == 0o600


def test_a_pepper_is_made_once_and_kept_private():
    season = open_season()
    path = keys._pepper_path(season)
    before = path.read_bytes()
    keys.make_pepper(season)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.voter_key(season, "ann@example.com") != keys.voter_key(open_season("other"), "ann@example.com")


def test_released_rows_are_one_for_each_nominee_and_one_for_write_ins():
    released_season()
    rows = TallyRow.objects.values_list("name", "rank", "count", "is_winner")
    assert list(rows) == [
        ("Ada", 1, 30, True),
        ("Bit", 2, 12, False),
        ("Coin", 3, 0, False),
        ("Other / write-in", None, 3, False),
    ]
