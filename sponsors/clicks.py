"""Clicks on ads: the redirect behind an ad, and the record of each click with the reason why it does not count."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from core.lib import data_centres
from core.lib.forms import client_address
from core.lib.networks import counted_as, network_of
from core.lib.signing import BadToken, read_token
from core.lib.text import one_line
from core.models import User
from sponsors import verdicts
from sponsors.models import AdEvent, Booking, BuyerVisit, Claim, CreativeVersion
from sponsors.placements import CANARY, CLICK
from sponsors.verdicts import COUNTED_FOR

AGENT_LENGTH = 200
FETCHED_AHEAD = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
Kind = AdEvent.Kind
Reason = AdEvent.Reason
# What a verdict is made of anew each time, from facts that stay: it is not among the facts itself.
DERIVED = (Reason.REPEAT, Reason.HOSTED, Reason.ADDRESS, Reason.NETWORK)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a request tells about the visitor who follows a link."""

    method: str
    user_agent: str
    address: str
    purpose: str = ""
    is_staff: bool = False

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """The visit that a request is."""
        return cls(
            method=request.method or "",
            user_agent=request.headers.get("User-Agent", ""),
            address=client_address(request),
            purpose=" ".join(request.headers.get(name, "") for name in FETCHED_AHEAD),
            is_staff=request.user.is_authenticated,
        )

    @property
    def reason(self) -> Reason:
        """Why a click by this visitor does not count; Reason.NONE if it does."""
        if self.method == "HEAD":
            return Reason.HEAD
        if "prefetch" in self.purpose.lower() or "prerender" in self.purpose.lower():
            return Reason.PREFETCH
        if not self.user_agent.strip():
            return Reason.NO_AGENT
        if verdicts.is_robot(self.user_agent):
            return Reason.SCANNER
        if self.is_staff:
            return Reason.STAFF
        return Reason.HOSTED if data_centres.is_hosted(self.address) else Reason.NONE

    @property
    def place(self) -> str:
        """Tells an address from others; the address cannot be read from it."""
        return _keyed(f"place|{counted_as(self.address)}")[:16] if self.address else ""


def follow(token: str, visit: Visit) -> str:
    """Record a click on a web placement and return the address to send the reader to, exactly as it was approved.

    An ad that was withdrawn, or whose day is long past, leads to our front page. So does a token that is none of ours.
    """
    now = timezone.now()
    try:
        kind, claim, version = _read(token)
    except BadToken:
        return reverse("home")
    ended = _ended(claim, version, now)
    early = Reason.TEST if claim.unit.date > now.date() else Reason.NONE
    hidden = Reason.CANARY if kind == Kind.CANARY else Reason.NONE
    _record(
        AdEvent(
            claim=claim,
            version=version,
            kind=kind,
            nonce=_keyed(f"reader|{claim.pk}|{visit.place}|{visit.user_agent}")[:40],
            found=_fact(hidden or ended or early or visit.reason),
            at=now,
            ip_prefix=network_of(visit.address),
            place=visit.place,
            agent=one_line(visit.user_agent)[:AGENT_LENGTH],
        )
    )
    return reverse("home") if ended or hidden else version.link_url


def _read(token: str) -> tuple[Kind, Claim, CreativeVersion]:
    """What a link of ours is: of an ad, or one that nobody can see. Raises BadToken."""
    try:
        try:
            (claim_id, version_id), kind = read_token(CLICK, token), Kind.CLICK
        except BadToken:
            (claim_id, version_id), kind = read_token(CANARY, token), Kind.CANARY
        claim = Claim.objects.select_related("unit", "booking").get(pk=claim_id)
        return kind, claim, CreativeVersion.objects.reviewed().get(pk=version_id)
    except (ValueError, Claim.DoesNotExist, CreativeVersion.DoesNotExist):
        raise BadToken("This link is not one of ours.") from None


def record_click(
    *,
    claim_id: int,
    nonce: str,
    reason: str = Reason.NONE,
    at: datetime | None = None,
    network: str = "",
    agent: str = "",
) -> AdEvent:
    """Record one click on an ad in a mail. Of several with one nonce exactly one counts, even if they come at once.

    `reason` is one of AdEvent.Reason, as the briefing found it; with Reason.NONE the click counts, unless what `sponsors`
    knows speaks against it. Briefings make the nonce of the delivery. Raises ValueError for an unknown reason.
    """
    at = at or timezone.now()
    claim = Claim.objects.select_related("unit", "booking").get(pk=claim_id)
    late = Reason.EXPIRED if at.date() - claim.unit.date > COUNTED_FOR else Reason.NONE
    return _record(
        AdEvent(
            claim=claim,
            nonce=nonce,
            found=_fact(Reason(reason) or late),
            at=at,
            ip_prefix=network_of(network),
            agent=one_line(agent)[:AGENT_LENGTH],
        )
    )


def _fact(reason: Reason) -> Reason:
    return Reason.NONE if reason in DERIVED else reason


def _record(event: AdEvent) -> AdEvent:
    """Write a click down with the verdict as of now. The judge looks at it again when more is known."""
    event.reason = verdicts.at_once(event)
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError as error:
        if "ad_event_counted_once" not in str(error):
            raise
        event.reason = Reason.REPEAT
        event.save(force_insert=True)
    return event


def _ended(claim: Claim, version: CreativeVersion, now: datetime) -> Reason:
    sold = claim.state == Claim.State.CONFIRMED and claim.booking.state == Booking.State.CONFIRMED
    if not sold or version.verdict != "approved":
        return Reason.WITHDRAWN
    return Reason.EXPIRED if now.date() - claim.unit.date > COUNTED_FOR else Reason.NONE


# Whose clicks are no reader's


def note_buyer(booking: Booking, request: HttpRequest) -> Visit | None:
    """Remember from where a buyer opened a page of theirs; None where it was nobody's of theirs, or it is not known from where."""
    visit = Visit.of(request)
    if not visit.place or visit.is_staff or request.method == "HEAD":
        return None
    seen = BuyerVisit(booking=booking, place=visit.place, at=timezone.now())
    BuyerVisit.objects.bulk_create(
        [seen], update_conflicts=True, unique_fields=["booking", "place"], update_fields=["at"]
    )
    return visit


def insider(claim_id: int, address: str) -> Reason:
    """Whether a subscriber is one of ours, or of the sponsor of an ad: by their address, or its domain."""
    if not address:
        return Reason.NONE
    if User.objects.filter(email__iexact=address).exists():
        return Reason.STAFF
    claim = Claim.objects.select_related("booking__sponsor").get(pk=claim_id)
    sponsor = claim.booking.sponsor
    known = Booking.objects.filter(Q(pk=claim.booking_id) | Q(sponsor=sponsor, sponsor__isnull=False))
    if (sponsor and _is_at_home(address, sponsor.website)) or known.filter(contact_email__iexact=address).exists():
        return Reason.SPONSOR
    return Reason.SPONSOR if sponsor and sponsor.contact_email.lower() == address.lower() else Reason.NONE


def _is_at_home(address: str, website: str) -> bool:
    """Whether a mail address lies at the domain of a website."""
    host = (urlsplit(website).hostname or "").removeprefix("www.")
    domain = address.rpartition("@")[2].lower()
    return bool(host) and (domain == host or domain.endswith(f".{host}"))


@lru_cache(1)
def _key(secret: str) -> bytes:
    return f"sponsors.nonce{secret}".encode()


def _keyed(text: str) -> str:
    return hmac.digest(_key(settings.SECRET_KEY), text.encode(), "sha256").hex()
