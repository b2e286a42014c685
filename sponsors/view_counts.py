"""The counts of views of ads by day: made of all views of a day at once, so that making them again gives the same.

A view has a reason of its own, by what its beacon told. All are judged again here by what is known of their day since: whoever was
signed in or opened a buyer's page on it is no reader of it, before and after. Then come the ceilings: so many views of one ad on one
day count of one reader, of one address and of one network. Corrections by hand (sponsors.models.Adjustment) stand beside the counts.

Whoever writes views adds them up by reader in the same statement (WRITE). So a count reads each reader once, and no view again;
once, when the day is over, all of it is made anew of the views.
"""

import time
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from core import advisory_locks
from core.advisory_locks import AdvisoryLock
from core.lib import clock
from sponsors import view_partitions
from sponsors.models import AdDay, AdRollUp, BuyerDay

VIEWS_KEPT_FOR = timedelta(days=7)  # after their day
SETTLED_AFTER = timedelta(minutes=10)  # what is still being written when a day ends is there by then
OFTEN, SELDOM = timedelta(minutes=4), timedelta(hours=1)
SHARE = 20  # counting takes a twentieth of the time at most, until it takes long: then once an hour is enough
A_READER, A_PLACE, A_NETWORK = 20, 60, 300

# Innermost first: views of each reader, of each address, of each network; each step sets aside what is over its ceiling.
COUNT = """
WITH staff AS (
    SELECT visitor FROM sponsors_adreader WHERE day = %(day)s AND reason = 'staff'
), buyers AS (
    SELECT claims.id AS claim_id, seen.place FROM sponsors_buyerday seen
    JOIN sponsors_booking bought ON bought.id = seen.booking_id
    JOIN sponsors_booking own ON own.id = bought.id OR own.sponsor_id = bought.sponsor_id
    JOIN sponsors_claim claims ON claims.booking_id = own.id
    WHERE seen.day = %(day)s
), readers AS (
    SELECT claim_id, network, place, visitor, number,
        CASE WHEN reason <> '' THEN reason
            WHEN visitor IN (SELECT visitor FROM staff) THEN 'staff'
            WHEN (claim_id, place) IN (SELECT claim_id, place FROM buyers) THEN 'sponsor'
            ELSE '' END AS reason
    FROM sponsors_adreader WHERE day = %(day)s
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


WRITE = """
WITH written AS (
    INSERT INTO sponsors_adview (day, claim_id, nonce, at, visitor, place, network, reason)
    SELECT %s::date, * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[])
    ON CONFLICT DO NOTHING RETURNING *
)
INSERT INTO sponsors_adreader AS known (day, claim_id, reason, network, place, visitor, number)
SELECT day, claim_id, reason, network, place, visitor, count(*) FROM written GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
ON CONFLICT (day, claim_id, reason, network, place, visitor) DO UPDATE SET number = known.number + excluded.number
"""
GATHER = """
INSERT INTO sponsors_adreader (day, claim_id, reason, network, place, visitor, number)
SELECT day, claim_id, reason, network, place, visitor, count(*) FROM sponsors_adview WHERE day = %s GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 2, 3, 4, 5, 6
"""


def roll_up(day: date, *, anew: bool = False) -> AdRollUp:
    """Make the counts of a day, of what is known of each reader; with `anew`, of every single view: it comes to the same."""
    began = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        advisory_locks.wait_for(AdvisoryLock.AD_VIEWS, day.toordinal())
        as_of = timezone.now()
        if anew:
            view_partitions.empty_readers(day)  # nobody adds to them until this ends
            cursor.execute("SET LOCAL work_mem = '256MB'")
            cursor.execute(GATHER, [day])
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
        if day <= today and is_due(day, made.get(day), now := timezone.now()):
            roll_up(day, anew=now >= _settled(day))


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
            roll_up(day, anew=True)
        dropped += view_partitions.drop(day)
    BuyerDay.objects.filter(day__lt=last).delete()
    return dropped
