"""Answering a survey page by page: begun, saved with each page, and finished by one POST.

Until it is finished, a sitting's answers are encrypted under the survey's pepper, so that whoever has only the database
reads none of them beside the key of who gives them. Finishing notes that the key took part, and takes it from the sitting.
The worker counts what is finished later, many together and in no order (surveys.questionnaires.settling).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now
from django.urls import reverse

from core import doorbell
from core.lib import clock
from core.lib.signing import BadToken, make_token, read_token
from surveys import keys
from surveys.models import Ended, Participation, Sitting, Survey
from surveys.models.ballots import random_key
from surveys.questionnaires import earlier, logic, versions
from surveys.questionnaires.access import Entry
from surveys.questionnaires.earlier import Earlier
from surveys.questionnaires.limits import LimitReached, count_in, full_quota, is_full
from surveys.questionnaires.marks import Marks, that_fit
from surveys.questionnaires.page_forms import PageForm
from surveys.questionnaires.questions import Definition, Page

PURPOSE = "survey-sitting"
SETTLE_TASK = "surveys.tasks.settle_responses"
SETTLED_EVERY = 10  # seconds, while answers come in
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


class AnswersRefused(Exception):
    """A program's answers cannot be taken; `errors` says why, by question."""

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{key}: {words}" for key, words in errors.items()))


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


@dataclass(frozen=True)
class Finished:
    """How a sitting ended, and what it answered (for the words of the last page; nothing keeps it beside a person)."""

    survey: Survey
    ended: str
    message: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    again: bool = False
    is_test: bool = False
    earlier_stands: bool = False  # a change that was refused


@dataclass(frozen=True)
class Saved:
    """What saving a page came to: the form, if it was refused; the next page, "" at the end; or the end, screened out."""

    sitting: Sitting
    form: PageForm | None = None
    page: str = ""
    finished: Finished | None = None


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
    return _form(sitting, definition_of(sitting), progress, page, data)


def _form(
    sitting: Sitting, definition: Definition, progress: Progress, page: str, data: Mapping[str, Any] | None
) -> PageForm:
    way = logic.way(definition, progress.answers, passed=progress.passed)
    found = definition.page(page)
    if found is None or page not in way.pages:
        raise NotThere(way.waits_at)
    return PageForm(definition, found, answers=way.kept, typed=progress.marks, data=data, seed=sitting.pk or "")


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
        return save_page(found, first_page(definition_of(found)).id, data)
    sitting = new_sitting(entry)
    definition, progress = definition_of(sitting), progress_of(sitting)
    form = _form(sitting, definition, progress, first_page(definition).id, data)
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
    _seal(sitting, Progress(answers=before.answers if before else {}))
    return sitting


def _insert(sitting: Sitting) -> bool:
    """Store a sitting, unless the same person began another at this moment; whether it was."""
    Sitting.objects.bulk_create([sitting], ignore_conflicts=True)
    return Sitting.objects.filter(pk=sitting.pk).exists() if sitting.is_personal else True


def _seal(sitting: Sitting, progress: Progress) -> None:
    sitting.sealed = keys.pepper(sitting.survey).seal_padded(progress.as_json())


# Saving a page


@transaction.atomic
def save_page(sitting: Sitting, page: str, data: Mapping[str, Any], *, going_back: bool = False) -> Saved:
    """Keep what a page sends; the next page, or the form with its errors. Nothing of a refused page becomes an answer.

    Who goes back finds again what was typed, also where it could be no answer. Raises NotOpen, NotThere, Gone, PepperMissing.
    """
    _hold(sitting)
    if sitting.finished_on:
        raise NotThere("")
    definition, progress = definition_of(sitting), progress_of(sitting)
    form = _form(sitting, definition, progress, page, data)
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
        return Saved(sitting, finished=end(sitting, definition, progress, before, screened=quota.message))
    following = way.pages.index(page) + 1
    return Saved(sitting, page=way.pages[following] if following < len(way.pages) else "")


def page_before(sitting: Sitting, page: str) -> str:
    """The page that comes before another on a sitting's way; the same where it is the first."""
    return _page_before(logic.way(definition_of(sitting), progress_of(sitting).answers), page)


