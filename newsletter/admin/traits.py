"""Tags and fields of subscribers in the admin: their own pages, the parts of a subscriber's form, the filters of the list."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AdminDateWidget, AdminTextInputWidget
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from core.admin.shared_editing import SharedEditing
from core.lib.slugs import free_slug, slug_of
from core.transitions import TransitionRefused
from newsletter.models import SubscriberField, SubscriberTag
from newsletter.subscribers import selection, traits

Kind = SubscriberField.Kind
TAGS_OFFERED = 100  # to narrow the list by


class TagsField(forms.CharField):
    """Names of tags with commas between them; its value is a list of them."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "With commas between them. New ones are made.")
        super().__init__(max_length=2000, widget=AdminTextInputWidget(attrs={"data-tags": ""}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return traits.written(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        return traits.tag_names(super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return traits.tag_names(self.prepare_value(initial) or "") != traits.tag_names(data or "")


class ValueField(forms.CharField):
    """The value of a field of subscribers, typed or chosen."""

    def __init__(self, field: SubscriberField) -> None:
        choices = {Kind.YES_NO: ["yes", "no"], Kind.CHOICE: field.options}.get(Kind(field.kind))
        widgets = {Kind.DATE: AdminDateWidget, Kind.NUMBER: forms.NumberInput, Kind.TEXT: AdminTextInputWidget}
        if choices is not None:
            widget: Any = forms.Select(choices=[("", "not known"), *((choice, choice) for choice in choices)])
        else:
            widget = widgets[Kind(field.kind)]()
        if field.kind == Kind.NUMBER:
            widget.attrs["step"] = "any"
        super().__init__(label=field.name, required=False, max_length=traits.LONGEST_VALUE, widget=widget)
        self.field = field

    def prepare_value(self, value: Any) -> Any:
        return traits.in_words(value)

    def clean(self, value: Any) -> Any:
        return traits.value_of(self.field, super().clean(value))


class SubscriberForm(forms.ModelForm):
    """A subscriber's name, tags and the values of all fields; `with_fields` makes the form for those there are now."""

    tag_names = TagsField(label="Tags", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = self.instance.tags.values_list("name", flat=True) if self.instance.pk else []
        self.initial["tag_names"] = list(names)
        for name, field in self.values():
            self.initial[name] = self.instance.attributes.get(field.field.key)

    def values(self) -> list[tuple[str, ValueField]]:
        return [(name, field) for name, field in self.fields.items() if isinstance(field, ValueField)]

    def save_traits(self) -> None:
        """Write what was changed of the tags and the values."""
        if "tag_names" in self.changed_data:
            traits.set_tags(self.instance, self.cleaned_data["tag_names"])
        changed = {
            field.field.key: self.cleaned_data[name] for name, field in self.values() if name in self.changed_data
        }
        if changed:
            traits.set_values(self.instance, changed)


def with_fields() -> type[SubscriberForm]:
    fields = {f"field-{field.pk}": ValueField(field) for field in SubscriberField.objects.all()}
    return type("SubscriberForm", (SubscriberForm,), fields)


class TagFilter(admin.SimpleListFilter):
    title, parameter_name = "tag", "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(key), name) for key, name in SubscriberTag.objects.values_list("pk", "name")[:TAGS_OFFERED]]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return selection.by_tag(queryset, key) if (key := self.value()) else queryset


def field_filters() -> list[type[admin.SimpleListFilter]]:
    """A filter for each field that is one of several, or yes or no; segments ask for the others."""
    return [_field_filter(field) for field in SubscriberField.objects.filter(kind__in=[Kind.CHOICE, Kind.YES_NO])]


def _field_filter(field: SubscriberField) -> type[admin.SimpleListFilter]:
    options = ["yes", "no"] if field.kind == Kind.YES_NO else field.options

    class FieldFilter(admin.SimpleListFilter):
        title, parameter_name = field.name, f"field-{field.pk}"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(option, option) for option in options]

        def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
            return selection.by_field(queryset, field, self.value() or "")

    return FieldFilter


@admin.register(SubscriberTag)
class SubscriberTagAdmin(SharedEditing):
    list_display = ("name", "created_at")
    search_fields = ("name",)
    sortable_by = ()
    actions = ("merge",)

    @admin.action(description="Merge…", permissions=["change"])
    def merge(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Ask which of the ticked tags is kept, and merge the others into it."""
        tags = list(queryset)
        keep = next((tag for tag in tags if str(tag.pk) == request.POST.get("keep")), None)
        if len(tags) < 2:
            self.message_user(request, "Nothing was merged: tick two tags or more.", messages.WARNING)
        elif keep:
            self._merge_into(request, keep, [tag for tag in tags if tag != keep])
        else:
            context = {"title": "Merge tags", "tags": tags, "opts": self.opts, "ticked": ACTION_CHECKBOX_NAME}
            return TemplateResponse(
                request, "admin/newsletter/subscribertag/merge.html", self.admin_site.each_context(request) | context
            )
        return None

    def _merge_into(self, request: HttpRequest, keep: SubscriberTag, others: list[SubscriberTag]) -> None:
        try:
            traits.merge(keep, others)
        except TransitionRefused as error:
            self.message_user(request, str(error), messages.WARNING)
            return
        names = ", ".join(f"“{tag}”" for tag in others)
        self.message_user(request, f"Merged into “{keep}”: {names}.", messages.SUCCESS)


class FieldForm(forms.ModelForm):
    """A new field gets a key from its name; one of several needs what it can be."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        kind = cleaned.get("kind") or self.instance.kind
        if kind == Kind.CHOICE and not SubscriberField(choices=cleaned.get("choices") or "").options:
            self.add_error("choices", "Say what it can be, each on a line of its own.")
        if "key" in self.fields and not cleaned.get("key") and "key" not in self.errors and cleaned.get("name"):
            slug = slug_of(cleaned["name"], 50, otherwise="field")
            slug = "tag-names" if slug == "tags" else slug
            cleaned["key"] = free_slug(slug, lambda key: SubscriberField.objects.filter(key=key).exists(), limit=60)
        return cleaned


@admin.register(SubscriberField)
class SubscriberFieldAdmin(SharedEditing):
    form = FieldForm
    list_display = ("name", "kind", "key", "ordering")
    fields = ("name", "kind", "choices", "key", "ordering")
    sortable_by = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The values that subscribers have are of this kind, under this key."""
        return ("kind", "key") if obj else ()
