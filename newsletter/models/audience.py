"""Newsletters, subscribers, their consent, and suppressed addresses."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone

from core import pagecache
from core.lib import clock
from core.lib.mail import Sender, ascii_address
from core.lib.prefix_search import words_index
from core.lib.text import one_line
from core.lib.triggers import Refusal
from newsletter.digests import digest_of
from newsletter.querysets import NewsletterQuerySet, SubscriptionQuerySet, SuppressionQuerySet

UNDO_CHOICES = [
    (0, "none"),
    (10, "10 seconds"),
    (30, "30 seconds"),
    (60, "1 minute"),
    (120, "2 minutes"),
    (300, "5 minutes"),
]
DIGEST = "-digest"  # after a newsletter's slug: where sponsors book its digest, so no newsletter can be called so


def check_sender(address: str) -> None:
    """A sender is an address in ASCII, so that every mail server takes it."""
    try:
        ascii_address(address)
    except ValueError:
        raise ValidationError("Letters outside a–z before the @ are not taken by all mail servers.") from None


class Newsletter(models.Model):
    """A list that readers can subscribe to; its briefings are the issues."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(
        max_length=40, unique=True, help_text="Names the list in addresses, in mail headers and in the ad calendar."
    )
    description = models.CharField(max_length=200, blank=True, help_text="What a subscriber gets, in one sentence.")
    from_name = models.CharField(max_length=80, blank=True, help_text="The sender's name; empty: the site's name.")
    from_email = models.EmailField(
        "sender's address",
        max_length=120,
        blank=True,
        validators=[check_sender],
        help_text="Empty: the site's. Its domain must be one that the mail server may send for (SPF, DKIM, DMARC).",
    )
    reply_to = models.EmailField(
        "answers go to",
        max_length=120,
        blank=True,
        db_default="",
        validators=[check_sender],
        help_text="Whoever answers a briefing writes to it (Reply-To). Empty: the site's contact address.",
    )
    is_default = models.BooleanField(
        "default", default=False, help_text="The list that a form subscribes to when it names none."
    )
    is_open = models.BooleanField("open", default=True, help_text="Whether new subscribers are accepted.")
    asks_name = models.BooleanField(
        "asks for a first name",
        default=False,
        db_default=False,
        help_text="Its sign-up form has a field for it, which may stay empty.",
    )
    seeds = models.TextField(
        "seed list",
        blank=True,
        help_text="Addresses of yours at several mail services, one a line: a test can go to all of them.",
    )
    counts_reading = models.BooleanField(
        "counts opens and clicks",
        default=True,
        help_text="Without it, briefings carry plain links and no image: rates and ad reports stay empty.",
    )
    undo_seconds = models.PositiveSmallIntegerField(
        "time to take a briefing back",
        choices=UNDO_CHOICES,
        default=30,
        help_text="Between the approval and the first letter.",
    )
    approved_by_another = models.BooleanField(
        "approved by somebody else",
        default=False,
        help_text="Whoever changed a briefing last cannot approve it.",
    )
    quiet_from = models.TimeField(
        "quiet from",
        null=True,
        blank=True,
        help_text="In the newsletter's time zone: no letter leaves, and what is under way waits.",
    )
    quiet_until = models.TimeField("quiet until", null=True, blank=True)
    ordering = models.PositiveSmallIntegerField(default=0)
    time_zone = models.CharField(max_length=64, blank=True)  # "": the newsroom's
    digest_weekday = models.PositiveSmallIntegerField(
        "day of the digest",
        choices=list(enumerate(calendar.day_name)),
        null=True,
        blank=True,
        help_text="With a day, subscribers can choose one digest a week instead of each briefing.",
    )
    digest_time = models.TimeField("time of the digest", default=time(8), help_text="In the newsletter's time zone.")
    digest_by_itself = models.BooleanField(
        "digest goes by itself",
        default=False,
        help_text="Without it, the digest waits as a draft until it is approved.",
    )
    welcome_subject = models.CharField("subject of the welcome mail", max_length=150, blank=True)
    welcome_text = models.TextField(
        "text of the welcome mail",
        blank=True,
        help_text="Plain text; an empty line starts a new paragraph. Sent once, after somebody has confirmed for the first time.",
    )
    digest_due_at = models.DateTimeField(null=True, editable=False, help_text="When the next digest is to be made.")

    objects = NewsletterQuerySet.as_manager()

    class Meta:
        ordering = ["ordering", "name"]
        triggers: ClassVar[list[Refusal]] = [
            Refusal(
                "ads_in_a_place_of_their_own",
                pgtrigger.Insert | pgtrigger.UpdateOf("slug"),
                words="A newsletter cannot be called as the digest of another is in the calendar of ads.",
                exists=f"""SELECT 1 FROM newsletter_newsletter other
                    WHERE NEW.slug || '{DIGEST}' = other.slug OR other.slug || '{DIGEST}' = NEW.slug""",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_until=None)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False)
                & ~models.Q(quiet_from=models.F("quiet_until")),
                name="newsletter_quiet_hours_end",
                violation_error_message="Quiet hours need a beginning and another time as their end.",
            ),
            models.CheckConstraint(condition=models.Q(undo_seconds__lte=600), name="newsletter_undo_is_short"),
            models.CheckConstraint(
                condition=models.Q(digest_weekday=None) | models.Q(digest_weekday__lte=6),
                name="newsletter_digest_day_known",
            ),
            models.CheckConstraint(
                condition=models.Q(welcome_subject="", welcome_text="")
                | ~models.Q(welcome_subject="") & ~models.Q(welcome_text=""),
                name="newsletter_welcome_whole",
                violation_error_message="A welcome mail needs both a subject and a text.",
            ),
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="newsletter_one_default",
                violation_error_message="Another newsletter is the default already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        due = self.digest_due_at
        if due is None or due != self.digest_after(due - timedelta(seconds=1)):  # the day, the time or the zone changed
            self.digest_due_at = self.digest_after(timezone.now())
        super().save(*args, **kwargs)
        for plan in self.plans.all():
            plan.save()  # the zone may have changed
        pagecache.bump()  # the sign-up page names the lists

    def clean(self) -> None:
        """Refuse a slug by which a list and the digest of another would have their ads in one place."""
        others = Newsletter.objects.exclude(pk=self.pk)
        other = others.filter(slug__in=[self.slug + DIGEST, self.slug.removesuffix(DIGEST)]).first()
        if other:
            one, its = (other, self.slug) if self.slug.endswith(DIGEST) else (self, other.slug)
            said = f"Under “{its}” sponsors book the weekly digest of {one}. Choose another slug."
            raise ValidationError({"slug": said})

    @property
    def sender(self) -> Sender:
        """From whom its mail is; empty parts are the site's own."""
        return Sender(one_line(self.from_name), self.from_email, self.reply_to)

    @property
    def zone(self) -> ZoneInfo:
        return clock.zone_named(self.time_zone)

    def quiet_ends(self, moment: datetime) -> datetime | None:
        """When the quiet hours end in which a moment lies; None where it lies in none. They go by what clocks there show."""
        start, end, local = self.quiet_from, self.quiet_until, moment.astimezone(self.zone)
        if start is None or end is None:
            return None
        shown = local.time()
        if not (start <= shown < end if start < end else shown >= start or shown < end):
            return None
        day = local.date() if shown < end else local.date() + timedelta(days=1)
        ends = (datetime.combine(day, end.replace(fold=fold), tzinfo=self.zone).astimezone(UTC) for fold in (0, 1))
        return next((at for at in ends if at > moment), None)

    def day_of_send(self, moment: datetime) -> date:
        """The day there, in the newsletter's zone, on which a letter leaves that may from a moment on: the ads' day."""
        return (self.quiet_ends(moment) or moment).astimezone(self.zone).date()

    @property
    def offers_digest(self) -> bool:
        return self.digest_weekday is not None

    def digest_after(self, moment: datetime) -> datetime | None:
        """The first time for a digest after a moment. Of a time that clocks show twice it is the first."""
        weekdays = () if self.digest_weekday is None else (self.digest_weekday,)
        return clock.next_time(moment, weekdays, self.digest_time, self.zone)

    @property
    def channel(self) -> str:
        """The name under which sponsors book a place in this newsletter's briefings."""
        return f"mail:{self.slug}"

    @property
    def digest_channel(self) -> str:
        """The same for its digest, which has ads of its own: those of its week are not repeated."""
        return self.channel + DIGEST


