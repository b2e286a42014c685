"""What staff write for the media kit, and the figures of the field that its readers know."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q


class KitText(models.Model):
    """A passage of the media kit: whom it suits, a question with its answer, or one of the terms."""

    class Part(models.TextChoices):
        AUDIENCE = "audience", "what it does for whom"
        QUESTION = "question", "question and answer"
        TERM = "term", "term"

    part = models.CharField(max_length=8, choices=Part, default=Part.QUESTION)
    heading = models.CharField(max_length=160, help_text="Whom it is for, the question, or what the term is about.")
    text = models.TextField(max_length=1200, help_text="Plain words; an empty line starts a new paragraph.")
    ordering = models.PositiveSmallIntegerField("place", default=10, help_text="The lowest comes first.")
    is_shown = models.BooleanField("shown", default=True)

    class Meta:
        ordering = ["part", "ordering", "id"]
        verbose_name, verbose_name_plural = "passage of the media kit", "media kit"
        constraints = [
            models.CheckConstraint(condition=Q(part__in=["audience", "question", "term"]), name="kit_text_part_known")
        ]

    def __str__(self) -> str:
        return self.heading


class FieldFigure(models.Model):
    """What media kits of the field usually say, shown beside what we measured."""

    class Measure(models.TextChoices):
        OPENS = "opens", "opens, of messages delivered"
        CLICKS_OF_DELIVERED = "clicks", "clicks, of messages delivered"
        CLICKS_OF_OPENED = "ctr", "clicks, of messages opened"

    measure = models.CharField(max_length=6, choices=Measure, unique=True)
    low = models.DecimalField(
        "from (%)", max_digits=5, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    high = models.DecimalField(
        "to (%)", max_digits=5, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    source = models.CharField("where it is from", max_length=200)

    class Meta:
        ordering = ["-measure"]
        verbose_name = "figure of the field"
        verbose_name_plural = "figures of the field"
        constraints = [
            models.CheckConstraint(condition=Q(low__lte=F("high")), name="field_figure_in_order"),
            models.CheckConstraint(condition=Q(measure__in=["opens", "clicks", "ctr"]), name="field_figure_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_measure_display()}: {self.range_text}"

    def clean(self) -> None:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValidationError({"high": "This is the upper end: it cannot be below the lower one."})

    @property
    def range_text(self) -> str:
        low, high = (f"{value.normalize():f}" for value in (self.low, self.high))
        return f"{low} %" if low == high else f"{low}–{high} %"
