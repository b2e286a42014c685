"""Several rows that are answered with the same choices."""

from typing import Any

from surveys.questionnaires.kinds.base import PARTS, AnswerRefused, Figure, Kind, Setting, Spellings
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.questions import Choice, Question


class Matrix(Kind):
    """Stored as {row: choice}, in the order of the rows."""

    name, label = "matrix", "Matrix"
    about = "Several statements, each judged on the same scale."
    settings = (
        Setting("rows", "Rows", kind="rows"),
        Setting("every", "Every row has to be answered", kind="yes", default=False),
    )
    takes_choices = True
    shape = PARTS

    def problems(self, question: Question) -> Any:
        if not question["rows"]:
            yield "Add a row at least."

    def clean(self, question: Question, marks: Marks) -> Any:
        rows: tuple[Choice, ...] = question["rows"]
        offered = {each.id for each in question.offered}
        if not set(marks.parts) <= {row.id for row in rows} or marks.values:
            raise AnswerRefused("This was answered for a row that there is not.")
        answer = {row.id: marks.parts[row.id] for row in rows if row.id in marks.parts}
        for row in rows:
            if row.id in answer and (len(answer[row.id]) > 1 or answer[row.id][0] not in offered):
                raise AnswerRefused(f"“{row.text}”: choose one of the answers offered.")
        wanted = [row for row in rows if not row.closed and row.id not in answer]
        if answer and question["every"] and wanted:
            raise AnswerRefused(f"“{wanted[0].text}” has no answer yet.")
        return {row: chosen[0] for row, chosen in answer.items()} or None

    def marks_of(self, question: Question, answer: Any) -> Marks:
        if not isinstance(answer, dict) or not all(isinstance(each, str) for each in answer.values()):
            raise AnswerRefused("This is answered with a choice for each row.")
        return Marks([], {str(row): [chosen] for row, chosen in answer.items() if chosen})

    def compare(self, question: Question, answer: Any, test: Any) -> bool:
        if test.row not in answer:
            return bool(test.operator == "is_not")
        return super().compare(question, answer[test.row], test)

    def words(self, question: Question, answer: Any) -> str:
        rows = {row.id: row.text for row in question["rows"]}
        return "; ".join(f"{rows.get(row, row)}: {question.texts.get(each, each)}" for row, each in answer.items())

    def options(self, question: Question, marks: Marks, order: Any) -> list[dict[str, Any]]:
        rows = [row for row in question["rows"] if not row.closed]
        return [
            {
                "row": row,
                "answered": row.id in marks.parts,
                "cells": [
                    {"value": each.id, "text": each.text, "checked": each.id == marks.part(row.id)}
                    for each in question.offered
                ],
            }
            for row in rows
        ]

    def tally(self, question: Question, spellings: Spellings) -> list[Figure]:
        numbers: dict[tuple[str, str], int] = {}
        for answer, number in spellings:
            for pair in answer.items():
                numbers[pair] = numbers.get(pair, 0) + number
        return [
            Figure(each.id, each.text, numbers.get((row.id, each.id), 0), row=row.id)
            for row in question["rows"]
            for each in question.choices
        ]

    def holding(self, question: Question, key: str, row: str = "") -> list[dict[str, Any]]:
        return [{question.id: {row: key}}]

    def columns(self, question: Question) -> list[tuple[str, str]]:
        return [(f"{question.id}.{row.id}", f"{question.text}: {row.text}") for row in question["rows"]]

    def cells(self, question: Question, answer: Any) -> list[Any]:
        return [(answer or {}).get(row.id, "") for row in question["rows"]]
