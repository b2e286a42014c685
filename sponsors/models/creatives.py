"""Creatives, their versions, and the approvals of versions."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from core.lib.signing import make_token
from core.lib.triggers import append_only
from sponsors.models.catalogue import PlacementKind
from sponsors.models.inventory import Booking
from sponsors.models.rules import AssetClass
from sponsors.querysets import CreativeQuerySet, CreativeVersionQuerySet

LOOK = "sponsors.look"
LOOK_LASTS = timedelta(days=2)


class Creative(models.Model):
    """The ad of one booking for one kind, or a house ad for places that nobody bought."""

    STANDINGS = (
        ("waiting", "waiting for approval"),
        ("approved", "approved"),
        ("rejected", "rejected"),
        ("empty", "nothing submitted"),
    )
    last_number: int | None  # by objects.with_standing()
    standing: str

    booking = models.ForeignKey(
        Booking,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="creatives",
        help_text="Empty for a house ad.",
    )
    kind = models.ForeignKey(PlacementKind, on_delete=models.PROTECT, related_name="creatives")
    retired_at = models.DateTimeField(null=True, blank=True, help_text="A retired ad does not run.")

    objects = CreativeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("approve_creative", "Can approve and reject what others submitted"),
            ("clear_creative", "Can approve and reject for compliance what others submitted"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["booking", "kind"], name="creative_one_per_booking_and_kind"),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(booking__isnull=True, retired_at__isnull=True),
                name="creative_one_house_ad_per_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking or 'House ad'}: {self.kind}"

    @property
    def latest(self) -> "CreativeVersion | None":
        """The version submitted last, approved or not."""
        found = self.versions.reviewed().select_related("link_check", "creative__kind", "creative__booking__sponsor")
        return found.order_by("-number").first()


class CreativeVersion(models.Model):
    """A creative exactly as it was submitted. An edit is a new version, which needs an approval of its own."""

    verdict: str | None  # by objects.reviewed(), like the five below
    verdict_reason: str
    editorial: str | None
    compliance: str | None
    approved_at: datetime | None

    creative = models.ForeignKey(Creative, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    headline = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    link_url = models.CharField("link", max_length=2000)
    image = models.ImageField(upload_to="creatives", blank=True, width_field="image_width", height_field="image_height")
    image_alt = models.CharField("image description", max_length=200, blank=True)
    image_width = models.PositiveSmallIntegerField(null=True, editable=False)
    image_height = models.PositiveSmallIntegerField(null=True, editable=False)
    phone_image = models.ImageField(
        upload_to="creatives", blank=True, width_field="phone_width", height_field="phone_height"
    )
    phone_width = models.PositiveSmallIntegerField(null=True, editable=False)
    phone_height = models.PositiveSmallIntegerField(null=True, editable=False)
    asset_class = models.CharField(
        "what it advertises",
        max_length=10,
        choices=AssetClass,
        blank=True,
        default="",
        db_default="",
        help_text="Decides which rules apply. Empty, as of versions of before: what its sponsor's category comes to.",
    )
    sha256 = models.CharField(
        max_length=64, editable=False, help_text="Of everything above, including the image's bytes."
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty if the sponsor submitted it.",
    )
    submitted_at = models.DateTimeField(default=timezone.now)

    objects = CreativeVersionQuerySet.as_manager()

    class Meta:
        ordering = ["creative", "-number"]
        triggers = [append_only("What was submitted is never changed or deleted: an edit is a new version.")]
        constraints = [
            models.UniqueConstraint(fields=["creative", "number"], name="creative_version_number_unique"),
            models.CheckConstraint(condition=Q(link_url__regex=r"^https?://"), name="creative_version_link_is_http"),
            models.CheckConstraint(
                condition=Q(image="") | ~Q(image_alt=""), name="creative_version_image_is_described"
            ),
            models.CheckConstraint(
                condition=Q(asset_class__in=["", *AssetClass.values]), name="creative_version_asset_class_known"
            ),
            models.CheckConstraint(
                condition=Q(phone_image="") | ~Q(image=""), name="creative_version_phone_image_is_second"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.creative}, version {self.number}"

    @property
    def look_path(self) -> str:
        """The version as it will stand on its page or in its mail, for a frame."""
        return reverse("sponsors:look", args=[make_token(LOOK, self.pk, expires_in=LOOK_LASTS)])

    @property
    def submitter(self) -> str:
        return str(self.submitted_by) if self.submitted_by else "the sponsor"


class Approval(models.Model):
    """A verdict on one version by someone who did not submit it, in one of two roles. The last one of each role counts."""

    class Role(models.TextChoices):
        EDITORIAL = "editorial"
        COMPLIANCE = "compliance"
        BOTH = "both", "both, before they were apart"

    class Verdict(models.TextChoices):
        APPROVED = "approved"
        REJECTED = "rejected"

    version = models.ForeignKey(CreativeVersion, on_delete=models.PROTECT, related_name="approvals")
    role = models.CharField(max_length=10, choices=Role, db_default=Role.BOTH)
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.CharField(max_length=300, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        triggers = [append_only("Verdicts are never changed or deleted: a new verdict is a new row.")]
        constraints = [
            models.CheckConstraint(condition=Q(verdict__in=["approved", "rejected"]), name="approval_verdict_known"),
            models.CheckConstraint(
                condition=Q(role__in=["editorial", "compliance", "both"]), name="approval_role_known"
            ),
            models.CheckConstraint(
                condition=Q(submitted_by__isnull=True) | ~Q(by=F("submitted_by")),
                name="approval_not_by_submitter",
                violation_error_message="It must be approved by someone other than the person who submitted it.",
            ),
            models.CheckConstraint(
                condition=~Q(verdict="rejected") | ~Q(reason=""), name="approval_rejection_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} by {self.by} ({self.get_role_display()})"
