"""Restore the site from a backup."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.ops.backup import BackupError, restore


class Command(BaseCommand):
    help = "Make the database, the media and the keys what a backup says. Stop web, worker and beat first."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="What `backup` wrote.")
        parser.add_argument("--replace", action="store_true", help="Throw away what is in the database now.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            restore(options["file"].absolute(), replace=options["replace"], say=self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
