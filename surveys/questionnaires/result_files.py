"""Results as files: every figure that their page shows, and none that it does not."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from core.lib.spreadsheets import disarmed
from surveys.questionnaires.results import SELF_SELECTED, QuestionResult, Results

HEAD = ["question", "text", "row", "answer", "count", "share", "asked", "answered"]


def lines_of(results: Results) -> list[list[Any]]:
    """A line for each figure. The first names the columns; what is not shown is empty."""
    lines: list[list[Any]] = [HEAD]
    for each in results.questions:
        about, whole = [each.question.id, each.question.text], [_cell(each.shown), _cell(each.answered)]
        lines += [
            disarmed([*about, table.title, line.label, _cell(line.count), line.share or "", *whole])
            for table in each.tables
            for line in table.lines
        ]
        lines += [disarmed([*about, "", name, figure, "", *whole]) for name, figure in each.measures]
        if not each.tables:
            lines.append(disarmed([*about, "", "", "", "", *whole]))
    return lines


def document_of(results: Results) -> dict[str, Any]:
    """The same as one document, with what the figures mean."""
    survey = results.survey
    return {
        "survey": survey.slug,
        "title": survey.title,
        "state": survey.state,
        "responses": results.responses,
        "sample": SELF_SELECTED,
        "fewest_shown": survey.min_cell,
        "questions": [question_of(each) for each in results.questions],
        "page": settings.SITE_URL + reverse("surveys:survey-results", args=[survey.slug]),
    }


def question_of(result: QuestionResult) -> dict[str, Any]:
    return {
        "id": result.question.id,
        "kind": result.question.kind,
        "text": result.question.text,
        "asked": result.shown,
        "answered": result.answered,
        "note": result.note or result.withheld,
        "unit": result.unit,
        "measures": dict(result.measures),
        "figures": [
            {
                "row": table.row,
                "answers": list(line.keys),
                "label": line.label,
                "count": line.count,
                "share": line.share,
            }
            for table in result.tables
            for line in table.lines
        ],
    }


def _cell(number: int | None) -> int | str:
    return "" if number is None else number
