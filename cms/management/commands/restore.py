"""Restore the site from a backup."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.ops.backup import BackupError, restore
from cms.ops.rehearsal import rehearse


class Command(BaseCommand):
    help = "Make the database, the media and the keys what a backup says. Stop web, worker and beat first."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="What `backup` wrote.")
        parser.add_argument("--replace", action="store_true", help="Throw away what is in the database now.")
        parser.add_argument("--identity", type=Path, help="The file of the private key, if it is encrypted.")
        parser.add_argument(
            "--check",
            action="store_true",
            help="Change nothing: restore it into a scratch database, compare every table, and drop that again.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            path, identity, say = options["file"].absolute(), options["identity"], self.stdout.write
            if options["check"]:
                rehearse(path, identity=identity, say=say)
            else:
                restore(path, replace=options["replace"], identity=identity, say=say)
        except BackupError as error:
            raise CommandError(str(error)) from error
