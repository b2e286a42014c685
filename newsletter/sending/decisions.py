"""What staff decide about deliveries that failed or are uncertain: each decision is in the audit log."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, F, QuerySet, TextField, Value, When
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
    return _queue(briefing, to_be_sent_again(briefing, chosen), "sent again", by=by)


def to_be_sent_again(briefing: Briefing, chosen: Collection[int], reason: str | None = None) -> QuerySet[Delivery]:
    """The letters that would be sent again of those asked for: whoever gets no mail any more stands as before."""
    mailable = briefing.newsletter.subscriptions.mailable().values("subscriber")
    return asked_for(briefing, chosen, reason).filter(subscriber__in=mailable)


def asked_for(briefing: Briefing, chosen: Collection[int], reason: str | None = None) -> QuerySet[Delivery]:
    """The letters that were chosen, or all that failed for a reason."""
    if reason is not None:
        return briefing.deliveries.filter(state=State.FAILED, note=reason)
    return briefing.deliveries.filter(pk__in=chosen, state__in=[State.FAILED, State.UNCERTAIN])


@transaction.atomic
def halt(briefing: Briefing, *, by: Any) -> int:
    """Stop trying again what is left of a sent briefing; return how many. They stand as they did before. Raises TransitionRefused."""
    lock(briefing)
    if briefing.state != Briefing.State.SENT:
        raise TransitionRefused("This briefing is not sent yet: pause it instead.")
    waiting = briefing.deliveries.filter(state__in=[State.PENDING, State.RETRY])
    stood = Case(When(came_from=State.UNCERTAIN, then=Value(State.UNCERTAIN.value)), default=Value(State.FAILED.value))
    said = Case(
        When(note="", then=Value("Stopped before it was tried again.")), default=F("note"), output_field=TextField()
    )
    return _decided(
        briefing, waiting.update(state=stood, note=said, came_from="", **SETTLED_ANEW), "not tried again", by=by
    )


@transaction.atomic
def retry_failed(briefing: Briefing, reason: str, *, by: Any) -> int:
    """Send again to all that failed for one reason; return how many. Raises TransitionRefused."""
    return _queue(
        briefing, to_be_sent_again(briefing, [], reason), f"sent again, having failed with “{reason[:200]}”", by=by
    )


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
    waiting = {"state": State.PENDING, "came_from": F("state"), "attempts": 0, **SETTLED_ANEW}
    changed = _decided(briefing, rows.update(**waiting), what, by=by)
    doorbell.ring("newsletter.tasks.sweep_briefings")
    return changed


def _decided(briefing: Briefing, number: int, what: str, *, by: Any) -> int:
    """Count anew, and log what was decided about so many."""
    if number:
        deliveries.reconcile(briefing.pk)
        audit.record("settled deliveries", briefing, by=by, detail=f"{number} {what}")
    return number