def _page_before(way: logic.Way, page: str) -> str:
    place = way.pages.index(page) if page in way.pages else len(way.pages)
    return way.pages[max(place - 1, 0)]


def _store(sitting: Sitting, progress: Progress) -> None:
    _seal(sitting, progress)
    if sitting._state.adding:
        if not _insert(sitting):
            raise _BegunElsewhere
        return
    Sitting.objects.filter(pk=sitting.pk).update(sealed=sitting.sealed, touched_at=Now())


def _hold(sitting: Sitting) -> None:
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


# Finishing


@transaction.atomic
def finish(sitting: Sitting) -> Finished:
    """End a sitting whose pages are all answered; doing so again ends it no second time.

    Raises NotOpen, NotThere, TakenPart, LimitReached, Gone, PepperMissing.
    """
    _hold(sitting)
    definition, progress = definition_of(sitting), progress_of(sitting)
    if sitting.finished_on:
        return _as_it_ended(sitting, definition, progress)
    way = way_of(sitting, progress)
    if way.waits_at:
        raise NotThere(way.waits_at)
    return end(sitting, definition, progress, way)


def _as_it_ended(sitting: Sitting, definition: Definition, progress: Progress) -> Finished:
    way = logic.way(definition, progress.answers)
    message = way.message
    if sitting.ended == Ended.SCREENED:
        message = next((quota.message for quota in logic.met_quotas(definition, way.kept) if quota.message), "")
    return Finished(sitting.survey, sitting.ended, message, way.kept, again=True)


def end(
    sitting: Sitting,
    definition: Definition,
    progress: Progress,
    way: logic.Way,
    *,
    screened: str | None = None,
    is_new: bool = False,
) -> Finished:
    """Note that somebody took part, count it towards the limits, and leave the answers to be counted without them."""
    survey, ended, message = sitting.survey, Ended.EARLY if way.ended_early else Ended.COMPLETE, way.message
    if sitting.is_test:
        sitting.delete()
        return Finished(
            survey, Ended.SCREENED if screened is not None else ended, screened or message, way.kept, is_test=True
        )
    before = _take_part(sitting)
    if screened is None:
        screened = _no_room(sitting, definition, way, before)
    if screened is not None:
        ended, message = Ended.SCREENED, screened
        if before and before.is_counted:
            Sitting.objects.filter(pk=sitting.pk).delete()
            return Finished(survey, ended, message, way.kept, earlier_stands=True)
    if before:
        Sitting.objects.finished().filter(survey=survey, key=sitting.key).delete()
    progress.answers, progress.typed, progress.passed = way.kept, {}, {}
    _seal(sitting, progress)
    sitting.ended, sitting.finished_on = ended, clock.utc_day()
    sitting.key = sitting.key if survey.changeable else None
    if is_new:
        sitting.save(force_insert=True)
    else:
        sitting.save(update_fields=["sealed", "ended", "finished_on", "key"])
    doorbell.ring(SETTLE_TASK, at_most_every=SETTLED_EVERY)
    return Finished(survey, ended, message, way.kept)


def _no_room(sitting: Sitting, definition: Definition, way: logic.Way, before: Earlier | None) -> str | None:
    """Count answers towards the limits, in the place of earlier ones; the words of a quota without room. Raises LimitReached."""
    replaced = before.answers if before and before.is_counted else None
    quota = count_in(sitting.survey, definition, way.kept, replaced=replaced)
    return quota.message if quota else None


def _take_part(sitting: Sitting) -> Earlier | None:
    """Note that a key takes part; what it answered before, where it may change that. Raises TakenPart.

    Whoever has taken part is held until the transaction ends: of two changes at once, the second finds the first.
    """
    if sitting.key is None:
        return None
    of_key = (sitting.survey_id, bytes(sitting.key))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO surveys_participation (survey_id, key) VALUES (%s, %s) ON CONFLICT DO NOTHING", of_key
        )
        if cursor.rowcount:
            return None
        if not sitting.survey.changeable:
            raise TakenPart
        cursor.execute("SELECT FROM surveys_participation WHERE (survey_id, key) = (%s, %s) FOR UPDATE", of_key)
    return earlier.of(sitting.survey, bytes(sitting.key))
