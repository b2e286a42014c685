"""The jury: it votes apart from the public, by accounts; nobody on it where they have a conflict of interest
(surveys.recusals).

A juror's ballot is a ballot like any other, marked as the jury's: a leaf of the ledger, superseded by a later one, opened
after the release, and known as whose only under the season's pepper. How much the jury counts is on the paper.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from core import audit
from core.models import User
from core.transitions import TransitionRefused
from surveys import keys, ledger, papers, recusals, seasons, write_ins
from surveys.ballots import VOTED_AGAIN, Casting, NotOpen
from surveys.choices import of_voter
from surveys.models import AwardCategory, Ballot, Juror, Season, UnsealedBallot

IRREPLACEABLE = (Ballot.State.QUARANTINED, Ballot.State.VOID)


def seat(season: Season, user: Any) -> Juror | None:
    """This account's place on a season's jury."""
    return season.jurors.filter(user=user).first()


@transaction.atomic
def cast(juror: Juror, choices: Mapping[str, Any], *, by: User) -> Casting:
    """Cast a juror's ballots, in place of earlier ones. Raises NotOpen, ChoiceRefused, TransitionRefused, PepperMissing."""
    season = juror.season
    seasons.hold_open(season)
    recused = recusals.recuse_where_in_conflict(juror)
    categories = season.categories.taking_ballots().filter(slug__in=choices, jury_weight__isnull=False)
    open_ones = list(categories.select_related("season").prefetch_related("nominees"))
    if not open_ones:
        raise NotOpen
    if barred := next((category for category in open_ones if category.pk in recused), None):
        raise TransitionRefused(f"You take no part in “{barred}”: {recused[barred.pk]}")
    voter = recusals.voter_key(juror)
    held = {ballot.category_id for ballot in recusals.irreplaceable(juror, open_ones, *IRREPLACEABLE)}
    said = {
        category: of_voter(choices[category.slug], papers.question_of(category))
        for category in open_ones
        if category.pk not in held
    }
    texts = write_ins.Texts()
    made = {category: _ballot(category, choice, voter, texts) for category, choice in said.items()}
    write_ins.keep(texts)
    replaced = {ballot.category_id for ballot in recusals.standing(juror, open_ones)}
    Ballot.objects.counted().filter(category__in=open_ones, voter_key=voter).update(
        state=Ballot.State.SUPERSEDED, reason=VOTED_AGAIN
    )
    Ballot.objects.bulk_create(made.values())
    UnsealedBallot.objects.bulk_create(UnsealedBallot(ballot=ballot) for ballot in made.values())
    if made:
        audit.record("voted in the jury", season, by=by)
    return Casting(
        season,
        cast=[(category, ballot.receipt) for category, ballot in made.items()],
        replaced=[category for category in made if category.pk in replaced],
        standing=[category for category in open_ones if category.pk in held],
    )


def voted_in(juror: Juror) -> set[int]:
    """The categories in which a juror's ballot stands. Raises keys.PepperMissing."""
    return {ballot.category_id for ballot in recusals.standing(juror, list(juror.season.categories.all()))}


def _ballot(category: AwardCategory, choice: Any, voter: bytes, texts: write_ins.Texts) -> Ballot:
    choice = write_ins.hidden(keys.pepper(category.season), category, choice, texts)
    nonce = secrets.token_bytes(16)
    leaf = ledger.ballot_leaf(category, choice, nonce, is_jury=True)
    return Ballot(category=category, voter_key=voter, choice=choice, nonce=nonce, leaf_hash=leaf, is_jury=True)
