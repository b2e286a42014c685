"""What the awards' pages show: plain dictionaries for their templates."""

from typing import Any

from django.db.models import Prefetch
from django.urls import reverse

from core.lib import clock
from surveys import ballots, keys, papers, payers, turnout
from surveys.choices import in_words
from surveys.forms import in_fair_order
from surveys.models import AwardCategory, Nominee, PendingBallot, Season, TallyRow
from surveys.result_view import result_of

State = Season.State


def index() -> dict[str, Any]:
    seasons = list(Season.objects.public().prefetch_related(_with_winners()))
    return {
        "open": [each for each in seasons if each.state in (State.VOTING, State.NOMINATING, State.SHORTLISTING)],
        "counting": [each for each in seasons if each.state == State.CLOSED],
        "past": [each for each in seasons if each.state in (State.RELEASED, State.ARCHIVED)],
    }


def teaser() -> dict[str, str] | None:
    """What the front page says of the season in which something can be done now, if there is one."""
    for found in Season.objects.public().filter(state__in=[State.VOTING, State.NOMINATING]):
        if found.is_taking_ballots and found.closes_at:
            until = f"Voting closes on {clock.in_words(found.closes_at, 'j F', clock.newsroom())}."
            words = {"text": f"{found.standfirst} {until}".strip(), "label": "Vote now"}
            return {
                "title": f"{found.title}: voting is open",
                "url": reverse("surveys:vote", args=[found.slug]),
                **words,
            }
        if found.state == State.NOMINATING:
            words = {"text": found.standfirst, "label": "Nominate"}
            return {
                "title": f"{found.title}: name your favourites",
                "url": reverse("surveys:nominate", args=[found.slug]),
                **words,
            }
    return None


def season(found: Season) -> dict[str, Any]:
    categories = list(found.categories.prefetch_related("nominees", *_winners()))
    for category in categories:
        category.season = found
    drawn = turnout.chart_of(found) if any(each.is_released for each in categories) else None
    notes = payers.notes_of(nominee for category in categories for nominee in category.nominees.all())
    return {
        "season": found,
        "categories": categories,
        "has_ledger": found.is_fixed,
        "turnout": drawn,
        "sponsor_notes": notes,
    }


def nominees(category: AwardCategory) -> list[Nominee]:
    """In the order of the moment, as in the ballot."""
    found = in_fair_order(category)
    for each in found:
        each.category = category
    return found


def nominee(found: Nominee, category: AwardCategory) -> dict[str, Any]:
    found = next((each for each in papers.nominees_of(category) if each.pk == found.pk), found)
    found.category = category
    result = result_of(category)
    row = next((row for row in result.rows if row["slug"] == found.slug), None) if result else None
    return {
        "nominee": found,
        "category": category,
        "season": category.season,
        "row": row,
        "result": result,
        "sponsor_notes": payers.notes_of([found]),
    }


def pending_ballot(pending: PendingBallot) -> dict[str, Any]:
    """What a voter is about to confirm, in words."""
    choices = keys.open_choices(pending)
    categories = pending.season.categories.filter(slug__in=choices).prefetch_related("nominees")
    lines = []
    for category in categories:
        category.season = pending.season
        names = {each.slug: each.name for each in papers.nominees_of(category)}
        lines.append({"category": category, "chosen": in_words(choices[category.slug], names)})
    voted = ballots.voted_in(pending.season, bytes(pending.voter_key))
    return {
        "season": pending.season,
        "lines": lines,
        "replaces": [category for category in voted if category.slug in choices],
    }


def _with_winners() -> Prefetch:
    return Prefetch("categories", AwardCategory.objects.prefetch_related(*_winners()))


def _winners() -> list[Prefetch | str]:
    """The winning rows of each category's tally, once they are released."""
    rows = TallyRow.objects.filter(is_winner=True, tally__category__released_at__isnull=False)
    return ["tally", Prefetch("tally__rows", rows, to_attr="winning_rows")]
