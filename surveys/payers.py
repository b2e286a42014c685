"""Sponsors who are among the nominees: decided on before voting opens, named on the pages, published with the results.

It plugs itself into the flags and into what a season needs before its vote, so that no code that counts votes leads to sponsors.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.urls import reverse

from sponsors import flag_searches, flags
from sponsors.flags import Described, Standing
from sponsors.names import Text
from surveys import seasons
from surveys.models import Nominee, Season

NOUN = "nominee"
NOTE = "{} advertises with us, or did in recent months. That buys neither a nomination nor a vote."


def texts_of(nominee: Nominee) -> list[Text]:
    """All that readers see of a nominee."""
    return [
        Text("the name", nominee.name),
        Text("the description", nominee.description),
        Text("the website", nominee.url, is_address=True),
    ]


def standings_of(nominees: Iterable[Nominee]) -> dict[int, list[Standing]]:
    """The sponsors whom nominees name, by the nominees' keys; in two queries."""
    return flags.standings_of(NOUN, {each.pk: texts_of(each) for each in nominees if not each.withdrawn_at})


def notes_of(nominees: Iterable[Nominee]) -> list[str]:
    """A sentence for each sponsor among nominees, but for those of whom a person said that it is not them."""
    named = {found.mention.sponsor_name for some in standings_of(nominees).values() for found in some if found.is_named}
    return [NOTE.format(name) for name in sorted(named)]


def open_conflicts(season: Season) -> list[str]:
    """What has to be decided before voting can open, a sentence for each name."""
    nominees = list(Nominee.objects.filter(category__season=season, withdrawn_at=None).select_related("category"))
    found = standings_of(nominees)
    return [
        f"“{each.category}”: {standing.told_of(str(each))}"
        for each in nominees
        for standing in found[each.pk]
        if standing.refuses
    ]


def look_at(nominee: Nominee) -> None:
    """Raise the flags that a nominee needs."""
    flags.look_at(NOUN, nominee.pk)


class Nominees:
    """Nominees of seasons that readers see or will see, as a source of flags."""

    noun = NOUN
    seen_with = decided_with = "surveys.view_nominee"  # editors decide, too, who only look on else

    def keys(self, after: int, limit: int) -> list[int]:
        rows = Nominee.objects.filter(~Q(category__season__state=Season.State.ARCHIVED), pk__gt=after)
        return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])

    def texts(self, key: int) -> list[list[Text]]:
        found = Nominee.objects.filter(pk=key, withdrawn_at=None).first()
        return [texts_of(found)] if found else []

    def described(self, keys: Iterable[int]) -> dict[int, Described]:
        rows = Nominee.objects.filter(pk__in=list(keys)).select_related("category__season")
        return {row.pk: Described(row.name, _desk(row), _public(row)) for row in rows}

    def decided(self, key: int) -> bool:
        """Nominees’ pages look it up themselves; the log has it once there is a result, as the nominee is no news before."""
        found = Nominee.objects.select_related("category__season").filter(pk=key).first()
        if found and found.category.is_released:
            log_results([found.category])
        return False


def results_are_out(categories: Iterable[Any]) -> None:
    """Log what was decided about their nominees, and look at the articles that show the results from now on."""
    log_results(categories)
    flag_searches.ask("Results of awards are out")


def log_results(categories: Iterable[Any]) -> None:
    """Enter what was decided about the nominees of released categories into the public log."""
    for category in categories:
        nominees = {each.pk: each for each in category.nominees.filter(withdrawn_at=None)}
        for key, found in standings_of(nominees.values()).items():
            flags.log_published(nominees[key].name, nominees[key].get_absolute_url(), found)


def _desk(row: Nominee) -> str:
    return reverse("admin:surveys_season_shortlist", args=[row.category.season_id])


def _public(row: Nominee) -> str:
    return row.get_absolute_url() if row.category.season.is_public else ""


def register_all() -> None:
    """Registers with sponsors.flags and surveys.seasons."""
    flags.register(Nominees())
    seasons.register_need(open_conflicts)
