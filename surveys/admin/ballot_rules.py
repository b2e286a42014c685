"""When a proof of work is wanted of those who ask for ballots."""

from django.contrib import admin

from core.admin.bases import OneRowAdmin
from core.admin.shared_editing import SharedEditing
from surveys.ballot_requests import UNPROVEN_WAIT
from surveys.models import BallotRules


@admin.register(BallotRules)
class BallotRulesAdmin(OneRowAdmin, SharedEditing):
    list_display = ("__str__", "proof_when", "proof_threshold")
    fieldsets = (
        (
            "Proof of work",
            {
                "fields": ("proof_when", "proof_threshold", "at_the_moment"),
                "description": "The voter’s browser computes for about a second before it sends the vote; the voter does"
                " nothing. “While too many ask” is for half an hour after a minute in which more than so many asked for a"
                " ballot. Whoever has no JavaScript votes all the same: their mail comes"
                f" {UNPROVEN_WAIT.seconds // 60} minutes later, and at once in the last hours before the close. How many"
                " had no proof stands on a season’s page of requests, and in the record with the results.",
            },
        ),
    )
    readonly_fields = ("at_the_moment",)
    sortable_by = ()

    @admin.display(description="At the moment")
    def at_the_moment(self, rules: BallotRules) -> str:
        return "A proof is wanted." if rules.wants_proof_now else "No proof is wanted."
