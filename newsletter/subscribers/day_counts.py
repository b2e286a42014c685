"""The figures of a list, counted in the background: each day's from the ledger, each briefing's from its deliveries.

Days are counted again for as long as a sign-up of theirs can still be confirmed, and briefings while they are read; after
that their numbers stay, also when those whom they count are erased.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Max, Min, OuterRef, Q
from django.utils import timezone

from core import advisory_locks
from core.advisory_locks import AdvisoryLock
from core.lib import clock
from newsletter.digests import digest_of
from newsletter.models import (
    Briefing,
    BriefingCohort,
    BriefingDomain,
    ConsentAct,
    ListDay,
    Newsletter,
    Subscriber,
    Subscription,
)
from newsletter.subscribers.standing import SUPPRESSES
from newsletter.subscribers.subscriptions import CONFIRM_WITHIN

RECOUNTED = CONFIRM_WITHIN + timedelta(days=1)
READ_FOR = timedelta(days=8)
NAMED_FROM = 5  # subscribers: below that, a domain's name may be a person's
MOST_DOMAINS = 100

# When an act happened; what an import brings counts on the day on which it came in.
_AT = "CASE actor WHEN 'import' THEN recorded_at ELSE coalesce(given_at, recorded_at) END"
# The acts of everybody who acted within these days, each with the acts before and after it on the same list.
_ACTS = f"""
    WITH acts AS (
        SELECT subscriber_id, newsletter_id, act, way, recorded_at, {_AT} AS at,
            lag(act) OVER own IN ('confirmed', 'imported') AS was_on, lag(act) OVER own AS before,
            lag(recorded_at) OVER own AS before_at, lead(act) OVER own AS after, lead(recorded_at) OVER own AS after_at
        FROM newsletter_consentact
        WHERE act IN ('confirmed', 'imported', 'left') AND subscriber_id IN (
            SELECT subscriber_id FROM newsletter_consentact WHERE recorded_at >= %(since)s AND subscriber_id IS NOT NULL)
        WINDOW own AS (PARTITION BY subscriber_id, newsletter_id ORDER BY id)
    )
"""
# An import writes down a consent that ended elsewhere as two acts of one moment: they neither joined nor left here.
_GROWTH = f"""{_ACTS}
    SELECT acts.newsletter_id, (at AT TIME ZONE 'UTC')::date AS day,
        CASE act WHEN 'left' THEN NULL ELSE coalesce(subscription.source, way) END AS source, count(*)
    FROM acts LEFT JOIN newsletter_subscription subscription USING (subscriber_id, newsletter_id)
    WHERE at >= %(since)s AND CASE act
        WHEN 'confirmed' THEN was_on IS NOT TRUE
        WHEN 'imported' THEN before IS NULL AND NOT coalesce(after = 'left' AND after_at = recorded_at, FALSE)
        ELSE coalesce(was_on AND NOT (before = 'imported' AND before_at = recorded_at), FALSE) END
    GROUP BY 1, 2, 3
"""
_SIGN_UPS = f"""
    SELECT newsletter_id, (at AT TIME ZONE 'UTC')::date AS day, count(*), count(*) FILTER (WHERE EXISTS (
        SELECT FROM newsletter_consentact later
        WHERE later.subscriber_id = asked.subscriber_id AND later.newsletter_id = asked.newsletter_id
            AND later.act = 'confirmed' AND {_AT} BETWEEN asked.at AND asked.at + %(within)s))
    FROM (
        SELECT subscriber_id, newsletter_id, min({_AT}) AS at
        FROM newsletter_consentact
        WHERE act = 'asked' AND actor = 'subscriber' AND way <> 'preferences' AND recorded_at >= %(since)s
        GROUP BY subscriber_id, newsletter_id, ({_AT} AT TIME ZONE 'UTC')::date
    ) AS asked WHERE at >= %(since)s GROUP BY 1, 2
"""
_DOMAINS = """
    SELECT split_part(subscriber.canonical, '@', 2) AS domain, count(*),
        count(*) FILTER (WHERE delivery.state = 'failed' OR report.bounced), count(*) FILTER (WHERE report.complained)
    FROM newsletter_delivery delivery
    JOIN newsletter_subscriber subscriber ON subscriber.id = delivery.subscriber_id
    LEFT JOIN (
        SELECT delivery_id, bool_or(kind <> 'complaint') AS bounced, bool_or(kind = 'complaint') AS complained
        FROM newsletter_mailreport JOIN newsletter_delivery own ON own.id = delivery_id
        WHERE own.briefing_id = %(briefing)s GROUP BY delivery_id
    ) AS report ON report.delivery_id = delivery.id
    WHERE delivery.briefing_id = %(briefing)s AND delivery.state IN ('sent', 'failed')
    GROUP BY 1 ORDER BY 2 DESC
"""
_COHORTS = """
    SELECT date_trunc('month', subscription.confirmed_at AT TIME ZONE 'UTC')::date AS month, count(*),
        count(hit.delivery_id), count(*) FILTER (WHERE hit.clicked)
    FROM newsletter_delivery delivery
    JOIN newsletter_subscription subscription
        ON subscription.subscriber_id = delivery.subscriber_id AND subscription.newsletter_id = %(newsletter)s
    LEFT JOIN (
        SELECT delivery_id, bool_or(kind = 'click') AS clicked
        FROM newsletter_hit JOIN newsletter_delivery own ON own.id = delivery_id
        WHERE own.briefing_id = %(briefing)s AND verdict = 'valid' GROUP BY delivery_id
    ) AS hit ON hit.delivery_id = delivery.id
    WHERE delivery.briefing_id = %(briefing)s AND delivery.state = 'sent'
        AND NOT EXISTS (SELECT FROM newsletter_mailreport report WHERE report.delivery_id = delivery.id)
    GROUP BY 1
