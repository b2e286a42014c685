"""Names for the fields that Django's admin leaves without one, so that a screen reader can say what they are."""

from typing import Any

from django import forms
from django.contrib.admin import TabularInline, options
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.db import models
from django.http import HttpRequest

from core.lib.admin_text import CleanedText
from core.lib.moments import MomentField


class AddressInput(AdminURLFieldWidget):
    """The admin's input for a web address; one of type `url` would have the browser refuse what lacks its https://."""

    input_type = "text"

    def __init__(self, attrs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__({"inputmode": "url"} | (attrs or {}), **kwargs)


class NamedTabularInline(CleanedText, TabularInline):
    """Rows of fields under column heads, each field with its name."""

    def formfield_for_dbfield(self, db_field: "models.Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and field.label:
            field.widget.attrs.setdefault("aria-label", str(field.label))
        return field

    def get_formset(self, *args: Any, **kwargs: Any) -> Any:
        formset: Any = super().get_formset(*args, **kwargs)
        formset.deletion_widget = forms.CheckboxInput(attrs={"aria-label": "Delete this row"})
        return formset


def ask_plainly() -> None:
    """Have the admin's forms ask for moments with their zone, and read addresses without a scheme as https.

    Call it before models are registered.
    """
    defaults: Any = options.FORMFIELD_FOR_DBFIELD_DEFAULTS
    defaults[models.DateTimeField] = {"form_class": MomentField}
    defaults[models.URLField] |= {"assume_scheme": "https", "widget": AddressInput}
