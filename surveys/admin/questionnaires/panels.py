"""The forms of the survey builder, each for one part of what a survey asks: a question, a page with its rules, the quotas.

A form shows what is stored of its part, and `change` puts what was typed into the whole document.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict

from core.lib.forms import LineField, ProseField
from surveys.admin.questionnaires.fields import ChoicesField, ConditionField, pictures
from surveys.questionnaires import building
from surveys.questionnaires.building import NEW_PAGE, Document
from surveys.questionnaires.comparisons import short
from surveys.questionnaires.definition import HELP, MESSAGE, TEXT, TITLE, Problem
from surveys.questionnaires.kinds import KINDS, Kind, Setting
from surveys.questionnaires.questions import END, Definition, Page, Question

QUOTAS, NEW = "-quotas", "-new"  # no id begins with a dash
ANSWERED = "People have answered this, so it stays as it is. Ask anything else in a question of its own."


class PanelForm(forms.Form):
    """A part of a definition. `stored` is the definition, `answered` what people have been asked, None for a draft."""

    at: str
    title: str

    def __init__(self, data: Any = None, *, stored: Definition, answered: Definition | None, **kwargs: Any) -> None:
        super().__init__(data, auto_id="id_%s", **kwargs)
        self.stored, self.answered = stored, answered

    def change(self, document: Document) -> tuple[Document, str]:
        """The document with what was typed, and the id of what it was typed of."""
        raise NotImplementedError

    def say_nothing(self) -> None:
        """Show what was typed without what is wrong with it: nobody has asked for it to be saved."""
        self._errors = ErrorDict()

    def tell(self, problems: list[Problem]) -> None:
        """Say each problem at the field it is about, where that can be told."""
        for problem in problems:
            self.add_error(self._field_of(problem), problem.words)

    def _field_of(self, problem: Problem) -> str | None:
        if problem.where not in ("", self.at):
            return None
        named = (name for name, field in self.fields.items() if f"“{field.label}”" in problem.words)
        return next(named, None)

    @property
    def plain(self) -> list[Any]:
        """The fields that are drawn one below the other."""
        return [field for field in self if not field.is_hidden]


class PictureField(forms.ChoiceField):
    """A picture of the library: the newest are offered, any can be chosen."""

    def validate(self, value: Any) -> None:
        """What is gone from the library is left out where it would be shown."""


class QuestionForm(PanelForm):
    """One question, new or stored, with the settings of its kind."""

    kind = forms.CharField(widget=forms.HiddenInput, required=False)
    text = LineField(max_length=TEXT, label="Question", widget=forms.TextInput(attrs={"class": "vTextField"}))
    help = ProseField(
        max_length=HELP, label="Help", required=False, widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"})
    )  # fmt: skip

    def __init__(self, data: Any = None, *, question: Question, page: str, after: str = "", **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.question, self.at, self.after = question, question.id, after
        self.asked: Kind = KINDS[question.kind]
        self.was = self.answered.questions.get(question.id) if self.answered else None
        self.title = short(question.text) or f"A new question: {self.asked.label.lower()}"
        self.initial = {"kind": question.kind, "text": question.text, "help": question.help, "page": page}
        self._add_fields(page)
        if self.was:
            self.fields["text"].disabled = True
            self.fields["text"].help_text = ANSWERED

    def _add_fields(self, page: str) -> None:
        question, kind = self.question, self.asked
        if kind.takes_choices:
            kept = dict(self.was.texts) if self.was else {}
            with_pictures = question.kind == "image_choice"
            self._add("choices", ChoicesField(
                label="Answers", noun="answer", kept=kept, with_pictures=with_pictures,
            ), _rows(question.choices))  # fmt: skip
        for setting in kind.settings:
            self._add(setting.name, self._setting(setting), _plain(question.settings.get(setting.name)))
        if kind.takes_answers:
            required = forms.BooleanField(required=False, label="Has to be answered")
            self._add("required", required, question.required)
        if kind.takes_choices:
            shuffle = forms.BooleanField(
                required=False,
                label="In another order for each reader",
                help_text="So that no answer gains by standing first.",
            )
            self._add("shuffle", shuffle, question.shuffle)
        image = PictureField(
            choices=pictures([question.image]),
            required=False,
            label="Picture",
            widget=_picture(),
            help_text="Above the answers.",
        )
        self._add("image", image, question.image)
        pages = [(each.id, _name_of(each, number)) for number, each in enumerate(self.stored.pages, 1)]
        self._add("page", forms.ChoiceField(choices=[*pages, (NEW_PAGE, "A new page at the end")], label="Page"), page)
        before = question.id if question.id in self.stored.questions else ""
        condition = ConditionField(self.stored, before=before, what="question", label="Only ask if")
        self._add("if", condition, question.condition)

    def _add(self, name: str, field: forms.Field, value: Any) -> None:
        self.fields[name] = field
        self.initial[name] = value

    def _setting(self, setting: Setting) -> forms.Field:
        field = _field_of(setting, dict(_named(self.was.settings.get(setting.name))) if self.was else {})
        if self.was and setting.fixed:
            field.disabled, field.help_text = True, ANSWERED
        return field

    def made(self) -> Document:
        """The question as the definition's document has it."""
        kept = {"image", "shuffle", "required", "text", "help", "kind", "if"}
        values = {name: value for name, value in self.cleaned_data.items() if name != "page"}
        made = {name: value for name, value in values.items() if name in kept or value not in (None, "", [])}
        days = {name: value.isoformat() for name, value in made.items() if hasattr(value, "isoformat")}
        return {**made, **days, "id": self.question.id, "kind": self.question.kind}

    def change(self, document: Document) -> tuple[Document, str]:
        question, page = self.made(), self.cleaned_data["page"]
        changed = building.with_question(document, question, page=page, after=self.after)
        return changed, self.question.id

    def clean_choices(self) -> Any:
        choices = self.cleaned_data["choices"]
        if not any(not each.get("closed") for each in choices):
            raise ValidationError("Write at least one answer to choose from.")
        return choices

    def clean_rows(self) -> Any:
        if not self.cleaned_data["rows"]:
            raise ValidationError("Write at least one row.")
        return self.cleaned_data["rows"]


