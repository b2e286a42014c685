"""The consent ledger: one row for each act by which somebody's consent begins, changes or ends; and the wordings."""

from typing import Any

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from core.lib import clock
from core.lib.triggers import Refusal, append_only, emptied_only, frozen, never_truncated
from newsletter.models.audience import Newsletter, Subscriber
from newsletter.querysets import ConsentActQuerySet

# Rows about one person go together with that person, at an erasure or when retention forgets them, and never otherwise.
_STILL_THERE = """
    SELECT FROM newsletter_subscriber WHERE id = OLD.subscriber_id
    UNION ALL SELECT WHERE OLD.subscriber_id IS NULL AND NOT EXISTS (
        SELECT FROM newsletter_consentact later
        WHERE later.digest = OLD.digest AND later.act = 'erased' AND later.id > OLD.id)
"""


class Wording(models.Model):
    """What a form said when somebody agreed. Its number is its version."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    text = models.TextField(editable=False)
    first_used_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        triggers = [append_only("Wordings are never changed or deleted: somebody agreed to them.")]

    def __str__(self) -> str:
        return f"Wording {self.pk}: {self.text}"


class ConsentAct(models.Model):
    """One act, about a subscriber on a list, or about an address whether it subscribes or not.

    An act about an address holds only its digest, so that it can outlast the subscriber. newsletter.subscribers.consent writes the
    rows and says what follows from them.
    """

    class Act(models.TextChoices):
        ASKED = "asked", "Asked for"
        CONFIRMED = "confirmed", "Confirmed"
        IMPORTED = "imported", "Imported as a subscriber of"
        CHANGED = "changed", "Changed"
        PAUSED = "paused", "Paused"
        RESUMED = "resumed", "Resumed"
        LEFT = "left", "Unsubscribed from"
        BOUNCED = "bounced", "Mail to this address came back"
        COMPLAINED = "complained", "Our mail was reported as spam"
        SUPPRESSED = "suppressed", "This address was put on the list of those we do not write to"
        LIFTED = "lifted", "This address may be written to again"
        ERASED = "erased", "All data was erased"

    class Change(models.TextChoices):
        ADDRESS = "address", "Address changed for"  # so are those without any, which are of before
        EACH = "each", "Chose each briefing of"
        DIGEST = "digest", "Chose the weekly digest of"
        STAYS = "stays", "Chose to stay on"

    class Actor(models.TextChoices):
        SUBSCRIBER = "subscriber", "the subscriber"
        STAFF = "staff", "staff"
        IMPORT = "import", "an import"
        SERVER = "server", "a mail server"
        RETENTION = "retention", "the rules of retention"
        RESTORE = "restore", "the restore of a backup"
        AUTOMATION = "automation", "an automation"

    # No foreign keys in the database: acts outlive subscribers for a moment, and an import adds millions of rows.
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="acts"
    )
    digest = models.CharField(max_length=64, blank=True, help_text="Of an address, where the act is about one.")
    newsletter = models.ForeignKey(
        Newsletter, on_delete=models.PROTECT, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    act = models.CharField(max_length=10, choices=Act)
    change = models.CharField(
        max_length=10,
        choices=Change,
        blank=True,
        default="",
        db_default="",
        help_text="What was changed, if that is the act.",
    )
    until = models.DateTimeField(null=True, help_text="When a pause ends.")
    actor = models.CharField(max_length=10, choices=Actor)
    by_name = models.CharField("by", max_length=150, blank=True, help_text="Who of the staff did it.")
    way = models.CharField(max_length=80, blank=True, help_text="How, or where from: a form, a link, a file.")
    wording = models.ForeignKey(Wording, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    given_at = models.DateTimeField(null=True, help_text="When it happened, as far as the source says.")
    recorded_at = models.DateTimeField(default=timezone.now, db_default=Now())
    network = models.CharField(max_length=45, blank=True, help_text="IP network, not the address.")
    note = models.CharField(max_length=500, blank=True, help_text="The reason, or what a mail server said.")

    objects = ConsentActQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = "act of consent"
        verbose_name_plural = "consent ledger"
        default_permissions = ("view",)
        triggers = [
            frozen(
                *("subscriber", "digest", "newsletter", "act", "change", "until", "actor", "by_name", "way", "wording"),
                *("given_at", "recorded_at", "note"),
                words="The consent ledger is only ever added to.",
            ),
            emptied_only("network", words="The consent ledger is only ever added to."),
            Refusal(
                "goes_with_its_person",
                pgtrigger.Delete,
                words="Acts of consent go only when all of a person's data goes.",
                exists=_STILL_THERE,
            ),
            never_truncated("The consent ledger is only ever added to."),
        ]
        indexes = [
            models.Index(fields=["digest"], name="consent_of_address", condition=~Q(digest="")),
            models.Index(fields=["recorded_at"], name="consent_with_network", condition=~Q(network="")),
            BrinIndex(fields=["recorded_at"], name="consent_by_day"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(subscriber__isnull=False, newsletter__isnull=False, digest="")
                | Q(subscriber__isnull=True, newsletter__isnull=True) & ~Q(digest=""),
                name="consent_about_a_list_or_an_address",
            ),
            models.CheckConstraint(
                condition=Q(
                    act__in=["asked", "confirmed", "imported", "changed", "paused", "resumed", "left"], digest=""
                )
                | Q(act__in=["bounced", "complained", "suppressed", "lifted", "erased"]) & ~Q(digest=""),
                name="consent_act_known",
            ),
            models.CheckConstraint(
                condition=Q(act="paused", until__isnull=False) | ~Q(act="paused") & Q(until__isnull=True),
                name="consent_pause_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(change="") | Q(act="changed", change__in=["address", "each", "digest", "stays"]),
                name="consent_change_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    actor__in=["subscriber", "staff", "import", "server", "retention", "restore", "automation"]
                ),
                name="consent_actor_known",
            ),
        ]

    def __str__(self) -> str:
        return self.in_words()

    def in_words(self) -> str:
        """The act as a sentence for staff and for the person."""
        what = self.Change(self.change or "address").label if self.act == self.Act.CHANGED else self.get_act_display()
        words = what + (f" {self.newsletter.name}" if self.newsletter else "")
        words += f" until {clock.in_words(self.until)}" if self.until else ""
        plain = self.actor in (self.Actor.SUBSCRIBER, self.Actor.IMPORT)  # the rest of the sentence says so
        by = self.by_name or ("" if plain else self.get_actor_display())
        details: list[Any] = [
            f"by {by}" if by else "",
            f"via {self.way}" if self.way else "",
            f"from {self.network}" if self.network else "",
            f"“{self.note}”" if self.note else "",
            f"agreeing to wording {self.wording_id}" if self.wording_id else "",
        ]
        return ", ".join([words, *filter(None, details)]) + f" ({self._when()})"

    def _when(self) -> str:
        recorded = clock.in_words(self.recorded_at)
        given = clock.in_words(self.given_at) if self.given_at else ""
        if self.actor == self.Actor.IMPORT:
            return f"imported on {recorded}, {f'dated {given}' if given else 'no date given'}"
        return given or recorded
