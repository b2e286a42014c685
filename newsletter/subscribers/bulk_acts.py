"""Acts on many subscribers: what is done to them, and undoing it for tags. How an act goes: `core.bulk_acts`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet

from core.advisory_locks import AdvisoryLock
from core.bulk_acts import Engine, Outcome, State
from newsletter.models import BulkAct, Newsletter, Subscriber, SubscriberTag, Subscription
from newsletter.subscribers import consent, segments, selection, subscriptions
from newsletter.subscribers.consent import Act, Actor, NewAct

Kind = BulkAct.Kind
WAY = "bulk act"
_TAG = """
    INSERT INTO newsletter_tagging (tag_id, subscriber_id)
    SELECT %s, id FROM newsletter_subscriber WHERE id = ANY(%s) ON CONFLICT DO NOTHING RETURNING subscriber_id
"""
_UNTAG = "DELETE FROM newsletter_tagging WHERE tag_id = %s AND subscriber_id = ANY(%s) RETURNING subscriber_id"


class Subscribers(Engine):
    model = BulkAct
    lock = (AdvisoryLock.BULK_ACTS, 0)
    task = "newsletter.tasks.act_on_subscribers"

    def selected(self, said: Mapping[str, str]) -> QuerySet[Any]:
        return selection.meant(said)

    def found(self, rows: QuerySet[Any]) -> tuple[str, Sequence[Any]]:
        segments.gather(rows)
        return f"SELECT id FROM {segments.TABLE}", ()

    def check(self, row: BulkAct) -> None:
        if row.kind in (Kind.TAG, Kind.UNTAG) and row.tag_id is None:
            raise ValidationError("The tag is gone.")

    def carry_out(self, row: BulkAct, keys: list[int]) -> Outcome:
        return Outcome(changed=dict.fromkeys(ACTS[Kind(row.kind)](row, keys)))

    def put_back(self, row: BulkAct, batch: Any) -> list[str]:
        """Take or give the tag where it was given or taken."""
        ACTS[Kind.UNTAG if row.kind == Kind.TAG else Kind.TAG](row, batch.changed)
        return []

    def in_words(self, key: int, error: Exception) -> str:
        return f"Subscriber {key}: {type(error).__name__}"

    def forgotten(self, row: BulkAct, state: str) -> bool:
        return row.kind == Kind.ERASE or state == State.UNDONE


ENGINE = Subscribers()


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
        return ENGINE.begin(row, rows=Subscriber.objects.filter(pk__in=keys))
    row.about, row.selection = selection.in_words(said)[:300], dict(said)
    return ENGINE.begin(row)


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
