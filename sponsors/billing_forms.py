"""The form for whom a booking is billed to, which the sponsor and staff use."""

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from core.lib.forms import LineField, ProseField
from core.models import User
from sponsors import identifiers
from sponsors.models import BillingDetails, Booking
from sponsors.money import invoices, tax, typefaces

FIELDS = ("name", "address", "country", "vat_id", "email", "reference")


class BillingForm(forms.Form):
    """Business, address, VAT id. Saving it bills a booking that waited for it."""

    name = LineField(max_length=120, label="Business", widget=forms.TextInput({"autocomplete": "organization"}))
    address = ProseField(
        max_length=300, label="Address", widget=forms.Textarea({"rows": 3, "autocomplete": "street-address"})
    )
    country = forms.ChoiceField(widget=forms.Select({"autocomplete": "country"}))
    vat_id = LineField(
        max_length=20,
        required=False,
        label="VAT id",
        help_text="In the EU, with its country, such as DE136695976.",
    )
    email = forms.EmailField(
        required=False, label="E-mail for invoices", help_text="Empty: they go to the address of your booking."
    )
    reference = LineField(
        max_length=60, required=False, label="Your reference", help_text="Such as the number of your order."
    )

    def __init__(self, *args: Any, booking: Booking, by: User | None = None, **kwargs: Any):
        self.booking, self.by = booking, by
        known = invoices.details_of(booking)
        initial = {name: getattr(known, name) for name in FIELDS} if known else {"name": booking.name}
        super().__init__(*args, **kwargs | {"initial": initial})
        self.fields["country"].choices = [("", "Choose a country"), *identifiers.countries()]  # type: ignore[attr-defined]
        self.helper = FormHelper()
        self.helper.disable_csrf = True
        self.helper.form_tag = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("name", "address", "reference"):
            if missing := typefaces.unprintable(cleaned.get(name, "")):
                self.add_error(
                    name, f"Our invoices cannot print {missing[:20]}. Please write it in Latin letters, as abroad."
                )
        try:
            cleaned["vat_id"] = tax.checked_vat_id(cleaned.get("vat_id", ""), cleaned.get("country", ""))
        except ValidationError as error:
            self.add_error("vat_id", error)
        return cleaned

    def save(self) -> BillingDetails:
        with transaction.atomic():
            row, _ = BillingDetails.objects.update_or_create(booking=self.booking, defaults=self.cleaned_data)
            invoices.issue_for(self.booking, by=self.by)
        return row
