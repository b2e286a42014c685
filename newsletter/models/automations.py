"""Automations: letters that go to one subscriber after another, each by their own clock, and where everybody stands in them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.lib import clock
from newsletter.models.audience import Newsletter, Subscriber
from newsletter.models.segments import Segment
from newsletter.querysets import AutomationQuerySet


def _number(name: str, least: int, most: int, **options: Any) -> models.PositiveSmallIntegerField[Any, Any]:
    return models.PositiveSmallIntegerField(
        name, validators=[MinValueValidator(least), MaxValueValidator(most)], **options
    )


class Automation(models.Model):
    """What happens to a subscriber of a newsletter from a beginning on: its steps, and by which rules one enters and leaves."""

    class Begins(models.TextChoices):
        CONFIRMED = "confirmed", "when a subscription is confirmed"
        QUIET = "quiet", "when a subscriber has been quiet for a while"
        TAGGED = "tagged", "when a subscriber is given a tag"
        SEGMENT = "segment", "when a subscriber comes into the segment"

    class State(models.TextChoices):
        DRAFT = "draft"
        RUNNING = "running"
        PAUSED = "paused"
        ENDED = "ended"

    newsletter = models.ForeignKey(Newsletter, on_delete=models.PROTECT, related_name="automations")
    name = models.CharField(max_length=80, help_text="For the newsroom alone, such as “First week”.")
    begins = models.CharField(max_length=10, choices=Begins, default=Begins.CONFIRMED)
    quiet_days = _number(
        "quiet for", 7, 730, default=90, help_text="Days without an open by a person, a click, or anything chosen."
    )
    fewest_letters = _number(
        "having got at least", 1, 50, default=3, help_text="Briefings in these days: whoever got fewer is not quiet."
    )
    most_per_day = models.PositiveIntegerField(
        "at most a day",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="So many quiet subscribers enter on one day; empty: all there are.",
    )
    tag = models.ForeignKey(
        "newsletter.SubscriberTag", on_delete=models.PROTECT, null=True, blank=True, related_name="automations"
    )
    takes_present = models.BooleanField(
        "also who has it already",
        default=False,
        db_default=False,
        help_text="Whoever has the tag, or is in the segment, when it looks for the first time; else only who comes later.",
    )
    segment = models.ForeignKey(
        Segment,
        verbose_name="only those in",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Nobody else enters; empty: everybody.",
    )
    exit_segment = models.ForeignKey(
        Segment,
        verbose_name="leaves who is in",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Looked at whenever something is about to happen to somebody.",
    )
    ends_when_reading = models.BooleanField(
        "leaves who reads again",
        default=False,
        help_text="Whoever opens or clicks a mail of the newsletter after having entered.",
    )
    again_after = _number(
        "may enter again after", 1, 3650, null=True, blank=True, help_text="Days since the last time; empty: only once."
    )
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT, editable=False)
    trouble = models.TextField(blank=True, editable=False, help_text="Why it does not move, in words for staff.")
    started_at = models.DateTimeField(null=True, editable=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    looks_at = models.DateTimeField(null=True, editable=False, help_text="When it looks next for those who enter.")
    counts = models.JSONField(default=dict, editable=False, help_text="How many stand where, as last counted.")
    counted_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AutomationQuerySet.as_manager()

    class Meta:
        ordering = ["newsletter", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "running", "paused", "ended"]), name="automation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(begins__in=["confirmed", "quiet", "tagged", "segment"]), name="automation_begins_known"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(started_at__isnull=False), name="automation_was_started"
            ),
            models.UniqueConstraint(
                fields=["newsletter", "name"],
                name="automation_name_once",
                violation_error_message="This newsletter has an automation of that name already.",
            ),
            models.UniqueConstraint(
                fields=["newsletter"],
                condition=Q(begins="confirmed", state__in=["running", "paused"]),
                name="automation_one_welcome",
                violation_error_message="Another automation begins with the confirmation already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.newsletter}: {self.name}"

    @property
    def is_editable(self) -> bool:
        """Whether its steps and letters can be changed: while nothing moves."""
        return self.state in (self.State.DRAFT, self.State.PAUSED)

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    def first_step(self) -> AutomationStep | None:
        """Where everybody begins; None where there is nothing to do."""
        return self.steps.order_by("ordering", "pk").first()

    @property
    def is_for_the_quiet(self) -> bool:
        return self.begins == self.Begins.QUIET

    @property
    def is_welcome(self) -> bool:
        return self.begins == self.Begins.CONFIRMED

    @property
    def is_for_comers(self) -> bool:
        """Whether it begins with something that subscribers did not have before."""
        return self.begins in (self.Begins.TAGGED, self.Begins.SEGMENT)

    @property
    def goes_by_reading(self) -> bool:
        """Whether who enters or leaves follows from opens and clicks."""
        return self.is_for_the_quiet or self.ends_when_reading


class AutomationStep(models.Model):
    """One step: a wait, a letter, a fork or an end. `ordering` is its place, counted from 1."""

    class Kind(models.TextChoices):
        WAIT = "wait"
        LETTER = "letter", "send a letter"
        FORK = "fork", "fork: go on elsewhere, or leave"
        PAUSE = "pause", "pause the subscription"
        UNSUBSCRIBE = "unsubscribe", "end the subscription"
        LEAVE = "leave", "leave the automation"

    class Unit(models.TextChoices):
        DAYS = "days"
        HOURS = "hours"

    class Test(models.TextChoices):
        READ = "read", "opened or clicked the letter before"
        NOT_READ = "not_read", "neither opened nor clicked the letter before"
        CLICKED = "clicked", "clicked in the letter before"
        NOT_CLICKED = "not_clicked", "did not click in the letter before"
        IN_SEGMENT = "in", "is in the segment"
        NOT_IN_SEGMENT = "not_in", "is not in the segment"

    BY_READING = (Test.READ, Test.NOT_READ, Test.CLICKED, Test.NOT_CLICKED)

    automation = models.ForeignKey(Automation, on_delete=models.CASCADE, related_name="steps")
    ordering = models.PositiveSmallIntegerField("place", default=0)
    kind = models.CharField("what", max_length=11, choices=Kind, default=Kind.WAIT)
    amount = _number("how long", 1, 365, null=True, blank=True)
    unit = models.CharField(max_length=5, choices=Unit, default=Unit.DAYS)
    at_time = models.TimeField(
        "until", null=True, blank=True, help_text="A time of day in the newsletter’s time zone; empty: any."
    )
    asks_to_stay = models.BooleanField(
        "asks whether to stay",
        default=False,
        help_text="Puts a button under its text with which a subscriber stays on the list, and leaves the automation.",
    )
    test = models.CharField("whoever", max_length=11, choices=Test, blank=True)
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    target = models.ForeignKey(
        "self",
        verbose_name="goes on at",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="A later step. Save new steps first to choose one of them.",
    )
    leaves = models.BooleanField("or leaves", default=False)
    passed = models.PositiveIntegerField(default=0, editable=False, help_text="How many have done it.")
    turned = models.PositiveIntegerField(default=0, editable=False, help_text="Of a fork: whom its test was true of.")

    class Meta:
        verbose_name = "step"
        ordering = ["automation", "ordering", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["wait", "letter", "fork", "pause", "unsubscribe", "leave"]),
                name="automation_step_kind_known",
            ),
            models.CheckConstraint(condition=Q(unit__in=["days", "hours"]), name="automation_step_unit_known"),
            models.CheckConstraint(
                condition=Q(test__in=["", "read", "not_read", "clicked", "not_clicked", "in", "not_in"]),
                name="automation_step_test_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ordering}. {self.in_words()}"

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Take it out. Whoever stands at it goes on with the step that follows, at the time at which this one was due."""
        following = self.following()
        here = self.enrolments.filter(state=Enrolment.State.WAITING)
        if following:
            here.update(step=following, letter_is_out=False)
        else:
            here.update(state=Enrolment.State.FINISHED, ended_at=timezone.now())
        self.letters.filter(state="draft").delete()  # an edition stays, with its figures
        return super().delete(*args, **kwargs)

    def following(self) -> AutomationStep | None:
        """The step after it; None after the last."""
        later = Q(ordering__gt=self.ordering) | Q(ordering=self.ordering, pk__gt=self.pk)
        return AutomationStep.objects.filter(later, automation=self.automation_id).order_by("ordering", "pk").first()

    @property
    def goes_by_reading(self) -> bool:
        """Whether what it does to somebody follows from what they opened and clicked, or did not."""
        is_end = self.kind in (self.Kind.PAUSE, self.Kind.UNSUBSCRIBE)
        is_fork = self.kind == self.Kind.FORK and self.test in self.BY_READING
        return is_fork or (is_end and self.automation.goes_by_reading)

    def in_words(self) -> str:
        """What it does, in a few words."""
        if self.kind == self.Kind.WAIT:
            return f"Wait {self.how_long()}" + (f", until {self.at_time:%H:%M}" if self.at_time else "")
        if self.kind == self.Kind.PAUSE:
            return f"Pause the subscription for {self.how_long()}"
        if self.kind == self.Kind.FORK:
            where = "leaves" if self.leaves else f"goes on at {self.target.ordering if self.target else '…'}"
            about = f" “{self.segment}”" if self.segment_id else ""
            return f"Whoever {self.get_test_display() or '…'}{about} {where}"
        return str(self.get_kind_display()).capitalize()

    def how_long(self) -> str:
        if not self.amount:
            return "…"
        return f"{self.amount} {self.unit if self.amount != 1 else self.unit[:-1]}"

    def due_after(self, moment: datetime) -> datetime:
        """When it is done for somebody who comes to it at a moment: a wait ends in no quiet hours, all else is due at once.

        Days until a time of day are days of the calendar: from Monday on, one day until 9:00 ends on Tuesday.
        """
        if self.kind != self.Kind.WAIT or not self.amount:
            return moment
        newsletter = self.automation.newsletter
        due = moment + timedelta(**{self.unit: self.amount})
        if self.at_time:
            if self.unit == self.Unit.DAYS:
                day = moment.astimezone(newsletter.zone).date() + timedelta(days=self.amount)
                due = datetime.combine(day, datetime.min.time(), tzinfo=newsletter.zone)
            just_before = due - timedelta(microseconds=1)
            due = clock.next_time(just_before, range(7), self.at_time, newsletter.zone) or due
        return newsletter.quiet_ends(due) or due


