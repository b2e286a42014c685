"""How subscribers go through an automation: what is due is done, for many at once, and each row moves with what was done.

A batch is one transaction: those of one step who are due are locked, passing over those that another process has in hand; who
has left meanwhile is taken out; the step is done, and the rows go on to the next. Where a batch fails, its rows are taken one by
one, and the one that fails waits with its reason. A letter is a delivery of its edition, unique for its subscriber, and made
with the move, so that nobody gets it twice and nobody misses it, wherever a process dies.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from core.lib.errors import kind_of
from newsletter.automations import figures, letters
from newsletter.models import Automation, AutomationStep, Delivery, Enrolment, Hit, Subscriber, TrackedLink
from newsletter.subscribers import consent, enrolments, segments
from newsletter.subscribers.consent import Act, Actor, NewAct

logger = logging.getLogger(__name__)

AT_ONCE = 1_000
SECONDS = 20
FIRST_LOOK, LOOK_AGAIN = timedelta(seconds=30), timedelta(minutes=5)  # at whether a letter has left
AFTER_TROUBLE = timedelta(minutes=30)
WAY = "automation"
Kind, Test = AutomationStep.Kind, AutomationStep.Test
State, Reason = Enrolment.State, Enrolment.Reason
NOT_COUNTED = (
    "{newsletter} counts no opens and clicks any more. Until it does, nobody enters or leaves by them, and whoever stands before a"
    " fork by reading, a pause or an end waits."
)

# The subscribers are locked with them, as by whatever takes somebody off a list: whoever is leaving is passed over.
_TAKE = """
    SELECT enrolment.id FROM newsletter_enrolment enrolment
    JOIN newsletter_subscriber subscriber ON subscriber.id = enrolment.subscriber_id
    WHERE enrolment.step_id = %(step)s AND enrolment.state = 'waiting' AND enrolment.due_at <= %(now)s
        AND EXISTS (SELECT FROM newsletter_automation WHERE id = %(automation)s AND state = 'running')
    ORDER BY enrolment.due_at, enrolment.id LIMIT %(most)s FOR NO KEY UPDATE OF subscriber, enrolment SKIP LOCKED
"""
# Who gets no mail any more, or reads again where that ends it. Whoever pauses the subscription waits for its end.
_LEAVE = """
    UPDATE newsletter_enrolment enrolment SET
        state = CASE found.why WHEN 'paused' THEN 'waiting' ELSE 'left' END,
        reason = CASE found.why WHEN 'paused' THEN '' ELSE found.why END, trouble = '',
        due_at = CASE found.why WHEN 'paused' THEN found.paused_until ELSE enrolment.due_at END,
        ended_at = CASE found.why WHEN 'paused' THEN NULL ELSE %(now)s END
    FROM (
        SELECT own.id, subscription.paused_until, CASE WHEN subscriber.suppressed <> '' THEN 'suppressed'
            WHEN subscription.id IS NULL THEN 'unsubscribed'
            WHEN %(by_reading)s AND EXISTS (
                SELECT FROM newsletter_delivery delivery JOIN newsletter_hit hit ON hit.delivery_id = delivery.id
                JOIN newsletter_briefing briefing ON briefing.id = delivery.briefing_id
                WHERE delivery.subscriber_id = own.subscriber_id AND briefing.newsletter_id = %(newsletter)s
                    AND delivery.state = 'sent' AND hit.verdict = 'valid' AND hit.at > own.entered_at) THEN 'reading'
            WHEN subscription.paused_until > %(now)s THEN 'paused' ELSE '' END AS why
        FROM newsletter_enrolment own
        JOIN newsletter_subscriber subscriber ON subscriber.id = own.subscriber_id
        LEFT JOIN newsletter_subscription subscription ON subscription.subscriber_id = own.subscriber_id
            AND subscription.newsletter_id = %(newsletter)s AND subscription.state = 'confirmed'
        WHERE own.id = ANY(%(ids)s)
    ) found WHERE enrolment.id = found.id AND found.why <> ''
    RETURNING enrolment.id
