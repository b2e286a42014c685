"""Names that voters wrote in: hidden as a ballot is cast, and decided on by the steward before the count.

Each decision is a leaf of the ledger at once, sealed like a ballot until the category is released: that a name was written
in at all tells of a vote for it. A later decision takes the place of an earlier one; one that came after a count says so.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast

from core import audit
from core.lib.slugs import free_slug, slug_of
from core.lib.text import one_line
from core.models import User
from core.transitions import TransitionRefused, lock
from surveys import keys, ledger, papers
from surveys.choices import TEXT_LIMIT, WRITTEN, folded, keys_in, with_keys
from surveys.models import AwardCategory, LedgerEntry, WriteIn
from surveys.tallying import WRITE_IN

KEY_LENGTH = 32
NOT_PUBLISHED = "a name that is not published"
LIKE = 0.8
DECIDED_MEANWHILE = "Somebody else has decided on this name meanwhile: look at it again. Yours was not saved."


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a name that was written in counts as: a nominee, a name of its own, or all else that was written in."""

    counts_as: str
    name: str
    reason: str = ""
    is_withheld: bool = False


Texts = dict[tuple[int, str], str]  # by category and key


def hidden(pepper: keys.Pepper, category: AwardCategory, choice: Any, texts: Texts) -> Any:
    """A choice as its ballot says it: with the key of a text in the text's place, which goes to `texts` (see `keep`)."""
    hashes = {key: key_of(pepper, category, key.removeprefix(WRITTEN)) for key in hidden_in(choice)}
    for key, hashed in hashes.items():
        texts.setdefault((category.pk, hashed), key.removeprefix(WRITTEN))
    return with_keys(choice, {key: WRITTEN + hashed for key, hashed in hashes.items()}) if hashes else choice


def hidden_in(choice: Any) -> list[str]:
    """What a choice names that was written in."""
    return [key for key in keys_in(choice) if key.startswith(WRITTEN)]


def keep(texts: Texts) -> None:
    """Keep the texts of ballots that are about to be stored: all of a transaction at once, in one order.

    Whoever stores the same texts at the same time waits for this, and never this for them.
    """
    rows = [WriteIn(category_id=category, key=key, text=texts[category, key]) for category, key in sorted(texts)]
    WriteIn.objects.bulk_create(rows, ignore_conflicts=True)


def key_of(pepper: keys.Pepper, category: AwardCategory, text: str) -> str:
    """What ballots hold for a text, whichever way it is spelt: verify.py finds it again from the text and the nonce."""
    same = folded(text)
    return sha256(pepper.write_in_nonce(category.pk, same) + same.encode()).hexdigest()[:KEY_LENGTH]


def merged(choice: Any, counts_as: Mapping[str, str]) -> Any:
    """A ballot as it is counted. Who writes in what they also chose has chosen it once: at the higher place or points."""
    if not any(key.startswith(WRITTEN) for key in keys_in(choice)):
        return choice
    if isinstance(choice, Mapping):
        found: dict[str, int] = {}
        for key, points in choice.items():
            own = counts_as.get(key, key)
            found[own] = max(points, found.get(own, points))
        return found
    seen, ranks = set[str](), []
    for rank in with_keys(choice, counts_as):
        left = [key for key in dict.fromkeys(rank) if key not in seen]
        seen.update(left)
        if left or not rank:
            ranks.append(left)
    return ranks


def written_in(category: AwardCategory, *, states: Collection[str] = ("cast", "quarantined")) -> set[str]:
    """The keys that ballots of these states hold."""
    ballots = category.ballots.filter(state__in=states).annotate(said=Cast("choice", TextField()))
    choices = ballots.filter(said__contains=WRITTEN).order_by().values_list("choice", flat=True).distinct()
    return {key for choice in choices for key in keys_in(choice) if key.startswith(WRITTEN)}


def rulings(category: AwardCategory) -> dict[str, Ruling]:
    """What was decided last of each key."""
    entries = LedgerEntry.objects.filter(season=category.season_id, kind=LedgerEntry.Kind.RULING).order_by("index")
    told = entries.filter(statement__category=category.slug).values_list("statement__ruling", flat=True)
    return {
        WRITTEN + each["write_in"]: Ruling(
            each.get("counts_as", ""), each.get("name", ""), each.get("reason", ""), "text" not in each
        )
        for each in told
    }


