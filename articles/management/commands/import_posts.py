"""Import posts from the export of another system, as it came: a file, a zip or a folder."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from articles.images import MAX_BYTES
from articles.importing.detecting import FORMATS, open_export
from articles.importing.load.fetcher import Fetcher
from articles.importing.load.loader import load
from articles.importing.posts import Export, ImportRefused
from articles.importing.progress import Progress
from articles.importing.verify.comparison import verify

IN_FILES = (
    "It also holds lists of subscribers ({}), which are not imported with the posts: take them out of the zip and use"
    " import_subscribers, or bring the export in at the desk, which hands them over."
)
IN_DATA = (
    "It also says who subscribes, which is not imported with the posts: bring the export in at the desk, which hands this"
    " over as a list, or export the subscribers there as CSV and use import_subscribers."
)


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the export: a file, a zip or a folder")
        parser.add_argument("--format", choices=FORMATS, default="auto")
        parser.add_argument("--dry-run", action="store_true", help="write nothing and say what would happen")
        parser.add_argument(
            "--verify",
            action="store_true",
            help="afterwards count words, links, pictures, code and more there and here, list what differs, and fail if anything does",
        )
        parser.add_argument("--report", type=Path, metavar="FILE", help="write the whole report as JSON")
        parser.add_argument("--encoding", help="of a text file that is not UTF-8, such as cp1252")
        parser.add_argument(
            "--site", default="", metavar="URL", help="the old site's address: links to it become links within this one"
        )
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="FIELD=NAME",
            help="the column of a CSV that holds a field, such as standfirst=Snippet",
        )
        parser.add_argument("--no-fetch", action="store_true", help="fetch no pictures; keep their addresses")
        parser.add_argument("--private-hosts", action="store_true", help="fetch pictures from your own network as well")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verify"] and options["dry_run"]:
            raise CommandError("--verify compares the export with what was imported, and a dry run imports nothing.")
        try:
            export = open_export(options["file"], options["format"], options["encoding"])
            export.site = options["site"] or export.site
            export.columns |= _columns(options["column"])
            export.remarks += _of_subscribers(export)
            report = load(
                export,
                source=options["file"].name,
                dry_run=options["dry_run"],
                fetcher=Fetcher(
                    max_bytes=MAX_BYTES, enabled=not options["no_fetch"], private_hosts=options["private_hosts"]
                ),
                tick=Progress(self.stderr, export.total),
            )
        except ImportRefused as refused:
            raise CommandError(str(refused)) from None
        for line in report.lines():
            self.stdout.write(line)
        whole = report.as_json()
        verified = None
        if options["verify"]:
            verified = verify(
                options["file"],
                export.format,
                site=export.site,
                encoding=options["encoding"],
                columns=_columns(options["column"]),
            )
            whole["verified"] = verified.as_json()
            for line in verified.lines():
                self.stdout.write(line)
        if options["report"]:
            options["report"].write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        if report.failed:
            missing = report.counts["refused"] + report.counts["failed"]
            raise CommandError(f"{missing} of {len(report.entries)} posts were not imported; the reasons are above.")
        if verified and verified.differs:
            raise CommandError(
                f"{len(verified.differences)} of {verified.posts} posts differ from the export, as listed above."
            )


def _of_subscribers(export: Export) -> Iterator[str]:
    """How those are brought in who subscribe to what the posts came from."""
    if names := [file.name for file in export.subscribers if file.is_file]:
        yield IN_FILES.format(", ".join(names))
    if len(names) < len(export.subscribers):
        yield IN_DATA


def _columns(given: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    if wrong := next((field for field, _, name in pairs if not name), ""):
        raise CommandError(f"Write --column as FIELD=NAME, such as standfirst=Snippet, not “{wrong}”.")
    return {field.strip(): name.strip(' “”"') for field, _, name in pairs}
