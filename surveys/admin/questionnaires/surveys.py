"""Surveys, to edit."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls.resolvers import URLPattern

from core.admin.bases import AuditedAdmin, ShownToReadersAdmin
from core.admin.shared_editing import SharedEditing
from core.lib.admin_slugs import SlugsFromWords
from surveys.admin.questionnaires import results
from surveys.models import Survey
from surveys.questionnaires.definition import DefinitionRefused, document_of, read


class SurveyForm(forms.ModelForm):
    """A survey whose definition can be read."""

    def clean_definition(self) -> dict[str, Any]:
        try:
            return document_of(read(self.cleaned_data["definition"] or {}))
        except DefinitionRefused as refused:
            raise ValidationError([str(problem) for problem in refused.problems]) from None


@admin.register(Survey)
class SurveyAdmin(SlugsFromWords, AuditedAdmin, SharedEditing, ShownToReadersAdmin):
    form = SurveyForm
    noun = "survey"
    slug_from = "title"
    list_display = ("title", "state", "access", "opens_at", "closes_at")
    list_filter = ("state",)
    search_fields = ("title", "slug")
    fields = (
        "title", "slug", "introduction", "thanks", "access", "changeable", "opens_at", "closes_at", "max_responses",
        "min_cell", "results_shown", "is_listed", "definition",
    )  # fmt: skip

    def facts(self, obj: Survey) -> dict[str, str | set[str]]:
        return {"title": obj.title, "slug": obj.slug, "who may answer": obj.get_access_display()}

    def get_urls(self) -> list[URLPattern]:
        return [*results.urls(self), *super().get_urls()]

    def has_change_permission(self, request: HttpRequest, obj: Survey | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.state == Survey.State.DRAFT)

    def has_delete_permission(self, request: HttpRequest, obj: Survey | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.state == Survey.State.DRAFT)
