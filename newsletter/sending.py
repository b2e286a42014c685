"""What the database knows of a send, and the only statements that change it.

    pending ──claim──▶ leased ──intent──▶ sending ──outcome──▶ sent │ retry │ failed │ uncertain
       ▲                 │                    │
       └──lease is over──┘                    └──lease is over──▶ uncertain

A claim is a lease of a chunk by one pump. `sending` is committed before a message leaves, its outcome after the
answer; both only while the lease is the pump's own. Whatever dies in between, a delivery is never made twice: what may
or may not have gone out becomes `uncertain` and is shown to staff (exactly-once over SMTP cannot be had, RFC 1047).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from cms.lib import pagecache
from newsletter.models import Briefing, Delivery
from newsletter.relay import Outcome

LEASE = timedelta(minutes=5)
BACKOFF = [timedelta(minutes=minutes) for minutes in (2, 10, 30, 60, 120, 240)]
State = Briefing.State

# Who is confirmed now: that is the audience. The suppressed are in it, as skipped, so that the counts account for all.
_FREEZE = """
    INSERT INTO newsletter_delivery (briefing_id, subscriber_id, state, note, attempts, due_at)
    SELECT %(briefing)s, subscriber.id, CASE WHEN suppression.id IS NULL THEN 'pending' ELSE 'skipped' END,
           CASE WHEN suppression.id IS NULL THEN '' ELSE 'suppressed' END, 0, now()
    FROM newsletter_subscription subscription
    JOIN newsletter_subscriber subscriber ON subscriber.id = subscription.subscriber_id
    LEFT JOIN newsletter_suppression suppression
        ON suppression.digest = encode(sha256(convert_to(subscriber.canonical, 'UTF8')), 'hex')
    WHERE subscription.newsletter_id = %(newsletter)s AND subscription.state = 'confirmed'
    ON CONFLICT DO NOTHING
"""

_CLAIM = """
    WITH due AS (
        SELECT id, subscriber_id FROM newsletter_delivery
        WHERE briefing_id = %(briefing)s AND state IN ('pending', 'retry') AND due_at <= now()
            AND EXISTS (SELECT 1 FROM newsletter_briefing WHERE id = %(briefing)s AND state = 'sending')
        ORDER BY state, due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), checked AS (
        SELECT due.id, subscriber.id AS subscriber_id, subscriber.email,
               CASE WHEN subscriber.id IS NULL THEN 'erased' WHEN subscription.id IS NULL THEN 'unsubscribed'
                    WHEN suppression.id IS NOT NULL THEN 'suppressed' ELSE '' END AS refusal
        FROM due
        LEFT JOIN newsletter_subscriber subscriber ON subscriber.id = due.subscriber_id
        LEFT JOIN newsletter_subscription subscription ON subscription.subscriber_id = subscriber.id
            AND subscription.newsletter_id = %(newsletter)s AND subscription.state = 'confirmed'
        LEFT JOIN newsletter_suppression suppression
            ON suppression.digest = encode(sha256(convert_to(subscriber.canonical, 'UTF8')), 'hex')
    )
    UPDATE newsletter_delivery delivery
    SET state = CASE checked.refusal WHEN '' THEN 'leased' ELSE 'skipped' END,
        note = CASE checked.refusal WHEN '' THEN delivery.note ELSE checked.refusal END,
        lease = %(lease)s, lease_expires_at = now() + %(for)s
    FROM checked WHERE delivery.id = checked.id
    RETURNING delivery.id, checked.subscriber_id, checked.email, checked.refusal
"""

# One statement, so one commit, for what came back and what goes out next. A late answer still settles what the reaper
# took for uncertain: the lease tells that it is the same try. `pending` is a letter that never left, so no attempt.
_EXCHANGE = """
    WITH outcome AS (
        SELECT * FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(notes)s::text[]) AS outcome (id, state, note)
    ), settled AS (
        UPDATE newsletter_delivery delivery
        SET state = CASE WHEN outcome.state = 'retry' AND delivery.attempts > %(tries)s THEN 'failed'
                         ELSE outcome.state END,
            note = outcome.note,
            sent_at = CASE outcome.state WHEN 'sent' THEN now() END,
            attempts = delivery.attempts - CASE outcome.state WHEN 'pending' THEN 1 ELSE 0 END,
            due_at = CASE outcome.state WHEN 'retry'
                THEN now() + (%(backoff)s::interval[])[least(delivery.attempts, %(tries)s)] ELSE delivery.due_at END
        FROM outcome
        WHERE delivery.id = outcome.id AND delivery.lease = %(lease)s AND delivery.state IN ('sending', 'uncertain')
    )
    UPDATE newsletter_delivery
    SET state = 'sending', attempts = attempts + 1, lease_expires_at = now() + %(for)s
    WHERE id = ANY(%(intents)s) AND lease = %(lease)s AND state = 'leased'
        AND EXISTS (SELECT 1 FROM newsletter_briefing WHERE id = %(briefing)s AND state = 'sending')
    RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed delivery: whom to write to."""

    delivery_id: int
    subscriber_id: int
    email: str


def fill_audience(briefing: Briefing) -> int:
    """Make a delivery for everyone confirmed now; how many there are. Part of the freezing transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_FREEZE, {"briefing": briefing.pk, "newsletter": briefing.newsletter_id})
        return cursor.rowcount


