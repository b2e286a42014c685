"""Ballots of one place are held, made void and counted after all together, in the open, and without a look at a choice."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from core import retention
from core.models import AuditEntry, User
from core.transitions import TransitionRefused
from surveys import ballot_requests, ballots, keys, ledger, public_record, quarantine, release, seasons, verification
from surveys.models import Ballot, BallotOrigin, LedgerEntry, PendingBallot, Season
from surveys.quarantine import Kind
from tests.html import one_line
from tests.surveys.factories import close_and_release, open_season
from tests.surveys.test_jury import record  # noqa: F401
from tests.surveys.test_tampering import program  # noqa: F401

pytestmark = pytest.mark.django_db

REASON = "many ballots from one place"


@pytest.fixture
def season():
    return open_season()


def vote(season, email, *, choice="ada", ip=""):
    ballot_requests.request_ballot(season=season, choices={"wallet": [[choice]]}, email=email, ip=ip)
    pending = PendingBallot.objects.get()
    return ballots.confirm(season=season, pending_id=pending.pk)


@pytest.fixture
def stuffed(season):
    """Six votes from a domain, two of others; all in the ledger."""
    for number in range(6):
        vote(season, f"voter{number}@stuffing.example", choice="coin")
    vote(season, "ann@example.com")
    vote(season, "bob@example.org")
    ledger.seal(season, everything=True)
    return season


def domain(season, name="stuffing.example"):
    return quarantine.place(season, Kind.DOMAIN, keys.pepper(season).domain_name(name))


def states():
    return sorted(Ballot.objects.values_list("state", flat=True))


def test_the_ballots_of_a_domain_are_held_together_and_others_stay(stuffed):
    assert (domain(stuffed).cast, domain(stuffed).held) == (6, 0)
    assert quarantine.hold(stuffed, domain(stuffed), reason=REASON, by=None) == 6
    assert states() == ["cast"] * 2 + ["quarantined"] * 6
    assert (domain(stuffed).cast, domain(stuffed).held) == (0, 6)
    said = LedgerEntry.objects.filter(kind="held")
    assert {entry.statement["reason"] for entry in said} == {REASON}
    assert said.count() == 6


def test_what_comes_from_there_later_is_held_as_it_is_sealed(stuffed):
    quarantine.hold(stuffed, domain(stuffed), reason=REASON, by=None)
    vote(stuffed, "late@stuffing.example")
    ledger.seal(stuffed, everything=True)
    assert quarantine.apply(stuffed) == 1
    assert quarantine.apply(stuffed) == 0
    assert states().count("quarantined") == 7


def test_what_waits_for_the_ledger_is_held_at_the_close_at_the_latest(stuffed):
    quarantine.hold(stuffed, domain(stuffed), reason=REASON, by=None)
    vote(stuffed, "late@stuffing.example")
    seasons.close(stuffed)
    assert states().count("quarantined") == 7


def test_nothing_is_counted_while_ballots_are_held(stuffed):
    quarantine.hold(stuffed, domain(stuffed), reason=REASON, by=None)
    seasons.close(stuffed)
    with pytest.raises(TransitionRefused, match="6 ballots of “Wallet” are held for review"):
        release.tally(stuffed.categories.get())


def test_held_ballots_are_made_void_and_counted_after_all_until_the_release(stuffed):
    place = domain(stuffed)
    quarantine.hold(stuffed, place, reason=REASON, by=None)
    (row,) = stuffed.quarantines.all()
    assert quarantine.void(row, reason="nobody answered our mail", by=None) == 6
    assert states() == ["cast"] * 2 + ["void"] * 6
    assert quarantine.count(row, reason="they are an office", by=None) == 6
    assert states() == ["cast"] * 8
    assert not Ballot.objects.exclude(reason="").exists()
    assert [(line["act"], line["reason"], line["ballots"]) for line in quarantine.decisions(stuffed)] == [
        ("held", REASON, 6),
        ("restored", "they are an office", 6),
        ("void", "nobody answered our mail", 6),
    ]
    assert [*verification.problems(stuffed)] == []


def test_the_same_is_decided_twice_on_the_same_ballots(stuffed):
    for _ in range(3):
        quarantine.hold(stuffed, domain(stuffed), reason=REASON, by=None)
        quarantine.count(stuffed.quarantines.get(), reason="no", by=None)
    assert LedgerEntry.objects.filter(kind="held").count() == 18
    assert [*verification.problems(stuffed)] == []


def test_who_votes_again_after_their_ballot_was_counted_after_all_replaces_it_and_a_stranger_agrees(stuffed, record):  # noqa: F811
    quarantine.hold(stuffed, domain(stuffed), reason=REASON, by=None)
    quarantine.count(stuffed.quarantines.get(), reason="they are an office", by=None)
    vote(stuffed, "voter0@stuffing.example", choice="bit")
    close_and_release(stuffed)
    assert states() == ["cast"] * 8 + ["superseded"]
    assert [*verification.problems(stuffed)] == []
    assert record(stuffed) == 0


def test_what_is_counted_after_all_stays_held_where_another_place_of_it_is(season):
    for number in range(5):
        vote(season, f"voter{number}@stuffing.example", ip="8.8.8.8")
    ledger.seal(season, everything=True)
    quarantine.hold(season, domain(season), reason=REASON, by=None)
    network = next(each for each in quarantine.places(season) if each.kind == Kind.NETWORK)
    assert quarantine.hold(season, network, reason=REASON, by=None) == 0
    assert quarantine.count(season.quarantines.get(kind="network"), reason="no", by=None) == 0
    assert states() == ["quarantined"] * 5


def test_a_ballot_is_bound_to_where_its_own_link_was_asked_for(season):
    """Else anybody could have a rival's voters held, by asking for links in their names."""
    ballot_requests.request_ballot(season=season, choices={"wallet": [["ada"]]}, email="ann@example.com", ip="8.8.8.8")
    mine = PendingBallot.objects.get()
    ballot_requests.request_ballot(season=season, choices={"wallet": [["coin"]]}, email="ann@example.com", ip="9.9.9.9")
    ballots.confirm(season=season, pending_id=mine.pk)
    names = set(BallotOrigin.objects.values_list("name", flat=True))
    assert len(names) == 2
    assert set(mine.origins) == names


