"""A survey's definition: read from JSON and checked, as plain data again, and kept for a version.

`read` takes whatever comes, from the builder, the API or a file, and either returns what surveys can ask or says, in the
builder's words, what is wrong and where. What it returns, `document_of` writes in its one spelling.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.lib.text import one_line, prose
from surveys.questionnaires import piping
from surveys.questionnaires.kinds import KINDS, Kind, Setting, SettingRefused, kind_of
from surveys.questionnaires.questions import (
    END,
    ID,
    OTHER,
    Choice,
    Condition,
    Definition,
    Group,
    Page,
    Question,
    Quota,
    Rule,
    Test,
    tests_in,
)

MOST_PAGES, MOST_QUESTIONS, MOST_CHOICES, MOST_CONDITIONS, DEEPEST, MOST_QUOTAS = 50, 200, 200, 50, 5, 50
TITLE, TEXT, HELP, CHOICE, MESSAGE, IMAGE = 120, 500, 2000, 200, 1000, 200
OPERATORS = ("is", "is_not", "has", "has_not", "lt", "le", "gt", "ge", "answered")
RESERVED_PAGES = ("later", "confirm", END)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a definition: `where` is the id of the page, question or quota; "" for the whole."""

    where: str
    words: str

    def __str__(self) -> str:
        return f"{self.where}: {self.words}" if self.where else self.words


