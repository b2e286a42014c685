"""What runs, how often something was done, and who did what."""

from django.db import models
from django.utils import timezone

from core.lib.prefix_search import words_index
from core.lib.triggers import append_only
from core.models.accounts import User


class AuditEntry(models.Model):
    """An action that must stay on record; see core.audit. A trigger refuses to change or delete it.

    An entry outlives the user and the row it is about: it holds their names, and no constraint refers to them.
    """

    action = models.CharField(max_length=60)
    subject = models.CharField("to", max_length=254)
    subject_key = models.CharField(max_length=80, editable=False)
    detail = models.CharField(max_length=1000, blank=True)
    by = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    by_name = models.CharField("by", max_length=254)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "audit log"
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_entry_newest"),
            models.Index(fields=["subject_key", "-at", "-id"], name="audit_entry_of_subject"),
            words_index("subject", "by_name", name="audit_entry_words"),
        ]
        triggers = [append_only("Entries of the audit log are never changed or deleted.")]

    def __str__(self) -> str:
        return f"{self.by_name} {self.action}: {self.subject}"


class RateCount(models.Model):
    """How often something happened in one window of time; see core.ratelimit."""

    key = models.CharField(max_length=32, primary_key=True)
    count = models.PositiveIntegerField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.count} until {self.expires_at:%H:%M:%S} UTC"


class Heartbeat(models.Model):
    """When a process that has no address of its own, the worker or beat, was last alive; see core.heartbeats."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S} UTC"


class RunningProcess(models.Model):
    """A process of the site, on whichever host: since when it runs, and when it was last alive; see core.heartbeats."""

    class Kind(models.TextChoices):
        WEB = "web"
        WORKER = "worker"
        BEAT = "beat"

    kind = models.CharField(max_length=10, choices=Kind)
    host = models.CharField(max_length=64)
    pid = models.PositiveIntegerField()
    release = models.CharField(max_length=40, blank=True, help_text="What it runs; see RELEASE in .env.example.")
    started_at = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "running processes"
        constraints = [
            models.UniqueConstraint(fields=["kind", "host", "pid"], name="running_process_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["web", "worker", "beat"]), name="running_process_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pid} on {self.host}"
