"""Award seasons and their categories."""

import uuid

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from core.lib import html
from core.lib.triggers import frozen
from surveys.querysets import CategoryQuerySet, SeasonQuerySet

# Words that stand where a slug would in the addresses of the awards.
RESERVED_SEASONS = ["ballot", "receipt", "reminder"]
RESERVED_CATEGORIES = ["remind", "ballots", "ledger", "nominate", "verify", "vote"]

# The fields of a category that say how it is counted.
RULES = ["overvote", "max_skips", "max_ranks", "unranked", "duplicate", "write_ins", "ties"]
# Those that say what its ballots can hold.
ON_BALLOTS = ["max_choices", "scale", "takes_write_in", "offers_none"]
JURY = ["jury_weight", "jury_quorum"]
LARGEST_SCALE = 100

IN_BALLOTS = "Ballots hold this slug, so it is kept for good."
ON_PAPER = "Voting has opened: what stands on the ballot paper is kept for good."
BEFORE_VOTING = ["draft", "nominating", "shortlisting"]
OPENED = "SELECT FROM surveys_season season WHERE season.state NOT IN ('draft', 'nominating', 'shortlisting') AND "
HELD = "Voting has been held: its times are kept for good."


class Season(models.Model):
    """One run of the awards, from its nominations to its results."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        NOMINATING = "nominating", "Nominations open"
        SHORTLISTING = "shortlisting", "Shortlist"
        VOTING = "voting", "Voting"
        CLOSED = "closed", "Voting closed"
        RELEASED = "released", "Results released"
        ARCHIVED = "archived", "Archived"

    slug = models.SlugField(max_length=60, unique=True, help_text="Fixed once voting has opened: it is in every leaf.")
    title = models.CharField(max_length=120)
    standfirst = models.CharField(max_length=300, blank=True, help_text="What the season is about, in a sentence.")
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT, editable=False)
    nominations_open_at = models.DateTimeField(
        "nominations open", null=True, blank=True, help_text="When it is planned; then, when they were opened."
    )
    nominations_close_at = models.DateTimeField(
        "nominations close", null=True, blank=True, help_text="They close by themselves at this time."
    )
    opens_at = models.DateTimeField("voting opens", null=True, blank=True)
    closes_at = models.DateTimeField("voting closes", null=True, blank=True)
    opened_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    released_at = models.DateTimeField(null=True, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)
    rules_version = models.CharField(max_length=20, default="1", help_text="Change it with every change of the rules.")
    rules_html = models.TextField("rules", blank=True)
    disclosure_html = models.TextField(
        "disclosure", blank=True, help_text="Who pays for the season, and what the newsroom has to do with nominees."
    )
    is_imported = models.BooleanField("imported", default=False, editable=False)
    imported_from = models.CharField(max_length=200, blank=True, editable=False)
    integrity = models.JSONField(
        null=True, editable=False, help_text="What is published of the signals of stuffing, as it was at the release."
    )
    is_withheld = models.BooleanField(
        "withheld", default=False, editable=False, help_text="Imported, and not yet shown to readers."
    )
    pepper_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SeasonQuerySet.as_manager()

    class Meta:
        ordering = [F("opens_at").desc(nulls_last=True), "-id"]
        permissions = [("release_season", "Can release results"), ("judge_season", "Can vote in a jury")]
        triggers = [
            frozen(
                "slug",
                words=IN_BALLOTS,
                exists="SELECT FROM surveys_ballot JOIN surveys_awardcategory category ON category.id = category_id"
                " WHERE category.season_id = OLD.id",
            ),
            frozen(
                "slug",
                "title",
                "rules_version",
                "rules_html",
                name="on_paper",
                words=ON_PAPER,
                once=~pgtrigger.Q(old__state__in=BEFORE_VOTING),
            ),
            frozen(
                "opens_at",
                "closes_at",
                name="times_held",
                words=HELD,
                once=~pgtrigger.Q(old__state__in=[*BEFORE_VOTING, "voting"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(slug__in=RESERVED_SEASONS),
                name="season_slug_not_reserved",
                violation_error_message="This slug is an address of the awards pages. Choose another.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[*BEFORE_VOTING, "voting", "closed", "released", "archived"]),
                name="season_state_known",
            ),
            models.CheckConstraint(
                condition=Q(nominations_open_at__isnull=True)
                | Q(nominations_close_at__isnull=True)
                | Q(nominations_close_at__gte=F("nominations_open_at")),
                name="season_nominations_close_after_opening",
                violation_error_message="Nominations have to close after they open.",
            ),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True) | Q(closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="season_closes_after_opening",
                violation_error_message="Voting has to close after it opens.",
            ),
            models.CheckConstraint(
                condition=~Q(state="voting") | Q(opens_at__isnull=False, closes_at__isnull=False),
                name="season_voting_has_window",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["released", "archived"])
                | Q(closed_at__isnull=False, released_at__isnull=False),
                name="season_released_has_times",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: object, **kwargs: object) -> None:
        self.rules_html, self.disclosure_html = html.clean(self.rules_html), html.clean(self.disclosure_html)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def get_absolute_url(self) -> str:
        return reverse("surveys:season-show", args=[self.slug])

    @property
    def is_public(self) -> bool:
        return self.state != self.State.DRAFT and not self.is_withheld

    @property
    def is_fixed(self) -> bool:
        """Whether ballots may hold its slugs, so that they cannot change any more."""
        return self.state not in BEFORE_VOTING

    @property
    def is_over(self) -> bool:
        """Whether its results are out."""
        return self.state in (self.State.RELEASED, self.State.ARCHIVED)

    @property
    def is_taking_ballots(self) -> bool:
        """By this process's clock: for what a page says. A ballot is judged by the database's clock."""
        return (
            self.state == self.State.VOTING
            and self.opens_at is not None
            and self.closes_at is not None
            and self.opens_at <= timezone.now() < self.closes_at
        )


class AwardCategory(models.Model):
    """One question of a season, with its nominees and its rule of counting."""

    class Method(models.TextChoices):
        PLURALITY = "plurality", "Plurality: one choice, most votes win"
        APPROVAL = "approval", "Approval: any number of choices, most votes win"
        IRV = "irv", "Instant runoff"
        SCHULZE = "schulze", "Schulze (Condorcet)"
        SCORE = "score", "Score"

    class Overvote(models.TextChoices):
        EXHAUST = "exhaust", "ends the ballot"
        CONTINUING = "continuing", "ends the ballot where two or more of them are still in"
        SKIP = "skip", "is passed over"

    class Duplicate(models.TextChoices):
        SKIP = "skip", "is passed over"
        EXHAUST = "exhaust", "ends the ballot"

    class WriteIns(models.TextChoices):
        COUNT = "count", "are counted like a nominee"
        FIRST = "first", "are eliminated in the first round"

    class Ties(models.TextChoices):
        SHARED = "shared", "are shared"
        LOT = "lot", "are decided by lot, drawn and published when voting opens"

    class Unranked(models.TextChoices):
        LAST = "last", "count as last"
        NO_OPINION = "no-opinion", "are not compared"

    season = models.ForeignKey(Season, on_delete=models.PROTECT, related_name="categories")
    slug = models.SlugField(max_length=60)
    title = models.CharField(max_length=120)
    description = models.CharField(max_length=300, blank=True)
    method = models.CharField(max_length=10, choices=Method, default=Method.PLURALITY)
    max_choices = models.PositiveSmallIntegerField(
        "choices at most", null=True, blank=True, help_text="Approval: how many a voter can tick. Empty: any number."
    )
    scale = models.PositiveSmallIntegerField(
        "points at most", null=True, blank=True, help_text="Score: each nominee gets from 0 to this many points."
    )
    takes_write_in = models.BooleanField(
        "offers “another”",
        default=False,
        help_text="For voters who miss their nominee: they write the name in, and you say after the close whom they mean.",
    )
    offers_none = models.BooleanField(
        "offers “none of them”",
        default=False,
        help_text="Takes part like a nominee; where it wins, nobody gets the award. Other than leaving the category out.",
    )
    overvote = models.CharField(
        max_length=10, choices=Overvote, default=Overvote.EXHAUST, help_text="Instant runoff: two choices at one rank."
    )
    max_skips = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Instant runoff: empty ranks in a row before a ballot ends. Empty: any number."
    )
    max_ranks = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Ranks counted. Empty: all.")
    unranked = models.CharField(
        max_length=10, choices=Unranked, default=Unranked.LAST, help_text="Schulze: nominees a ballot does not rank."
    )
    duplicate = models.CharField(
        max_length=10,
        choices=Duplicate,
        default=Duplicate.SKIP,
        help_text="Instant runoff: the same name at a second rank.",
    )
    write_ins = models.CharField(
        "write-ins", max_length=10, choices=WriteIns, default=WriteIns.COUNT, help_text="Instant runoff."
    )
    ties = models.CharField(
        max_length=10, choices=Ties, default=Ties.SHARED, help_text="Equal counts that no rule of the method decides."
    )
    jury_weight = models.PositiveSmallIntegerField(
        "jury's weight in %",
        null=True,
        blank=True,
        help_text="What the jury's side of the result weighs; the public's weighs the rest. Empty: no jury.",
    )
    jury_quorum = models.PositiveSmallIntegerField(
        "jury's quorum",
        null=True,
        blank=True,
        help_text="Jurors that have to vote for the jury to count. Where fewer do, the public decides alone.",
    )
    ordering = models.PositiveSmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True, editable=False)
    released_at = models.DateTimeField(null=True, editable=False)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ["ordering", "id"]
        verbose_name_plural = "award categories"
        triggers = [
            frozen("slug", "season", words=IN_BALLOTS, exists="SELECT FROM surveys_ballot WHERE category_id = OLD.id"),
            frozen(
                "title",
                "description",
                "method",
                *ON_BALLOTS,
                *JURY,
                *RULES,
                name="on_paper",
                words=ON_PAPER,
                exists=OPENED + "season.id = OLD.season_id",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["season", "slug"], name="category_slug_unique_in_season"),
            models.CheckConstraint(
                condition=~Q(slug__in=RESERVED_CATEGORIES),
                name="category_slug_not_reserved",
                violation_error_message="This slug is an address of the awards pages. Choose another.",
            ),
            models.CheckConstraint(
                condition=Q(method__in=["plurality", "approval", "irv", "schulze", "score"]),
                name="category_method_known",
            ),
            models.CheckConstraint(
                condition=Q(overvote__in=["exhaust", "continuing", "skip"])
                & Q(unranked__in=["last", "no-opinion"])
                & Q(duplicate__in=["skip", "exhaust"])
                & Q(write_ins__in=["count", "first"])
                & Q(ties__in=["shared", "lot"]),
                name="category_rules_known",
            ),
            models.CheckConstraint(
                condition=Q(max_ranks__isnull=True) | Q(max_ranks__gte=1), name="category_counts_a_rank"
            ),
            models.CheckConstraint(
                condition=Q(max_choices__isnull=True) | Q(max_choices__gte=1),
                name="category_takes_a_choice",
                violation_error_message="Let voters tick one nominee at least, or leave this empty.",
            ),
            models.CheckConstraint(
                condition=Q(scale__isnull=True) | Q(scale__range=(1, LARGEST_SCALE)),
                name="category_scale_in_bounds",
                violation_error_message=f"Points go up to a number from 1 to {LARGEST_SCALE}.",
            ),
            models.CheckConstraint(
                condition=Q(jury_weight__isnull=True, jury_quorum__isnull=True)
                | Q(jury_weight__range=(1, 99), jury_quorum__gte=1),
                name="category_jury_has_weight_and_quorum",
                violation_error_message="A jury has a weight from 1 to 99 % and a quorum.",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | Q(closed_at__isnull=False), name="category_released_is_closed"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("surveys:category-show", args=[self.season.slug, self.slug])

    def clean(self) -> None:
        if problems := self.ballot_problems():
            raise ValidationError(problems)

    def ballot_problems(self) -> dict[str, str]:
        """What makes no ballot together, by field."""
        method, found = self.Method, dict[str, str]()
        if self.method == method.SCORE and not self.scale:
            found["scale"] = "Say how many points a voter can give to a nominee at most, such as 5."
        if self.method != method.SCORE and self.scale:
            found["scale"] = "Only a score vote gives points. Leave this empty."
        if self.method != method.APPROVAL and self.max_choices:
            found["max_choices"] = "Only in an approval vote are several ticked. Leave this empty."
        if self.max_choices == 0:
            found["max_choices"] = "Let voters tick one nominee at least, or leave this empty."
        if self.max_ranks == 0:
            found["max_ranks"] = "Count one rank at least, or leave this empty."
        if self.jury_weight is not None and not 1 <= self.jury_weight <= 99:
            found["jury_weight"] = "The jury weighs from 1 to 99 %. For no jury, leave this empty."
        if self.jury_weight and not self.jury_quorum:
            found["jury_quorum"] = "Say how many jurors have to vote at least."
        if self.jury_quorum and not self.jury_weight:
            found["jury_weight"] = "Say what the jury weighs, or leave its quorum empty, too."
        if self.method == method.SCORE and self.offers_none:
            found["offers_none"] = "In a score vote, no points for anybody say that."
        return found

    @property
    def is_taking_ballots(self) -> bool:
        """By this process's clock: for what a page says."""
        return self.closed_at is None and self.season.is_taking_ballots

    @property
    def is_released(self) -> bool:
        return self.released_at is not None
