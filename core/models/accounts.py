"""Accounts of people and programs, their keys with what was answered to them, links to calendars, and unsaved work."""

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


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


def _serial() -> int:
    return secrets.randbits(62)


class CalendarLink(models.Model):
    """That somebody reads the newsroom's calendar elsewhere; the link is signed and names the serial (core.calendar_feed)."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="calendar_link")
    serial = models.BigIntegerField(default=_serial, help_text="A new one ends the link that names the old one.")
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"the calendar link of {self.user}"


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