def test_one_mailbox_under_several_addresses_is_a_place_once_each_was_confirmed(season):
    vote(season, "ann@proton.me")
    ballot_requests.request_ballot(season=season, choices={"wallet": [["ada"]]}, email="ann@pm.me")
    ledger.seal(season, everything=True)
    assert not any(place.kind == Kind.MAILBOXES for place in quarantine.places(season))
    ballots.confirm(season=season, pending_id=PendingBallot.objects.get().pk)
    ledger.seal(season, everything=True)
    place = quarantine.place(season, Kind.MAILBOXES, "")
    assert place.cast == 2
    assert quarantine.hold(season, place, reason=REASON, by=None) == 2


def test_one_ballot_is_held_by_its_receipt(stuffed):
    receipt = Ballot.objects.first().receipt
    assert quarantine.hold(stuffed, quarantine.place(stuffed, Kind.RECEIPT, receipt), reason=REASON, by=None) == 1
    for wrong in ("", "x", "0" * 64, "zz" * 32):
        with pytest.raises(TransitionRefused, match="No ballot of this season"):
            quarantine.place(stuffed, Kind.RECEIPT, wrong)


@pytest.mark.parametrize(("reason", "words"), [(" \u200b ", "Say why"), ("x" * 201, "the ledger takes 200")])
def test_a_decision_has_a_reason(stuffed, reason, words):
    with pytest.raises(TransitionRefused, match=words):
        quarantine.hold(stuffed, domain(stuffed), reason=reason, by=None)
    assert states() == ["cast"] * 8
    assert not stuffed.quarantines.exists()


def test_a_place_of_few_is_not_held_so_that_their_ballots_are_not_seen_to_be_one_voters(season):
    for _ in range(5):  # requests, which anybody can make
        ballot_requests.request_ballot(season=season, choices={"wallet": [["ada"]]}, email="ann@her-own.example")
    ballots.confirm(season=season, pending_id=PendingBallot.objects.first().pk)
    ledger.seal(season, everything=True)
    with pytest.raises(TransitionRefused, match="Fewer than 5 people voted from there"):
        quarantine.hold(season, domain(season, "her-own.example"), reason=REASON, by=None)
    assert not season.quarantines.exists()


def test_nothing_is_decided_once_somebody_has_seen_a_result(stuffed):
    seasons.close(stuffed)
    category = stuffed.categories.get()
    release.tally(category)
    quarantine.hold(
        stuffed, quarantine.place(stuffed, Kind.RECEIPT, Ballot.objects.first().receipt), reason="x", by=None
    )
    quarantine.count(stuffed.quarantines.get(), reason="no", by=None)
    release.tally(category)
    release.record_look(category, by=None)
    with pytest.raises(TransitionRefused, match="somebody has looked at them"):
        quarantine.hold(stuffed, domain(stuffed), reason=REASON, by=None)
    assert quarantine.apply(stuffed) == 0
    assert states() == ["cast"] * 8


def test_a_ballot_is_made_void_by_itself_twice_with_the_same_words(stuffed):
    ballot = Ballot.objects.first()
    place = quarantine.place(stuffed, Kind.RECEIPT, ballot.receipt)
    for _ in range(2):
        quarantine.hold(stuffed, place, reason="x", by=None)
        ballot.refresh_from_db()
        ledger.void(ballot, reason="bought")
        quarantine.count(stuffed.quarantines.get(), reason="not bought", by=None)
    assert [*verification.problems(stuffed)] == []


def test_what_places_were_called_goes_with_the_pepper(released):
    Season.objects.update(released_at=timezone.now() - ballots.APPEAL_WINDOW - timedelta(days=1))
    assert released.quarantines.exists()
    retention.purge_expired()
    assert not released.quarantines.exists()
    assert not AuditEntry.objects.filter(detail__contains="stuffing.example").exists()
    assert quarantine.decisions(released)


