"""How fast a briefing goes, how long it still takes, what it waits for, and what its letters met with: for its page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Sum
from django.utils import timezone

from core.lib import clock
from newsletter.models import Briefing, Delivery, MailAccount, SendingRules, SendMinute
from newsletter.sending import accounts, throttling

OVER = timedelta(minutes=3)  # the pace is that of so long
KEPT_FOR = timedelta(days=30)
ERRORS_SHOWN = 20

_NOTE = """
    INSERT INTO newsletter_sendminute AS known (briefing_id, minute, taken) VALUES (%s, date_trunc('minute', now()), %s)
    ON CONFLICT (briefing_id, minute) DO UPDATE SET taken = known.taken + excluded.taken
"""
# Letters that wait for their turn alone met with nothing, and may be most of a long list.
_ERRORS = """
    SELECT state, note, split_part(lower(subscriber.email), '@', 2) AS domain, count(*) AS letters
    FROM newsletter_delivery delivery LEFT JOIN newsletter_subscriber subscriber ON subscriber.id = delivery.subscriber_id
    WHERE delivery.briefing_id = %s AND (state IN ('failed', 'uncertain') OR state = 'retry' AND attempts > 0)
    GROUP BY 1, 2, 3 ORDER BY letters DESC, domain, note LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Held:
    """How many letters wait for their recipients' domains, and when the last of them goes."""

    letters: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Pace:
    """Letters a minute lately, and how long the rest takes at that; None where nothing says, or the rest waits."""

    per_minute: int
    left: timedelta | None

    @property
    def left_in_words(self) -> str:
        if self.left is None:
            return ""
        minutes = max(1, round(self.left.total_seconds() / 60))
        hours, rest = divmod(minutes, 60)
        parts = [f"{hours} h"] if hours else []
        return " ".join([*parts, f"{rest} min"] if rest or not hours else parts)


def note(briefing: Briefing, taken: int) -> None:
    """Add to the letters that were taken in this minute."""
    if taken:
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, [briefing.pk, taken])


def held(briefing: Briefing) -> Held | None:
    """What of a briefing waits for its turn at a domain, or until one takes letters again."""
    waiting = briefing.deliveries.held_by_a_domain().aggregate(letters=Count("id"), until=Max("due_at"))
    return Held(**waiting) if waiting["letters"] else None


def of(briefing: Briefing, *, waiting: int, held: Held | None = None) -> Pace | None:
    """The pace of the last minutes; None where nothing was taken in them. What domains hold back takes until its own time."""
    now = timezone.now()
    lately = briefing.minutes.filter(minute__gt=now - OVER)
    first = lately.order_by("minute").values_list("minute", flat=True).first()
    taken = lately.aggregate(taken=Sum("taken"))["taken"]
    if not taken or first is None:
        return None
    began = max(first, briefing.frozen_at or first)
    per_second = taken / max(1.0, (now - began).total_seconds())
    if not waiting or _all_wait(briefing, now):
        return Pace(round(60 * per_second), None)
    others = timedelta(seconds=(waiting - (held.letters if held else 0)) / per_second)
    return Pace(round(60 * per_second), max(others, held.until - now) if held else others)


def _all_wait(briefing: Briefing, now: datetime) -> bool:
    """Whether what is left waits for something else than its turn."""
    used = accounts.in_use()
    no_way = all(_is_over(account) or account.is_resting(now) for account in used)
    if not used:
        no_way = accounts.are_all_off() or SendingRules.current().is_resting(now)
    return briefing.is_testing_subjects or no_way or bool(briefing.newsletter.quiet_ends(now))


def waits(briefing: Briefing, held: Held | None = None) -> Iterator[str]:
    """What a briefing under way waits for, in sentences."""
    now, zone = timezone.now(), briefing.newsletter.zone
    if ends := briefing.newsletter.quiet_ends(now):
        yield f"Quiet hours: it goes on by itself at {clock.in_words(ends, 'H:i', zone)}."
    for domain in throttling.waiting(now):
        until = clock.in_words(domain.waits_until, "H:i", zone) if domain.waits_until else ""
        yield f"{domain} wants fewer letters for now; those to it wait until {until}, the others go on. It said: {domain.note}"
    if held and (rates := throttling.rates(now)):
        until, gets = (
            clock.in_words(held.until, "H:i", zone),
            "; ".join(f"{each} gets {each.per_minute:,} a minute" for each in rates),
        )
        they = "1 letter waits" if held.letters == 1 else f"{held.letters:,} letters wait"
        yield f"{they} for a turn at the recipient’s domain, the last until {until}: {gets}."
    used, rules = accounts.in_use(), SendingRules.current()
    ways: list[tuple[str, MailAccount | SendingRules]] = [(f"account “{account}”", account) for account in used]
    ways = ways or [("mail server of EMAIL_URL", rules)]
    for name, way in ways:
        if way.is_resting(now) and way.rests_until:
            again = clock.in_words(way.rests_until, "H:i", zone)
            yield f"The {name} cannot be used and is tried again at {again}: {way.trouble}"
    if used and all(map(_is_over, used)):
        yield "All accounts have sent what they may send today; it goes on at 00:00 UTC."
    if rules.per_minute:
        yield f"All briefings together send {rules.per_minute} letters a minute, as the sending rules say."


def _is_over(account: MailAccount) -> bool:
    allowed = account.allowed_on(clock.utc_day())
    return allowed is not None and account.day == clock.utc_day() and account.handed >= allowed


def errors(briefing: Briefing) -> list[dict[str, Any]]:
    """What letters met with, by what was said and the recipient's domain, the most frequent first."""
    with connection.cursor() as cursor:
        cursor.execute(_ERRORS, [briefing.pk, ERRORS_SHOWN])
        rows = cursor.fetchall()
    return [
        {"state": Delivery.State(state).label, "note": said, "domain": domain, "letters": letters}
        for state, said, domain, letters in rows
    ]


def delete_old() -> int:
    """Delete the paces of long ago."""
    deleted, _ = SendMinute.objects.filter(minute__lt=timezone.now() - KEPT_FOR).delete()
    return deleted
