"""import_subscribers FILE… [--newsletter SLUG] [--dry-run]"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from newsletter.importing import ImportFailure, import_subscribers
from newsletter.models import Newsletter


class Command(BaseCommand):
    """Brings subscribers in from the CSV export of another system."""

    help = "Import subscribers from CSV files, such as the exports of Mailchimp, Substack, beehiiv, Ghost and listmonk."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--newsletter", help="The list's slug; without it, the default list.")
        parser.add_argument("--format", default="auto", help="Formats are told apart by their headers.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen and change nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["newsletter"]
        newsletter = Newsletter.objects.filter(slug=slug).first() if slug else Newsletter.objects.default()
        if newsletter is None:
            raise CommandError(
                f"There is no newsletter {slug}." if slug else "There is no newsletter yet. Make one first."
            )
        for path in options["files"]:
            try:
                report = import_subscribers(path, newsletter=newsletter, dry_run=options["dry_run"])
            except ImportFailure as failure:
                raise CommandError(str(failure)) from None
            for line in report.refused:
                self.stderr.write(f"{path}, {line}")
            self.stdout.write(
                f"{path}: {report.added} added to {newsletter}, {report.known} there already, {report.left_alone} left"
                f" alone (unsubscribed or suppressed), {len(report.refused)} refused."
                + (" Nothing was changed." if options["dry_run"] else "")
            )
