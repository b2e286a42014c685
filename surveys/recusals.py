"""Recusals: who on a jury takes no part in a category, by their own word or because a conflict of interest is known.

They are for good, and published with the result. Where a conflict is known, a juror is out as soon as they come to vote, and
at the close at the latest, so that the result names them whether or not they ever came.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

from django.db import transaction

from core import audit
from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused
from surveys import keys, papers
from surveys.addresses import WELL_KNOWN, domain_of
from surveys.choices import folded
from surveys.models import AwardCategory, Ballot, Juror, Nominee, Recusal, Season

Interest = Callable[[Juror, list[Nominee]], Iterable[str]]
_interests: list[Interest] = []


def register(interest: Interest) -> None:
    """Add what else may stand between a juror and nominees: what counts votes must not know of it (surveys.interests)."""
    _interests.append(interest)


def conflicts(juror: Juror, category: AwardCategory) -> Iterator[str]:
    """Why a juror should not vote in a category, a sentence for each reason.

    That is where a nominee is somebody they belong to, or has a website at the domain of their address; and what the
    registered interests say.
    """
    nominees = [nominee for nominee in papers.nominees_of(category) if not nominee.withdrawn_at]
    for nominee in nominees:
        yield from _conflicts_with(juror, nominee)
    for interest in _interests:
        yield from interest(juror, nominees)


def _conflicts_with(juror: Juror, nominee: Nominee) -> Iterator[str]:
    domain = domain_of_employer(juror)
    if is_affiliated(juror, nominee.name):
        yield f"“{nominee}” is among the affiliations."
    elif is_at(nominee.url, domain):
        yield f"“{nominee}” is at the domain of the juror's address."


def domain_of_employer(juror: Juror) -> str:
    """The domain of a juror's address; empty where anybody can have an address."""
    domain = domain_of(juror.user.email)
    return "" if domain in WELL_KNOWN else domain


def is_affiliated(juror: Juror, name: str) -> bool:
    """Whether a juror says to belong to somebody of this name."""
    own = [folded(each) for each in juror.affiliations.split(",") if folded(each)]
    return any(_names(name, each) for each in own)


def _names(name: str, affiliation: str) -> bool:
    """Whether one of two names holds the other, in whole words."""
    one, other = sorted((folded(name), affiliation), key=len)
    return re.search(rf"(?<!\w){re.escape(one)}(?!\w)", other) is not None


def is_at(website: str, domain: str) -> bool:
    """Whether a website and the domain of an address are one's, or either is below the other."""
    host = (urlsplit(website).hostname or "").removeprefix("www.")
    return bool(host and domain) and (f".{host}".endswith(f".{domain}") or f".{domain}".endswith(f".{host}"))


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
    if standing(juror, [category]):
        raise TransitionRefused(f"{juror} has voted in “{category}”: that stays.")
    if irreplaceable(juror, [category], Ballot.State.QUARANTINED):
        raise TransitionRefused(f"A ballot of {juror} in “{category}” is under review: wait for what comes of it.")
    if category.closed_at:
        raise TransitionRefused(f"“{category}” is closed.")
    Recusal.objects.create(category=category, juror=juror, reason=reason)
    audit.record("recused a juror", category, by=by, detail=f"{juror}: {reason}")


@transaction.atomic
def recuse_where_in_conflict(juror: Juror, among: Iterable[AwardCategory] | None = None) -> dict[int, str]:
    """Take a juror out of the open categories, or of some, in which a conflict is known; return every recusal, by category."""
    Juror.objects.select_for_update().get(pk=juror.pk)
    known = dict(juror.recusals.values_list("category", "reason"))
    open_ones = juror.season.categories.filter(jury_weight__isnull=False, closed_at=None)
    for category in open_ones if among is None else among:
        if category.pk in known:
            continue
        found = " ".join(conflicts(juror, category))
        held = irreplaceable(juror, [category], Ballot.State.QUARANTINED) if found else []
        if found and not held and not standing(juror, [category]):
            recuse(juror, category, reason=found, by=None)
            known[category.pk] = found[:200]
    return known


def name_those_in_conflict(season: Season, categories: Iterable[AwardCategory]) -> None:
    """Before categories close, take out the jurors in whose way a conflict stands and who have not voted.

    Without the season's pepper nobody can tell who has voted, and nobody is taken out.
    """
    with_jury = [category for category in categories if category.jury_weight]
    if not with_jury or not keys.has_pepper(season):
        return
    for juror in season.jurors.select_related("user"):
        recuse_where_in_conflict(juror, with_jury)


def voters(season: Season) -> dict[int, set[bytes]]:
    """The voter keys of those who take no part, by category. Raises keys.PepperMissing."""
    found: dict[int, set[bytes]] = {}
    for recusal in Recusal.objects.filter(category__season=season).select_related("juror"):
        found.setdefault(recusal.category_id, set()).add(keys.juror_key(season, recusal.juror.user_id))
    return found


def voter_key(juror: Juror) -> bytes:
    """What stands for a juror on ballots; no address is spelt so. Raises keys.PepperMissing."""
    return keys.juror_key(juror.season, juror.user_id)


def standing(juror: Juror, categories: list[AwardCategory]) -> list[Ballot]:
    """A juror's ballots that count. Before voting opens there is none."""
    if not keys.has_pepper(juror.season):
        return []
    return list(Ballot.objects.counted().filter(category__in=categories, voter_key=voter_key(juror)))


def irreplaceable(juror: Juror, categories: list[AwardCategory], *states: Ballot.State) -> list[Ballot]:
    """A juror's ballots of these states, each of which keeps its place, as a reader's does."""
    if not keys.has_pepper(juror.season):
        return []
    return list(Ballot.objects.filter(category__in=categories, voter_key=voter_key(juror), state__in=states))