def claim(briefing: Briefing, *, lease: UUID, limit: int) -> list[Job]:
    """Lease what is due, skipping whoever left or was suppressed since; empty when there is nothing more to claim."""
    parameters: dict[str, Any] = {
        "briefing": briefing.pk,
        "newsletter": briefing.newsletter_id,
        "lease": lease,
        "limit": limit,
        "for": LEASE,
    }
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, parameters)
            rows = cursor.fetchall()
        jobs = [
            Job(delivery_id, subscriber_id, email) for delivery_id, subscriber_id, email, refusal in rows if not refusal
        ]
        if jobs or not rows:
            return jobs


def exchange(
    briefing: Briefing, *, lease: UUID, outcomes: Sequence[tuple[int, Outcome]], intents: Sequence[int]
) -> set[int]:
    """Write what came back and commit what goes out next; return what may go out (none once the briefing is paused)."""
    parameters: dict[str, Any] = {
        "briefing": briefing.pk,
        "lease": lease,
        "for": LEASE,
        "ids": [delivery_id for delivery_id, _ in outcomes],
        "states": [str(outcome.state) for _, outcome in outcomes],
        "notes": [outcome.note.replace("\x00", "") for _, outcome in outcomes],
        "backoff": BACKOFF,
        "tries": len(BACKOFF),
        "intents": list(intents),
    }
    with connection.cursor() as cursor:
        cursor.execute(_EXCHANGE, parameters)
        return {row[0] for row in cursor.fetchall()}


def release(lease: UUID) -> None:
    """Give back what was claimed and not begun."""
    Delivery.objects.filter(lease=lease, state="leased").update(state="pending")


def reap() -> int:
    """Take over from pumps that died: what they had not begun is pending again, what they had begun is uncertain."""
    live = Briefing.objects.filter(state__in=["sending", "paused", "cancelled"], frozen_at__isnull=False)
    expired = Delivery.objects.filter(briefing__in=live, lease_expires_at__lt=timezone.now())
    back = expired.filter(state="leased").update(state="pending")
    lost = expired.filter(state="sending").update(
        state="uncertain", note="The worker ended while this was being sent. It may or may not have arrived."
    )
    return back + lost


@transaction.atomic
def settle(briefing_id: int) -> bool:
    """Close a briefing whose every delivery has come to an end; whether this call did it."""
    briefing = Briefing.objects.select_for_update().get(pk=briefing_id)
    if briefing.state == State.CANCELLED:
        briefing.deliveries.filter(state__in=["pending", "retry"]).update(state="skipped", note="cancelled")
        Briefing.objects.filter(pk=briefing.pk).update(**_outcomes(briefing))
        return False
    if briefing.state != State.SENDING or briefing.deliveries.unfinished().exists():
        return False
    outcomes, made = _outcomes(briefing), briefing.deliveries.count()
    if made != briefing.candidates or sum(outcomes.values()) != made:
        trouble = f"The counts do not add up: {briefing.candidates} subscribers, {made} deliveries, {outcomes}."
        briefing.move(expected=(State.SENDING,), to=State.PAUSED, trouble=trouble)
        return False
    briefing.move(expected=(State.SENDING,), to=State.SENT, sent_at=timezone.now(), trouble="", **outcomes)
    pagecache.bump()
    return True


def _outcomes(briefing: Briefing) -> dict[str, int]:
    counts = counts_of(briefing)
    ends = {"delivered": "sent", "failed": "failed", "uncertain": "uncertain", "skipped": "skipped"}
    return {name: counts.get(state, 0) for name, state in ends.items()}


def counts_of(briefing: Briefing) -> dict[str, int]:
    """How many deliveries are in each state. What is sent is the rest, so that a long list is not counted through."""
    counts = dict(briefing.deliveries.exclude(state="sent").values_list("state").annotate(Count("id")).order_by())
    return {**counts, "sent": briefing.candidates - sum(counts.values())}
