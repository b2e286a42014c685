"""How somebody comes to a survey, and what stands for them: nobody, a browser on a day, an address, an invitation.

A link carries all that there is to know: nothing is stored of somebody who has answered nothing. What stands for somebody
is a key, an HMAC under the survey's pepper; addresses that are one mailbox's have one key (surveys.addresses).
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from django.conf import settings
from django.urls import reverse

from articles.readership import salts
from articles.readership.collector import Visitor
from core.lib import clock
from core.lib.networks import counted_as
from core.lib.signing import BadToken, ExpiredToken, make_token, read_token
from newsletter.models import Subscriber
from surveys import addresses, keys
from surveys.models import Invitation, Source, Survey

PURPOSE = "survey"
LINK_LIFE = timedelta(days=14)
TEST_LIFE = timedelta(days=7)
Access = Survey.Access


class Way(IntEnum):
    """What a link says of who comes by it; the numbers stand in links."""

    ADDRESS = 1
    SUBSCRIBER = 2
    INVITATION = 3
    TEST = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody who comes to a survey. Where `is_personal`, they come back by their link to what they have answered."""

    survey: Survey
    source: str = Source.PAGE
    key: bytes | None = None
    is_personal: bool = False
    is_test: bool = False


class NotThisWay(Exception):
    """This survey cannot be answered by whoever comes this way. The text says why, to them."""


class NotALink(NotThisWay):
    """What stands in the address is no link of this survey: nobody was ever given it."""


def from_page(survey: Survey, *, address: str, agent: str, source: str = Source.PAGE) -> Entry:
    """Somebody who comes by the survey's own page, from a network address with a browser. Raises NotThisWay, PepperMissing."""
    if survey.is_personal:
        raise NotThisWay("This survey is answered by a link of your own.")
    key = browser_key(survey, address, agent) if survey.access == Access.BROWSER else None
    return Entry(survey, source, key)


def from_link(survey: Survey, token: str) -> Entry:
    """Somebody who comes by a link. Raises NotThisWay, PepperMissing."""
    try:
        way, survey_id, about = read_token(PURPOSE, token)
    except ExpiredToken as expired:
        if expired.values[1:2] != (survey.pk,):
            raise NotALink("This link belongs to another survey.") from None
        raise NotThisWay("This link has expired. Ask for a new one on the survey’s page.") from None
    except (BadToken, ValueError):
        raise NotALink("This link is not complete.") from None
    if survey_id != survey.pk or way not in list(Way):
        raise NotALink("This link belongs to another survey.")
    return _FROM[Way(way)](survey, about)


def _from_address(survey: Survey, about: int) -> Entry:
    if survey.access != Access.ADDRESS:
        raise NotThisWay("This survey is answered in another way.")
    key = keys.pepper(survey).hidden_key(about.to_bytes(16))
    return Entry(survey, Source.MAIL, key, is_personal=True)


def _from_subscriber(survey: Survey, about: int) -> Entry:
    """Briefings are forwarded: whoever opens one answers for its reader, and sees nothing of what they have answered."""
    if survey.access == Access.INVITATION:
        raise NotThisWay("This survey is answered by invitation.")
    if survey.access == Access.ANYBODY:
        return Entry(survey, Source.BRIEFING)
    subscriber = Subscriber.objects.filter(pk=about).first()
    if subscriber is None or not subscriber.subscriptions.confirmed().exists():
        raise NotThisWay("This link is a subscriber’s, and the address it was mailed to has no subscription any more.")
    return Entry(survey, Source.BRIEFING, address_key(survey, subscriber.canonical))


def _from_invitation(survey: Survey, about: int) -> Entry:
    if survey.access != Access.INVITATION or not Invitation.objects.filter(survey=survey, pk=about).exists():
        raise NotThisWay("This invitation was withdrawn.")
    return Entry(survey, Source.INVITATION, invitation_key(survey, about), is_personal=True)


def _from_test(survey: Survey, about: int) -> Entry:
    return Entry(survey, is_test=True)


_FROM = {
    Way.ADDRESS: _from_address,
    Way.SUBSCRIBER: _from_subscriber,
    Way.INVITATION: _from_invitation,
    Way.TEST: _from_test,
}


# Keys


def browser_key(survey: Survey, address: str, agent: str) -> bytes:
    """What stands for a browser until the end of the day (of UTC): then the day's salt is deleted, and it for nothing."""
    today = clock.utc_day()
    number = salts.number(salts.of(today), Visitor(counted_as(address) if address else "", agent))
    return keys.pepper(survey).participant_key(f"browser\0{today}\0{number}")


def address_key(survey: Survey, address: str) -> bytes:
    return keys.pepper(survey).participant_key(f"address\0{addresses.canonical(address)}")


def invitation_of(survey: Survey, address: str) -> int:
    """The primary key of an address's invitation, if it has one: what stands for it under the survey's pepper."""
    key = keys.pepper(survey).participant_key(f"invited\0{addresses.canonical(address)}")
    return int.from_bytes(key[:8]) >> 1 or 1


def invitation_key(survey: Survey, invitation: int) -> bytes:
    return keys.pepper(survey).participant_key(f"invitation\0{invitation}")


# Links


def address_link(survey: Survey, address: str) -> str:
    """The link that is mailed to an address, for as long as LINK_LIFE. Raises PepperMissing."""
    hidden = keys.pepper(survey).hide_key(address_key(survey, address))
    return _link(survey, Way.ADDRESS, int.from_bytes(hidden), life=LINK_LIFE)


def subscriber_link(survey: Survey, subscriber: int) -> str:
    """A subscriber's link in a briefing, for as long as the survey is open. Where anybody may answer, it names nobody."""
    return _link(survey, Way.SUBSCRIBER, 0 if survey.access == Access.ANYBODY else subscriber)


def invitation_link(invitation: Invitation) -> str:
    return _link(invitation.survey, Way.INVITATION, invitation.pk)


def test_link(survey: Survey) -> str:
    """A link by which staff try the survey as it is worked on; what they answer is not counted."""
    return _link(survey, Way.TEST, 0, life=TEST_LIFE)


def _link(survey: Survey, way: Way, about: int, *, life: timedelta | None = None) -> str:
    token = make_token(PURPOSE, way, survey.pk, about, expires_in=life)
    return settings.SITE_URL + reverse("surveys:survey-begin", args=[survey.slug, token])
