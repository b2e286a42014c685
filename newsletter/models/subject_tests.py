"""A test of subjects and preheaders: some get one of several, and the rest the one that did best."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from newsletter.models.briefings import Briefing


class SubjectTest(models.Model):
    """How a briefing's subjects are tried out, and what came of it (newsletter.sending.subject_tests).

    Number 0 is the briefing's own subject and preheader; the others are its variants.
    """

    class By(models.TextChoices):
        CLICKS = "clicks", "people who clicked"
        OPENS = "opens", "people who opened"
        HAND = "hand", "somebody, by hand"

    briefing = models.OneToOneField(Briefing, on_delete=models.CASCADE, primary_key=True, related_name="subject_test")
    share = models.PositiveSmallIntegerField(default=20, help_text="Of its audience, in per cent.")
    by = models.CharField(max_length=6, choices=By, default=By.CLICKS)
    minutes = models.PositiveIntegerField(
        default=240, validators=[MinValueValidator(15), MaxValueValidator(4320)], help_text="After the sample was sent."
    )
    seed = models.CharField(max_length=32, blank=True, editable=False, help_text="What its sample was drawn with.")
    sampled_at = models.DateTimeField(null=True, editable=False, help_text="When the whole sample had been sent.")
    winner = models.PositiveSmallIntegerField(null=True, editable=False, help_text="The number that the rest gets.")
    decided_at = models.DateTimeField(null=True, editable=False)
    verdict = models.TextField(blank=True, editable=False, help_text="Why that one, in words.")

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["briefing"], name="subject_test_open", condition=Q(winner=None))]
        constraints = [
            models.CheckConstraint(condition=Q(share__gte=5, share__lte=50), name="subject_test_share_is_a_part"),
            models.CheckConstraint(condition=Q(minutes__gte=15, minutes__lte=4320), name="subject_test_takes_a_while"),
            models.CheckConstraint(condition=Q(by__in=["clicks", "opens", "hand"]), name="subject_test_by_known"),
            models.CheckConstraint(
                condition=Q(winner=None, decided_at=None) | Q(winner__lte=3, decided_at__isnull=False) & ~Q(seed=""),
                name="subject_test_decided_after_the_draw",
            ),
        ]

    def __str__(self) -> str:
        return f"Test of the subjects of {self.briefing}"


class SubjectVariant(models.Model):
    """Another subject, preheader or both; once it is frozen, with its message."""

    test = models.ForeignKey(SubjectTest, on_delete=models.CASCADE, related_name="variants", db_index=False)
    number = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=150, blank=True, help_text="Empty: the briefing's.")
    preheader = models.CharField(max_length=200, blank=True, help_text="Empty: the briefing's.")
    data = models.BinaryField(null=True, editable=False)
    personal = models.JSONField(default=dict, editable=False)

    class Meta:
        default_permissions = ()
        ordering = ["test", "number"]
        constraints = [
            models.UniqueConstraint(fields=["test", "number"], name="subject_variant_once"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=3), name="subject_variant_numbered"),
            models.CheckConstraint(condition=~Q(subject="", preheader=""), name="subject_variant_says_something"),
        ]

    def __str__(self) -> str:
        return self.subject or self.preheader


class VariantFigures(models.Model):
    """What one subject came to in the sample; without a number, what the rest came to."""

    briefing = models.ForeignKey(Briefing, on_delete=models.CASCADE, related_name="variant_figures", db_index=False)
    number = models.PositiveSmallIntegerField(null=True)
    accepted = models.PositiveIntegerField(default=0)
    delivered = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    clicked = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        verbose_name_plural = "figures of variants"
        constraints = [
            models.UniqueConstraint(fields=["briefing", "number"], name="variant_figures_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(delivered__lte=F("accepted"), opened__lte=F("delivered"), clicked__lte=F("delivered")),
                name="variant_figures_of_delivered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.briefing}, {'the rest' if self.number is None else self.number}"
