"""Answers to surveys: in progress, counted; and, with nothing that leads from one to the other, who has taken part.

No address is stored here. Who takes part is known only as `key`, an HMAC under the survey's pepper, which lies outside the
database (surveys.keys), as does what opens the answers of a sitting.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import Exact

from core.lib.triggers import frozen
from surveys.models.ballots import RANDOM_KEY, random_key
from surveys.models.questionnaires import Survey, SurveyVersion
from surveys.querysets import ResponseQuerySet, SittingQuerySet

KEY_BYTES = 16


class Source(models.TextChoices):
    """What led somebody to a survey."""

    PAGE = "page", "The survey's page"
    MAIL = "mail", "A link by mail"
    BRIEFING = "briefing", "A briefing"
    INVITATION = "invitation", "An invitation"
    ARTICLE = "article", "An article"
    FRAME = "frame", "Another site"
    API = "api", "The API"


class Ended(models.TextChoices):
    """How a response ended."""

    COMPLETE = "complete", "Complete"
    EARLY = "early", "Ended early"
    SCREENED = "screened", "Screened out"
    PARTIAL = "partial", "Never finished"


class Sitting(models.Model):
    """One answering in progress, reached by a signed link. Deleted when it has been counted.

    `sealed` is encrypted under the survey's pepper: the answers so far, the pages passed, what was typed and cannot be an
    answer. `version` is none where a draft is tested. Where `is_personal`, the key stands for somebody who comes back by a
    link of their own; the key goes when the sitting is finished, unless its answers can be changed.
    """

    id = models.BigIntegerField(primary_key=True, default=random_key, db_default=RANDOM_KEY, editable=False)
    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="sittings", db_index=False)
    version = models.ForeignKey(SurveyVersion, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.BinaryField(null=True)
    is_personal = models.BooleanField(default=False)
    is_test = models.BooleanField(default=False)
    source = models.CharField(max_length=10, choices=Source, default=Source.PAGE)
    sealed = models.BinaryField()
    touched_at = models.DateTimeField(db_default=Now())
    finished_on = models.DateField(null=True)
    ended = models.CharField(max_length=8, choices=Ended, blank=True)

    objects = SittingQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["survey", "finished_on"], name="sitting_finished"),
            models.Index(fields=["touched_at"], name="sitting_touched"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "key"],
                condition=Q(is_personal=True, key__isnull=False, finished_on__isnull=True),
                name="sitting_one_a_person",
            ),
            models.UniqueConstraint(
                fields=["survey", "key"],
                condition=Q(key__isnull=False, finished_on__isnull=False),
                name="sitting_one_waits_a_person",
            ),
            models.CheckConstraint(
                condition=Q(key=None) | Q(Exact(Length("key"), KEY_BYTES)), name="sitting_key_is_16_bytes"
            ),
            models.CheckConstraint(
                condition=Q(finished_on=None, ended="") | Q(finished_on__isnull=False) & ~Q(ended=""),
                name="sitting_finished_somehow",
            ),
            models.CheckConstraint(condition=Q(ended__in=["", *Ended.values]), name="sitting_end_known"),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="sitting_source_known"),
        ]

    def __str__(self) -> str:
        return f"sitting {self.pk}"


class Participation(models.Model):
    """That a person, a browser on a day, or an invitation has taken part. It says neither when nor with which answers."""

    pk = models.CompositePrimaryKey("survey_id", "key")
    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="participations", db_index=False)
    key = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Exact(Length("key"), KEY_BYTES), name="participation_key_is_16_bytes")
        ]

    def __str__(self) -> str:
        return "a participation"


class Response(models.Model):
    """What is counted. Its key is random and its row is written with others, in no order, so that neither tells anything.

    `answers` has one stored spelling for each kind of question (surveys.questionnaires.kinds), by the question's id;
    `shown` the questions that were put, which are the denominator of each. `respondent` is there until the close, and
    only where answers can be changed.
    """

    id = models.BigIntegerField(primary_key=True, default=random_key, db_default=RANDOM_KEY, editable=False)
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="responses", db_index=False)
    version = models.ForeignKey(SurveyVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    answers = models.JSONField()
    shown = ArrayField(models.CharField(max_length=30))
    day = models.DateField()
    source = models.CharField(max_length=10, choices=Source)
    ended = models.CharField(max_length=8, choices=Ended)
    respondent = models.BinaryField(null=True)

    objects = ResponseQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        triggers = [
            frozen("survey", "version", "shown", "day", "source", "ended", words="A response is kept as it is.")
        ]
        indexes = [models.Index(fields=["survey", "day"], name="response_by_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "respondent"], condition=Q(respondent__isnull=False), name="response_one_a_person"
            ),
            models.CheckConstraint(
                condition=Q(respondent=None) | Q(Exact(Length("respondent"), KEY_BYTES)),
                name="response_respondent_is_16_bytes",
            ),
            models.CheckConstraint(condition=Q(ended__in=Ended.values), name="response_end_known"),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="response_source_known"),
        ]

    def __str__(self) -> str:
        return f"response {self.pk}"


class AnswerTag(models.Model):
    """A word by which staff sort an answer that was given in somebody's own words."""

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="tags", db_index=False)
    question = models.CharField(max_length=30)
    name = models.CharField(max_length=40)

    class Meta:
        ordering = ["name"]
        default_permissions = ()  # who may read answers may tag them
        constraints = [
            models.UniqueConstraint(fields=["response", "question", "name"], name="answer_tagged_once"),
            models.CheckConstraint(condition=~Q(name=""), name="answer_tag_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class AnswerCounts(models.Model):
    """What a survey's responses come to, so that not all of them are read to draw its results.

    It holds as long as there are just `responses` of them, whatever their end; `counts` are of those that count
    (surveys.questionnaires.counts.Counts as JSON). Whoever puts a response in another's place deletes it.
    """

    survey = models.OneToOneField(Survey, on_delete=models.CASCADE, primary_key=True, related_name="+")
    responses = models.PositiveIntegerField()
    counts = models.JSONField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"counts of {self.responses} responses"
