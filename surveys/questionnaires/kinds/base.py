"""What a kind of question is: its settings, its fields, its one stored spelling, its words and its figures."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from core.lib.text import one_line, prose
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import OTHER, Choice, Question

PARTS = "parts"  # each who answered is in one figure; of a matrix, in one of each row
SEVERAL = "several"  # each is in any number of figures
POINTS = "points"  # figures are points, not people
RANGES = "ranges"  # figures are ranges of amounts, as wide as has to be for none to be small
Spellings = Iterable[tuple[Any, int]]  # stored answers, each with how many gave it
LARGEST = 10**12
EQUALITY = ("is", "is_not")
MEMBERSHIP = ("has", "has_not")
ORDER = ("lt", "le", "gt", "ge")
ONE_ONLY = "Give one answer only."


class AnswerRefused(Exception):
    """What was sent can be no answer to this question. The text says why, to whoever answers."""


class SettingRefused(ValueError):
    """A setting cannot be what it is said to be. The text says why, to whoever builds the survey."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a kind, as a form asks for it. `kind` is number, yes, text, date, options or rows.

    What is `fixed` cannot change once answers have been given.
    """

    name: str
    label: str
    kind: str = "number"
    default: Any = None
    least: int | None = None
    most: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    help: str = ""
    fixed: bool = False

    def read(self, value: Any) -> Any:
        """The setting's value in its one spelling; rows are read by the definition. Raises SettingRefused."""
        if value is None or value == "":
            return self.default
        return getattr(self, f"_read_{self.kind}")(value)

    def _read_number(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise SettingRefused(f"“{self.label}” is a whole number.")
        least, most = -LARGEST if self.least is None else self.least, LARGEST if self.most is None else self.most
        if not least <= value <= most:
            raise SettingRefused(f"“{self.label}” is a number from {least} to {most}.")
        return value

    def _read_yes(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise SettingRefused(f"“{self.label}” is either on or off.")
        return value

    def _read_text(self, value: Any) -> str:
        text = one_line(value) if isinstance(value, str) else ""
        if not text or len(text) > (self.most or 100):
            raise SettingRefused(f"“{self.label}” is a text of at most {self.most or 100} characters.")
        return text

    def _read_date(self, value: Any) -> str:
        try:
            return date.fromisoformat(value).isoformat()
        except (TypeError, ValueError):
            raise SettingRefused(f"“{self.label}” is a date such as 2026-05-31.") from None

    def _read_options(self, value: Any) -> str:
        if value not in [key for key, _ in self.options]:
            raise SettingRefused(f"“{self.label}” is one of: {', '.join(label for _, label in self.options)}.")
        return str(value)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of what came of a question: how many gave this answer."""

    key: str
    label: str
    count: int
    row: str = ""  # of a matrix, its id
    people: int | None = None  # how many stand behind the count, where it does not count people


class Kind:
    """A kind of question. One instance stands for it in surveys.questionnaires.kinds."""

    name: ClassVar[str]
    label: ClassVar[str]
    about: ClassVar[str] = ""
    settings: ClassVar[tuple[Setting, ...]] = ()
    takes_choices: ClassVar[bool] = False  # it lists things to choose, one at least
    takes_answers: ClassVar[bool] = True
    is_text: ClassVar[bool] = False  # answers are read one by one, not counted
    shape: ClassVar[str] = (
        ""  # how its figures belong together: PARTS, SEVERAL, POINTS, RANGES; "" where none are counted
    )
    of_shown: ClassVar[bool] = False  # shares are of those who were asked, since not to answer is an answer
    is_personal: ClassVar[bool] = False  # answers may say who somebody is
    operators: ClassVar[tuple[str, ...]] = EQUALITY
    is_group: ClassVar[bool] = True  # several fields, under a legend; else one, with a label

    @property
    def is_quotable(self) -> bool:
        """Whether its figures are shares of people, of one question as a whole."""
        return self.shape in (PARTS, SEVERAL, RANGES) and not any(each.kind == "rows" for each in self.settings)

    @property
    def template(self) -> str:
        return f"surveys/questionnaire/kinds/{self.name}.html"

    # The question

    def problems(self, question: Question) -> Iterator[str]:
        """What is wrong with a question of this kind, a sentence each."""
        return iter(())

    def words_of_value(self, question: Question, value: Any) -> str:
        """Why a condition cannot compare an answer with this; "" where it can."""
        return "" if self._is_known(question, value) else "That is none of the question's answers."

    def _is_known(self, question: Question, value: Any) -> bool:
        return value in question.texts if isinstance(value, str) else False

    # An answer

    def clean(self, question: Question, marks: Marks) -> Any:
        """An answer in its one stored spelling, as JSON has it; None where there is none. Raises AnswerRefused."""
        raise NotImplementedError

    def marks_of(self, question: Question, answer: Any) -> Marks:
        """The fields that would send an answer, whether it comes from us or from a program. Raises AnswerRefused."""
        if not isinstance(answer, str):
            raise AnswerRefused("This has to be a text.")
        return Marks([answer] if answer else [])

    def read(self, question: Question, value: Any) -> Any:
        """An answer that a program sends, in its one stored spelling. Raises AnswerRefused."""
        return None if value is None else self.clean(question, self.marks_of(question, value))

    def compare(self, question: Question, answer: Any, test: Any) -> bool:
        """Whether an answer meets a comparison (questions.Test); there is an answer."""
        value = test.value
        match test.operator:
            case "is":
                return bool(self.comparable(answer) == value)
            case "is_not":
                return bool(self.comparable(answer) != value)
            case "has":
                return value in self.members(answer)
            case "has_not":
                return value not in self.members(answer)
            case "lt":
                return bool(self.comparable(answer) < value)
            case "le":
                return bool(self.comparable(answer) <= value)
            case "gt":
                return bool(self.comparable(answer) > value)
            case "ge":
                return bool(self.comparable(answer) >= value)
        return False

    def comparable(self, answer: Any) -> Any:
        return answer

    def members(self, answer: Any) -> list[str]:
        return answer if isinstance(answer, list) else [answer]

    def words(self, question: Question, answer: Any) -> str:
        """An answer as text: for piping, lists and tables."""
        return str(answer)

    # How it is drawn

    def options(self, question: Question, marks: Marks, order: Sequence[Choice]) -> list[dict[str, Any]]:
        """What the template draws of what can be chosen."""
        return [
            {"value": each.id, "text": each.text, "image": each.image, "checked": each.id in marks.values}
            for each in order
        ]

    # What comes of it

    def tally(self, question: Question, spellings: Spellings) -> list[Figure]:
        """How many gave each answer, in the order in which it is shown; empty where answers are texts."""
        return []

    def ranges(
        self, question: Question, spellings: Spellings, least: int, among: Spellings | None = None
    ) -> list[Figure]:
        """Where amounts are counted by ranges: figures with `least` people in each; of some `among` others, by ranges of all."""
        return []

    def measures(self, question: Question, spellings: Spellings) -> list[tuple[str, str]]:
        """What sums up all answers in one figure, such as their mean: its name and the figure as text. Somebody answered."""
        return []

    def holding(self, question: Question, key: str, row: str = "") -> list[dict[str, Any]]:
        """Documents of which one is contained in the answers of just those whom a figure counts (PostgreSQL's `@>`)."""
        return [{question.id: key}]

    def columns(self, question: Question) -> list[tuple[str, str]]:
        """The columns of a table of responses: name and heading."""
        return [(question.id, question.text)]

    def cells(self, question: Question, answer: Any) -> list[Any]:
        """What stands in them; `answer` may be None."""
        return ["" if answer is None else self.words(question, answer)]

    def codes(self, question: Question) -> list[tuple[str, str]]:
        """For the codebook: each stored value and what it means."""
        return [(choice.id, choice.text) for choice in question.choices]


def own_text(marks: Marks, *, most: int) -> str:
    """A text of one's own beside the choices, cleaned. Raises AnswerRefused."""
    text = one_line(marks.part(OTHER))
    if len(text) > most:
        raise AnswerRefused(f"Your own answer is too long: at most {most} characters.")
    return text


def counted(question: Question, numbers: Mapping[str, int], *, other: bool = False) -> list[Figure]:
    """Figures for all choices in their order, and for what was written instead."""
    figures = [Figure(each.id, each.text, numbers.get(each.id, 0)) for each in question.choices]
    return [*figures, Figure(OTHER, "Other", numbers.get(OTHER, 0))] if other else figures


def summed(pairs: Iterable[tuple[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for key, number in pairs:
        total[key] += number
    return total


def line(text: str, most: int) -> str:
    """An answer of one line, cleaned. Raises AnswerRefused."""
    return _fitting(one_line(text), most)


def lines(text: str, most: int) -> str:
    """An answer of several lines, cleaned. Raises AnswerRefused."""
    return _fitting(prose(text).strip(), most)


def _fitting(text: str, most: int) -> str:
    if len(text) > most:
        raise AnswerRefused(f"This is too long: {len(text):,} characters, and {most:,} fit.")
    return text