class SuppressionReason(models.TextChoices):
    """Why an address gets no mail."""

    BOUNCE = "bounce", "mail to it came back"
    COMPLAINT = "complaint", "it reported our mail as spam"
    ERASED = "erased", "all data of its owner was erased"
    STAFF = "staff", "entered by staff"


class Subscriber(models.Model):
    """One address; what it subscribes to is in its subscriptions.

    `suppressed` and the subscriptions say what follows from the ledger, in the columns that sending reads: only
    newsletter.subscribers.consent writes them.
    """

    email = models.EmailField("e-mail", help_text="As it is written to.")
    canonical = models.EmailField(unique=True, editable=False, help_text="In lower case: one row for each address.")
    name = models.CharField(max_length=120, blank=True)
    suppressed = models.CharField(
        max_length=10, choices=SuppressionReason, blank=True, default="", db_default="", editable=False
    )
    attributes = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        editable=False,
        help_text="The values of fields by their keys, and what another system knew besides.",
    )
    tags = models.ManyToManyField("newsletter.SubscriberTag", through="newsletter.Tagging", related_name="subscribers")
    disposable = models.BooleanField(
        "disposable address", default=False, db_default=False, editable=False, help_text="One to be thrown away."
    )
    corrected_at = models.DateTimeField(
        null=True, editable=False, help_text="When the address became another one: links mailed before prove nothing."
    )
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["suppressed"], name="subscriber_suppressed", condition=~models.Q(suppressed="")),
            words_index("email", "name", name="subscriber_words"),
            models.Index(fields=["-id"], name="subscriber_disposable", condition=models.Q(disposable=True)),
            # Where there are none, an import pays nothing for it.
            GinIndex(
                fields=["attributes"],
                opclasses=["jsonb_path_ops"],
                name="subscriber_attributes",
                condition=~models.Q(attributes={}),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(suppressed__in=["", *SuppressionReason.values]), name="subscriber_suppressed_known"
            ),
            models.CheckConstraint(
                condition=models.Q(canonical=Lower("email")), name="subscriber_canonical_is_lower_case"
            ),
            # Printable ASCII only: what is in this column is written into mail headers as it stands.
            models.CheckConstraint(
                condition=models.Q(email__regex=r"^[!-~]+@[!-~]+$"), name="subscriber_email_is_ascii"
            ),
        ]

    def __str__(self) -> str:
        return self.email


