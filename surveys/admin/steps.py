"""The steps of a vote that cannot be taken back: each has a page that says what it will do, and does it once that is confirmed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from core.lib import clock
from surveys import release
from surveys.admin.actions import do_each
from surveys.models import AwardCategory, Season

CONFIRMED = "confirmed"


@dataclass(frozen=True)
class Step:
    """A step of seasons or categories. `says` lists, for a row, what it will do."""

    action: str
    title: str
    button: str
    says: Callable[[Any], Sequence[str]]

    def take(
        self, desk: ModelAdmin, request: HttpRequest, rows: Iterable[Any], act: Callable[[Any], object], done: str
    ) -> HttpResponse | None:
        """Answer with the page that asks; once it is confirmed, do it to every row and say what came of it."""
        if CONFIRMED in request.POST:
            do_each(request, rows, act, done)
            return None
        context = desk.admin_site.each_context(request) | {
            "opts": desk.opts,
            "title": self.title,
            "step": self,
            "rows": [{"row": row, "lines": self.says(row)} for row in rows],
            "checkbox": ACTION_CHECKBOX_NAME,
            "confirmed": CONFIRMED,
        }
        return TemplateResponse(request, "admin/surveys/step.html", context)


def _opening(season: Season) -> list[str]:
    if not (season.opens_at and season.closes_at):
        return ["It has no times yet, so it will be refused: say first when voting opens and closes."]
    number = season.categories.count()
    where = f"{number} {'category' if number == 1 else 'categories'}"
    from_, to = clock.in_words(season.opens_at), clock.in_words(season.closes_at)
    return [
        f"Takes votes in {where} from {from_} to {to}, and closes by itself.",
        "Fixes the nominees, their names and the rules of counting for good.",
        "Ends the nominations.",
    ]


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
    made = hasattr(category, "tally")
    first = (
        f"Shows everybody the result of “{category}”, {seen}."
        if made
        else f"“{category}” is not tallied: it will be refused."
    )
    return [first, *_RELEASED]


_RELEASED = (
    "Publishes the choice of every ballot, without its voter, for anyone to count again.",
    "The results stay as they are: nothing can be counted again, voided or taken back.",
)


def _time_left(season: Season) -> str:
    if not season.closes_at:
        return "Ends the voting now."
    return f"Ends the voting now. Its time, which voters were told, is {clock.in_words(season.closes_at)}."


OPEN = Step("open_voting", "Open voting?", "Open voting", _opening)
CLOSE = Step("close_voting", "Close voting now?", "Close voting now", _closing)
CLOSE_ONE = Step("close_voting", "Close voting now?", "Close voting now", _closing_one)
RELEASE = Step("release_results", "Release the results?", "Release to everybody", _releasing)
RELEASE_ONE = Step("release_result", "Release the result?", "Release to everybody", _releasing_one)
