"""Images, all re-encoded on upload: the bytes that somebody uploaded are never served."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.files.storage import default_storage
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from core import pagecache
from core.lib.prefix_search import words_index

SHARE = [MinValueValidator(0.0), MaxValueValidator(1.0)]


class ImageAsset(models.Model):
    """One image and its renditions. `articles.images.store_image` makes it."""

    file = models.CharField(
        max_length=200,
        unique=True,
        editable=False,
        help_text="What documents know it by: its first path of the media folder.",
    )
    replacement = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text="The path of what it was replaced with; empty: the first one.",
    )
    former = models.JSONField(
        default=list, editable=False, help_text="The paths of what it was before it was replaced."
    )
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of what was uploaded.")
    name = models.CharField(max_length=160)
    alt = models.CharField("alternative text", max_length=400, blank=True)
    is_decorative = models.BooleanField(
        "decorative",
        default=False,
        help_text="It says nothing that the text does not, so it needs no alternative text.",
    )
    credit = models.CharField(max_length=200, blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True, help_text="With commas between them.")
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    focal_x = models.FloatField(default=0.5, validators=SHARE)
    focal_y = models.FloatField(default=0.5, validators=SHARE)
    renditions = models.JSONField(default=list, editable=False)
    renditions_due = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="A worker is still to make them."
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    unclaimed_since = models.DateTimeField(
        null=True, editable=False, help_text="When it was uploaded at the desk; empty once something saved uses it."
    )

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "image"
        indexes = [
            models.Index(fields=["-created_at"], name="image_newest"),
            models.Index(fields=["id"], name="image_renditions_due", condition=models.Q(renditions_due=True)),
            models.Index(
                fields=["unclaimed_since"], name="image_unclaimed", condition=models.Q(unclaimed_since__isnull=False)
            ),
            words_index("name", "alt", "credit", name="image_words"),
            GinIndex(fields=["tags"], name="image_tags"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(width__gt=0, height__gt=0), name="image_has_size"),
            models.CheckConstraint(
                condition=models.Q(focal_x__range=(0, 1), focal_y__range=(0, 1)), name="image_focal_point_inside"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        pagecache.bump()

    @property
    def path(self) -> str:
        """Where its picture is now, under the media folder."""
        return self.replacement or self.file

    @property
    def url(self) -> str:
        return default_storage.url(self.path)

    @property
    def small(self) -> str:
        """The address of its smallest rendition."""
        made = min(self.renditions, key=lambda made: made["width"], default={"src": self.path})
        return default_storage.url(made["src"])

    @property
    def paths(self) -> list[str]:
        """All its files."""
        return [self.path, *(made["src"] for made in self.renditions), *self.former]