class Subscription(models.Model):
    """One subscriber on one list, with the evidence of consent as it follows from the ledger. Unknown times are empty."""

    class State(models.TextChoices):
        PENDING = "pending", "asked, not confirmed"
        CONFIRMED = "confirmed"
        UNSUBSCRIBED = "unsubscribed"

    class Rhythm(models.TextChoices):
        EACH = "each", "each briefing"
        DIGEST = "digest", "a weekly digest"

    newsletter = models.ForeignKey(Newsletter, on_delete=models.PROTECT, related_name="subscriptions")
    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="subscriptions", db_index=False)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    source = models.CharField(max_length=80, help_text="Where the address was entered.")
    since = models.DateTimeField(default=timezone.now, db_default=Now(), help_text="When it came into this state here.")
    requested_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    requested_from = models.CharField("asked from", max_length=45, blank=True, help_text="IP network, not the address.")
    consent_text = models.TextField(blank=True, help_text="What the form said when it was sent.")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_from = models.CharField(max_length=45, blank=True, help_text="IP network, not the address.")
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_by = models.CharField(max_length=40, blank=True, help_text="How: one-click, page, preferences, staff.")
    rhythm = models.CharField(max_length=6, choices=Rhythm, default=Rhythm.EACH, db_default=Rhythm.EACH)
    paused_until = models.DateTimeField(null=True, blank=True, help_text="Until then it gets nothing.")
    asked_name = models.CharField(
        max_length=120,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="The name in the form, until somebody confirms: it may be anybody's words.",
    )
    welcomed_at = models.DateTimeField(null=True, editable=False, help_text="When the welcome mail was queued, once.")
    welcome_due_at = models.DateTimeField(null=True, editable=False, help_text="Since when it waits for a decision.")

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["newsletter", "subscriber"], name="subscription_audience", condition=models.Q(state="confirmed")
            ),
            models.Index(
                fields=["state", "newsletter"],
                name="subscription_not_confirmed",
                condition=~models.Q(state="confirmed"),
            ),
            # In the order of subscribers, so that a list of them stops at its first page.
            models.Index(
                fields=["state", "subscriber"],
                name="subscription_state_of",
                condition=~models.Q(state="confirmed"),
            ),
            models.Index(fields=["source"], name="subscription_source"),
            models.Index(
                fields=["newsletter", "paused_until"],
                name="subscription_paused",
                condition=models.Q(paused_until__isnull=False),
            ),
            models.Index(fields=["newsletter"], name="subscription_digest", condition=models.Q(rhythm="digest")),
            models.Index(
                fields=["newsletter"],
                name="subscription_welcome_due",
                condition=models.Q(welcome_due_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "newsletter"], name="subscription_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "confirmed", "unsubscribed"]), name="subscription_state_known"
            ),
            models.CheckConstraint(condition=models.Q(rhythm__in=["each", "digest"]), name="subscription_rhythm_known"),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} on {self.newsletter}"

    @property
    def standing(self) -> str:
        """The state that counts, in words: an address that is suppressed gets nothing, whatever it subscribes to."""
        if self.subscriber.suppressed:
            return f"no mail: {self.subscriber.get_suppressed_display()}"
        state = str(self.get_state_display())
        return f"{state}, paused until {clock.in_words(self.paused_until)}" if self.is_paused else state  # type: ignore[arg-type]

    @property
    def is_paused(self) -> bool:
        return self.paused_until is not None and self.paused_until > timezone.now()

    @property
    def resume_date(self) -> date | None:
        """The day, as the newsroom has it, on which a pause ends."""
        if self.paused_until is None or not self.is_paused:
            return None
        return self.paused_until.astimezone(clock.newsroom()).date()


class Suppression(models.Model):
    """An address that gets no briefing, whatever its subscriptions say.

    Only a digest is kept, so that it outlasts an erasure without keeping the address.
    """

    Reason = SuppressionReason

    digest = models.CharField(max_length=64, unique=True, editable=False)
    reason = models.CharField(max_length=10, choices=Reason)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reason__in=["bounce", "complaint", "erased", "staff"]),
                name="suppression_reason_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.digest[:12]}… ({self.reason})"

    @staticmethod
    def digest_of(canonical: str) -> str:
        """The digest of a canonical address."""
        return digest_of(canonical)
