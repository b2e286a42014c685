"""Tasks over seasons: one that fails stops no other."""

import pytest
from django.utils import timezone

from surveys import ballots, keys, seasons, tasks
from surveys.models import Season, TreeHead, UnsealedBallot
from tests.surveys.factories import cast, open_season

pytestmark = pytest.mark.django_db


def damage(season):
    """Give a season a tree head that nothing can be appended to."""
    signed = {"signed_at": timezone.now(), "signature": b"s" * 64, "public_key": b"k" * 32}
    TreeHead.objects.create(season=season, size=3, root_hash=b"r" * 32, frontier=b"damaged", **signed)


@pytest.fixture
def pair():
    """Two open seasons with ballots to be sealed; the first one's ledger is damaged."""
    damaged, sound = open_season("moon-2025"), open_season("moon-2026")
    for season in (damaged, sound):
        cast(season.categories.get(), [["ada"]], 20)
    damage(damaged)
    return damaged, sound


def test_the_ballots_of_the_others_are_sealed(pair):
    with pytest.raises(ExceptionGroup) as failed:
        tasks.seal_ballots()
    assert "Moon Awards" in "".join(failed.value.exceptions[0].__notes__)
    assert set(UnsealedBallot.objects.values_list("ballot__category__season", flat=True)) == {pair[0].pk}


def test_the_others_are_closed_in_time(pair):
    Season.objects.update(opens_at="2026-01-01T00:00Z", closes_at="2026-01-02T00:00Z", opened_at=None)
    with pytest.raises(ExceptionGroup):
        seasons.turn_phases()
    assert list(Season.objects.order_by("slug").values_list("state", flat=True)) == ["voting", "closed"]


def test_the_ballots_of_the_others_are_anonymised(pair):
    Season.objects.update(released_at="2026-01-01T00:00Z")
    stuck = keys._pepper_path(pair[0])
    stuck.unlink()
    stuck.mkdir()
    with pytest.raises(ExceptionGroup):
        ballots.anonymise()
    assert not keys.has_pepper(pair[1])
    stuck.rmdir()
