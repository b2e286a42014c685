"""Opens and clicks: recorded raw as they come, judged a little later, when what followed them is known.

A reader always arrives where the link leads, which can only be an address stored with the briefing.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import advisory_locks
from core.advisory_locks import AdvisoryLock
from core.lib.networks import network_of
from core.lib.signing import BadToken, read_token
from core.lib.text import one_line, whole_number
from newsletter.models import Hit, TrackedLink
from newsletter.sending.composition import CANARY
from sponsors import clicks as ad_clicks
from sponsors.clicks import Visit
from sponsors.verdicts import AROUND_CANARY, BURSTS

logger = logging.getLogger(__name__)

TOO_SOON = timedelta(seconds=5)
JUDGED_AFTER = timedelta(seconds=90)  # by then a scanner has followed all its links
BATCH = 2000
# Mail services fetch images in a reader's stead. Gmail's proxy does so when the mail is opened, so that is an open. Before
# that, and whether or not it is opened, images are fetched by Apple (Mail Privacy Protection: an agent of this one word), and
# by Gmail for those who are signed in, under an agent of its own; of Yahoo's proxy nobody says when it does.
# Source: SparkPost, "Gmail is Prefetching Images", https://www.sparkpost.com/blog/gmail-prefetching-images/ (2022).
ON_OPENING = ("googleimageproxy",)
APPLE_PROXY = "mozilla/5.0"  # and nothing else
BEFORE_OPENING = ("chrome/42.0.2311.135 safari/537.36 edge/12.246 mozilla/5.0", "yahoomailproxy")
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


@require_safe
@never_cache
def click(request: HttpRequest, token: str) -> HttpResponse:
    """Redirect a reader to where a link of a briefing leads."""
    number, _, recipient = token.partition(".")
    delivery_id = _delivery_of(recipient)
    place = whole_number(number, most=9999)
    if place is None:
        raise Http404("This link is not complete.")
    link = TrackedLink.objects.filter(number=place, briefing__deliveries=delivery_id).first()
    if link is None:  # ours, but no longer kept
        return redirect("newsletter:archive")
    _record(request, Hit(kind=Hit.Kind.CLICK, delivery_id=delivery_id, link=link))
    response = HttpResponseRedirect(link.url)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@never_cache
def pixel(request: HttpRequest, token: str) -> HttpResponse:
    """The image that is fetched when a briefing is shown."""
    delivery_id = _delivery_of(token)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM newsletter_delivery WHERE id = %s", [delivery_id])
        known = cursor.fetchone()
    if known:
        _record(request, Hit(kind=Hit.Kind.OPEN, delivery_id=delivery_id))
    return HttpResponse(GIF, content_type="image/gif")


def _delivery_of(token: str) -> int:
    try:
        (delivery_id,) = read_token("delivery", token)
    except (BadToken, ValueError):
        raise Http404("This link is not one of ours.") from None
    return delivery_id


def _record(request: HttpRequest, hit: Hit) -> None:
    """Save the hit with what is known from its request alone."""
    visit = Visit.of(request)
    agent = visit.user_agent[:300]
    is_open, known = hit.kind == Hit.Kind.OPEN, agent.strip().lower()
    if is_open and (known == APPLE_PROXY or any(name in known for name in BEFORE_OPENING)):
        hit.reason = "image proxy"
    elif is_open and request.method == "GET" and any(name in known for name in ON_OPENING):
        hit.reason = ""
    else:
        hit.reason = str(visit.reason)
    hit.user_agent, hit.network = one_line(agent), network_of(visit.address)
    hit.save()


@transaction.atomic
def judge() -> int:
    """Decide which hits count, once nothing can follow that changes it; return how many were decided.

    Hits of ads are told to `sponsors` in the same transaction, so that both agree.
    """
    if not advisory_locks.take_if_free(AdvisoryLock.HITS):
        return 0  # another worker is at it
    now = timezone.now()
    ripe = Hit.objects.filter(verdict="", at__lt=now - JUDGED_AFTER)
    deliveries = list(ripe.order_by("at").values_list("delivery", flat=True)[:BATCH])
    hits = (
        Hit.objects.filter(delivery__in=set(deliveries))
        .select_related("delivery__subscriber", "link")
        .order_by("at", "id")
    )
    by_delivery: dict[int, list[Hit]] = defaultdict(list)
    for hit in hits:
        by_delivery[hit.delivery_id].append(hit)
    decided = [hit for group in by_delivery.values() for hit in _judge_delivery(group, now)]
    for hit in decided:
        if hit.link and hit.link.claim_id:
            _record_ad_click(hit, hit.link.claim_id)
    Hit.objects.bulk_update(decided, ["verdict", "reason"], batch_size=500)
    return len(decided)


def _record_ad_click(hit: Hit, claim_id: int) -> None:
    """Tell `sponsors` of a click on an ad. One that cannot be recorded there does not count here, and stops no other."""
    subscriber = hit.delivery.subscriber
    origin = {"network": hit.network, "agent": hit.user_agent}
    try:
        with transaction.atomic():
            reason = hit.reason or ad_clicks.insider(claim_id, subscriber.email if subscriber else "")
            ad_clicks.record_click(
                claim_id=claim_id, nonce=f"mail:{hit.delivery_id}", reason=reason, at=hit.at, **origin
            )
    except OperationalError:
        raise  # the database is away or busy: all of it comes again
    except Exception:
        logger.exception("Hit %s could not be recorded as a click on an ad", hit.pk)
        hit.verdict, hit.reason = Hit.Verdict.REJECTED, "error"


def _judge_delivery(hits: list[Hit], now: datetime) -> list[Hit]:
    """Judge the unjudged among all hits of one delivery, which come in their order."""
    canaries = [hit.at for hit in hits if hit.link and hit.link.number == CANARY]
    bursts = _bursts([hit for hit in hits if hit.link])
    counted = {hit.link_id for hit in hits if hit.verdict == Hit.Verdict.VALID}
    decided = []
    for hit in hits:
        if hit.verdict or hit.at >= now - JUDGED_AFTER:
            continue
        hit.reason = hit.reason or _reason(hit, canaries, bursts) or ("repeat" if hit.link_id in counted else "")
        if not hit.reason:
            hit.verdict = Hit.Verdict.VALID
            counted.add(hit.link_id)
        elif hit.kind == Hit.Kind.OPEN and hit.reason != "repeat":
            hit.verdict = Hit.Verdict.MACHINE
        else:
            hit.verdict = Hit.Verdict.REJECTED
        decided.append(hit)
    return decided


def _reason(hit: Hit, canaries: Iterable[datetime], bursts: set[int]) -> str:
    """Why a hit is not a person's, from what else happened; empty when nothing speaks against it."""
    sent_at = hit.delivery.sent_at
    if hit.link and any(abs(hit.at - canary) <= AROUND_CANARY for canary in canaries):
        return "canary"
    if hit.pk in bursts:
        return "burst"
    if sent_at is None or hit.at < sent_at + TOO_SOON:
        return "too soon"
    return ""


def _bursts(clicks: list[Hit]) -> set[int]:
    """The clicks that are part of a run over several links faster than anyone reads."""
    caught: set[int] = set()
    for index, first in enumerate(clicks):
        for links, within in BURSTS:
            run = [hit for hit in clicks[index:] if hit.at - first.at <= within]
            if len({hit.link_id for hit in run}) >= links:
                caught.update(hit.pk for hit in run)
    return caught
