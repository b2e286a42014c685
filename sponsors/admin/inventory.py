"""Units with their calendar, and bookings with their decisions."""

from calendar import Calendar, month_name
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Min, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join

from core import pagecache
from core.admin.bases import ShownToReadersAdmin
from core.admin.shared_editing import SharedEditing
from core.lib import clock, months
from core.models import User
from core.transitions import TransitionRefused
from sponsors import availability, booking, channels, emails, outlook
from sponsors.models import Booking, Claim, PlacementKind, RunUnit

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


def _amount(text: str) -> Decimal | None:
    """The price that a button names, if any."""
    try:
        return Decimal(text) if "." in text else None
    except InvalidOperation:
        return None


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
        "earlier": months.shifted(month, -1),
        "later": months.shifted(month, 1),
    }


class BookingAdminForm(forms.ModelForm):
    """What staff may change of a booking: whom it is from, where mail goes, how long it is held."""

    class Meta:
        model = Booking
        fields = ("sponsor", "contact_email", "hold_until")

    def clean_contact_email(self) -> str:
        """A sponsor's link goes there, and whoever has it submits as the sponsor: it can be nobody of ours."""
        address = str(self.cleaned_data["contact_email"])
        if User.objects.filter(email__iexact=address, is_staff=True).exists():
            raise ValidationError("This is the address of somebody of ours, and ads are handed in from there.")
        return address

    def clean_hold_until(self) -> datetime | None:
        until: datetime | None = self.cleaned_data["hold_until"]
        claims = self.instance.claims.filter(state=Claim.State.HELD)
        cutoff = claims.aggregate(first=Min("unit__cutoff_at"))["first"]
        if until and cutoff and until > cutoff:
            raise ValidationError(f"A hold ends at its first cut-off for ads at the latest: {clock.in_words(cutoff)}.")
        return until


@admin.register(Booking)
class BookingAdmin(SharedEditing):
    list_display = ("company", "package_name", "price_text", "standing", "first_day", "hold_until")
    list_filter = ("state", "package__tier")
    list_select_related = ("package", "sponsor")
    search_fields = ("company", "contact_email", "sponsor__name")
    autocomplete_fields = ("sponsor",)
    fields = (
        ("company", "sponsor"), "contact_email", "message", ("tier", "price_text", "state"), "days", "hold_until",
        ("requested_at", "address_confirmed_at"), ("decided_at", "decided_by"), "links",
    )  # fmt: skip
    readonly_fields = (
        "company", "message", "tier", "price_text", "state", "days", "requested_at", "address_confirmed_at", "decided_at",
        "decided_by",
        "links",
    )  # fmt: skip
    actions = ("confirm_selected",)
    form = BookingAdminForm
    change_form_template = "admin/sponsors/booking/change_form.html"

    class Media:
        css = {"all": ["css/pages/sponsors_admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        return Booking.objects.with_first_day()

    @admin.display(description="state", ordering="state")
    def standing(self, row: Booking) -> str:
        is_asked = row.state == Booking.State.HELD and not row.address_confirmed_at
        return "asked for, address not confirmed yet" if is_asked else row.get_state_display()

    @admin.display(description="package")
    def package_name(self, row: Booking) -> str:
        return str(row.snapshot["name"])

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
        """Each with what will run, and the page of its place, where its cut-off can be moved."""
        lines = [
            (reverse("admin:sponsors_rununit_change", args=[each.claim.unit_id]), each.claim.unit, each.words)
            for each in outlook.of_booking(row)
        ]
        released = row.claims.filter(state=Claim.State.RELEASED).select_related("unit__kind")
        kept = format_html_join("", '<li><a href="{}">{}</a>: {}</li>', lines)
        gone = format_html_join("", "<li>{} (given back)</li>", ((claim.unit,) for claim in released))
        return format_html('<ul class="booked">{}{}</ul>', kept, gone)

    @admin.display(description="report")
    def links(self, row: Booking) -> str:
        """The report alone: the link to the page with the ads would let staff hand in what staff approve."""
        return format_html('<a href="{}">As the sponsor sees it</a>', row.report_path)

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
        row = kwargs.get("obj")
        context["may_decide"] = self.has_decide_permission(request)
        context["price_now"] = booking.price_now(row) if row and row.state == Booking.State.EXPIRED else None
        context["cancels"] = row and (booking.ahead_of(row).exists() or booking.running(row).exists())
        return super().render_change_form(request, context, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Booking) -> HttpResponse:
        if "_confirm" in request.POST and self.has_decide_permission(request):
            self._confirm(request, [obj], price=_amount(request.POST["_confirm"]))
            return HttpResponseRedirect(request.path)
        if "_mail_link" in request.POST:
            emails.portal_link(obj)
            self.message_user(request, f"The link is on its way to {obj.contact_email}.", messages.SUCCESS)
            return HttpResponseRedirect(request.path)
        if "_cancel" in request.POST and self.has_decide_permission(request):
            return redirect("admin:sponsors_booking_cancel", obj.pk)
        return super().response_change(request, obj)

    def save_model(self, request: HttpRequest, obj: Booking, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "contact_email" in form.changed_data:
            emails.contact_changed(obj, before=form.initial["contact_email"])

    def get_urls(self) -> list[URLPattern]:
        page = path("<int:pk>/cancel/", self.admin_site.admin_view(self.cancel_view), name="sponsors_booking_cancel")
        return [page, *super().get_urls()]

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET says what cancelling takes back and what stays, POST does it."""
        row = get_object_or_404(Booking.objects.select_related("sponsor"), pk=pk)
        if not self.has_decide_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            try:
                booking.cancel(row, by=cast(User, request.user), reason=request.POST.get("reason", ""))
            except TransitionRefused as refusal:
                self.message_user(request, f"{row}: {refusal}", messages.ERROR)
            else:
                self.message_user(request, f"{row} is cancelled.", messages.SUCCESS)
            return redirect("admin:sponsors_booking_change", pk)
        ahead = list(booking.ahead_of(row).select_related("unit__kind"))
        kept = row.claims.filter(state=Claim.State.CONFIRMED).exclude(pk__in=[claim.pk for claim in ahead])
        context = {"row": row, "ahead": ahead, "kept": kept.select_related("unit__kind"), "opts": self.opts}
        context |= {"running": booking.running(row).select_related("unit__kind")}
        context |= {"title": f"Cancel the booking of {row.name}?", "over": row.state in ("cancelled", "expired")}
        return render(request, "admin/sponsors/booking/cancel.html", self.admin_site.each_context(request) | context)

    @admin.action(description="Confirm", permissions=["decide"])
    def confirm_selected(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        self._confirm(request, rows)

    def _confirm(self, request: HttpRequest, rows: Iterable[Booking], price: Decimal | None = None) -> None:
        for row in rows:
            try:
                decided = booking.confirm(row, by=cast(User, request.user), price=price)
            except TransitionRefused as refusal:
                self.message_user(request, f"{row}: {refusal}", messages.ERROR)
            else:
                self.message_user(request, f"{decided} is {decided.state}.", messages.SUCCESS)
