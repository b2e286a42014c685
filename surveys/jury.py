"""The jury: it votes apart from the public, by accounts; nobody on it where they have a conflict of interest.

A juror's ballot is a ballot like any other, marked as the jury's: a leaf of the ledger, superseded by a later one, opened
after the release, and known as whose only under the season's pepper. How much the jury counts is on the paper.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from core import audit
from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused
from sponsors.mentions import mentions
from sponsors.models import Sponsor
from surveys import keys, ledger, papers, seasons, write_ins
from surveys.addresses import WELL_KNOWN, domain_of
from surveys.ballots import VOTED_AGAIN, Casting, NotOpen
from surveys.choices import folded, of_voter
from surveys.models import AwardCategory, Ballot, Juror, Nominee, Recusal, Season, UnsealedBallot

IRREPLACEABLE = (Ballot.State.QUARANTINED, Ballot.State.VOID)


def seat(season: Season, user: Any) -> Juror | None:
    """This account's place on a season's jury."""
    return season.jurors.filter(user=user).first()


def conflicts(juror: Juror, category: AwardCategory) -> Iterator[str]:
    """Why a juror should not vote in a category, a sentence for each reason.

    That is where a nominee is somebody they belong to, or has a website at the domain of their address; and where a nominee
    advertises with us, if the juror belongs to that sponsor or sells ads.
    """
    for nominee in papers.nominees_of(category):
        if not nominee.withdrawn_at:
            yield from _conflicts_with(juror, nominee)


def _conflicts_with(juror: Juror, nominee: Nominee) -> Iterator[str]:
    own = [folded(each) for each in juror.affiliations.split(",") if folded(each)]
    domain = domain_of(juror.user.email)
    domain = "" if domain in WELL_KNOWN else domain
    if any(_names(nominee.name, each) for each in own):
        yield f"“{nominee}” is among the affiliations."
    elif domain and _is_at(urlsplit(nominee.url).hostname or "", domain):
        yield f"“{nominee}” is at the domain of the juror's address."
    for mention in mentions(nominee.name):
        sponsor = Sponsor.objects.get(name=mention.sponsor_name)
        belongs = domain and domain in (
            domain_of(sponsor.contact_email),
            domain_of(f"x@{urlsplit(sponsor.website).hostname}"),
        )
        if belongs or any(_names(sponsor.name, each) for each in own):
            yield f"“{nominee}” advertises with us, and the juror belongs to {sponsor}."
        elif juror.user.has_perm("sponsors.change_booking"):
            yield f"“{nominee}” advertises with us, and the juror sells ads."


def _names(name: str, affiliation: str) -> bool:
    """Whether one of two names holds the other, in whole words."""
    one, other = sorted((folded(name), affiliation), key=len)
    return re.search(rf"(?<!\w){re.escape(one)}(?!\w)", other) is not None


def _is_at(host: str, domain: str) -> bool:
    return host == domain or host.endswith("." + domain)


@transaction.atomic
def recuse(juror: Juror, category: AwardCategory, *, reason: str, by: User | None) -> None:
    """Take a juror out of a category, for good. Raises TransitionRefused."""
    reason = one_line(reason)[:200]
    if not reason:
        raise TransitionRefused("Say why: the reason is published with the result.")
    if category.season_id != juror.season_id or not category.jury_weight:
        raise TransitionRefused(f"“{category}” has no jury.")
    Juror.objects.select_for_update().get(pk=juror.pk)
    if Recusal.objects.filter(juror=juror, category=category).exists():
        raise TransitionRefused(f"{juror} takes no part in “{category}” already.")
    if _standing(juror, [category]):
        raise TransitionRefused(f"{juror} has voted in “{category}”: that stays.")
    if _irreplaceable(juror, [category], Ballot.State.QUARANTINED):
        raise TransitionRefused(f"A ballot of {juror} in “{category}” is under review: wait for what comes of it.")
    if category.closed_at:
        raise TransitionRefused(f"“{category}” is closed.")
    Recusal.objects.create(category=category, juror=juror, reason=reason)
    audit.record("recused a juror", category, by=by, detail=f"{juror}: {reason}")


@transaction.atomic
def recuse_where_in_conflict(juror: Juror) -> dict[int, str]:
    """Take a juror out of the open categories in which a conflict is known; return every recusal, by category."""
    Juror.objects.select_for_update().get(pk=juror.pk)
    known = dict(juror.recusals.values_list("category", "reason"))
    for category in juror.season.categories.filter(jury_weight__isnull=False, closed_at=None).exclude(pk__in=known):
        found = " ".join(conflicts(juror, category))
        held = _irreplaceable(juror, [category], Ballot.State.QUARANTINED) if found else []
        if found and not held and not _standing(juror, [category]):
            recuse(juror, category, reason=found, by=None)
            known[category.pk] = found[:200]
    return known


@transaction.atomic
def cast(juror: Juror, choices: Mapping[str, Any], *, by: User) -> Casting:
    """Cast a juror's ballots, in place of earlier ones. Raises NotOpen, ChoiceRefused, TransitionRefused, PepperMissing."""
    season = juror.season
    seasons.hold_open(season)
    recused = recuse_where_in_conflict(juror)
    categories = season.categories.taking_ballots().filter(slug__in=choices, jury_weight__isnull=False)
    open_ones = list(categories.select_related("season").prefetch_related("nominees"))
    if not open_ones:
        raise NotOpen
    if barred := next((category for category in open_ones if category.pk in recused), None):
        raise TransitionRefused(f"You take no part in “{barred}”: {recused[barred.pk]}")
    voter = voter_key(juror)
    held = {ballot.category_id for ballot in _irreplaceable(juror, open_ones, *IRREPLACEABLE)}
    said = {
        category: of_voter(choices[category.slug], papers.question_of(category))
        for category in open_ones
        if category.pk not in held
    }
    texts = write_ins.Texts()
    made = {category: _ballot(category, choice, voter, texts) for category, choice in said.items()}
    write_ins.keep(texts)
    replaced = {ballot.category_id for ballot in _standing(juror, open_ones)}
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


def voter_key(juror: Juror) -> bytes:
    """What stands for a juror on ballots; no address is spelt so. Raises keys.PepperMissing."""
    return keys.juror_key(juror.season, juror.user_id)


def voted_in(juror: Juror) -> set[int]:
    """The categories in which a juror's ballot stands. Raises keys.PepperMissing."""
    return {ballot.category_id for ballot in _standing(juror, list(juror.season.categories.all()))}


def _standing(juror: Juror, categories: list[AwardCategory]) -> list[Ballot]:
    """A juror's ballots that count. Before voting opens there is none."""
    if not keys.has_pepper(juror.season):
        return []
    return list(Ballot.objects.counted().filter(category__in=categories, voter_key=voter_key(juror)))


def _irreplaceable(juror: Juror, categories: list[AwardCategory], *states: Ballot.State) -> list[Ballot]:
    """A juror's ballots of these states, each of which keeps its place, as a reader's does."""
    if not keys.has_pepper(juror.season):
        return []
    return list(Ballot.objects.filter(category__in=categories, voter_key=voter_key(juror), state__in=states))


def _ballot(category: AwardCategory, choice: Any, voter: bytes, texts: write_ins.Texts) -> Ballot:
    choice = write_ins.hidden(keys.pepper(category.season), category, choice, texts)
    nonce = secrets.token_bytes(16)
    leaf = ledger.ballot_leaf(category, choice, nonce, is_jury=True)
    return Ballot(category=category, voter_key=voter, choice=choice, nonce=nonce, leaf_hash=leaf, is_jury=True)
