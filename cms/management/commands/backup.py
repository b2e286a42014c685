"""Write everything that must not be lost into one file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.ops.backup import BackupError, back_up


class Command(BaseCommand):
    help = "Write the database, the media and the state folder's keys into one file, while the site goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="Where to; it must not be there yet.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            back_up(options["file"].absolute(), say=self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Not in it, on purpose: the ballots' peppers. Keep a copy of that folder somewhere else.")
