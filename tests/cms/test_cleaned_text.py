"""Whatever is typed into a form of the admin: nothing that breaks a line or shows nothing is stored."""

import pytest
from django import forms
from django.contrib import admin
from django.db import models

from core.models import User

pytestmark = pytest.mark.django_db

TYPED = "Fees\u2028and \u202ereturns\v\ufeff\0"
OURS = ("articles", "core", "newsletter", "sponsors", "surveys")


def text_fields(request):
    """Each text field of each form of the admin that can be typed into, inlines too."""
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label not in OURS or not model_admin.has_change_permission(request):
            continue
        shown = [(model, model_admin.get_form(request).base_fields)]
        inlines = model_admin.get_inline_instances(request)
        shown += [(inline.model, inline.get_formset(request).form.base_fields) for inline in inlines]
        for owner, fields in shown:
            for name, field in fields.items():
                column = next((each for each in owner._meta.concrete_fields if each.name == name), None)
                typed = isinstance(column, models.CharField | models.TextField) and type(field) is forms.CharField
                if typed and name != "region":  # that of a block is the editor's own
                    yield f"{owner.__name__}.{name}", column, field


def test_every_text_field_of_the_admin_is_cleaned(rf):
    request = rf.get("/admin/")
    request.user = User(is_superuser=True)
    checked = []
    for name, column, field in text_fields(request):
        cleaned = field.to_python(TYPED)
        assert cleaned == ("Fees\nand returns" if isinstance(column, models.TextField) else "Fees and returns"), name
        checked.append(name)
    assert {"Newsletter.name", "Season.title", "Category.name", "Briefing.subject", "Package.summary"} <= set(checked)