"""
# A letter that somebody has in another edition, since the steps were put in another order, is not sent to them again.
_QUEUE = """
    WITH own AS (
        SELECT enrolment.id, enrolment.subscriber_id, EXISTS (
            SELECT FROM newsletter_delivery had JOIN newsletter_briefing edition ON edition.id = had.briefing_id
            WHERE had.subscriber_id = enrolment.subscriber_id AND edition.step_id = %(step)s AND edition.round = %(round)s
        ) AS has_it
        FROM newsletter_enrolment enrolment WHERE id = ANY(%(ids)s)
    ), made AS (
        INSERT INTO newsletter_delivery (briefing_id, subscriber_id, state, note, attempts, due_at)
        SELECT %(edition)s, subscriber_id, 'pending', '', 0, now() FROM own WHERE NOT has_it ORDER BY subscriber_id
        ON CONFLICT DO NOTHING RETURNING id, subscriber_id
    ), placed AS (
        UPDATE newsletter_enrolment enrolment
        SET delivery_id = coalesce(made.id, enrolment.delivery_id), letter_is_out = TRUE, due_at = %(look)s, trouble = ''
        FROM own LEFT JOIN made USING (subscriber_id) WHERE enrolment.id = own.id
    )
    UPDATE newsletter_briefing SET candidates = candidates + (SELECT count(*) FROM made)
    WHERE id = %(edition)s AND EXISTS (SELECT FROM made)
