"""Ballots: pending until their voter confirms them, then cast for good.

No address is stored in either table. Who voted is known only as `voter_key`, an HMAC under the season's pepper, which
lives outside the database (surveys.keys).
"""

import secrets

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import Exact

from core.lib.triggers import frozen, never_deleted
from surveys.models.seasons import AwardCategory, Season
from surveys.querysets import BallotQuerySet


def random_key() -> int:
    """A primary key that tells nothing of when its row was made."""
    return secrets.randbits(62)


# The same for rows that are copied in.
RANDOM_KEY = Func(
    template="(('x' || substr(md5(gen_random_uuid()::text), 1, 16))::bit(64)::bigint & 4611686018427387903)"
)


class PendingBallot(models.Model):
    """What a voter chose and has not confirmed yet; deleted in the transaction that casts it.

    `sealed_choices` is encrypted under the season's pepper (surveys.keys): whoever has only the database, in which the
    link waits to be mailed, learns no choice from it. The key, which the link holds, cannot be guessed: a ballot's nonce
    comes from it (surveys.keys), and the pepper alone must not lead through all keys there could be.
    """

    id = models.BigIntegerField(primary_key=True, default=random_key, db_default=RANDOM_KEY, editable=False)
    season = models.ForeignKey(Season, on_delete=models.CASCADE, related_name="pending_ballots")
    voter_key = models.BinaryField()
    sealed_choices = models.BinaryField()
    origins = ArrayField(models.CharField(max_length=24), default=list, db_default=[])
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Exact(Length("voter_key"), 32), name="pending_voter_key_is_32_bytes")
        ]

    def __str__(self) -> str:
        return f"pending ballot {self.pk}"


class Ballot(models.Model):
    """One confirmed choice in one category. Its choice, nonce and leaf never change.

    A later vote of the same voter supersedes it, as long as it is neither held nor void.

    `choice` holds slugs of nominees: a list of ranks, each the list of those put there (`[["a"]]` in a plurality,
    `[["a", "b"]]` in an approval category, `[["a"], [], ["b", "c"]]` where ranks count), or `{"a": 5}` for scores.
    """

    class State(models.TextChoices):
        CAST = "cast", "Cast"
        QUARANTINED = "quarantined", "Held for review"
        VOID = "void", "Void"
        SUPERSEDED = "superseded", "Superseded"

    id = models.BigIntegerField(primary_key=True, default=random_key, db_default=RANDOM_KEY, editable=False)
    category = models.ForeignKey(AwardCategory, on_delete=models.PROTECT, related_name="ballots", db_index=False)
    voter_key = models.BinaryField(help_text="Replaced by random bytes after the appeal window.")
    choice = models.JSONField()
    nonce = models.BinaryField()
    leaf_hash = models.BinaryField()
    weight = models.DecimalField(
        max_digits=13, decimal_places=6, null=True, help_text="Of an imported ballot that counts other than once."
    )
    is_jury = models.BooleanField("of the jury", default=False, db_default=False, editable=False)
    state = models.CharField(max_length=12, choices=State, default=State.CAST)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it is held or void; published.")

    objects = BallotQuerySet.as_manager()

    class Meta:
        ordering = ["leaf_hash"]
        triggers = [
            frozen(
                "category",
                "choice",
                "nonce",
                "leaf_hash",
                "weight",
                "is_jury",
                words="What a ballot says is kept for good.",
            ),
            never_deleted("Ballots are kept for good."),
        ]
        indexes = [models.Index(fields=["state", "leaf_hash"], name="ballot_not_counted", condition=~Q(state="cast"))]
        constraints = [
            models.UniqueConstraint(
                fields=["category", "voter_key"],
                condition=~Q(state="superseded"),
                name="ballot_one_per_voter_and_category",
                violation_error_message="This voter has voted in this category.",
            ),
            models.UniqueConstraint(fields=["nonce"], name="ballot_nonce_unique"),
            models.UniqueConstraint(fields=["leaf_hash"], name="ballot_leaf_unique"),
            models.CheckConstraint(
                condition=Q(state__in=["cast", "quarantined", "void", "superseded"]), name="ballot_state_known"
            ),
            models.CheckConstraint(condition=Q(state="cast") | ~Q(reason=""), name="ballot_held_for_a_reason"),
            models.CheckConstraint(condition=Exact(Length("voter_key"), 32), name="ballot_voter_key_is_32_bytes"),
            models.CheckConstraint(condition=Exact(Length("nonce"), 16), name="ballot_nonce_is_16_bytes"),
            models.CheckConstraint(condition=Exact(Length("leaf_hash"), 32), name="ballot_leaf_is_32_bytes"),
            models.CheckConstraint(condition=Q(weight=None) | Q(weight__gt=0), name="ballot_weight_is_positive"),
        ]

    def __str__(self) -> str:
        return self.receipt[:12]

    @property
    def receipt(self) -> str:
        return bytes(self.leaf_hash).hex()


class UnsealedBallot(models.Model):
    """A ballot that is cast and waits for the sequencer: a row of its own, so that sealing rewrites no ballot."""

    ballot = models.OneToOneField(Ballot, on_delete=models.CASCADE, primary_key=True, related_name="unsealed")

    def __str__(self) -> str:
        return f"{self.ballot_id} waits"
