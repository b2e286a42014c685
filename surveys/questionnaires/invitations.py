"""Invitations: each address gets a link by which whoever has it answers once.

An invitation's key is made of its address under the survey's pepper. So an address that is invited again gets the link that
it has, though no address is kept once it has been mailed; and nothing says who of them has answered.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from core import audit, outbox
from core.models import OutgoingMail
from core.outbox import Letter
from core.transitions import TransitionRefused
from newsletter.models import Suppression
from newsletter.subscribers.addresses import Address, parse_address
from surveys import addresses
from surveys.models import Invitation, Survey
from surveys.questionnaires import access

MAIL = "surveys.invitation"
MOST = 20_000  # addresses at once
AT_ONCE = 1000
SHOWN = 5  # of what is no address
_SEPARATORS = re.compile(r"[\s,;<>\"'()|]+")


@dataclass
class Invited:
    """What came of addresses that were to be invited."""

    new: int = 0
    again: int = 0  # were invited before, and are mailed again
    known: int = 0  # were invited before, and are not
    stopped: int = 0  # want no mail, or bounced
    wrong: list[str] = field(default_factory=list)


def register_all() -> None:
    outbox.register_kind(MAIL, template="survey_invitation", context=_context)


def found_in(text: str) -> list[str]:
    """What looks like an address in a text or a table, each once, in order."""
    return list(dict.fromkeys(part.strip(".") for part in _SEPARATORS.split(text) if "@" in part.strip("@")))


def invite(survey: Survey, listed: Sequence[str], *, again: bool = False, by: Any) -> Invited:
    """Invite addresses; with `again`, those too that were invited before, with the link they have.

    Each batch is stored with its mails, so that nobody is mailed twice or forgotten. Raises TransitionRefused, PepperMissing.
    """
    if survey.access != Survey.Access.INVITATION:
        raise TransitionRefused("This survey is not answered by invitation: see “who may answer”.")
    if not survey.state == Survey.State.OPEN:
        raise TransitionRefused(
            "People can be invited while the survey is open. Open it first: nobody has the link yet."
        )
    if len(listed) > MOST:
        raise TransitionRefused(f"These are {len(listed):,} addresses; at most {MOST:,} fit at once.")
    came = Invited()
    found = _read(listed, came)
    for start in range(0, len(found), AT_ONCE):
        _invite(survey, found[start : start + AT_ONCE], again, came)
    detail = f"{came.new} invited, {came.again} mailed again"
    audit.record("invited people to the survey", survey, by=by, detail=detail)
    return came


def _read(listed: Iterable[str], came: Invited) -> list[Address]:
    found = dict[str, Address]()
    for text in listed:
        try:
            address = parse_address(text)
        except ValidationError:
            came.wrong.append(text[:100])
        else:
            found.setdefault(addresses.canonical(address.email), address)
    return list(found.values())


@transaction.atomic
def _invite(survey: Survey, some: Sequence[Address], again: bool, came: Invited) -> None:
    digests = {each.canonical: Suppression.digest_of(each.canonical) for each in some}
    stopped = set(Suppression.objects.filter(digest__in=digests.values()).values_list("digest", flat=True))
    wanted = {
        access.invitation_of(survey, each.email): each.email for each in some if digests[each.canonical] not in stopped
    }
    known = set(Invitation.objects.filter(survey=survey, pk__in=wanted).values_list("pk", flat=True))
    new = [key for key in wanted if key not in known]
    Invitation.objects.bulk_create(
        [Invitation(pk=key, survey=survey, is_mailed=True) for key in new], ignore_conflicts=True
    )
    mailed = [*new, *(known if again else ())]
    now = timezone.now()
    if mailed:
        outbox.queue_letters(MAIL, [Letter(wanted[key], key, now) for key in mailed])
    came.new += len(new)
    came.stopped += len(some) - len(wanted)
    came.again += len(known) if again else 0
    came.known += 0 if again else len(known)


def _context(pk: int) -> dict[str, Any] | None:
    """What the mail says; None where the survey takes no answers any more."""
    invitation = Invitation.objects.select_related("survey").filter(pk=pk).first()
    if invitation is None or invitation.survey.state != Survey.State.OPEN:
        return None
    return {"survey": invitation.survey, "link": access.invitation_link(invitation)}


def progress(survey: Survey) -> dict[str, int]:
    """How many are invited, and how many of their mails wait or could not be delivered. Not who, and not who answered."""
    invited = Invitation.objects.filter(survey=survey)
    letters = OutgoingMail.objects.filter(kind=MAIL, about__in=invited.values("pk"))
    return {
        "invited": invited.count(),
        "waiting": letters.filter(state=OutgoingMail.State.QUEUED).count(),
        "failed": letters.filter(state=OutgoingMail.State.FAILED).count(),
    }
