"""Segments of the subscribers: what their conditions test, the queryset of a segment, and its counting in the background.

Nothing here is asked while somebody waits for a page, since a condition may look at every subscriber or at all that was
read: a page shows what the segment was when it was last counted.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Exists, F, Func, IntegerField, JSONField, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, GreaterThanOrEqual, IContains, IExact, LessThanOrEqual
from django.utils import timezone

from core import doorbell
from core.lib import clock
from newsletter.models import (
    Briefing,
    Delivery,
    Hit,
    Segment,
    SegmentBlock,
    SegmentCondition,
    SegmentCount,
    Subscriber,
    Subscription,
    Tagging,
)
from newsletter.subscribers import traits

logger = logging.getLogger(__name__)
TABLE = "newsletter_segment_member"
NEWEST = 10_000  # as many as a list in the admin leads to
MOST_BRIEFINGS, MOST_DAYS = 50, 36_500
COUNTED_EVERY = timedelta(days=1)
WAIT = timedelta(minutes=15)  # after an error
LONGEST = "8min"  # less than the lease of a segment
Condition = SegmentCondition


def _on_list(state: str) -> Callable[[Condition], Any]:
    return lambda given: Exists(_subscriptions(given).filter(state=state))


def _subscriptions(given: Condition) -> QuerySet[Subscription]:
    rows = Subscription.objects.filter(subscriber=OuterRef("pk"))
    return rows.filter(newsletter=given.newsletter_id) if given.newsletter_id else rows


def _has_tag(given: Condition) -> Any:
    return Exists(Tagging.objects.filter(subscriber=OuterRef("pk"), tag=given.tag_id))


def _key(given: Condition) -> str:
    return given.field.key if given.field else ""


def _text(given: Condition) -> Any:
    """The value of a field as text; empty where there is none."""
    path = Func(F("attributes"), Value(_key(given)), function="jsonb_extract_path_text", output_field=TextField())
    return Coalesce(path, Value("", TextField()))


def _json(given: Condition) -> Any:
    return Func(F("attributes"), Value(_key(given)), function="jsonb_extract_path", output_field=JSONField())


def _field_is(given: Condition) -> Any:
    if given.field and given.field.kind == "text":
        return IExact(_text(given), given.value)
    return ~Q(attributes={}) & Q(attributes__contains={_key(given): _value(given)})


def _value(given: Condition) -> Any:
    return traits.value_of(given.field, given.value) if given.field else None


def _field_bound(lookup: Any) -> Callable[[Condition], Any]:
    def bound(given: Condition) -> Any:
        if given.field and given.field.kind == "number":
            is_number = Exact(Func(_json(given), function="jsonb_typeof", output_field=TextField()), Value("number"))
            return Q(is_number) & Q(lookup(_json(given), Value(_value(given), JSONField())))
        return Q(attributes__has_key=_key(given)) & Q(lookup(_text(given), Value(given.value)))

    return bound


def _has_key(given: Condition) -> Any:
    return Q(attributes__has_key=_key(given))


def _came_from(given: Condition) -> Any:
    return Exists(_subscriptions(given).filter(source=given.value))


def _at_domain(given: Condition) -> Any:
    return Q(canonical__endswith=given.value if given.value.startswith(".") else f"@{given.value}")


def _joined(given: Condition) -> Any:
    """Subscriptions with when somebody asked for them, or else confirmed; unknown stays unknown."""
    return _subscriptions(given).alias(joined=Coalesce("requested_at", "confirmed_at"))


def _joined_since(given: Condition) -> Any:
    return Exists(_joined(given).filter(joined__gte=clock.start_of(date.fromisoformat(given.value))))


def _joined_before(given: Condition) -> Any:
    return Exists(_joined(given).filter(joined__lt=clock.start_of(date.fromisoformat(given.value))))


def _joined_within(given: Condition) -> Any:
    return Exists(_joined(given).filter(joined__gte=timezone.now() - timedelta(days=int(given.value))))


def _joined_over(given: Condition) -> Any:
    return Exists(_joined(given).filter(joined__lt=timezone.now() - timedelta(days=int(given.value))))


def _latest(given: Condition) -> list[int]:
    """The newest briefings of a newsletter that counts reading, as many as are asked about."""
    sent = Briefing.objects.sent().counted().filter(newsletter=given.newsletter_id, newsletter__counts_reading=True)
    return list(sent.order_by("-sent_at", "-pk").values_list("pk", flat=True)[: int(given.value)])


def _read(*kinds: str) -> Callable[[Condition], Any]:
    """Whether a person, not a machine, opened or clicked."""

    def read(given: Condition) -> Any:
        about = {"delivery__subscriber": OuterRef("pk"), "delivery__briefing__in": _latest(given)}
        return Exists(Hit.objects.filter(verdict=Hit.Verdict.VALID, kind__in=kinds, **about))

    return read


def _ignored(given: Condition) -> Any:
    got = Delivery.objects.filter(subscriber=OuterRef("pk"), briefing__in=_latest(given), state="sent")
    return Q(Exists(got)) & ~Q(_read("open", "click")(given))


def _not(test: Callable[[Condition], Any]) -> Callable[[Condition], Any]:
    return lambda given: ~Q(test(given))


@dataclass(frozen=True, slots=True)
class Test:
    """A test of a condition: its words, with a place for what it is tested with, what that is, and the filter."""

    group: str
    words: str
    needs: str  # of newsletter, tag, field and a kind of value, those that it must have; in brackets what it may have
    filter: Callable[[Condition], Any]

    @property
    def needed(self) -> set[str]:
        return {part for part in self.needs.split() if not part.startswith("(")}

    @property
    def allowed(self) -> set[str]:
        return {part.strip("()") for part in self.needs.split()}


TESTS = {
    "subscribed": Test("Newsletter", "is subscribed to {newsletter}", "newsletter", _on_list("confirmed")),
    "left": Test("Newsletter", "unsubscribed from {newsletter}", "newsletter", _on_list("unsubscribed")),
    "unconfirmed": Test("Newsletter", "has not confirmed {newsletter}", "newsletter", _on_list("pending")),
    "never_on": Test(
        "Newsletter", "was never on {newsletter}", "newsletter", _not(lambda given: Exists(_subscriptions(given)))
    ),
    "tagged": Test("Tag", "has the tag {tag}", "tag", _has_tag),
    "untagged": Test("Tag", "does not have the tag {tag}", "tag", _not(_has_tag)),
    "field_is": Test("Field", "{field} is {value}", "field field-value", _field_is),
    "field_is_not": Test("Field", "{field} is not {value}, or is empty", "field field-value", _not(_field_is)),
    "field_contains": Test(
        "Field", "{field} contains {value}", "field words", lambda given: IContains(_text(given), given.value)
    ),
    "field_min": Test("Field", "{field} is at least {value}", "field bound", _field_bound(GreaterThanOrEqual)),
    "field_max": Test("Field", "{field} is at most {value}", "field bound", _field_bound(LessThanOrEqual)),
    "field_filled": Test("Field", "{field} is filled", "field", _has_key),
    "field_empty": Test("Field", "{field} is empty", "field", _not(_has_key)),
    "came_from": Test("Origin", "signed up at the source {value}", "source (newsletter)", _came_from),
    "not_from": Test("Origin", "did not sign up at the source {value}", "source (newsletter)", _not(_came_from)),
    "at_domain": Test("Origin", "has an address at {value}", "domain", _at_domain),
    "not_at_domain": Test("Origin", "has no address at {value}", "domain", _not(_at_domain)),
    "joined_since": Test("Joined", "joined on {value} or later", "day (newsletter)", _joined_since),
    "joined_before": Test("Joined", "joined before {value}", "day (newsletter)", _joined_before),
    "joined_within": Test("Joined", "joined in the last {value} days", "days (newsletter)", _joined_within),
    "joined_over": Test("Joined", "joined more than {value} days ago", "days (newsletter)", _joined_over),
    "read": Test(
        "Reading",
        "opened or clicked one of the last {value} briefings of {newsletter}",
        "newsletter briefings",
        _read("open", "click"),
    ),
    "clicked": Test(
        "Reading",
        "clicked in one of the last {value} briefings of {newsletter}",
        "newsletter briefings",
        _read("click"),
    ),
    "ignored": Test(
        "Reading",
        "got some of the last {value} briefings of {newsletter}, and neither opened nor clicked any",
        "newsletter briefings",
        _ignored,
    ),
}


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """The tests by their groups, for a select."""
    blanks = dict.fromkeys(["newsletter", "tag", "field", "value"], "…")
    groups = dict.fromkeys(test.group for test in TESTS.values())
    return [
        (group, [(name, test.words.format(**blanks)) for name, test in TESTS.items() if test.group == group])
        for group in groups
    ]


def in_words(given: Condition) -> str:
    """A condition as a sentence without its subject."""
    if given.test not in TESTS:
        return given.test
    test = TESTS[given.test]
    said = test.words.format(newsletter=given.newsletter, tag=f"“{given.tag}”", field=given.field, value=given.value)
    return f"{said} ({given.newsletter})" if given.newsletter and "(newsletter)" in test.needs else said


def described(segment: Segment) -> str:
    """All conditions of a segment in one line."""
    joint = " and " if segment.joined_by == Segment.JoinedBy.ALL else " or "
    return joint.join(in_words(given) for given in _conditions(segment))


def _conditions(segment: Segment) -> Sequence[Condition]:
    return list(segment.conditions.select_related("newsletter", "tag", "field"))


def problems(segment: Segment) -> list[str]:
    """Why nothing can be sent to a segment, a sentence each."""
    given = _conditions(segment)
    if not given:
        return [f"The segment “{segment}” has no condition."]
    silent = {str(each.newsletter) for each in given if TESTS[each.test].group == "Reading" and not _counts(each)}
    return [f"The segment “{segment}” asks who read {name}, which does not count that." for name in sorted(silent)]


def _counts(given: Condition) -> bool:
    return bool(given.newsletter and given.newsletter.counts_reading)


def members(segment: Segment) -> QuerySet[Subscriber]:
    """Whoever is in a segment now. One without conditions has nobody."""
    tests = [TESTS[given.test].filter(given) for given in _conditions(segment)]
    everybody = Subscriber.objects.order_by()
    if not tests:
        return everybody.none()
    if segment.joined_by == Segment.JoinedBy.ALL:
        for test in tests:
            everybody = everybody.filter(test)
        return everybody
    # A union: each part can be answered by an index or a hash, while one long OR asks everything of everybody.
    first, *others = (everybody.filter(test).values("pk") for test in tests)
    return everybody.filter(pk__in=first.union(*others)) if others else everybody.filter(tests[0])


def gather(rows: QuerySet[Subscriber]) -> None:
    """Put the keys of some subscribers into a temporary table, for statements of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{TABLE}")
        try:
            statement, parameters = rows.order_by().values("pk").query.sql_with_params()
        except EmptyResultSet:
            statement, parameters = "SELECT NULL::bigint LIMIT 0", ()
        cursor.execute(f"CREATE TEMPORARY TABLE {TABLE} (id) ON COMMIT DROP AS {statement}", parameters)
        cursor.execute(f"ANALYZE {TABLE}")


