"""Acts on many rows: collecting which ones an act is about, going through them batch by batch, and undoing it.

What an act is about is fixed before anybody is asked whether it shall be done, so the number in the question is the number
of rows it is done to. One act of a kind of rows runs at a time. A batch is a transaction; where one fails, each of its rows
is tried by itself. A part that has such acts derives its models from `ActRow` and `ActBatch`, and an engine from `Engine`.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connection, models, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from core import advisory_locks, doorbell, transitions
from core.advisory_locks import AdvisoryLock
from core.leases import LeasedModel
from core.lib import batches

logger = logging.getLogger(__name__)
MOST_ATTEMPTS = 3
WAIT = timedelta(minutes=1)  # after an error
ASKED_FOR = timedelta(days=7)
UNDONE_FOR = timedelta(days=30)
KEPT_FOR = timedelta(days=365)


class State(models.TextChoices):
    COLLECTING = "collecting", "being found"
    READY = "ready", "waits for a yes"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    UNDOING = "undoing", "being undone"
    UNDONE = "undone"
    FAILED = "failed"


AT_WORK = [State.COLLECTING, State.RUNNING, State.UNDOING]


class ActRow(LeasedModel):
    """What it is about is collected first; then it waits for somebody to say yes, and a worker goes through the batches."""

    LEASE: ClassVar[timedelta] = timedelta(minutes=10)

    state = models.CharField(max_length=10, choices=State, default=State.COLLECTING)
    selection = models.JSONField(
        default=dict, blank=True, help_text="What the list was narrowed to, until it is collected."
    )
    about = models.CharField(max_length=300, blank=True, help_text="The same in words, without addresses.")
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)
    is_cancel_asked = models.BooleanField(default=False)
    by_name = models.CharField("by", max_length=254)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    batches: Any

    class Meta:
        abstract = True

    @property
    def is_at_work(self) -> bool:
        return self.state in AT_WORK

    @property
    def is_undoable(self) -> bool:
        """Whether what it did can be put back at all."""
        raise NotImplementedError

    @property
    def can_undo(self) -> bool:
        ended = self.state in (State.DONE, State.CANCELLED)
        return ended and bool(self.changed) and self.is_undoable and self.batches.exists()


class ActBatch(models.Model):
    """Some of the rows that an act is about, and which of them it changed. `act` leads to the act."""

    number = models.PositiveIntegerField()
    keys = ArrayField(models.BigIntegerField())
    changed = ArrayField(models.BigIntegerField(), default=list)
    is_done = models.BooleanField(default=False)

    class Meta:
        abstract = True


@dataclass
class Outcome:
    """What came of a batch: which rows it changed, with what is needed to undo that, and what has to be said about it."""

    changed: dict[int, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Engine:
    """Acts on rows of one kind."""

    model: type[Any]
    lock: tuple[AdvisoryLock, int]
    task: str
    size = 500
    problems_named = 20

    # What a part says of its acts

    def selected(self, said: Mapping[str, str]) -> QuerySet[Any]:
        """All rows that a list shows, with what its address says. Raises ValidationError for what is not known."""
        raise NotImplementedError

    def check(self, row: Any) -> None:
        """Raise ValidationError where the act cannot be done any more."""

    def carry_out(self, row: Any, keys: list[int]) -> Outcome:
        """Do it to these rows, in a transaction."""
        raise NotImplementedError

    def put_back(self, row: Any, batch: Any) -> list[str]:
        """Undo it for the rows that a batch changed, in a transaction; what could not be put back, in words."""
        raise NotImplementedError

    def in_words(self, key: int, error: Exception) -> str:
        """What went wrong with one row."""
        return f"{key}: {type(error).__name__}"

    def kept(self, outcome: Outcome) -> dict[str, Any]:
        """The columns of a batch that undoing will need."""
        return {"changed": list(outcome.changed)}

    def forgotten(self, row: Any, state: str) -> bool:
        """Whether nothing of what it was about is kept once it ended so."""
        return state == State.UNDONE

    def found(self, rows: QuerySet[Any]) -> tuple[str, Sequence[Any]]:
        """A statement for the keys of some rows."""
        try:
            statement, parameters = rows.order_by().values("pk").query.sql_with_params()
        except EmptyResultSet:
            return "SELECT NULL::bigint AS id LIMIT 0", ()
        return statement, parameters

    # Its life

    @transaction.atomic
    def begin(self, row: Any, *, rows: QuerySet[Any] | None = None) -> Any:
        """Store an act: on these rows or, found by a worker, on all that its `selection` means."""
        row.save()
        if rows is not None:
            self._collect(row, rows)
            self.model.objects.filter(pk=row.pk).update(state=State.READY, total=row.total)
            row.refresh_from_db()
        else:
            self._ring()
        return row

    def start(self, row: Any, **by: Any) -> None:
        """Have a worker do it. Raises TransitionRefused."""
        fresh: dict[str, Any] = {"attempts": 0, "due_at": timezone.now()}
        transitions.move(row, sources=[State.READY], to=State.RUNNING, action="started", **fresh, **by)
        self._ring()

    def cancel(self, row: Any) -> None:
        """Drop one that waits; ask a worker to stop one that runs. Raises TransitionRefused."""
        unheld = Q(state=State.READY) | Q(state__in=[State.COLLECTING, State.RUNNING], lease=None)
        if transitions.change_if(row, unheld, state=State.CANCELLED, ended_at=timezone.now(), selection={}):
            return
        at_work = Q(state__in=[State.COLLECTING, State.RUNNING])
        if not transitions.change_if(row, at_work, is_cancel_asked=True):
            raise transitions.TransitionRefused(
                f"This act is {row.get_state_display().lower()}, so it cannot be cancelled."
            )

    def undo(self, row: Any, **by: Any) -> None:
        """Have a worker put things back as they were. Raises TransitionRefused."""
        if not row.can_undo:
            raise transitions.TransitionRefused("This act cannot be undone.")
        fresh: dict[str, Any] = {"attempts": 0, "due_at": timezone.now(), "is_cancel_asked": False}
        transitions.move(row, sources=[State.DONE, State.CANCELLED], to=State.UNDOING, action="undone", **fresh, **by)
        self._ring()

    def run_next(self) -> bool:
        """Do the act that has waited for longest; whether there was one that nobody else does."""
        with advisory_locks.first_free(self.lock[0], [self.lock[1]]) as free:
            if free is None:
                return False
            found = self.model.objects.filter(state__in=AT_WORK).claim(limit=1)
            for row in found:
                self._run(row)
            return bool(found)

    def _ring(self) -> None:
        doorbell.ring(self.task)

    def _collect(self, row: Any, rows: QuerySet[Any]) -> None:
        table = self.model._meta.get_field("batches").related_model._meta.db_table
        statement, parameters = self.found(rows)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (act_id, number, keys, changed, is_done)"
                f" SELECT %s, number, array_agg(id ORDER BY id), '{{}}', false"
                f" FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / {self.size} AS number"
                f" FROM ({statement}) rows (id)) numbered GROUP BY number",
                [row.pk, *parameters],
            )
            cursor.execute(f"SELECT coalesce(sum(cardinality(keys)), 0) FROM {table} WHERE act_id = %s", [row.pk])
            row.total = cursor.fetchone()[0]

    def _run(self, row: Any) -> None:
        if row.attempts > MOST_ATTEMPTS:
            self._end(row, State.FAILED, problem="It was broken off several times; the worker's log says why.")
            return
        steps = {State.COLLECTING: self._find, State.RUNNING: self._go_through, State.UNDOING: self._go_back}
        try:
            steps[State(row.state)](row)
        except ValidationError as refusal:
            self._end(row, State.FAILED, problem=" ".join(refusal.messages))
        except Exception:
            logger.exception("Bulk act %s was broken off by an error", row.pk)
            row.release(due_at=timezone.now() + WAIT)

    def _end(self, row: Any, state: str, **outcome: Any) -> None:
        row.release(state=state, ended_at=timezone.now(), selection={}, **outcome)
        if self.forgotten(row, state):
            row.batches.all().delete()

    @transaction.atomic
    def _find(self, row: Any) -> None:
        row.batches.all().delete()
        self._collect(row, self.selected(row.selection))
        if self._is_cancelled(row):
            self._end(row, State.CANCELLED)
            return
        row.release(state=State.READY, selection={}, total=row.total)

    def _is_cancelled(self, row: Any) -> bool:
        return bool(self.model.objects.filter(pk=row.pk, is_cancel_asked=True).exists())

    def _go_through(self, row: Any) -> None:
        self.check(row)
        for batch in row.batches.filter(is_done=False).iterator(chunk_size=20):
            if not row.renew():
                return
            if self._is_cancelled(row):
                self._end(row, State.CANCELLED)
                return
            self._settle(row, batch)
        self._end(row, State.DONE)

    def _settle(self, row: Any, batch: Any) -> None:
        """Do one batch at once or, where that fails, each of it by itself."""
        if len(batch.keys) > 1:
            try:
                with transaction.atomic():
                    self._note(row, batch, self.carry_out(row, batch.keys))
                return
            except Exception:
                logger.exception("A batch of bulk act %s failed; each of it is tried by itself", row.pk)
        outcome = Outcome()
        with transaction.atomic():
            for key in batch.keys:
                self._settle_one(row, key, outcome)
            self._note(row, batch, outcome)

    def _settle_one(self, row: Any, key: int, outcome: Outcome) -> None:
        try:
            with transaction.atomic():
                made = self.carry_out(row, [key])
                connection.check_constraints()  # now, while it concerns this one only
        except Exception as error:  # noqa: BLE001 (it is told, and the others go on)
            if not isinstance(error, transitions.TransitionRefused | ValidationError):
                logger.warning("Bulk act %s failed for row %s: %r", row.pk, key, error)
            outcome.problems.append(self.in_words(key, error))
            return
        outcome.changed |= made.changed
        outcome.notes += made.notes

    def _note(self, row: Any, batch: Any, outcome: Outcome) -> None:
        row.problem = self._said(row, [*outcome.problems, *outcome.notes])
        row.batches.filter(pk=batch.pk).update(is_done=True, **self.kept(outcome))
        self.model.objects.filter(pk=row.pk).update(
            done=F("done") + len(batch.keys),
            changed=F("changed") + len(outcome.changed),
            failed=F("failed") + len(outcome.problems),
            problem=row.problem,
            attempts=0,
        )

    def _said(self, row: Any, more: list[str]) -> str:
        return "\n".join([*row.problem.splitlines(), *more][: self.problems_named])

    def _go_back(self, row: Any) -> None:
        self.check(row)
        for batch in row.batches.exclude(changed=[]).order_by("-number").iterator(chunk_size=20):
            if not row.renew():
                return
            with transaction.atomic():
                row.problem = self._said(row, self.put_back(row, batch))
                row.batches.filter(pk=batch.pk).update(changed=[])
                self.model.objects.filter(pk=row.pk).update(problem=row.problem, attempts=0)
        self._end(row, State.UNDONE)


def delete_old(model: type[Any]) -> int:
    """Drop acts that nobody said yes to, what an act was about once it is not undone any more, then the acts themselves."""
    now = timezone.now()
    waiting = model.objects.filter(state=State.READY, created_at__lt=now - ASKED_FOR)
    closed = batches.update(waiting, state=State.CANCELLED, ended_at=now)
    of_act: Any = model._meta.get_field("batches").related_model
    batches.delete(of_act.objects.filter(act__ended_at__lt=now - UNDONE_FOR))
    return closed + batches.delete(model.objects.filter(ended_at__lt=now - KEPT_FOR))
