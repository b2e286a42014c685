"""What a file to be imported is understood to say: its columns, which can be mapped by hand, and its first rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core import upload_runs
from newsletter.admin.traits import TagsField
from newsletter.models import Newsletter, SubscriberField, SubscriberImport
from newsletter.subscribers.importing import ImportFailure, declared, preview, recognised
from newsletter.subscribers.importing.columns import Columns
from newsletter.subscribers.importing.files import BadRow, Layout, records
from newsletter.subscribers.importing.report import WORDS_ASKED, may_be_a_status
from newsletter.subscribers.importing.rows import Row
from newsletter.subscribers.importing.verdicts import KINDS, Verdict, normal
from newsletter.subscribers.traits import in_words

MOST_COLUMNS = 200
EXAMPLES, EXAMPLE_LENGTH = 3, 40
LABELS = {
    "": "not used",
    "email": "address",
    "name": "name",
    "first_name": "first name",
    "last_name": "last name",
    "status": "status, in words",
    "confirmed_at": "when they confirmed",
    "asked_at": "when they signed up",
    "confirmed_from": "network they confirmed from",
    "asked_from": "network they signed up from",
    "left_at": "when they unsubscribed",
    "bounced_at": "when mail to them came back",
    "complained_at": "when they reported spam",
    "blocked_at": "when they were blocked",
    "reason": "why they left or were blocked",
    "attributes": "attributes as JSON",
    "tags": "tags",
    "yes_means_on": "yes: subscribed",
    "yes_means_confirmed": "yes: confirmed",
    "yes_means_off": "yes: unsubscribed",
    "yes_means_bounced": "yes: mail came back",
    "yes_means_complained": "yes: reported spam",
    "yes_means_blocked": "yes: blocked",
}
BECOMES = {
    Verdict.ON: "may be mailed",
    Verdict.UNCONFIRMED: "not mailed: not known to be active",
    Verdict.OFF: "unsubscribed",
    Verdict.BOUNCED: "suppressed: mail came back",
    Verdict.BLOCKED: "suppressed: blocked there",
    Verdict.COMPLAINED: "suppressed: reported spam",
}
MEANINGS = [("", BECOMES[Verdict.UNCONFIRMED]), *((kind, BECOMES[verdict]) for kind, verdict in KINDS.items())]


@dataclass(slots=True)
class Understood:
    """A file as it is read with what was said of its columns; without `columns` it cannot be, and `problem` says why."""

    layout: Layout | None = None
    columns: Columns | None = None
    header: tuple[str, ...] = ()
    problem: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    examples: dict[int, str] = field(default_factory=dict)

    def role_at(self, place: int) -> str:
        found = self.columns.places if self.columns else {}
        return next((role for role, places in found.items() if place in places), "")


def understood(row: SubscriberImport) -> Understood:
    """Look at the beginning of an import's file."""
    try:
        layout, columns = recognised(row.path, row.columns)
        found = Understood(layout, columns, layout.header)
        fields = list(declared().values())
        found.rows = [_row(line, said, fields) for line, said in preview(row.path, told=row.columns, words=row.words)]
    except ImportFailure as failure:
        problem = upload_runs.in_words(failure, row) + (
            ". Say below which one has the addresses." if failure.header else ""
        )
        header = failure.header[:MOST_COLUMNS]
        return Understood(header=header, problem=problem, examples=_examples(failure.sample, len(header)))
    if len(layout.header) > MOST_COLUMNS:
        return Understood(problem=f"It has {len(layout.header):,} columns; at most {MOST_COLUMNS} are taken here.")
    sample = [cells for _, cells in islice(records(row.path, layout), EXAMPLES) if not isinstance(cells, BadRow)]
    found.examples = _examples(sample, len(layout.header))
    return found


def _examples(rows: Sequence[Sequence[str]], width: int) -> dict[int, str]:
    """What stands in each column of the first rows."""
    cells = {
        place: [each[place].strip()[:EXAMPLE_LENGTH] for each in rows if len(each) > place] for place in range(width)
    }
    return {place: " · ".join(filter(None, found)) for place, found in cells.items()}


def _words(row: SubscriberImport, found: Understood) -> list[str]:
    """The words that may be a status in another language: those that staff spoke of, and those that are not known."""
    shown = [each["word"] for each in found.rows if each.get("word")]
    words = dict[str, str]()
    for word in [*row.words, *row.report.get("words", []), *filter(may_be_a_status, shown)]:
        words.setdefault(normal(word), word)
    return list(words.values())[:WORDS_ASKED]


