"""Units with their calendar, and bookings with their decisions."""

from calendar import Calendar, month_name
from collections.abc import Callable
from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

from core.admin.bases import ShownToReadersAdmin
from core.admin.shared_editing import SharedEditing
from core.lib import clock
from core.models import User
from core.transitions import TransitionRefused
from sponsors import availability, booking
from sponsors.models import Booking, Claim, PlacementKind, RunUnit

WEEKDAYS = list(enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")))

YEARS_SHOWN = 20  # before and after this one


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
        return cleaned

    def save(self) -> int:
        return availability.open_units(**self.cleaned_data)


@admin.register(RunUnit)
class RunUnitAdmin(ShownToReadersAdmin):
    list_display = ("date", "kind", "channel", "ordinal", "taken", "cutoff_at")
    list_filter = ("channel", "kind")
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

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # days are put on sale many at a time

    def get_urls(self) -> list[URLPattern]:
        return [
            path("calendar/", self.admin_site.admin_view(self.calendar), name="sponsors_rununit_calendar"),
            path("open/", self.admin_site.admin_view(self.open_units), name="sponsors_rununit_open"),
            *super().get_urls(),
        ]

    def calendar(self, request: HttpRequest) -> HttpResponse:
        """A month: a row for each day, a column for each kind of placement."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        month = _month(request.GET.get("month", ""))
        context = _month_of_units(month) | {
            "title": f"{month_name[month.month]} {month.year}",
            "opts": self.opts,
            "can_open": request.user.has_perm("sponsors.add_rununit"),
        }
        return render(request, "admin/sponsors/rununit/calendar.html", self.admin_site.each_context(request) | context)

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


def _opened(count: int) -> str:
    return f"{count} place{' is' if count == 1 else 's are'} newly on sale."


def _month(text: str) -> date:
    """A month such as 2026-11; this one where the text is none, or none in which anybody sells."""
    today = clock.utc_day().replace(day=1)
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today
    return month if abs(month.year - today.year) <= YEARS_SHOWN else today


def _month_of_units(month: date) -> dict[str, Any]:
    live = Claim.objects.filter(state__in=booking.LIVE).select_related("booking__sponsor")
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
        "earlier": date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1),
        "later": date(month.year + (month.month == 12), month.month % 12 + 1, 1),
    }


@admin.register(Booking)
class BookingAdmin(SharedEditing):
    list_display = ("company", "tier", "price_text", "state", "first_day", "hold_until", "requested_at")
    list_filter = ("state", "package__tier")
    list_select_related = ("package", "sponsor")
    search_fields = ("company", "contact_email", "sponsor__name")
    autocomplete_fields = ("sponsor",)
    fields = (
        ("company", "sponsor"), "contact_email", "message", ("tier", "price_text", "state"), "days", "hold_until",
        ("requested_at", "decided_at", "decided_by"), "links",
    )  # fmt: skip
    readonly_fields = (
        "company", "message", "tier", "price_text", "state", "days", "requested_at", "decided_at", "decided_by",
        "links",
    )  # fmt: skip
    actions = ("confirm_selected", "cancel_selected")
    change_form_template = "admin/sponsors/booking/change_form.html"

    class Media:
        css = {"all": ["css/pages/sponsors_admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        return Booking.objects.with_first_day()

    @admin.display(description="package")
    def tier(self, row: Booking) -> str:
        return f"{row.snapshot['name']} (version {row.snapshot['version']})"

    @admin.display(description="price", ordering="price")
    def price_text(self, row: Booking) -> str:
        return row.price_text

    @admin.display(description="first day", ordering="starts_on")
    def first_day(self, row: Booking) -> date | None:
        return row.starts_on

    @admin.display(description="days")
    def days(self, row: Booking) -> str:
        claims = row.claims.select_related("unit__kind").order_by("unit__date", "unit__kind__name", "id")
        return format_html_join(mark_safe("<br>"), "{} ({})", ((claim.unit, claim.state) for claim in claims))

    @admin.display(description="the sponsor's own pages")
    def links(self, row: Booking) -> str:
        pages = ((row.portal_path, "Page with the ads"), (row.report_path, "Report"))
        return format_html_join(" · ", '<a href="{}">{}</a>', pages)

    def get_readonly_fields(self, request: HttpRequest, obj: Booking | None = None) -> tuple[str, ...]:
        """While it is held, its sponsor and the end of the hold can change; its address as long as it is live."""
        if obj and obj.state == Booking.State.HELD:
            return self.readonly_fields
        closed = () if obj and obj.is_live() else ("contact_email",)
        return (*self.readonly_fields, *closed, "sponsor", "hold_until")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # staff use the public form as well: it holds units and writes to the sponsor

    def has_delete_permission(self, request: HttpRequest, obj: Booking | None = None) -> bool:
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sponsors.decide_booking")

    def get_form(self, request: HttpRequest, obj: Booking | None = None, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, *args, **kwargs)
        if "hold_until" in form.base_fields:
            form.base_fields["hold_until"].required = True
        return form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_decide"] = self.has_decide_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Booking) -> HttpResponse:
        for name, step in (("_confirm", booking.confirm), ("_cancel", booking.cancel)):
            if name in request.POST and self.has_decide_permission(request):
                self._decide(request, [obj], step)
                return HttpResponseRedirect(request.path)
        return super().response_change(request, obj)

    @admin.action(description="Confirm", permissions=["decide"])
    def confirm_selected(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._decide(request, rows, booking.confirm)

    @admin.action(description="Cancel", permissions=["decide"])
    def cancel_selected(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._decide(request, rows, booking.cancel)

    def _decide(self, request: HttpRequest, rows: Any, step: Callable[..., Booking]) -> None:
        for row in rows:
            try:
                decided = step(row, by=cast(User, request.user))
            except TransitionRefused as refusal:
                self.message_user(request, f"{row}: {refusal}", messages.ERROR)
            else:
                self.message_user(request, f"{decided} is {decided.state}.", messages.SUCCESS)
