"""Clicks on ads: the redirect behind an ad, and the record of each click with the reason why it does not count."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawleruseragents import is_crawler
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from core.lib.networks import network_of
from core.lib.signing import BadToken, read_token
from sponsors.models import AdEvent, Booking, Claim, CreativeVersion
from sponsors.placements import CLICK

COUNTED_FOR = timedelta(days=30)
Reason = AdEvent.Reason


@dataclass(frozen=True, slots=True)
class Visit:
    """What a request tells about the visitor who follows a link."""

    method: str
    user_agent: str
    address: str
    purpose: str = ""
    is_staff: bool = False

    @property
    def reason(self) -> Reason:
        """Why a click by this visitor does not count; Reason.NONE if it does."""
        if self.method == "HEAD":
            return Reason.HEAD
        if "prefetch" in self.purpose.lower() or "prerender" in self.purpose.lower():
            return Reason.PREFETCH
        if not self.user_agent.strip():
            return Reason.NO_AGENT
        if is_crawler(self.user_agent[:300]):
            return Reason.SCANNER
        return Reason.STAFF if self.is_staff else Reason.NONE


def follow(token: str, visit: Visit) -> str:
    """Record a click on a web placement and return the address to send the reader to, exactly as it was approved.

    An ad that was withdrawn, or whose day is long past, leads to our front page. Raises BadToken.
    """
    now = timezone.now()
    try:
        claim_id, version_id = read_token(CLICK, token)
        claim = Claim.objects.select_related("unit", "booking").get(pk=claim_id)
        version = CreativeVersion.objects.reviewed().get(pk=version_id)
    except (ValueError, Claim.DoesNotExist, CreativeVersion.DoesNotExist):
        raise BadToken("This link is not one of ours.") from None
    ended = _ended(claim, version, now)
    early = Reason.TEST if claim.unit.date > now.date() else Reason.NONE
    record_click(
        claim_id=claim.pk,
        nonce=_reader_of_the_day(claim, visit, now),
        reason=ended or early or visit.reason,
        at=now,
        address=visit.address,
        version_id=version.pk,
    )
    return reverse("home") if ended else version.link_url


def record_click(
    *,
    claim_id: int,
    nonce: str,
    reason: str = Reason.NONE,
    at: datetime | None = None,
    address: str = "",
    version_id: int | None = None,
) -> AdEvent:
    """Record one click on an ad. Of several with one nonce exactly one counts, even if they come at once.

    `reason` is one of AdEvent.Reason; with Reason.NONE the click counts, unless its nonce has counted already.
    Briefings make the nonce of delivery and link, and pass the reason they found. Raises ValueError for an unknown reason.
    """
    event = AdEvent(
        claim_id=claim_id,
        version_id=version_id,
        nonce=nonce,
        reason=Reason(reason),
        at=at or timezone.now(),
        ip_prefix=network_of(address),
    )
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


def _reader_of_the_day(claim: Claim, visit: Visit, now: datetime) -> str:
    """One value for one reader, claim and day, from which neither address nor browser can be read."""
    seen = f"{claim.pk}|{now.date()}|{visit.address}|{visit.user_agent}"
    return hmac.digest(f"sponsors.nonce{settings.SECRET_KEY}".encode(), seen.encode(), "sha256").hex()[:40]