class DefinitionRefused(ValueError):
    """A definition that no survey can ask; `problems` say why."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(map(str, self.problems)))


def read(document: Any) -> Definition:
    """The definition that a document holds, its texts cleaned. Raises DefinitionRefused."""
    reader = _Reader()
    definition = reader.definition(document)
    if not reader.problems:
        reader.problems += _dangling(definition)
    if reader.problems:
        raise DefinitionRefused(reader.problems)
    return definition


class _Reader:
    """Reads one document and notes every problem it finds."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.ids: set[str] = set()
        self.where = ""

    def wrong(self, words: str) -> None:
        self.problems.append(Problem(self.where, words))

    def definition(self, document: Any) -> Definition:
        found = self.mapping(document, "The survey")
        pages = [self.page(each) for each in self.some(found, "pages", MOST_PAGES)]
        quotas = [self.quota(each) for each in self.some(found, "quotas", MOST_QUOTAS)]
        self.where = ""
        if sum(len(page.questions) for page in pages) > MOST_QUESTIONS:
            self.wrong(f"A survey has at most {MOST_QUESTIONS} questions.")
        return Definition(tuple(pages), tuple(quotas))

    def page(self, value: Any) -> Page:
        found = self.mapping(value, "A page")
        key = self.where = self.key(found)
        if key in RESERVED_PAGES:
            self.wrong(f"“{key}” cannot be the id of a page.")
        title, condition = self.text(found, "title", TITLE), self.condition(found.get("if"))
        then = tuple(self.rule(each) for each in self.some(found, "then", MOST_CONDITIONS))
        questions = tuple(self.question(each) for each in self.some(found, "questions", MOST_QUESTIONS))
        return Page(key, questions, title, condition, then)

    def question(self, value: Any) -> Question:
        found = self.mapping(value, "A question")
        key = self.where = self.key(found)
        name = found.get("kind")
        kind = KINDS.get(name) if isinstance(name, str) else None
        if kind is None:
            self.wrong("There is no such kind of question.")
            return Question(key, "statement", "")
        choices = tuple(self.choices(found, "choices")) if kind.takes_choices else ()
        question = Question(
            id=key,
            kind=kind.name,
            text=self.text(found, "text", TEXT, wanted="Ask something: the question has no text."),
            help=self.text(found, "help", HELP, lines=True),
            required=self.yes(found, "required") and kind.takes_answers,
            shuffle=self.yes(found, "shuffle") and kind.takes_choices,
            image=self.text(found, "image", IMAGE),
            condition=self.condition(found.get("if")),
            choices=choices,
            settings={each.name: self.setting(each, found) for each in kind.settings},
        )
        if kind.takes_choices and not question.offered:
            self.wrong("Add an answer to choose from.")
        for words in kind.problems(question):
            self.wrong(words)
        return question

    def setting(self, setting: Setting, found: Mapping[str, Any]) -> Any:
        if setting.kind == "rows":
            return tuple(self.choices(found, setting.name))
        try:
            return setting.read(found.get(setting.name))
        except SettingRefused as refused:
            self.wrong(str(refused))
            return setting.default

    def choices(self, found: Mapping[str, Any], name: str) -> Iterator[Choice]:
        taken = set[str]()
        for each in self.some(found, name, MOST_CHOICES):
            entry = self.mapping(each, "An answer")
            key = entry.get("id")
            if not isinstance(key, str) or not ID.fullmatch(key) or key == OTHER or key in taken:
                self.wrong("Each answer needs an id of its own.")
                continue
            taken.add(key)
            text = self.text(entry, "text", CHOICE, wanted="An answer to choose from has no text.")
            yield Choice(key, text, self.text(entry, "image", IMAGE), self.yes(entry, "closed"))

    def rule(self, value: Any) -> Rule:
        found = self.mapping(value, "A rule")
        go = found.get("go")
        if not isinstance(go, str) or not ID.fullmatch(go):
            self.wrong("Say where the rule leads: a page, or the end.")
            go = END
        return Rule(go, self.condition(found.get("if")), self.text(found, "message", MESSAGE, lines=True))

    def quota(self, value: Any) -> Quota:
        found = self.mapping(value, "A quota")
        key = self.where = self.key(found)
        condition, limit = self.condition(found.get("if")), found.get("limit")
        if condition is None:
            self.wrong("Say whom the quota counts.")
            condition = Group(())
        if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= 10**9:
            self.wrong("A quota has a limit: a number from 1 on.")
            limit = 1
        return Quota(key, condition, limit, self.text(found, "message", MESSAGE, lines=True))

    def condition(self, value: Any, depth: int = 0) -> Condition | None:
        """A condition as far as it can be read; whether its questions take it is looked at once all are known."""
        if value is None or value == {}:
            return None
        found = self.mapping(value, "A condition")
        if depth >= DEEPEST:
            self.wrong("Conditions are nested too deeply.")
            return None
        for name in ("all", "any"):
            if name in found:
                parts = [self.condition(each, depth + 1) for each in self.some(found, name, MOST_CONDITIONS)]
                met = tuple(each for each in parts if each)
                return Group(met, any=name == "any") if met else None
        question, row = found.get("question"), found.get("row") or ""
        operators = [operator for operator in OPERATORS if operator in found]
        if not isinstance(question, str) or not isinstance(row, str) or len(operators) != 1:
            self.wrong("A condition names a question, and one comparison with its answer.")
            return None
        compared = found[operators[0]]
        if isinstance(compared, list | dict) or compared is None:
            self.wrong("A condition compares with one value.")
            return None
        return Test(question, operators[0], compared, row)

    # Plain values

    def mapping(self, value: Any, what: str) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        self.wrong(f"{what} is not written as one.")
        return {}

    def some(self, found: Mapping[str, Any], name: str, most: int) -> list[Any]:
        value = found.get(name) or []
        if not isinstance(value, list):
            self.wrong(f"“{name}” is not a list.")
            return []
        if len(value) > most:
            self.wrong(f"There are more than {most} of “{name}”.")
        return value[:most]

    def key(self, found: Mapping[str, Any]) -> str:
        value = found.get("id")
        if not isinstance(value, str) or not ID.fullmatch(value):
            self.wrong("An id is made of up to 30 small letters, digits and underscores, and begins with a letter.")
            return ""
        if value in self.ids:
            self.wrong(f"The id “{value}” is there twice.")
        self.ids.add(value)
        return value

    def text(self, found: Mapping[str, Any], name: str, most: int, *, lines: bool = False, wanted: str = "") -> str:
        value = found.get(name) or ""
        if not isinstance(value, str):
            self.wrong(f"“{name}” is not a text.")
            return ""
        text = prose(value[: most * 4]).strip() if lines else one_line(value[: most * 4])
        if len(text) > most:
            self.wrong(f"“{name}” is too long: at most {most} characters.")
        if wanted and not text:
            self.wrong(wanted)
        return text[:most]

    def yes(self, found: Mapping[str, Any], name: str) -> bool:
        value = found.get(name) or False
        if not isinstance(value, bool):
            self.wrong(f"“{name}” is either on or off.")
        return value is True


