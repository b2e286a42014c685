"""What surveys keep of persons: for how long, and what deletes it."""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import retention
from core.lib import batches
from core.retention import Column, days
from surveys import keys
from surveys.models import Invitation, Participation, Response, Sitting, Survey
from surveys.questionnaires import access, earlier, kept_counts, limits, sittings, versions
from surveys.questionnaires.kinds import kind_of

KEPT_AFTER_CLOSE = timedelta(days=30)  # keys, and the pepper under which they stand for anybody
ADDRESSES_KEPT = timedelta(days=365)  # after the close, where a question asks for one

_UNFINISHED = f"until it is counted; {days(sittings.LEFT_FOR)} if it is left unfinished"
_KEYS = f"{days(KEPT_AFTER_CLOSE)} after the close"
COLUMNS = [
    Column("surveys.Sitting.key", _UNFINISHED, "finishing; the worker; erasure"),
    Column("surveys.Sitting.sealed", _UNFINISHED, "the worker; erasure"),
    Column("surveys.Participation.key", _KEYS, "the hourly purge; erasure"),
    Column("surveys.Response.respondent", "until the close", "the worker; erasure"),
    Column(
        "surveys.Response.answers",
        f"for good; an address that was asked for, {days(ADDRESSES_KEPT)} after the close",
        "the hourly purge; erasure of an address",
    ),
    Column("surveys.Invitation.email", f"until it is mailed; at most {_KEYS}", "the worker; the hourly purge; erasure"),
]


def register_all() -> None:
    """Put the keeping times of surveys into force."""
    retention.declare(COLUMNS)
    retention.register("keys of surveys", forget_keys)
    retention.register("addresses in answers", forget_addresses)
    retention.on_erasure(forget)


def _closed(before: timedelta) -> QuerySet[Survey]:
    return Survey.objects.filter(closed_at__lt=timezone.now() - before).exclude(state=Survey.State.OPEN)


def forget_keys() -> int:
    """Delete who took part in surveys that closed long ago, and destroy the peppers by which a key stood for anybody."""
    settled = _closed(KEPT_AFTER_CLOSE).exclude(pk__in=Sitting.objects.values("survey"))
    for survey in settled:
        keys.destroy_pepper(survey)
    addressed = Invitation.objects.filter(survey__in=settled).exclude(email="")
    gone = batches.update(addressed, email="")
    return gone + batches.settle(Participation.objects.filter(survey__in=settled), lambda some: some.delete()[0])


def forget_addresses() -> int:
    """Take the addresses that were asked for out of the answers to surveys that closed long ago."""
    return sum(batches.each(_closed(ADDRESSES_KEPT), _forget_addresses_in))


def _forget_addresses_in(survey: Survey) -> int:
    asked = _addresses_asked(survey)
    with_one = Response.objects.filter(survey=survey, answers__has_any_keys=asked) if asked else Response.objects.none()
    return sum(_without(response, asked) for response in with_one.iterator())


def _addresses_asked(survey: Survey) -> list[str]:
    """The questions of any version that ask who somebody is."""
    definitions = [versions.definition_of(version.pk) for version in survey.versions.all()]
    questions = [question for each in definitions for question in each.questions.values()]
    return sorted({question.id for question in questions if kind_of(question).is_personal})


@transaction.atomic
def _without(response: Response, questions: list[str]) -> int:
    kept_counts.hold(response.survey_id)
    kept = {key: answer for key, answer in response.answers.items() if key not in questions}
    kept_counts.forget(response.survey_id)
    return Response.objects.filter(pk=response.pk).update(answers=kept)


def forget(address: str) -> None:
    """Delete what is kept of an address that is erased: what it is answering, its keys, itself among answers."""
    Invitation.objects.filter(email__iexact=address).update(email="")
    for survey in Survey.objects.exclude(state=Survey.State.DRAFT):
        for question in _addresses_asked(survey):
            _erase(survey, question, address)
        if survey.is_personal and keys.has_pepper(survey):
            _forget_in(survey, address)


@transaction.atomic
def _forget_in(survey: Survey, address: str) -> None:
    """Delete what stands under the keys of an address in a survey: its own, and that of its invitation."""
    invitation = access.invitation_of(survey, address)
    theirs = [access.address_key(survey, address), access.invitation_key(survey, invitation)]
    kept_counts.hold(survey)
    for key in theirs:
        if (found := earlier.of(survey, key)) and found.is_counted:
            limits.uncount(survey, versions.current(survey), found.answers)
    Invitation.objects.filter(survey=survey, pk=invitation).delete()
    Sitting.objects.filter(survey=survey, key__in=theirs).delete()
    Participation.objects.filter(survey=survey, key__in=theirs).delete()
    Response.objects.filter(survey=survey, respondent__in=theirs).delete()
    kept_counts.forget(survey)


@transaction.atomic
def _erase(survey: Survey, question: str, address: str) -> None:
    kept_counts.hold(survey)  # while responses get new keys, none would be found under its old one
    for response in Response.objects.filter(survey=survey, **{f"answers__{question}__iexact": address}):
        _without(response, [question])
