"""A row that somebody else saved meanwhile: what each side changed on its edit page, and one document out of what is chosen."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django import forms
from django.utils.safestring import SafeString

from core.lib import merging
from core.lib.form_documents import FormDocument, Row, Values
from core.lib.marked_words import marked_up
from core.lib.merging import Part, Side, canonical

Place = tuple[str, str, str]  # the prefix of a formset, the key of a row, the name of a field; each may be empty


@dataclass(frozen=True, slots=True)
class Change:
    """A part in both versions, with the words marked that differ."""

    label: str
    before: SafeString
    after: SafeString


@dataclass(frozen=True, slots=True)
class Choice:
    """A part that differs, as the page shows it."""

    part: Part
    change: Change
    told: str
    chosen: Side | None


class EditConflict:
    """The parts of two versions of an edit page's forms, by the version that both began with."""

    def __init__(
        self, base: FormDocument, theirs: FormDocument, mine: FormDocument, form: Any, formsets: Sequence[Any]
    ) -> None:
        self.theirs, self.form = theirs, form
        self.formsets = {formset.prefix: formset for formset in formsets}
        self.parts: dict[Place, Part] = dict(_fields("", "", base["fields"], theirs["fields"], mine["fields"]))
        for prefix in mine["rows"]:
            rows = (document["rows"].get(prefix, []) for document in (base, theirs, mine))
            self.parts |= dict(_rows(prefix, *rows))

    def rows(self, chosen: Mapping[str, str]) -> list[Choice | int]:
        """What there is to choose, in the order of the page; a number for so many parts that are the same."""
        found: list[Choice | int] = []
        for differs, places in groupby(self.parts, lambda place: bool(self.parts[place].changed_by)):
            some = list(places)
            found += [self._choice(place, chosen) for place in some] if differs else [len(some)]
        return found

    def together(self, chosen: Mapping[str, str]) -> FormDocument | None:
        """The document out of what was chosen; None where a choice is missing."""
        document = deepcopy(self.theirs)
        for (prefix, key, name), part in self.parts.items():
            side = part.side(chosen)
            if side is None:
                return None
            value = part.mine if side is Side.MINE else part.theirs
            rows = document["rows"].setdefault(prefix, []) if prefix else []
            if not prefix:
                document["fields"][name] = value
            elif name:
                next(row for row in rows if row["key"] == key)["values"][name] = value
            else:
                rows[:] = [row for row in rows if not key or row["key"] != key]
                rows += [value] if value else []
        return document

    def _choice(self, place: Place, chosen: Mapping[str, str]) -> Choice:
        part = self.parts[place]
        before, after, _ = marked_up(self._words(place, part.theirs), self._words(place, part.mine))
        return Choice(part, Change(self._label(place, part), before, after), part.told, part.side(chosen))

    def _form(self, prefix: str) -> Any:
        return self.formsets[prefix].empty_form if prefix in self.formsets else self.form

    def _label(self, place: Place, part: Part) -> str:
        prefix, key, name = place
        field = self._form(prefix)[name].label if name in self._form(prefix).fields else name.replace("_", " ")
        if not prefix or prefix not in self.formsets:
            return str(field).capitalize()
        noun = str(self.formsets[prefix].model._meta.verbose_name).capitalize()
        row = part.mine or part.theirs if not name else self._stored(prefix, key)
        title = next(iter(filter(None, self._lines(prefix, row["values"]))), "") if row else ""
        return ": ".join(filter(None, [noun, title[:60], str(field) if name else ""]))

    def _stored(self, prefix: str, key: str) -> Row | None:
        return next((row for row in self.theirs["rows"].get(prefix, []) if row["key"] == key), None)

    def _words(self, place: Place, value: Any) -> str:
        prefix, _, name = place
        if value is None:
            return ""
        return (
            _in_words(self._form(prefix).fields.get(name), value)
            if name
            else "\n".join(self._lines(prefix, value["values"]))
        )

    def _lines(self, prefix: str, values: Values) -> list[str]:
        fields = self._form(prefix).fields
        texts = [name for name, field in fields.items() if name in values and not _is_choice(field)]
        return [words for name in texts if not (words := _in_words(fields[name], values[name])).isdigit()]


def _is_choice(field: Any) -> bool:
    return isinstance(field, forms.ChoiceField | forms.ModelChoiceField | forms.BooleanField)


def _in_words(field: Any, parts: Mapping[str, list[str]]) -> str:
    """The values of a field as somebody reads them on the page."""
    values = next(iter(parts.values()), [])
    if hasattr(field, "in_words"):
        return str(field.in_words(parts))
    if isinstance(field, forms.BooleanField):
        return "yes" if values else "no"
    if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
        found = field.queryset.filter(pk__in=[value for value in values if value.isdecimal()])
        return ", ".join(str(row) for row in found)
    labels = {str(value): str(label) for value, label in getattr(field, "choices", ())}
    return ", ".join(labels.get(value, value) for value in values)


def _fields(prefix: str, key: str, base: Values | None, theirs: Values, mine: Values) -> Iterator[tuple[Place, Part]]:
    names = [*theirs, *(name for name in mine if name not in theirs)]
    for part in merging.fields(base, theirs, mine, names):
        full = "-".join(filter(None, [prefix, key, part.name]))
        yield (prefix, key, part.name), Part(full, part.theirs, part.mine, part.changed_by)


def _rows(prefix: str, base: list[Row], theirs: list[Row], mine: list[Row]) -> Iterator[tuple[Place, Part]]:
    """Rows that both sides have, field by field; the others as a whole."""
    was, their, my = ({row["key"]: row for row in rows if row["key"]} for rows in (base, theirs, mine))
    for key in dict.fromkeys([*was, *their, *my]):
        get, own, began = their.get(key), my.get(key), was.get(key)
        if get and own:
            yield from _fields(prefix, key, began and began["values"], get["values"], own["values"])
        elif get or own:
            is_untouched = canonical(get or own) == canonical(began)
            gone_by = Side.THEIRS if own else Side.MINE
            by = gone_by if is_untouched else Side.BOTH if began else (Side.MINE if own else Side.THEIRS)
            yield (prefix, key, ""), Part(f"{prefix}-{key}", get, own, by, is_item=True)
    for number, row in enumerate(row for row in mine if not row["key"]):
        yield (prefix, f"new-{number}", ""), Part(f"{prefix}-new-{number}", None, row, Side.MINE, is_item=True)
