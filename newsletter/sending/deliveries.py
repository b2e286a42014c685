"""The deliveries of a briefing: its audience, the states of each delivery, and the statements that change them.

    pending ──claim──▶ sending ──outcome──▶ sent │ retry │ failed │ uncertain
       ▲                  ├──the pump died, and its journal says that it had not begun──▶ pending
       └─── by staff      └──the lease is over──▶ uncertain

A claim commits `sending` before anything leaves, and only for the few messages that leave next; the outcome is written
after the mail server's reply, and only by the holder of the lease. Whatever dies in between, nothing is sent twice: what
may or may not have left becomes `uncertain` and is shown to staff, since nobody can have exactly-once over SMTP (RFC 1047).
Of a dead pump's messages, newsletter.sending.send_journal knows which were on the wire: at most one for each session.
"""

import json
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg
from django.db import connection, transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from core import pagecache
from core.lib.smtp import Outcome, Status
from core.lib.text import storable
from core.models import SiteProfile
from core.transitions import change_if
from newsletter import events
from newsletter.mail.personal_words import WITHOUT_A_SUBSCRIBER, Person
from newsletter.mail.status_codes import says_gone
from newsletter.models import Briefing, Delivery
from newsletter.subscribers import consent, segments
from newsletter.subscribers.consent import Act, Actor, NewAct

FEW = 0.05  # the share of a briefing that may still be tried again when it counts as sent
BACKOFF = [timedelta(minutes=minutes) for minutes in (2, 10, 30, 60, 120, 240)]
State = Delivery.State
STATES = {
    Status.ACCEPTED: State.SENT,
    Status.DEFERRED: State.RETRY,
    Status.REFUSED: State.FAILED,
    Status.UNCERTAIN: State.UNCERTAIN,
    Status.UNSENT: State.PENDING,
}

# Why somebody on a list gets nothing now.
_REFUSAL = """CASE WHEN subscriber.suppressed <> '' THEN 'suppressed'
    WHEN subscription.paused_until > now() THEN 'paused' ELSE '' END"""

# The audience is whoever is confirmed now, each once, as they are on the list; a briefing is frozen once, so there are no
# others. Suppressed addresses and those who pause are in it, as skipped, so that the counts add up.
_FREEZE = f"""
    WITH audience AS (
        SELECT subscriber.id, refusal.why
        FROM newsletter_subscription subscription
        JOIN newsletter_subscriber subscriber ON subscriber.id = subscription.subscriber_id
        CROSS JOIN LATERAL (SELECT {_REFUSAL} AS why) refusal
        WHERE subscription.newsletter_id = %(newsletter)s AND subscription.state = 'confirmed'
            AND %(rhythm)s IN ('', subscription.rhythm)
            AND {{segment}}
    )
    INSERT INTO newsletter_delivery (briefing_id, subscriber_id, state, note, attempts, due_at, variant)
    SELECT %(briefing)s, audience.id, CASE why WHEN '' THEN 'pending' ELSE 'skipped' END, why, 0, {{due}}, {{variant}}
    FROM audience {{sample}}
"""

# Where subjects are tested, those who get it stand in a line by a hash of the seed and the subscriber; the first of it, as many as
# the share is, are the sample, and get one subject after the other. Whoever is not in it waits in a far future, which claims look
# into once the test is decided: so nothing has to be written a million times for that.
_SAMPLE = """LEFT JOIN (
        SELECT id, ((row_number() OVER (ORDER BY lot, id) - 1) %% %(variants)s)::smallint AS variant
        FROM (SELECT id, ('x' || left(md5(%(seed)s || ':' || id), 15))::bit(60)::bigint AS lot FROM audience WHERE why = '') line
        ORDER BY lot, id LIMIT (SELECT count(*) * %(share)s / 100 FROM audience WHERE why = '')
    ) sample ON sample.id = audience.id"""
_DUE = "CASE WHEN sample.variant IS NULL THEN now() + interval '100 years' ELSE now() END"
_ALL = {"variant": "NULL::smallint", "due": "now()", "sample": ""}
_SOME_FIRST = {"variant": "sample.variant", "due": _DUE, "sample": _SAMPLE}

# What personal words need is only asked for where there are any.
_NOBODY, _PERSON = "'' AS name, NULL::jsonb AS attributes,", "subscriber.name, subscriber.attributes,"

