"""A season's jury: who is on it, and who takes no part in which category."""

import pgtrigger
from django.conf import settings
from django.db import models

from core.lib.triggers import Refusal, append_only
from surveys.models.seasons import ON_PAPER, OPENED, AwardCategory, Season


class Juror(models.Model):
    """A member of a season's jury, under the name that stands on the ballot paper."""

    season = models.ForeignKey(Season, on_delete=models.CASCADE, related_name="jurors", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="account"
    )
    name = models.CharField(max_length=120, help_text="As the ballot paper and the result show it.")
    affiliations = models.CharField(
        max_length=300,
        blank=True,
        help_text="Whom they work for, own a part of or advise, separated by commas: they do not vote where one is a nominee.",
    )

    class Meta:
        ordering = ["season", "name"]
        triggers = [
            Refusal(
                "on_paper",
                pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                words=ON_PAPER,
                exists=OPENED + "season.id IN (OLD.season_id, NEW.season_id)",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["season", "user"],
                name="juror_once_in_season",
                violation_error_message="This account is on the jury already.",
            ),
            models.UniqueConstraint(
                fields=["season", "name"],
                name="juror_name_once_in_season",
                violation_error_message="Two members of the jury have this name.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Recusal(models.Model):
    """That a juror takes no part in a category, with the reason: published with the result, and kept for good."""

    category = models.ForeignKey(AwardCategory, on_delete=models.PROTECT, related_name="recusals", db_index=False)
    juror = models.ForeignKey(Juror, on_delete=models.PROTECT, related_name="recusals")
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["category", "juror__name"]
        triggers = [append_only("A recusal is kept for good: it is never changed or deleted.")]
        constraints = [models.UniqueConstraint(fields=["category", "juror"], name="recusal_once_in_category")]

    def __str__(self) -> str:
        return f"{self.juror} in {self.category}"
