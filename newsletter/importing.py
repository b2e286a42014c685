"""The import of subscribers from another system's CSV. Nobody who left or was suppressed comes back by it."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from core.lib.networks import network_of
from newsletter.addresses import Address, parse_address
from newsletter.models import Newsletter, Subscriber, Subscription, Suppression

BATCH = 2_000
# What Mailchimp, Substack, beehiiv, Ghost and listmonk call their columns, in lower case.
EMAIL = ("email address", "email", "e-mail")
NAME = ("name", "first name")
CONSENTED_AT = ("confirm_time", "optin_time", "created_at")
CONSENTED_FROM = ("confirm_ip", "optin_ip")
LEFT_AT = ("unsub_time", "unsubscribed_at")
BOUNCED_AT = ("clean_time",)
OFF = {"status": {"inactive", "unsubscribed", "blocklisted", "disabled"}, "subscribed_to_emails": {"false", "0"}}
OFF["email_disabled"] = {"true", "1"}


class ImportFailure(Exception):
    """The file cannot be read; the text says where and why. Nothing was imported."""


@dataclass(slots=True)
class Report:
    """What an import did, or would do."""

    added: int = 0
    known: int = 0
    left_alone: int = 0
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file: an address with what is known of its consent."""

    address: Address
    name: str
    consented_at: datetime | None
    network: str
    is_off: bool
    bounced: bool


def import_subscribers(path: Path, *, newsletter: Newsletter, dry_run: bool = False) -> Report:
    """Import a CSV file, all of it or, with an ImportFailure, none of it. Malformed addresses are reported by line."""
    report = Report()
    with transaction.atomic():
        rows = _rows(path, report)
        while batch := list(islice(rows, BATCH)):
            _store({row.address.canonical: row for row in batch}, newsletter, f"import of {path.name}"[:80], report)
        transaction.set_rollback(dry_run)
    return report


def _rows(path: Path, report: Report) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            header = [name.strip().lower() for name in next(lines, [])]
            if not set(header) & set(EMAIL):
                raise ImportFailure(f"{path}: no column is named {' or '.join(EMAIL)}. It has: {', '.join(header)}")
            for cells in lines:
                if len(cells) != len(header):
                    where = f"{path}, line {lines.line_num}"
                    raise ImportFailure(f"{where}: {len(cells)} fields instead of {len(header)}; is the file complete?")
                try:
                    yield _row(dict(zip(header, cells, strict=True)))
                except ValidationError as error:
                    report.refused.append(f"line {lines.line_num}: {error.messages[0]}")
    except UnicodeDecodeError as error:
        raise ImportFailure(f"{path}: this is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
    except (csv.Error, OSError) as error:
        raise ImportFailure(f"{path}: {error}") from None


def _row(cells: dict[str, str]) -> Row:
    off = any(cells.get(column, "").strip().lower() in values for column, values in OFF.items())
    return Row(
        address=parse_address(_first(cells, EMAIL)),
        name=f"{_first(cells, NAME)} {cells.get('last name', '')}".strip()[:120],
        consented_at=_time(_first(cells, CONSENTED_AT)),
        network=network_of(_first(cells, CONSENTED_FROM)),
        is_off=off or bool(_first(cells, LEFT_AT)),
        bounced=bool(_first(cells, BOUNCED_AT)),
    )


def _first(cells: dict[str, str], names: tuple[str, ...]) -> str:
    return next((cells[name].strip() for name in names if cells.get(name, "").strip()), "")


def _time(text: str) -> datetime | None:
    try:
        found = parse_datetime(text.removesuffix(" UTC"))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def _store(batch: dict[str, Row], newsletter: Newsletter, source: str, report: Report) -> None:
    """Add the subscribers of a batch that this list does not have; those it has stay as they are."""
    digests = {Suppression.digest_of(canonical): canonical for canonical in batch}
    suppressed = {
        digests[digest] for digest in Suppression.objects.filter(digest__in=digests).values_list("digest", flat=True)
    }
    bounced = [digest for digest, canonical in digests.items() if batch[canonical].bounced]
    Suppression.objects.bulk_create(
        [Suppression(digest=digest, reason=Suppression.Reason.BOUNCE, note=source) for digest in bounced],
        ignore_conflicts=True,
    )
    wanted = {canonical: row for canonical, row in batch.items() if canonical not in suppressed and not row.bounced}
    Subscriber.objects.bulk_create(
        [Subscriber(email=row.address.email, canonical=key, name=row.name) for key, row in wanted.items()],
        ignore_conflicts=True,
    )
    people = dict(Subscriber.objects.filter(canonical__in=wanted).values_list("canonical", "pk"))
    states = dict(
        Subscription.objects.filter(newsletter=newsletter, subscriber__in=people.values()).values_list(
            "subscriber", "state"
        )
    )
    fresh = [
        _subscription(wanted[key], person, newsletter, source) for key, person in people.items() if person not in states
    ]
    Subscription.objects.bulk_create(fresh)
    gone = sum(state == Subscription.State.UNSUBSCRIBED for state in states.values())
    report.added += len(fresh)
    report.known += len(states) - gone
    report.left_alone += gone + len(batch) - len(wanted)


def _subscription(row: Row, subscriber_id: int, newsletter: Newsletter, source: str) -> Subscription:
    now = timezone.now()
    when = row.consented_at or now
    made = Subscription(newsletter=newsletter, subscriber_id=subscriber_id, source=source, requested_at=when)
    made.requested_from = row.network
    if row.is_off:
        made.state, made.unsubscribed_at, made.unsubscribed_by = Subscription.State.UNSUBSCRIBED, now, "import"
    else:
        made.state, made.confirmed_at, made.confirmed_from = Subscription.State.CONFIRMED, when, row.network
    return made