"""
Key = tuple[int, date]


@transaction.atomic
def count_days() -> None:
    """Count the days that can still change, and measure how many are on each list now."""
    if not advisory_locks.take_if_free(AdvisoryLock.FIGURES):
        return
    since = _first_day()
    if since is None:
        return
    days: dict[Key, ListDay] = {}

    def of(newsletter: int, day: date) -> ListDay:
        return days.setdefault((newsletter, day), ListDay(newsletter_id=newsletter, day=day))

    for newsletter, day, source, number in _rows(_GROWTH, since=clock.start_of(since)):
        row = of(newsletter, day)
        if source is None:
            row.left += number
        else:
            row.joined += number
            row.joined_from[source] = number
    for newsletter, day, asked, confirmed in _rows(_SIGN_UPS, since=clock.start_of(since), within=CONFIRM_WITHIN):
        row = of(newsletter, day)
        row.asked, row.confirmed = asked, confirmed
    for (newsletter, day), number in _stopped(since).items():
        of(newsletter, day).stopped = number
    for newsletter in Newsletter.objects.values_list("pk", flat=True):
        row = of(newsletter, clock.utc_day())
        row.size = Subscription.objects.filter(newsletter=newsletter).count_subscribed()
    _write(since, days.values())


def _first_day() -> date | None:
    """The first day that is to be counted; None while nothing has happened."""
    newest = ListDay.objects.aggregate(day=Max("day"))["day"]
    if newest:
        return newest - RECOUNTED
    told = Min("given_at", filter=~Q(actor=ConsentAct.Actor.IMPORT))
    first = ConsentAct.objects.aggregate(recorded=Min("recorded_at"), told=told)
    known = [at.astimezone(UTC).date() for at in first.values() if at]
    return min(known) if known else None


def _write(since: date, days: Iterable[ListDay]) -> None:
    """Put new counts in the place of the old ones. A size that was measured stays."""
    ListDay.objects.filter(day__gte=since).update(joined=0, joined_from={}, left=0, stopped=0, asked=0, confirmed=0)
    counted = ["joined", "joined_from", "left", "stopped", "asked", "confirmed"]
    measured = [row for row in days if row.size is not None]
    for rows, columns in ([row for row in days if row.size is None], counted), (measured, [*counted, "size"]):
        ListDay.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["newsletter", "day"], update_fields=columns, batch_size=1000
        )


def _stopped(since: date) -> Counter[Key]:
    """How many were suppressed on each day while they were on a list."""
    acts = ConsentAct.objects.filter(act__in=[*SUPPRESSES]).exclude(digest="").values("digest")
    first = acts.annotate(at=Min("recorded_at")).filter(at__gte=clock.start_of(since)).order_by()
    day_of = {row["digest"]: row["at"].astimezone(UTC).date() for row in first}
    if not day_of:
        return Counter()
    counts: Counter[Key] = Counter()
    lists = defaultdict[int, list[int]](list)
    on_it = Subscription.objects.confirmed().exclude(subscriber__suppressed="")
    for subscriber, newsletter in on_it.values_list("subscriber", "newsletter").iterator():
        lists[subscriber].append(newsletter)
    suppressed = Subscriber.objects.exclude(suppressed="").values_list("pk", "canonical").order_by()
    for key, canonical in suppressed.iterator():
        if key in lists and (day := day_of.get(digest_of(canonical))):
            counts.update((newsletter, day) for newsletter in lists[key])
    return counts


def count_briefings() -> None:
    """Count the briefings that are still read, and those that were never counted, each in a transaction of its own."""
    counted = Exists(BriefingDomain.objects.filter(briefing=OuterRef("pk")))
    recent = Briefing.objects.sent().filter(sent_at__gte=timezone.now() - READ_FOR)
    for briefing in recent.union(Briefing.objects.sent().filter(~counted)):
        with transaction.atomic():
            if advisory_locks.take_if_free(AdvisoryLock.FIGURES):
                count_briefing(briefing)


def count_briefing(briefing: Briefing) -> None:
    """Count a briefing by domain, and by month of joining where its newsletter counts reading."""
    own = {"briefing": briefing.pk, "newsletter": briefing.newsletter_id}
    domains = {name: BriefingDomain(briefing=briefing, domain=name, mailed=0) for name in [""]}
    for place, (name, mailed, bounced, complained) in enumerate(_rows(_DOMAINS, **own)):
        named = name if place < MOST_DOMAINS and mailed >= NAMED_FROM else ""
        row = domains.setdefault(named, BriefingDomain(briefing=briefing, domain=named, mailed=0))
        row.mailed, row.bounced = row.mailed + mailed, row.bounced + bounced
        row.complained += complained
    briefing.domains.all().delete()
    BriefingDomain.objects.bulk_create(domains.values())
    briefing.cohorts.all().delete()
    if briefing.was_counted:
        BriefingCohort.objects.bulk_create(
            BriefingCohort(briefing=briefing, month=month, delivered=delivered, engaged=engaged, clicked=clicked)
            for month, delivered, engaged, clicked in _rows(_COHORTS, **own)
        )


def _rows(statement: str, **values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
