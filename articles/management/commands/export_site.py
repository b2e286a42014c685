"""Export all articles and what they refer to as Markdown, YAML and images, which `import_posts` reads."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from articles.export import ExportRefused, export_site
from articles.importing.progress import Progress
from articles.models import Article


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a folder that is new or empty")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = export_site(options["folder"], tick=Progress(self.stderr, Article.objects.count()))
        except ExportRefused as refused:
            raise CommandError(str(refused)) from None
        told = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
        self.stdout.write(f"Wrote to {options['folder']}: {told or 'an empty site'}.")
