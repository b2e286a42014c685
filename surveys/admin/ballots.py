"""Ballots, the ledger's entries and its signed heads, to look at."""

import json

from django.contrib import admin

from core.admin.bases import ReadOnlyAdmin
from surveys import public_record
from surveys.models import Ballot, LedgerEntry, TreeHead


@admin.register(Ballot)
class BallotAdmin(ReadOnlyAdmin):
    """Receipts and states; never a choice, which nobody may see before the close."""

    nothing_yet = "Ballots are listed here, by their receipts, once a vote is open."
    list_display = ("receipt", "category", "state_badge", "reason")
    fields = ("receipt", "category", "state", "reason")
    list_filter = ("state",)
    list_select_related = ("category",)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    list_display = ("season", "index", "kind", "receipt")
    fields = ("season", "index", "kind", "receipt", "said")
    list_filter = ("season", "kind")
    list_select_related = ("season",)
    ordering = ("-season_id", "-index")  # by the season's key: its own order is by dates, which no index here has

    @admin.display(description="statement")
    def said(self, entry: LedgerEntry) -> str:
        """What the public record shows of it: a decision is sealed until the release."""
        statement = public_record.open_statement(entry)
        return json.dumps(statement, ensure_ascii=False, indent=1) if statement else "–"


@admin.register(TreeHead)
class TreeHeadAdmin(ReadOnlyAdmin):
    list_display = fields = ("season", "size", "root", "signed_at")
    list_filter = ("season",)
    list_select_related = ("season",)

    @admin.display
    def root(self, head: TreeHead) -> str:
        return bytes(head.root_hash).hex()
