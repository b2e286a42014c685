"""Acts on many subscribers: collecting whom one is about, going through them batch by batch, and undoing it for tags.

Whom an act is about is fixed before anybody is asked whether it shall be done, so the number in the question is the number
of those it is done to. One runs at a time. A batch is a transaction; where one fails, each of its rows is tried by itself.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from core import advisory_locks, doorbell, transitions
from core.advisory_locks import AdvisoryLock
from core.lib import batches
from newsletter.models import BulkAct, BulkActBatch, Newsletter, Subscriber, SubscriberTag, Subscription
from newsletter.subscribers import consent, segments, selection, subscriptions
from newsletter.subscribers.consent import Act, Actor, NewAct

logger = logging.getLogger(__name__)
Kind, State = BulkAct.Kind, BulkAct.State
WAY = "bulk act"
SIZE = 500
MOST_ATTEMPTS = 3
PROBLEMS_NAMED = 20
WAIT = timedelta(minutes=1)  # after an error
ASKED_FOR = timedelta(days=7)
UNDONE_FOR = timedelta(days=30)
KEPT_FOR = timedelta(days=365)
_COLLECT = f"""
    INSERT INTO newsletter_bulkactbatch (act_id, number, subscribers, changed, is_done)
    SELECT %s, number, array_agg(id ORDER BY id), '{{}}', false
    FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / {SIZE} AS number FROM {segments.TABLE}) numbered
    GROUP BY number
"""
_TAG = """
    INSERT INTO newsletter_tagging (tag_id, subscriber_id)
    SELECT %s, id FROM newsletter_subscriber WHERE id = ANY(%s) ON CONFLICT DO NOTHING RETURNING subscriber_id
