"""Nominations: what readers propose, put together where it means the same, and decided on by the steward.

Those that mean the same hang from one, the head, which stands for all of them: it is counted with them and decided for them.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from anyascii import anyascii
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from rapidfuzz import fuzz, process

from core import audit, pagecache
from core.transitions import TransitionRefused, lock, move
from surveys import followers, payers
from surveys.models import AwardCategory, Nomination, Nominee, Season
from surveys.seasons import nominee_slug

State = Nomination.State
ALIKE = 84  # of 100, by rapidfuzz's token_sort_ratio: “Alpha Wallett” and “wallet alpha”, not “Alpha” and “Alpine”
COMPARED = 1000  # heads of a category, the most named first: comparing is quadratic


def key_of(name: str) -> str:
    """What is the same for names that differ in case, accents, spaces and punctuation only."""
    plain = "".join(each for each in anyascii(name).casefold() if each.isalnum())
    return plain or name.casefold()


@transaction.atomic
def nominate(*, category: AwardCategory, name: str, url: str = "", reason: str = "", answer_to: str = "") -> Nomination:
    """Store what a reader proposes. The same name joins what was proposed before. Raises TransitionRefused.

    `answer_to` is the address that asked to be told what comes of it.
    """
    open_now = Q(nominations_close_at=None) | Q(nominations_close_at__gt=Now())
    if not Season.objects.filter(open_now, pk=category.season_id, state=Season.State.NOMINATING).exists():
        raise TransitionRefused("Nominations are not open.")
    lock(category)  # two of one name at once are counted together
    key = key_of(name)[:120]
    head = category.nominations.filter(name_key=key, same_as=None).order_by("pk").first()
    state = {"state": head.state, "decline_reason": head.decline_reason, "nominee": head.nominee} if head else {}
    follower = followers.follow(category.season, answer_to, reminders=False) if answer_to else None
    return Nomination.objects.create(
        follower=follower, category=category, name=name, name_key=key, url=url, reason=reason, same_as=head, **state
    )


def heads_of(category: AwardCategory) -> QuerySet[Nomination]:
    """What was proposed in a category, each with the number of its nominations, the most named first."""
    heads = category.nominations.filter(same_as=None).annotate(number=Count("others") + 1)
    return heads.order_by("-number", "name", "pk")


def alike(heads: Sequence[Nomination]) -> list[list[Nomination]]:
    """Heads whose names or websites look alike, in groups of two or more, each the most named first."""
    compared = list(heads[:COMPARED])
    names = [" ".join(anyascii(head.name).casefold().split()) for head in compared]
    sites = [site_of(head.url) for head in compared]
    first_at: dict[str, int] = {}
    parents = list(range(len(compared)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    for place, name in enumerate(names):
        found = process.extract(name, names[:place], scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE, limit=None)
        partners = [other for _, _, other in found]
        if sites[place]:
            partners.append(first_at.setdefault(sites[place], place))
        for other in partners:
            one, two = sorted((root(place), root(other)))
            parents[two] = one
    groups: dict[int, list[Nomination]] = {}
    for place, head in enumerate(compared):
        groups.setdefault(root(place), []).append(head)
    return [group for group in groups.values() if len(group) > 1]


def site_of(url: str) -> str:
    """The host of a website, without www."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


@transaction.atomic
def merge(chosen: Iterable[Nomination], *, into: Nomination, by: Any) -> int:
    """Let one stand for all of the chosen, which get its state; return how many joined it. Raises TransitionRefused."""
    category = into.category
    lock(category)
    into.refresh_from_db()
    if into.same_as_id:
        raise TransitionRefused(f"“{into}” was merged into another meanwhile.")
    keys = [each.pk for each in chosen if each.pk != into.pk]
    rows = category.nominations.filter(Q(pk__in=keys) | Q(same_as__in=keys)).exclude(pk=into.pk)
    names = sorted(set(rows.values_list("name", flat=True)))
    if not names:
        raise TransitionRefused("Choose two nominations or more.")
    rows.exclude(state=into.state, nominee=into.nominee).update(answered_at=None)  # what is decided anew is told anew
    joined = rows.update(same_as=into, **_decision_of(into))
    audit.record("merged nominations", into, by=by, detail=f"in “{category}”: {', '.join(names)}")
    return joined


