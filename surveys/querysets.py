"""How seasons, categories and ballots are read."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models.functions import Now

if TYPE_CHECKING:
    from surveys.models import AwardCategory, Ballot, LedgerEntry, Season  # noqa: F401


class SeasonQuerySet(models.QuerySet["Season"]):
    def public(self) -> Self:
        """What readers may know of: everything but drafts, and elections that were imported and are not shown yet."""
        return self.exclude(state="draft").filter(is_withheld=False)

    def taking_ballots(self) -> Self:
        """Open for voting now, by the database's clock."""
        return self.filter(state="voting", opens_at__lte=Now(), closes_at__gt=Now())

    def done_nominating(self) -> Self:
        """Whose nominations are to close by now."""
        return self.filter(state="nominating", nominations_close_at__lte=Now())

    def due_to_open(self) -> Self:
        return self.filter(state="voting", opened_at__isnull=True, opens_at__lte=Now())

    def due_to_close(self) -> Self:
        return self.filter(state="voting", closes_at__lte=Now())


class CategoryQuerySet(models.QuerySet["AwardCategory"]):
    def public(self) -> Self:
        return self.exclude(season__state="draft").filter(season__is_withheld=False)

    def taking_ballots(self) -> Self:
        """Open for voting now, by the database's clock."""
        return self.filter(
            closed_at__isnull=True, season__state="voting", season__opens_at__lte=Now(), season__closes_at__gt=Now()
        )

    def closed(self) -> Self:
        return self.filter(closed_at__isnull=False)

    def released(self) -> Self:
        return self.filter(released_at__isnull=False)


class BallotQuerySet(models.QuerySet["Ballot"]):
    def counted(self) -> Self:
        """Neither held for review nor void."""
        return self.filter(state="cast")

    def waiting(self) -> Self:
        """Confirmed, but not in the ledger yet."""
        return self.filter(unsealed__isnull=False)


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    def statements(self) -> Self:
        """What is open from the start: all leaves but those of ballots, and decisions that are sealed until the release."""
        return self.exclude(kind="cast").exclude(kind="ruling")