def narrowed_to(segment: Segment | None, column: str) -> str:
    """The condition on a column of subscribers' keys that keeps a statement to a segment, which is gathered for it."""
    if segment is None:
        return "true"
    gather(members(segment))
    return f"{column} IN (SELECT id FROM {TABLE})"


def recount(*, which: QuerySet[Segment] | None = None) -> None:
    """Have a worker count segments anew."""
    rows = Segment.objects.all() if which is None else which
    rows.update(due_at=timezone.now(), attempts=0)
    doorbell.ring("newsletter.tasks.count_segments")


def count_due() -> int:
    """Count the segments that wait for it, one after the other; return how many."""
    return sum(1 for segment in _claimed() if _count(segment))


def _claimed() -> Iterator[Segment]:
    while found := Segment.objects.claim(limit=1):
        yield from found


def _count(segment: Segment) -> bool:
    try:
        count(segment)
    except Exception:
        logger.exception("Segment %s could not be counted", segment.pk)
        segment.release(due_at=timezone.now() + WAIT)
        return False
    return segment.release(due_at=timezone.now() + COUNTED_EVERY, attempts=0)


@transaction.atomic
def count(segment: Segment) -> SegmentCount:
    """Count a segment now, and keep what comes of it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{LONGEST}'")
        gather(members(segment))
        cursor.execute(f"SELECT count(*) FROM {TABLE}")
        size = cursor.fetchone()[0]
        cursor.execute(f"SELECT id FROM {TABLE} ORDER BY id DESC LIMIT {NEWEST}")
        newest = [key for (key,) in cursor.fetchall()]
    _keep_blocks(segment)
    values = {"size": size, "mailable": _mailable(), "newest": newest, "counted_at": timezone.now()}
    return SegmentCount.objects.update_or_create(segment=segment, defaults=values)[0]


def _keep_blocks(segment: Segment) -> None:
    """Keep of everybody who is gathered a bit, so that whether somebody was among them is told without the conditions."""
    size = SegmentBlock.SIZE
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id / {size}, array_agg((id % {size})::int) FROM {TABLE} GROUP BY 1")
        blocks = [SegmentBlock(segment=segment, number=number, members=_bits(keys)) for number, keys in cursor]
    segment.blocks.all().delete()
    SegmentBlock.objects.bulk_create(blocks, batch_size=500)


def _bits(keys: Sequence[int]) -> bytes:
    """Bits as PostgreSQL's get_bit counts them."""
    block = bytearray(SegmentBlock.SIZE // 8)
    for key in keys:
        block[key >> 3] |= 1 << (key & 7)
    return bytes(block)


def as_counted(rows: QuerySet[Any], segment: Segment, *, is_narrowed: bool) -> QuerySet[Any]:
    """Those of some subscribers who were in a segment when it was counted: of all of them, as many as a list leads to.

    A segment that is small enough, or not narrowed further, is answered by the keys of the newest; else each subscriber
    is looked up in the blocks, by a subquery that the planner cannot turn into a join with all of them.
    """
    counted = SegmentCount.objects.filter(segment=segment).only("size").first()
    if counted is None:
        return rows.none()
    if counted.size <= NEWEST or not is_narrowed:
        newest = SegmentCount.objects.filter(segment=segment).annotate(key=Func("newest", function="unnest"))
        return rows.filter(pk__in=newest.values("key"))
    place = OuterRef("pk") % SegmentBlock.SIZE
    bit = Func(F("members"), place, function="get_bit", output_field=IntegerField())
    block = SegmentBlock.objects.filter(segment=segment, number=OuterRef("pk") / SegmentBlock.SIZE)
    return rows.filter(Exact(Subquery(block.annotate(bit=bit).values("bit")), 1))


def _mailable() -> dict[str, dict[str, int]]:
    """How many of those gathered get mail, by the newsletter's key and the rhythm they chose."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT subscription.newsletter_id, subscription.rhythm, count(*) FROM {TABLE} member"
            " JOIN newsletter_subscriber subscriber USING (id)"
            " JOIN newsletter_subscription subscription ON subscription.subscriber_id = subscriber.id"
            " WHERE subscription.state = 'confirmed' AND subscriber.suppressed = ''"
            " AND (subscription.paused_until IS NULL OR subscription.paused_until <= now())"
            " GROUP BY subscription.newsletter_id, subscription.rhythm"
        )
        found: dict[str, dict[str, int]] = {}
        for newsletter_id, rhythm, number in cursor.fetchall():
            found.setdefault(str(newsletter_id), {})[rhythm] = number
        return found


def audience_of(briefing: Briefing) -> int | None:
    """How many of a briefing's segment would get it, as last counted; None if it has not been."""
    counted = SegmentCount.objects.filter(segment=briefing.segment_id).only("mailable").first()
    if counted is None:
        return None
    by_rhythm = counted.mailable.get(str(briefing.newsletter_id), {})
    return sum(number for rhythm, number in by_rhythm.items() if briefing.rhythm in ("", rhythm))
