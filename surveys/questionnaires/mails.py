"""What those who answer are written, at an address they type: the link that lets them begin, and the one that goes on later.

Both are composed as they are sent: until then, no link and no key stands beside the address.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from core import outbox, ratelimit
from core.lib.networks import public_network_of
from newsletter.models import Suppression
from newsletter.subscribers.addresses import parse_address
from surveys import addresses, keys
from surveys.models import Sitting, Survey
from surveys.questionnaires import access, sittings

LINK, LATER = "surveys.survey-link", "surveys.survey-later"
PER_ADDRESS, PER_NETWORK = 5, 60  # an hour


class TooManyMails(Exception):
    """So many mails were asked for from one network that no more are sent for now."""


def register_all() -> None:
    outbox.register_addressed_kind(LINK, template="survey_begin", context=_link_context)
    outbox.register_kind(LATER, template="survey_later", context=_later_context)


def mail_link(survey: Survey, email: str, *, ip: str = "") -> None:
    """Mail an address the link by which it answers; it says nobody whether it has done so. Raises TooManyMails, PepperMissing."""
    keys.pepper(survey)  # the page says that it is missing: else nobody would, until the mail is due
    _mail(LINK, survey, email, about=survey.pk, ip=ip)


def mail_sitting(sitting: Sitting, email: str, *, ip: str = "") -> None:
    """Mail the link that goes on where a sitting is. The address is kept nowhere but in that mail. Raises TooManyMails."""
    _mail(LATER, sitting.survey, email, about=sitting.pk, ip=ip)


def _link_context(survey_id: int, address: str) -> dict[str, Any] | None:
    """What the mail says to an address; None where the survey takes no answers any more. Raises PepperMissing."""
    survey = Survey.objects.filter(pk=survey_id, state=Survey.State.OPEN).first()
    return {"survey": survey, "link": access.address_link(survey, address)} if survey else None


def _later_context(sitting_id: int) -> dict[str, Any] | None:
    """What the mail says of a sitting; None where it is finished, or gone."""
    sitting = Sitting.objects.unfinished().select_related("survey").filter(pk=sitting_id).first()
    if sitting is None:
        return None
    path = reverse("surveys:survey-sitting", args=[sitting.survey.slug, sittings.token_of(sitting)])
    return {"survey": sitting.survey, "link": settings.SITE_URL + path}


def _mail(kind: str, survey: Survey, email: str, *, about: int, ip: str) -> None:
    network = public_network_of(ip)
    if network and not ratelimit.allow(f"survey-mail|{network}", limit=PER_NETWORK, seconds=3600):
        raise TooManyMails
    try:
        address = parse_address(email)
    except ValidationError:
        return
    spelling = addresses.canonical(address.email)
    has_room = ratelimit.allow(f"survey-mail|{survey.pk}|{spelling}", limit=PER_ADDRESS, seconds=3600)
    if has_room and not Suppression.objects.of(address.canonical).exists():
        outbox.queue_letters(kind, [outbox.Letter(address.email, about, timezone.now())])
