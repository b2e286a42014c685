"""What staff decide about deliveries that failed or are uncertain: each decision is in the audit log."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from core import audit, doorbell
from core.transitions import TransitionRefused, lock
from newsletter.mail.mail_logs import Trace, traces
from newsletter.models import Briefing, Delivery
from newsletter.sending import deliveries

State = Delivery.State
SETTLED_ANEW: dict[str, Any] = {"lease": None, "lease_expires_at": None}  # so that a late answer changes nothing more
REASONS_SHOWN = 50


@transaction.atomic
def mark(briefing: Briefing, chosen: Collection[int], *, delivered: bool, by: Any) -> int:
    """Settle uncertain deliveries by what somebody found out; return how many."""
    lock(briefing)
    rows = briefing.deliveries.filter(pk__in=chosen, state=State.UNCERTAIN)
    note = f"Marked as {'delivered' if delivered else 'not delivered'} by {by}."
    changed = rows.update(**_outcome(delivered), note=note)
    return _decided(briefing, changed, f"marked as {'delivered' if delivered else 'not delivered'}", by=by)


@transaction.atomic
def send_again(briefing: Briefing, chosen: Collection[int], *, by: Any) -> int:
    """Send to chosen ones that failed or are uncertain once more; return how many. Raises TransitionRefused."""
    return _queue(briefing, briefing.deliveries.filter(pk__in=chosen), "sent again", by=by)


@transaction.atomic
def retry_failed(briefing: Briefing, reason: str, *, by: Any) -> int:
    """Send again to all that failed for one reason; return how many. Raises TransitionRefused."""
    rows = briefing.deliveries.filter(state=State.FAILED, note=reason)
    return _queue(briefing, rows, f"sent again, having failed with “{reason[:200]}”", by=by)


def reasons(briefing: Briefing) -> list[tuple[str, int]]:
    """Why deliveries of a briefing failed, with how many did so, the most frequent first."""
    rows = briefing.deliveries.filter(state=State.FAILED).values_list("note").annotate(number=Count("id"))
    return [(note, number) for note, number in rows.order_by("-number")[:REASONS_SHOWN]]


@transaction.atomic
def settle_by_log(briefing: Briefing, lines: Iterable[str], *, by: Any) -> tuple[int, int, int]:
    """Settle uncertain deliveries by a mail server's log; return how many it took, how many it refused, and how many stay."""
    lock(briefing)
    told = {subscriber: trace for (key, subscriber), trace in traces(lines).items() if key == briefing.pk}
    taken = refused = 0
    for row in briefing.deliveries.filter(state=State.UNCERTAIN, subscriber__in=told):
        trace: Trace = told[row.subscriber_id]
        outcome = _outcome(not trace.is_refused)
        still = Delivery.objects.filter(pk=row.pk, state=State.UNCERTAIN)
        if still.update(**outcome, note=f"The mail server's log: {trace.line}"):
            taken, refused = taken + (not trace.is_refused), refused + trace.is_refused
    _decided(briefing, taken + refused, f"found in the mail server's log ({refused} refused)", by=by)
    return taken, refused, briefing.deliveries.filter(state=State.UNCERTAIN).count()


def _outcome(delivered: bool) -> dict[str, Any]:
    if delivered:
        return {"state": State.SENT, "sent_at": timezone.now(), **SETTLED_ANEW}
    return {"state": State.FAILED, **SETTLED_ANEW}


def _queue(briefing: Briefing, rows: QuerySet[Delivery], what: str, *, by: Any) -> int:
    lock(briefing)
    if briefing.state == Briefing.State.CANCELLED:
        raise TransitionRefused("This briefing is cancelled, so nobody gets it any more.")
    troubled = rows.filter(state__in=[State.FAILED, State.UNCERTAIN])
    waiting = {"state": State.PENDING, "attempts": 0, "note": "", **SETTLED_ANEW}
    changed = _decided(briefing, troubled.update(**waiting), what, by=by)
    doorbell.ring("newsletter.tasks.sweep_briefings")
    return changed


def _decided(briefing: Briefing, number: int, what: str, *, by: Any) -> int:
    """Count anew, and log what was decided about so many."""
    if number:
        deliveries.reconcile(briefing.pk)
        audit.record("settled deliveries", briefing, by=by, detail=f"{number} {what}")
    return number
