"""Pinning stories to the front page and to sections: the order of a place is set as a whole, and ends by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone

from articles import publishing
from articles.leads import MOST
from articles.models import Article, Category, Pin
from core.advisory_locks import AdvisoryLock, wait_for
from core.cdn_purge import purge
from core.lib import batches, clock
from core.lib.cachetags import LISTS
from core.pagecache import bump
from core.transitions import TransitionRefused


@dataclass(frozen=True)
class Wanted:
    """A story that shall lead a place, until a moment."""

    article: Article
    until: datetime | None = None


def pins_of(category: Category | None) -> list[Pin]:
    """The pins of a place in order, those of stories that are not live too."""
    rows = Pin.objects.filter(category=category).select_related("article", "article__publication")
    return list(rows.order_by("position", "pk"))


def state_of(pins: Sequence[Pin]) -> str:
    """What stands in a place, in few letters: whoever changes it says which state they saw."""
    said = ";".join(f"{pin.article_id},{pin.until}" for pin in pins)
    return sha256(said.encode()).hexdigest()[:16]


@transaction.atomic
def arrange(category: Category | None, wanted: Sequence[Wanted], *, seen: str, by: Any) -> None:
    """Have these stories lead a place, in this order. Raises TransitionRefused, and then nothing is changed."""
    wait_for(AdvisoryLock.LEADS, category.pk if category else 0)
    before = pins_of(category)
    if state_of(before) != seen:
        raise TransitionRefused(
            "Somebody has changed this place meanwhile. Here is what stands now; look, and try again."
        )
    if len(wanted) > MOST:
        raise TransitionRefused(f"At most {MOST} stories are pinned in one place.")
    if any(each.until and each.until <= timezone.now() for each in wanted):
        raise TransitionRefused("That time has passed.")
    Pin.objects.filter(category=category).delete()
    Pin.objects.bulk_create(
        Pin(category=category, article=each.article, position=number, until=each.until, by=by)
        for number, each in enumerate(wanted, 1)
    )
    _record(category, before, wanted, by)
    bump()
    purge(LISTS)


def _record(category: Category | None, before: Sequence[Pin], wanted: Sequence[Wanted], by: Any) -> None:
    place = f"on {category}" if category else "on the front page"
    had = {pin.article_id: pin.until for pin in before}
    for each in wanted:
        if each.article.pk not in had or had[each.article.pk] != each.until:
            until = f", until {clock.in_words(each.until, zone=clock.newsroom())}" if each.until else ""
            publishing.record(each.article, "pinned", by=by, detail=f"{place}{until}")
    kept = {each.article.pk for each in wanted}
    for pin in before:
        if pin.article_id not in kept:
            publishing.record(pin.article, "unpinned", by=by, detail=place)


def end_due() -> int:
    """Take away the pins whose time is over; return how many."""
    due = Pin.objects.filter(until__lte=timezone.now()).select_related("article", "category")
    return sum(batches.each(due, _end))


@transaction.atomic
def _end(pin: Pin) -> int:
    gone = Pin.objects.filter(pk=pin.pk, until__lte=timezone.now()).delete()[0]
    if gone:
        place = f"on {pin.category}" if pin.category else "on the front page"
        publishing.record(pin.article, "unpinned", detail=f"{place}: its time was over")
        bump()
        purge(LISTS)
    return gone
