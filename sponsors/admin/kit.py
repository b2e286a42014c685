"""The media kit's own words and figures. A figure that our data contradicts is refused, in words with what was measured."""

from typing import Any

from django import forms
from django.contrib import admin

from core.admin.bases import ShownToReadersAdmin
from core.admin.shared_editing import SharedEditing
from sponsors import kit_claims
from sponsors.models import FieldFigure, KitText


class HonestForm(forms.ModelForm):
    """A form whose `claiming` fields say nothing of our audience that was measured otherwise."""

    claiming: tuple[str, ...] = ()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in self.claiming:
            for problem in kit_claims.problems(str(cleaned.get(name) or "")):
                self.add_error(name, problem)
        return cleaned


class KitTextForm(HonestForm):
    claiming = ("heading", "text")


class PackageForm(HonestForm):
    claiming = ("summary",)


class PlacementKindForm(HonestForm):
    claiming = ("description",)


@admin.register(KitText)
class KitTextAdmin(SharedEditing, ShownToReadersAdmin):
    counted_as = "passages"
    form = KitTextForm
    list_display = ("heading", "part", "ordering", "is_shown")
    list_filter = ("part", "is_shown")
    search_fields = ("heading", "text")
    fields = ("part", "heading", "text", "ordering", "is_shown")


@admin.register(FieldFigure)
class FieldFigureAdmin(SharedEditing, ShownToReadersAdmin):
    list_display = ("__str__", "source")
    fields = ("measure", ("low", "high"), "source")
