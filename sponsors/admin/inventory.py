"""Units with their calendar, and bookings with their decisions."""

from calendar import Calendar, month_name
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path

from core import pagecache
from core.admin.bases import ShownToReadersAdmin
from core.admin.shared_editing import SharedEditing
from core.lib import clock, months
from sponsors import availability, channels, claims
from sponsors.admin import overview
from sponsors.models import Blackout, Claim, PlacementKind, RunUnit

WEEKDAYS = list(enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")))


class OpenUnitsForm(forms.Form):
    """Puts units of a kind on sale for a run of days."""

    kind = forms.ModelChoiceField(PlacementKind.objects.all())
    first = forms.DateField(label="First day", widget=forms.DateInput({"type": "date"}))
    last = forms.DateField(label="Last day", widget=forms.DateInput({"type": "date"}))
    weekdays = forms.TypedMultipleChoiceField(
        choices=WEEKDAYS, coerce=int, initial=list(range(7)), widget=forms.CheckboxSelectMultiple
    )
    per_day = forms.IntegerField(label="Places a day", min_value=1, max_value=20, initial=1)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not 0 <= (cleaned["last"] - cleaned["first"]).days <= 366:
            self.add_error("last", "The last day must be on or after the first, and at most a year later.")
        if (kind := cleaned.get("kind")) and kind.channel not in channels.known():
            self.add_error("kind", f"No ad would be seen on {kind.channel}: nothing shows ads there.")
        return cleaned

    def save(self) -> int:
        return availability.open_units(**self.cleaned_data)


@admin.register(RunUnit)
class RunUnitAdmin(SharedEditing, ShownToReadersAdmin):
    counted_as = "places"
    list_display = ("date", "kind", "channel", "ordinal", "taken", "off_sale", "cutoff_at")
    list_filter = ("channel", "kind")
    actions = ("take_off_sale", "put_on_sale")
    list_select_related = ("kind",)
    date_hierarchy = "date"
    search_fields = ("kind__name", "channel")
    readonly_fields = ("kind", "channel", "date", "ordinal")
    change_list_template = "admin/sponsors/rununit/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[RunUnit]:
        return RunUnit.objects.with_taken().select_related("kind")

    @admin.display(boolean=True, description="taken")
    def taken(self, unit: RunUnit) -> bool:
        return bool(unit.is_taken)

    @admin.action(description="Take off sale", permissions=["change"])
    def take_off_sale(self, request: HttpRequest, rows: QuerySet[RunUnit]) -> None:
        self._sale(request, rows.filter(off_sale=""), "Taken off sale", "off sale")

    @admin.action(description="Put on sale again", permissions=["change"])
    def put_on_sale(self, request: HttpRequest, rows: QuerySet[RunUnit]) -> None:
        self._sale(request, rows.exclude(off_sale=""), "", "on sale")

    def _sale(self, request: HttpRequest, rows: QuerySet[RunUnit], off_sale: str, words: str) -> None:
        """Bookings that have a place keep it; where a hold on it ends, it is sold to nobody else."""
        changed = RunUnit.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(off_sale=off_sale)
        pagecache.bump()
        self.message_user(request, f"{changed} place{'' if changed == 1 else 's'} now {words}.", messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # days are put on sale many at a time

    def get_urls(self) -> list[URLPattern]:
        return [
            path("calendar/", self.admin_site.admin_view(self.calendar), name="sponsors_rununit_calendar"),
            path("overview/", self.admin_site.admin_view(self.overview), name="sponsors_overview"),
            path("open/", self.admin_site.admin_view(self.open_units), name="sponsors_rununit_open"),
            *super().get_urls(),
        ]

    def calendar(self, request: HttpRequest) -> HttpResponse:
        """A month: a row for each day, a column for each kind of placement."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        month = months.asked_for(request.GET.get("month", ""), today=clock.utc_day())
        context = _month_of_units(month) | {
            "title": f"{month_name[month.month]} {month.year}",
            "opts": self.opts,
            "can_open": request.user.has_perm("sponsors.add_rununit"),
        }
        return render(request, "admin/sponsors/rununit/calendar.html", self.admin_site.each_context(request) | context)

    def overview(self, request: HttpRequest) -> HttpResponse:
        """The sponsorship manager's day."""
        return overview.page(request, self.admin_site, self.opts)

    def open_units(self, request: HttpRequest) -> HttpResponse:
        """Put days on sale."""
        if not request.user.has_perm("sponsors.add_rununit"):
            raise PermissionDenied
        form = OpenUnitsForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            self.message_user(request, _opened(form.save()), messages.SUCCESS)
            return redirect(f"../calendar/?month={form.cleaned_data['first']:%Y-%m}")
        context = self.admin_site.each_context(request) | {
            "title": "Put days on sale",
            "form": form,
            "opts": self.opts,
        }
        return render(request, "admin/sponsors/rununit/open.html", context)


@admin.register(Blackout)
class BlackoutAdmin(SharedEditing, ShownToReadersAdmin):
    list_display = ("first", "last", "channel", "words")
    search_fields = ("words",)


def _opened(count: int) -> str:
    return f"{count} place{' is' if count == 1 else 's are'} newly on sale."


def _month_of_units(month: date) -> dict[str, Any]:
    live = Claim.objects.filter(state__in=claims.LIVE).select_related("booking__sponsor")
    units = (
        RunUnit.objects.filter(date__year=month.year, date__month=month.month)
        .select_related("kind")
        .prefetch_related(Prefetch("claims", live, to_attr="live"))
    )
    kinds = {unit.kind_id: unit.kind for unit in units}
    cells: dict[tuple[date, int], list[RunUnit]] = {}
    for unit in units:
        cells.setdefault((unit.date, unit.kind_id), []).append(unit)
    days = [day for day in Calendar().itermonthdates(month.year, month.month) if day.month == month.month]
    return {
        "kinds": kinds.values(),
        "rows": [(day, [cells.get((day, kind), []) for kind in kinds]) for day in days],
        "earlier": months.shifted(month, -1),
        "later": months.shifted(month, 1),
    }
