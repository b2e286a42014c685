"""Conditions as people read and choose them: what can be compared with what, and a condition in words.

A condition is chosen as comparisons that are joined by “and” or “or”, “and” binding more closely.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from surveys.questionnaires import piping
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.kinds.scale import Scale
from surveys.questionnaires.questions import OTHER, Condition, Definition, Group, Question, Test

ANSWERED, NOT_ANSWERED = "answered", "not_answered"
WORDS = {
    "is": "is",
    "is_not": "is not",
    "has": "includes",
    "has_not": "does not include",
    "lt": "is less than",
    "le": "is at most",
    "gt": "is more than",
    "ge": "is at least",
    ANSWERED: "was answered",
    NOT_ANSWERED: "was not answered",
}
OF_DATES = {"lt": "is before", "le": "is not after", "gt": "is after", "ge": "is not before"}
LABEL = 60  # characters of a question's words in a list


@dataclass(frozen=True, slots=True)
class Line:
    """A comparison as a form has it, and whether it is joined to the one before by “or”."""

    question: str = ""  # with a matrix, the question and its row: q3.r1
    operator: str = ""
    value: str = ""
    is_or: bool = False

    def __bool__(self) -> bool:
        return bool(self.question)


def key_of(test: Test) -> str:
    return f"{test.question}.{test.row}" if test.row else test.question


def comparable(definition: Definition, before: str = "") -> list[tuple[str, str]]:
    """What a condition can ask about: questions before one (of all, without one) and the rows of matrices, with labels."""
    found = list[tuple[str, str]]()
    for key, question in definition.questions.items():
        if key == before:
            break
        if not kind_of(question).takes_answers:
            continue
        rows = question.settings.get("rows") or ()
        label = short(question.text)
        found += [(f"{key}.{row.id}", f"{label}: {short(row.text)}") for row in rows] or [(key, label)]
    return found


def short(text: str, most: int = LABEL) -> str:
    """A text as lists have it: cut, and without the places of earlier answers."""
    text = piping.MARK.sub(lambda mark: (mark[2] or "").strip() or "…", text)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def asked(definition: Definition, key: str) -> Question | None:
    return definition.questions.get(key.partition(".")[0])


def operators(question: Question) -> list[tuple[str, str]]:
    """The comparisons that a question's answers take, with their words."""
    words = WORDS | OF_DATES if question.kind == "date" else WORDS
    return [(name, words[name]) for name in (*kind_of(question).operators, ANSWERED, NOT_ANSWERED)]


def values(question: Question) -> list[tuple[str, str]] | None:
    """What an answer can be compared with, spelled for a form, with labels; None where it is typed."""
    kind = kind_of(question)
    if kind.takes_choices:
        own = [(OTHER, "Other")] if question.settings.get("other") else []
        return [*((choice.id, choice.text) for choice in question.choices), *own]
    if question.kind == "yes_no":
        return [("true", question.settings["yes"]), ("false", question.settings["no"])]
    if question.kind == "consent":
        return [("true", "agreed")]
    if isinstance(kind, Scale):
        first, last = kind.bounds(question)
        return [(str(step), str(step)) for step in range(first, last + 1)]
    return None


def value_of(question: Question, spelling: str) -> Any:
    """What a form's spelling stands for, as the definition has it."""
    if kind_of(question).takes_choices or question.kind == "date":
        return spelling
    try:
        return json.loads(spelling)
    except ValueError:
        return spelling


def spelling_of(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


# Conditions and lines


def lines_of(condition: Condition | None) -> list[Line]:
    """The comparisons of a condition in the order in which a form lists them."""
    return [
        Line(key_of(test), *_compared(test), is_or=place == 0 and number > 0)
        for number, group in enumerate(_groups(condition))
        for place, test in enumerate(group)
    ]


def _compared(test: Test) -> tuple[str, str]:
    if test.operator == "answered":
        return (ANSWERED if test.value else NOT_ANSWERED), ""
    return test.operator, spelling_of(test.value)


def _groups(condition: Condition | None) -> list[list[Test]]:
    """A condition as groups of which one has to be met; each is met if all of its comparisons are."""
    if condition is None:
        return []
    if isinstance(condition, Test):
        return [[condition]]
    parts = [_groups(each) for each in condition.conditions]
    if condition.any:
        return [group for part in parts for group in part]
    together: list[list[Test]] = [[]]
    for part in parts:
        together = [[*one, *other] for one in together for other in part][:50]
    return together


def condition_in(lines: list[Line], definition: Definition) -> dict[str, Any] | None:
    """The condition of some lines, as a definition's document has it."""
    groups = list[list[dict[str, Any]]]()
    for line in filter(None, lines):
        if line.is_or or not groups:
            groups.append([])
        groups[-1].append(_test(line, definition))
    joined = [group[0] if len(group) == 1 else {"all": group} for group in groups]
    return (joined[0] if len(joined) == 1 else {"any": joined}) if joined else None


def _test(line: Line, definition: Definition) -> dict[str, Any]:
    key, _, row = line.question.partition(".")
    about = {"question": key, **({"row": row} if row else {})}
    if line.operator in (ANSWERED, NOT_ANSWERED):
        return {**about, "answered": line.operator == ANSWERED}
    question = definition.questions.get(key)
    return {**about, line.operator: value_of(question, line.value) if question else line.value}


def why_not(line: Line, definition: Definition) -> str:
    """What is wrong with a line, in the words of whoever builds the survey; "" where nothing is."""
    question = asked(definition, line.question)
    if question is None:
        return "The question of a condition is not there any more: choose another."
    if line.operator not in dict(operators(question)):
        return f"Choose how the answer to “{short(question.text)}” is compared."
    if line.operator in (ANSWERED, NOT_ANSWERED):
        return ""
    if not line.value:
        return f"Say what the answer to “{short(question.text)}” is compared with."
    return kind_of(question).words_of_value(question, value_of(question, line.value))


# In words


def condition_words(condition: Condition | None, definition: Definition) -> str:
    """A condition as a sentence has it: “Region” is “Europe” and “Age” is at least 30."""
    if condition is None:
        return ""
    if isinstance(condition, Test):
        return _test_words(condition, definition)
    join = " or " if condition.any else " and "
    return join.join(_bracketed(each, condition, definition) for each in condition.conditions)


def _bracketed(part: Condition, within: Group, definition: Definition) -> str:
    words = condition_words(part, definition)
    is_looser = isinstance(part, Group) and part.any and not within.any and len(part.conditions) > 1
    return f"({words})" if is_looser else words


def _test_words(test: Test, definition: Definition) -> str:
    question = definition.questions.get(test.question)
    if question is None:
        return "a question that is gone"
    name = f"“{short(question.text)}”{_row_words(question, test.row)}"
    if test.operator == "answered":
        return f"{name} {WORDS[ANSWERED if test.value else NOT_ANSWERED]}"
    words = dict(operators(question)).get(test.operator, test.operator)
    label = dict(values(question) or []).get(spelling_of(test.value))
    return f"{name} {words} {f'“{label}”' if label and label != str(test.value) else spelling_of(test.value)}"


def _row_words(question: Question, row: str) -> str:
    found = [each.text for each in question.settings.get("rows") or () if each.id == row]
    return f" ({short(found[0])})" if found else ""


def menu(definition: Definition) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a form's script has to know of each thing that a condition can ask about."""
    for key, _ in comparable(definition):
        question = definition.questions[key.partition(".")[0]]
        kind = {"number": "number", "date": "date"}.get(question.kind, "text")
        yield key, {"operators": operators(question), "values": values(question), "input": kind}
