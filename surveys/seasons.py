"""How a season moves on: nominations, voting, close. Who may do it is decided where it is asked for."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from core import advisory_locks, audit, pagecache
from core.advisory_locks import AdvisoryLock
from core.lib import batches, clock
from core.lib.slugs import free_slug, slug_of
from core.models import User
from core.transitions import TransitionRefused, change_if
from surveys import events, keys, ledger, papers, quarantine, recusals
from surveys.models import AwardCategory, Season
from surveys.models.seasons import RESERVED_SEASONS

State = Season.State
Need = Callable[[Season], list[str]]
_needs: list[Need] = []


@transaction.atomic
def open_nominations(season: Season, *, by: User | None = None) -> None:
    """Let readers propose nominees from now on; also again, while the shortlist is drawn up."""
    if problems := not_ready_for_nominations(season):
        raise TransitionRefused(" ".join(problems))
    _move(season, from_=[State.DRAFT, State.SHORTLISTING], to=State.NOMINATING, nominations_open_at=Now())
    audit.record("opened nominations", season, by=by, detail=_until(season.nominations_close_at))


def not_ready_for_nominations(season: Season) -> list[str]:
    """What is missing before readers can propose nominees, a sentence each."""
    problems = [] if season.categories.exists() else ["Add a category first."]
    if Season.objects.filter(pk=season.pk, nominations_close_at__lte=Now()).exists():
        problems.append("The time at which nominations close is past: set another, or none.")
    return problems


@transaction.atomic
def close_nominations(season: Season, *, by: User | None = None) -> None:
    """End the nominations; the shortlist is drawn up next. It is by nobody where their time has come."""
    planned = season.nominations_close_at
    _move(season, from_=[State.NOMINATING], to=State.SHORTLISTING)
    _note_end_of_nominations(season)
    audit.record("closed nominations", season, by=by, detail=f"their time was {_utc(planned)}")


def _note_end_of_nominations(season: Season) -> None:
    change_if(season, Q(nominations_close_at=None) | Q(nominations_close_at__gt=Now()), nominations_close_at=Now())


@transaction.atomic
def skip_nominations(season: Season, *, by: User | None = None) -> None:
    """Go on to the shortlist with nominees that the newsroom names itself."""
    if not season.categories.exists():
        raise TransitionRefused("Add a category first.")
    _move(season, from_=[State.DRAFT], to=State.SHORTLISTING)
    audit.record("began the shortlist without nominations", season, by=by)


@transaction.atomic
def open_voting(season: Season, *, by: User | None = None) -> None:
    """Seal the ballot paper and take ballots from `opens_at` on. From now on nothing on the paper changes."""
    if problems := not_ready_for_voting(season):
        raise TransitionRefused(" ".join(problems))
    was = season.state
    _move(season, from_=[State.DRAFT, State.NOMINATING, State.SHORTLISTING], to=State.VOTING)
    if was == State.NOMINATING:
        _note_end_of_nominations(season)
    keys.make_pepper(season)
    papers.seal(season)
    audit.record("opened voting", season, by=by, detail=f"from {_utc(season.opens_at)} to {_utc(season.closes_at)}")


def register_need(need: Need) -> None:
    """Add what else a season waits for before its vote: what counts votes must not know of it (surveys.payers)."""
    _needs.append(need)


def not_ready_for_voting(season: Season) -> list[str]:
    """What is missing before voting can open, a sentence each."""
    problems = [problem for need in _needs for problem in need(season)]
    if not season.opens_at or not season.closes_at:
        problems.append("Say when voting opens and closes.")
    elif Season.objects.filter(pk=season.pk, closes_at__lte=Now()).exists():
        problems.append("The time at which voting closes is past.")
    categories = list(season.categories.prefetch_related("nominees"))
    if not categories:
        problems.append("Add a category first.")
    for category in categories:
        if len(category.nominees.all()) < 2:
            problems.append(f"“{category}” needs two nominees or more.")
        problems += [f"“{category}”: {problem}" for problem in category.ballot_problems().values()]
        if (category.jury_quorum or 0) > season.jurors.count():
            problems.append(
                f"“{category}” needs {category.jury_quorum} jurors; the season's jury has {season.jurors.count()}."
            )
    return problems


@transaction.atomic
def close(season: Season, *, by: User | None = None) -> None:
    """End the voting in every category and seal what waits. It is by nobody where the season's time has come."""
    wait_for_voters(season)
    recusals.name_those_in_conflict(season, season.categories.filter(closed_at__isnull=True))
    _move(season, from_=[Season.State.VOTING], to=Season.State.CLOSED, closed_at=Now())
    season.categories.filter(closed_at__isnull=True).update(closed_at=Now())
    ledger.seal(season, everything=True)
    quarantine.apply(season)
    audit.record("closed voting", season, by=by, detail=f"its time was {_utc(season.closes_at)}")


