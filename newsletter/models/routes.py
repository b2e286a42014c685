"""The ways by which letters leave: mail accounts, what is known of recipients' domains, and how fast and when all of it goes."""

from datetime import date, datetime
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from newsletter.models.briefings import Briefing

GROWTH = 1.5  # of a warm-up, from one day to the next
LONGEST_RAMP = 60  # days, after which even the smallest beginning is no limit any more


class WayOut(models.Model):
    """A mail server that may be left alone for a while, since it cannot be used (newsletter.sending.accounts)."""

    trouble = models.TextField(blank=True, editable=False, help_text="Why it cannot be used, in words for staff.")
    rests = models.PositiveSmallIntegerField(default=0, editable=False, help_text="How often in a row it could not.")
    rests_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True

    def is_resting(self, now: datetime) -> bool:
        return self.rests_until is not None and self.rests_until > now


class MailAccount(WayOut):
    """An SMTP account for briefings. Its address with the password is a secret outside the database, which this names."""

    name = models.CharField(max_length=60, unique=True)
    secret = models.CharField(
        "name of its secret",
        max_length=60,
        validators=[RegexValidator(r"\AEMAIL_URL(_[A-Z0-9]+)*\Z", "A name such as EMAIL_URL_BULK.")],
        help_text="The environment variable, or the file of that name in the folder MAIL_SECRETS, which holds "
        "smtp+tls://user:password@host:587. Its name begins with EMAIL_URL; the password itself is not stored here.",
    )
    is_active = models.BooleanField("in use", default=True)
    weight = models.PositiveSmallIntegerField(
        default=10,
        validators=[MaxValueValidator(1000)],
        help_text="Its share of the letters beside the others'. 0: it only steps in where no other can send.",
    )
    per_minute = models.PositiveIntegerField(
        "letters a minute",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Empty: as fast as it goes.",
    )
    per_day = models.PositiveIntegerField(
        "letters a day",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="A day of UTC. Empty: no limit.",
    )
    warms_up_from = models.DateField(
        "warms up from",
        null=True,
        blank=True,
        help_text="For a new account: from this day on it sends more each day, half as much again as the day before.",
    )
    first_day = models.PositiveIntegerField(
        "letters on the first day", default=200, validators=[MinValueValidator(1)], help_text="Of the warm-up."
    )
    free_at = models.DateTimeField(null=True, editable=False, help_text="When its next letter has room in the rate.")
    day = models.DateField(null=True, editable=False)
    handed = models.PositiveIntegerField(default=0, editable=False, help_text="Letters of that day.")

    class Meta:
        ordering = ["-weight", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(weight__lte=1000), name="mail_account_weight_in_range"),
            models.CheckConstraint(
                condition=Q(per_minute=None) | Q(per_minute__gte=1), name="mail_account_minute_not_zero"
            ),
            models.CheckConstraint(condition=Q(per_day=None) | Q(per_day__gte=1), name="mail_account_day_not_zero"),
            models.CheckConstraint(condition=Q(first_day__gte=1), name="mail_account_warms_up_from_something"),
        ]

    def __str__(self) -> str:
        return self.name

    def allowed_on(self, day: date) -> int | None:
        """How many letters it may send on a day of UTC; None: as many as there are."""
        ramp = None
        if self.warms_up_from and (day - self.warms_up_from).days < LONGEST_RAMP:
            ramp = int(self.first_day * GROWTH ** max(0, (day - self.warms_up_from).days))
        return min((each for each in (ramp, self.per_day) if each is not None), default=None)


class RecipientDomain(models.Model):
    """A domain of recipients: how fast letters may go there, and until when they wait because its servers said so."""

    domain = models.CharField(
        max_length=253,
        unique=True,
        validators=[
            RegexValidator(r"\A[a-z0-9-]+(\.[a-z0-9-]+)+\Z", "A domain in small letters, such as mail.example.")
        ],
        help_text="What stands after the @, in small letters.",
    )
    per_minute = models.PositiveIntegerField(
        "letters a minute", null=True, blank=True, validators=[MinValueValidator(1)], help_text="Empty: no limit."
    )
    waits_until = models.DateTimeField("waits until", null=True, blank=True, editable=False)
    throttled = models.PositiveSmallIntegerField("times in a row", default=0, editable=False)
    note = models.TextField("what its servers said", blank=True, editable=False)
    free_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = [F("waits_until").desc(nulls_last=True), "domain"]
        verbose_name = "recipients' domain"
        constraints = [
            models.CheckConstraint(
                condition=Q(per_minute=None) | Q(per_minute__gte=1), name="recipient_domain_minute_not_zero"
            ),
        ]

    def __str__(self) -> str:
        return self.domain


class SendingRules(WayOut):
    """How fast briefings leave altogether, and when too many are refused. There is one row.

    Where there is no mail account, it also knows whether the server of EMAIL_URL is left alone for a while.
    """

    per_minute = models.PositiveIntegerField(
        "letters a minute altogether",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Of all briefings and accounts. Empty: no limit.",
    )
    refused_percent = models.PositiveSmallIntegerField(
        "pause a briefing at so many percent refused",
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Once a hundred were tried, and again of each further few hundred. Addresses that are gone do not count.",
    )
    free_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "sending rules"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="sending_rules_is_one_row"),
            models.CheckConstraint(
                condition=Q(per_minute=None) | Q(per_minute__gte=1), name="sending_rules_minute_not_zero"
            ),
            models.CheckConstraint(
                condition=Q(refused_percent__gte=1, refused_percent__lte=100), name="sending_rules_percent_in_range"
            ),
        ]

    def __str__(self) -> str:
        return "Sending rules"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.id = 1
        super().save(*args, **kwargs)

    @classmethod
    def current(cls) -> "SendingRules":
        """The one row, or the defaults where none was saved yet."""
        return cls.objects.first() or cls()


class SendMinute(models.Model):
    """How many letters of a briefing were taken in a minute: its pace."""

    briefing = models.ForeignKey(Briefing, on_delete=models.CASCADE, related_name="minutes", db_index=False)
    minute = models.DateTimeField()
    taken = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["briefing", "minute"], name="send_minute_once")]

    def __str__(self) -> str:
        return f"{self.taken} at {self.minute:%H:%M}"