def _dangling(definition: Definition) -> Iterator[Problem]:
    """What leads to a page or question that there is not, or compares with what cannot be an answer."""
    for page in definition.pages:
        yield from _tests(page.id, page.condition, definition)
        for rule in page.then:
            yield from _tests(page.id, rule.condition, definition)
            if rule.go != END and rule.go not in definition.places:
                yield Problem(page.id, f"A rule leads to a page that there is not: “{rule.go}”.")
        for question in page.questions:
            yield from _tests(question.id, question.condition, definition)
    for quota in definition.quotas:
        yield from _tests(quota.id, quota.condition, definition)
    for where, text in texts_of(definition):
        for key in piping.named(text):
            if key not in definition.questions:
                yield Problem(where, f"A text names the answer to a question that there is not: “{key}”.")


def _tests(where: str, condition: Condition | None, definition: Definition) -> Iterator[Problem]:
    for test in tests_in(condition):
        question = definition.questions.get(test.question)
        if question is None:
            yield Problem(where, f"A condition names a question that there is not: “{test.question}”.")
        elif words := _why_not(test, question, kind_of(question)):
            yield Problem(where, f"A condition on “{question.text}”: {words}")


def _why_not(test: Test, question: Question, kind: Kind) -> str:
    if test.operator == "answered":
        return "" if isinstance(test.value, bool) else "It is either answered or not."
    rows = [row.id for row in question.settings.get("rows", ())]
    if test.row not in rows if rows else bool(test.row):
        return "Choose one of its rows."
    if test.operator not in kind.operators:
        return "Its answers cannot be compared like this."
    return kind.words_of_value(question, test.value)


def texts_of(definition: Definition) -> Iterator[tuple[str, str]]:
    """All texts in which answers may stand, each with the id of what it belongs to."""
    for page in definition.pages:
        yield page.id, page.title
        yield from ((page.id, rule.message) for rule in page.then)
        for question in page.questions:
            yield question.id, question.text
            yield question.id, question.help
            yield from ((question.id, choice.text) for choice in question.choices)
    yield from ((quota.id, quota.message) for quota in definition.quotas)


# As plain data


def document_of(definition: Definition) -> dict[str, Any]:
    """A definition as JSON holds it, in its one spelling."""
    found: dict[str, Any] = {"pages": [_page(page) for page in definition.pages]}
    if definition.quotas:
        found["quotas"] = [
            _without_nothing(
                {"id": each.id, "if": condition_of(each.condition), "limit": each.limit, "message": each.message}
            )
            for each in definition.quotas
        ]
    return found


def condition_of(condition: Condition | None) -> dict[str, Any] | None:
    """A condition as JSON holds it."""
    if condition is None:
        return None
    if isinstance(condition, Test):
        row = {"row": condition.row} if condition.row else {}
        return {"question": condition.question, **row, condition.operator: condition.value}
    return {"any" if condition.any else "all": [condition_of(each) for each in condition.conditions]}


def _page(page: Page) -> dict[str, Any]:
    then = [
        _without_nothing({"if": condition_of(rule.condition), "go": rule.go, "message": rule.message})
        for rule in page.then
    ]
    questions = [_question(question) for question in page.questions]
    about = {"id": page.id, "title": page.title, "if": condition_of(page.condition), "then": then}
    return {**_without_nothing(about), "questions": questions}


def _question(question: Question) -> dict[str, Any]:
    settings = {
        name: [_choice(each) for each in value] if isinstance(value, tuple) else value
        for name, value in question.settings.items()
    }
    about = {
        "id": question.id,
        "kind": question.kind,
        "text": question.text,
        "help": question.help,
        "required": question.required,
        "shuffle": question.shuffle,
        "image": question.image,
        "if": condition_of(question.condition),
        "choices": [_choice(each) for each in question.choices],
    }
    return {**_without_nothing(about), **{name: value for name, value in settings.items() if value is not None}}


def _choice(choice: Choice) -> dict[str, Any]:
    return _without_nothing({"id": choice.id, "text": choice.text, "image": choice.image, "closed": choice.closed})


def _without_nothing(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value not in (None, "", False, [])}
