"""What staff know of subscribers besides: tags, who has them, and the fields whose values are in Subscriber.attributes."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class SubscriberTag(models.Model):
    """A word of the newsroom's for some subscribers."""

    name = models.CharField(max_length=60)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "tag of subscribers"
        verbose_name_plural = "tags of subscribers"
        ordering = [Lower("name")]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="subscriber_tag_once",
                violation_error_message="There is such a tag already, perhaps in other letters.",
            ),
            # They are written one after the other, with commas between them.
            models.CheckConstraint(
                condition=models.Q(name__regex=r'^[^,;"\[\]]+$'),
                name="subscriber_tag_without_separators",
                violation_error_message="A tag has no comma, semicolon, bracket or double quote in it.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Tagging(models.Model):
    """A subscriber who has a tag."""

    tag = models.ForeignKey(SubscriberTag, on_delete=models.CASCADE, db_index=False, related_name="taggings")
    subscriber = models.ForeignKey("newsletter.Subscriber", on_delete=models.CASCADE, related_name="taggings")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tag", "subscriber"], name="tagging_once")]

    def __str__(self) -> str:
        return f"{self.tag} of {self.subscriber}"


class SubscriberField(models.Model):
    """A field that every subscriber's page has. Its values are in Subscriber.attributes under its key."""

    class Kind(models.TextChoices):
        TEXT = "text"
        NUMBER = "number"
        DATE = "date"
        YES_NO = "yes-no", "yes or no"
        CHOICE = "choice", "one of several"

    name = models.CharField(max_length=60)
    key = models.CharField(
        max_length=60,
        unique=True,
        blank=True,
        validators=[RegexValidator(r"^(?!tags$)[\w-]+$", "Letters, digits, - and _ only, and not the word “tags”.")],
        help_text="The name of its values in exports. Empty: made from the name. It stays as it is.",
    )
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.TEXT, help_text="It stays as it is.")
    choices = models.TextField(blank=True, help_text="For “one of several”: each on a line of its own.")
    ordering = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "field of subscribers"
        verbose_name_plural = "fields of subscribers"
        ordering = ["ordering", "name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="subscriber_field_once",
                violation_error_message="There is such a field already, perhaps in other letters.",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["text", "number", "date", "yes-no", "choice"]),
                name="subscriber_field_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def options(self) -> list[str]:
        """What it can be, where it is one of several."""
        return list(dict.fromkeys(filter(None, map(str.strip, self.choices.splitlines()))))
