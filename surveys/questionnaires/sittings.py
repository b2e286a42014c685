"""A sitting: somebody's way through a survey, the links to its pages, and what it holds until it is counted.

Until it is finished, its answers are encrypted under the survey's pepper, so that whoever has only the database reads none
of them beside the key of who gives them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from django.urls import reverse

from core.lib.signing import BadToken, make_token, read_token
from surveys import keys
from surveys.models import Sitting, Survey
from surveys.questionnaires import logic, versions
from surveys.questionnaires.marks import Marks
from surveys.questionnaires.page_forms import PageForm
from surveys.questionnaires.questions import Definition

PURPOSE = "survey-sitting"
LEFT_FOR = timedelta(days=14)  # then a sitting counts as never finished


class NotOpen(Exception):
    """The survey takes no answers now."""


class TakenPart(Exception):
    """Whoever this is has taken part, and their answer cannot be changed."""


class Gone(Exception):
    """There is no such sitting any more: it was counted, or left for long."""


class NotALink(Gone):
    """What stands in the address is no link of this survey: nobody was ever given it."""


class NotThere(Exception):
    """The sitting has not come to this page, or it is not at its end; `page` is where it is."""

    def __init__(self, page: str) -> None:
        self.page = page
        super().__init__(page)


@dataclass
class Progress:
    """What a sitting holds: answers, what was typed and cannot be one, and the questions each page was passed with."""

    answers: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, Any] = field(default_factory=dict)
    passed: dict[str, list[str]] = field(default_factory=dict)

    @property
    def marks(self) -> dict[str, Marks]:
        return {key: Marks(**marks) for key, marks in self.typed.items()}

    def as_json(self) -> dict[str, Any]:
        return {"answers": self.answers, "typed": self.typed, "passed": self.passed}


# Links


def token_of(sitting: Sitting) -> str:
    """What stands in the addresses of a sitting's pages."""
    return make_token(PURPOSE, sitting.survey_id, sitting.pk)


def address_of(sitting: Sitting, page: str) -> str:
    """The address of a page of a sitting; "" is its end."""
    return address("survey-page", sitting, page) if page else address("survey-sitting", sitting)


def address(view: str, sitting: Sitting, *parameters: str) -> str:
    """The address of a view of a sitting."""
    return _address_like(view, 2 + len(parameters)).format(sitting.survey.slug, token_of(sitting), *parameters)


@cache
def _address_like(view: str, parameters: int) -> str:
    """A view's address with {} for each parameter: to reverse it anew takes as long as to read an answer."""
    return reverse(f"surveys:{view}", args=["parameter"] * parameters).replace("parameter", "{}")


def of_token(survey: Survey, token: str) -> Sitting:
    """The sitting a link leads to. Raises Gone, NotALink."""
    try:
        survey_id, key = read_token(PURPOSE, token)
    except (BadToken, ValueError):
        raise NotALink from None
    if survey_id != survey.pk:
        raise NotALink
    sitting = Sitting.objects.filter(pk=key, survey=survey).first()
    if sitting is None:
        raise Gone
    sitting.survey = survey
    return sitting


# What a sitting holds


def definition_of(sitting: Sitting) -> Definition:
    """What a sitting is asked: the version it began with; a test of a draft, what is being worked on."""
    return versions.definition_of(sitting.version_id) if sitting.version_id else versions.working(sitting.survey)


def progress_of(sitting: Sitting) -> Progress:
    """What a sitting holds. Raises PepperMissing."""
    return Progress(**keys.pepper(sitting.survey).open(bytes(sitting.sealed)))


def way_of(sitting: Sitting, progress: Progress) -> logic.Way:
    """The pages a sitting leads through, up to the one that is to be answered next."""
    return logic.way(definition_of(sitting), progress.answers, passed=progress.passed)


def form_of(sitting: Sitting, page: str, data: Mapping[str, Any] | None = None) -> PageForm:
    """The form of a page that the sitting has come to. Raises NotThere, PepperMissing."""
    progress = progress_of(sitting)
    return form_on(sitting, definition_of(sitting), progress, page, data)


def form_on(
    sitting: Sitting, definition: Definition, progress: Progress, page: str, data: Mapping[str, Any] | None
) -> PageForm:
    way = logic.way(definition, progress.answers, passed=progress.passed)
    found = definition.page(page)
    if found is None or page not in way.pages:
        raise NotThere(way.waits_at)
    return PageForm(definition, found, answers=way.kept, typed=progress.marks, data=data, seed=sitting.pk or "")


def seal(sitting: Sitting, progress: Progress) -> None:
    sitting.sealed = keys.pepper(sitting.survey).seal_padded(progress.as_json())


def hold(sitting: Sitting) -> None:
    """Keep a sitting from others until the transaction ends, as it is stored. Raises NotOpen, Gone."""
    survey = sitting.survey
    stored = Sitting.objects.select_for_update(of=("self",)).filter(pk=sitting.pk).first()
    if stored is None:
        raise Gone
    for each in Sitting._meta.concrete_fields:
        if each.name != "survey":
            setattr(sitting, each.attname, getattr(stored, each.attname))
    if not sitting.finished_on and not sitting.is_test and not Survey.objects.open().filter(pk=survey.pk).exists():
        raise NotOpen
