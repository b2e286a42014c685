"""What the forms of an edit page hold, as one JSON document, and the forms filled in from such a document.

A document has the values that a browser would post, so it holds what is typed whether it is valid or not. Files, passwords
and fields that cannot be changed are left out. The rows of formsets stand in the order of their keys.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, TypedDict

from django import forms
from django.http import QueryDict

Values = dict[str, dict[str, list[str]]]  # by the name of the field, and of what the browser posts for it


class Row(TypedDict):
    """A row of a formset; one that is not stored yet has an empty key."""

    key: str
    values: Values


class FormDocument(TypedDict):
    """The values of a form, and the rows of its formsets by their prefixes."""

    fields: Values
    rows: dict[str, list[Row]]


def document_of(form: forms.BaseForm, formsets: Sequence[Any]) -> FormDocument:
    """What a browser would post of these forms, bound or not, if nothing more were typed."""
    return {"fields": _values(form), "rows": {formset.prefix: _rows(formset) for formset in formsets}}


def _rows(formset: Any) -> list[Row]:
    """The rows that would be there once the formset is saved."""
    key_name = formset.model._meta.pk.name
    rows = [
        Row(
            key=str(form[key_name].value() or ""), values=_values(form, leave_out={key_name, formset.fk.name, "DELETE"})
        )
        for form in formset.forms
        if not ("DELETE" in form.fields and form["DELETE"].value()) and (form[key_name].value() or form.has_changed())
    ]
    return sorted(rows, key=lambda row: (not row["key"], row["key"].zfill(20)))


def _values(form: Any, leave_out: Collection[str] = ()) -> Values:
    return {
        name: dict(_posted(field.widget, name, form[name].value()))
        for name, field in form.fields.items()
        if name not in leave_out and not field.disabled and not _is_kept_out(field)
    }


def _is_kept_out(field: forms.Field) -> bool:
    return isinstance(field, forms.FileField) or getattr(field.widget, "input_type", "") == "password"


def _posted(widget: Any, name: str, value: Any) -> Iterator[tuple[str, list[str]]]:
    widget = getattr(widget, "widget", widget)  # the admin puts a frame around those that refer to rows
    if hasattr(widget, "posted"):
        yield from widget.posted(name, value).items()
    elif isinstance(widget, forms.MultiWidget):
        values: Any = value if isinstance(value, list | tuple) else widget.decompress(value)
        names: Any = widget.widgets_names  # type: ignore[attr-defined]
        for suffix, each, part in zip(names, widget.widgets, values, strict=True):
            yield from _posted(each, name + suffix, part)
    elif isinstance(widget, forms.CheckboxInput):
        yield name, ["on"] if widget.check_test(value) else []
    else:
        shown = widget.format_value(value)
        texts = [_line_ends(str(each)) for each in (shown if isinstance(shown, list) else [shown or ""])]
        yield name, sorted(texts) if getattr(widget, "allow_multiple_selected", False) else texts


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def posted(document: FormDocument, formsets: Sequence[Any]) -> QueryDict:
    """A document as a browser would post it over the rows that are stored now, which these unbound formsets hold.

    A stored row that the document does not have is marked to be deleted; one that is not stored any more is a new one.
    """
    data = QueryDict(mutable=True)
    _fill(data, "", document["fields"])
    for formset in formsets:
        _fill_rows(data, formset, document["rows"].get(formset.prefix, []))
    return data


def _fill(data: QueryDict, prefix: str, values: Values) -> None:
    for parts in values.values():
        for name, each in parts.items():
            data.setlist(prefix + name, each)


def _fill_rows(data: QueryDict, formset: Any, rows: Sequence[Row]) -> None:
    key_name = formset.model._meta.pk.name
    stored = [str(form[key_name].value()) for form in formset.initial_forms]
    wanted = {row["key"]: row for row in rows}
    for place, (key, form) in enumerate(zip(stored, formset.initial_forms, strict=True)):
        prefix = f"{formset.prefix}-{place}-"
        _fill(data, prefix, wanted[key]["values"] if key in wanted else _values(form, {key_name, formset.fk.name}))
        data[prefix + key_name] = key
        if key not in wanted:
            data[f"{prefix}DELETE"] = "on"
    new = [row for row in rows if row["key"] not in stored]
    for place, row in enumerate(new, start=len(stored)):
        _fill(data, f"{formset.prefix}-{place}-", row["values"])
    counts = {"TOTAL": len(stored) + len(new), "INITIAL": len(stored), "MIN_NUM": 0, "MAX_NUM": 1000}
    for name, count in counts.items():
        data[f"{formset.prefix}-{name}_FORMS"] = str(count)
