"""import_subscribers FILE… [--newsletter SLUG] [--dates day-first|month-first] [--column NAME=KIND] [--word WORD=STATUS] [--tag NAME] [--dry-run]"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from newsletter.models import Newsletter
from newsletter.subscribers.importing import ImportFailure, import_subscribers
from newsletter.subscribers.importing.verdicts import KINDS
from newsletter.subscribers.traits import clean_names


class Command(BaseCommand):
    """Brings subscribers in from the CSV export of another system."""

    help = (
        "Import subscribers from CSV files: exports of Mailchimp, Substack, beehiiv, Ghost, listmonk, Buttondown, Kit and"
        " Curated, and any other with a column of addresses."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--newsletter", help="The list's slug; without it, the default list.")
        parser.add_argument("--format", default="auto", help="Formats are told apart by their headers.")
        parser.add_argument(
            "--dates",
            choices=["day-first", "month-first"],
            default="",
            help="How to read 04/11/2023 where the file does not tell.",
        )
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="NAME=KIND",
            help="What a column holds whose name does not tell, such as Mail=email, Group=tags or Town=field:town; NAME= leaves it out.",
        )
        parser.add_argument(
            "--word",
            action="append",
            default=[],
            metavar="WORD=STATUS",
            help=f"What a status means that is not known, such as actif=active: {', '.join(KINDS)}.",
        )
        parser.add_argument(
            "--tag", action="append", default=[], metavar="NAME", help="Gives everybody in the files a tag."
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen and change nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["newsletter"]
        newsletter = Newsletter.objects.filter(slug=slug).first() if slug else Newsletter.objects.default()
        if newsletter is None:
            raise CommandError(
                f"There is no newsletter {slug}." if slug else "There is no newsletter yet. Make one first."
            )
        for path in options["files"]:
            self._import(path, newsletter, options)

    def _import(self, path: Path, newsletter: Newsletter, options: dict[str, Any]) -> None:
        order, dry_run = options["dates"], options["dry_run"]
        told = dict(text.rpartition("=")[::2] for text in options["column"])
        try:
            report = import_subscribers(
                path,
                newsletter=newsletter,
                dry_run=dry_run,
                date_order=order,
                told=told,
                tags=clean_names(options["tag"]),
                words=dict(text.rpartition("=")[::2] for text in options["word"]),
            )
        except ImportFailure as failure:
            raise CommandError(str(failure)) from None
        for named in report.refused, report.dateless, report.unread:
            for line in named.lines:
                self.stderr.write(f"{path}, {line}")
            if named.count > len(named.lines):
                self.stderr.write(f"{path}: and {named.count - len(named.lines):,} more lines like these")
        self.stdout.write(
            f"{path}: {report.added} added to {newsletter}, {report.known} there already, {report.left_alone} left"
            f" alone (unsubscribed or suppressed), {report.suppressed} suppressed by it, {report.refused.count} refused."
            + (" Nothing was changed." if dry_run else "")
        )
        for words in report.in_words():
            self.stdout.write(f"  {words}")
