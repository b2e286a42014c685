"""Domains of recipients whose servers throttle us: their letters wait, longer each time, and the others go on."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.functions import TransactionNow
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from newsletter.models import Delivery, RecipientDomain

WAITS = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 30)]
NOTE_LENGTH = 500

# Of several pumps that meet the same throttle within one wait, one counts it.
_WAIT = """
    INSERT INTO newsletter_recipientdomain AS known (domain, throttled, waits_until, note)
    VALUES (%(domain)s, 1, now() + (%(waits)s::interval[])[1], %(note)s)
    ON CONFLICT (domain) DO UPDATE SET
        throttled = least(known.throttled + 1, 1000), note = excluded.note,
        waits_until = now() + (%(waits)s::interval[])[least(known.throttled + 1, %(longest)s)]
    WHERE known.waits_until IS NULL OR known.waits_until <= now()
"""


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def wait(domain: str, note: str) -> None:
    """Let letters to a domain wait for a while, because of what one of its servers said."""
    values: dict[str, Any] = {"domain": domain, "note": note[:NOTE_LENGTH], "waits": WAITS, "longest": len(WAITS)}
    with connection.cursor() as cursor:
        cursor.execute(_WAIT, values)


def known(now: datetime) -> tuple[bool, set[str]]:
    """Whether letters to any domain are slowed down or wait, so that claims must look at them; and the domains that throttled us."""
    slowed = Q(per_minute__isnull=False) | Q(throttled__gt=0)
    rows = list(RecipientDomain.objects.filter(slowed).values_list("domain", "per_minute", "waits_until", "throttled"))
    waits = any(rate is not None or (until is not None and until > now) for _, rate, until, _ in rows)
    return waits, {domain for domain, _, _, throttled in rows if throttled}


def took(domains: Iterable[str]) -> None:
    """Forget that these domains throttled us, since they take letters again; a wait that has begun goes on."""
    now = timezone.now()
    over = RecipientDomain.objects.filter(domain__in=list(domains)).exclude(waits_until__gt=now)
    over.update(throttled=0, waits_until=None, note="")


def waiting(now: datetime) -> list[RecipientDomain]:
    """The domains whose letters wait now."""
    return list(RecipientDomain.objects.filter(waits_until__gt=now).order_by("waits_until"))


def rates(now: datetime) -> list[RecipientDomain]:
    """The domains with a rate at which letters wait for their turn now."""
    return list(RecipientDomain.objects.filter(per_minute__isnull=False, free_at__gt=now).order_by("-free_at"))


@transaction.atomic
def let_go(domain: RecipientDomain) -> int:
    """Let the letters to a domain go at once, or by the rate it has now; return how many waited."""
    waits = Delivery.objects.filter(state=Delivery.State.RETRY, subscriber__email__iendswith=f"@{domain.domain}")
    changed = waits.filter(attempts=0).update(
        due_at=TransactionNow(), turn_at=None
    )  # before the domain, as claims lock them
    RecipientDomain.objects.filter(pk=domain.pk).update(waits_until=None, throttled=0, note="", free_at=None)
    return changed
