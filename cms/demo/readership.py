"""Four weeks of readers' figures for the demo newsroom: views as beacons would have told of them, rolled up day by day."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from django.utils import timezone

from articles import most_read
from articles.models import Outcome, PageView, Publication
from articles.readership import raw, rollup
from articles.readership.sources import OWN
from cms.demo.pieces import Piece
from core.lib import clock

DAYS = 28
VISITORS = 90  # of a day in the middle of the week
SOURCES = {
    "": 30,
    "google.com": 28,
    "bing.com": 5,
    "news.ycombinator.com": 9,
    "mastodon.social": 7,
    "duckduckgo.com": 6,
}
CAMPAIGNS = ("orbit / email / weekly", "orbit / email / daily", "partners / banner / autumn")
BUSY_HOURS = [1, 1, 1, 1, 1, 2, 4, 8, 11, 10, 8, 7, 9, 8, 7, 7, 7, 8, 8, 7, 6, 5, 3, 2]
DEPTHS = [2, 5, 4, 3, 6]  # how often a reader gets no further than each quarter
ACTS = {"sign-ups": 0.02, "votes": 0.012, "clicks on ads": 0.01}


def pieces() -> Iterator[Piece]:
    """A piece for each day, the oldest first."""
    today = clock.utc_day()
    for age in reversed(range(DAYS + 1)):
        yield f"readers {age} days ago", partial(_make, today - timedelta(days=age))
    yield "most read", most_read.refresh


def _make(day: date) -> None:
    random, now = Random(f"readers of {day:%j}"), timezone.now()
    published = Publication.objects.filter(published_at__date__lte=day).order_by("pk")
    pages = {
        row.get_absolute_url(): (row.article_id, 30 / (3 + (day - row.published_at.date()).days)) for row in published
    }
    busy = 0.6 if day.weekday() > 4 else 1.0
    views: list[PageView] = []
    acts: list[Outcome] = []
    for visitor in range(round(VISITORS * busy * random.uniform(0.85, 1.15))):
        hour = random.choices(range(24), BUSY_HOURS)[0]
        began = clock.start_of(day) + timedelta(hours=hour, minutes=random.uniform(0, 60))
        seen = _visit(random, day, visitor, began, pages)
        views += [view for view in seen if view.at <= now]
        kinds = [kind for kind, share in ACTS.items() if random.random() < share and began <= now]
        acts += [Outcome(day=day, kind=kind, visitor=visitor, path=seen[-1].path) for kind in kinds]
    raw.ensure(day)
    PageView.objects.bulk_create(views)
    Outcome.objects.bulk_create(acts)
    rollup.roll_up(day)


def _visit(
    random: Random, day: date, visitor: int, began: datetime, pages: dict[str, tuple[int, float]]
) -> list[PageView]:
    """The pages that a visitor opens one after another."""
    source, campaign = random.choices([*SOURCES], [*SOURCES.values()])[0], ""
    if not source and random.random() < 0.4:
        campaign = random.choice(CAMPAIGNS)
    views = []
    for number in range(random.choices([1, 2, 3, 5], [50, 25, 15, 10])[0]):
        path, article = "/", None
        if pages and random.random() < 0.8:
            path = random.choices([*pages], [weight for _, weight in pages.values()])[0]
            article = pages[path][0]
        views.append(
            PageView(
                day=day, visitor=visitor, nonce=number, at=began + number * timedelta(minutes=2), path=path, article_id=article,
                source=OWN if number else source, campaign="" if number else campaign,
                depth=random.choices(range(5), DEPTHS)[0],
            )
        )  # fmt: skip
    return [view for view in views if view.at.date() == day]