@transaction.atomic
def close_category(category: AwardCategory, *, by: User | None = None) -> None:
    """End the voting in one category; the season closes with its last one."""
    season = category.season
    wait_for_voters(season)
    season.refresh_from_db()
    if season.state == Season.State.VOTING and category.closed_at is None:
        recusals.name_those_in_conflict(season, [category])
    if season.state != Season.State.VOTING or not change_if(category, Q(closed_at=None), closed_at=Now()):
        raise TransitionRefused(f"“{category}” is not open for voting.")
    audit.record("closed voting", category, by=by, detail=f"its time was {_utc(season.closes_at)}")
    if season.categories.filter(closed_at=None).exists():
        ledger.seal(season, closing=category)
        quarantine.apply(season)
        pagecache.bump()
    else:
        close(season, by=by)


@transaction.atomic
def copy(season: Season, *, by: User | None = None) -> Season:
    """A draft with a season's categories, rules and texts; without its nominees, times, votes and record."""
    title = next_title(season.title)
    while Season.objects.filter(title__iexact=title).exists() and next_title(title) != title:
        title = next_title(title)
    slug = free_slug(slug_of(title, limit=60) or season.slug, _is_taken, limit=60)
    texts = {name: getattr(season, name) for name in ("standfirst", "rules_version", "rules_html", "disclosure_html")}
    made = Season.objects.create(title=title, slug=slug, **texts)
    for category in season.categories.all():
        category.pk, category._state.adding = None, True  # a row of its own, with every rule there is
        category.season, category.closed_at, category.released_at = made, None, None
        category.save()
    audit.record("copied the season", made, by=by, detail=f"from “{season}”")
    return made


def next_title(title: str) -> str:
    """“Moon Awards 2027” after “Moon Awards 2026”; else the title marked as a copy."""
    found = list(re.finditer(r"(?<!\d)(?:19|20)\d\d(?!\d)", title))
    if not found:
        return title if title.endswith(" (copy)") else f"{title[:110]} (copy)"
    year = found[-1]
    return f"{title[: year.start()]}{int(year[0]) + 1}{title[year.end() :]}"


def _is_taken(slug: str) -> bool:
    return slug in RESERVED_SEASONS or Season.objects.filter(slug=slug).exists()


@transaction.atomic
def archive(season: Season, *, by: User | None = None) -> None:
    """Put a released season away, among the past ones. Its pages, results and record stay."""
    _move(season, from_=[State.RELEASED], to=State.ARCHIVED, archived_at=Now())
    audit.record("archived the season", season, by=by)


@transaction.atomic
def show_imported(season: Season, *, by: Any) -> None:
    """Let readers see an imported election that was withheld."""
    if not change_if(season, Q(is_withheld=True), is_withheld=False):
        raise TransitionRefused(f"Readers see “{season}” already.")
    audit.record("showed the imported election to readers", season, by=by)
    pagecache.bump()


def turn_phases() -> None:
    """Do what the clock asks for: show seasons that have opened, close those past their time."""
    steps: list[tuple[Season, Callable[[Season], None]]] = [
        *((season, _close_nominations_in_time) for season in Season.objects.done_nominating()),
        *((season, _show_open) for season in Season.objects.due_to_open()),
        *((season, _close_in_time) for season in Season.objects.due_to_close()),
    ]
    batches.each(steps, lambda step: step[1](step[0]))


@transaction.atomic
def _show_open(season: Season) -> None:
    Season.objects.filter(pk=season.pk).due_to_open().update(opened_at=Now())
    pagecache.bump()


def _close_nominations_in_time(season: Season) -> None:
    try:
        close_nominations(season)
    except TransitionRefused:
        pass  # somebody closed them meanwhile


def _close_in_time(season: Season) -> None:
    try:
        close(season)
    except TransitionRefused:
        pass  # somebody closed it meanwhile


def hold_open(season: Season) -> None:
    """Keep a season from being closed until this transaction ends: a ballot is cast before the close, or refused."""
    advisory_locks.wait_for(AdvisoryLock.VOTING, season.pk, shared=True)


def wait_for_voters(season: Season) -> None:
    """Wait for the ballots being cast, and let nobody else begin, until this transaction ends."""
    advisory_locks.wait_for(AdvisoryLock.VOTING, season.pk)


def nominee_slug(name: str, *, taken: Iterable[str]) -> str:
    """A slug for a nominee that no other of the category has."""
    return free_slug(slug_of(name, limit=80) or "nominee", set(taken).__contains__, limit=80)


def _move(season: Season, *, from_: list[Season.State], to: Season.State, **changes: object) -> None:
    """Change the state where it still is one of `from_`; readers see it at once."""
    if not change_if(season, Q(state__in=from_), state=to, **changes):
        raise TransitionRefused(
            f"“{season}” is at “{season.get_state_display()}” and cannot go to “{to.label}” from there."
        )
    events.announce(season)
    pagecache.bump()


def _until(moment: datetime | None) -> str:
    return f"until {_utc(moment)}" if moment else "until they are closed"


def _utc(moment: datetime | None) -> str:
    """A moment as the audit log tells it, which all read alike."""
    return clock.in_words(moment, zone=ZoneInfo("UTC")) if moment else "not set"
