"""Plans: briefings that are drafted by themselves at a time of some weekdays, from articles chosen by rule."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.text import Truncator

from core.lib import clock
from newsletter.models.audience import Newsletter
from newsletter.models.segments import Segment
from newsletter.models.templates import MailTemplate

LONGEST_SUBJECT = 150
_PLACE = re.compile(r"(?<!\{)\{([^{}]*)\}(?!\})")  # a personal word has two braces
PLACES = ("title", "weekday", "day")


def check_subject(pattern: str) -> None:
    """A pattern of subjects has places that we can fill, and no others."""
    unknown = [name for name in _PLACE.findall(pattern) if name not in PLACES]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in PLACES)
        raise ValidationError(f"Nothing can be put in for {{{unknown[0]}}}. There are {known}.")


class BriefingPlan(models.Model):
    """When a newsletter's briefing is drafted, from which articles, and whether it then goes out by itself."""

    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="plans")
    name = models.CharField(max_length=80, help_text="For the newsroom alone, such as “Weekday mornings”.")
    is_on = models.BooleanField("on", default=True)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), verbose_name="on these days")
    time = models.TimeField("at", help_text="In the newsletter's time zone. The draft is made then.")
    categories = models.ManyToManyField(
        "articles.Category", blank=True, related_name="+", help_text="Articles of one of these; none chosen: of all."
    )
    tags = models.ManyToManyField(
        "articles.Tag", blank=True, related_name="+", help_text="With one of these; none chosen: whatever they have."
    )
    lead_tag = models.ForeignKey(
        "articles.Tag",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Articles with this tag come first. The first article gives the briefing its subject.",
    )
    most = models.PositiveSmallIntegerField(
        "at most", default=8, validators=[MinValueValidator(1), MaxValueValidator(30)], help_text="So many articles."
    )
    fewest = models.PositiveSmallIntegerField(
        "at least",
        default=1,
        validators=[MinValueValidator(1)],
        help_text="With fewer that are new, there is no briefing, and they are kept for the next one.",
    )
    newest_days = models.PositiveSmallIntegerField(
        "not older than",
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text="Days since an article was published.",
    )
    subject = models.CharField(
        max_length=150,
        blank=True,
        db_default="",
        validators=[check_subject],
        help_text="{title} is the first article’s title, {weekday} and {day} are those on which it is drafted; empty: the title."
        " Personal words stand here as in a briefing.",
    )
    segment = models.ForeignKey(
        Segment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Only its subscribers who are in this segment get it; empty: all.",
    )
    template = models.ForeignKey(
        MailTemplate,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: the newsletter’s default.",
    )
    by_itself = models.BooleanField(
        "goes out by itself",
        default=False,
        help_text="Without it, the draft waits until somebody approves it. All checks hold either way.",
    )
    notice = models.PositiveSmallIntegerField(
        "minutes to look at it",
        default=0,
        validators=[MaxValueValidator(1440)],
        help_text="Between the draft and the first letter of one that goes out by itself.",
    )
    due_at = models.DateTimeField(null=True, editable=False, help_text="When the next draft is to be made.")
    said = models.CharField(max_length=300, blank=True, editable=False, help_text="What came of it the last time.")

    class Meta:
        ordering = ["newsletter", "name"]
        verbose_name = "briefing plan"
        indexes = [models.Index(fields=["due_at"], name="plan_due", condition=Q(due_at__isnull=False))]
        constraints = [
            models.UniqueConstraint(
                fields=["newsletter", "name"],
                name="plan_name_once",
                violation_error_message="This newsletter has a plan of that name already.",
            ),
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=[0, 1, 2, 3, 4, 5, 6]) & ~Q(weekdays=[]), name="plan_days_known"
            ),
            models.CheckConstraint(
                condition=Q(fewest__gte=1, fewest__lte=F("most")),
                name="plan_fewest_within_most",
                violation_error_message="“At least” cannot be more than “at most”.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.newsletter}: {self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.weekdays = sorted(set(self.weekdays))
        due = self.due_at
        if not self.is_on:
            self.due_at = None
        elif due is None or due != self.after(due - timedelta(seconds=1)):  # its days, its time or the zone changed
            self.due_at = self.after(timezone.now())
        super().save(*args, **kwargs)

    def after(self, moment: datetime) -> datetime | None:
        """The first time for a draft after a moment."""
        return clock.next_time(moment, self.weekdays, self.time, self.newsletter.zone)

    def subject_of(self, title: str, moment: datetime) -> str:
        """The subject of a briefing that is led by an article and drafted at a moment; a long title is cut off in it."""
        local = moment.astimezone(self.newsletter.zone)
        values = {"weekday": calendar.day_name[local.weekday()], "day": f"{local:%-d %B}", "title": ""}

        def written() -> str:
            return _PLACE.sub(lambda found: values.get(found[1], found[0]), self.subject or "{title}")

        values["title"] = Truncator(title).chars(max(1, LONGEST_SUBJECT - len(written())))
        return written()[:LONGEST_SUBJECT]

    @property
    def days(self) -> str:
        """Its days in words."""
        if self.weekdays == [*range(7)]:
            return "every day"
        if self.weekdays == [*range(5)]:
            return "Monday to Friday"
        return ", ".join(calendar.day_name[day] for day in self.weekdays)