def _row(line: int, said: Row | str, fields: Sequence[SubscriberField]) -> dict[str, Any]:
    if isinstance(said, str):
        return {"line": line, "refused": said[:300]}
    return {
        "line": line,
        "email": said.email,
        "name": said.name,
        "becomes": BECOMES[said.verdict],
        "word": said.word[:EXAMPLE_LENGTH] if said.verdict == Verdict.UNCONFIRMED else "",
        "given": said.given,
        "stopped": said.stopped,
        "tags": said.tags.replace(",", ", "),
        "fields": _fields(said, fields),
    }


def _fields(row: Row, fields: Sequence[SubscriberField]) -> str:
    """What a row says of the fields that subscribers have."""
    values = json.loads(row.attributes or "{}")
    said = {str(field): in_words(values.get(field.key)) for field in fields}
    return "; ".join(f"{name}: {value}" for name, value in said.items() if value)


class ColumnsForm(forms.Form):
    """For each named column what it holds; how to read ambiguous dates; which newsletter."""

    newsletter = forms.ModelChoiceField(Newsletter.objects.all(), empty_label=None)
    date_order = forms.ChoiceField(
        label="04/11/2023 is",
        required=False,
        choices=SubscriberImport._meta.get_field("date_order").choices,  # type: ignore[arg-type]
    )

    tags = TagsField(label="Tags for everybody in it", required=False)

    def __init__(self, data: Any = None, *, row: SubscriberImport, found: Understood) -> None:
        initial = {"newsletter": row.newsletter_id, "date_order": row.date_order, "tags": row.tags}
        super().__init__(data, initial=initial)
        labels = LABELS | {role: f"field: {field}" for role, field in declared().items()}
        self.row, self.found, self.named = row, found, dict[str, str]()
        seen = set[str]()
        for place, name in enumerate(found.header):
            if not normal(name) or normal(name) in seen:
                continue  # roles are given by name, to all columns that bear it
            seen.add(normal(name))
            self.named[f"column-{place}"] = name
            self.fields[f"column-{place}"] = forms.ChoiceField(
                label=name[:EXAMPLE_LENGTH] + ("…" if len(name) > EXAMPLE_LENGTH else ""),
                required=False,
                choices=list(labels.items()),
                initial=row.columns.get(name, found.role_at(place)),
                help_text=found.examples.get(place, ""),
            )

        self.words = {f"word-{normal(word)}": word for word in _words(row, found)}
        for name, word in self.words.items():
            self.fields[name] = forms.ChoiceField(
                label=f"“{word}”", required=False, choices=MEANINGS, initial=row.words.get(word, "")
            )

    def word_fields(self) -> list[Any]:
        return [self[name] for name in self.words]

    def settings(self) -> list[Any]:
        return [self["newsletter"], self["tags"], self["date_order"]]

    def column_fields(self) -> list[Any]:
        return [self[name] for name in self.named]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        addresses = [name for key, name in self.named.items() if cleaned.get(key) == "email"]
        if len(addresses) > 1:
            raise ValidationError("Only one column can hold the addresses.")
        if self.named and not addresses:
            raise ValidationError("Say which column holds the addresses.")
        return cleaned

    def save(self) -> None:
        """Keep what was said otherwise than the columns' own names do."""
        said = {name: self.cleaned_data[key] for key, name in self.named.items()}
        changed = {
            name: role
            for (key, name), role in zip(self.named.items(), said.values(), strict=True)
            if name in self.row.columns or role != self.found.role_at(int(key.rpartition("-")[2]))
        }
        self.row.columns, self.row.date_order = changed, self.cleaned_data["date_order"]
        self.row.words = {word: kind for name, word in self.words.items() if (kind := self.cleaned_data[name])}
        self.row.newsletter, self.row.tags = self.cleaned_data["newsletter"], self.cleaned_data["tags"]
        SubscriberImport.objects.filter(pk=self.row.pk, state__in=["uploaded", "failed"]).update(
            columns=self.row.columns,
            words=self.row.words,
            date_order=self.row.date_order,
            newsletter=self.row.newsletter,
            tags=self.row.tags,
        )
