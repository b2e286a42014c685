"""Views of ads as they came, kept for some days; their counts by day; and what is added or taken back by hand."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.lib.triggers import append_only
from sponsors.models.inventory import Booking, Claim
from sponsors.models.records import AdEvent


class AdView(models.Model):
    """One view of an ad: half of it was in view for a second. The table has a partition for each day, dropped as a whole."""

    pk = models.CompositePrimaryKey("day", "claim_id", "nonce")
    day = models.DateField()
    claim_id = models.BigIntegerField()
    nonce = models.BigIntegerField(help_text="Tells views apart, so that a repeated beacon counts once.")
    at = models.DateTimeField()
    visitor = models.BigIntegerField(help_text="Tells readers apart within the day.")
    place = models.BigIntegerField(help_text="Tells addresses apart within the day; 0 for one that is not public.")
    network = models.BigIntegerField(help_text="Tells networks apart within the day; 0 for one that is not public.")
    reason = models.CharField(max_length=10, choices=AdEvent.Reason, blank=True)

    class Meta:
        default_permissions = ()
        db_table = "sponsors_adview"

    def __str__(self) -> str:
        return f"{self.claim_id} at {self.at:%H:%M:%S}"


class AdReader(models.Model):
    """How many views of an ad on a day were one reader's, with one reason: views added up as they are written, in partitions too."""

    pk = models.CompositePrimaryKey("day", "claim_id", "reason", "network", "place", "visitor")
    day = models.DateField()
    claim_id = models.BigIntegerField()
    reason = models.CharField(max_length=10, choices=AdEvent.Reason, blank=True)
    network = models.BigIntegerField()
    place = models.BigIntegerField()
    visitor = models.BigIntegerField()
    number = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        db_table = "sponsors_adreader"

    def __str__(self) -> str:
        return f"{self.number} of {self.claim_id} on {self.day}"


class BuyerDay(models.Model):
    """A place, numbered as in views of its day, from which a booking's own pages were opened on it."""

    day = models.DateField()
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="+")
    place = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["day", "booking", "place"], name="buyer_day_once")]

    def __str__(self) -> str:
        return f"{self.booking} on {self.day}"


class AdDay(models.Model):
    """How many views of an ad on a day were counted, or rejected for one reason."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="view_days")
    day = models.DateField()
    reason = models.CharField(max_length=10, choices=AdEvent.Reason, blank=True)
    number = models.PositiveBigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["day", "claim", "reason"], name="ad_day_once")]

    def __str__(self) -> str:
        return f"{self.number} on {self.day:%-d %b %Y}: {self.get_reason_display()}"


class AdRollUp(models.Model):
    """When the counts of a day were last made."""

    day = models.DateField(primary_key=True)
    rolled_up_at = models.DateTimeField()
    seconds = models.FloatField(help_text="How long it took.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.day:%-d %b %Y}"


class Adjustment(models.Model):
    """Views or clicks that were added or taken back by hand, such as by a refund. Counts are made anew beside it."""

    class Kind(models.TextChoices):
        VIEW = "view"
        CLICK = "click"

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="adjustments")
    kind = models.CharField(max_length=5, choices=Kind)
    number = models.IntegerField(help_text="How many more; below zero, how many less.")
    words = models.CharField("why", max_length=200, help_text="The sponsor reads it in the report.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]
        default_permissions = ("add", "view")
        triggers = [append_only("Adjustments are never changed or deleted: make another one.")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["view", "click"]), name="adjustment_kind_known"),
            models.CheckConstraint(condition=~Q(number=0), name="adjustment_not_nothing"),
            models.CheckConstraint(condition=~Q(words=""), name="adjustment_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.number:+} {self.get_kind_display()}s: {self.words}"
