"""What the buttons of the survey builder do to its pages and questions, once what was typed is saved."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from core import audit
from core.lib.text import whole_number
from surveys.admin.questionnaires.panels import NEW
from surveys.models import Survey
from surveys.questionnaires import building, versions
from surveys.questionnaires.building import Document, NotBuilt, Taken
from surveys.questionnaires.comparisons import short
from surveys.questionnaires.definition import DefinitionRefused, document_of

Target = dict[str, str]  # the query of the page that comes next


class Invalid(Exception):
    """What was typed has to be put right first; the form says what."""


@dataclass(frozen=True, slots=True)
class Act:
    """A pressed button: a word, and what it is about; `rest` says where to."""

    name: str
    key: str = ""
    rest: tuple[str, ...] = ()

    @classmethod
    def posted(cls, data: Mapping[str, Any]) -> "Act":
        """The act of a form; saving, where it names none."""
        if "more" in data:
            return cls("more")
        name, *parts = str(data.get("do") or "save").split(":")
        return cls(name, parts[0] if parts else "", tuple(parts[1:]))

    @property
    def only_shows(self) -> bool:
        return self.name in ("kind", "more")


def done(act: Act, request: HttpRequest, survey: Survey, key: str) -> Target:
    """Do it; what comes next. Raises NotBuilt, TransitionRefused."""
    if act.name == "save":
        return {"at": key}
    if act.name == "go":
        return {"at": act.key, **dict(zip(("page", "after"), act.rest, strict=False))}
    do = _DO.get(act.name)
    if do is None:
        raise NotBuilt("That button is not known. Nothing was done.")
    try:
        return do(act, request, survey)
    except DefinitionRefused as refused:
        raise NotBuilt(" ".join(problem.words for problem in refused.problems)) from None


def keep(request: HttpRequest, survey: Survey, document: Document, said: str) -> None:
    """Save a changed definition. While the survey is open, the log says so."""
    before = survey.versions.count() if survey.is_public else 0
    versions.save(survey, document)
    if survey.is_public and (number := survey.versions.count()) > before:
        audit.record("changed the questions", survey, by=request.user, detail=f"version {number}: {said}"[:1000])


def _move(act: Act, request: HttpRequest, survey: Survey) -> Target:
    step = -1 if act.name == "up" else 1
    keep(request, survey, building.moved(_now(survey), act.key, step), "Moved a part")
    return {"at": act.key, "moved": act.name}


def _place(act: Act, request: HttpRequest, survey: Survey) -> Target:
    """By hand: to a place of a page, or of a page among the pages."""
    page, number = (*act.rest, "", "")[:2]
    place = whole_number(number) or 0
    keep(request, survey, building.placed(_now(survey), act.key, page=page, place=place), "Moved a part")
    return {"at": act.key}


def _add_page(act: Act, request: HttpRequest, survey: Survey) -> Target:
    if survey.is_public:  # an empty page cannot be put to anybody
        return {"at": NEW, "page": building.NEW_PAGE}
    document = _now(survey)
    key = building.new_id("p", document)
    keep(request, survey, building.with_page(document, {"id": key, "questions": []}), "Added a page")
    return {"at": key}


def _copy(act: Act, request: HttpRequest, survey: Survey) -> Target:
    document = _now(survey)
    question = building.question_of(document, act.key)
    if question:
        page = building.page_of(document, act.key)
        return {"at": NEW, "kind": question["kind"], "copy": act.key, "page": page, "after": act.key}
    if not building.page_of(document, act.key):
        raise NotBuilt("It is not there any more.")
    if survey.is_public:
        raise NotBuilt(
            "While the survey is open, copy questions one by one: each is put to people as soon as it is saved."
        )
    made, key = building.with_copied_page(document, act.key)
    keep(request, survey, made, "Copied a page")
    return {"at": key}


def _remove(act: Act, request: HttpRequest, survey: Survey) -> Target:
    document = _now(survey)
    left, taken = building.without(document, act.key)
    keep(request, survey, left, f"Removed {short(taken.title)}")
    request.session[_name(survey)] = asdict(taken)
    messages.success(request, f"“{short(taken.title)}” was removed.")
    return {"at": taken.page}


def _undo(act: Act, request: HttpRequest, survey: Survey) -> Target:
    taken = taken_of(request, survey)
    if taken is None:
        raise NotBuilt("There is nothing to put back.")
    earlier = survey.versions.values_list("definition", flat=True)
    made, key = building.with_taken(_now(survey), taken, *earlier)
    keep(request, survey, made, f"Put {short(taken.title)} back")
    del request.session[_name(survey)]
    messages.success(request, f"“{short(taken.title)}” is back.")
    return {"at": key}


_DO = {
    "up": _move,
    "down": _move,
    "place": _place,
    "page": _add_page,
    "copy": _copy,
    "remove": _remove,
    "undo": _undo,
}


def taken_of(request: HttpRequest, survey: Survey) -> Taken | None:
    """What this person removed last from a survey, and can put back."""
    found = request.session.get(_name(survey))
    return Taken(**found) if found else None


def _name(survey: Survey) -> str:
    return f"taken-from-survey-{survey.pk}"


def _now(survey: Survey) -> Document:
    return document_of(versions.working(survey))
