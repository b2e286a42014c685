"""Cleaning of the plain text that is typed into the admin's forms, before it is checked and stored."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib.admin.options import BaseModelAdmin
from django.db import models
from django.http import HttpRequest

from core.lib.text import one_line, prose


class CleanedText(BaseModelAdmin):
    """A ModelAdmin or an inline whose text fields take nothing that shows nothing, and whose titles stay on one line."""

    def formfield_for_dbfield(self, db_field: "models.Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, forms.CharField) and not isinstance(field, forms.JSONField):
            clean = prose if isinstance(db_field, models.TextField) else one_line
            field.to_python = partial(_cleaned, field.to_python, clean)  # type: ignore[method-assign]
        return field


def _cleaned(to_python: Callable[[Any], Any], clean: Callable[[str], str], value: Any) -> Any:
    value = to_python(value)
    return clean(value).strip() if isinstance(value, str) else value
