"""The answers of a survey as files for staff, with a codebook: sent while they are read, so that their number does not matter.

Answers that say who somebody is are in a file of their own, in the order of the alphabet: nothing leads from one to the rest.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from django.db.models.fields.json import KeyTextTransform

from core.lib.spreadsheets import disarmed, lines, zipped
from core.transitions import TransitionRefused
from surveys.models import Survey
from surveys.questionnaires import versions
from surveys.questionnaires.filters import embargo
from surveys.questionnaires.kinds import kind_of
from surveys.questionnaires.questions import Definition, Question

AT_ONCE = 2_000
FORMS = {
    "csv": "A table with a codebook (CSV files in a ZIP archive)",
    "json": "JSON with a codebook",
    "personal": "What says who somebody is, apart from all other answers (CSV)",
}
ABOUT = {
    "version": "which version of the survey this person was asked",
    "day": "the day on which it was finished; but where each answers once, the last on which one was that it was counted with",
    "source": "what led to the survey",
    "ended": "complete; early, by a rule of the survey; screened out by a quota; partial: never finished",
}
_FIELDS = ("version__number", "day", "source", "ended", "answers")


def pieces(survey: Survey, form: str) -> Iterator[bytes]:
    """A file, piece by piece. Raises TransitionRefused under an embargo."""
    if reason := embargo(survey):
        raise TransitionRefused(reason)
    definition = versions.current(survey)
    if form == "json":
        return _json(survey, definition)
    if form == "personal":
        return lines(_personal(survey, definition))
    files = [("answers.csv", lines(_table(survey, definition))), ("codebook.csv", lines(codebook(definition)))]
    return zipped((f"{survey.slug}-{name}", part) for name, part in files)


def has_personal(survey: Survey) -> bool:
    return any(kind_of(each).is_personal for each in versions.current(survey).questions.values())


def _questions(definition: Definition, *, personal: bool = False) -> list[Question]:
    asked = [each for each in definition.questions.values() if kind_of(each).takes_answers]
    return [each for each in asked if kind_of(each).is_personal == personal]


def _rows(survey: Survey) -> Iterator[tuple[Any, ...]]:
    """All responses, in the order of their keys, which are random."""
    return survey.responses.order_by("pk").values_list(*_FIELDS).iterator(chunk_size=AT_ONCE)


def _table(survey: Survey, definition: Definition) -> Iterator[Sequence[Any]]:
    asked = _questions(definition)
    yield [*ABOUT, *(name for each in asked for name, _ in kind_of(each).columns(each))]
    for *about, answers in _rows(survey):
        cells = chain.from_iterable(kind_of(each).cells(each, answers.get(each.id)) for each in asked)
        yield disarmed([*about, *cells])


def codebook(definition: Definition) -> Iterator[Sequence[Any]]:
    """What stands in the columns: a line for each, and one for each value that can stand there."""
    yield ["column", "kind", "heading", "value", "meaning"]
    for name, meaning in ABOUT.items():
        yield [name, "", name, "", meaning]
    for each in _questions(definition):
        kind = kind_of(each)
        for name, heading in kind.columns(each):
            yield disarmed([name, each.kind, heading, "", "empty: not answered, or not asked"])
            for value, meaning in kind.codes(each):
                yield disarmed([name, each.kind, heading, value, meaning])


def _personal(survey: Survey, definition: Definition) -> Iterator[Sequence[Any]]:
    """Addresses and the like, a line for each, in order of the alphabet; of whoever finished or not."""
    yield ["question", "answer"]
    for each in _questions(definition, personal=True):
        given = survey.responses.filter(answers__has_key=each.id).values_list(
            KeyTextTransform(each.id, "answers"), flat=True
        )
        yield from (disarmed([each.text, answer]) for answer in sorted(set(given)))


def _json(survey: Survey, definition: Definition) -> Iterator[bytes]:
    asked = _questions(definition)
    head = {
        "survey": survey.slug,
        "title": survey.title,
        "codebook": [
            {
                "id": each.id,
                "kind": each.kind,
                "text": each.text,
                "values": [{"value": value, "meaning": meaning} for value, meaning in kind_of(each).codes(each)],
                "rows": [{"id": row.id, "text": row.text} for row in each.settings.get("rows") or ()],
            }
            for each in asked
        ],
        "about": ABOUT,
    }
    yield json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "responses": ['
    ids, before = [each.id for each in asked], ""
    for version, day, source, ended, answers in _rows(survey):
        kept = {key: answers[key] for key in ids if key in answers}
        row = {"version": version, "day": day.isoformat(), "source": source, "ended": ended, "answers": kept}
        yield f"{before}\n{json.dumps(row, ensure_ascii=False)}".encode()
        before = ","
    yield b"\n]}\n"
