"""A briefing, its items, and the message compiled from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from content_editor.models import Region
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from core.lib import html
from core.transitions import change_if
from newsletter.mail.personal_words import WITHOUT_A_SUBSCRIBER, filled
from newsletter.models.audience import Newsletter, Subscription
from newsletter.models.plans import BriefingPlan
from newsletter.models.segments import Segment
from newsletter.models.templates import CardSize, MailTemplate
from newsletter.querysets import BriefingItemQuerySet, BriefingQuerySet, IssuesManager


class Briefing(models.Model):
    """One issue of a newsletter: composed, approved, frozen, sent, and then kept in the archive."""

    class State(models.TextChoices):
        DRAFT = "draft"
        APPROVED = "approved"
        SENDING = "sending"
        PAUSED = "paused"
        SENT = "sent"
        CANCELLED = "cancelled"

    newsletter = models.ForeignKey(Newsletter, on_delete=models.PROTECT, related_name="briefings")
    segment = models.ForeignKey(
        Segment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="briefings",
        help_text="Only these of its subscribers get it; empty: all of them.",
    )
    subject = models.CharField(max_length=150, blank=True)
    preheader = models.CharField(
        max_length=200, blank=True, help_text="The line an inbox shows after the subject; not repeated in the text."
    )
    won_subject = models.CharField(
        max_length=150, blank=True, editable=False, help_text="The other one that won its test: the archive shows it."
    )
    won_preheader = models.CharField(max_length=200, blank=True, editable=False)
    introduction = models.TextField(blank=True, help_text="Stands under the subject, before everything else.")
    template = models.ForeignKey(
        MailTemplate,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="briefings",
        help_text="How its mail looks; empty: as the newsletter’s do.",
    )
    issue_date = models.DateField(help_text="The day it is for: it decides which sponsor's booking it carries.")
    slug = models.SlugField(max_length=80, unique=True, help_text="Its address in the archive.")
    digest_at = models.DateTimeField(
        null=True, editable=False, help_text="Of a weekly digest: when it was due. It holds what was sent before."
    )
    plan = models.ForeignKey(
        BriefingPlan, on_delete=models.SET_NULL, null=True, editable=False, related_name="briefings"
    )
    automation = models.ForeignKey(
        "newsletter.Automation",
        on_delete=models.CASCADE,
        null=True,
        editable=False,
        related_name="letters",
        help_text="Of a letter: whose it is. Its draft is edited; what was started is an edition of it.",
    )
    step = models.ForeignKey(
        "newsletter.AutomationStep", on_delete=models.SET_NULL, null=True, editable=False, related_name="letters"
    )
    round = models.PositiveSmallIntegerField(
        default=0,
        editable=False,
        help_text="Of an edition: for those who are in the automation for the how-manieth time.",
    )
    asks_to_stay = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="Of an edition: whether it has the button to stay."
    )
    planned_for = models.DateTimeField(null=True, editable=False, help_text="Of one that a plan made: when it was due.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    scheduled_at = models.DateTimeField(null=True, blank=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    approved_content = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="A digest of what was approved, to see whether it is still that.",
    )
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="Who changed it last.",
    )
    frozen_at = models.DateTimeField(null=True, blank=True, editable=False)
    first_sent_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When its first mail left: from then on readers see it."
    )
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    trouble = models.TextField(blank=True, editable=False, help_text="Why it is not moving, in words for staff.")
    paid = models.JSONField(
        null=True,
        editable=False,
        help_text="Who paid us and is named (articles.paid), since it was frozen; empty: nobody has looked yet.",
    )
    look = models.JSONField(
        null=True,
        editable=False,
        help_text="The look and the sender (sending.looks) it was frozen with; empty: as they are today.",
    )
    candidates = models.PositiveIntegerField(default=0, editable=False, help_text="Confirmed subscribers at freezing.")
    delivered = models.PositiveIntegerField(default=0, editable=False)
    failed = models.PositiveIntegerField(default=0, editable=False)
    uncertain = models.PositiveIntegerField(default=0, editable=False)
    skipped = models.PositiveIntegerField(default=0, editable=False)
    retrying = models.PositiveIntegerField(
        default=0, editable=False, help_text="Of a sent briefing, those that are being tried again."
    )
    watch = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="How many were tried and refused lately, for the pause by itself.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = IssuesManager()
    every = BriefingQuerySet.as_manager()
    regions: ClassVar[list[Region]] = [Region(key="main", title="Text")]

    class Meta:
        ordering = ["-issue_date", "-id"]
        permissions = [("approve_briefing", "Can approve and send a briefing")]
        indexes = [
            models.Index(
                fields=["scheduled_at"],
                name="briefing_live",
                condition=Q(state__in=["approved", "sending"]),
            ),
            models.Index(fields=["-first_sent_at"], name="briefing_readable", condition=Q(first_sent_at__isnull=False)),
            models.Index(fields=["-sent_at"], name="briefing_archive", condition=Q(state="sent")),
            models.Index(fields=["id"], name="briefing_retrying", condition=Q(retrying__gt=0)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["newsletter", "digest_at"], name="briefing_digest_once"),
            models.UniqueConstraint(fields=["plan", "planned_for"], name="briefing_planned_once"),
            models.UniqueConstraint(
                fields=["step"], condition=Q(state="draft", step__isnull=False), name="briefing_one_draft_of_a_step"
            ),
            models.CheckConstraint(
                condition=Q(step=None) | Q(automation__isnull=False), name="briefing_step_of_an_automation"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "approved", "sending", "paused", "sent", "cancelled"]),
                name="briefing_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "sending", "sent"])
                | Q(approved_at__isnull=False, scheduled_at__isnull=False),
                name="briefing_goes_out_approved",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sending", "sent"]) | Q(frozen_at__isnull=False),
                name="briefing_sends_what_was_frozen",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent")
                | Q(
                    sent_at__isnull=False,
                    candidates=F("delivered") + F("failed") + F("uncertain") + F("skipped") + F("retrying"),
                ),
                name="briefing_sent_reconciles",
            ),
            models.CheckConstraint(
                condition=Q(retrying=0) | Q(state="sent"), name="briefing_retries_only_what_was_sent"
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.newsletter} of {self.issue_date}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.introduction = html.of_plain(self.introduction)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("newsletter:archive-detail", args=[self.slug])

    @property
    def title(self) -> str:
        """Its subject as everybody may read it: without anything personal, and of several under test the one that won."""
        return filled(self.won_subject or self.subject, WITHOUT_A_SUBSCRIBER)

    @property
    def summary(self) -> str:
        """Its preheader as everybody may read it."""
        return filled(self.won_preheader or self.preheader, WITHOUT_A_SUBSCRIBER)

    @property
    def is_letter(self) -> bool:
        """Whether it is a letter of an automation, or an edition of one: no issue, and in no archive."""
        return self.automation_id is not None

    @property
    def is_digest(self) -> bool:
        return self.digest_at is not None

    @property
    def rhythm(self) -> str:
        """For whom it is, by what they chose; empty: for all, since there is nothing to choose."""
        if self.is_digest:
            return Subscription.Rhythm.DIGEST
        return Subscription.Rhythm.EACH if self.newsletter.offers_digest else ""

    @property
    def channel(self) -> str:
        """The name under which sponsors book a place in it."""
        return self.newsletter.digest_channel if self.is_digest else self.newsletter.channel

    @cached_property
    def was_counted(self) -> bool:
        """Whether its opens and clicks are counted, as its newsletter had it when it was frozen."""
        return self.links.exists()

    @property
    def leaves_at(self) -> datetime | None:
        """When its first letter may leave: at its time, or at the end of the quiet hours in which that lies."""
        return self.scheduled_at and (self.newsletter.quiet_ends(self.scheduled_at) or self.scheduled_at)

    @property
    def is_testing_subjects(self) -> bool:
        """Whether most of its readers wait until it is decided which subject they get."""
        test = getattr(self, "subject_test", None)
        return test is not None and self.state in (self.State.SENDING, self.State.PAUSED) and test.winner is None

    @property
    def is_editable(self) -> bool:
        return self.state == self.State.DRAFT and (not self.is_letter or self.automation.is_editable)  # type: ignore[union-attr]

    def hold(self, trouble: str) -> None:
        """Pause a briefing that is approved or being sent, and tell staff why; of one that was sent, only tell them."""
        live = Q(state__in=[self.State.APPROVED, self.State.SENDING])
        if not change_if(self, live, state=self.State.PAUSED, trouble=trouble):
            change_if(self, Q(state=self.State.SENT), trouble=trouble)


class BriefingItem(models.Model):
    """One part of a briefing, in its order. It keeps its own words: later edits of an article do not reach it."""

    class Kind(models.TextChoices):
        TEXT = "text"
        ARTICLE = "article"
        IMAGE = "image"
        BUTTON = "button"
        DIVIDER = "divider"
        SNIPPET = "snippet", "reusable text"
        PLUGGED = "plugged", "from another desk"
        SPONSOR = "sponsor", "sponsor's place"

    briefing = models.ForeignKey(Briefing, on_delete=models.CASCADE, related_name="items")
    ordering = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.ARTICLE)
    article = models.ForeignKey(
        "articles.Article", on_delete=models.SET_NULL, null=True, blank=True, related_name="briefing_items"
    )
    heading = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True, help_text="Plain text; an empty line starts a new paragraph.")
    html = models.TextField("rich text", blank=True, help_text="Where it is empty, the plain text is shown.")
    url = models.URLField("link", max_length=500, blank=True)
    size = models.CharField("size of the card", max_length=6, choices=CardSize, blank=True, default=CardSize.TEXT)
    image = models.CharField(
        max_length=200, blank=True, editable=False, help_text="Of an image of ours: its path under the media folder."
    )
    image_url = models.URLField("image", max_length=500, blank=True)
    image_alt = models.CharField("image in words", max_length=400, blank=True)
    image_width = models.PositiveSmallIntegerField(null=True, editable=False)
    image_height = models.PositiveSmallIntegerField(null=True, editable=False)
    caption = models.CharField(max_length=400, blank=True)
    label = models.CharField(max_length=80, blank=True, help_text="The words of the link; for a sponsor, of the label.")
    snippet = models.ForeignKey(
        "articles.Snippet", on_delete=models.SET_NULL, null=True, blank=True, related_name="briefing_items"
    )
    source = models.CharField(
        max_length=200, blank=True, editable=False, help_text="Of a part of another desk: which, and what of it."
    )
    sponsor_name = models.CharField(max_length=120, blank=True, editable=False)
    notice = models.TextField(
        blank=True, default="", db_default="", editable=False, help_text="Of an ad: what rules have us print, by line."
    )
    claim = models.ForeignKey(
        "sponsors.Claim",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        help_text="What its clicks are counted for.",
    )

    objects = BriefingItemQuerySet.as_manager()

    class Meta:
        ordering = ["briefing", "ordering", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=["text", "article", "image", "button", "divider", "snippet", "plugged", "sponsor"]
                ),
                name="briefing_item_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(size__in=["", "small", "medium", "large"]), name="briefing_item_size_known"
            ),
            models.UniqueConstraint(
                fields=["briefing", "claim"],
                condition=Q(claim__isnull=False),
                name="briefing_claim_once",
                violation_error_message="A booking has one place in a briefing.",
            ),
        ]

    def __str__(self) -> str:
        return self.heading or self.get_kind_display()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.html = html.clean(self.html)
        if self.html and self.kind == self.Kind.TEXT:
            self.text = html.text_of(self.html)
        super().save(*args, **kwargs)


class CompiledMessage(models.Model):
    """What a frozen briefing sends: one message as bytes, with merge fields for what differs between recipients."""

    briefing = models.OneToOneField(Briefing, on_delete=models.CASCADE, primary_key=True, related_name="message")
    data = models.BinaryField()
    personal = models.JSONField(
        default=dict,
        help_text="The personal words in it, in the order of their numbers, and the pieces of its subject.",
    )

    def __str__(self) -> str:
        return f"Message of {self.briefing}"


def _of_kind(kind: str, name: str) -> type[BriefingItem]:
    """The proxy model of a kind of part, which the desk needs."""
    meta = type(
        "Meta", (), {"proxy": True, "verbose_name": name, "verbose_name_plural": name, "default_permissions": ()}
    )
    attributes = {"__module__": __name__, "__doc__": f"A part of the kind “{name}”.", "Meta": meta}
    return type(f"{kind.title()}Part", (BriefingItem,), attributes)


PARTS: dict[str, type[BriefingItem]] = {str(kind): _of_kind(kind, str(kind.label)) for kind in BriefingItem.Kind}
# Django's shell and pickle look a model up by name in its module.
globals().update({model.__name__: model for model in PARTS.values()})
