"""How seasons, categories and ballots, surveys and responses are read."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

if TYPE_CHECKING:
    from surveys.models import (  # noqa: F401
        AwardCategory,
        Ballot,
        LedgerEntry,
        Response,
        Season,
        Sitting,
        Survey,
    )


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


class SurveyQuerySet(models.QuerySet["Survey"]):
    def public(self) -> Self:
        """What readers may know of: everything but drafts."""
        return self.exclude(state="draft")

    def open(self) -> Self:
        """Taking answers now, by the database's clock."""
        begun, not_over = Q(opens_at=None) | Q(opens_at__lte=Now()), Q(closes_at=None) | Q(closes_at__gt=Now())
        return self.filter(begun, not_over, state="open")

    def due_to_open(self) -> Self:
        return self.filter(state="open", opened_at__isnull=True).filter(Q(opens_at=None) | Q(opens_at__lte=Now()))

    def due_to_close(self) -> Self:
        return self.filter(state="open", closes_at__lte=Now())

    def with_results(self) -> Self:
        """Whose results readers see, at least in part."""
        return self.public().filter(published_at__isnull=False)


class SittingQuerySet(models.QuerySet["Sitting"]):
    def finished(self) -> Self:
        return self.filter(finished_on__isnull=False)

    def unfinished(self) -> Self:
        return self.filter(finished_on__isnull=True)


class ResponseQuerySet(models.QuerySet["Response"]):
    def counted(self) -> Self:
        """Finished, to the last page or to an earlier end; not screened out."""
        return self.filter(ended__in=["complete", "early"])

    def partial(self) -> Self:
        return self.filter(ended="partial")
