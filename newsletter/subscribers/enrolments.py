"""Who enters an automation, and what takes somebody out of it from outside: leaving, a bounce, an erasure, an answer.

The moves between are those of newsletter.automations.flow. Each of these is one statement, however many it is about.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from core import doorbell
from newsletter.models import Automation, AutomationStep, Enrolment, Newsletter, Subscriber, Subscription
from newsletter.subscribers import segments

RUN = "newsletter.tasks.run_automations"
LOOKS_EVERY = {
    Automation.Begins.QUIET: timedelta(days=1),
    Automation.Begins.TAGGED: timedelta(minutes=5),
    Automation.Begins.SEGMENT: timedelta(hours=1),
}
Reason, State = Enrolment.Reason, Enrolment.State

_STAYS_OPEN = "SELECT FROM newsletter_automation WHERE id = %s AND state IN ('running', 'paused') FOR SHARE"
# The round is how often somebody has been in it. Whoever is in it now, or was there too lately, does not enter.
_ENTER = """
    INSERT INTO newsletter_enrolment (automation_id, subscriber_id, round, step_id, due_at, state, reason, letter_is_out,
        entered_at, trouble)
    SELECT %(automation)s, who.id, coalesce(before.round + 1, 0), %(step)s, %(due)s, 'waiting', '', FALSE, %(now)s, ''
    FROM ({who}) who
    LEFT JOIN LATERAL (
        SELECT round, state, coalesce(ended_at, entered_at) AS at FROM newsletter_enrolment
        WHERE automation_id = %(automation)s AND subscriber_id = who.id ORDER BY round DESC LIMIT 1) before ON TRUE
    WHERE before.round IS NULL OR before.state <> 'waiting' AND before.at <= %(again_before)s
    ORDER BY who.id LIMIT %(most)s
    ON CONFLICT DO NOTHING
"""
# Quiet is whoever got some briefings in these days and neither opened nor clicked one, as persons do and as the figures of
# the list count it, nor chose anything themselves; and was on the list before they began. A briefing whose opens were not
# counted, which has no links of its own, says nothing of anybody.
_QUIET = """
    SELECT subscriber.id FROM newsletter_subscription subscription
    JOIN newsletter_subscriber subscriber ON subscriber.id = subscription.subscriber_id
    WHERE subscription.newsletter_id = %(newsletter)s AND subscription.state = 'confirmed' AND subscriber.suppressed = ''
        AND subscription.since <= %(since)s
        AND (subscription.paused_until IS NULL OR subscription.paused_until <= %(now)s)
        AND {segment}
        AND NOT EXISTS (
            SELECT FROM newsletter_delivery delivery JOIN newsletter_hit hit ON hit.delivery_id = delivery.id
            JOIN newsletter_briefing briefing ON briefing.id = delivery.briefing_id
            WHERE delivery.subscriber_id = subscriber.id AND briefing.newsletter_id = %(newsletter)s
                AND delivery.state = 'sent' AND hit.verdict = 'valid' AND hit.at > %(since)s)
        AND NOT EXISTS (
            SELECT FROM newsletter_consentact act
            WHERE act.subscriber_id = subscriber.id AND act.newsletter_id = %(newsletter)s AND act.actor = 'subscriber'
                AND act.recorded_at > %(since)s)
        AND (SELECT count(*) FROM (
            SELECT FROM newsletter_delivery delivery JOIN newsletter_briefing briefing ON briefing.id = delivery.briefing_id
            WHERE delivery.subscriber_id = subscriber.id AND briefing.newsletter_id = %(newsletter)s
                AND briefing.automation_id IS NULL AND delivery.state = 'sent' AND delivery.sent_at > %(since)s
                AND EXISTS (SELECT FROM newsletter_trackedlink link WHERE link.briefing_id = briefing.id)
            LIMIT %(fewest)s) got) >= %(fewest)s
"""

# Whoever has the tag, or is in the segment, and gets mail of the list: as the note of those who had it before knows them, they
# have come into it since.
_COMERS = """
    SELECT subscriber.id FROM newsletter_subscription subscription
    JOIN newsletter_subscriber subscriber ON subscriber.id = subscription.subscriber_id
    WHERE subscription.newsletter_id = %(newsletter)s AND subscription.state = 'confirmed' AND subscriber.suppressed = ''
        AND (subscription.paused_until IS NULL OR subscription.paused_until <= %(now)s)
        AND {segment} AND {tagged}
        AND NOT EXISTS (
            SELECT FROM newsletter_enrolment was WHERE was.automation_id = %(automation)s AND was.subscriber_id = subscriber.id)
"""
_TAGGED = "{column} IN (SELECT subscriber_id FROM newsletter_tagging WHERE tag_id = %(tag)s)"
_NOTE_PRESENT = """
    INSERT INTO newsletter_enrolment (automation_id, subscriber_id, round, due_at, state, reason, letter_is_out, entered_at,
        ended_at, trouble)
    SELECT %(automation)s, subscriber.id, 0, %(now)s, 'left', 'before', FALSE, %(now)s, %(now)s, ''
    FROM newsletter_subscriber subscriber WHERE {present} ON CONFLICT DO NOTHING
