"""Choosing rows by what documents call them (a slug, a media path): the widgets, and what they ask while one types."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from articles.models import Article, Author, ImageAsset, Snippet, Tag

PER_PAGE = 20


def _named(model: Any, **narrowed: Any) -> Callable[[str], QuerySet[Any]]:
    def matching(term: str) -> QuerySet[Any]:
        name = "heading" if model is Snippet else "title" if model is Article else "name"
        rows = model.objects.filter(Q(**{f"{name}__icontains": term}) | Q(slug__icontains=term), **narrowed)
        return rows.order_by(name).values_list("slug", name)

    return matching


def _images(term: str) -> QuerySet[Any]:
    rows = ImageAsset.objects.filter(Q(name__icontains=term) | Q(alt__icontains=term))
    return rows.order_by("-created_at").values_list("file", "name")


SOURCES: dict[str, Callable[[str], QuerySet[Any]]] = {
    "author": _named(Author),
    "tag": _named(Tag),
    "article": _named(Article),
    "cta": _named(Snippet, kind=Snippet.Kind.CTA),
    "image": _images,
}


def choices_view(request: HttpRequest, what: str) -> JsonResponse:
    """What matches the words typed so far, for the admin's own autocomplete script."""
    if what not in SOURCES:
        raise Http404("There is nothing of this kind to choose.")
    if not request.user.has_perm("articles.view_article"):
        raise PermissionDenied
    number = request.GET.get("page", "1")
    start = (int(number) - 1) * PER_PAGE if number.isdecimal() and 0 < int(number) < 10_000 else 0
    rows = list(SOURCES[what](request.GET.get("term", "")[:100].replace("\x00", ""))[start : start + PER_PAGE + 1])
    results = [{"id": value, "text": name or value} for value, name in rows[:PER_PAGE]]
    return JsonResponse({"results": results, "pagination": {"more": len(rows) > PER_PAGE}})


class ChoiceWidget(forms.Select):
    """A select that asks the server while one types; what is chosen is shown without a query."""

    def __init__(self, what: str, attrs: dict[str, Any] | None = None):
        super().__init__(attrs)
        self.what = what
        self.labels: dict[str, str] = {}

    def optgroups(
        self, name: str, value: Any, attrs: Any = None
    ) -> list[tuple[str | None, list[dict[str, Any]], int | None]]:
        chosen = [str(item) for item in value if item]
        empty = [] if self.allow_multiple_selected else [self.create_option(name, "", "", False, 0)]
        options = [
            self.create_option(name, item, self.labels.get(item, item.rsplit("/", 1)[-1]), True, index)
            for index, item in enumerate(chosen, 1)
        ]
        return [(None, [*empty, *options], 0)]

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        return super().build_attrs(base_attrs, extra_attrs) | {
            "class": "admin-autocomplete",
            "data-ajax--cache": "true",
            "data-ajax--delay": 250,
            "data-ajax--type": "GET",
            "data-ajax--url": reverse("admin:articles_article_choices", args=[self.what]),
            "data-theme": "admin-autocomplete",
            "data-allow-clear": json.dumps(not self.is_required),
            "data-placeholder": "",
            "data-choice": self.what,
        }

    @property
    def media(self) -> forms.Media:
        return AutocompleteSelect(Article._meta.get_field("cta"), admin.site).media


class ManyChoicesWidget(ChoiceWidget, forms.SelectMultiple):
    """The same for several, in the order they were chosen."""

    allow_multiple_selected = True


class GalleryWidget(ManyChoicesWidget):
    """The images of a gallery; what is known of each (alternative text, caption) stays with it."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        entries = [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
        select = super().render(name, [entry.get("src", "") for entry in entries], attrs, renderer)
        return format_html('{}<input type="hidden" name="{}-known" value="{}">', select, name, json.dumps(entries))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        try:
            known = {entry["src"]: entry for entry in json.loads(data.get(f"{name}-known") or "[]")}
        except (ValueError, TypeError, KeyError):
            known = {}
        return [known.get(source, {"src": source}) for source in data.getlist(name) if source]


class SlugsField(forms.Field):
    """Several slugs, in order."""

    def clean(self, value: Any) -> list[str]:
        return list(dict.fromkeys(value or []))


def label(fields: Iterable[forms.Field], names: dict[str, str]) -> None:
    """Tell the widgets of some fields what their values are called."""
    for field in fields:
        if isinstance(field.widget, ChoiceWidget):
            field.widget.labels = names
