"""What must go out: mails, and requests to webhooks and to the cache in front."""

import base64
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone

from core.leases import LeasedModel, LeasedQuerySet


class OutgoingQuerySet(LeasedQuerySet):
    def claimable(self, now: datetime) -> Self:
        return super().claimable(now).filter(state="queued")

    def failed(self) -> Self:
        return self.filter(state="failed")

    def settled(self) -> Self:
        """What was sent or given up."""
        return self.exclude(state="queued")

    def send_again(self) -> int:
        """Queue what was settled once more, to be tried for as long as if it were new; return how many."""
        now, until = timezone.now(), end_of_patience()
        return self.settled().update(state="queued", attempts=0, due_at=now, give_up_at=until, settled_at=None)


def end_of_patience() -> datetime:
    """When to give up what is queued now."""
    return timezone.now() + Outgoing.PATIENCE


class Outgoing(LeasedModel):
    """A message or request that must go out: a row written with the change it tells of, so no queue can lose it."""

    PATIENCE: ClassVar[timedelta] = timedelta(hours=12)
    BACKOFF: ClassVar[Sequence[timedelta]]

    class State(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent"
        FAILED = "failed"

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    give_up_at = models.DateTimeField(default=end_of_patience, help_text="It is tried until then.")
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, help_text="When it was sent or given up.")

    objects: ClassVar[Any] = OutgoingQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "sent", "failed"]), name="%(class)s_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state="queued", settled_at__isnull=True)
                | (~models.Q(state="queued") & models.Q(settled_at__isnull=False)),
                name="%(class)s_settled_has_time",
            ),
        ]

    def succeed(self, **details: Any) -> bool:
        """Record that it was taken."""
        return self.release(state=self.State.SENT, settled_at=timezone.now(), error="", **details)

    def fail(self, error: str, *, for_good: bool = False, **details: Any) -> bool:
        """Record why it was not taken. It is tried again after a while, unless that would be useless or too late."""
        now = timezone.now()
        again = now + self.BACKOFF[min(self.attempts, len(self.BACKOFF)) - 1]
        if for_good or again > self.give_up_at:
            return self.give_up(error, **details)
        return self.release(due_at=again, error=error, **details)

    def give_up(self, error: str, **details: Any) -> bool:
        """Record that it was not taken and is not tried again."""
        return self.release(state=self.State.FAILED, settled_at=timezone.now(), error=error, **details)


class OutgoingMail(Outgoing):
    """One transactional message to one recipient; see core.outbox. Once sent, it keeps neither address nor message.

    Given up, it keeps the address for some days.
    """

    BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480)]

    kind = models.CharField(max_length=60, help_text="The application and what the message is, such as surveys.ballot.")
    recipient = models.EmailField(blank=True)
    subject = models.CharField(max_length=250)
    message = models.BinaryField(help_text="The whole message, its lines ending in CRLF; empty once it is sent.")
    about = models.BigIntegerField(
        null=True, help_text="Where the message is composed as it is sent: what it is about, a key that its kind knows."
    )

    class Meta(Outgoing.Meta):
        constraints = [
            *Outgoing.Meta.constraints,
            models.CheckConstraint(
                condition=~models.Q(state="sent") | models.Q(recipient="", message=b""), name="mail_sent_holds_nothing"
            ),
            models.CheckConstraint(
                condition=models.Q(about=None) | models.Q(state="queued", message=b""),
                name="mail_is_about_it_while_queued",
            ),
        ]
        ordering = ["-created_at"]
        verbose_name_plural = "outgoing mail"
        indexes = [
            models.Index(fields=["due_at"], name="mail_due", condition=models.Q(state="queued")),
            models.Index(fields=["-created_at"], name="mail_created"),
            models.Index(fields=["-created_at"], name="mail_failed", condition=models.Q(state="failed")),
            models.Index(fields=["kind", "-created_at"], name="mail_kind"),
            models.Index(OpClass(Upper("recipient"), "text_pattern_ops"), name="mail_recipient"),
        ]

    def __str__(self) -> str:
        name = self.subject or self.kind
        return f"{name} → {self.recipient}" if self.recipient else name

    def succeed(self, **details: Any) -> bool:
        """Record that it was accepted, and clear the address and the message with its links."""
        return super().succeed(message=b"", about=None, recipient="", **details)

    def give_up(self, error: str, **details: Any) -> bool:
        """Record that nobody got it, and clear the message with its links. The address says where it failed."""
        return super().give_up(error, message=b"", about=None, **details)

    def drop(self) -> None:
        """Delete it, unless another process has claimed it."""
        self._held().delete()


def _webhook_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


class Webhook(models.Model):
    """An address elsewhere that is told of events here; see core.webhooks."""

    name = models.CharField(max_length=80, help_text="What is at the other end, such as “search index”.")
    url = models.CharField("address", max_length=500, help_text="Starts with https://; must be on the public internet.")
    events = models.JSONField(default=list)
    secret = models.CharField(max_length=80, default=_webhook_secret, editable=False)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(url__regex=r"^https?://[^\s/@]+(/\S*)?$"),
                name="webhook_has_address",
                violation_error_message="Write an address that starts with https:// and holds no user name.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class OutgoingRequest(Outgoing):
    """One HTTP request: a delivery to a webhook, or a purge of the cache in front; see core.http_outbox."""

    LEASE = timedelta(minutes=2)
    BACKOFF = [timedelta(seconds=seconds) for seconds in (10, 60, 300, 900, 3600)]

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, null=True, related_name="deliveries", db_index=False)
    event = models.CharField(max_length=40)
    body = models.JSONField()
    status = models.PositiveSmallIntegerField("answer", null=True, help_text="The last HTTP status that came back.")

    class Meta(Outgoing.Meta):
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["due_at"], name="request_due", condition=models.Q(state="queued")),
            models.Index(fields=["-created_at", "-id"], name="request_created"),
            models.Index(fields=["state", "-created_at", "-id"], name="request_state_created"),
            models.Index(fields=["event", "-created_at", "-id"], name="request_event_created"),
            models.Index(fields=["webhook", "-created_at", "-id"], name="request_webhook_created"),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.webhook or 'the cache in front'}"
