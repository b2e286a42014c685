"""Bring posts in from a Webflow CSV, a WordPress XML, a Ghost JSON, or Markdown in a folder or zip."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from articles.images import MAX_BYTES
from articles.importing.detecting import FORMATS, open_export
from articles.importing.fetching import Fetcher
from articles.importing.loading import load
from articles.importing.posts import ImportRefused


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the export: a file, a zip or a folder")
        parser.add_argument("--format", choices=FORMATS, default="auto")
        parser.add_argument("--dry-run", action="store_true", help="write nothing and say what would happen")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write the whole report as JSON")
        parser.add_argument("--encoding", help="of a text file that is not UTF-8, such as cp1252")
        parser.add_argument(
            "--site", default="", metavar="URL", help="the old site's address: links to it become links within this one"
        )
        parser.add_argument("--no-fetch", action="store_true", help="fetch no pictures; keep their addresses")
        parser.add_argument("--private-hosts", action="store_true", help="fetch pictures from your own network as well")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            export = open_export(options["file"], options["format"], options["encoding"])
            export.site = options["site"] or export.site
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
        if options["report"]:
            options["report"].write_text(
                json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
            )
        if report.failed:
            raise CommandError(
                f"{report.counts['refused']} of {len(report.entries)} posts were refused; the reasons are above."
            )


class Progress:
    """A line that counts on a terminal, once the work has taken two seconds."""

    def __init__(self, stream: Any, total: int | None) -> None:
        self.stream = stream
        self.total = total
        self.started = self.shown = time.monotonic()
        self.active = sys.stderr.isatty()

    def __call__(self, number: int) -> None:
        now = time.monotonic()
        if not self.active or now - self.started < 2 or (now - self.shown < 0.2 and number != self.total):
            return
        self.shown = now
        rate = number / (now - self.started)
        share = f" of {self.total} {'█' * (20 * number // self.total):░<20}" if self.total else ""
        self.stream.write(f"\r{number}{share} {rate:.0f}/s", ending="\n" if number == self.total else "")