# One statement, and so one commit, for the outcomes that came in and the messages that leave next. A late outcome is
# still written over `uncertain`: the lease says that it is the same attempt. A message that never left is `pending` again,
# and that was no attempt. IS NOT DISTINCT FROM keeps the planner from looking for a few known rows in the index of open
# deliveries.
_RECORD_AND_CLAIM = """
    WITH outcome AS (
        SELECT * FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(notes)s::text[]) AS outcome (id, state, note)
    ), recorded AS (
        UPDATE newsletter_delivery delivery
        SET state = CASE WHEN outcome.state = 'retry' AND delivery.attempts > {tries} THEN 'failed'
                         ELSE outcome.state END,
            note = CASE WHEN delivery.subscriber_id IS NULL THEN '' ELSE outcome.note END,
            sent_at = CASE outcome.state WHEN 'sent' THEN now() END,
            attempts = delivery.attempts - CASE outcome.state WHEN 'pending' THEN 1 ELSE 0 END,
            due_at = CASE outcome.state WHEN 'retry'
                THEN now() + ('{backoff}'::interval[])[least(delivery.attempts, {tries})] ELSE delivery.due_at END
        FROM outcome
        WHERE delivery.id = outcome.id AND delivery.lease IS NOT DISTINCT FROM %(lease)s
            AND (delivery.state IS NOT DISTINCT FROM 'sending' OR delivery.state IS NOT DISTINCT FROM 'uncertain')
    ), due AS (
        SELECT id, subscriber_id, turn_at FROM newsletter_delivery
        WHERE briefing_id = %(briefing)s AND state = '{waiting}' AND {due}
            AND EXISTS (
                SELECT 1 FROM newsletter_briefing WHERE id = %(briefing)s AND (state = 'sending' OR retrying > 0)
            )
        ORDER BY due_at LIMIT {wanted} FOR UPDATE SKIP LOCKED
    ), checked AS (
        SELECT due.id, subscriber.id AS subscriber_id, subscriber.email, {person}{columns}
               CASE WHEN subscriber.id IS NULL THEN 'erased' WHEN subscription.id IS NULL THEN 'unsubscribed'
                    ELSE {refusal} END AS refusal
        FROM due
        LEFT JOIN newsletter_subscriber subscriber ON subscriber.id = due.subscriber_id
        LEFT JOIN newsletter_subscription subscription ON subscription.subscriber_id = subscriber.id
            AND subscription.newsletter_id = %(newsletter)s AND subscription.state = 'confirmed'
    ){paced}
    UPDATE newsletter_delivery delivery
    SET state = CASE checked.refusal WHEN '' THEN 'sending' {waits} ELSE 'skipped' END,
        attempts = delivery.attempts + CASE checked.refusal WHEN '' THEN 1 ELSE 0 END,
        note = CASE checked.refusal WHEN '' THEN delivery.note ELSE {note} END,
        lease = %(lease)s, lease_expires_at = now() + interval '{held}'{slot}
    FROM {source} checked WHERE delivery.id = checked.id
    RETURNING delivery.id, checked.subscriber_id, checked.email, checked.refusal, checked.name, checked.attributes,
        delivery.variant
"""

