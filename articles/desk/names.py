"""Fields in which a category, an author or a tag is named, by its name or slug, with suggestions; no script is needed."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Value
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from articles.models import Author, Category, Tag
from core.lib.text import one_line, storable
from core.pagecache import per_generation

SUGGESTED = 300
NOUNS: dict[Any, str] = {Author: "author", Category: "category", Tag: "tag"}


@per_generation
def _names() -> dict[str, list[str]]:
    """The first names of each kind, in one query."""
    parts = [
        model.objects.annotate(noun=Value(noun)).order_by("name").values_list("noun", "name")[:SUGGESTED]
        for model, noun in NOUNS.items()
    ]
    found: dict[str, list[str]] = {noun: [] for noun in NOUNS.values()}
    for noun, name in parts[0].union(*parts[1:], all=True):
        found[noun].append(name)
    return found


def names_of(model: Any) -> list[str]:
    """The names that are suggested."""
    return _names()[NOUNS[model]]


class NameInput(forms.TextInput):
    """A line with suggestions."""

    def __init__(self, model: Any, attrs: Any = None) -> None:
        super().__init__(attrs)
        self.model = model

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        key = f"{(attrs or {}).get('id', name)}_names"
        line = super().render(name, value, {**(attrs or {}), "list": key}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((each,) for each in names_of(self.model)))
        return format_html('{}<datalist id="{}">{}</datalist>', line, key, options)


class NamedField(forms.Field):
    """A row by its name, whatever the case of its letters, or by its slug. Names that several rows share need the slug."""

    def __init__(self, model: Any, *, makes_new: bool = False, **kwargs: Any) -> None:
        super().__init__(widget=NameInput(model), **kwargs)
        self.model, self.makes_new = model, makes_new

    def clean(self, value: Any) -> Any:
        """The row; where a new one may be made, its name if there is none of that name yet."""
        typed = one_line(storable(str(value or "")))
        super().clean(typed)
        if not typed:
            return None
        found = list(self.model.objects.filter(slug=typed)[:1] or self.model.objects.filter(name__iexact=typed)[:2])
        noun = NOUNS[self.model]
        if len(found) > 1:
            slugs = ", ".join(row.slug for row in found)
            raise ValidationError(f"Several have the name “{typed}”. Write the slug of the one you mean: {slugs}.")
        if found:
            return found[0]
        if self.makes_new and len(typed) <= 80:
            return typed
        raise ValidationError(f"There is no {noun} “{typed[:80]}”.")
