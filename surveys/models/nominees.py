"""Who can be voted for, and whom readers propose."""

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from core.lib.triggers import Refusal, frozen
from surveys.models.seasons import IN_BALLOTS, ON_PAPER, OPENED, AwardCategory
from surveys.tallying import NONE, OVERVOTE, UNDERVOTE, WRITE_IN

# Words that stand where a slug would on a ballot.
RESERVED_NOMINEES = [WRITE_IN, OVERVOTE, UNDERVOTE, NONE]
VOTED_ON = "SELECT FROM surveys_ballot WHERE category_id = OLD.category_id"


class Nominee(models.Model):
    """Who or what can be voted for in a category."""

    category = models.ForeignKey(AwardCategory, on_delete=models.PROTECT, related_name="nominees")
    slug = models.SlugField(max_length=80, help_text="Fixed once voting has opened: ballots hold it.")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    url = models.URLField("website", blank=True)
    image = models.ImageField("logo", upload_to="nominees/", blank=True)
    ordering = models.PositiveSmallIntegerField(default=0, help_text="On the shortlist and the ballot paper.")
    withdrawn_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Why is said in the ledger; the name is struck from all ballots.",
    )

    class Meta:
        ordering = ["category", "ordering", "name"]
        triggers = [
            frozen("slug", "category", words=IN_BALLOTS, exists=VOTED_ON),
            frozen(
                "name",
                "description",
                "url",
                "ordering",
                name="on_paper",
                words=ON_PAPER,
                exists=OPENED + "season.id = (SELECT season_id FROM surveys_awardcategory WHERE id = OLD.category_id)",
            ),
            Refusal("never_deleted", pgtrigger.Delete, words=IN_BALLOTS, exists=VOTED_ON),
        ]
        constraints = [
            models.UniqueConstraint(fields=["category", "slug"], name="nominee_slug_unique_in_category"),
            models.UniqueConstraint(
                "category",
                Lower("name"),
                name="nominee_name_unique_in_category",
                violation_error_message="This category has a nominee of this name.",
            ),
            models.CheckConstraint(
                condition=~Q(slug__in=RESERVED_NOMINEES),
                name="nominee_slug_not_reserved",
                violation_error_message="This slug means something else on a ballot. Choose another.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("surveys:nominee-show", args=[self.category.season.slug, self.category.slug, self.slug])

    def clean(self) -> None:
        if self.url and not self.url.startswith(("https://", "http://")):
            raise ValidationError({"url": "Write an address that starts with https://."})


class Nomination(models.Model):
    """A nominee that a reader proposed; the steward shortlists or declines it."""

    class State(models.TextChoices):
        NEW = "new"
        SHORTLISTED = "shortlisted"
        DECLINED = "declined"

    category = models.ForeignKey(AwardCategory, on_delete=models.PROTECT, related_name="nominations")
    name = models.CharField(max_length=120)
    name_key = models.CharField(
        max_length=120,
        default="",
        editable=False,
        help_text="The same for names that differ in case and punctuation only.",
    )
    url = models.URLField("website", blank=True)
    reason = models.TextField(blank=True, max_length=1000)
    state = models.CharField(max_length=12, choices=State, default=State.NEW, editable=False)
    same_as = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="others",
        help_text="What stands for it.",
    )
    nominee = models.ForeignKey(
        Nominee, on_delete=models.SET_NULL, null=True, editable=False, related_name="nominations"
    )
    decline_reason = models.CharField("why declined", max_length=300, blank=True, editable=False)
    follower = models.ForeignKey(
        "surveys.Follower",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="nominations",
        help_text="Who asked to be told what comes of it.",
    )
    answered_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["new", "shortlisted", "declined"]), name="nomination_state_known"
            ),
            models.CheckConstraint(
                condition=Q(same_as__isnull=True) | ~Q(same_as=F("pk")), name="nomination_does_not_stand_for_itself"
            ),
        ]
        indexes = [models.Index(fields=["category", "name_key"], name="nomination_names")]

    def __str__(self) -> str:
        return self.name
