"""What comes next in a season or a category: one step (core.admin.steps)."""

from collections.abc import Callable
from functools import partial
from typing import Any

from core.admin.steps import Step
from core.lib import clock
from surveys import payers, recusals, release, seasons
from surveys.models import AwardCategory, Season

State = Season.State


def next_of(season: Season) -> Step | None:
    """The step that comes next in a season."""
    if season.is_withheld:
        return SHOW_IMPORTED
    if season.state == State.CLOSED:
        return TALLY if any(release.needs_count(each) for each in season.categories.all()) else RELEASE
    return _NEXT.get(State(season.state))


def others_of(season: Season) -> list[Step]:
    """Other ways on from where a season stands."""
    return {State.DRAFT: [SKIP_NOMINATIONS], State.SHORTLISTING: [OPEN_NOMINATIONS_AGAIN]}.get(State(season.state), [])


def next_of_category(category: AwardCategory) -> Step | None:
    """The step by which a category goes ahead of its season's others."""
    if category.is_released or not category.season.is_fixed:
        return None
    if category.closed_at is None:
        return CLOSE_ONE if category.season.state == State.VOTING else None
    return TALLY_ONE if release.needs_count(category) else RELEASE_ONE


def _opening_nominations(season: Season) -> list[str]:
    until = (
        f"They close by themselves on {clock.in_words(season.nominations_close_at)}."
        if season.nominations_close_at
        else "They stay open until you close them."
    )
    return [f"Shows readers “{season}” and lets them propose nominees in {_categories(season)}, from now on.", until]


def _closing_nominations(season: Season) -> list[str]:
    return ["Takes no more nominations.", "Then you choose and order the shortlist. Nominations can be opened again."]


def _skipping(season: Season) -> list[str]:
    return [f"Shows readers “{season}” without asking them for nominations. You name the nominees yourself."]


def _opening(season: Season) -> list[str]:
    if not (season.opens_at and season.closes_at):
        return ["Takes votes between the times that you set, and closes by itself."]
    from_, to = clock.in_words(season.opens_at), clock.in_words(season.closes_at)
    recused = [
        f"{juror} takes no part in “{category}”: {' '.join(found)}"
        for juror in season.jurors.select_related("user")
        for category in season.categories.filter(jury_weight__isnull=False).prefetch_related("nominees")
        if (found := list(recusals.conflicts(juror, category)))
    ]
    return [
        *recused,
        f"Takes votes in {_categories(season)} from {from_} to {to}, and closes by itself.",
        "Fixes the nominees, their names and order, and the rules of counting for good. They are sealed as the ballot paper.",
        *(
            f"{each}: {', '.join(nominee.name for nominee in each.nominees.all())}."
            for each in _with_nominees(season)
            if each.nominees.all()
        ),
        *(["Ends the nominations."] if season.state == State.NOMINATING else []),
    ]


def _with_nominees(season: Season) -> list[AwardCategory]:
    return list(season.categories.prefetch_related("nominees"))


def _closing(season: Season) -> list[str]:
    return [
        _time_left(season),
        "Refuses every vote from then on, also those whose voters have the link and have not confirmed it yet.",
        "Seals all confirmed ballots in the public ledger. Nothing is counted and no result is shown.",
        "Voting cannot be opened again.",
    ]


def _closing_one(category: AwardCategory) -> list[str]:
    others = category.season.categories.filter(closed_at=None).exclude(pk=category.pk).count()
    season = (
        "Voting in the season’s other categories goes on." if others else "It is the last one: the season closes too."
    )
    return [*_closing(category.season)[:3], season, "Voting in it cannot be opened again."]


def _counting(season: Season) -> list[str]:
    due = [str(each) for each in season.categories.all() if release.needs_count(each)]
    return [
        f"Counts {', '.join(f'“{title}”' for title in due)}.",
        "Shows nobody the result. Who looks at one before the release is logged, and the log is published with it.",
    ]


def _counting_one(category: AwardCategory) -> list[str]:
    return [f"Counts “{category}”.", "Shows nobody the result."]


def _releasing(season: Season) -> list[str]:
    lines = [line for each in season.categories.filter(released_at=None) for line in _releasing_one(each)[:1]]
    return [*lines, *_RELEASED, "Later steps, such as the article, are up to you."]


