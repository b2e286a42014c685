"""Slugs in the admin's forms: made from a name, put right as typed, numbered where taken, and shown while typing."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.apps import apps
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe
from js_asset import Media, Script

from core.lib.slugs import free_slug, slug_of
from core.lib.text import one_line, storable

SCRIPT = Script("js/desk/slugs.js", type="module")
LONGEST = 500  # characters that a slug is made from


def shown_while_typing(words_field: str, address: str) -> AdminTextInputWidget:
    """The widget of a slug that is made from another field of its form; `address` says what it will be."""
    return AdminTextInputWidget(attrs={"data-slug-from": words_field, "data-slug-url": address})


class SlugsFromWords(BaseModelAdmin):
    """A ModelAdmin or an inline whose slugs may be left empty or typed as anything."""

    slug_from = "name"
    reserved_slugs: Iterable[str] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rules = {"slug_from": self.slug_from, "reserved_slugs": self.reserved_slugs}
        self.form: Any = type(self.form)("SlugForm", (_SlugForm, self.form), rules)

    @property
    def media(self) -> Any:
        return super().media + Media(js=[SCRIPT])

    def formfield_for_dbfield(self, db_field: "models.Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if not field or db_field.name != "slug":
            return field
        source = self.model._meta.get_field(self.slug_from).verbose_name
        hint = f"{field.help_text} Leave it empty to have it made from the {source}.".strip()
        widget = shown_while_typing(self.slug_from, reverse("slug", args=[self.model._meta.label_lower]))
        return _WordsField(label=field.label, help_text=hint, widget=widget, required=False)


class _WordsField(forms.CharField):
    """What a slug is made from, on one line."""

    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "").strip()


class _SlugForm:
    """A ModelForm that gives its row a slug nothing else has; the database refuses any that slips through."""

    slug_from: str
    reserved_slugs: Iterable[str]
    instance: Any
    cleaned_data: dict[str, Any]

    def _post_clean(self) -> None:
        words = self.cleaned_data.get("slug") or self.cleaned_data.get(self.slug_from)
        if words and "slug" in self.cleaned_data:
            self.cleaned_data["slug"] = self._free(words)
        super()._post_clean()  # type: ignore[misc]

    def _get_validation_exclusions(self) -> set[str]:
        """All but the slug, which is made valid here: two new rows of one page may begin with the same one."""
        exclusions: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return exclusions | {"slug"}

    def save(self, commit: bool = True) -> Any:
        if "slug" in self.cleaned_data:  # another row of the same page may have taken it
            self.instance.slug = self._free(self.instance.slug)
        return super().save(commit)  # type: ignore[misc]

    def _free(self, words: str) -> str:
        model = type(self.instance)
        siblings = model._default_manager.exclude(pk=self.instance.pk).filter(**self._scope())

        def is_taken(slug: str) -> bool:
            return slug in self.reserved_slugs or siblings.filter(slug=slug).exists()

        return free_slug(_slug_for(model, words), is_taken, limit=_limit(model))

    def _scope(self) -> dict[str, Any]:
        """What the slug is unique within, if not among all rows."""
        rules = (rule.fields for rule in self.instance._meta.constraints if isinstance(rule, models.UniqueConstraint))
        names = {name for fields in rules if "slug" in fields for name in fields} - {"slug"}
        chosen = {name: self.cleaned_data.get(name) for name in names}
        return {f"{name}_id": row.pk if row else getattr(self.instance, f"{name}_id") for name, row in chosen.items()}


def _limit(model: type[models.Model]) -> int:
    field: Any = model._meta.get_field("slug")
    return int(field.max_length)


def _slug_for(model: type[models.Model], words: str) -> str:
    return slug_of(words, _limit(model), otherwise=slug_of(str(model._meta.verbose_name)))


@require_safe
def slug_view(request: HttpRequest, label: str) -> JsonResponse:
    """The slug that some words make for a row of a model; whether it is taken is seen to when the row is saved."""
    try:
        model = apps.get_model(label)
        model._meta.get_field("slug")
    except (LookupError, ValueError, FieldDoesNotExist):
        raise Http404("There are no slugs of this kind.") from None
    app, name = model._meta.app_label, model._meta.model_name
    if not any(request.user.has_perm(f"{app}.{verb}_{name}") for verb in ("add", "change")):
        raise PermissionDenied
    words = storable(request.GET.get("words", "")[:LONGEST])
    return JsonResponse({"slug": _slug_for(model, words) if words.strip() else ""})
