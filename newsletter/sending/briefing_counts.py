"""The figures of a briefing as they are counted: by hour and by link, each time anew from deliveries, hits, reports and acts.

A young briefing is counted every two minutes, an older one less and less often, and after sixty days no more: its numbers
then stay, also when those whom they count are erased.
"""

import logging
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from core import advisory_locks
from core.advisory_locks import AdvisoryLock
from newsletter.models import Briefing, BriefingFigures, BriefingHour, LinkFigures, SubjectTest, VariantFigures

logger = logging.getLogger(__name__)

COUNTED_FOR = timedelta(days=60)
AT_MOST_EVERY = timedelta(minutes=2)
LETTERS_EVERY = timedelta(hours=1)  # of automations, which new readers get however old the letter is
SHARE_OF_AGE = 100  # an age of four days: about once an hour
LEFT_WITHIN = timedelta(days=30)  # whoever leaves later does so for another reason than this briefing

# Hits on a message that no mail server is known to have taken, that came back or was reported as spam, are no reader's.
_REACHED = """EXISTS (SELECT FROM newsletter_delivery taken WHERE taken.id = hit.delivery_id AND taken.state = 'sent')
    AND NOT EXISTS (SELECT FROM newsletter_mailreport report WHERE report.delivery_id = hit.delivery_id)"""
# Somebody who leaves does so after the last briefing that they got from that list.
_EVENTS = f"""
    WITH report AS (
        SELECT min(received_at) FILTER (WHERE kind <> 'complaint') AS returned,
            min(received_at) FILTER (WHERE kind = 'complaint') AS complained
        FROM newsletter_mailreport JOIN newsletter_delivery delivery ON delivery.id = delivery_id
        WHERE delivery.briefing_id = %(briefing)s AND delivery.state = 'sent' GROUP BY delivery_id
    ), reader AS (
        SELECT min(hit.at) FILTER (WHERE kind = 'open' AND verdict = 'valid') AS opened,
            min(hit.at) FILTER (WHERE kind = 'open' AND verdict = 'machine') AS opened_by_machines,
            min(hit.at) FILTER (WHERE kind = 'click' AND verdict = 'valid') AS clicked
        FROM newsletter_hit hit JOIN newsletter_delivery delivery ON delivery.id = hit.delivery_id
        WHERE delivery.briefing_id = %(briefing)s AND {_REACHED} GROUP BY hit.delivery_id
    ), act AS (
        SELECT subscriber_id, coalesce(given_at, recorded_at) AS at FROM newsletter_consentact
        WHERE act = 'left' AND actor = 'subscriber' AND newsletter_id = %(newsletter)s AND recorded_at >= %(start)s
    ), leaver AS (
        SELECT min(act.at) AS at FROM act JOIN newsletter_delivery delivery
            ON delivery.subscriber_id = act.subscriber_id AND delivery.briefing_id = %(briefing)s AND delivery.state = 'sent'
        WHERE act.at >= delivery.sent_at AND act.at < delivery.sent_at + %(within)s AND NOT EXISTS (
            SELECT FROM newsletter_delivery later JOIN newsletter_briefing briefing ON briefing.id = later.briefing_id
            WHERE later.subscriber_id = act.subscriber_id AND briefing.newsletter_id = %(newsletter)s
                AND later.sent_at > delivery.sent_at AND later.sent_at <= act.at)
        GROUP BY delivery.id
    ), event (what, at) AS (
        SELECT 'accepted', sent_at FROM newsletter_delivery WHERE briefing_id = %(briefing)s AND state = 'sent'
        UNION ALL SELECT 'returned', returned FROM report
        UNION ALL SELECT 'complained', complained FROM report WHERE returned IS NULL
        UNION ALL SELECT 'opened', opened FROM reader
        UNION ALL SELECT 'opened_by_machines', opened_by_machines FROM reader
        UNION ALL SELECT 'clicked', clicked FROM reader
        UNION ALL SELECT 'left', at FROM leaver
    )
    SELECT least(greatest(floor(extract(epoch FROM at - %(start)s) / 3600), 0), {BriefingHour.LAST})::int AS hour, what,
        count(*)
    FROM event WHERE at IS NOT NULL GROUP BY 1, 2
"""
_REJECTED = f"""
    SELECT count(*) FROM newsletter_hit hit JOIN newsletter_delivery delivery ON delivery.id = hit.delivery_id
    WHERE delivery.briefing_id = %(briefing)s AND hit.verdict = 'rejected' AND {_REACHED}
"""
_LINKS = f"""
    SELECT link.id, count(DISTINCT hit.delivery_id) FILTER (WHERE hit.verdict = 'valid' AND {_REACHED}), count(hit.id)
    FROM newsletter_trackedlink link LEFT JOIN newsletter_hit hit ON hit.link_id = link.id
    WHERE link.briefing_id = %(briefing)s AND link.number > 0 GROUP BY 1
"""
_VARIANTS = """
    SELECT delivery.variant, count(*) FILTER (WHERE delivery.state = 'sent'),
        count(*) FILTER (WHERE delivery.state = 'sent' AND NOT reported), count(*) FILTER (WHERE reader.opened AND NOT reported),
        count(*) FILTER (WHERE reader.clicked AND NOT reported)
    FROM newsletter_delivery delivery
    CROSS JOIN LATERAL (
        SELECT EXISTS (SELECT FROM newsletter_mailreport report WHERE report.delivery_id = delivery.id) AS reported) came_back
    LEFT JOIN (
        SELECT hit.delivery_id, bool_or(hit.kind = 'open') AS opened, bool_or(hit.kind = 'click') AS clicked
        FROM newsletter_hit hit JOIN newsletter_delivery own ON own.id = hit.delivery_id
        WHERE own.briefing_id = %(briefing)s AND hit.verdict = 'valid' GROUP BY hit.delivery_id
    ) AS reader ON reader.delivery_id = delivery.id AND delivery.state = 'sent'
    WHERE delivery.briefing_id = %(briefing)s AND (delivery.variant IS NOT NULL OR NOT %(sample_only)s) GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """What one subject under test came to: number 0 is the briefing's own, and None stands for the rest."""

    number: int | None
    accepted: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0