@pytest.fixture
def released(stuffed):
    quarantine.hold(stuffed, domain(stuffed), reason=REASON, by=None)
    seasons.close(stuffed)
    quarantine.void(stuffed.quarantines.get(), reason="nobody answered our mail", by=None)
    release.tally(stuffed.categories.get())
    stuffed.refresh_from_db()
    release.release_season(stuffed)
    stuffed.refresh_from_db()
    return stuffed


def test_after_the_release_nothing_is_decided_and_nothing_tells_where_ballots_came_from(released):
    with pytest.raises(TransitionRefused, match="The results are released"):
        quarantine.count(released.quarantines.get(), reason="late", by=None)
    assert not BallotOrigin.objects.exists()
    assert states().count("void") == 6


def test_the_record_says_what_the_signals_were_what_was_decided_and_what_was_counted(released, client):
    found = json.loads(client.get(reverse("surveys:review-json", args=[released.slug])).content)
    assert found["signals"]["requests"] == 8
    assert found["signals"]["places_held"] == {"domain": 1}
    assert found["ballots"]["wallet"] == {"confirmed": 8, "counted": 2, "held": 0, "void": 6}
    assert {(line["act"], line["ballots"]) for line in found["decisions"]} == {("held", 6), ("void", 6)}
    page = one_line(client.get(reverse("surveys:ledger-show", args=[released.slug])).content)
    assert "Of 8 requests for a ballot" in page
    assert "nobody answered our mail" in page
    assert "stuffing.example" not in page


def test_a_stranger_recounts_a_vote_of_which_ballots_were_made_void(released, tmp_path, client):
    ledger_json, csv = tmp_path / "ledger.json", tmp_path / "ballots.csv"
    ledger_json.write_bytes(client.get(reverse("surveys:ledger-json", args=[released.slug])).content)
    csv.write_bytes(client.get(reverse("surveys:ballots-csv", args=[released.slug])).content)
    verifier = tmp_path / "verify.py"
    verifier.write_bytes(client.get(reverse("surveys:verifier", args=[released.slug])).content)
    command = [sys.executable, "-I", verifier, ledger_json, csv]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "Wallet: plurality, 2 ballots" in done.stdout) == (0, True), done.stdout
    book = json.loads(ledger_json.read_text())
    index = next(index for index, each in book["statements"].items() if "void" in each)
    book["statements"][index]["reason"] = "another"
    ledger_json.write_text(json.dumps(book))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_the_receipt_of_a_held_ballot_says_so(stuffed, client):
    quarantine.hold(stuffed, domain(stuffed), reason=REASON, by=None)
    held = Ballot.objects.filter(state="quarantined").first()
    page = client.get(reverse("surveys:receipt-show", args=[held.receipt])).content.decode()
    assert "Held for review" in page
    assert REASON in page
    assert public_record.receipt_page(bytes(held.leaf_hash)).get("choice") is None


@pytest.fixture
def steward(client):
    user = User.objects.create_user("steward@example.com")
    user.groups.add(Group.objects.get(name="awards steward"))
    client.force_login(user)
    return user


def judge(client, season, place, **posted):
    address = reverse("admin:surveys_season_judge", args=[season.pk])
    query = {"kind": place.kind, "of": place.name}
    if not posted:
        return client.get(address, query)
    return client.post(f"{address}?kind={place.kind}&of={place.name}", posted, follow=True)


def test_the_steward_decides_at_the_desk_and_the_log_says_who(stuffed, steward, client):
    listed = one_line(client.get(reverse("admin:surveys_season_requests", args=[stuffed.pk])).content)
    assert "stuffing.example" in listed
    assert "Hold for review" in one_line(judge(client, stuffed, domain(stuffed)).content)
    assert (
        "6 ballots are held for review"
        in judge(client, stuffed, domain(stuffed), hold="1", reason=REASON).content.decode()
    )
    assert "6 ballots are void" in judge(client, stuffed, domain(stuffed), void="1", reason="no").content.decode()
    assert "6 ballots are counted" in judge(client, stuffed, domain(stuffed), count="1", reason="yes").content.decode()
    entries = AuditEntry.objects.filter(by_name=str(steward)).values_list("action", flat=True)
    assert {"held ballots", "made ballots void", "counted ballots after all"} <= set(entries)


def test_a_decision_without_a_reason_is_asked_again(stuffed, steward, client):
    answer = judge(client, stuffed, domain(stuffed), hold="1", reason="")
    assert "This field is required" in answer.content.decode()
    assert states() == ["cast"] * 8


def test_the_page_of_a_place_that_there_is_not_leads_back(stuffed, steward, client):
    address = reverse("admin:surveys_season_judge", args=[stuffed.pk])
    for query in ({}, {"kind": "domain", "of": "x"}, {"kind": "nonsense", "of": "\0"}, {"kind": "receipt", "of": "zz"}):
        answer = client.get(address, query, follow=True)
        assert answer.redirect_chain, query