@transaction.atomic
def separate(nomination: Nomination, *, by: Any) -> None:
    """Let a nomination stand by itself again, to be decided on. Raises TransitionRefused."""
    lock(nomination.category)
    nomination.refresh_from_db()
    if nomination.same_as_id is None:
        raise TransitionRefused(f"“{nomination}” stands by itself already.")
    head = nomination.same_as
    Nomination.objects.filter(pk=nomination.pk).update(
        same_as=None, state=State.NEW, nominee=None, decline_reason="", answered_at=None
    )
    nomination.refresh_from_db()
    audit.record("separated a nomination", nomination, by=by, detail=f"from “{head}”")


@transaction.atomic
def shortlist(nomination: Nomination, *, by: Any = None) -> Nominee:
    """Make a nomination, with all that it stands for, a nominee; also one that was declined. Raises TransitionRefused."""
    category = nomination.category
    _lock_undecided(category)
    nominee = category.nominees.filter(name__iexact=nomination.name).first()
    _move(nomination, [State.NEW, State.DECLINED], State.SHORTLISTED, "shortlisted")
    if nominee is None:
        nominee = add_nominee(category, nomination.name, nomination.url)
    _decide(nomination, nominee=nominee)
    audit.record("shortlisted a nomination", nomination, by=by, detail=f"in “{category}”, as “{nominee}”")
    pagecache.bump()
    return nominee


@transaction.atomic
def decline(nomination: Nomination, *, reason: str = "", by: Any = None) -> None:
    """Leave a nomination, with all that it stands for, off the shortlist. Raises TransitionRefused."""
    _move(nomination, [State.NEW], State.DECLINED, "declined")
    _decide(nomination, decline_reason=reason)
    where = f"in “{nomination.category}”"
    audit.record("declined a nomination", nomination, by=by, detail=f"{where}: {reason}" if reason else where)


@transaction.atomic
def name_nominee(category: AwardCategory, name: str, *, by: Any) -> Nominee:
    """Put somebody on the shortlist whom the newsroom names itself. Raises TransitionRefused."""
    _lock_undecided(category)
    if category.nominees.filter(name__iexact=name).exists():
        raise TransitionRefused(f"“{name}” is on the shortlist of “{category}” already.")
    nominee = add_nominee(category, name)
    audit.record("put on the shortlist", nominee, by=by, detail=f"in “{category}”")
    pagecache.bump()
    return nominee


def add_nominee(category: AwardCategory, name: str, url: str = "") -> Nominee:
    slug = nominee_slug(name, taken=category.nominees.values_list("slug", flat=True))
    place = category.nominees.count() + 1
    nominee = category.nominees.create(name=name, url=url, slug=slug, ordering=place)
    payers.look_at(nominee)
    return nominee


@transaction.atomic
def arrange(category: AwardCategory, kept: Sequence[int], *, shown: Iterable[int], by: Any) -> None:
    """Bring the shortlist into an order, and take off it whom the page showed and is not kept. Raises TransitionRefused.

    Whoever came on it meanwhile stays, at the end.
    """
    _lock_undecided(category)
    nominees = {each.pk: each for each in category.nominees.all()}
    before = [each.name for each in nominees.values()]
    gone = [nominees[pk] for pk in set(shown) - set(kept) if pk in nominees]
    order = [pk for pk in dict.fromkeys(kept) if pk in nominees]
    order += [pk for pk in nominees if pk not in order and nominees[pk] not in gone]
    for nominee in gone:
        Nomination.objects.filter(nominee=nominee).update(state=State.NEW, nominee=None)
        nominee.delete()
    for place, pk in enumerate(order, 1):
        category.nominees.filter(pk=pk).update(ordering=place)
    now = [nominees[pk].name for pk in order]
    if now != before:
        audit.record("arranged the shortlist", category, by=by, detail=", ".join(now))
        pagecache.bump()


def _lock_undecided(category: AwardCategory) -> None:
    lock(category, "season")
    if category.season.is_fixed:
        raise TransitionRefused("Voting has opened: the nominees are fixed.")


def _move(nomination: Nomination, sources: list[State], to: State, action: str) -> None:
    nomination.refresh_from_db()
    if nomination.same_as_id:
        raise TransitionRefused(f"“{nomination}” was merged into another: decide on that one.")
    move(nomination, sources=sources, to=to, action=action, name=f"“{nomination}”")


def _decide(nomination: Nomination, *, nominee: Nominee | None = None, decline_reason: str = "") -> None:
    """What was decided holds for all that a nomination stands for."""
    Nomination.objects.filter(pk=nomination.pk).update(nominee=nominee, decline_reason=decline_reason, answered_at=None)
    nomination.refresh_from_db()
    nomination.others.update(answered_at=None, **_decision_of(nomination))


def _decision_of(head: Nomination) -> dict[str, Any]:
    return {"state": head.state, "nominee": head.nominee, "decline_reason": head.decline_reason}