"""


def welcoming(newsletter: Newsletter, subscriber: Subscriber) -> Automation | None:
    """The automation that somebody enters who confirms, in this transaction; None where there is none for them."""
    found = newsletter.automations.taking_in().filter(begins=Automation.Begins.CONFIRMED).first()
    if found is None or not _stays_open(found) or found.first_step() is None:
        return None
    if found.segment and not segments.members(found.segment).filter(pk=subscriber.pk).exists():
        return None
    return found


def _stays_open(automation: Automation) -> bool:
    """Whether it takes somebody in, and neither ends nor changes before this transaction is over."""
    with connection.cursor() as cursor:
        cursor.execute(_STAYS_OPEN, [automation.pk])
        return cursor.fetchone() is not None


def enter(automation: Automation, subscriber: Subscriber, *, again: bool) -> bool:
    """Let one subscriber enter, in the transaction that says why; whether they did. `again`: also a second time."""
    ever = datetime.max.replace(tzinfo=timezone.now().tzinfo)
    entered = _enter(
        automation,
        "SELECT %(subscriber)s::bigint AS id",
        again_before=ever if again else None,
        subscriber=subscriber.pk,
    )
    if entered:
        doorbell.ring(RUN, at_most_every=1)  # however many confirm at once
    return bool(entered)


def enter_quiet(automation: Automation) -> int:
    """Let those enter who have become quiet; return how many: nobody while the newsletter counts no opens and clicks."""
    if not automation.newsletter.counts_reading:
        return 0
    now = timezone.now()
    again = now - timedelta(days=automation.again_after) if automation.again_after else None
    narrowed = segments.narrowed_to(automation.segment, "subscriber.id")
    return _enter(
        automation,
        _QUIET.format(segment=narrowed),
        again_before=again,
        newsletter=automation.newsletter_id,
        since=now - timedelta(days=automation.quiet_days),
        fewest=automation.fewest_letters,
        most=automation.most_per_day,
    )


def note_present(automation: Automation) -> None:
    """Write down who has the tag, or is in the segment, so that they do not enter, on the list or not. Others come later."""
    present = _TAGGED.format(column="subscriber.id")
    if automation.begins == Automation.Begins.SEGMENT:
        present = segments.narrowed_to(automation.segment, "subscriber.id")
    given = {"automation": automation.pk, "tag": automation.tag_id, "now": timezone.now()}
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_PRESENT.format(present=present), given)


def enter_comers(automation: Automation) -> int:
    """Let those enter who were given the tag, or came into the segment; return how many. Everybody enters once."""
    who = _COMERS.format(
        segment=segments.narrowed_to(automation.segment, "subscriber.id"),
        tagged=_TAGGED.format(column="subscriber.id") if automation.begins == Automation.Begins.TAGGED else "true",
    )
    return _enter(automation, who, again_before=None, newsletter=automation.newsletter_id, tag=automation.tag_id)


def _enter(
    automation: Automation, who: str, *, again_before: datetime | None, most: int | None = None, **given: Any
) -> int:
    step, now = automation.first_step(), timezone.now()
    if step is None:
        return 0
    step.automation = automation
    values: dict[str, Any] = {
        "automation": automation.pk,
        "step": step.pk,
        "due": step.due_after(now),
        "now": now,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ENTER.format(who=who), {**values, "again_before": again_before, **given})
        return int(cursor.rowcount)


def end_where_mail_ends(subscribers: Collection[int]) -> int:
    """Take those of some subscribers out who get no mail of a newsletter any more; return how many."""
    waiting = _waiting().filter(subscriber__in=subscribers)
    suppressed = waiting.exclude(subscriber__suppressed="")
    on_it = Subscription.objects.confirmed().filter(
        subscriber=OuterRef("subscriber"), newsletter=OuterRef("automation__newsletter")
    )
    return _leave(suppressed, Reason.SUPPRESSED) + _leave(waiting.filter(~Exists(on_it)), Reason.UNSUBSCRIBED)


def end_erased(subscriber: Subscriber) -> int:
    """Take somebody out of everything whose data is erased."""
    return _leave(_waiting().filter(subscriber=subscriber), Reason.ERASED)


def end_stayed(subscriber_id: int, newsletter_id: int) -> int:
    """Take somebody out of what asked whether they stay."""
    asking = AutomationStep.objects.filter(asks_to_stay=True, automation__newsletter=newsletter_id)
    rows = _waiting().filter(subscriber=subscriber_id, automation__in=asking.values("automation"))
    return _leave(rows, Reason.STAYED)


def _waiting() -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(state=State.WAITING)


def _leave(rows: QuerySet[Enrolment], reason: str) -> int:
    return rows.order_by().update(state=State.LEFT, reason=reason, ended_at=timezone.now(), trouble="")
