"""Rows that one process at a time works on: the abstract model, and the queryset that claims them.

A claim writes a lease, a random number that holds for some minutes. Whoever works for longer renews it; a renewal and an
outcome are written only where the lease is still the same, so a process that was taken for dead can no longer change
what another one has claimed since.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

logger = logging.getLogger(__name__)


class LeasedQuerySet(models.QuerySet[Any]):
    def claimable(self, now: datetime) -> Self:
        """Rows that are due and that no process holds."""
        unheld = Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lt=now)
        return self.filter(unheld, due_at__lte=now)

    def abandoned(self) -> Self:
        """Rows whose holder has let the lease run out."""
        return self.filter(lease_expires_at__lt=timezone.now())

    @transaction.atomic
    def claim(self, *, limit: int, now: datetime | None = None) -> list[Any]:
        """Lease the rows that have been due for longest, passing over those that another process is claiming."""
        now = now or timezone.now()
        found = self.claimable(now).order_by("due_at", "pk")
        rows = list(found.select_for_update(skip_locked=True, of=("self",))[:limit])
        lease, until = uuid4(), now + self.model.LEASE
        claimed = self.model._default_manager.filter(pk__in=[row.pk for row in rows])
        claimed.update(lease=lease, lease_expires_at=until, attempts=F("attempts") + 1)
        for row in rows:
            row.lease, row.lease_expires_at, row.attempts = lease, until, row.attempts + 1
        return rows

    def renew(self) -> int:
        """Let the leases of these rows start anew."""
        return self.update(lease_expires_at=timezone.now() + self.model.LEASE)


class LeasedModel(models.Model):
    """A row of work. `LEASE` must be longer than any step of it takes."""

    LEASE: ClassVar[timedelta] = timedelta(minutes=5)

    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    lease = models.UUIDField(
        null=True, editable=False, help_text="Whose work it is: only the holder writes its outcome."
    )
    lease_expires_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Any] = LeasedQuerySet.as_manager()

    class Meta:
        abstract = True

    def renew(self) -> bool:
        """Hold it for another term; False if it has been claimed by another process."""
        return self._held().renew() == 1

    def release(self, **outcome: Any) -> bool:
        """Write what came of it and give it back; False, and nothing is written, if another process has claimed it."""
        if self._held().update(lease=None, lease_expires_at=None, **outcome) == 1:
            return True
        logger.warning(
            "%s %s was claimed by another process before its outcome was written.", self._meta.label, self.pk
        )
        return False

    def _held(self) -> Any:
        return type(self)._default_manager.filter(pk=self.pk, lease=self.lease)
