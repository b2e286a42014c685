"""Fields of the survey builder: answers to choose from, and conditions. They are plain inputs, several to a row."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from articles.models import ImageAsset
from core.lib.text import one_line, whole_number
from surveys.questionnaires import comparisons
from surveys.questionnaires.building import new_choice_id
from surveys.questionnaires.comparisons import Line
from surveys.questionnaires.definition import CHOICE, IMAGE, MOST_CHOICES, MOST_CONDITIONS
from surveys.questionnaires.questions import Definition

BLANK_ROWS = 2
RECENT_PICTURES = 50
LAST = 9999

Choices = list[dict[str, Any]]


def pictures(chosen: Iterable[str]) -> list[tuple[str, str]]:
    """What a select offers of the library: the pictures that are chosen, and the newest."""
    wanted = {source for source in chosen if source}
    newest = list(ImageAsset.objects.order_by("-created_at").values_list("file", "name")[:RECENT_PICTURES])
    missing = wanted - {source for source, _ in newest}
    found = dict(ImageAsset.objects.filter(file__in=missing).values_list("file", "name")) if missing else {}
    older = [(source, found.get(source) or source.rsplit("/", 1)[-1]) for source in sorted(missing)]
    return [("", "No picture"), *older, *newest]


class RowsWidget(forms.Widget):
    """Several inputs to a row, in lists of the same length by their parts."""

    parts: tuple[str, ...] = ()

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        getlist: Any = getattr(data, "getlist", lambda _: [])
        listed: dict[str, list[str]] = {part: getlist(f"{name}-{part}") for part in self.parts}
        return [dict(zip(listed, row, strict=True)) for row in zip(*listed.values(), strict=False)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-{self.parts[0]}" not in data

    def posted(self, name: str, value: Any) -> dict[str, list[str]]:
        """What a browser posts of it, by name; blank rows do not count."""
        rows = [row for row in self.rows(value) if any(row.get(part) for part in self.parts)]
        return {f"{name}-{part}": [str(row.get(part, "")) for row in rows] for part in self.parts}

    def rows(self, value: Any) -> list[dict[str, str]]:
        return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


class ChoicesWidget(RowsWidget):
    """Answers to choose from: their words, perhaps a picture, their place; what people have answered is closed, not removed."""

    parts = ("id", "text", "image", "closed")
    template = "admin/surveys/survey/choices.html"

    def __init__(self, *, noun: str, with_pictures: bool = False, kept: Iterable[str] = ()) -> None:
        super().__init__()
        self.noun, self.with_pictures, self.kept = noun, with_pictures, set(kept)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        rows = super().value_from_datadict(data, files, name)
        typed = [whole_number(text, most=LAST) for text in data.getlist(f"{name}-place")] if rows else []
        places = [LAST if place is None else place for place in typed] + [LAST] * len(rows)
        ordered = [row for _, row in sorted(zip(places, rows, strict=False), key=lambda pair: pair[0])]
        gone = set(data.getlist(f"{name}-remove")) - self.kept
        return [row for row in ordered if not (row["id"] in gone and row["id"])]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        rows = [row for row in self.rows(value) if row.get("text") or row.get("id")]
        shown = [row | {"is_kept": row.get("id") in self.kept} for row in rows]
        offered = pictures(row.get("image", "") for row in rows) if self.with_pictures else []
        context: dict[str, Any] = {
            "name": name,
            "rows": shown,
            "blank": [{}] * max(BLANK_ROWS, 3 - len(rows)),
            "noun": self.noun,
        }
        context |= {"with_pictures": self.with_pictures, "pictures": offered, "may_close": bool(self.kept)}
        context |= {"longest": CHOICE, "count": len(rows), "id": (attrs or {}).get("id", name)}
        return SafeString(render_to_string(self.template, context))


class ChoicesField(forms.Field):
    """Answers to choose from, or a matrix's rows, as the definition's document has them."""

    widget: ChoicesWidget

    def __init__(self, *, noun: str, with_pictures: bool = False, kept: Mapping[str, str] | None = None, **kwargs: Any):
        self.noun, self.kept = noun, dict(kept or {})
        widget = ChoicesWidget(noun=noun, with_pictures=with_pictures, kept=self.kept)
        super().__init__(widget=widget, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return [
            {**row, "closed": "yes" if row.get("closed") in (True, "yes") else ""}
            for row in self.widget.rows(list(value) if isinstance(value, tuple) else value)
        ]

    def clean(self, value: Any) -> Choices:
        value = self.prepare_value(value)
        rows = [row for row in value if one_line(row.get("text", "")) or row.get("id")]
        if len(rows) > MOST_CHOICES:
            raise ValidationError(f"There are {len(rows)}; at most {MOST_CHOICES} fit.")
        made, taken = Choices(), [row["id"] for row in rows if row.get("id")] + list(self.kept)
        for row in rows:
            text = self.kept.get(row.get("id", "")) or one_line(row.get("text", ""))
            if not text:
                continue  # emptied: it goes
            if len(text) > CHOICE:
                raise ValidationError(f"“{text[:40]}…” is too long: at most {CHOICE} characters.")
            key = row.get("id") or new_choice_id(taken)
            taken.append(key)
            made.append(_choice(key, text, row))
        if missing := set(self.kept) - {each["id"] for each in made}:
            words = ", ".join(f"“{self.kept[key]}”" for key in sorted(missing))
            raise ValidationError(f"People may have chosen {words}: close it in place of removing it.")
        return made

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.clean(self.prepare_value(initial)) != self.clean(data))

    def in_words(self, parts: Mapping[str, list[str]]) -> str:
        """What a page with two versions shows of it."""
        return "\n".join(next((texts for name, texts in parts.items() if name.endswith("-text")), []))


def _choice(key: str, text: str, row: Mapping[str, str]) -> dict[str, Any]:
    image = one_line(row.get("image", ""))[:IMAGE]
    closed = {"closed": True} if row.get("closed") == "yes" else {}
    return {"id": key, "text": text, **({"image": image} if image else {}), **closed}


class ConditionWidget(RowsWidget):
    """Comparisons with earlier answers, joined by “and” or “or”."""

    parts = ("join", "question", "operator", "value")
    template = "admin/surveys/survey/condition.html"

    def __init__(self, definition: Definition, before: str, what: str) -> None:
        super().__init__()
        self.definition, self.what = definition, what
        self.offered = comparisons.comparable(definition, before)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        return [row for row in super().value_from_datadict(data, files, name) if row["question"]]

    def posted(self, name: str, value: Any) -> dict[str, list[str]]:
        rows = [row for row in self.rows(value) if row.get("question")]
        return {f"{name}-{part}": [str(row.get(part, "")) for row in rows] for part in self.parts}

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        rows = [self._shown(row) for row in self.rows(value)]
        context: dict[str, Any] = {"name": name, "rows": rows, "blank": self._shown({}), "what": self.what}
        context |= {"is_offered": bool(self.offered or rows), "disabled": (attrs or {}).get("disabled", False)}
        return SafeString(render_to_string(self.template, context))

    def _shown(self, row: dict[str, str]) -> dict[str, Any]:
        key = row.get("question", "")
        question = comparisons.asked(self.definition, key) if key else None
        offered = list(self.offered)
        if key and key not in dict(offered):
            label = f"{comparisons.short(question.text)} (comes later)" if question else "A question that is gone"
            offered.append((key, label))
        names = comparisons.operators(question) if question else list(comparisons.WORDS.items())
        values = comparisons.values(question) if question else None
        kind = {"number": "number", "date": "date"}.get(question.kind, "text") if question else "text"
        bare = row.get("operator") in (comparisons.ANSWERED, comparisons.NOT_ANSWERED)
        return {**row, "offered": offered, "operators": names, "values": values, "input": kind, "is_bare": bare}


class ConditionField(forms.Field):
    """A condition, as the definition's document has it; None where there is none."""

    def __init__(self, definition: Definition, *, before: str = "", what: str = "", **kwargs: Any) -> None:
        self.definition = definition
        super().__init__(widget=ConditionWidget(definition, before, what), required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        return [
            {
                "join": "or" if line.is_or else "and",
                "question": line.question,
                "operator": line.operator,
                "value": line.value,
            }
            for line in comparisons.lines_of(value)
        ]

    def clean(self, value: Any) -> dict[str, Any] | None:
        rows = self.prepare_value(value)
        lines = [
            Line(row["question"], row["operator"], one_line(row["value"]), is_or=row["join"] == "or") for row in rows
        ]
        if len(lines) > MOST_CONDITIONS:
            raise ValidationError(f"A condition has at most {MOST_CONDITIONS} comparisons.")
        if wrong := [words for line in lines if (words := comparisons.why_not(line, self.definition))]:
            raise ValidationError(wrong)
        return comparisons.condition_in(lines, self.definition)

    def in_words(self, parts: Mapping[str, list[str]]) -> str:
        """What a page with two versions shows of it."""
        listed = list(parts.values())
        rows = zip(*listed, strict=False) if len(listed) == len(ConditionWidget.parts) else []
        return "\n".join(self._line_words(*row) for row in rows)

    def _line_words(self, join: str, key: str, operator: str, value: str) -> str:
        question = comparisons.asked(self.definition, key)
        if question is None:
            return f"{join} a question that is gone"
        label = dict(comparisons.values(question) or []).get(value, value)
        words = dict(comparisons.operators(question)).get(operator, operator)
        return f"{join} “{comparisons.short(question.text)}” {words} {label}".strip()