def by_variant(briefing_id: int, *, sample_only: bool = False) -> list[Counted]:
    """What each subject of a briefing came to, as of now."""
    return [Counted(*row) for row in _rows(_VARIANTS, briefing=briefing_id, sample_only=sample_only)]


def count_due() -> None:
    """Count the briefings whose figures are old for their age. One that cannot be counted holds up no other."""
    now = timezone.now()
    young = Q(first_sent_at__gt=now - COUNTED_FOR) | Q(figures=None) | Q(automation__isnull=False, state="sending")
    live = Briefing.every.readable().filter(young)
    for key, first, letter_of, counted_at in live.values_list(
        "pk", "first_sent_at", "automation", "figures__counted_at"
    ):
        pause = (now - first) / SHARE_OF_AGE
        pause = max(AT_MOST_EVERY, min(pause, LETTERS_EVERY) if letter_of else pause)
        if counted_at and now - counted_at < pause:
            continue
        try:
            count(key)
        except OperationalError:
            raise  # the database is away or busy: beat rings again
        except Exception:
            logger.exception("The figures of briefing %s could not be counted", key)


@transaction.atomic
def count(briefing_id: int) -> bool:
    """Put the figures of a briefing that readers see in the place of older ones; whether nobody else was at it."""
    if not advisory_locks.take_if_free(AdvisoryLock.BRIEFING_FIGURES, briefing_id):
        return False
    now, briefing = timezone.now(), Briefing.every.readable().get(pk=briefing_id)
    own = {"briefing": briefing.pk, "newsletter": briefing.newsletter_id, "start": briefing.first_sent_at}
    hours: dict[int, dict[str, int]] = defaultdict(dict)
    for hour, what, number in _rows(_EVENTS, **own, within=LEFT_WITHIN):
        hours[hour][what] = number
    briefing.hours.all().delete()
    BriefingHour.objects.bulk_create(BriefingHour(briefing=briefing, hour=hour, **row) for hour, row in hours.items())
    LinkFigures.objects.filter(link__briefing=briefing).delete()
    links = _rows(_LINKS, **own)
    LinkFigures.objects.bulk_create(LinkFigures(link_id=key, people=people, hits=hits) for key, people, hits in links)
    briefing.variant_figures.all().delete()
    if SubjectTest.objects.filter(briefing=briefing).exclude(seed="").exists():
        VariantFigures.objects.bulk_create(
            VariantFigures(briefing=briefing, **asdict(row)) for row in by_variant(briefing.pk)
        )
    ((rejected,),) = _rows(_REJECTED, **own)
    BriefingFigures.objects.update_or_create(briefing=briefing, defaults={"counted_at": now, "rejected": rejected})
    return True


def _rows(statement: str, **values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