def _rows(choices: Any) -> list[dict[str, Any]]:
    return [{"id": each.id, "text": each.text, "image": each.image, "closed": each.closed} for each in choices]


def _plain(value: Any) -> Any:
    return _rows(value) if isinstance(value, tuple) else value


def _named(value: Any) -> Iterator[tuple[str, str]]:
    return ((each.id, each.text) for each in value) if isinstance(value, tuple) else iter(())


def _picture() -> forms.Select:
    return forms.Select(attrs={"data-choice": "image"})


def _name_of(page: Page, number: int) -> str:
    return f"{number}. {page.title}" if page.title else f"Page {number}"


def _field_of(setting: Setting, kept: Mapping[str, str]) -> forms.Field:
    """The form field of a kind's setting."""
    about: dict[str, Any] = {"label": setting.label, "required": False, "help_text": setting.help}
    if setting.kind == "rows":
        return ChoicesField(label=setting.label, noun="row", kept=kept)
    if setting.kind == "yes":
        return forms.BooleanField(**about)
    if setting.kind == "date":
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **about)
    if setting.kind == "options":
        return forms.ChoiceField(choices=setting.options, **about)
    if setting.kind == "text":
        return LineField(max_length=setting.most or 100, **about)
    return forms.IntegerField(min_value=setting.least, max_value=setting.most, **about)


