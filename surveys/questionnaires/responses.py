"""Answering a survey page by page: begun, saved with each page, and finished by one POST (surveys.questionnaires.finishing)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from surveys import keys
from surveys.models import Participation, Sitting, Survey
from surveys.models.ballots import random_key
from surveys.questionnaires import earlier, finishing, logic, sittings, versions
from surveys.questionnaires.access import Entry
from surveys.questionnaires.finishing import Finished
from surveys.questionnaires.limits import LimitReached, full_quota, is_full
from surveys.questionnaires.marks import that_fit
from surveys.questionnaires.page_forms import PageForm
from surveys.questionnaires.questions import Definition, Page
from surveys.questionnaires.sittings import NotOpen, NotThere, Progress, TakenPart


@dataclass(frozen=True)
class Saved:
    """What saving a page came to: the form, if it was refused; the next page, "" at the end; or the end, screened out."""

    sitting: Sitting
    form: PageForm | None = None
    page: str = ""
    finished: Finished | None = None


# Beginning


def first_page(definition: Definition) -> Page:
    """The page that everybody begins with."""
    return logic.way(definition, {}, passed={}).steps[0].page


def may_begin(entry: Entry) -> None:
    """Refuse whoever cannot take part. Raises NotOpen, TakenPart, LimitReached."""
    survey = entry.survey
    if entry.is_test:
        return
    if not Survey.objects.open().filter(pk=survey.pk).exists():
        raise NotOpen
    has_taken_part = entry.key is not None and Participation.objects.filter(survey=survey, key=entry.key).exists()
    if has_taken_part and not survey.changeable:
        raise TakenPart
    if not has_taken_part and is_full(survey):
        raise LimitReached


def unfinished(entry: Entry) -> Sitting | None:
    """The sitting that somebody began before and comes back to by a link of their own."""
    if not entry.is_personal:
        return None
    found = Sitting.objects.unfinished().filter(survey=entry.survey, key=entry.key, is_personal=True).first()
    if found:
        found.survey = entry.survey
    return found


def replaces_unseen(entry: Entry) -> bool:
    """Whether what somebody sends now takes the place of answers that they are not shown."""
    if entry.key is None or entry.is_personal or not entry.survey.changeable:
        return False
    return Participation.objects.filter(survey=entry.survey, key=entry.key).exists()


@transaction.atomic
def begin(entry: Entry) -> Sitting:
    """A sitting for somebody; the one they began before, if they come back by a link of their own.

    Raises NotOpen, TakenPart, LimitReached, PepperMissing.
    """
    may_begin(entry)
    if found := unfinished(entry):
        return found
    sitting = new_sitting(entry)
    return sitting if _insert(sitting) else unfinished(entry) or sitting


@transaction.atomic
def start(entry: Entry, data: Mapping[str, Any]) -> Saved:
    """Begin with what the first page sends. Where it is refused, nothing is stored of somebody new.

    Raises NotOpen, TakenPart, LimitReached, PepperMissing.
    """
    may_begin(entry)
    if found := unfinished(entry):
        return save_page(found, first_page(sittings.definition_of(found)).id, data)
    sitting = new_sitting(entry)
    definition, progress = sittings.definition_of(sitting), sittings.progress_of(sitting)
    form = sittings.form_on(sitting, definition, progress, first_page(definition).id, data)
    if not form.is_valid():
        return Saved(sitting, form=form)
    progress.answers = form.before | form.answers
    try:
        return _kept(sitting, definition, progress, form, going_back=False)
    except _BegunElsewhere:
        return save_page(unfinished(entry) or sitting, form.page.id, data)


class _BegunElsewhere(Exception):
    """The same person began another sitting at this moment."""


def new_sitting(entry: Entry) -> Sitting:
    """A sitting that is not stored yet, with what an earlier answer held that may be changed. Raises PepperMissing."""
    survey = entry.survey
    if entry.is_test and survey.state == Survey.State.DRAFT:
        keys.make_pepper(survey)  # of an open one it comes back from the backup, or everybody could answer again
    version = None if entry.is_test else versions.newest(survey.pk)
    sitting = Sitting(
        pk=random_key(),
        survey=survey,
        version_id=version,
        key=entry.key,
        is_personal=entry.is_personal,
        is_test=entry.is_test,
        source=entry.source,
    )
    before = earlier.of(survey, entry.key) if entry.is_personal else None
    sittings.seal(sitting, Progress(answers=before.answers if before else {}))
    return sitting


def _insert(sitting: Sitting) -> bool:
    """Store a sitting, unless the same person began another at this moment; whether it was."""
    Sitting.objects.bulk_create([sitting], ignore_conflicts=True)
    return Sitting.objects.filter(pk=sitting.pk).exists() if sitting.is_personal else True


# Saving a page


@transaction.atomic
def save_page(sitting: Sitting, page: str, data: Mapping[str, Any], *, going_back: bool = False) -> Saved:
    """Keep what a page sends; the next page, or the form with its errors. Nothing of a refused page becomes an answer.

    Who goes back finds again what was typed, also where it could be no answer. Raises NotOpen, NotThere, Gone, PepperMissing.
    """
    sittings.hold(sitting)
    if sitting.finished_on:
        raise NotThere("")
    definition, progress = sittings.definition_of(sitting), sittings.progress_of(sitting)
    form = sittings.form_on(sitting, definition, progress, page, data)
    if not form.is_valid() and not going_back:
        return Saved(sitting, form=form)
    own = [question.id for question in form.page.questions]
    for key in own:
        progress.typed.pop(key, None)
    if form.is_valid():
        progress.answers = form.before | form.answers
    else:
        progress.typed = that_fit(progress.typed, {key: form.marks[key] for key in own if form.marks[key]})
        progress.answers = {key: answer for key, answer in progress.answers.items() if key not in own}
    return _kept(sitting, definition, progress, form, going_back=going_back)


def _kept(sitting: Sitting, definition: Definition, progress: Progress, form: PageForm, *, going_back: bool) -> Saved:
    """Store what a page came to, without what its answers leave out; and find the page that follows."""
    page = form.page.id
    before = logic.way(definition, progress.answers)
    put = {step.page.id: [question.id for question in step.questions] for step in before.steps}
    progress.passed.pop(page, None)
    if form.is_valid():
        progress.passed[page] = put[page]
    progress.passed = {key: ids for key, ids in progress.passed.items() if put.get(key) == ids}
    progress.answers = before.kept
    _store(sitting, progress)
    if going_back:
        return Saved(sitting, page=_page_before(before, page))
    way = logic.way(definition, progress.answers, passed=progress.passed)
    if quota := full_quota(sitting, definition, way.kept, waits_at=way.waits_at):
        return Saved(sitting, finished=finishing.end(sitting, definition, progress, before, screened=quota.message))
    following = way.pages.index(page) + 1
    return Saved(sitting, page=way.pages[following] if following < len(way.pages) else "")


def page_before(sitting: Sitting, page: str) -> str:
    """The page that comes before another on a sitting's way; the same where it is the first."""
    return _page_before(logic.way(sittings.definition_of(sitting), sittings.progress_of(sitting).answers), page)


def _page_before(way: logic.Way, page: str) -> str:
    place = way.pages.index(page) if page in way.pages else len(way.pages)
    return way.pages[max(place - 1, 0)]


def _store(sitting: Sitting, progress: Progress) -> None:
    sittings.seal(sitting, progress)
    if sitting._state.adding:
        if not _insert(sitting):
            raise _BegunElsewhere
        return
    Sitting.objects.filter(pk=sitting.pk).update(sealed=sitting.sealed, touched_at=Now())
