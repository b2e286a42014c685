"""Signals of stuffing for the steward: where requests for ballots come from. They block nobody, and know of no choice."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import randrange

from django.db import connection
from django.db.models import Count, Sum
from django.utils import timezone

from core.lib import batches, clock
from core.lib.recordsets import recordset
from newsletter.domains import is_disposable
from surveys import addresses, keys
from surveys.models import MailboxName, RequestCount, Season

KEPT_FOR = timedelta(days=30)
SLOTS = 8
LEAST_SHOWN = 5  # requests from a domain before it is named: a domain of one's own is a person's name
MANY_OF_A_DOMAIN = 30
MANY_OF_A_NETWORK = 50  # a day
SHOWN = 50
_COUNT = """
    INSERT INTO surveys_requestcount (season_id, day, kind, value, slot, number)
    SELECT season, %s, kind, value, %s, number
    FROM json_to_recordset(%s) AS counted(season bigint, kind text, value text, number int)
    ON CONFLICT (season_id, day, kind, value, slot) DO UPDATE SET number = surveys_requestcount.number + excluded.number
"""


@dataclass(frozen=True)
class Line:
    """Requests from one place; `stands_out` where the steward should look at it."""

    name: str
    number: int
    stands_out: bool
    day: date | None = None
    is_disposable: bool = False


@dataclass(frozen=True)
class Report:
    """Where a season's requests came from in the last thirty days."""

    total: int
    domains: list[Line]
    small_domains: int
    from_small_domains: int
    from_disposable: int
    networks: list[Line]
    mailboxes: list[tuple[str, int]]  # by provider: mailboxes that asked under several addresses
    without_proof: int


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a ballot, and from which public network, if it is one."""

    season: Season
    email: str
    voter: bytes
    network: str
    is_unproven: bool = False  # without a proof of work, where one was wanted


def note(askers: Sequence[Asker]) -> None:
    """Count requests where they came from. Raises keys.PepperMissing.

    Call it outside the transaction that stores the ballots, so that the database does not tell which belongs to which.
    """
    day, hour = clock.utc_day(), timezone.now().astimezone(UTC).hour
    counted, names = Counter[tuple[int, str, str]](), set[tuple[int, str, bytes, bytes]]()
    peppers = {season: keys.pepper(season) for season in {asker.season for asker in askers}}
    for asker in askers:
        season, pepper = asker.season, peppers[asker.season]
        counted[season.pk, "domain", _domain(asker)] += 1
        counted[season.pk, "hour", f"{hour:02}"] += 1
        if asker.is_unproven:
            counted[season.pk, "unproven", ""] += 1
        if asker.network:
            counted[season.pk, "network", pepper.network_name(day, asker.network)] += 1
        if found := addresses.mailbox(asker.email):
            provider, mailbox = found
            names.add((season.pk, provider, pepper.mailbox_key(mailbox), asker.voter))
    rows = [
        {"season": season, "kind": kind, "value": value, "number": counted[season, kind, value]}
        for season, kind, value in sorted(counted)  # in one order: none waits for another
    ]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [day, randrange(SLOTS), recordset(rows)])
    if names:
        fields = ("season_id", "provider", "mailbox_key", "voter_key")
        made = [MailboxName(**dict(zip(fields, name, strict=True))) for name in sorted(names)]
        MailboxName.objects.bulk_create(made, ignore_conflicts=True)


def origins(asker: Asker, pepper: keys.Pepper) -> list[str]:
    """The names by which a ballot keeps the places that it came from (surveys.quarantine)."""
    names = [pepper.network_name(clock.utc_day(), asker.network)] if asker.network else []
    return [pepper.domain_name(_domain(asker)), *names]


def _domain(asker: Asker) -> str:
    return addresses.domain_of(asker.email)[:255]


def report(season: Season) -> Report:
    domains = _lines(season, RequestCount.Kind.DOMAIN)
    shown = [line for line in domains if line.number >= LEAST_SHOWN]
    return Report(
        total=sum(line.number for line in domains),
        domains=shown[:SHOWN],
        small_domains=len(domains) - len(shown),
        from_small_domains=sum(line.number for line in domains if line.number < LEAST_SHOWN),
        from_disposable=sum(line.number for line in domains if line.is_disposable),
        networks=_lines(season, RequestCount.Kind.NETWORK)[:SHOWN],
        mailboxes=_mailboxes(season),
        without_proof=sum(line.number for line in _lines(season, RequestCount.Kind.UNPROVEN)),
    )


def standing_out(season: Season) -> int:
    """How many places the steward should look at."""
    lines = [line for kind in (RequestCount.Kind.DOMAIN, RequestCount.Kind.NETWORK) for line in _lines(season, kind)]
    return sum(line.stands_out for line in lines)


def by_hour(season: Season, hours: int = 72) -> list[tuple[datetime, int]]:
    """How many ballots were asked for in each of the last hours, the latest last."""
    now = timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    counts = season.request_counts.filter(kind=RequestCount.Kind.HOUR, day__gte=(now - timedelta(hours=hours)).date())
    found = {
        datetime(row["day"].year, row["day"].month, row["day"].day, int(row["value"]), tzinfo=UTC): row["requests"]
        for row in counts.values("day", "value").annotate(requests=Sum("number"))
    }
    return [(hour, found.get(hour, 0)) for hour in (now - timedelta(hours=back) for back in reversed(range(hours)))]


def delete_old() -> int:
    """Delete the counts of days that are long past."""
    return batches.delete(RequestCount.objects.filter(day__lt=clock.utc_day() - KEPT_FOR))


def _lines(season: Season, kind: RequestCount.Kind) -> list[Line]:
    """Domains over all days, or networks by day, since their names change daily; most requests first."""
    by_day = kind == RequestCount.Kind.NETWORK
    counts = season.request_counts.filter(kind=kind)
    summed = counts.values("value", *(["day"] if by_day else [])).annotate(requests=Sum("number"))
    rows = list(summed.order_by("-requests", "value"))
    if by_day:
        return [Line(row["value"], row["requests"], row["requests"] >= MANY_OF_A_NETWORK, row["day"]) for row in rows]
    return [_domain_line(row["value"], row["requests"]) for row in rows]


def _domain_line(domain: str, number: int) -> Line:
    disposable = is_disposable(domain)
    many = LEAST_SHOWN if disposable else MANY_OF_A_DOMAIN
    stands_out = number >= many and domain not in addresses.WELL_KNOWN
    return Line(domain, number, stands_out, is_disposable=disposable)


def _mailboxes(season: Season) -> list[tuple[str, int]]:
    several = season.mailbox_names.values("provider", "mailbox_key").annotate(names=Count("pk")).filter(names__gt=1)
    found: dict[str, int] = {}
    for provider in several.values_list("provider", flat=True):
        found[provider] = found.get(provider, 0) + 1
    return sorted(found.items())
