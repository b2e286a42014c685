"""export_subscribers FILE [--newsletter SLUG] [--segment NAME] [--format plain|listmonk|mailchimp]"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from newsletter.models import Newsletter, Segment
from newsletter.subscribers import exports


class Command(BaseCommand):
    """Writes the subscribers of a newsletter into a CSV file, or into Mailchimp's three."""

    help = "Export a newsletter's subscribers, those who left and are suppressed among them, for another system."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--newsletter", help="The list's slug; without it, the default list.")
        parser.add_argument("--segment", help="The name of a segment: only those who are in it.")
        parser.add_argument("--format", choices=[*exports.FORMS], default="plain")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["newsletter"]
        newsletter = Newsletter.objects.filter(slug=slug).first() if slug else Newsletter.objects.default()
        if newsletter is None:
            raise CommandError(f"There is no newsletter {slug}." if slug else "There is no newsletter yet.")
        named = options["segment"]
        segment = Segment.objects.filter(name__iexact=named).first() if named else None
        if named and segment is None:
            raise CommandError(f"There is no segment {named}.")
        try:
            written = exports.write(newsletter, options["file"], form=options["format"], segment=segment)
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from None
        for path, number in written.items():
            self.stdout.write(f"{path}: {number} of {newsletter}")
