"""What a survey asks now, and what it asked those who answered: versions of its definition."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from articles.unclaimed import claim_sources
from core import pagecache
from core.pagecache import per_generation
from core.transitions import TransitionRefused, lock
from surveys.models import Survey, SurveyPicture, SurveyVersion
from surveys.questionnaires import changes, flow
from surveys.questionnaires.definition import DefinitionRefused, document_of, read
from surveys.questionnaires.questions import Definition


@dataclass(frozen=True)
class Asked:
    """A survey that readers may know of and what it asks, as of the content generation. `version` is its newest one's key."""

    survey: Survey
    version: int
    definition: Definition


@per_generation
def asked(slug: str) -> Asked | None:
    """What a survey asks of readers; None for a draft, or where there is none of this slug."""
    survey = Survey.objects.public().filter(slug=slug).first()
    version = survey.versions.last() if survey else None
    return Asked(survey, version.pk, read(version.definition)) if survey and version else None


@per_generation
def definition_of(version: int) -> Definition:
    """What a version asked."""
    return read(SurveyVersion.objects.get(pk=version).definition)


@per_generation
def newest(survey: int) -> int:
    """The key of a survey's newest version, by the survey's."""
    return SurveyVersion.objects.filter(survey=survey).latest("number").pk


def working(survey: Survey) -> Definition:
    """What a survey asks as it is worked on."""
    return read(survey.definition)


def current(survey: Survey) -> Definition:
    """What it asks those who answer now; of a draft, what it would."""
    return working(survey) if survey.state == Survey.State.DRAFT else definition_of(newest(survey.pk))


def make(survey: Survey, definition: Definition) -> SurveyVersion:
    """The next version of a survey."""
    last = survey.versions.aggregate(last=Max("number"))["last"] or 0
    return SurveyVersion.objects.create(survey=survey, number=last + 1, definition=document_of(definition))


@transaction.atomic
def save(survey: Survey, document: Any) -> Definition:
    """Keep what a survey is to ask. While it is open, those who begin from now on are asked the new version.

    Raises DefinitionRefused, with all that is wrong; TransitionRefused once the survey has closed.
    """
    definition = read(document)
    lock(survey)
    if survey.state not in (Survey.State.DRAFT, Survey.State.OPEN):
        raise TransitionRefused(f"“{survey}” is {survey.get_state_display().lower()}: what it asked stays as it is.")
    if survey.state == Survey.State.OPEN:
        before = current(survey)
        if problems := [*flow.problems(definition), *changes.refused(before, definition)]:
            raise DefinitionRefused(problems)
        if definition != before:
            make(survey, definition)
            pagecache.bump()
    survey.definition = document_of(definition)
    survey.save(update_fields=["definition"])
    _note_pictures(survey, definition)
    return definition


def _note_pictures(survey: Survey, definition: Definition) -> None:
    """Note which pictures a survey shows; those of earlier versions stay, for whoever is asked one of these."""
    files = {image for question in definition.questions.values() for image in question.images}
    SurveyPicture.objects.bulk_create(
        [SurveyPicture(survey=survey, file=file) for file in sorted(files)], ignore_conflicts=True
    )
    claim_sources(files)
    if survey.state == Survey.State.DRAFT:
        survey.pictures.exclude(file__in=files).delete()