"""
_UNTAG = "DELETE FROM newsletter_tagging WHERE tag_id = %s AND subscriber_id = ANY(%s) RETURNING subscriber_id"


def begin(
    kind: str,
    *,
    by_name: str,
    said: Mapping[str, str] | None = None,
    keys: Sequence[int] = (),
    tag: SubscriberTag | None = None,
    newsletter: Newsletter | None = None,
    reason: str = "",
) -> BulkAct:
    """An act on these subscribers, or on all that a list narrowed as `said` shows. Raises ValidationError."""
    row = BulkAct(kind=kind, by_name=by_name, tag=tag, newsletter=newsletter, reason=reason)
    if said is None:
        row.about = f"{len(keys):,} that were ticked"
    else:
        row.about, row.selection = selection.in_words(said)[:300], dict(said)
    with transaction.atomic():
        row.save()
        if said is None:
            _collect(row, Subscriber.objects.filter(pk__in=keys))
            BulkAct.objects.filter(pk=row.pk).update(state=State.READY, total=row.total)
            row.refresh_from_db()
        else:
            _ring()
    return row


def _ring() -> None:
    doorbell.ring("newsletter.tasks.act_on_subscribers")


def _collect(row: BulkAct, rows: Any) -> None:
    segments.gather(rows)
    with connection.cursor() as cursor:
        cursor.execute(_COLLECT, [row.pk])
        cursor.execute(f"SELECT count(*) FROM {segments.TABLE}")
        row.total = cursor.fetchone()[0]


def start(row: BulkAct) -> None:
    """Have a worker do it. Raises TransitionRefused."""
    fresh: dict[str, Any] = {"attempts": 0, "due_at": timezone.now()}
    transitions.move(row, sources=[State.READY], to=State.RUNNING, action="started", **fresh)
    _ring()


def cancel(row: BulkAct) -> None:
    """Drop one that waits; ask a worker to stop one that runs. Raises TransitionRefused."""
    unheld = Q(state=State.READY) | Q(state__in=[State.COLLECTING, State.RUNNING], lease=None)
    if transitions.change_if(row, unheld, state=State.CANCELLED, ended_at=timezone.now(), selection={}):
        return
    at_work = Q(state__in=[State.COLLECTING, State.RUNNING])
    if not transitions.change_if(row, at_work, is_cancel_asked=True):
        raise transitions.TransitionRefused(
            f"This act is {row.get_state_display().lower()}, so it cannot be cancelled."
        )


def undo(row: BulkAct) -> None:
    """Have a worker put tags back as they were. Raises TransitionRefused."""
    if not row.can_undo:
        raise transitions.TransitionRefused("This act cannot be undone.")
    fresh: dict[str, Any] = {"attempts": 0, "due_at": timezone.now(), "is_cancel_asked": False}
    transitions.move(row, sources=[State.DONE, State.CANCELLED], to=State.UNDOING, action="undone", **fresh)
    _ring()


def run_next() -> bool:
    """Do the act that has waited for longest; whether there was one that nobody else does."""
    with advisory_locks.first_free(AdvisoryLock.BULK_ACTS, [0]) as free:
        if free is None:
            return False
        found = BulkAct.objects.filter(state__in=[State.COLLECTING, State.RUNNING, State.UNDOING]).claim(limit=1)
        for row in found:
            _run(row)
        return bool(found)


def _run(row: BulkAct) -> None:
    if row.attempts > MOST_ATTEMPTS:
        _end(row, State.FAILED, problem="It was broken off several times; the worker's log says why.")
        return
    steps = {State.COLLECTING: _find, State.RUNNING: _carry_out, State.UNDOING: _put_back}
    try:
        steps[State(row.state)](row)
    except ValidationError as refusal:
        _end(row, State.FAILED, problem=" ".join(refusal.messages))
    except Exception:
        logger.exception("Bulk act %s was broken off by an error", row.pk)
        row.release(due_at=timezone.now() + WAIT)


def _end(row: BulkAct, state: str, **outcome: Any) -> None:
    row.release(state=state, ended_at=timezone.now(), selection={}, **outcome)
    if row.kind == Kind.ERASE or state == State.UNDONE:
        row.batches.all().delete()


@transaction.atomic
def _find(row: BulkAct) -> None:
    row.batches.all().delete()
    _collect(row, selection.meant(row.selection))
    if BulkAct.objects.filter(pk=row.pk, is_cancel_asked=True).exists():
        _end(row, State.CANCELLED)
        return
    row.release(state=State.READY, selection={}, total=row.total)


def _carry_out(row: BulkAct) -> None:
    act = ACTS[Kind(row.kind)]
    if row.kind in (Kind.TAG, Kind.UNTAG) and row.tag_id is None:
        raise ValidationError("The tag is gone.")
    for batch in row.batches.filter(is_done=False).iterator(chunk_size=20):
        if not row.renew():
            return
        if BulkAct.objects.filter(pk=row.pk, is_cancel_asked=True).exists():
            _end(row, State.CANCELLED)
            return
        _settle(row, batch, act)
    _end(row, State.DONE)


def _settle(row: BulkAct, batch: BulkActBatch, act: Callable[[BulkAct, list[int]], list[int]]) -> None:
    """Do one batch at once or, where that fails, each of it by itself."""
    try:
        with transaction.atomic():
            _note(row, batch, act(row, batch.subscribers), [])
        return
    except Exception:
        logger.exception("A batch of bulk act %s failed; each of it is tried by itself", row.pk)
    changed, problems = list[int](), list[str]()
    for key in batch.subscribers:
        try:
            with transaction.atomic():
                changed += act(row, [key])
        except Exception as error:  # noqa: BLE001 (it is told, and the others go on)
            problems.append(f"Subscriber {key}: {type(error).__name__}")
    _note(row, batch, changed, problems)


@transaction.atomic
def _note(row: BulkAct, batch: BulkActBatch, changed: list[int], problems: list[str]) -> None:
    said = row.problem.splitlines()
    row.problem = "\n".join([*said, *problems][:PROBLEMS_NAMED])
    BulkActBatch.objects.filter(pk=batch.pk).update(is_done=True, changed=changed)
    BulkAct.objects.filter(pk=row.pk).update(
        done=F("done") + len(batch.subscribers),
        changed=F("changed") + len(changed),
        failed=F("failed") + len(problems),
        problem=row.problem,
        attempts=0,
    )


def _put_back(row: BulkAct) -> None:
    """Take or give the tag where it was given or taken."""
    back = ACTS[Kind.UNTAG if row.kind == Kind.TAG else Kind.TAG]
    if row.tag_id is None:
        raise ValidationError("The tag is gone.")
    for batch in row.batches.exclude(changed=[]).iterator(chunk_size=20):
        if not row.renew():
            return
        with transaction.atomic():
            back(row, batch.changed)
            BulkActBatch.objects.filter(pk=batch.pk).update(changed=[])
    _end(row, State.UNDONE)


def _tag(row: BulkAct, keys: list[int]) -> list[int]:
    return _returned(_TAG, row, keys)


def _untag(row: BulkAct, keys: list[int]) -> list[int]:
    return _returned(_UNTAG, row, keys)


def _returned(statement: str, row: BulkAct, keys: list[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [row.tag_id, keys])
        return [key for (key,) in cursor.fetchall()]


def _unsubscribe(row: BulkAct, keys: list[int]) -> list[int]:
    on_it = Subscription.objects.filter(newsletter=row.newsletter_id, subscriber__in=keys)
    people = [each.subscriber for each in on_it.exclude(state="unsubscribed").select_related("subscriber")]
    return _record(row, people, Act.LEFT, newsletter_id=row.newsletter_id)


def _suppress(row: BulkAct, keys: list[int]) -> list[int]:
    people = Subscriber.objects.filter(pk__in=keys).exclude(suppressed__in=["staff", "complaint"])
    return _record(row, list(people), Act.SUPPRESSED)


def _record(row: BulkAct, people: Sequence[Subscriber], act: str, **about: Any) -> list[int]:
    given = {"way": WAY, "by_name": row.by_name, "note": row.reason, **about}
    consent.record(*(NewAct(consent.person(one), act, Actor.STAFF, **given) for one in people))
    return [one.pk for one in people]


def _erase(row: BulkAct, keys: list[int]) -> list[int]:
    people = list(Subscriber.objects.filter(pk__in=keys))
    for one in people:
        key = one.pk
        subscriptions.erase(one, actor=Actor.STAFF, way=WAY, by=row.by_name, reason=row.reason)
        one.pk = key
    return [one.pk for one in people]


ACTS: dict[BulkAct.Kind, Callable[[BulkAct, list[int]], list[int]]] = {
    Kind.TAG: _tag,
    Kind.UNTAG: _untag,
    Kind.UNSUBSCRIBE: _unsubscribe,
    Kind.SUPPRESS: _suppress,
    Kind.ERASE: _erase,
}


def delete_old() -> int:
    """Drop acts that nobody said yes to, whom an act was about once it is not undone any more, then the acts themselves."""
    now = timezone.now()
    waiting = BulkAct.objects.filter(state=State.READY, created_at__lt=now - ASKED_FOR)
    closed = batches.update(waiting, state=State.CANCELLED, ended_at=now)
    batches.delete(BulkActBatch.objects.filter(act__ended_at__lt=now - UNDONE_FOR))
    return closed + batches.delete(BulkAct.objects.filter(ended_at__lt=now - KEPT_FOR))
