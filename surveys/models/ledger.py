"""The public ledger: leaves in the order they were sealed, and the signed heads of the tree over them."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from core.lib.triggers import append_only
from surveys.models.seasons import Season
from surveys.querysets import LedgerQuerySet


class LedgerEntry(models.Model):
    """One leaf. Entries are only ever appended.

    A `cast` leaf stands for a ballot, and a `ruling` for a decision on what somebody wrote in; both are opened as their
    category is released. Every other leaf is a statement, open from the start: the ballot paper (the first leaf), that
    another leaf is held for review, void, counted after all or superseded, that a nominee has withdrawn, that
    the times of the vote were moved, and each category's result as it is released.
    """

    class Kind(models.TextChoices):
        CAST = "cast"
        PAPER = "paper"
        HELD = "held"
        VOID = "void"
        RESTORED = "restored"
        SUPERSEDED = "superseded"
        WITHDRAWAL = "withdrawal"
        MOVED = "moved"
        RULING = "ruling"
        RESULT = "result"

    season = models.ForeignKey(Season, on_delete=models.PROTECT, related_name="ledger_entries", db_index=False)
    index = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CAST)
    leaf_hash = models.BinaryField()
    statement = models.JSONField(null=True)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        ordering = ["season", "index"]
        verbose_name_plural = "ledger entries"
        triggers = [append_only("The ledger is kept for good: its entries are never changed or deleted.")]
        indexes = [models.Index(fields=["season", "index"], name="ledger_statements", condition=~Q(kind="cast"))]
        constraints = [
            models.UniqueConstraint(fields=["season", "index"], name="ledger_index_unique_in_season"),
            models.UniqueConstraint(fields=["leaf_hash"], name="ledger_leaf_unique"),
            models.CheckConstraint(condition=Exact(Length("leaf_hash"), 32), name="ledger_leaf_is_32_bytes"),
            models.CheckConstraint(
                condition=Q(kind="cast", statement__isnull=True)
                | Q(
                    kind__in=[
                        "paper",
                        "held",
                        "void",
                        "restored",
                        "superseded",
                        "withdrawal",
                        "moved",
                        "ruling",
                        "result",
                    ],
                    statement__isnull=False,
                ),
                name="ledger_all_but_ballots_is_stated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.index}: {self.receipt[:12]}"

    @property
    def receipt(self) -> str:
        return bytes(self.leaf_hash).hex()


class TreeHead(models.Model):
    """The root over the first `size` leaves of a season, signed; it never changes either.

    `frontier` holds the roots of the perfect subtrees the tree is made of, largest first, so that the next batch is
    appended without reading the leaves again. Heads are numbered, and say how many leaves are statements, so that
    neither a head nor a statement can be left out of a copy; heads signed before that was so have neither number.
    """

    season = models.ForeignKey(Season, on_delete=models.PROTECT, related_name="tree_heads", db_index=False)
    number = models.PositiveBigIntegerField(null=True)
    size = models.PositiveBigIntegerField()
    statements = models.PositiveBigIntegerField(null=True)
    root_hash = models.BinaryField()
    frontier = models.BinaryField()
    signed_at = models.DateTimeField()
    signature = models.BinaryField()
    public_key = models.BinaryField()

    class Meta:
        ordering = ["season", "-size"]
        triggers = [append_only("Signed tree heads are kept for good: they are never changed or deleted.")]
        constraints = [
            models.UniqueConstraint(fields=["season", "size"], name="tree_head_unique_in_season"),
            models.UniqueConstraint(fields=["season", "number"], name="tree_head_number_unique_in_season"),
            models.CheckConstraint(condition=Exact(Length("root_hash"), 32), name="tree_head_root_is_32_bytes"),
            models.CheckConstraint(condition=Exact(Length("signature"), 64), name="tree_head_signature_is_64_bytes"),
        ]

    def __str__(self) -> str:
        return f"{self.season} at {self.size}"
