"""Put in place what the site needs before it can be served: migrations, static files, the demo newsroom."""

import hashlib
import time
from argparse import FileType
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from cms.ops import first_migration


class Command(BaseCommand):
    """Each step does nothing if it was done before."""

    help = "Migrate the database, load the demo newsroom once where there is one, collect static files if they changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only-static", action="store_true", help="Leave the database alone.")
        parser.add_argument("--no-demo", action="store_true", help="Do not load the demo newsroom.")
        parser.add_argument(
            "--addresses", type=FileType("w"), metavar="FILE", help="Write there what `addresses` prints."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["only_static"]:
            self.prepare_database(demo=not options["no_demo"])
        self.collect_static()
        if options["addresses"]:
            call_command("addresses", stdout=options["addresses"])

    def prepare_database(self, *, demo: bool) -> None:
        try:
            self.migrate()
        except OperationalError as error:
            raise CommandError(f"The database cannot be reached: {error}") from error
        if demo and settings.EMBEDDED_DATABASE and not settings.PRODUCTION:
            call_command("load_demo")  # once: what was loaded is left alone from then on

    def migrate(self) -> None:
        executor = MigrationExecutor(connection)
        if pending := executor.migration_plan(executor.loader.graph.leaf_nodes()):
            began = self.say(f"applying {len(pending)} migrations …")
            is_empty = not executor.loader.applied_migrations
            with first_migration.quickly() if is_empty else nullcontext():
                call_command("migrate", verbosity=0, interactive=False)
            self.done(began)

    def collect_static(self) -> None:
        root = Path(settings.STATIC_ROOT).resolve()
        digest, kept = _static_digest(), root.with_suffix(".digest")
        if root.exists() and kept.exists() and kept.read_text() == digest:
            return
        began = self.say("collecting static files …")
        call_command("collectstatic", verbosity=0, interactive=False)
        kept.write_text(digest)
        self.done(began)

    def say(self, text: str) -> float:
        self.stdout.write(f"moonpress: {text}")
        self.stdout.flush()
        return time.monotonic()

    def done(self, began: float) -> None:
        self.stdout.write(f"moonpress:   done in {time.monotonic() - began:.1f} s")
        self.stdout.flush()


def _static_digest() -> str:
    """Changes with any static file's name, size or time of change."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
