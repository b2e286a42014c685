"""The import of subscribers from other systems' exports: files, columns, dates, verdicts, staging, and loading by batches.

Nobody who left or was suppressed here comes back by it, and whoever is not known to be active there is not mailed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from core.lib.text import without_addresses
from newsletter.models import Newsletter, SubscriberField
from newsletter.subscribers.importing import staging
from newsletter.subscribers.importing.columns import ROLES, Columns, recognise
from newsletter.subscribers.importing.dates import Order
from newsletter.subscribers.importing.files import BadRow, ImportFailure, Layout, layout_of, records
from newsletter.subscribers.importing.load import Loader
from newsletter.subscribers.importing.report import NO_STATUS, Report
from newsletter.subscribers.importing.rows import Row, RowReader, RowRefused
from newsletter.subscribers.importing.verdicts import KINDS, Verdict, normal

__all__ = ["ImportFailure", "Report", "import_subscribers", "preview", "recognised"]
SAMPLE = 200
LATEST = timedelta(days=1)  # clocks differ


def import_subscribers(
    path: Path,
    *,
    newsletter: Newsletter,
    dry_run: bool = False,
    date_order: str = "",
    told: Mapping[str, str] | None = None,
    tags: Sequence[str] = (),
    words: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Import a file: its good rows come in, the others are named in the report.

    `told` gives columns, by their names, roles of columns.ROLES that their names do not tell, or field:KEY; an empty one
    leaves a column out. Everybody in the file gets the `tags`. `words` says which of verdicts.KINDS a status is that no system
    is known to write. `progress` hears how many rows are done of how many: none while the file is read. It goes by batches: what kills
    it leaves whole ones, and a second run ends in the same state. Raises ImportFailure, with nothing changed, for a file
    that cannot be read at all.
    """
    report = Report()
    layout, columns = recognised(path, told)
    if unknown := {*(words or {}).values()} - {*KINDS}:
        raise ImportFailure(f"No status is called “{unknown.pop()}”. There are: {', '.join(KINDS)}")
    report.format, report.layout, report.ignored = columns.system, layout.in_words(), columns.ignored
    reader = _reader(layout, columns, tags, words)
    if not dry_run:
        _import(path, layout, reader, newsletter, Order(date_order), report, progress)
        return report
    with transaction.atomic():
        _import(path, layout, reader, newsletter, Order(date_order), report, progress)
        transaction.set_rollback(True)
    return report


def recognised(path: Path, told: Mapping[str, str] | None = None) -> tuple[Layout, Columns]:
    """How a file is written and what its columns are. Raises ImportFailure."""
    told, fields = told or {}, declared()
    if unknown := set(told.values()) - {*ROLES, *fields, ""}:
        kinds = ", ".join([*ROLES, *fields])
        raise ImportFailure(f"There is no kind of column “{unknown.pop()}”. There are: {kinds}")
    layout = layout_of(path, email=next((name for name, role in told.items() if role == "email"), ""))
    if missing := {normal(name) for name in told} - {normal(name) for name in layout.header}:
        raise ImportFailure(f"{path}: no column is named {missing.pop()}. It has: {', '.join(layout.header)}")
    sample = [found for _, found in islice(records(path, layout), SAMPLE) if not isinstance(found, BadRow)]
    if layout.header:
        names = {normal(name): role for role, field in fields.items() for name in (field.key, field.name)}
        columns = recognise(layout.header, path.name, sample, told, names)
    else:
        place = next((place for place, cell in enumerate(sample[0]) if "@" in cell), 0) if sample else 0
        columns = Columns(system="addresses without a header", places={"email": [place]})
    if "email" not in columns.places:
        raise ImportFailure(f"{path}: no column has the addresses.")
    return layout, columns


def declared() -> dict[str, SubscriberField]:
    """The fields of subscribers, by the roles that columns can have for them."""
    return {f"field:{field.key}": field for field in SubscriberField.objects.all()}


def preview(
    path: Path, *, told: Mapping[str, str] | None = None, words: Mapping[str, str] | None = None, rows: int = 10
) -> list[tuple[int, Row | str]]:
    """The first rows with their lines, as they are understood, or why they are not taken. Raises ImportFailure."""
    layout, columns = recognised(path, told)
    reader = _reader(layout, columns, words=words)
    found: list[tuple[int, Row | str]] = []
    for line, cells in islice(records(path, layout), rows):
        try:
            found.append((line, cells.reason if isinstance(cells, BadRow) else reader.read(cells)))
        except RowRefused as refusal:
            found.append((line, str(refusal)))
    return found


def _reader(
    layout: Layout, columns: Columns, tags: Sequence[str] = (), words: Mapping[str, str] | None = None
) -> RowReader:
    width = len(layout.header) or max(columns.places["email"]) + 1
    return RowReader(columns, width, timezone.now() + LATEST, declared(), tags, words)


def _import(
    path: Path,
    layout: Layout,
    reader: RowReader,
    newsletter: Newsletter,
    order: Order,
    report: Report,
    progress: Callable[[int, int], None],
) -> None:
    with staging.staged() as cursor:
        with transaction.atomic():
            good = _good_rows(records(path, layout), reader, order, report)
            report.rows = staging.copy(cursor, good, lambda read: progress(0, read))
            staging.settle_dates(cursor, order, report)
            report.duplicates = staging.merge(cursor)
        loader = Loader(cursor, newsletter, f"import of {without_addresses(path.name)}", report)
        addresses = report.rows - report.duplicates
        for done in loader.load(addresses, has_traits=reader.has_traits):
            progress(done, addresses)


def _good_rows(
    found: Iterator[tuple[int, list[str] | BadRow]], reader: RowReader, order: Order, report: Report
) -> Iterator[tuple[int, Row]]:
    for line, cells in found:
        if isinstance(cells, BadRow):
            report.refused.add(line, cells.reason)
            continue
        if not any(cells):
            continue
        try:
            row = reader.read(cells)
        except RowRefused as refusal:
            report.refused.add(line, str(refusal))
            continue
        if row.verdict == Verdict.UNCONFIRMED:
            report.note_word(row.word or NO_STATUS, line)
        if row.unread:
            report.unread.add(line, row.unread)
        for reading in row.given, row.stopped:
            if reading.problem:
                report.dateless.add(line, f"no usable date: {reading.problem}")
            elif reading.day_leads is not None:
                order.seen.add(reading.day_leads)
        yield line, row
