"""Tallies: what a category's ballots come to, nominee by nominee."""

from decimal import Decimal
from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.lib.triggers import Refusal, append_only, frozen, never_truncated
from surveys.models.ledger import TreeHead
from surveys.models.nominees import Nominee
from surveys.models.seasons import AwardCategory
from surveys.tallying import WRITE_IN, Number, plain

RELEASED = "A released tally is kept for good."
RELEASED_CATEGORY = "SELECT FROM surveys_awardcategory WHERE id = OLD.category_id AND released_at IS NOT NULL"


class CountField(models.DecimalField):
    """A count: a whole number, unless ballots are weighted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"max_digits": 18, "decimal_places": 6})

    def from_db_value(self, value: Decimal | None, *_: Any) -> Number | None:
        return None if value is None else plain(value)


class Tally(models.Model):
    """The count of one category at one tree head; it can be made again until it is released, never after."""

    category = models.OneToOneField(AwardCategory, on_delete=models.PROTECT, related_name="tally")
    tree_head = models.ForeignKey(TreeHead, on_delete=models.PROTECT, related_name="tallies")
    method = models.CharField(max_length=10, choices=AwardCategory.Method)
    rules_version = models.CharField(max_length=20)
    ballots = CountField(help_text="Ballots counted.")
    base = CountField(help_text="What shares are shares of: the ballots that name a choice.")
    detail = models.JSONField(default=dict, help_text="Rounds, pairwise counts and ties, where there are any.")
    reconciliation = models.JSONField(help_text="How many ballots were confirmed, held, void and counted.")
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-made_at"]
        verbose_name_plural = "tallies"
        triggers = [
            frozen(
                "category",
                "tree_head",
                "method",
                "rules_version",
                "ballots",
                "base",
                "detail",
                "reconciliation",
                "made_at",
                words=RELEASED,
                exists=RELEASED_CATEGORY,
            ),
            Refusal("never_deleted", pgtrigger.Delete, words=RELEASED, exists=RELEASED_CATEGORY),
        ]

    def __str__(self) -> str:
        return f"Tally of {self.category}"


class TallyRow(models.Model):
    """One nominee's place in a tally; without a nominee, what else could be chosen or was written in."""

    tally = models.ForeignKey(Tally, on_delete=models.CASCADE, related_name="rows", db_index=False)
    nominee = models.ForeignKey(Nominee, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    written_in = models.CharField(
        max_length=100, blank=True, help_text="What ballots hold where that is no nominee; empty: all other write-ins."
    )
    name = models.CharField(max_length=120)
    rank = models.PositiveSmallIntegerField(
        null=True, help_text="Equal counts share a rank; what is written in has none."
    )
    count = CountField()
    is_winner = models.BooleanField(default=False)
    ordering = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["tally", "ordering"]
        triggers = [
            Refusal(
                "frozen",
                pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                words=RELEASED,
                exists="SELECT FROM surveys_tally tally JOIN surveys_awardcategory category"
                " ON category.id = tally.category_id"
                " WHERE category.released_at IS NOT NULL AND tally.id IN (OLD.tally_id, NEW.tally_id)",
            ),
            never_truncated(RELEASED),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tally", "ordering"], name="tally_row_ordering_unique"),
            models.UniqueConstraint(fields=["tally", "nominee"], name="tally_row_once_per_nominee"),
            models.UniqueConstraint(
                fields=["tally", "written_in"],
                condition=Q(nominee__isnull=True),
                name="tally_row_once_per_write_in",
            ),
            models.CheckConstraint(condition=Q(is_winner=False) | Q(rank=1), name="tally_row_winner_is_first"),
            models.CheckConstraint(condition=Q(count__gte=0), name="tally_row_count_is_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def slug(self) -> str:
        """What it is called in counts and on ballots."""
        return self.nominee.slug if self.nominee else self.written_in or WRITE_IN


class FormerTally(models.Model):
    """A released result that was corrected later: as it was published, and why it no longer stands. Kept for good."""

    category = models.ForeignKey(AwardCategory, on_delete=models.PROTECT, related_name="former_tallies")
    number = models.PositiveSmallIntegerField(help_text="The first result of a category is number 1.")
    statement = models.JSONField(help_text="The leaf of the ledger that published it.")
    rows = models.JSONField(help_text="Names, ranks and counts as they were shown.")
    reason = models.CharField(max_length=300, help_text="Why it was corrected; published.")
    replaced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["category", "number"]
        verbose_name_plural = "former tallies"
        triggers = [append_only("A result that was released is never changed or deleted, also when it was corrected.")]
        constraints = [
            models.UniqueConstraint(fields=["category", "number"], name="former_tally_number_unique"),
            models.CheckConstraint(condition=~Q(reason=""), name="former_tally_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"Result {self.number} of {self.category}"
