"""Who sells, invoices, payments and the ledger; what is due; and the account of each booking."""

from codecs import BOM_UTF8 as BOM
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import chain
from secrets import token_hex
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from core.admin.bases import OneRowAdmin, ReadOnlyAdmin, ShownToReadersAdmin
from core.admin.shared_editing import SharedEditing
from core.lib import clock, months, spreadsheets
from core.lib.forms import LineField
from core.models import User
from core.replica import for_reports
from core.transitions import TransitionRefused
from sponsors import identifiers, payments
from sponsors.billing_forms import BillingForm
from sponsors.models import Booking, Invoice, LedgerEntry, Payment, Seller
from sponsors.models.catalogue import money
from sponsors.money import bookkeeping, documents, invoices, ledger, typefaces


class SellerForm(forms.ModelForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["country"].widget = forms.Select(choices=[("", "Choose a country"), *identifiers.countries()])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("name", "address", "bank", "account_holder"):
            if missing := typefaces.unprintable(cleaned.get(name) or ""):
                self.add_error(name, f"Invoices cannot print {missing[:20]}: write it in Latin letters.")
        return cleaned


@admin.register(Seller)
class SellerAdmin(OneRowAdmin, SharedEditing, ShownToReadersAdmin):
    form = SellerForm
    fieldsets = (
        (None, {"fields": ("name", "address", "country", "email", "vat_id", "tax_number")}),
        ("Tax", {"fields": ("tax_rule", "tax_rate", "tax_words")}),
        ("Where to pay", {"fields": ("account_holder", "iban", "bic", "bank", "payment_days")}),
        ("Invoices", {"fields": ("prefix",)}),
        ("Cancelling", {"fields": ("credit_days", "late_credit")}),
    )


class PaymentForm(forms.Form):
    """Money that came in, or that was paid back."""

    KINDS = (("payment", "It came in"), ("refund", "It was paid back"))
    kind = forms.ChoiceField(label="What", choices=KINDS)
    amount = forms.DecimalField(min_value=Decimal("0.01"), max_digits=12, decimal_places=2)
    paid_on = forms.DateField(label="Day", widget=forms.DateInput({"type": "date"}), initial=timezone.localdate)
    method = forms.ChoiceField(label="How", choices=Payment.Method)
    reference = LineField(
        label="Reference", required=False, max_length=140, help_text="Of the bank: what has the same counts once."
    )
    note = LineField(label="Note", required=False, max_length=300)
    key = forms.RegexField(r"^[0-9a-f]{16}$", required=False, widget=forms.HiddenInput, initial=partial(token_hex, 8))

    def clean_paid_on(self) -> date:
        day: date = self.cleaned_data["paid_on"]
        if day > timezone.localdate():
            raise ValidationError("This day is still to come. Record a payment once it was made.")
        return day

    def save(self, booking: Booking, *, by: User) -> Payment:
        """A page that is sent twice records one payment: it has a key, where the bank's own reference is not known."""
        given = dict(self.cleaned_data)
        if (key := given.pop("key")) and not given["reference"]:
            given["reference"] = f"{Payment.FROM_DESK}{key}"
        if given.pop("kind") == "refund":
            return payments.refund(booking, **given, by=by)
        return payments.receive(booking, currency=booking.currency, **given, by=by)


class AdjustmentForm(forms.Form):
    """A change of what is owed."""

    amount = forms.DecimalField(
        max_digits=12, decimal_places=2, help_text="Below zero, it lessens what is owed: -12.50 for fees of a bank."
    )
    reason = LineField(label="Why", max_length=300)


class TransferForm(forms.Form):
    """Credit of a booking, to be used for another of its sponsor."""

    target = forms.ModelChoiceField(Booking.objects.none(), label="For", empty_label=None)
    amount = forms.DecimalField(min_value=Decimal("0.01"), max_digits=12, decimal_places=2)

    def __init__(self, *args: Any, booking: Booking, **kwargs: Any):
        self.owing: list[Any] = list(payments.may_take_credit_of(booking))
        credit = -ledger.balance(booking)
        least = min(credit, self.owing[0].balance) if self.owing else credit
        super().__init__(*args, **kwargs | {"initial": {"amount": least}})
        target = cast(forms.ModelChoiceField, self.fields["target"])
        target.queryset = Booking.objects.filter(pk__in=[row.pk for row in self.owing])
        target.choices = [(row.pk, f"{row}, which owes {money(row.balance, row.currency)}") for row in self.owing]


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    nothing_yet = "Invoices are written on the pages of bookings."
    list_display = ("number", "kind", "buyer_name", "issued_on", "due_on", "gross_text")
    list_filter = ("kind",)
    date_hierarchy = "issued_on"
    search_fields = ("number", "buyer_name")
    list_select_related = ("booking",)
    fields = (
        ("number", "kind"), ("issued_on", "due_on"), ("buyer_name", "buyer_address", "buyer_country", "buyer_vat_id"),
        ("net", "tax", "gross_text"), "tax_words", "reason", "issued_by",
    )  # fmt: skip
    change_list_template = "admin/sponsors/invoice/change_list.html"
    change_form_template = "admin/sponsors/invoice/change_form.html"

    @admin.display(description="sum")
    def gross_text(self, row: Invoice) -> str:
        return row.gross_text

    def has_correct_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sponsors.change_invoice")

    def get_urls(self) -> list[URLPattern]:
        mine = self.admin_site.admin_view
        return [
            path("due/", mine(self.due_view), name="sponsors_invoice_due"),
            path("month/", mine(self.month_view), name="sponsors_invoice_month"),
            path("account/<int:pk>/", mine(self.account_view), name="sponsors_invoice_account"),
            path("<int:pk>/pdf/", mine(self.pdf_view), name="sponsors_invoice_pdf"),
            path("<int:pk>/credit/", mine(self.credit_view), name="sponsors_invoice_credit"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = cast(Invoice, kwargs["obj"])
        context["left"] = not row.is_credit and row.gross > invoices.credited(row)
        context["may_correct"] = self.has_correct_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def pdf_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The document as it was sent."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = get_object_or_404(Invoice, pk=pk)
        headers = {"Content-Disposition": f'inline; filename="{row.number}.pdf"'}
        return HttpResponse(documents.pdf_of(row), content_type="application/pdf", headers=headers)

    def credit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET asks why an invoice is taken back, POST does it, by a credit note."""
        if not self.has_correct_permission(request):
            raise PermissionDenied
        row = get_object_or_404(Invoice.objects.select_related("booking"), pk=pk)
        reason = request.POST.get("reason", "").strip()
        if request.method == "POST" and reason:
            try:
                note = invoices.credit(row, reason=reason, by=cast(User, request.user))
            except TransitionRefused as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                self.message_user(request, f"{note} is on its way to {row.buyer_name}.", messages.SUCCESS)
            return redirect("admin:sponsors_invoice_account", row.booking_id)
        if request.method == "POST":
            self.message_user(request, "Say why: it is printed on the credit note.", messages.ERROR)
        left = money(row.gross - invoices.credited(row), row.currency)
        return self._page(request, "credit", {"row": row, "left": left, "title": f"Take back {row.number}?"})

    def due_view(self, request: HttpRequest) -> HttpResponse:
        """What is owed, the longest due on top; what we owe; and what waits to be billed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = timezone.now().date()
        rows: list[Any] = list(ledger.owed().select_related("sponsor")[:500])
        context = {
            "owing": [_due_row(row, today) for row in rows if row.balance > 0],
            "credits": [_due_row(row, today) for row in rows if row.balance < 0],
            "waiting": [(row, invoices.missing(row)) for row in invoices.waiting().select_related("sponsor")[:100]],
            "title": "Money due",
        }
        return self._page(request, "due", context)

    @for_reports
    def month_view(self, request: HttpRequest) -> HttpResponseBase:
        """A month for the bookkeeper, as CSV; the last one, where none is asked for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        last = months.shifted(clock.utc_day().replace(day=1), -1)
        month = months.asked_for(request.GET.get("month", ""), today=last)
        lines = spreadsheets.lines(bookkeeping.rows(month), separator=";")
        headers = {"Content-Disposition": f'attachment; filename="bookkeeping-{month:%Y-%m}.csv"'}
        return StreamingHttpResponse(chain([BOM], lines), content_type="text/csv; charset=utf-8", headers=headers)

    def account_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A booking's account: to whom it is billed, every entry with its document, and what can be done next."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        booking = get_object_or_404(Booking.objects.select_related("sponsor", "package"), pk=pk)
        does = request.POST.get("does", "") if request.method == "POST" else ""
        filled = {name: request.POST if does == name else None for name in ("bill", "pay", "use", "adjust")}
        context: dict[str, Any] = {
            "bill": BillingForm(filled["bill"], booking=booking, by=cast(User, request.user), prefix="to"),
            "pay": PaymentForm(filled["pay"], prefix="pay"),
            "use": TransferForm(filled["use"], booking=booking, prefix="use"),
            "adjust": AdjustmentForm(filled["adjust"], prefix="adjust"),
        }
        if does and self._do(request, does, booking, context):
            return redirect("admin:sponsors_invoice_account", pk)
        balance = ledger.balance(booking)
        context |= {
            "booking": booking,
            "balance": money(abs(balance), booking.currency),
            "sign": (balance > 0) - (balance < 0),
            "entries": booking.ledger.select_related("invoice", "payment", "by").order_by("pk"),
            "missing": "" if booking.invoices.exists() else invoices.missing(booking),
            "billed": invoices.standing(booking),
            "was_billed": booking.invoices.exists(),
            "may_pay": request.user.has_perm("sponsors.add_payment"),
            "may_correct": self.has_correct_permission(request),
            "title": f"Account of {booking}",
        }
        return self._page(request, "account", context)

    def _do(self, request: HttpRequest, does: str, booking: Booking, offered: dict[str, Any]) -> bool:
        """Do what a button of an account asks for; whether the page is done with."""
        needed = "add_payment" if does in ("pay", "use") else "change_invoice"
        if not request.user.has_perm(f"sponsors.{needed}"):
            raise PermissionDenied
        by, form = cast(User, request.user), cast(Any, offered.get(does))
        if form and not form.is_valid():
            return False
        try:
            if does == "bill":
                form.save()
                said = "Saved."
            elif does == "pay":
                said = f"Recorded: {form.save(booking, by=by)}."
            elif does == "use":
                target = form.cleaned_data["target"]
                payments.transfer(booking, target, form.cleaned_data["amount"], by=by)
                said = f"Used for {target}."
            elif does == "adjust":
                ledger.adjust(booking, form.cleaned_data["amount"], reason=form.cleaned_data["reason"], by=by)
                said = "Entered into the ledger."
            elif does == "issue":
                said = f"{invoices.issue_again(booking, by=by)} is on its way."
            else:
                return True
        except TransitionRefused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            self.message_user(request, said, messages.SUCCESS)
        return True

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"opts": self.opts} | context
        return render(request, f"admin/sponsors/invoice/{name}.html", context)


def _due_row(row: Any, today: date) -> dict[str, Any]:
    late = (today - row.due).days if row.due and row.balance > 0 else 0
    return {
        "booking": row,
        "amount": money(abs(row.balance), row.currency),
        "due": row.due,
        "late": max(0, late),
        "url": reverse("admin:sponsors_invoice_account", args=[row.pk]),
    }


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    nothing_yet = (
        "Payments are entered on the pages of bookings, read from bank statements, or told by the payment provider."
    )
    list_display = ("paid_on", "kind", "payer", "amount_text", "method", "reference", "recorded_by")
    list_filter = ("kind", "method")
    date_hierarchy = "paid_on"
    search_fields = ("provider_ref", "booking__company", "note")
    list_select_related = ("booking__sponsor", "recorded_by")

    @admin.display(description="reference", ordering="provider_ref")
    def reference(self, row: Payment) -> str:
        return row.reference

    @admin.display(description="sponsor")
    def payer(self, row: Payment) -> str:
        return row.booking.name

    @admin.display(description="amount")
    def amount_text(self, row: Payment) -> str:
        return row.amount_text


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    counted_as = "entries"
    list_display = ("at", "kind", "sponsor", "amount_text", "document", "reason")
    list_filter = ("kind",)
    list_select_related = ("booking__sponsor", "invoice", "payment")

    @admin.display(description="sponsor")
    def sponsor(self, row: LedgerEntry) -> str:
        return row.booking.name

    @admin.display(description="amount")
    def amount_text(self, row: LedgerEntry) -> str:
        return row.amount_text

    @admin.display(description="document")
    def document(self, row: LedgerEntry) -> str:
        return str(row.invoice or row.payment or "–")