def rulings_since(category: AwardCategory, size: int) -> bool:
    """Whether anything was decided since the ledger had this many leaves."""
    return (
        LedgerEntry.objects.filter(season=category.season_id, kind=LedgerEntry.Kind.RULING, index__gte=size)
        .filter(statement__category=category.slug)
        .exists()
    )


def named(decided: Mapping[str, Ruling]) -> dict[str, str]:
    """The names of their own that were decided on, by what counts call them."""
    return {each.counts_as: each.name for each in decided.values() if each.counts_as.startswith(WRITTEN)}


def in_public(category: AwardCategory) -> dict[str, str]:
    """What a released ballot's keys are in words."""
    return {key: NOT_PUBLISHED if each.is_withheld else each.name for key, each in rulings(category).items()}


def undecided(category: AwardCategory) -> int:
    """How many names on ballots that count are not decided on."""
    if not category.takes_write_in:
        return 0
    return len(written_in(category, states=["cast"]) - rulings(category).keys())


def looks_like(text: str, names: Mapping[str, str]) -> str:
    """The slug of the nominee whom a text seems to mean; "" for none."""
    by_name = {folded(name): slug for slug, name in names.items()}
    near = get_close_matches(folded(text), by_name, n=1, cutoff=LIKE)
    return by_name[near[0]] if near else ""


@transaction.atomic
def rule(
    written: WriteIn,
    *,
    nominee: str = "",
    name: str = "",
    withhold: bool = False,
    reason: str = "",
    by: User | None,
    knowing: Collection[Ruling | None] | None = None,
) -> bool:
    """Decide what a name counts as: a nominee, by slug; a name of its own; or, withheld from the public, as all else.

    `knowing` is what may stand of it until now, where whoever decides has seen that. Return whether this is news. Raises
    TransitionRefused.
    """
    category = written.category
    lock(category, "season")
    if category.closed_at is None:
        raise TransitionRefused("What was written in is decided on after the close.")
    if category.is_released:
        raise TransitionRefused(f"The result of “{category}” is released: it stays as it was counted.")
    decided = rulings(category)
    ruling = _ruling(category, decided, nominee=nominee, name=name, withhold=withhold, reason=one_line(reason))
    before = decided.get(WRITTEN + written.key)
    if before == ruling:
        return False
    if knowing is not None and before not in knowing:
        raise TransitionRefused(DECIDED_MEANWHILE)
    ledger.state(category.season, LedgerEntry.Kind.RULING, _statement(written, ruling))
    audit.record("decided on a write-in", category, by=by, detail=written.key)  # in words it would tell of a vote
    return True


def _ruling(
    category: AwardCategory, decided: Mapping[str, Ruling], *, nominee: str, name: str, withhold: bool, reason: str
) -> Ruling:
    names = {each.slug: each.name for each in papers.nominees_of(category)}
    if withhold:
        if not reason:
            raise TransitionRefused("Say why the name is not published: the reason is.")
        return Ruling(WRITE_IN, "Other / write-in", reason, is_withheld=True)
    if nominee:
        if nominee not in names:
            raise TransitionRefused("This is not one of the nominees.")
        return Ruling(nominee, names[nominee], reason)
    name = one_line(name)
    if not folded(name):
        raise TransitionRefused("Say under which name it counts.")
    if len(name) > TEXT_LIMIT:
        raise TransitionRefused(f"This name is too long: at most {TEXT_LIMIT} characters.")
    if same := next((slug for slug, other in names.items() if folded(other) == folded(name)), ""):
        raise TransitionRefused(f"“{names[same]}” is a nominee: choose that.")
    others = named(decided)
    if same := next((key for key, other in others.items() if folded(other) == folded(name)), ""):
        return Ruling(same, others[same], reason)
    slug = free_slug(
        slug_of(name, limit=60) or "name", {key.removeprefix(WRITTEN) for key in others}.__contains__, limit=70
    )
    return Ruling(WRITTEN + slug, name, reason)


def _statement(written: WriteIn, ruling: Ruling) -> dict[str, Any]:
    """A decision as the ledger has it. The seal keeps it from being guessed before it is opened."""
    category, same = written.category, folded(written.text)
    told = {
        "write_in": written.key,
        "counts_as": ruling.counts_as,
        "name": ruling.name,
        "reason": ruling.reason,
        "after_count": hasattr(category, "tally"),
    }
    if not ruling.is_withheld:
        told |= {"text": same, "nonce": keys.pepper(category.season).write_in_nonce(category.pk, same).hex()}
    return {"season": category.season.slug, "category": category.slug, "ruling": told, "seal": secrets.token_hex(16)}
