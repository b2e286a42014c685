"""What those who answer are written, at an address they type: the link that lets them begin, and the one that goes on later."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse

from core import ratelimit
from core.lib.networks import public_network_of
from core.outbox import queue_mail
from newsletter.models import Suppression
from newsletter.subscribers.addresses import parse_address
from surveys import addresses
from surveys.models import Sitting, Survey
from surveys.questionnaires import access, responses

PER_ADDRESS, PER_NETWORK = 5, 60  # an hour


class TooManyMails(Exception):
    """So many mails were asked for from one network that no more are sent for now."""


def mail_link(survey: Survey, email: str, *, ip: str = "") -> None:
    """Mail an address the link by which it answers; it says nobody whether it has done so. Raises TooManyMails."""
    _mail(survey, email, "survey_begin", access.address_link(survey, email), ip=ip)


def mail_sitting(sitting: Sitting, email: str, *, ip: str = "") -> None:
    """Mail the link that goes on where a sitting is. The address is kept nowhere but in that mail. Raises TooManyMails."""
    path = reverse("surveys:survey-sitting", args=[sitting.survey.slug, responses.token_of(sitting)])
    _mail(sitting.survey, email, "survey_later", settings.SITE_URL + path, ip=ip)


def _mail(survey: Survey, email: str, template: str, link: str, *, ip: str) -> None:
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
        context = {"survey": survey, "link": link}
        queue_mail(template=template, to=address.email, kind="surveys.survey-link", context=context)
