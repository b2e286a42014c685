"""Things put into an order."""

from collections import Counter
from typing import Any

from core.lib.text import whole_number
from surveys.questionnaires.kinds.base import MEMBERSHIP, POINTS, AnswerRefused, Figure, Kind, Setting, Spellings
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import Question


class Ranking(Kind):
    """Stored as a list of ids, the best first. Each item's field has its place: 1, 2, 3 …"""

    name, label = "ranking", "Ranking"
    about = "Things put into an order, all of them or the first few."
    settings = (
        Setting("most", "Places at most", least=1, most=50, help="Empty: all can be given a place.", fixed=True),
        Setting("every", "All have to be given a place", kind="yes", default=False),
    )
    takes_choices = True
    shape = POINTS
    operators = MEMBERSHIP

    def problems(self, question: Question) -> Any:
        if question["every"] and question["most"] and question["most"] < len(question.offered):
            yield "Not all can have a place where there are fewer places than answers."

    def clean(self, question: Question, marks: Marks) -> Any:
        offered = {each.id: each for each in question.offered}
        if not set(marks.parts) <= set(offered) or marks.values:
            raise AnswerRefused("This has a place for something that is not on the list.")
        places: dict[int, str] = {}
        last = min(question["most"] or len(offered), len(offered))
        for key in marks.parts:
            place = whole_number(marks.part(key).strip())
            if place is None or not 1 <= place <= last:
                raise AnswerRefused(f"“{offered[key].text}”: give it a place from 1 to {last}, or none.")
            if place in places:
                raise AnswerRefused(f"Place {place} is given twice.")
            places[place] = key
        if places and question["every"] and len(places) < len(offered):
            raise AnswerRefused("Give each of them a place.")
        return [places[place] for place in sorted(places)] or None

    def marks_of(self, question: Question, answer: Any) -> Marks:
        if not isinstance(answer, list) or not all(isinstance(each, str) for each in answer):
            raise AnswerRefused("This is answered with a list, the best first.")
        if len(set(answer)) < len(answer):
            raise AnswerRefused("Something stands on the list twice.")
        return Marks([], {key: [str(place)] for place, key in enumerate(answer, 1)})

    def words(self, question: Question, answer: Any) -> str:
        return ", ".join(f"{place}. {question.texts.get(key, key)}" for place, key in enumerate(answer, 1))

    def options(self, question: Question, marks: Marks, order: Any) -> list[dict[str, Any]]:
        last = min(question["most"] or len(order), len(order))
        return [
            {"value": each.id, "text": each.text, "place": marks.part(each.id), "places": range(1, last + 1)}
            for each in order
        ]

    def tally(self, question: Question, spellings: Spellings) -> list[Figure]:
        """Points: the first of so many places has as many, the last one."""
        last = self.places(question)
        points, people = Counter[str](), Counter[str]()
        for answer, number in spellings:
            for place, key in enumerate(answer):
                points[key] += max(last - place, 1) * number
                people[key] += number
        figures = [Figure(each.id, each.text, points[each.id], people=people[each.id]) for each in question.choices]
        return sorted(figures, key=lambda figure: -figure.count)

    def places(self, question: Question) -> int:
        """How many places there are to give, and so the points of the first."""
        return min(question["most"] or len(question.choices), len(question.choices))

    def holding(self, question: Question, key: str, row: str = "") -> list[dict[str, Any]]:
        return [{question.id: [key]}]

    def columns(self, question: Question) -> list[tuple[str, str]]:
        return [(f"{question.id}.{each.id}", f"{question.text}: place of {each.text}") for each in question.choices]

    def cells(self, question: Question, answer: Any) -> list[Any]:
        places = {key: place for place, key in enumerate(answer or [], 1)}
        return [places.get(each.id, "") for each in question.choices]

    def codes(self, question: Question) -> list[tuple[str, str]]:
        return [("1", "the first place"), ("", "no place")]