def _releasing_one(category: AwardCategory) -> list[str]:
    looks = release.looks_at(category).count()
    seen = (
        f"and that {looks} look{'' if looks == 1 else 's'} at it came before"
        if looks
        else "which nobody has seen before"
    )
    return [f"Shows everybody the result of “{category}”, {seen}.", *_RELEASED]


_RELEASED = (
    "Publishes the choice of every ballot, without its voter, for anyone to count again.",
    "The results stay for good. A correction later stands beside them, with its reason.",
)


def _archiving(season: Season) -> list[str]:
    return [f"Lists “{season}” among the past seasons. Its pages, results, badges and record stay where they are."]


def _showing(season: Season) -> list[str]:
    return [
        f"Shows readers “{season}”, marked as imported from “{season.imported_from}”, with its results and ballots."
    ]


def _time_left(season: Season) -> str:
    if not season.closes_at:
        return "Ends the voting now."
    return f"Ends the voting now. Its time, which voters were told, is {clock.in_words(season.closes_at)}."


def _categories(season: Season) -> str:
    number = season.categories.count()
    return f"{number} {'category' if number == 1 else 'categories'}"


def _tally_all(season: Season, *, by: Any) -> None:
    for category in season.categories.filter(released_at=None):
        if release.needs_count(category):
            release.tally(category, by=by)


def _release_all(season: Season, *, by: Any) -> None:
    due = list(season.categories.filter(released_at=None))
    release.release_season(season, by=by)
    payers.results_are_out(due)


def _release_one(category: AwardCategory, *, by: Any) -> None:
    release.release(category, by=by)
    payers.results_are_out([category])


_FINAL: dict[str, Any] = {"is_final": True}
_step: Callable[..., Step] = partial(Step, permission="surveys.change_season")
OPEN_NOMINATIONS = _step(
    "open_nominations", "Open nominations now", _opening_nominations, seasons.open_nominations, "readers can nominate.",
    seasons.not_ready_for_nominations,
)  # fmt: skip
OPEN_NOMINATIONS_AGAIN = _step(
    "open_nominations", "Open nominations again", _opening_nominations, seasons.open_nominations,
    "readers can nominate again.", seasons.not_ready_for_nominations,
)  # fmt: skip
CLOSE_NOMINATIONS = _step(
    "close_nominations", "Close nominations and draw up the shortlist", _closing_nominations,
    seasons.close_nominations, "nominations are closed.",
)  # fmt: skip
SKIP_NOMINATIONS = _step(
    "skip_nominations", "Go on without nominations", _skipping, seasons.skip_nominations, "now draw up the shortlist.",
    lambda season: [] if season.categories.exists() else ["Add a category first."],
)  # fmt: skip
OPEN = _step(
    "open_voting", "Open voting", _opening, seasons.open_voting, "voting is set to open; the ballot paper is sealed.",
    seasons.not_ready_for_voting, **_FINAL,
)  # fmt: skip
CLOSE = _step(
    "close_voting", "Close voting now", _closing, seasons.close, "voting is closed and every ballot sealed.", **_FINAL
)
CLOSE_ONE = _step(
    "close_voting", "Close voting in it now", _closing_one, seasons.close_category,
    "voting is closed and every ballot sealed.", **_FINAL,
)  # fmt: skip
TALLY = _step("tally", "Count every category", _counting, _tally_all, "counted.", release.not_ready_for_count)
TALLY_ONE = _step("tally", "Count it", _counting_one, release.tally, "counted.", release.not_ready_for_count_of)
RELEASE = _step(
    "release", "Release the results to everybody", _releasing, _release_all, "the results are released.",
    permission="surveys.release_season", **_FINAL,
)  # fmt: skip
RELEASE_ONE = _step(
    "release", "Release the result to everybody", _releasing_one, _release_one, "the result is released.",
    permission="surveys.release_season", **_FINAL,
)  # fmt: skip
ARCHIVE = _step("archive", "Archive the season", _archiving, seasons.archive, "it is among the past seasons.")
SHOW_IMPORTED = _step(
    "show_imported", "Show it to readers", _showing, seasons.show_imported, "readers see it now.",
    permission="surveys.release_season",
)  # fmt: skip
_NEXT = {
    State.DRAFT: OPEN_NOMINATIONS,
    State.NOMINATING: CLOSE_NOMINATIONS,
    State.SHORTLISTING: OPEN,
    State.VOTING: CLOSE,
    State.RELEASED: ARCHIVE,
}