"""


class NotInUse(Exception):
    """A letter has no edition to send."""


@dataclass(slots=True)
class Run:
    """What one run did: how many moves, and which editions have letters to be sent."""

    moved: int = 0
    entered: int = 0
    editions: set[int] | None = None
    trouble: str = ""


def run_due(*, seconds: float = SECONDS) -> set[int]:
    """Do what is due in every running automation; return the editions that have letters to send.

    One automation that cannot be moved says why, and holds up no other.
    """
    until, editions = time.monotonic() + seconds, set[int]()
    rows = list(Automation.objects.running().select_related("newsletter", "segment", "exit_segment"))
    for place, automation in enumerate(rows):
        try:
            left = max(0.0, until - time.monotonic())
            run = _run(automation, time.monotonic() + left / (len(rows) - place))  # one of many keeps no other waiting
            editions |= run.editions or set()
            _tell(automation, run.trouble)
            if run.moved or run.entered or figures.are_old(automation):
                figures.count(automation)
        except OperationalError:
            logger.exception("Automation %s will be tried again", automation.pk)
        except Exception as error:
            logger.exception("Automation %s could not be moved", automation.pk)
            trouble = f"An error of our own stopped it: {_told(error)}. The worker’s log has more. It is tried again."
            Automation.objects.filter(pk=automation.pk).update(trouble=trouble)
    return editions


def _tell(automation: Automation, trouble: str) -> None:
    if automation.trouble != trouble:
        Automation.objects.filter(pk=automation.pk).update(trouble=trouble)


def _run(automation: Automation, until: float) -> Run:
    run, counts = Run(editions=set()), automation.newsletter.counts_reading
    looks = automation.is_for_comers or (counts and automation.is_for_the_quiet)
    if looks and (automation.looks_at is None or automation.looks_at <= timezone.now()):
        run.entered = _let_in(automation)
    steps = list(automation.steps.select_related("segment", "target").order_by("ordering", "pk"))
    for step in steps:
        step.automation = automation
    blind = [] if counts else [step for step in steps if step.goes_by_reading]
    if not counts and (blind or automation.goes_by_reading):
        run.trouble = NOT_COUNTED.format(newsletter=automation.newsletter)
    going = True
    while going and time.monotonic() < until:
        going = False
        for place, step in enumerate(steps):
            if step in blind:
                continue
            following = steps[place + 1] if place + 1 < len(steps) else None
            while time.monotonic() < until and (done := _batch(_Moves(step, following, run))):
                run.moved, going = run.moved + done, True
    return run


@transaction.atomic
def _let_in(automation: Automation) -> int:
    """Look for those who enter, as often as the beginning says; two processes that look at once let nobody in twice."""
    now = timezone.now()
    due = Q(looks_at=None) | Q(looks_at__lte=now)
    next_look = now + enrolments.LOOKS_EVERY[Automation.Begins(automation.begins)]
    if not Automation.objects.running().filter(due, pk=automation.pk).update(looks_at=next_look):
        return 0
    if automation.is_for_the_quiet:
        return enrolments.enter_quiet(automation)
    if automation.looks_at is None and not automation.takes_present:
        enrolments.note_present(automation)
    return enrolments.enter_comers(automation)


@transaction.atomic
def _batch(moves: "_Moves") -> int:
    """Do a step for some of those who are due; return how many were taken."""
    ids = _take(moves.step)
    if not ids:
        return 0
    try:
        with transaction.atomic():
            moves.carry_out(ids)
    except OperationalError:
        raise  # the database is away or busy: the rows are as they were
    except Exception:
        logger.exception("Step %s is done one by one", moves.step.pk)
        for key in ids:
            _one(moves, key)
    return len(ids)


def _one(moves: "_Moves", key: int) -> None:
    try:
        with transaction.atomic():
            moves.carry_out([key])
    except OperationalError:
        raise
    except Exception as error:
        logger.exception("Enrolment %s waits", key)
        later = timezone.now() + AFTER_TROUBLE
        Enrolment.objects.filter(pk=key).update(due_at=later, trouble=_told(error)[:200])


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, NotInUse) else kind_of(error)


def _take(step: AutomationStep) -> list[int]:
    values: dict[str, Any] = {"step": step.pk, "automation": step.automation_id, "now": timezone.now(), "most": AT_ONCE}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        return [key for (key,) in cursor.fetchall()]


class _Moves:
    """One step, and where those go on who have done it."""

    def __init__(self, step: AutomationStep, following: AutomationStep | None, run: Run) -> None:
        self.step, self.following, self.run = step, following, run
        self.automation = step.automation
        if following:
            following.automation = step.automation

    def carry_out(self, ids: Sequence[int]) -> None:
        """Do the step for those who are still in it."""
        if not (ids := self._still_in(ids)):
            return
        if self.step.kind == Kind.LETTER:
            self._letter(ids)
        elif self.step.kind == Kind.FORK:
            self._fork(ids)
        elif self.step.kind in (Kind.PAUSE, Kind.UNSUBSCRIBE):
            self._end_or_pause(ids)
        elif self.step.kind == Kind.LEAVE:
            self._leave(ids, Reason.FORK)
            self._count(len(ids))
        else:
            self._go_on(ids)

    def _still_in(self, ids: Sequence[int]) -> list[int]:
        """Without those who left, who are paused, or who came into the segment that ends it."""
        automation = self.automation
        values: dict[str, Any] = {"ids": list(ids), "newsletter": automation.newsletter_id, "now": timezone.now()}
        with connection.cursor() as cursor:
            cursor.execute(_LEAVE, {**values, "by_reading": automation.ends_when_reading})
            gone = {key for (key,) in cursor.fetchall()}
        if automation.exit_segment:
            rest = [key for key in ids if key not in gone]
            out = self._in_segment(rest, automation.exit_segment)
            self._leave(out, Reason.SEGMENT)
            gone |= set(out)
        return [key for key in ids if key not in gone]

    def _in_segment(self, ids: Sequence[int], segment: object) -> list[int]:
        rows = Enrolment.objects.filter(pk__in=ids)
        within = segments.members(segment).filter(pk__in=rows.values("subscriber")).values("pk")  # type: ignore[arg-type]
        return list(rows.order_by("pk").filter(subscriber__in=within).values_list("pk", flat=True))

    def _letter(self, ids: Sequence[int]) -> None:
        """Queue the letter of those who come, and let those go on whose letter has left or cannot."""
        rows = Enrolment.objects.filter(pk__in=ids)
        by_round: dict[int, list[int]] = defaultdict(list)
        for key, round_ in rows.filter(letter_is_out=False).values_list("pk", "round"):
            by_round[round_].append(key)
        for round_, keys in sorted(by_round.items()):
            self._queue(round_, keys)
        open_ones = Q(delivery__state__in=["pending", "sending", "retry"], delivery__briefing__step=self.step.pk)
        out = rows.filter(letter_is_out=True).exclude(pk__in=[key for keys in by_round.values() for key in keys])
        unsettled = set(out.filter(open_ones).values_list("pk", flat=True))
        Enrolment.objects.filter(pk__in=unsettled).update(due_at=timezone.now() + LOOK_AGAIN)
        settled = [key for key in out.values_list("pk", flat=True) if key not in unsettled]
        self._go_on(settled)

    def _queue(self, round_: int, ids: Sequence[int]) -> None:
        edition = letters.edition_for(self.step, round_)
        if edition is None:
            raise NotInUse(f"The letter of step {self.step.ordering} was never put into use.")
        values: dict[str, Any] = {"step": self.step.pk, "round": round_, "edition": edition.pk, "ids": list(ids)}
        with connection.cursor() as cursor:
            cursor.execute(_QUEUE, {**values, "look": timezone.now() + FIRST_LOOK})
        if self.run.editions is not None:
            self.run.editions.add(edition.pk)

    def _fork(self, ids: Sequence[int]) -> None:
        true_of = self._true_of(ids)
        rest = [key for key in ids if key not in true_of]
        self._count(len(ids), turned=len(true_of))
        if self.step.leaves or self.step.target is None:
            self._leave(true_of, Reason.FORK)
        else:
            self.step.target.automation = self.automation
            self._arrive(true_of, self.step.target)
        self._arrive(rest, self.following)

    def _true_of(self, ids: Sequence[int]) -> set[int]:
        """Of whom the test of a fork is true. Nobody is held not to have read a letter whose opens were not counted."""
        test = Test(self.step.test)
        if test in (Test.IN_SEGMENT, Test.NOT_IN_SEGMENT):
            found = set(self._in_segment(ids, self.step.segment)) if self.step.segment else set()
            return found if test == Test.IN_SEGMENT else set(ids) - found
        kinds = ["click"] if test in (Test.CLICKED, Test.NOT_CLICKED) else ["open", "click"]
        read = Hit.objects.filter(verdict=Hit.Verdict.VALID, kind__in=kinds, delivery__state="sent")
        rows = Enrolment.objects.filter(pk__in=ids)
        found = set(rows.filter(delivery__in=read.values("delivery")).values_list("pk", flat=True))
        if test in (Test.READ, Test.CLICKED):
            return found
        links = TrackedLink.objects.filter(briefing=OuterRef("delivery__briefing"))
        return set(rows.filter(Exists(links)).values_list("pk", flat=True)) - found

    def _end_or_pause(self, ids: Sequence[int]) -> None:
        """Write the end, or a pause, into the ledger of consent for each who was asked; who ends has finished before."""
        if not (ids := self._asked(ids)):
            return
        subscribers = Subscriber.objects.filter(enrolments__in=ids).order_by("pk")
        acts = [self._act(subscriber) for subscriber in subscribers]
        if self.step.kind == Kind.UNSUBSCRIBE:
            self._count(len(ids))
            self._arrive(ids, None)
        else:
            self._go_on(ids)
        consent.record(*acts)

    def _asked(self, ids: Sequence[int]) -> list[int]:
        """Those whom a letter asked whether they stay, with time to answer. Whom it asked lately waits; whom none did, leaves."""
        question = Delivery.objects.filter(
            subscriber=OuterRef("subscriber"),
            state=Delivery.State.SENT,
            briefing__automation=self.automation,
            briefing__round=OuterRef("round"),
            briefing__asks_to_stay=True,
        )
        first = question.order_by("sent_at").values("sent_at")[:1]
        rows = dict(Enrolment.objects.filter(pk__in=ids).annotate(at=Subquery(first)).values_list("pk", "at"))
        now = timezone.now()
        self._leave([key for key, at in rows.items() if at is None], Reason.NOT_ASKED)
        lately = {key: at for key, at in rows.items() if at and at + letters.ANSWERED_WITHIN > now}
        for key, at in lately.items():
            Enrolment.objects.filter(pk=key).update(due_at=at + letters.ANSWERED_WITHIN)
        return [key for key, at in sorted(rows.items()) if at and key not in lately]

    def _act(self, subscriber: Subscriber) -> NewAct:
        person, newsletter = consent.person(subscriber), self.automation.newsletter_id
        given: dict[str, Any] = {"way": WAY, "note": f"Automation “{self.automation.name}”"}
        if self.step.kind == Kind.UNSUBSCRIBE:
            return NewAct(person, Act.LEFT, Actor.AUTOMATION, newsletter, **given)
        until = timezone.now() + timedelta(**{self.step.unit: self.step.amount or 0})
        return NewAct(person, Act.PAUSED, Actor.AUTOMATION, newsletter, until=until, **given)

    def _go_on(self, ids: Sequence[int]) -> None:
        self._count(len(ids))
        self._arrive(ids, self.following)

    def _count(self, number: int, turned: int = 0) -> None:
        if number:
            own = AutomationStep.objects.filter(pk=self.step.pk)
            own.update(passed=F("passed") + number, turned=F("turned") + turned)

    def _arrive(self, ids: Iterable[int], step: AutomationStep | None) -> None:
        now, rows = timezone.now(), Enrolment.objects.filter(pk__in=list(ids))
        if step is None:
            rows.update(state=State.FINISHED, ended_at=now, trouble="")
        else:
            rows.update(step=step, due_at=step.due_after(now), letter_is_out=False, trouble="")

    def _leave(self, ids: Iterable[int], reason: str) -> None:
        rows = Enrolment.objects.filter(pk__in=list(ids))
        rows.update(state=State.LEFT, reason=reason, ended_at=timezone.now(), trouble="")
