"""What came in at the bank: statements are read here, and lines that name no invoice are matched by hand."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path

from core.admin.bases import ReadOnlyAdmin
from core.lib.forms import LineField
from core.models import User
from core.transitions import TransitionRefused
from sponsors import statements
from sponsors.models import BankLine, Invoice
from sponsors.models.catalogue import CURRENCY


class StatementForm(forms.Form):
    """A statement to read."""

    statement = forms.FileField(help_text="CAMT.053 (XML) or CSV. A statement that was read already changes nothing.")
    currency = forms.CharField(
        max_length=3, initial="EUR", validators=[CURRENCY], help_text="Of a CSV file that has no column for it."
    )

    def clean_statement(self) -> Any:
        file = self.cleaned_data["statement"]
        if file.size > statements.LARGEST:
            raise ValidationError("The file is too large. Download the statement in smaller parts.")
        return file

    def save(self, *, by: User) -> statements.Outcome:
        file = self.cleaned_data["statement"]
        return statements.take(file.read(), name=file.name, currency=self.cleaned_data["currency"], by=by)


class MatchForm(forms.Form):
    """The invoice that a line pays; those that are owed are offered while one types."""

    number = LineField(
        max_length=24,
        label="Number of the invoice",
        widget=forms.TextInput({"list": "owed", "autocomplete": "off", "class": "vTextField"}),
    )

    def clean_number(self) -> Invoice:
        number = self.cleaned_data["number"].upper()
        found = Invoice.objects.filter(kind=Invoice.Kind.INVOICE, number=number).select_related("booking").first()
        if not found:
            raise ValidationError(
                "There is no invoice of this number. Those of which something is owed are listed below."
            )
        return found


@admin.register(BankLine)
class BankLineAdmin(ReadOnlyAdmin):
    counted_as = "lines"
    nothing_yet = "The lines of bank statements are listed here once one is read."
    list_display = ("booked_on", "amount_text", "payer", "text", "state_badge", "why")
    list_filter = ("state",)
    date_hierarchy = "booked_on"
    search_fields = ("payer", "text")
    fields = ("booked_on", "amount_text", "payer", "text", "account", "state", "why", "payment", "file_name", "read_by")
    list_select_related = ("payment__booking",)
    change_list_template = "admin/sponsors/bankline/change_list.html"
    change_form_template = "admin/sponsors/bankline/change_form.html"

    @admin.display(description="amount")
    def amount_text(self, row: BankLine) -> str:
        return row.amount_text

    def has_match_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sponsors.add_payment")

    def get_urls(self) -> list[URLPattern]:
        mine = self.admin_site.admin_view
        return [
            path("read/", mine(self.read_view), name="sponsors_bankline_read"),
            path("<int:pk>/settle/", mine(self.settle_view), name="sponsors_bankline_settle"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_match"] = self.has_match_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def read_view(self, request: HttpRequest) -> HttpResponse:
        """Read a statement."""
        if not self.has_match_permission(request):
            raise PermissionDenied
        posted = (request.POST, request.FILES) if request.method == "POST" else ()
        form = StatementForm(*posted)
        if form.is_valid():
            try:
                outcome = form.save(by=cast(User, request.user))
            except statements.Unreadable as error:
                form.add_error("statement", str(error))
            else:
                self.message_user(request, _told(outcome), messages.SUCCESS)
                return redirect("admin:sponsors_bankline_changelist")
        return self._page(request, "read", {"form": form, "title": "Read a bank statement"})

    def settle_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Match a line by hand, or set it aside."""
        if not self.has_match_permission(request):
            raise PermissionDenied
        row = get_object_or_404(BankLine, pk=pk)
        is_match = request.method == "POST" and "match" in request.POST
        form = MatchForm(request.POST if is_match else None)
        if request.method == "POST" and (not is_match or form.is_valid()):
            try:
                if is_match:
                    is_over = request.POST["match"] == "over"
                    statements.match(row, form.cleaned_data["number"], by=cast(User, request.user), is_over=is_over)
                else:
                    statements.set_aside(row, why=request.POST.get("why", ""))
            except statements.PaidAlready as refusal:
                question = f"{refusal} Is this another payment, which stays as credit?"
                return self._settle_page(request, row, form, question)
            except TransitionRefused as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                self.message_user(request, f"{row} is settled.", messages.SUCCESS)
            return redirect("admin:sponsors_bankline_change", pk)
        return self._settle_page(request, row, form)

    def _settle_page(self, request: HttpRequest, row: BankLine, form: MatchForm, question: str = "") -> HttpResponse:
        context = {"form": form, "row": row, "owed": statements.owed_like(row), "question": question}
        return self._page(request, "settle", context | {"title": f"Settle {row}"})

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"opts": self.opts} | context
        return render(request, f"admin/sponsors/bankline/{name}.html", context)


def _told(outcome: statements.Outcome) -> str:
    lines = f"{outcome.new} line{'' if outcome.new == 1 else 's'}"
    known = f", {outcome.known} known before" if outcome.known else ""
    return f"{lines} new{known}. What names an invoice is matched in a moment."
