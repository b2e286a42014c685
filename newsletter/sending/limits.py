"""How fast letters may leave: rates that all pumps of all processes share, the days of accounts, and quiet hours.

A rate is one moment in a row (the generic cell rate algorithm): when the next letter has room. One UPDATE takes as many as
there is room for; where nothing is limited, nothing is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import expovariate
from typing import Any

from django.db import connection

from core.lib import clock
from newsletter.models import MailAccount, SendingRules

ALONE = 3000  # letters a minute that one pump manages in any case
PAUSE = 2.0  # seconds at least between two runs of a pump that waits for room: its worker does something else meanwhile
BURST = 3  # seconds' worth that may go at once after a pause, so that a run that comes a little late loses nothing

_TAKE = """
    UPDATE {table} bucket SET free_at = taken.begins + taken.number * %(each)s
    FROM (
        SELECT begins, greatest(0, least(%(wanted)s, 1 + floor(
            extract(epoch FROM clock_timestamp() - begins) / extract(epoch FROM %(each)s::interval)
        )::int)) AS number
        FROM (
            SELECT greatest(free_at, clock_timestamp() - %(each)s * (%(burst)s - 1)) AS begins FROM {table}
            WHERE id = %(id)s FOR UPDATE
        ) locked
    ) taken
    WHERE bucket.id = %(id)s RETURNING taken.number
"""
_TAKE_OF_DAY = """
    UPDATE newsletter_mailaccount bucket SET day = %(day)s, handed = taken.before + taken.number
    FROM (
        SELECT before, greatest(0, least(%(wanted)s, %(allowed)s - before)) AS number
        FROM (
            SELECT CASE WHEN day = %(day)s THEN handed ELSE 0 END AS before FROM newsletter_mailaccount
            WHERE id = %(id)s FOR UPDATE
        ) locked
    ) taken
    WHERE bucket.id = %(id)s RETURNING taken.number
"""
_GIVE_BACK = """
    UPDATE newsletter_mailaccount SET handed = greatest(0, handed - %(unused)s) WHERE id = %(id)s AND day = %(day)s
"""


def take(row: MailAccount | SendingRules, wanted: int) -> int:
    """Take room for up to so many letters from the rate of an account, or from that of all; return for how many there is."""
    if row.per_minute is None or wanted <= 0:
        return max(wanted, 0)
    statement = _TAKE.format(table=row._meta.db_table)
    each = timedelta(minutes=1) / row.per_minute
    values = {"each": each, "burst": max(1, row.per_minute * BURST // 60), "wanted": wanted, "id": row.pk}
    return _number(statement, values)


def take_of_day(account: MailAccount, wanted: int, *, day: date) -> int:
    """Take up to so many letters from what an account may send that day; return how many are left to it."""
    allowed = account.allowed_on(day)
    if allowed is None or wanted <= 0:
        return max(wanted, 0)
    return _number(_TAKE_OF_DAY, {"day": day, "wanted": wanted, "allowed": allowed, "id": account.pk})


def give_back(account: MailAccount, unused: int, *, day: date) -> None:
    """Count letters that did not leave by an account after all as not sent, while that day lasts."""
    if unused > 0 and account.allowed_on(day) is not None:
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK, {"unused": unused, "day": day, "id": account.pk})


def _number(statement: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def one_pump_is_enough() -> bool:
    """Whether so few letters may leave that a second pump would only wait beside the first."""
    rates = [account.per_minute for account in MailAccount.objects.filter(is_active=True)]
    slowest = [SendingRules.current().per_minute, sum(filter(None, rates)) if rates and all(rates) else None]
    return any(rate is not None and rate <= ALONE for rate in slowest)


@dataclass(slots=True, eq=False)
class Share:
    """One account's part in a pump's run: how many it was given, and the room that was taken for it and not used yet."""

    account: MailAccount | None
    given: float = 0.0
    room: int = 0
    day: date | None = None  # of that room
    is_over: bool = False  # its day

    @property
    def weight(self) -> int:
        return self.account.weight if self.account else 1


@dataclass(slots=True)
class Allowance:
    """What one run of a pump may hand out, to whom. Room in a rate that was not used is lost with the run, that in a day is not."""

    shares: Sequence[Share]
    rules: SendingRules = field(default_factory=SendingRules.current)
    room: int = 0

    def __post_init__(self) -> None:
        for share in self.shares:  # else a run of a few letters would always begin with the same account
            share.given = expovariate(1.0)

    @property
    def is_limited(self) -> bool:
        return self.rules.per_minute is not None or any(
            share.account and _is_limited(share.account) for share in self.shares
        )

    @property
    def seconds_to_room(self) -> float:
        """How long the next letter has to wait at most where there is no room now."""
        rates = [share.account.per_minute if share.account else None for share in self.shares if not share.is_over]
        by_an_account = 60 / max(filter(None, rates)) if rates and all(rates) else 0.0
        return max(by_an_account, 60 / self.rules.per_minute if self.rules.per_minute else 0.0)

    def ask(self, wanted: int, usable: Sequence[Share]) -> int:
        """How many of the letters that are wanted may leave now, by the accounts that are usable."""
        if not self.is_limited:
            return wanted if usable else 0
        self.room += take(self.rules, wanted - self.room)
        wanted = min(wanted, self.room)
        for share in usable:
            if share.account and share.room < wanted:
                self._fill(share, share.account, wanted)
        return min(wanted, sum(share.room if share.account else wanted for share in usable))

    def _fill(self, share: Share, account: MailAccount, wanted: int) -> None:
        today = clock.utc_day()
        if share.day != today:
            share.room, share.day = 0, today  # what is left of yesterday's is of no use any more
        of_rate = take(account, wanted - share.room)
        of_day = take_of_day(account, of_rate, day=today)
        share.room += of_day
        share.is_over = of_day < of_rate

    def give_back(self, share: Share, unsent: int) -> None:
        """Return the room in its account's day that the run did not use, with that of letters which came back unsent."""
        if share.account and share.day:
            give_back(share.account, share.room + unsent, day=share.day)
            share.room = 0

    def choose(self, usable: Sequence[Share]) -> Share:
        """The account whose turn it is by the weights."""
        share = usable[0]
        if len(usable) > 1:
            open_to = [each for each in usable if each.room] if self.is_limited else usable
            share = min(open_to or usable, key=lambda each: each.given / (each.weight or 1))
        share.given += 1
        share.room, self.room = max(0, share.room - 1), max(0, self.room - 1)
        return share


def _is_limited(account: MailAccount) -> bool:
    return account.per_minute is not None or account.per_day is not None or account.warms_up_from is not None
