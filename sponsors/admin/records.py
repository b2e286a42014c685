"""Clicks and the disclosure log, read-only; the days to be made good, which staff settle."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from core.admin.bases import ReadOnlyAdmin
from core.models import User
from core.transitions import TransitionRefused
from sponsors import make_goods
from sponsors.models import AdEvent, DisclosureEntry, MakeGood


@admin.register(AdEvent)
class AdEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "claim", "reason", "ip_prefix")
    list_filter = ("reason",)
    list_select_related = ("claim__unit__kind", "claim__booking")
    ordering = ("-id",)


@admin.register(DisclosureEntry)
class DisclosureEntryAdmin(ReadOnlyAdmin):
    counted_as = "entries"
    list_display = ("number", "kind", "sponsor_name", "tier", "at")
    search_fields = ("sponsor_name",)


@admin.register(MakeGood)
class MakeGoodAdmin(ReadOnlyAdmin):
    list_display = ("sponsor", "missed", "reason", "state", "instead", "found_at")
    list_filter = ("state",)
    list_select_related = ("claim__unit__kind", "claim__booking__sponsor", "given__unit__kind")
    actions = ("give", "waive")
    fields = ("sponsor", "missed", "reason", "state", "instead", "found_at", "decided_at", "decided_by")

    @admin.display(description="sponsor")
    def sponsor(self, row: MakeGood) -> str:
        return row.claim.booking.name

    @admin.display(description="did not run")
    def missed(self, row: MakeGood) -> str:
        return str(row.claim.unit)

    @admin.display(description="given instead")
    def instead(self, row: MakeGood) -> str:
        return str(row.given.unit) if row.given else "–"

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sponsors.decide_booking")

    @admin.action(description="Give the next free day of the same place", permissions=["decide"])
    def give(self, request: HttpRequest, rows: QuerySet[MakeGood]) -> None:
        self._each(request, rows, make_goods.give, "gets another day; the sponsor is told")

    @admin.action(description="Waive: no day is owed", permissions=["decide"])
    def waive(self, request: HttpRequest, rows: QuerySet[MakeGood]) -> None:
        self._each(request, rows, make_goods.waive, "is settled without another day")

    def _each(self, request: HttpRequest, rows: QuerySet[MakeGood], act: Callable[..., Any], done: str) -> None:
        for row in rows:
            try:
                act(row, by=cast(User, request.user))
            except TransitionRefused as refusal:
                self.message_user(request, f"{row}: {refusal}", messages.ERROR)
            else:
                self.message_user(request, f"{row} {done}.", messages.SUCCESS)
