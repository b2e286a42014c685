"""What voters are written: the link that confirms a ballot, composed as it is sent, and receipts for those who ask."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from core import ratelimit
from core.lib.signing import make_token
from core.outbox import queue_mail, register_kind
from surveys import addresses, ballot_requests, ballots, keys
from surveys.models import Ballot, PendingBallot


def register_all() -> None:
    register_kind(ballot_requests.MAIL, template="ballot_confirm", context=link_context)


def link_context(pending_id: int) -> dict[str, Any] | None:
    """What the mail with a link says; None where the ballot is gone. Raises keys.PepperMissing.

    Until the mail is sent, its row has only the pending ballot's key: no link can be made of it without SECRET_KEY.
    """
    pending = PendingBallot.objects.select_related("season").filter(pk=pending_id).first()
    if pending is None:
        return None
    season, choices = pending.season, keys.open_choices(pending)
    chosen = [category for category in season.categories.all() if category.slug in choices]
    voted = set(ballots.voted_in(season, bytes(pending.voter_key)))
    token = make_token(ballot_requests.PURPOSE, season.pk, pending.pk, expires_in=pending.expires_at - timezone.now())
    return {
        "season": season,
        "chosen": chosen,
        "voted": [category for category in chosen if category in voted],
        "link": settings.SITE_URL + reverse("surveys:ballot-confirm", args=[token]),
        "hours": ballot_requests.LINK_LIFE // timedelta(hours=1),
    }


def mail_receipts(casting: ballots.Casting, *, email: str) -> None:
    """Mail the receipts to the address that voted, if this is the one. Raises keys.PepperMissing."""
    season = casting.season
    voter = keys.voter_key(season, addresses.canonical(email))
    leaves = [bytes.fromhex(receipt) for _, receipt in casting.cast]
    if not Ballot.objects.filter(leaf_hash__in=leaves, voter_key=voter).exists():
        return
    if ratelimit.count(f"ballot-receipt|{voter.hex()}", seconds=3600) > ballot_requests.MAILS_PER_HOUR:
        return
    lines = [
        {"category": category, "receipt": receipt, "path": reverse("surveys:receipt-show", args=[receipt])}
        for category, receipt in casting.cast
    ]
    context = {"season": season, "lines": lines, "key": keys.public_key()}
    queue_mail(template="ballot_receipt", to=email, context=context, kind="surveys.receipt")
