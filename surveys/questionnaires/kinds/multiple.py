"""Any of several, as boxes to tick."""

from typing import Any, ClassVar

from surveys.questionnaires.kinds.base import (
    MEMBERSHIP,
    SEVERAL,
    AnswerRefused,
    Figure,
    Kind,
    Setting,
    Spellings,
    counted,
    own_text,
    summed,
)
from surveys.questionnaires.kinds.single import OTHER_SETTING, OWN_TEXT, words_of
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import OTHER, Question, in_order


class Multiple(Kind):
    """Stored as a list of ids in the order of the choices; a text of one's own is its last, as {"other": text}."""

    name, label = "multiple", "Multiple choice"
    about = "Any number of answers, or from so many to so many."
    settings: ClassVar[tuple[Setting, ...]] = (
        OTHER_SETTING,
        Setting("least", "Answers at least", least=1, most=200, fixed=True),
        Setting("most", "Answers at most", least=1, most=200, fixed=True),
    )
    takes_choices = True
    shape = SEVERAL
    operators = MEMBERSHIP

    def problems(self, question: Question) -> Any:
        least, most = question["least"] or 0, question["most"] or 200
        if least > most:
            yield "“Answers at least” is more than “answers at most”."
        if least > len(question.offered) + bool(question.settings.get("other")):
            yield "There are fewer answers to choose than have to be chosen."

    def _is_known(self, question: Question, value: Any) -> bool:
        return isinstance(value, str) and (
            value in question.texts or (value == OTHER and bool(question.settings.get("other")))
        )

    def clean(self, question: Question, marks: Marks) -> Any:
        text = own_text(marks, most=OWN_TEXT) if question.settings.get("other") else ""
        ticked = [*dict.fromkeys(marks.values), *([OTHER] if text and OTHER not in marks.values else [])]
        own = [{OTHER: text}] if OTHER in ticked and question.settings.get("other") else []
        ids = [value for value in ticked if not (own and value == OTHER)]
        if not set(ids) <= {each.id for each in question.offered}:
            raise AnswerRefused("Choose among the answers offered.")
        answer = [*in_order(ids, question.choices), *own]
        if not answer:
            return None
        if question["most"] and len(answer) > question["most"]:
            raise AnswerRefused(f"Choose {question['most']} at most; you chose {len(answer)}.")
        if question["least"] and len(answer) < question["least"]:
            raise AnswerRefused(f"Choose {question['least']} at least; you chose {len(answer)}.")
        return answer

    def marks_of(self, question: Question, answer: Any) -> Marks:
        if not isinstance(answer, list):
            raise AnswerRefused("Choose among the answers offered: this takes a list of them.")
        values, parts = list[str](), dict[str, list[str]]()
        for each in answer:
            if isinstance(each, dict) and set(each) == {OTHER} and isinstance(each[OTHER], str):
                values.append(OTHER)
                parts |= {OTHER: [each[OTHER]]} if each[OTHER] else {}
            elif isinstance(each, str):
                values.append(each)
            else:
                raise AnswerRefused("Choose among the answers offered.")
        return Marks(values, parts)

    def members(self, answer: Any) -> list[str]:
        return [OTHER if isinstance(each, dict) else each for each in answer]

    def words(self, question: Question, answer: Any) -> str:
        return ", ".join(words_of(question, each) for each in answer)

    def tally(self, question: Question, spellings: Spellings) -> list[Figure]:
        numbers = summed((key, number) for answer, number in spellings for key in self.members(answer))
        return counted(question, numbers, other=bool(question.settings.get("other")))

    def holding(self, question: Question, key: str, row: str = "") -> list[dict[str, Any]]:
        return [{question.id: [{} if key == OTHER and question.settings.get("other") else key]}]

    def columns(self, question: Question) -> list[tuple[str, str]]:
        each = [(f"{question.id}.{choice.id}", f"{question.text}: {choice.text}") for choice in question.choices]
        return [
            *each,
            *([(f"{question.id}.other", f"{question.text} (other)")] if question.settings.get("other") else []),
        ]

    def cells(self, question: Question, answer: Any) -> list[Any]:
        chosen = self.members(answer or [])
        cells: list[Any] = ["" if answer is None else int(choice.id in chosen) for choice in question.choices]
        own = next((words_of(question, each) for each in answer or [] if isinstance(each, dict)), "")
        return [*cells, *([own] if question.settings.get("other") else [])]

    def codes(self, question: Question) -> list[tuple[str, str]]:
        return [("1", "chosen"), ("0", "not chosen")]
