"""Surveys that are no award: what they ask, in versions, and whom they invite."""

import uuid
from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from pgtrigger import Update

from core.lib import html
from core.lib.triggers import Refusal, append_only, frozen
from surveys.models.ballots import RANDOM_KEY, random_key
from surveys.querysets import SurveyQuerySet

OPENED = "The survey has opened: this is kept as those who answered found it."
HIDES = "The survey has opened: it goes on hiding what it said it would, fewer answers and results before the close."
WIDEST_CELL = 100


class Survey(models.Model):
    """A questionnaire, from its draft to its results. `definition` is what it asks (surveys.questionnaires.definition)."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"
        ARCHIVED = "archived", "Archived"

    class Access(models.TextChoices):
        ANYBODY = "anybody", "Anybody, as often as they like"
        BROWSER = "browser", "Anybody, once a day from one browser"
        ADDRESS = "address", "Once for each e-mail address that is confirmed"
        SUBSCRIBERS = "subscribers", "Subscribers, by a link in a briefing"
        INVITATION = "invitation", "Whoever has a link of an invitation"

    class ResultsShown(models.TextChoices):
        LIVE = "live", "while answers come in"
        CLOSED = "closed", "after the close"

    slug = models.SlugField(max_length=60, unique=True, help_text="The survey's address; fixed once it has opened.")
    title = models.CharField(max_length=120)
    introduction = models.TextField(blank=True, help_text="What it is about, who asks and why, how long it takes.")
    thanks = models.TextField(blank=True, help_text="What readers see once they have answered.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    definition = models.JSONField(default=dict, blank=True, help_text="Its pages and questions, as they are worked on.")
    access = models.CharField("who may answer", max_length=12, choices=Access, default=Access.ANYBODY)
    changeable = models.BooleanField(
        "answers can be changed",
        default=False,
        help_text="Until the close. Until then an answer is kept beside a keyed name of who gave it.",
    )
    opens_at = models.DateTimeField("opens", null=True, blank=True)
    closes_at = models.DateTimeField("closes", null=True, blank=True)
    max_responses = models.PositiveIntegerField(
        "answers at most",
        null=True,
        blank=True,
        help_text="It closes by itself once it has so many. Empty: any number.",
    )
    min_cell = models.PositiveSmallIntegerField(
        "fewest answers shown",
        default=5,
        help_text="Figures that so few gave are hidden, from readers and in published results.",
    )
    results_shown = models.CharField("staff see results", max_length=8, choices=ResultsShown, default=ResultsShown.LIVE)
    published = ArrayField(
        models.CharField(max_length=30),
        default=list,
        blank=True,
        help_text="The questions whose results readers see, in their order.",
    )
    quoted = ArrayField(
        models.CharField(max_length=30),
        default=list,
        blank=True,
        help_text="Published questions that the media kit quotes, in their order.",
    )
    quoted_consent = models.CharField(
        max_length=30, blank=True, help_text="The question by which somebody agrees that the media kit counts them."
    )
    is_listed = models.BooleanField(
        "listed", default=True, help_text="Shown on the page of all surveys while it is open."
    )
    template = models.CharField(max_length=40, blank=True, editable=False)
    opened_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    pepper_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SurveyQuerySet.as_manager()

    class Meta:
        ordering = [F("opens_at").desc(nulls_last=True), "-id"]
        permissions = [("read_answers", "Can read the answers to surveys")]
        triggers = [
            frozen("slug", "access", "changeable", words=OPENED, exists="SELECT WHERE OLD.state <> 'draft'"),
            Refusal(
                "keeps_what_it_hides",
                Update,
                words=HIDES,
                exists="SELECT WHERE OLD.state <> 'draft'",
                condition=pgtrigger.Q(new__min_cell__lt=pgtrigger.F("old__min_cell"))
                | pgtrigger.Q(old__results_shown="closed", new__results_shown="live"),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "open", "closed", "archived"]), name="survey_state_known"
            ),
            models.CheckConstraint(
                condition=Q(access__in=["anybody", "browser", "address", "subscribers", "invitation"]),
                name="survey_access_known",
            ),
            models.CheckConstraint(
                condition=Q(results_shown__in=["live", "closed"]), name="survey_results_shown_known"
            ),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True) | Q(closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="survey_closes_after_opening",
                violation_error_message="The survey has to close after it opens.",
            ),
            models.CheckConstraint(
                condition=Q(changeable=False) | Q(access__in=["address", "subscribers", "invitation"]),
                name="survey_changeable_by_somebody_known",
                violation_error_message="Only who comes by a link of their own can come back and change an answer.",
            ),
            models.CheckConstraint(
                condition=Q(min_cell__range=(1, WIDEST_CELL)),
                name="survey_cell_in_bounds",
                violation_error_message=f"The fewest answers shown are a number from 1 to {WIDEST_CELL}.",
            ),
            models.CheckConstraint(
                condition=Q(quoted=[]) | (~Q(quoted_consent="") & Q(published__contains=F("quoted"))),
                name="survey_quotes_what_is_published_and_agreed",
                violation_error_message="The media kit quotes published questions only, and from people who agreed.",
            ),
            models.CheckConstraint(
                condition=Q(max_responses__isnull=True) | Q(max_responses__gte=1),
                name="survey_takes_a_response",
                violation_error_message="Let the survey take one answer at least, or leave this empty.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.introduction, self.thanks = html.clean(self.introduction), html.clean(self.thanks)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("surveys:survey-show", args=[self.slug])

    def clean(self) -> None:
        opened = Survey.objects.filter(pk=self.pk).exclude(state=self.State.DRAFT).first() if self.pk else None
        if opened and self.min_cell < opened.min_cell:
            raise ValidationError({"min_cell": f"It has opened with {opened.min_cell}, so this can only grow."})
        if opened and (opened.results_shown, self.results_shown) == (self.ResultsShown.CLOSED, self.ResultsShown.LIVE):
            raise ValidationError({"results_shown": "It has opened with results after the close, and that stays."})
        if self.max_responses and self.max_responses < self.min_cell:
            raise ValidationError({"max_responses": "So few answers would never be shown: see “fewest answers shown”."})

    @property
    def is_public(self) -> bool:
        return self.state != self.State.DRAFT

    @property
    def is_personal(self) -> bool:
        """Whether each who answers comes by a link of their own."""
        return self.access in (self.Access.ADDRESS, self.Access.SUBSCRIBERS, self.Access.INVITATION)

    @property
    def takes_answers(self) -> bool:
        """By this process's clock: for what a page says. An answer is judged by the database's clock."""
        now = timezone.now()
        return (
            self.state == self.State.OPEN
            and (self.opens_at is None or self.opens_at <= now)
            and (self.closes_at is None or now < self.closes_at)
        )


class SurveyVersion(models.Model):
    """What a survey asked from some moment on: made when it opens, and with each change while it is open."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveSmallIntegerField()
    definition = models.JSONField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["survey", "number"]
        triggers = [append_only("The versions of a survey are never changed or deleted.")]
        constraints = [models.UniqueConstraint(fields=["survey", "number"], name="survey_version_number_unique")]

    def __str__(self) -> str:
        return f"version {self.number} of {self.survey_id}"


class SurveyPicture(models.Model):
    """A picture of the library that a survey shows, so that nobody removes it there: its path, as definitions have it."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="pictures", db_index=False)
    file = models.CharField(max_length=200, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["survey", "file"], name="survey_picture_once")]

    def __str__(self) -> str:
        return f"{self.file} in {self.survey_id}"


class ResponseCount(models.Model):
    """How many responses count towards a limit: a quota's, by its id, or the survey's own, by no name."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="response_counts", db_index=False)
    limited = models.CharField(max_length=30, blank=True)
    number = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["survey", "limited"], name="response_count_once")]

    def __str__(self) -> str:
        return f"{self.number} in {self.limited or 'all'}"


class Invitation(models.Model):
    """One link that lets whoever has it answer once. Its key cannot be guessed; nothing leads from it to an answer."""

    id = models.BigIntegerField(primary_key=True, default=random_key, db_default=RANDOM_KEY, editable=False)
    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail", blank=True, help_text="Until it has been mailed.")
    is_mailed = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "email"], condition=~Q(email=""), name="invitation_once_an_address"
            )
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"
