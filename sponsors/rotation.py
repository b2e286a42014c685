"""Several ads of one place on a page take turns, each for an equal part of the day.

A day (of UTC) has twelve rounds, in each of which every ad has one turn. All readers of a page see the same ad at one time, so
the page can be kept; pages that are read at one time show different ads, as each begins its rounds elsewhere.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from core import pagecache
from core.lib import clock
from sponsors.channels import ON_PAGES
from sponsors.models import AdTurn
from sponsors.placements import Placement, placements_shown

ROUNDS = 12
DAY = 86_400


def placement_shown(channel: str, *, page: int = 0, now: datetime | None = None) -> Placement | None:
    """The ad that a page shows at a moment: a booked one whose turn it is, else one of our own. `page` tells pages apart."""
    now = now or timezone.now()
    ads = placements_shown(channel, now.date())
    return ads[(turn(now, len(ads)) + page) % len(ads)] if ads else None


def turn(now: datetime, ads: int) -> int:
    """Which turn of the day it is, from 0, where so many ads take turns."""
    seconds = (now - clock.start_of(now.date())).total_seconds()
    return int(seconds * ads * ROUNDS // DAY)


def take_turns(now: datetime | None = None) -> int:
    """Have pages made anew where another ad's turn has come; return of how many channels."""
    now = now or timezone.now()
    turned = 0
    for channel in ON_PAGES:
        ads = placements_shown(channel, now.date())
        if len(ads) > 1:
            turned += _turned(channel, f"{now.date()} {turn(now, len(ads))}/{len(ads)}")
    return turned


@transaction.atomic
def _turned(channel: str, name: str) -> bool:
    AdTurn.objects.bulk_create([AdTurn(channel=channel)], ignore_conflicts=True)
    is_new = AdTurn.objects.filter(channel=channel).exclude(name=name).update(name=name) == 1
    if is_new:
        pagecache.bump()
    return is_new


def share(ads: int) -> str:
    """What each of so many ads gets of a day, in words."""
    if ads == 1:
        return "the whole day, alone"
    return f"in turns with at most {ads - 1} other{'' if ads == 2 else 's'}, an equal part of the day each"
