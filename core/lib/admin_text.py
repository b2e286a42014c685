"""Cleaning and checking of the text, the HTML and the links that are typed into the admin's forms."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.http import HttpRequest

from core.lib.html import refuse_lost_addresses
from core.lib.links import direct
from core.lib.text import one_line, prose


class CleanedText(BaseModelAdmin):
    """A ModelAdmin or an inline whose text fields take nothing that shows nothing, and whose titles stay on one line.

    Its links, in fields of their own and in HTML, are those that articles may have. Where another row is chosen, that is not deleted:
    its own page is for that, which says what goes with it.
    """

    def formfield_for_dbfield(self, db_field: "models.Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, forms.CharField) and not isinstance(field, forms.JSONField):
            clean = prose if isinstance(db_field, models.TextField) else one_line
            field.to_python = partial(_cleaned, field.to_python, clean)  # type: ignore[method-assign]
        if db_field.name == "url" and isinstance(field, forms.CharField):
            field.to_python = partial(_direct, field.to_python)  # type: ignore[method-assign]
        if isinstance(field, forms.CharField) and re.search(r"(?:^|_)html$", db_field.name):
            field.validators.append(refuse_lost_addresses)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_delete_related = False
        return field


def _direct(to_python: Callable[[Any], Any], value: Any) -> Any:
    return to_python(direct(value, keep_campaign=True) if isinstance(value, str) else value)


def _cleaned(to_python: Callable[[Any], Any], clean: Callable[[str], str], value: Any) -> Any:
    value = to_python(value)
    return clean(value).strip() if isinstance(value, str) else value
