"""Figures of a list, kept by day and by briefing: numbers alone, which outlast whoever they count."""

from django.db import models
from django.db.models import Q

from newsletter.models.audience import Newsletter
from newsletter.models.briefings import Briefing
from newsletter.models.deliveries import TrackedLink


class ListDay(models.Model):
    """What one day (of UTC) brought a newsletter. newsletter.subscribers.day_counts counts, and docs/counting.md says what."""

    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    joined = models.PositiveIntegerField(default=0)
    joined_from = models.JSONField(default=dict, help_text="How many of them came from each source.")
    left = models.PositiveIntegerField(default=0)
    stopped = models.PositiveIntegerField(default=0, help_text="Suppressed while they were on the list.")
    asked = models.PositiveIntegerField(default=0)
    confirmed = models.PositiveIntegerField(default=0, help_text="Of those who asked on this day.")
    size = models.PositiveIntegerField(null=True, help_text="As last measured on this day.")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["newsletter", "day"], name="list_day_once"),
            models.CheckConstraint(condition=Q(confirmed__lte=models.F("asked")), name="list_day_confirmed_of_asked"),
        ]

    def __str__(self) -> str:
        return f"{self.newsletter} on {self.day}"


class BriefingDomain(models.Model):
    """How the mail servers of one domain took a briefing. Domains of few subscribers are counted together, without a name."""

    briefing = models.ForeignKey(Briefing, on_delete=models.CASCADE, related_name="domains", db_index=False)
    domain = models.CharField(max_length=255, blank=True)
    mailed = models.PositiveIntegerField()
    bounced = models.PositiveIntegerField(default=0)
    complained = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["briefing", "domain"], name="briefing_domain_once")]

    def __str__(self) -> str:
        return f"{self.briefing} at {self.domain or 'other domains'}"


class BriefingCohort(models.Model):
    """How those who joined in one month read a briefing, where it counts reading."""

    briefing = models.ForeignKey(Briefing, on_delete=models.CASCADE, related_name="cohorts", db_index=False)
    month = models.DateField(null=True, help_text="Its first day; empty where nobody knows when they joined.")
    delivered = models.PositiveIntegerField()
    engaged = models.PositiveIntegerField(default=0, help_text="Opened or clicked it, as far as persons are concerned.")
    clicked = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["briefing", "month"], name="briefing_cohort_once")]

    def __str__(self) -> str:
        return f"{self.briefing}, joined in {self.month or 'no known month'}"


class BriefingFigures(models.Model):
    """When a briefing's figures were last counted, and how many of its hits do not count. Its hours and links have the rest."""

    briefing = models.OneToOneField(Briefing, on_delete=models.CASCADE, primary_key=True, related_name="figures")
    counted_at = models.DateTimeField()
    rejected = models.PositiveIntegerField(
        default=0, help_text="Opens and clicks that do not count, mail services apart."
    )

    class Meta:
        default_permissions = ()
        verbose_name_plural = "figures of briefings"

    def __str__(self) -> str:
        return f"Figures of {self.briefing}"


class BriefingHour(models.Model):
    """What one hour brought a briefing, counted from its first mail: so that briefings can be compared at the same age.

    newsletter.sending.briefing_counts counts, and docs/counting.md says what.
    """

    LAST = 720  # thirty days; what comes later counts in this one

    briefing = models.ForeignKey(Briefing, on_delete=models.CASCADE, related_name="hours", db_index=False)
    hour = models.PositiveSmallIntegerField(help_text="Whole hours since its first mail.")
    accepted = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    complained = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    opened_by_machines = models.PositiveIntegerField(default=0)
    clicked = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        ordering = ["briefing", "hour"]
        constraints = [
            models.UniqueConstraint(fields=["briefing", "hour"], name="briefing_hour_once"),
            models.CheckConstraint(condition=Q(hour__lte=720), name="briefing_hour_within_thirty_days"),
        ]

    def __str__(self) -> str:
        return f"{self.briefing}, hour {self.hour}"


class LinkFigures(models.Model):
    """How often a link of a briefing was clicked: by how many people, and all requests for it."""

    link = models.OneToOneField(TrackedLink, on_delete=models.CASCADE, primary_key=True, related_name="figures")
    people = models.PositiveIntegerField(default=0)
    hits = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        verbose_name_plural = "figures of links"
        constraints = [models.CheckConstraint(condition=Q(people__lte=models.F("hits")), name="link_people_are_hits")]

    def __str__(self) -> str:
        return f"Figures of {self.link}"
