"""The roll-up: the counts of a day, made of all its views at once, so that making them again gives the same.

A day is rolled up while it lasts and once after its end; its views are dropped some days later, its counts by page in time.
"""

import time
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from articles.models import (
    CampaignFigures,
    DayFigures,
    LeftOut,
    OutcomeFigures,
    PageFigures,
    SourceFigures,
)
from articles.readership import raw, salts
from articles.readership.sources import OWN
from core import advisory_locks
from core.advisory_locks import AdvisoryLock
from core.lib import batches, clock

VIEWS_KEPT_FOR = timedelta(days=3)  # after their day
COUNTS_KEPT_FOR = timedelta(days=761)  # two years beside each other; those of whole days are kept for good
SETTLED_AFTER = timedelta(minutes=10)  # what is still being written when a day ends is there by then
OFTEN = timedelta(minutes=4)
SELDOM = timedelta(hours=1)
SHARE = 20  # the roll-up takes a twentieth of the time at most, until it takes long: then once an hour is enough

OF_PAGES = (PageFigures, SourceFigures, CampaignFigures, OutcomeFigures)

DAY = """
SELECT count(*), count(DISTINCT visitor) FROM articles_pageview WHERE day = %(day)s
"""
HOURS = """
SELECT extract(hour FROM at AT TIME ZONE 'UTC')::int, count(*) FROM articles_pageview WHERE day = %(day)s GROUP BY 1
"""
PAGES = """
INSERT INTO articles_pagefigures (day, path, article_id, views, visitors, quarter_1, quarter_2, quarter_3, quarter_4)
SELECT day, path, max(article_id), count(*), count(DISTINCT visitor), count(*) FILTER (WHERE depth >= 1),
    count(*) FILTER (WHERE depth >= 2), count(*) FILTER (WHERE depth >= 3), count(*) FILTER (WHERE depth >= 4)
FROM articles_pageview WHERE day = %(day)s GROUP BY day, path
"""
SOURCES = """
INSERT INTO articles_sourcefigures (day, path, article_id, source, views, visitors)
SELECT day, path, max(article_id), source, count(*), count(DISTINCT visitor)
FROM articles_pageview WHERE day = %(day)s GROUP BY day, path, source
"""
CAMPAIGNS = """
INSERT INTO articles_campaignfigures (day, path, article_id, campaign, views, visitors)
SELECT day, path, max(article_id), campaign, count(*), count(DISTINCT visitor)
FROM articles_pageview WHERE day = %(day)s AND campaign <> '' GROUP BY day, path, campaign
"""
# A visitor came to us by the first view of the day to which another site, or no page at all, had led.
OUTCOMES = """
WITH arrival AS (
    SELECT DISTINCT ON (visitor) visitor, source, campaign FROM articles_pageview
    WHERE day = %(day)s AND source <> %(own)s
        AND visitor IN (SELECT visitor FROM articles_outcome WHERE day = %(day)s)
    ORDER BY visitor, at, nonce
)
INSERT INTO articles_outcomefigures (day, kind, path, article_id, source, campaign, visitors)
SELECT outcome.day, kind, outcome.path, max(page.article_id), coalesce(arrival.source, ''), coalesce(campaign, ''),
    count(DISTINCT outcome.visitor)
FROM articles_outcome outcome
    LEFT JOIN arrival USING (visitor)
    LEFT JOIN articles_pagefigures page ON page.day = outcome.day AND page.path = outcome.path
WHERE outcome.day = %(day)s GROUP BY 1, 2, 3, 5, 6
"""


def roll_up(day: date) -> DayFigures:
    """Make the counts of a day anew of its views."""
    began = time.monotonic()
    of_day: dict[str, date | str] = {"day": day, "own": OWN}
    with transaction.atomic(), connection.cursor() as cursor:
        advisory_locks.wait_for(AdvisoryLock.ROLL_UP, day.toordinal())
        cursor.execute(DAY, of_day)
        views, visitors = cursor.fetchone()
        cursor.execute(HOURS, of_day)
        counted = dict(cursor.fetchall())
        for model in OF_PAGES:
            model.objects.filter(day=day).delete()
        for statement in (PAGES, SOURCES, CAMPAIGNS, OUTCOMES):
            cursor.execute(statement, of_day)
        counts = {"views": views, "visitors": visitors, "hours": [counted.get(hour, 0) for hour in range(24)]}
        made = {"rolled_up_at": timezone.now(), "seconds": time.monotonic() - began}
        figures, _ = DayFigures.objects.update_or_create(day=day, defaults=counts | made)
    return figures


def roll_up_due() -> None:
    """Roll up the days whose counts are old, and see to it that the coming days have a place for their views."""
    today = clock.utc_day()
    for day in (today, today + timedelta(days=1)):
        raw.ensure(day)
    salts.forget_old()
    made = {figures.day: figures for figures in DayFigures.objects.filter(day__in=raw.days())}
    for day in raw.days():
        if day <= today and is_due(day, made.get(day), timezone.now()):
            roll_up(day)


def is_due(day: date, made: DayFigures | None, now: datetime) -> bool:
    """Whether the counts of a day are to be made anew: once when it is over, and more often while it lasts."""
    if made is None:
        return True
    if now >= _settled_at(day):
        return made.rolled_up_at < _settled_at(day)
    pause = min(max(OFTEN, SHARE * timedelta(seconds=made.seconds)), SELDOM)
    return now - made.rolled_up_at >= pause


def _settled_at(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=UTC) + SETTLED_AFTER


def drop_old_views(today: date | None = None) -> int:
    """Drop the views of days long past, whose counts are made before if they are not."""
    last = (today or clock.utc_day()) - VIEWS_KEPT_FOR
    dropped = 0
    for day in [day for day in raw.days() if day < last]:
        if is_due(day, DayFigures.objects.filter(day=day).first(), timezone.now()):
            roll_up(day)
        dropped += raw.drop(day)
    return dropped


def delete_old_counts() -> int:
    """Delete the counts by page of days that nobody compares with any more."""
    before = clock.utc_day() - COUNTS_KEPT_FOR
    return sum(batches.delete(model.objects.filter(day__lt=before)) for model in (*OF_PAGES, LeftOut))
