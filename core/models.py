"""What every part of the newsroom shares: people, the site's profile, outgoing mail and requests, the content generation."""

import base64
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.indexes import OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Upper
from django.utils import timezone
from django.utils.functional import cached_property

from core import pagecache
from core.leases import LeasedModel, LeasedQuerySet
from core.lib import html, menus
from core.lib.prefix_search import words_index
from core.lib.triggers import append_only


class UserManager(BaseUserManager["User"]):
    """Makes users who sign in by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def people(self) -> models.QuerySet["User"]:
        """Those who sign in and get mail: active accounts that are no programs."""
        return self.filter(is_active=True, is_service=False)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    """A member of the newsroom's staff; readers and voters need no account."""

    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_staff = models.BooleanField("may sign in to the admin", default=True)
    is_active = models.BooleanField("active", default=True, help_text="Untick this instead of deleting an account.")
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    time_zone = models.CharField(max_length=64, blank=True)  # "": the newsroom's
    is_service = models.BooleanField(
        "is a program", default=False, editable=False, help_text="Acts by keys of the API, and cannot sign in."
    )

    second_factor_due_at = models.DateTimeField(
        null=True, editable=False, help_text="Until when it goes on without one; see core.second_factor."
    )

    via = ""  # the name of the key by which a program acts for this account, in this request

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message="This e-mail address has an account already.",
            )
        ]

    def __str__(self) -> str:
        name = self.name or self.email
        return f"{name} (key “{self.via}”)" if self.via else name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()  # sign-in looks addresses up in lower case
        super().save(*args, **kwargs)

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(None if self.is_service else raw_password)

    def check_password(self, raw_password: str | None) -> bool:
        return super().check_password(raw_password) and not self.is_service

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] or self.email


class SiteProfile(models.Model):
    """What the site says of itself on every page. There is one row."""

    name = models.CharField(max_length=80, default="Moonpress")
    tagline = models.CharField(max_length=160, blank=True)
    postal_address = models.CharField(
        max_length=200, blank=True, help_text="Printed at the foot of every briefing, as the law asks."
    )
    contact_email = models.EmailField(blank=True)
    sponsor_email = models.EmailField(blank=True, help_text="Where those who want to advertise can write.")
    one_person_approves_ads = models.BooleanField(
        "one person may approve an ad alone",
        default=False,
        db_default=False,
        help_text="Of an ad, editorial and compliance are otherwise judged by two different people. The media kit says which.",
    )
    about_heading = models.CharField(max_length=120, blank=True)
    about_html = models.TextField("about", blank=True, help_text="The panel under every article.")
    stats = models.JSONField(
        default=list, blank=True, help_text='Tiles in that panel: [{"value": "12", "label": "years of research"}]'
    )
    navigation = models.JSONField(
        default=list,
        blank=True,
        help_text='The header\'s links: [{"label": "Research", "url": "/blog/category/research/"}]',
    )
    footer = models.JSONField(
        default=list,
        blank=True,
        help_text='The footer\'s links: [{"heading": "Read", "label": "Research", "url": "/blog/category/research/"}]',
    )
    social_links = models.JSONField(default=list, blank=True, help_text='[{"label": "Mastodon", "url": "https://…"}]')

    class Meta:
        verbose_name = "site profile"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="site_profile_is_one_row")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.id = 1
        self.about_html = html.clean(self.about_html)
        super().save(*args, **kwargs)
        pagecache.bump()

    def clean(self) -> None:
        for field, keys in (
            ("stats", {"value", "label"}),
            ("navigation", {"label", "url"}),
            ("footer", {"heading", "label", "url"}),
            ("social_links", {"label", "url"}),
        ):
            entries = getattr(self, field)
            if not isinstance(entries, list) or not all(
                isinstance(entry, dict) and set(entry) == keys for entry in entries
            ):
                raise ValidationError({field: f"Write a list of entries that each have {' and '.join(sorted(keys))}."})
            if any(not str(entry.get("url", "/")).startswith(("/", "https://", "http://")) for entry in entries):
                raise ValidationError({field: "A link starts with / or https://."})

    @cached_property
    def menu(self) -> list[menus.Link]:
        """The header's links that lead somewhere."""
        return menus.alive(self.navigation)

    @cached_property
    def columns(self) -> list[menus.Column]:
        """The footer's columns, likewise."""
        return menus.columns(self.footer)

    @cached_property
    def pages(self) -> list[menus.Link]:
        """The pages that a footer has of which nobody made columns."""
        return [] if self.footer else [{"label": name, "url": url} for url, name in menus.pages()]

    @staticmethod
    @pagecache.per_generation
    def current() -> "SiteProfile":
        """The one row, or its defaults where none was saved yet; kept until content changes."""
        return SiteProfile.objects.first() or SiteProfile()


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


class ContentGeneration(models.Model):
    """A number that grows with every change readers can see; see core.pagecache."""

    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.value)


class RateCount(models.Model):
    """How often something happened in one window of time; see core.ratelimit."""

    key = models.CharField(max_length=32, primary_key=True)
    count = models.PositiveIntegerField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.count} until {self.expires_at:%H:%M:%S} UTC"


def _serial() -> int:
    return secrets.randbits(62)


class CalendarLink(models.Model):
    """That somebody reads the newsroom's calendar elsewhere; the link is signed and names the serial (core.calendar_feed)."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="calendar_link")
    serial = models.BigIntegerField(default=_serial, help_text="A new one ends the link that names the old one.")
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"the calendar link of {self.user}"


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


class KeptWork(models.Model):
    """Something that one of the staff typed on an edit page and has not saved; see core.kept_work."""

    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    page = models.CharField(max_length=80)  # the label of the model that is edited
    row = models.BigIntegerField(null=True)  # the key of the row that is edited; None for a new one
    sitting = models.UUIDField()  # the one time that the page was opened, which alone may write here
    title = models.CharField(max_length=200)
    extent = models.CharField(max_length=100)  # how much it is, in words: “120 words, 3 blocks”
    words = models.PositiveIntegerField()
    content = models.JSONField()
    base_version = models.PositiveIntegerField()
    saved_at = models.DateTimeField(default=timezone.now, db_index=True)
    supersedes = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-saved_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["by", "page", "row", "sitting"], name="kept_work_once_a_sitting", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"unsaved work of {self.by_id} in {self.page} {self.row or 'new'}"


class ApiKey(models.Model):
    """A key by which a program uses the API as one of the staff; see core.api.keys. The key itself is stored nowhere."""

    name = models.CharField(max_length=80, help_text="What uses it, such as “release script”.")
    prefix = models.CharField("begins with", max_length=8, unique=True, editable=False)
    digest = models.CharField(max_length=150, editable=False)
    account = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    scopes = models.JSONField("may", default=list)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    made_at = models.DateTimeField("made", default=timezone.now)
    expires_at = models.DateTimeField("expires", null=True)
    last_used_at = models.DateTimeField("last used", null=True)
    revoked_at = models.DateTimeField("revoked", null=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        verbose_name = "API key"
        verbose_name_plural = "API keys"

    def __str__(self) -> str:
        return self.name

    @property
    def standing(self) -> str:
        """Whether it works, in a word."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= timezone.now() else "works"


class KeptAnswer(models.Model):
    """What the API answered to a request with an Idempotency-Key, for when it is sent again; see core.api.idempotency."""

    key = models.CharField(max_length=64, primary_key=True, help_text="A digest of who asked, of what, and the key.")
    asked = models.CharField(max_length=64, help_text="A digest of what was sent.")
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=bytes)
    made_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.status} at {self.made_at:%Y-%m-%d %H:%M:%S} UTC"
