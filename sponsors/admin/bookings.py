"""Bookings: the list, and what staff change of them. What is done with one is on its own page (booking_page)."""

from datetime import date, datetime
from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Min, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from core import audit
from core.admin.shared_editing import SharedEditing
from core.lib import clock
from core.lib.admin_lists import ClosedChangeList
from core.models import User
from core.transitions import TransitionRefused
from sponsors import booking, claims, emails
from sponsors.admin import booking_page, figures_page, move_page, offers
from sponsors.models import Booking, Claim


class BookingAdminForm(forms.ModelForm):
    """What staff may change of a booking: whom it is from, where mail goes, how long it is held."""

    class Meta:
        model = Booking
        fields = ("sponsor", "category", "contact_email", "hold_until", "shows_results")

    def clean_contact_email(self) -> str:
        """A sponsor's link goes there, and whoever has it submits as the sponsor: it can be nobody of ours."""
        address = str(self.cleaned_data["contact_email"])
        if User.objects.filter(email__iexact=address, is_staff=True).exists():
            raise ValidationError("This is the address of somebody of ours, and ads are handed in from there.")
        return address

    def clean_hold_until(self) -> datetime | None:
        until: datetime | None = self.cleaned_data["hold_until"]
        held = self.instance.claims.filter(state=Claim.State.HELD)
        cutoff = held.aggregate(first=Min("unit__cutoff_at"))["first"]
        if until and cutoff and until > cutoff:
            raise ValidationError(f"A hold ends at its first cut-off for ads at the latest: {clock.in_words(cutoff)}.")
        return until


class BookingList(ClosedChangeList):
    """The list leads to each booking's own page."""

    def url_for_result(self, result: Any) -> str:
        return booking_page.address(result)


@admin.register(Booking)
class BookingAdmin(SharedEditing):
    nothing_yet = "What companies book on the media kit is listed here."
    list_display = ("company", "package_name", "price_text", "state_badge", "first_day", "hold_until")
    list_filter = ("state", "package__tier")
    list_select_related = ("package", "sponsor")
    search_fields = ("company", "contact_email", "sponsor__name")
    autocomplete_fields = ("sponsor",)
    fields = (
        ("company", "sponsor"),
        "contact_email",
        "message",
        ("tier", "price_text", "state"),
        "category",
        "hold_until",
        "shows_results",
    )
    readonly_fields = ("company", "message", "tier", "price_text", "state")
    actions = ("confirm_selected",)
    form = BookingAdminForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        return Booking.objects.with_first_day()

    def state_in_words(self, row: Booking) -> str:
        is_asked = row.state == Booking.State.HELD and not row.address_confirmed_at
        return "asked for, address not confirmed yet" if is_asked else str(row.get_state_display())

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

    def get_readonly_fields(self, request: HttpRequest, obj: Booking | None = None) -> tuple[str, ...]:
        """While it is held, its sponsor and the end of the hold can change; its address as long as it is live."""
        if obj and obj.state == Booking.State.HELD:
            return self.readonly_fields
        closed = () if obj and obj.is_live() else ("contact_email", "category")
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

    def save_model(self, request: HttpRequest, obj: Booking, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "category" in form.changed_data:
            claims.mark(obj)
        if form.changed_data:
            labels = (str(form.fields[name].label).lower() for name in form.changed_data)
            audit.record("changed", obj, by=request.user, detail=", ".join(labels))
        if "contact_email" in form.changed_data:
            emails.contact_changed(obj, before=form.initial["contact_email"])

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            return path(f"<int:pk>/{route}/", self.admin_site.admin_view(view), name=f"sponsors_booking_{name}")

        return [
            at("overview", require_safe(partial(booking_page.booking_page, self)), "overview"),
            at("step", require_POST(partial(booking_page.booking_step, self)), "step"),
            at("link", require_POST(partial(booking_page.mail_link, self)), "mail_link"),
            at("move", partial(move_page.move_page, self), "move"),
            at("swap", require_POST(partial(move_page.swap_day, self)), "swap"),
            at("figures", partial(figures_page.figures_page, self), "figures"),
            at("discount", partial(offers.discount_page, self), "discount"),
            at("cancel", partial(booking_page.cancel_page, self), "cancel"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ClosedChangeList]:
        return BookingList

    def response_post_save_change(self, request: HttpRequest, obj: Booking) -> HttpResponseRedirect:
        return HttpResponseRedirect(booking_page.address(obj))

    @admin.action(description="Confirm", permissions=["decide"])
    def confirm_selected(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        for row in rows:
            try:
                decided = booking.confirm(row, by=cast(User, request.user))
            except TransitionRefused as refusal:
                self.message_user(request, f"{row}: {refusal}", messages.ERROR)
            else:
                self.message_user(request, f"{decided} is {decided.state}.", messages.SUCCESS)