class Enrolment(models.Model):
    """One subscriber in an automation, once: where they stand, and when something happens next.

    Somebody who enters again has another row, of the next round. The row moves in the transaction that does its step.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        FINISHED = "finished"
        LEFT = "left"

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed"
        SUPPRESSED = "suppressed", "no mail may be sent to the address"
        ERASED = "erased"
        READING = "reading", "reads again"
        STAYED = "stayed", "asked to stay"
        SEGMENT = "segment", "came into the segment that leaves"
        FORK = "fork", "left at a fork or an end"
        NOT_ASKED = "not_asked", "got no letter that asked whether to stay"
        ENDED = "ended", "the automation was ended"
        STAFF = "staff", "taken out by staff"
        BEFORE = "before", "was there before it began"  # and so never enters

    automation = models.ForeignKey(Automation, on_delete=models.CASCADE, related_name="enrolments", db_index=False)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.SET_NULL, null=True, related_name="enrolments")
    round = models.PositiveSmallIntegerField(default=0)
    step = models.ForeignKey(
        AutomationStep, on_delete=models.SET_NULL, null=True, related_name="enrolments", db_index=False
    )
    due_at = models.DateTimeField(help_text="When the step at which it stands is done.")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=12, choices=Reason, blank=True, default="", db_default="")
    delivery = models.ForeignKey(
        "newsletter.Delivery", on_delete=models.SET_NULL, null=True, related_name="+", help_text="The last letter."
    )
    letter_is_out = models.BooleanField(
        default=False, db_default=False, help_text="Whether the letter of this step was queued."
    )
    entered_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["step", "due_at"], name="enrolment_due", condition=Q(state="waiting")),
            models.Index(fields=["step", "-id"], name="enrolment_at_step"),
            models.Index(fields=["automation", "-id"], name="enrolment_newest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["automation", "subscriber", "round"], name="enrolment_once"),
            models.UniqueConstraint(
                fields=["automation", "subscriber"], condition=Q(state="waiting"), name="enrolment_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", step__isnull=False, ended_at=None, reason="")
                | Q(state="finished", ended_at__isnull=False, reason="")
                | Q(state="left", ended_at__isnull=False) & ~Q(reason=""),
                name="enrolment_state_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber or 'erased'} in {self.automation}"
