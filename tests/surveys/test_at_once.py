"""What must hold when many things happen at the same moment, on a real PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from core.transitions import TransitionRefused
from surveys import ballot_requests, ballots, ledger, release, seasons
from surveys.ballots import NotOpen
from surveys.models import Ballot, LedgerEntry, PendingBallot, Season, TreeHead
from tests.surveys.factories import cast, open_season

pytestmark = pytest.mark.django_db(transaction=True)


def all_at_once(*jobs):
    """Run jobs in threads that start together; their results, or the exceptions they raised."""
    start = Barrier(len(jobs))

    def run(job):
        try:
            start.wait()
            return job()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test judges it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def pend(season, email, nominee):
    ballot_requests.request_ballot(season=season, choices={"wallet": [[nominee]]}, email=email)
    return PendingBallot.objects.latest("created_at").pk


def test_of_two_confirmations_of_one_voter_exactly_one_counts():
    season = open_season()
    for turn in range(5):
        links = [pend(season, f"ann{turn}+{nominee}@example.com", nominee) for nominee in ("ada", "bit")]
        outcomes = all_at_once(*(lambda link=link: ballots.confirm(season=season, pending_id=link) for link in links))
        assert sorted((len(outcome.cast), len(outcome.replaced)) for outcome in outcomes) == [(1, 0), (1, 1)]
    assert sorted(Ballot.objects.values_list("state", flat=True)) == ["cast"] * 5 + ["superseded"] * 5


def test_a_double_click_counts_once_and_shows_one_receipt():
    season = open_season()
    link = pend(season, "ann@example.com", "ada")
    outcomes = all_at_once(*[lambda: ballots.confirm(season=season, pending_id=link)] * 4)
    assert len({receipt for outcome in outcomes for _, receipt in outcome.cast}) == 1
    assert Ballot.objects.count() == 1


def test_a_ballot_that_meets_the_close_is_counted_or_refused_never_lost():
    season = open_season()
    links = [pend(season, f"voter{number}@example.com", "ada") for number in range(8)]
    confirmations = [lambda link=link: ballots.confirm(season=season, pending_id=link) for link in links]
    *outcomes, closed = all_at_once(*confirmations, lambda: seasons.close(season))
    assert closed is None
    told = sum(not isinstance(outcome, NotOpen) for outcome in outcomes)
    assert all(isinstance(outcome, NotOpen | ballots.Casting) for outcome in outcomes)
    category = season.categories.get()
    assert release.tally(category).ballots == told == LedgerEntry.objects.filter(kind="cast").count()
    assert not category.ballots.waiting().exists()


def test_two_sequencers_make_one_ledger():
    season = open_season()
    cast(season.categories.get(), [["ada"]], 60)
    sealed = all_at_once(*[lambda: ledger.seal(season)] * 4)
    assert sorted(sealed) == [0, 0, 0, 60]
    assert list(LedgerEntry.objects.order_by("index").values_list("index", flat=True)) == list(range(61))
    assert list(TreeHead.objects.values_list("size", "number")) == [(61, 2), (1, 1)]


def test_a_season_is_closed_by_one_of_those_who_try():
    season = open_season()
    outcomes = all_at_once(*[lambda: seasons.close(Season.objects.get(pk=season.pk))] * 3)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, TransitionRefused) for outcome in outcomes) == 2


def test_a_ballot_that_is_voided_at_the_release_is_in_no_released_count():
    season = open_season()
    (category,) = season.categories.all()
    cast(category, [["ada"]], 20, sealed=True)
    seasons.close(season)
    release.tally(category)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            ledger.void(category.ballots.first(), reason="bought")
            releasing = pool.submit(all_at_once, lambda: release.release(category))
            with pytest.raises(TimeoutError):
                releasing.result(timeout=0.3)
        assert "tally it again" in str(releasing.result()[0])
    category.refresh_from_db()
    assert not category.is_released
