"""What every part of the newsroom shares: people, the site's profile, mail and calls that go out, the content generation."""

import base64
import secrets
import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.indexes import OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Upper
from django.utils import timezone

from core import pagecache
from core.lib import html


class UserManager(BaseUserManager["User"]):
    """Makes users who sign in by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    """Someone who works in the newsroom; readers and voters need no account."""

    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_staff = models.BooleanField("may sign in to the admin", default=True)
    is_active = models.BooleanField("active", default=True, help_text="Untick this instead of deleting an account.")
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

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
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()  # sign-in looks addresses up in lower case
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return str(self)

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
            ("social_links", {"label", "url"}),
        ):
            entries = getattr(self, field)
            if not isinstance(entries, list) or not all(
                isinstance(entry, dict) and set(entry) == keys for entry in entries
            ):
                raise ValidationError({field: f"Write a list of entries that each have {' and '.join(sorted(keys))}."})
            if any(not str(entry.get("url", "/")).startswith(("/", "https://", "http://")) for entry in entries):
                raise ValidationError({field: "A link starts with / or https://."})

    @staticmethod
    @pagecache.per_generation
    def current() -> "SiteProfile":
        """The one row, or its defaults where none was saved yet; kept until content changes."""
        return SiteProfile.objects.first() or SiteProfile()


class OutgoingMail(models.Model):
    """One transactional message: what must be sent is a row, so it cannot be lost with a queue."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"

    kind = models.CharField(max_length=60)
    recipient = models.EmailField()
    subject = models.CharField(max_length=250)
    message = models.BinaryField(help_text="The whole message; emptied once it is old.")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    lease_expires_at = models.DateTimeField(null=True, editable=False)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "outgoing mail"
        indexes = [
            models.Index(fields=["due_at"], name="mail_due", condition=models.Q(state__in=["queued", "sending"])),
            models.Index(fields=["-created_at"], name="mail_created"),
            models.Index(fields=["-created_at"], name="mail_failed", condition=models.Q(state="failed")),
            models.Index(fields=["kind", "-created_at"], name="mail_kind"),
            models.Index(OpClass(Upper("recipient"), "text_pattern_ops"), name="mail_recipient"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "sending", "sent", "failed"]), name="mail_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="sent") | models.Q(sent_at__isnull=False), name="mail_sent_has_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.recipient}"


def _webhook_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


class Webhook(models.Model):
    """An address elsewhere that is told of what happens here; see core.webhooks."""

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


class OutgoingRequest(models.Model):
    """One HTTP request that must be made: a delivery to a webhook, or a purge of the cache in front; see core.http_outbox."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent"
        FAILED = "failed"

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, null=True, related_name="deliveries", db_index=False)
    event = models.CharField(max_length=40)
    body = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    give_up_at = models.DateTimeField(help_text="It is tried until then.")
    lease_expires_at = models.DateTimeField(null=True, editable=False)
    status = models.PositiveSmallIntegerField("answer", null=True, help_text="The last HTTP status that came back.")
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["due_at"], name="call_due", condition=models.Q(state="queued")),
            models.Index(fields=["-created_at", "-id"], name="call_created"),
            models.Index(fields=["state", "-created_at", "-id"], name="call_state_created"),
            models.Index(fields=["event", "-created_at", "-id"], name="call_event_created"),
            models.Index(fields=["webhook", "-created_at", "-id"], name="call_webhook_created"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=["queued", "sent", "failed"]), name="call_state_known"),
            models.CheckConstraint(
                condition=models.Q(state="queued", settled_at__isnull=True)
                | (~models.Q(state="queued") & models.Q(settled_at__isnull=False)),
                name="call_settled_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.webhook or 'the cache in front'}"


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
        return f"{self.count} until {self.expires_at:%H:%M:%S}"


class Heartbeat(models.Model):
    """When a process that has no address of its own, the worker or beat, was last alive; see core.heartbeats."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"
