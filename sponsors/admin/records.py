"""Clicks, read-only; the disclosure log, whose entries are corrected by others; the days to be made good, which staff settle."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path

from core.admin.bases import ReadOnlyAdmin
from core.models import User
from core.transitions import TransitionRefused
from sponsors import disclosures, make_goods
from sponsors.models import AdEvent, DisclosureEntry, MakeGood

MAY_CORRECT, CORRECT = "correct_disclosureentry", "sponsors_disclosureentry_correct"


@admin.register(AdEvent)
class AdEventAdmin(ReadOnlyAdmin):
    nothing_yet = "Clicks on ads are listed here, with why those that do not count do not."
    list_display = ("at", "claim", "reason", "ip_prefix")
    list_filter = ("reason",)
    list_select_related = ("claim__unit__kind", "claim__booking")
    ordering = ("-id",)


@admin.register(DisclosureEntry)
class DisclosureEntryAdmin(ReadOnlyAdmin):
    counted_as = "entries"
    nothing_yet = "Each ad that is booked is entered here by itself, for everybody to see."
    list_display = ("number", "kind", "sponsor_name", "tier", "at")
    search_fields = ("sponsor_name",)
    fields = ("number", "kind", "sponsor_name", "tier", "said", "at", "sha256")
    change_form_template = "admin/sponsors/disclosureentry/change_form.html"

    @admin.display(description="what it says")
    def said(self, row: DisclosureEntry) -> str:
        return "\n".join(row.placements)

    def get_urls(self) -> list[URLPattern]:
        correct = path("<int:pk>/correct/", self.admin_site.admin_view(self.correct_view), name=CORRECT)
        return [correct, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context["may_correct"] = request.user.has_perm(f"sponsors.{MAY_CORRECT}")
        return super().render_change_form(request, context, *args, **kwargs)

    def correct_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET asks what is wrong with an entry, POST enters that into the log."""
        if not request.user.has_perm(f"sponsors.{MAY_CORRECT}"):
            raise PermissionDenied
        row = get_object_or_404(DisclosureEntry, pk=pk)
        words = request.POST.get("words", "")
        if request.method == "POST":
            try:
                made = disclosures.correct(row, words, by=cast(User, request.user))
            except TransitionRefused as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, f"Entered as entry {made.number}.")
                return redirect("admin:sponsors_disclosureentry_change", made.pk)
        context = self.admin_site.each_context(request) | {"opts": self.opts, "row": row, "words": words}
        context["title"] = f"Correct entry {row.number}"
        return render(request, "admin/sponsors/disclosureentry/correct.html", context)


@admin.register(MakeGood)
class MakeGoodAdmin(ReadOnlyAdmin):
    nothing_yet = "An ad that did not run as it was booked is listed here, to be made good."
    list_display = ("sponsor", "missed", "reason", "state_badge", "instead", "found_at")
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
