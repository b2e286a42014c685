"""The export of a newsletter's subscribers, for another system to take: plain CSV, listmonk's form, Mailchimp's three files.

Those who left and those who are suppressed are in it as such, so that nobody who said no is mailed from there.
"""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from core.lib import spreadsheets
from newsletter.models import Newsletter, Segment, Subscriber, SubscriberField, Subscription, Suppression
from newsletter.subscribers import segments, traits

State, Reason = Subscription.State, Suppression.Reason
AT_ONCE = 2_000
_SUPPRESSED = {
    Reason.BOUNCE: "bounced",
    Reason.COMPLAINT: "complained",
    Reason.STAFF: "blocklisted",
    Reason.ERASED: "blocklisted",
}
_LISTMONK = {"active": "enabled", "paused": "disabled", "unsubscribed": "disabled"}


@dataclass(frozen=True, slots=True)
class File:
    """One file of an export: the end of its name, its columns, which standings are in it, and the cells of a row."""

    suffix: str
    header: Sequence[str]
    takes: frozenset[str]
    cells: Callable[[Subscription, str], Sequence[str]]
    has_fields: bool = False  # a column for each field; elsewhere their values are among the attributes


def standing_of(row: Subscription) -> str:
    """What a subscriber is on a list, in the word that our own import reads back. A pause is a no, for its time."""
    if row.subscriber.suppressed:
        return _SUPPRESSED[Reason(row.subscriber.suppressed)]
    if row.state == State.CONFIRMED and row.is_paused:
        return "paused"
    return {State.CONFIRMED: "active", State.PENDING: "pending"}.get(State(row.state), "unsubscribed")


def write(newsletter: Newsletter, path: Path, *, form: str, segment: Segment | None = None) -> dict[Path, int]:
    """Write an export beside or at a path; return how many rows each file has. Raises FileExistsError."""
    written: dict[Path, int] = {}
    for file in FORMS[form]:
        place = path.with_name(f"{path.stem}{file.suffix}{path.suffix}")
        with place.open("x", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(header(file))
            written[place] = 0
            for cells in rows(newsletter, file, segment=segment):
                writer.writerow(cells)
                written[place] += 1
    return written


def pieces(newsletter: Newsletter, *, form: str, name: str, **narrowed: Any) -> Iterator[bytes]:
    """An export piece by piece, to be sent while it is read: a CSV file, or a zip archive of several."""
    if len(FORMS[form]) == 1:
        return spreadsheets.lines(_lines(newsletter, FORMS[form][0], **narrowed))
    files = ((f"{name}{file.suffix}.csv", _lines(newsletter, file, **narrowed)) for file in FORMS[form])
    return spreadsheets.zipped((file, spreadsheets.lines(rows)) for file, rows in files)


def _lines(newsletter: Newsletter, file: File, **narrowed: Any) -> Iterator[Sequence[str]]:
    return chain([header(file)], rows(newsletter, file, **narrowed))


def header(file: File) -> Sequence[str]:
    """The names of a file's columns."""
    return [*file.header, *(field.name for field in _fields(file))]


def rows(
    newsletter: Newsletter, file: File, *, segment: Segment | None = None, among: QuerySet[Subscriber] | None = None
) -> Iterator[Sequence[str]]:
    """The rows of one file, of everybody or of a segment or some, in the order in which the subscriptions were made."""
    every = newsletter.subscriptions.select_related("subscriber").prefetch_related("subscriber__tags").order_by("id")
    if segment:
        every = every.filter(subscriber__in=segments.members(segment))
    if among is not None:
        every = every.filter(subscriber__in=among)
    keys = [field.key for field in _fields(file)]
    for row in every.iterator(chunk_size=AT_ONCE):
        standing = standing_of(row)
        if standing in file.takes:
            values = row.subscriber.attributes
            yield [*file.cells(row, standing), *(traits.in_words(values.get(key)) for key in keys)]


def _fields(file: File) -> Sequence[SubscriberField]:
    return list(SubscriberField.objects.all()) if file.has_fields else []


def _time(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _plain(row: Subscription, standing: str) -> Sequence[str]:
    times = _time(row.requested_at), _time(row.confirmed_at), _time(row.unsubscribed_at)
    # The import takes a filled column of this name for a stop, so a time from before somebody came back is left out.
    left = times[2] if standing == "unsubscribed" else ""
    who = row.subscriber
    return who.email, who.name, standing, *times[:2], left, row.source, _json(who.attributes), _tags(row)


def _listmonk(row: Subscription, standing: str) -> Sequence[str]:
    status = _LISTMONK.get(standing, "blocklisted")
    tags = [tag.name for tag in row.subscriber.tags.all()]
    attributes = row.subscriber.attributes | ({"tags": tags} if tags else {})
    return row.subscriber.email, row.subscriber.name, _json(attributes), status, _time(row.confirmed_at)


def _mailchimp(row: Subscription, standing: str) -> Sequence[str]:
    first, _, last = row.subscriber.name.rpartition(" ")
    moments = row.requested_at, row.confirmed_at, row.unsubscribed_at
    times = [f"{each:%Y-%m-%d %H:%M:%S}" if each else "" for each in moments]
    if not first:
        first, last = last, ""
    stop = [] if standing == "active" else [times[2]]
    return row.subscriber.email, first, last, times[0], times[1], *stop, _tags(row)


def _json(attributes: dict[str, Any]) -> str:
    return json.dumps(attributes, ensure_ascii=False)


def _tags(row: Subscription) -> str:
    return traits.written(tag.name for tag in row.subscriber.tags.all())


_EVERYBODY = frozenset({"active", "paused", "pending", "unsubscribed", *_SUPPRESSED.values()})
_NAMES = ("Email Address", "First Name", "Last Name", "OPTIN_TIME", "CONFIRM_TIME")
_COLUMNS = (
    "email",
    "name",
    "status",
    "subscribed_at",
    "confirmed_at",
    "unsubscribed_at",
    "source",
    "attributes",
    "tags",
)
FORMS = {
    "plain": [File("", _COLUMNS, _EVERYBODY, _plain)],
    # Whoever has not confirmed is not listmonk's to mail, and it has no status for them.
    "listmonk": [
        File("", ("email", "name", "attributes", "status", "created_at"), _EVERYBODY - {"pending"}, _listmonk)
    ],
    "mailchimp": [
        File("-subscribed", (*_NAMES, "TAGS"), frozenset({"active"}), _mailchimp, has_fields=True),
        File(
            "-unsubscribed",
            (*_NAMES, "UNSUB_TIME", "TAGS"),
            frozenset({"paused", "unsubscribed", "complained", "blocklisted"}),
            _mailchimp,
            has_fields=True,
        ),
        File("-cleaned", (*_NAMES, "CLEAN_TIME", "TAGS"), frozenset({"bounced"}), _mailchimp, has_fields=True),
    ],
}
