"""What is known of where ballots come from, for the steward who looks for stuffing. None of it knows a choice.

Requests are counted by domain and network. A ballot that was cast keeps, under keyed names, which it came from, until its
category is released, so that those of one place can be held for review together.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils import timezone

from core import generation
from core.proof_of_work import ProofRule
from surveys.models.ballots import Ballot
from surveys.models.seasons import Season


class RequestCount(models.Model):
    """How many ballots were asked for on a day (of UTC) from a domain or a network.

    A network stands here as an HMAC under the season's pepper that is another every day. A count is spread over a few
    rows, its slots, so that the requests of a big domain do not wait for each other.
    """

    class Kind(models.TextChoices):
        DOMAIN = "domain"
        NETWORK = "network"
        HOUR = "hour"
        UNPROVEN = "unproven"

    season = models.ForeignKey(Season, on_delete=models.CASCADE, related_name="request_counts", db_index=False)
    day = models.DateField(db_index=True)
    kind = models.CharField(max_length=10, choices=Kind)
    value = models.CharField(max_length=255)
    slot = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["season", "day", "kind", "value", "slot"], name="request_count_once_a_slot"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["domain", "network", "hour", "unproven"]), name="request_count_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} from {self.value} on {self.day}"


class BallotRules(ProofRule):
    """When a proof of work is wanted of those who ask for ballots. There is one row.

    Votes come in waves, so that many a minute are wanted before anything is suspected.
    """

    proof_threshold = models.PositiveSmallIntegerField("too many a minute", default=600)

    class Meta(ProofRule.Meta):
        verbose_name = verbose_name_plural = "ballot rules"
        constraints = [
            *ProofRule.Meta.constraints,
            models.CheckConstraint(condition=Q(id=1), name="ballot_rules_is_one_row"),
        ]

    def __str__(self) -> str:
        return "Ballot rules"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.id = 1
        super().save(*args, **kwargs)
        if not kwargs.get("update_fields"):  # what staff say; that many ask is noted by each process for itself
            generation.bump()

    @classmethod
    def current(cls) -> "BallotRules":
        """The one row, or the defaults where none was saved yet."""
        return cls.objects.first() or cls()

    @staticmethod
    @generation.per_generation
    def kept() -> "BallotRules":
        """The same as this process has it, for those who come by the hundred: their count, which is shared, tells the rest."""
        return BallotRules.current()


class MailboxName(models.Model):
    """A voter whose provider gives one mailbox addresses under several domains. Two of one mailbox are a signal."""

    season = models.ForeignKey(Season, on_delete=models.CASCADE, related_name="mailbox_names", db_index=False)
    provider = models.CharField(max_length=20)
    mailbox_key = models.BinaryField(help_text="An HMAC under the season's pepper.")
    voter_key = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["season", "mailbox_key", "voter_key"], name="mailbox_name_once"),
            models.CheckConstraint(condition=Exact(Length("mailbox_key"), 32), name="mailbox_key_is_32_bytes"),
            models.CheckConstraint(condition=Exact(Length("voter_key"), 32), name="mailbox_voter_key_is_32_bytes"),
        ]

    def __str__(self) -> str:
        return f"a mailbox at {self.provider}"


class BallotOrigin(models.Model):
    """A place that a ballot was asked for from: a domain, or a network on a day, as an HMAC under the season's pepper.

    Deleted when the ballot's category is released.
    """

    pk = models.CompositePrimaryKey("ballot_id", "name")
    ballot = models.ForeignKey(Ballot, on_delete=models.CASCADE, related_name="origins", db_index=False)
    name = models.CharField(max_length=24)

    class Meta:
        indexes = [models.Index(fields=["name", "ballot"], name="ballot_origin_by_name")]

    def __str__(self) -> str:
        return f"from {self.name}"


class Quarantine(models.Model):
    """A decision of the steward to hold the ballots of one place for review: those that are there, and those that come."""

    class Kind(models.TextChoices):
        DOMAIN = "domain", "the domain"
        NETWORK = "network", "the network"
        MAILBOXES = "mailboxes", "mailboxes that voted under several addresses"
        RECEIPT = "receipt", "the receipt"

    season = models.ForeignKey(Season, on_delete=models.CASCADE, related_name="quarantines")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=64, help_text="Of the place, as ballots keep it; or the receipt.")
    shown = models.CharField(max_length=255, blank=True, help_text="What the steward's pages call it.")
    reason = models.CharField(max_length=200, help_text="Published in the ledger with each ballot that is held.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True, help_text="Since when it holds nothing new.")

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["season", "kind", "name"],
                name="quarantine_once_a_place",
                violation_error_message="This place is held already.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["domain", "network", "mailboxes", "receipt"]), name="quarantine_kind_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="quarantine_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.shown}".strip()