# What this adds where letters to some domains are slowed down or wait: those get a time, and are no attempt. The rate of a
# domain is the moment at which its next letter has room, as in newsletter.sending.limits; each letter gets its turn once.
WAITING = "waiting for its turn at its domain"
_PACED = """, paced AS (
        SELECT id, domain, waits_until, interval '1 minute' / per_minute AS each,
               greatest(free_at, now() - interval '1 minute' / per_minute * (greatest(1, per_minute / 60) - 1)) AS begins
        FROM newsletter_recipientdomain
        WHERE domain IN (SELECT domain FROM checked WHERE refusal = '')
            AND (per_minute IS NOT NULL OR waits_until > now())
        ORDER BY id FOR UPDATE
    ), turned AS (
        SELECT checked.id, paced.id AS paced_id, paced.each, paced.begins,
               row_number() OVER (PARTITION BY paced.id ORDER BY checked.id) AS number
        FROM checked JOIN paced USING (domain)
        WHERE checked.refusal = '' AND checked.turn_at IS NULL AND paced.each IS NOT NULL
            AND (paced.waits_until IS NULL OR paced.waits_until <= now())
    ), taken AS (
        UPDATE newsletter_recipientdomain domain SET free_at = next.free_at
        FROM (SELECT paced_id, begins + count(*) * each AS free_at FROM turned GROUP BY paced_id, begins, each) next
        WHERE domain.id = next.paced_id
    ), settled AS (
        SELECT checked.id, checked.subscriber_id, checked.email, checked.name, checked.attributes,
               CASE WHEN checked.refusal = '' AND slot.at > now() THEN %(waiting)s ELSE checked.refusal END AS refusal,
               slot.at, slot.turn_at
        FROM checked
        LEFT JOIN paced USING (domain)
        LEFT JOIN turned ON turned.id = checked.id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN paced.waits_until > now() THEN paced.waits_until
                        ELSE turned.begins + (turned.number - 1) * turned.each END AS at,
                   CASE WHEN paced.waits_until > now() THEN NULL
                        ELSE turned.begins + (turned.number - 1) * turned.each END AS turn_at
        ) slot
    )"""
_ALWAYS = {
    "refusal": _REFUSAL,
    "held": f"{Delivery.LEASE.total_seconds():g} seconds",
    "backoff": "{" + ",".join(f"{pause.total_seconds():g} seconds" for pause in BACKOFF) + "}",
    "tries": len(BACKOFF),
}
_PLAIN = {"columns": "", "paced": "", "waits": "", "slot": "", "note": "checked.refusal", "source": "checked"}
_CAREFUL = {
    "columns": " split_part(lower(subscriber.email), '@', 2) AS domain, due.turn_at,",
    "paced": _PACED,
    "waits": "WHEN %(waiting)s THEN 'retry'",
    "slot": """, due_at = CASE WHEN checked.refusal = %(waiting)s THEN checked.at ELSE delivery.due_at END,
        turn_at = CASE WHEN checked.refusal = %(waiting)s THEN checked.turn_at END""",
    "note": "coalesce(nullif(CASE checked.refusal WHEN %(waiting)s THEN delivery.note END, ''), checked.refusal)",
    "source": "settled",
}


class ClaimedDelivery(NamedTuple):
    """A delivery that this process may make, and its recipient."""

    delivery_id: int
    subscriber_id: int
    recipient: str
    person: Person = WITHOUT_A_SUBSCRIBER
    variant: int | None = None


class Test(Enum):
    """Whether subjects are tested, and whether it is known yet what the rest gets."""

    NONE = "none"
    OPEN = "open"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Draw:
    """How the sample of a test of subjects is drawn: the share of those who get it in per cent, and among how many subjects."""

    seed: str
    share: int
    variants: int


def freeze_audience(briefing: Briefing, draw: Draw | None = None) -> int:
    """Make a delivery for every confirmed subscriber it is for, in the freezing transaction; return how many."""
    narrowed = segments.narrowed_to(briefing.segment, "subscriber.id")
    statement = _FREEZE.format(segment=narrowed, **(_SOME_FIRST if draw else _ALL))
    with connection.cursor() as cursor:
        audience: dict[str, Any] = {"newsletter": briefing.newsletter_id, "rhythm": briefing.rhythm}
        cursor.execute(statement, {"briefing": briefing.pk, **audience, **(asdict(draw) if draw else {})})
        made = cursor.rowcount
        cursor.execute("ANALYZE newsletter_delivery (briefing_id, state)")  # else claims are planned for no rows
    return made


