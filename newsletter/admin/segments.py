"""Segments in the admin: the builder of conditions, a segment's size with its time, and the list of subscribers by segment."""

import json
import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.views.decorators.http import require_POST, require_safe

from core.admin.shared_editing import SharedEditing
from core.lib import clock
from core.lib.admin_lists import values_in
from core.lib.admin_text import CleanedText
from core.lib.text import whole_number
from newsletter.models import Segment, SegmentCondition, Subscription
from newsletter.subscribers import segments, traits
from newsletter.subscribers.segments import TESTS

SOURCES_NAMED = 20
DOMAIN = re.compile(r"\.?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9-]{2,}")
HINTS = {
    "field-value": "the value",
    "bound": "a number, or a day such as 2024-11-28",
    "words": "some letters",
    "source": "the source",
    "domain": "example.com, or .de",
    "day": "a day such as 2024-11-28",
    "days": "how many days",
    "briefings": "how many briefings",
}
MISSING = {"newsletter": "Choose the newsletter.", "tag": "Choose the tag.", "field": "Choose the field."}


class ConditionForm(forms.ModelForm):
    """One condition. What its test does not need is dropped; what it needs is asked for in words."""

    test = forms.ChoiceField(label="Who", choices=lambda: [("", "choose …"), *segments.choices()])

    class Meta:
        widgets = {"value": forms.TextInput(attrs={"size": 24})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        needs = {name: test.needs.replace("(", "").replace(")", "") for name, test in TESTS.items()}
        for name in MISSING:
            for act in ("add", "change", "delete", "view"):  # here they are chosen, and kept on pages of their own
                setattr(self.fields[name].widget, f"can_{act}_related", False)
        self.fields["test"].widget.attrs |= {"data-needs": json.dumps(needs), "data-hints": json.dumps(HINTS)}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("test") not in TESTS:
            return cleaned
        test = TESTS[cleaned["test"]]
        kind = next((part for part in test.needed if part in HINTS), "")
        for name, missing in MISSING.items():
            if name in test.needed and not cleaned.get(name):
                self.add_error(name, missing)
            elif name not in test.allowed:
                cleaned[name] = None
        try:
            cleaned["value"] = _value(kind, cleaned) if kind else ""
        except ValidationError as error:
            self.add_error("value", error)
        if test.group == "Reading" and cleaned.get("newsletter") and not cleaned["newsletter"].counts_reading:
            self.add_error("newsletter", f"{cleaned['newsletter']} does not count who opens and clicks.")
        return cleaned


def _value(kind: str, cleaned: dict[str, Any]) -> str:
    """What a condition is tested with, checked and in one form. Raises ValidationError."""
    text, field = (cleaned.get("value") or "").strip(), cleaned.get("field")
    if not text:
        raise ValidationError(f"Say what to look for: {HINTS[kind]}.")
    if kind in ("field-value", "bound"):
        if field is None:
            return text
        if kind == "bound" and field.kind not in ("number", "date"):
            raise ValidationError(f"{field} is neither a number nor a day, so it is not more or less than another.")
        return traits.in_words(traits.value_of(field, text))
    if kind == "day":
        return traits.day(text).isoformat()
    if kind in ("days", "briefings"):
        most = segments.MOST_DAYS if kind == "days" else segments.MOST_BRIEFINGS
        if not (number := whole_number(text, most=most)):
            raise ValidationError(f"Say how many {kind}: a whole number from 1 to {most:,}.")
        return str(number)
    if kind == "domain":
        return _domain(text)
    return _source(text) if kind == "source" else text


def _domain(text: str) -> str:
    text = text.lower().removeprefix("*").removeprefix("@")
    if not DOMAIN.fullmatch(text):
        raise ValidationError(f"“{text[:60]}” is no domain such as example.com, nor an end of one such as .de.")
    return text


def _source(text: str) -> str:
    known = values_in(Subscription._meta.db_table, "source")
    if text in known:
        return text
    named = ", ".join(f"“{source}”" for source in known[:SOURCES_NAMED] if source) or "none yet"
    raise ValidationError(f"Nobody signed up at “{text[:60]}”. There are: {named}.")


class ConditionsFormSet(forms.BaseInlineFormSet):
    """A segment has at least one condition: else it would be everybody, or nobody."""

    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        if not any(form.errors for form in self.forms) and all(
            form.cleaned_data.get("DELETE") for form in kept if hasattr(form, "cleaned_data")
        ):
            raise ValidationError("Say who is in it: add at least one condition.")


class ConditionInline(CleanedText, admin.StackedInline):
    model = SegmentCondition
    form = ConditionForm
    formset = ConditionsFormSet
    extra = 0
    min_num = 1
    max_num = 20
    fields = (("test", "newsletter", "tag", "field", "value"),)


@admin.register(Segment)
class SegmentAdmin(SharedEditing):
    nothing_yet = "A segment is a part of a list, such as whoever clicked in one of the last briefings."
    list_display = ("name", "size", "when", "described")
    list_select_related = ("counted",)
    search_fields = ("name",)
    sortable_by = ()
    fields = ("name", "joined_by")
    inlines = (ConditionInline,)
    change_form_template = "admin/newsletter/segment/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("counted__newest")

    @admin.display(description="Subscribers")
    def size(self, segment: Segment) -> str:
        return f"{segment.counted.size:,}" if hasattr(segment, "counted") else "not counted yet"

    @admin.display(description="Counted")
    def when(self, segment: Segment) -> str:
        return clock.in_words(segment.counted.counted_at) if hasattr(segment, "counted") else ""

    @admin.display(description="Who is in it")
    def described(self, segment: Segment) -> str:
        return segments.described(segment)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        segments.recount(which=Segment.objects.filter(pk=form.instance.pk))

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"newsletter_segment_{name}")

        return [
            at("<int:pk>/size/", size, "size"),
            at("<int:pk>/count/", count_anew, "count"),
            *super().get_urls(),
        ]


def _segment(pk: int) -> Segment:
    return get_object_or_404(Segment.objects.select_related("counted").defer("counted__newest"), pk=pk)


@require_safe
@permission_required("newsletter.view_segment", raise_exception=True)
def size(request: HttpRequest, pk: int) -> HttpResponse:
    """A segment's size, for the page that shows it and asks again while it is being counted."""
    return render(request, "admin/newsletter/segment/_size.html", {"segment": _segment(pk)})


@require_POST
@permission_required("newsletter.change_segment", raise_exception=True)
def count_anew(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a worker count it now."""
    segments.recount(which=Segment.objects.filter(pk=_segment(pk).pk))
    messages.success(request, "It is being counted.")
    return HttpResponseRedirect(reverse("admin:newsletter_segment_change", args=[pk]))


class SegmentFilter(admin.SimpleListFilter):
    """Narrows the list to those who were in a segment when it was counted."""

    title, parameter_name = "segment", "segment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(key), name) for key, name in Segment.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        if not self.value():
            return queryset
        segment = Segment.objects.filter(pk=int(self.value() or 0)).first()
        if segment is None:
            return queryset.none()
        others = {name for name in request.GET if request.GET[name]} - {self.parameter_name, "p", "o", "all"}
        return segments.as_counted(queryset, segment, is_narrowed=bool(others))
