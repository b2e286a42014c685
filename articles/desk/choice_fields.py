"""Widgets that choose rows by their keys in documents (slug, media path), and the view that completes what is typed."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, Q, QuerySet, Value
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse

from articles.models import Article, Author, Category, ImageAsset, Kind, Publication, Series, Snippet, Tag
from core.lib.text import searchable, storable, whole_number

PER_PAGE = 20


# What can be chosen: the model, the field that documents refer to it by, and the field that people know it by.
NAMED: dict[str, tuple[Any, str, str]] = {
    "author": (Author, "slug", "name"),
    "tag": (Tag, "slug", "name"),
    "category": (Category, "slug", "name"),
    "series": (Series, "slug", "name"),
    "article": (Article, "slug", "title"),
    "cta": (Snippet, "slug", "heading"),
    "image": (ImageAsset, "file", "name"),
    "published": (Publication, "slug", "title"),
}


def _named(what: str, **narrowed: Any) -> Callable[[str], QuerySet[Any]]:
    model, key, name = NAMED[what]

    def matching(term: str) -> QuerySet[Any]:
        rows = model.objects.filter(
            Q(**{f"{name}__searchable__icontains": term}) | Q(**{f"{key}__icontains": term}), **narrowed
        )
        return rows.order_by(name).values_list(key, name)

    return matching


def _images(term: str) -> QuerySet[Any]:
    rows = ImageAsset.objects.filter(Q(name__searchable__icontains=term) | Q(alt__searchable__icontains=term))
    return rows.order_by("-created_at").values_list("file", "name")


SOURCES: dict[str, Callable[[str], QuerySet[Any]]] = {
    "author": _named("author"),
    "tag": _named("tag"),
    "category": _named("category"),
    "series": _named("series"),
    "article": _named("article", kind=Kind.ARTICLE),
    "cta": _named("cta", kind=Snippet.Kind.CTA),
    "image": _images,
    "published": _named("published"),
}
_opened: dict[str, set[str]] = {}


def open_to(permission: str, *what: str) -> None:
    """Let those with a permission choose things of these kinds, though they see no articles."""
    for kind in what:
        _opened.setdefault(kind, set()).add(permission)


def is_open_to(user: Any, what: str) -> bool:
    """Whether somebody's other work asks for things of a kind; whose work asks for pictures may also upload some."""
    return any(user.has_perm(each) for each in _opened.get(what, ()))


def choices_view(request: HttpRequest, what: str) -> JsonResponse:
    """The rows that match what was typed so far, as the admin's autocomplete script wants them."""
    if what not in SOURCES:
        raise Http404("There is nothing of this kind to choose.")
    if not (request.user.has_perm("articles.view_article") or is_open_to(request.user, what)):
        raise PermissionDenied
    start = ((whole_number(request.GET.get("page"), most=10_000) or 1) - 1) * PER_PAGE
    rows = list(SOURCES[what](searchable(storable(request.GET.get("term", "")[:100])))[start : start + PER_PAGE + 1])
    results = [{"id": value, "text": name or value} for value, name in rows[:PER_PAGE]]
    return JsonResponse({"results": results, "pagination": {"more": len(rows) > PER_PAGE}})


class ChoiceWidget(forms.Select):
    """A select that asks the server for options as the user types; it starts with only the chosen ones."""

    def __init__(self, what: str, attrs: dict[str, Any] | None = None):
        super().__init__(attrs)
        self.what = what
        self.labels: dict[str, str] = {}

    def chosen(self, value: Any) -> list[Any]:
        """The values that need a label."""
        return value if isinstance(value, list) else [value]

    def name_of(self, value: str) -> str:
        """The label of a value; the value itself where no row has it."""
        return self.labels.get(value) or value.rsplit("/", 1)[-1]

    def optgroups(
        self, name: str, value: Any, attrs: Any = None
    ) -> list[tuple[str | None, list[dict[str, Any]], int | None]]:
        chosen = [str(item) for item in value if item]
        empty = [] if self.allow_multiple_selected else [self.create_option(name, "", "", False, 0)]
        options = [
            self.create_option(name, item, self.name_of(item), True, index) for index, item in enumerate(chosen, 1)
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
            "data-allow-clear": json.dumps(not self.is_required and not self.allow_multiple_selected),
            "data-placeholder": "",
            "data-choice": self.what,
        }

    @property
    def media(self) -> forms.Media:
        return AutocompleteSelect(Article._meta.get_field("cta"), admin.site).media


class ManyChoicesWidget(ChoiceWidget, forms.SelectMultiple):
    """The same for several values, in the order they were chosen."""

    allow_multiple_selected = True


class SlugsField(forms.Field):
    """Several slugs, in order and each once."""

    def clean(self, value: Any) -> list[str]:
        return list(dict.fromkeys(value or []))


def label(forms_: Iterable[forms.BaseForm]) -> None:
    """Give the widgets of some forms the labels of their chosen values, with one query."""
    choosing = [
        (field.widget, [str(value) for value in field.widget.chosen(form[name].value()) if value])
        for form in forms_
        for name, field in form.fields.items()
        if isinstance(field.widget, ChoiceWidget)
    ]
    wanted: dict[str, set[str]] = {}
    for widget, values in choosing:
        wanted.setdefault(widget.what, set()).update(values)
    names = _names(wanted)
    for widget, _ in choosing:
        widget.labels = names.get(widget.what, {})


def _names(wanted: dict[str, set[str]]) -> dict[str, dict[str, str]]:
    """The labels of values of each kind, in one query."""
    found: dict[str, dict[str, str]] = {}
    parts = [_part(what, values) for what, values in wanted.items() if values]
    for what, value, name in parts[0].union(*parts[1:], all=True) if parts else ():
        found.setdefault(what, {})[value] = name
    return found


def _part(what: str, values: set[str]) -> QuerySet[Any]:
    model, key, name = NAMED[what]
    rows = model.objects.order_by().filter(**{f"{key}__in": values})
    return rows.annotate(what=Value(what, CharField())).values_list("what", key, name)
