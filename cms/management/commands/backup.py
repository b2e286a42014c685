"""Write everything that must not be lost into one file."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.ops import kept_backups
from cms.ops.backup import BackupError, back_up


class Command(BaseCommand):
    help = "Write the database, the media and the state folder's keys into one file, while the site goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            nargs="?",
            help="Where to; it must not be there yet. Without: into BACKUP_FOLDER, as by the clock.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["file"]:
                back_up(options["file"].absolute(), say=self.stdout.write)
            elif settings.BACKUP_FOLDER:
                kept_backups.make(say=self.stdout.write)
            else:
                raise CommandError("Name a file, or set BACKUP_FOLDER.")
        except BackupError as error:
            raise CommandError(str(error)) from error
        if settings.BACKUP_RECIPIENTS:
            self.stdout.write("Encrypted: only the private keys of BACKUP_RECIPIENTS open it.")
        self.stdout.write("Not in it, on purpose: the ballots' peppers. Keep a copy of that folder somewhere else.")