class DeliveryQueue:
    """The deliveries of one briefing for one pump, which claims them under a lease of its own.

    It is `exhausted` once nothing more is due, or nothing may be sent because the briefing is paused or cancelled. Claims look
    at the domains of recipients only if they are `is_careful`. `beside` has the database asked beside something else.
    """

    def __init__(
        self,
        briefing: Briefing,
        lease: UUID | None = None,
        *,
        is_personal: bool = False,
        test: Test = Test.NONE,
        beside: Callable[[Callable[[], list[Any]]], list[Any]] = operator.call,
    ):
        self.briefing, self.lease, self.beside = briefing, lease or uuid4(), beside
        self.test = test
        self.is_personal = is_personal
        self.waiting = State.PENDING
        self.exhausted = self.is_careful = False
        connection.ensure_connection()
        # Django has the server plan every statement anew; this one is the same thousands of times.
        connection.connection.prepare_threshold = 0
        self.cursor = psycopg.Cursor(connection.connection)

    def record_and_claim(self, outcomes: Sequence[tuple[int, Outcome]], *, wanted: int) -> list[ClaimedDelivery]:
        """Write the outcomes that came in, and claim up to `wanted` messages that may leave now.

        Subscribers who left or were suppressed since the freeze are skipped here, so fewer may come though more are due.
        """
        gone = [pk for pk, outcome in outcomes if outcome.status is Status.REFUSED and says_gone(outcome.note)]
        if gone:
            with transaction.atomic():
                rows = self._execute(outcomes, wanted)
                self._suppress(gone)
        else:
            rows = self._execute(outcomes, wanted)
        if self.briefing.first_sent_at is None and any(each.status is Status.ACCEPTED for _, each in outcomes):
            note_first(self.briefing)
        if any(outcome.status is Status.UNSENT for _, outcome in outcomes):
            self.waiting = State.PENDING  # as those are again, but only for the next claim
        elif wanted and not rows:
            self.exhausted, self.waiting = self.waiting == State.RETRY, State.RETRY
        return [
            ClaimedDelivery(pk, subscriber, email, _person(name, attributes), variant)
            for pk, subscriber, email, refusal, name, attributes, variant in rows
            if not refusal
        ]

    def _suppress(self, gone: Sequence[int]) -> None:
        """Suppress the recipients of whom the mail server said that there is no such mailbox."""
        own = Delivery.objects.filter(pk__in=gone, lease=self.lease, state=State.FAILED, subscriber__isnull=False)
        way = f"briefing {self.briefing.pk}"
        consent.record(
            *(
                NewAct(consent.person(row.subscriber), Act.BOUNCED, Actor.SERVER, way=way, note=row.note)
                for row in own.select_related("subscriber")
            )
        )

    def renew(self) -> None:
        """Renew the lease of what is still in hand."""
        self.briefing.deliveries.filter(state=State.SENDING, lease=self.lease).renew()

    def _due(self) -> str:
        """Which deliveries may leave: of a test that is not decided only the sample's, and once it is also the rest."""
        if self.test is Test.OPEN:
            return "due_at <= now() AND variant IS NOT NULL"
        if self.test is Test.DECIDED and self.waiting == State.PENDING:
            return "due_at <= now() + interval '200 years'"
        return "due_at <= now()"

    def _execute(
        self, outcomes: Sequence[tuple[int, Outcome]], wanted: int
    ) -> list[tuple[int, int, str, str, str, Any, int | None]]:
        parameters: dict[str, Any] = {
            "briefing": self.briefing.pk,
            "newsletter": self.briefing.newsletter_id,
            "lease": self.lease,
            "ids": _array(str(delivery_id) for delivery_id, _ in outcomes),
            "states": _array(STATES[outcome.status].value for _, outcome in outcomes),
            "notes": _array(_quoted(outcome.note) for _, outcome in outcomes),
            "waiting": WAITING,
        }
        # The limit is part of the text, so that the server, which plans this once, knows how few rows it is about.
        parts = (_CAREFUL if self.is_careful else _PLAIN) | _ALWAYS | {"waiting": self.waiting.value}
        person = _PERSON if self.is_personal else _NOBODY
        statement = _RECORD_AND_CLAIM.format(wanted=int(wanted), person=person, due=self._due(), **parts)
        with connection.wrap_database_errors:
            return self.beside(lambda: self.cursor.execute(statement, parameters, prepare=True).fetchall())


def _person(name: str | None, attributes: str | None) -> Person:
    """What is known of a recipient; Django has the database's JSON come as text."""
    return (
        Person(name or "", json.loads(attributes) if attributes else {}) if name or attributes else WITHOUT_A_SUBSCRIBER
    )


def _array(items: Iterable[str]) -> str:
    """An array as PostgreSQL reads it: one text, where a list would be looked at item by item with every claim."""
    return "{" + ",".join(items) + "}"


