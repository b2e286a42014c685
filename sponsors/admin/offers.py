"""Inquiries and the offers that answer them; the discount of a booking that is not sold yet."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone

from core.admin.bases import ReadOnlyAdmin
from core.lib.forms import LineField, ProseField
from core.lib.moments import MomentField
from core.models import User
from core.transitions import TransitionRefused
from sponsors import booking, offers
from sponsors.admin.booking_page import address, frame, may_decide, row_of
from sponsors.models import Inquiry, Offer, Package, PlacementKind, Sponsor
from sponsors.models.catalogue import CURRENCY

VALID = timedelta(days=14)


class OfferForm(forms.Form):
    """An offer: a package that is on sale, or places of one's own choice under a title."""

    company = LineField(max_length=120)
    contact_email = forms.EmailField(label="E-mail address")
    category = forms.ChoiceField(choices=Sponsor.Category.choices, initial="other")
    package = forms.ModelChoiceField(
        Package.objects.filter(on_sale=True), required=False, empty_label="Made to measure: the places below"
    )
    title = LineField(max_length=60, required=False, label="Title", help_text="Of what is made to measure.")
    runs = forms.IntegerField(min_value=1, max_value=12, initial=1)
    weeks = forms.IntegerField(
        min_value=0,
        max_value=12,
        initial=0,
        label="Weeks from start to start",
        help_text="0: one follows on the other.",
    )
    price = forms.DecimalField(min_value=Decimal(0), max_digits=10, decimal_places=2, help_text="For all runs.")
    currency = forms.CharField(max_length=3, initial="USD", validators=[CURRENCY])
    reason = LineField(max_length=200, label="Why this price", help_text="For us: it is kept with the booking.")
    words = ProseField(max_length=2000, required=False, label="What to tell them", widget=forms.Textarea({"rows": 4}))
    expires_at = MomentField(label="Valid until")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kinds = list(PlacementKind.objects.all())
        for kind in self.kinds:
            self.fields[f"kind{kind.pk}"] = forms.IntegerField(
                label=f"Number of: {kind}", min_value=0, max_value=60, required=False
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("package") and not (self.items() and cleaned.get("title")):
            self.add_error("title", "Choose a package, or give a title and the number of at least one place.")
        if cleaned.get("package") and self.items():
            self.add_error("package", "A package that is on sale has its own places: leave the numbers below empty.")
        package = cleaned.get("package")
        if package and cleaned.get("currency") not in (None, package.currency):
            self.add_error("currency", f"This package is sold in {package.currency}.")
        if (until := cleaned.get("expires_at")) and until <= timezone.now():
            self.add_error("expires_at", "This is past: nobody could accept it.")
        return cleaned

    def items(self) -> dict[PlacementKind, int]:
        numbers = ((kind, self.cleaned_data.get(f"kind{kind.pk}")) for kind in self.kinds)
        return {kind: number for kind, number in numbers if number}

    def save(self, *, inquiry: Inquiry | None, by: User) -> Offer:
        names = ("company", "contact_email", "category", "runs", "weeks", "price", "currency", "reason", "words")
        terms = {name: self.cleaned_data[name] for name in (*names, "expires_at")}
        with transaction.atomic():  # what is refused leaves no package
            package = self.cleaned_data["package"] or offers.made_to_measure(
                title=self.cleaned_data["title"],
                items=self.items(),
                price=(terms["price"] / terms["runs"]).quantize(Decimal("0.01")),
                currency=terms["currency"],
                summary=f"Made for {terms['company']}."[:200],
            )
            return offers.make(inquiry=inquiry, package=package, by=by, **terms)


@admin.register(Inquiry)
class InquiryAdmin(ReadOnlyAdmin):
    nothing_yet = "What companies ask for on the media kit is listed here."
    list_display = ("company", "category", "state_badge", "asked_at")
    list_filter = ("state",)
    search_fields = ("company", "contact_email")
    fields = ("company", "contact_email", "category", "message", "state", "asked_at")
    actions = ("close",)
    change_form_template = "admin/sponsors/inquiry/change_form.html"

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return may_decide(request)

    @admin.action(description="Close without an offer", permissions=["decide"])
    def close(self, request: HttpRequest, rows: QuerySet[Inquiry]) -> None:
        closed = rows.filter(state=Inquiry.State.OPEN).update(state=Inquiry.State.CLOSED)
        self.message_user(request, f"{closed} closed.", messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.offer)
        return [path("<int:pk>/offer/", view, name="sponsors_inquiry_offer"), *super().get_urls()]

    def offer(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer an inquiry with an offer."""
        row = get_object_or_404(Inquiry, pk=pk)
        initial = {"company": row.company, "contact_email": row.contact_email, "category": row.category}
        return _offer_page(self, request, inquiry=row, initial=initial)


@admin.register(Offer)
class OfferAdmin(ReadOnlyAdmin):
    nothing_yet = "Offers are made in answer to inquiries, or to whomever one likes."
    list_display = ("company", "package", "price_text", "state_badge", "expires_at", "made_by")
    list_filter = ("state",)
    list_select_related = ("package", "made_by")
    search_fields = ("company", "contact_email")
    fields = (
        "company", "contact_email", "package", ("runs", "weeks"), ("price", "currency"), "reason", "words", "expires_at",
        "state", ("made_at", "made_by"), "booking",
    )  # fmt: skip
    actions = ("withdraw",)
    change_list_template = "admin/sponsors/offer/change_list.html"

    @admin.display(description="price", ordering="price")
    def price_text(self, row: Offer) -> str:
        return row.price_text

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return may_decide(request)

    @admin.action(description="Withdraw", permissions=["decide"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[Offer]) -> None:
        for row in rows:
            try:
                offers.withdraw(row, by=cast(User, request.user))
            except TransitionRefused as refusal:
                self.message_user(request, f"{row}: {refusal}", messages.ERROR)
            else:
                self.message_user(request, f"{row} is withdrawn: its link says so.", messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.make)
        return [path("make/", view, name="sponsors_offer_make"), *super().get_urls()]

    def make(self, request: HttpRequest) -> HttpResponse:
        """Make an offer that nobody asked for."""
        return _offer_page(self, request, inquiry=None, initial={})


def _offer_page(
    desk: ModelAdmin, request: HttpRequest, *, inquiry: Inquiry | None, initial: dict[str, Any]
) -> HttpResponse:
    if not may_decide(request):
        raise PermissionDenied
    initial |= {"expires_at": (timezone.now() + VALID).replace(second=0, microsecond=0)}
    form = OfferForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            made = form.save(inquiry=inquiry, by=cast(User, request.user))
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"The offer is on its way to {made.contact_email}.")
            return redirect("admin:sponsors_offer_changelist")
    title = f"An offer to {inquiry.company}" if inquiry else "A new offer"
    context = {"title": title, "form": form, "inquiry": inquiry, "button": "Mail this offer"}
    return render(request, "admin/sponsors/offer/make.html", frame(desk, request, context))


class DiscountForm(forms.Form):
    """What is taken off the list price of a booking, and why."""

    amount = forms.DecimalField(min_value=Decimal(0), max_digits=10, decimal_places=2, label="Taken off the list price")
    reason = LineField(max_length=200, label="Why", help_text="It is kept with the booking.")


def discount_page(desk: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks what is taken off and why, POST does it."""
    row = row_of(pk)
    if not may_decide(request):
        raise PermissionDenied
    initial = {"amount": row.discount, "reason": row.discount_reason}
    form = DiscountForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            booking.discount(row, by=cast(User, request.user), **form.cleaned_data)
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"It costs {row.price_text} now.")
            return redirect(address(row))
    context = {"title": f"Discount for {row.name}", "form": form, "button": "Take it off"}
    return render(request, "admin/sponsors/offer/make.html", frame(desk, request, context))
