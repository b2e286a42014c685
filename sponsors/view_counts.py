"""The counts of views of ads by day: made of all views of a day at once, so that making them again gives the same.

A view has a reason of its own, by what its beacon told. Ceilings are judged here: so many views of one ad on one day count of one
reader, of one address and of one network. Corrections by hand (sponsors.models.Adjustment) stand beside the counts and survive.
"""

import time
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from core import advisory_locks
from core.advisory_locks import AdvisoryLock
from core.lib import clock
from sponsors import view_partitions
from sponsors.models import AdDay, AdRollUp

VIEWS_KEPT_FOR = timedelta(days=7)  # after their day
SETTLED_AFTER = timedelta(minutes=10)  # what is still being written when a day ends is there by then
OFTEN, SELDOM = timedelta(minutes=4), timedelta(hours=1)
SHARE = 20  # counting takes a twentieth of the time at most, until it takes long: then once an hour is enough
A_READER, A_PLACE, A_NETWORK = 20, 60, 300

# Innermost first: views of each reader, of each address, of each network; each step sets aside what is over its ceiling.
COUNT = """
WITH readers AS (
    SELECT claim_id, reason, network, place, visitor, count(*) AS number FROM sponsors_adview
    WHERE day = %(day)s GROUP BY 1, 2, 3, 4, 5
), places AS (
    SELECT claim_id, network, place, sum(number) AS number, sum(least(number, %(reader)s)) AS kept FROM readers
    WHERE reason = '' GROUP BY 1, 2, 3
), capped AS (
    SELECT *, CASE WHEN place = 0 THEN kept ELSE least(kept, %(place)s) END AS left_there FROM places
), networks AS (
    SELECT claim_id, network, sum(number) AS number, sum(kept) AS kept, sum(left_there) AS left_there FROM capped
    GROUP BY 1, 2
), ends AS (
    SELECT *, CASE WHEN network = 0 THEN left_there ELSE least(left_there, %(network)s) END AS counted FROM networks
), reasons AS (
    SELECT claim_id, reason, sum(number) AS number FROM readers WHERE reason <> '' GROUP BY 1, 2
    UNION ALL SELECT claim_id, '', sum(counted) FROM ends GROUP BY 1
    UNION ALL SELECT claim_id, 'repeat', sum(number - kept) FROM ends GROUP BY 1
    UNION ALL SELECT claim_id, 'address', sum(kept - left_there) FROM ends GROUP BY 1
    UNION ALL SELECT claim_id, 'network', sum(left_there - counted) FROM ends GROUP BY 1
)
INSERT INTO sponsors_adday (claim_id, day, reason, number)
SELECT claim_id, %(day)s, reason, sum(number) FROM reasons GROUP BY 1, 3 HAVING sum(number) > 0
"""


def roll_up(day: date) -> AdRollUp:
    """Make the counts of a day anew of its views."""
    began = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        advisory_locks.wait_for(AdvisoryLock.AD_VIEWS, day.toordinal())
        as_of = timezone.now()
        AdDay.objects.filter(day=day).delete()
        cursor.execute("SET LOCAL work_mem = '256MB'")  # else millions of readers are sorted on disk
        cursor.execute(COUNT, {"day": day, "reader": A_READER, "place": A_PLACE, "network": A_NETWORK})
        made = {"rolled_up_at": as_of, "seconds": time.monotonic() - began}
        rolled_up, _ = AdRollUp.objects.update_or_create(day=day, defaults=made)
    return rolled_up


def roll_up_due() -> None:
    """Count the days whose counts are old, and see to it that the coming days have a place for their views."""
    today = clock.utc_day()
    for day in (today, today + timedelta(days=1)):
        view_partitions.ensure(day)
    made = {each.day: each for each in AdRollUp.objects.filter(day__in=view_partitions.days())}
    for day in view_partitions.days():
        if day <= today and is_due(day, made.get(day), timezone.now()):
            roll_up(day)


def open_for_views(day: date) -> bool:
    """See to it that a day has a place for views written in this transaction, and is counted again if it was counted already.

    False for a day whose views are dropped (made anew of those that come late, its counts would lose the rest), and for one to come.
    """
    today = clock.utc_day()
    if not today - VIEWS_KEPT_FOR <= day <= today + timedelta(days=1):
        return False
    view_partitions.ensure(day)
    if day < today:
        advisory_locks.wait_for(
            AdvisoryLock.AD_VIEWS, day.toordinal()
        )  # so that a count sees them, or comes before this
        settled = _settled(day)
        AdRollUp.objects.filter(day=day, rolled_up_at__gte=settled).update(rolled_up_at=settled - timedelta(seconds=1))
    return True


def _settled(day: date) -> datetime:
    return clock.start_of(day + timedelta(days=1)) + SETTLED_AFTER


def is_due(day: date, made: AdRollUp | None, now: datetime) -> bool:
    """Whether the counts of a day are to be made anew: once when it is over, and more often while it lasts."""
    if made is None:
        return True
    settled = _settled(day)
    if now >= settled:
        return made.rolled_up_at < settled
    return now - made.rolled_up_at >= min(max(OFTEN, SHARE * timedelta(seconds=made.seconds)), SELDOM)


def drop_old_views(today: date | None = None) -> int:
    """Drop the views of days long past, whose counts are made before if they are not."""
    last = (today or clock.utc_day()) - VIEWS_KEPT_FOR
    dropped = 0
    for day in [day for day in view_partitions.days() if day < last]:
        if is_due(day, AdRollUp.objects.filter(day=day).first(), timezone.now()):
            roll_up(day)
        dropped += view_partitions.drop(day)
    return dropped