def _quoted(text: str) -> str:
    if not text:
        return '""'
    return '"' + storable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def expire_leases() -> int:
    """Call uncertain what pumps had in hand when they died; return how many."""
    live = Briefing.every.filter(
        Q(state__in=["sending", "paused", "cancelled"]) | Q(retrying__gt=0), frozen_at__isnull=False
    )
    lost = Delivery.objects.filter(briefing__in=live, state=State.SENDING).abandoned()
    note = "The worker ended while this was being sent. It may or may not have arrived."
    return int(lost.update(state=State.UNCERTAIN, note=note))


@transaction.atomic
def reconcile(briefing_id: int) -> bool:
    """Close a briefing that everybody's turn has come of, and keep its counts up to date; whether this call closed it.

    A few that are to be tried again do not keep it open.
    """
    briefing = Briefing.every.select_for_update().get(pk=briefing_id)
    if briefing.state == Briefing.State.CANCELLED:
        briefing.deliveries.filter(state__in=[State.PENDING, State.RETRY]).update(state=State.SKIPPED, note="cancelled")
        Briefing.every.filter(pk=briefing.pk).update(**_ends(briefing))
        return False
    if briefing.is_letter:
        Briefing.every.filter(pk=briefing.pk).update(**_ends(briefing))
        return False
    if briefing.state not in (Briefing.State.SENDING, Briefing.State.SENT):
        return False
    is_sent = briefing.state == Briefing.State.SENT
    if not is_sent and briefing.deliveries.waiting_for_their_turn().exists():
        return False
    outcomes, made = _outcomes(briefing), briefing.deliveries.count()
    if made != briefing.candidates or sum(outcomes.values()) != made:
        briefing.hold(f"The counts do not add up: {briefing.candidates} subscribers, {made} deliveries, {outcomes}.")
        return False
    if not is_sent and outcomes["retrying"] > FEW * made:
        return False
    if is_sent:
        Briefing.every.filter(pk=briefing.pk).update(**outcomes)
        return False
    sent: dict[str, Any] = {"state": Briefing.State.SENT, "sent_at": timezone.now(), "trouble": "", **outcomes}
    if change_if(briefing, Q(state=Briefing.State.SENDING), **sent):
        events.announce_sent(briefing)
    pagecache.bump(in_articles=False)
    return True


def note_first(briefing: Briefing) -> None:
    """Let readers see a briefing, since the first of its mails has been taken."""
    briefing.first_sent_at = timezone.now()
    is_first = Briefing.every.filter(pk=briefing.pk, first_sent_at=None).update(first_sent_at=briefing.first_sent_at)
    if is_first and not briefing.is_letter:
        pagecache.bump(in_articles=SiteProfile.current().leads_to(briefing.get_absolute_url()))


def _outcomes(briefing: Briefing) -> dict[str, int]:
    ends = _ends(briefing)
    counts = counts_of(briefing)
    return {**ends, "retrying": sum(counts.get(state, 0) for state in (State.RETRY, State.PENDING, State.SENDING))}


def _ends(briefing: Briefing) -> dict[str, int]:
    counts = counts_of(briefing)
    ends = {"delivered": "sent", "failed": "failed", "uncertain": "uncertain", "skipped": "skipped"}
    return {name: counts.get(state, 0) for name, state in ends.items()}


def skipped(briefing: Briefing) -> list[tuple[str, int]]:
    """Why a briefing left somebody out, with how many, the most frequent first. Of one that was cancelled that is why, for all the rest."""
    if briefing.state == Briefing.State.CANCELLED:
        return []
    rows = briefing.deliveries.filter(state=State.SKIPPED).values_list("note").annotate(number=Count("id"))
    return list(rows.order_by("-number", "note"))


def retried_until(briefing: Briefing) -> datetime | None:
    """When the last of those that are tried again is given up at the latest; None where there are none."""
    waiting = briefing.deliveries.filter(state=State.RETRY).values_list("attempts").annotate(Max("due_at")).order_by()
    return max((due + sum(BACKOFF[attempts:], timedelta()) for attempts, due in waiting), default=None)


def counts_of(briefing: Briefing) -> dict[str, int]:
    """How many deliveries are in each state. What is sent is the rest, so that a long list is not counted through."""
    counts = dict(briefing.deliveries.exclude(state="sent").values_list("state").annotate(Count("id")).order_by())
    return {**counts, "sent": briefing.candidates - sum(counts.values())}