class PageForm(PanelForm):
    """A page: its title, when it is left out, and where its rules lead."""

    page_title = LineField(
        max_length=TITLE, required=False, label="Title", help_text="Readers see it above the questions. It may stay empty.",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, page: Page, rules: int = 1, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.page, self.at = page, page.id
        number = self.stored.places.get(page.id, 0) + 1
        self.title = _name_of(page, number)
        self.initial = {"page_title": page.title, "if": page.condition}
        first = page.questions[0].id if page.questions else _next_question(self.stored, page)
        self.fields["if"] = ConditionField(self.stored, before=first, what="page", label="Only show if")
        self.numbers = range(len(page.then) + rules)
        for each in self.numbers:
            self._add_rule(each)

    def _add_rule(self, number: int) -> None:
        rule = self.page.then[number] if number < len(self.page.then) else None
        place = self.stored.places.get(self.page.id, 0)
        later = [
            (each.id, f"Skip to {_name_of(each, at)}")
            for at, each in enumerate(self.stored.pages, 1)
            if at > place + 1 or (rule and rule.go == each.id)
        ]
        after = _next_question(self.stored, self.page)
        self.fields[f"rule-{number}-go"] = forms.ChoiceField(
            choices=[("", "Go on to the next page"), *later, (END, "End the survey")],
            required=False, label=f"Rule {number + 1}",
        )  # fmt: skip
        self.fields[f"rule-{number}-if"] = ConditionField(
            self.stored, before=after, what="rule", label=f"Rule {number + 1}: only if"
        )
        self.fields[f"rule-{number}-message"] = ProseField(
            max_length=MESSAGE, required=False, label=f"Rule {number + 1}: what they are told",
            help_text="Where the rule ends the survey. Empty: the survey’s own thanks.",
            widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        )  # fmt: skip
        if rule:
            self.initial = {
                **self.initial,
                f"rule-{number}-go": rule.go,
                f"rule-{number}-if": rule.condition,
                f"rule-{number}-message": rule.message,
            }

    @property
    def plain(self) -> list[Any]:
        return [self["page_title"], self["if"]]

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The fields of each rule."""
        return [{name: self[f"rule-{each}-{name}"] for name in ("go", "if", "message")} for each in self.numbers]

    def clean(self) -> dict[str, Any]:
        for each in self.numbers:
            told, condition = self.cleaned_data.get(f"rule-{each}-message"), self.cleaned_data.get(f"rule-{each}-if")
            go = self.cleaned_data.get(f"rule-{each}-go")
            if not go and (told or condition):
                self.add_error(f"rule-{each}-go", "Say where the rule leads, or empty what stands below.")
            if told and go and go != END:
                self.add_error(
                    f"rule-{each}-message", "Nobody would see this: only a rule that ends the survey says something."
                )
        return self.cleaned_data

    def change(self, document: Document) -> tuple[Document, str]:
        get = self.cleaned_data.get
        rules = [
            {"if": get(f"rule-{each}-if"), "go": go, "message": get(f"rule-{each}-message")}
            for each in self.numbers
            if (go := get(f"rule-{each}-go"))
        ]
        stored: Document = next(
            (each for each in building.pages_of(document) if each["id"] == self.page.id), {"questions": []}
        )
        page = {**stored, "id": self.page.id, "title": get("page_title"), "if": get("if"), "then": rules}
        return building.with_page(document, page), self.page.id


def _next_question(definition: Definition, page: Page) -> str:
    """The first question after a page; "" where none comes."""
    place = definition.places.get(page.id, 0)
    return next((each.id for later in definition.pages[place + 1 :] for each in later.questions), "")


class QuotasForm(PanelForm):
    """The quotas: how many of a group are counted."""

    at, title = QUOTAS, "Quotas"

    def __init__(self, data: Any = None, *, blank: int = 1, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.ids = [quota.id for quota in self.stored.quotas] + [""] * blank
        for number in range(len(self.ids)):
            self._add_quota(number)

    def _add_quota(self, number: int) -> None:
        quota = self.stored.quotas[number] if number < len(self.stored.quotas) else None
        limit = forms.IntegerField(min_value=1, max_value=10**9, required=False, label=f"Quota {number + 1}: at most")
        whom = ConditionField(self.stored, what="quota", label=f"Quota {number + 1}: of those for whom")
        if self.answered:
            whom.disabled = True
            whom.help_text = "Whom a quota counts was settled when the survey opened; its limit can change."
        told = ProseField(
            max_length=MESSAGE, required=False, label=f"Quota {number + 1}: what others are told",
            widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        )  # fmt: skip
        for name, field in {"limit": limit, "if": whom, "message": told}.items():
            self.fields[f"quota-{number}-{name}"] = field
        if quota:
            self.initial = {
                **self.initial,
                f"quota-{number}-limit": quota.limit,
                f"quota-{number}-if": quota.condition,
                f"quota-{number}-message": quota.message,
            }

    @property
    def plain(self) -> list[Any]:
        return []

    @property
    def quotas(self) -> list[dict[str, Any]]:
        """The fields of each quota."""
        return [
            {name: self[f"quota-{each}-{name}"] for name in ("limit", "if", "message")} for each in range(len(self.ids))
        ]

    def clean(self) -> dict[str, Any]:
        for each in range(len(self.ids)):
            limit, whom, told = (self.cleaned_data.get(f"quota-{each}-{name}") for name in ("limit", "if", "message"))
            if (limit or told) and not whom and f"quota-{each}-if" not in self.errors:
                self.add_error(f"quota-{each}-if", "Say whom the quota counts.")
            if (whom or told) and not limit and not self.answered and f"quota-{each}-limit" not in self.errors:
                self.add_error(
                    f"quota-{each}-limit", "Say how many are counted at most; empty all three to remove the quota."
                )
        return self.cleaned_data

    def change(self, document: Document) -> tuple[Document, str]:
        get = self.cleaned_data.get
        quotas = [
            {"id": key, "if": get(f"quota-{each}-if"), "limit": limit, "message": get(f"quota-{each}-message")}
            for each, key in enumerate(self.ids)
            if (limit := get(f"quota-{each}-limit"))
        ]
        return building.with_quotas(document, quotas), QUOTAS


def panel_for(
    at: str, data: Any = None, *, stored: Definition, answered: Definition | None, about: Mapping[str, Any]
) -> PanelForm | None:
    """The form of a part; None where there is no such part. `about` says of a new question its id, kind, page, copy."""
    common: dict[str, Any] = {"stored": stored, "answered": answered}
    extra = 2 if data is not None and "more" in data else 1
    if at == QUOTAS:
        return QuotasForm(data, blank=0 if answered else extra, **common)
    if at == NEW:
        return _new(data, about, common)
    if page := stored.page(at):
        rules = sum(1 for name in data if name.startswith("rule-") and name.endswith("-go")) if data is not None else 0
        return PageForm(data, page=page, rules=max(1, rules - len(page.then)), **common)
    if question := stored.questions.get(at):
        where = next(page.id for page in stored.pages if question in page.questions)
        if data is not None and data.get("kind") in KINDS and not (answered and at in answered.questions):
            question = _as_kind(question, data["kind"])
        return QuestionForm(data, question=question, page=where, **common)
    return None


def _as_kind(question: Question, kind: str) -> Question:
    """The question as another kind, with what both have."""
    if kind == question.kind:
        return question
    settings = {each.name: question.settings.get(each.name, each.default) for each in KINDS[kind].settings}
    return Question(
        question.id, kind, question.text, question.help, question.required, question.shuffle, question.image,
        question.condition, question.choices, settings,
    )  # fmt: skip


def _new(data: Any, about: Mapping[str, Any], common: dict[str, Any]) -> PanelForm | None:
    kind = KINDS.get((data.get("kind") if data is not None else None) or about["kind"])
    if kind is None:
        return None
    pattern = common["stored"].questions.get(about["copy"])
    settings = {each.name: () if each.kind == "rows" else each.default for each in kind.settings}
    blank = Question(about["id"], kind.name, "", settings=settings)
    if pattern and pattern.kind == kind.name:
        blank = _renamed(pattern, about["id"])
    page = about["page"] or (common["stored"].pages[-1].id if common["stored"].pages else NEW_PAGE)
    made = QuestionForm(data, question=blank, page=page, after=about["after"], **common)
    made.at = NEW
    return made


def _renamed(question: Question, key: str) -> Question:
    return Question(
        key, question.kind, question.text, question.help, question.required, question.shuffle, question.image,
        question.condition, question.choices, question.settings,
    )  # fmt: skip
