"""Take newer lists of clouds’ networks into force, from files that were fetched from where the clouds publish them."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.lib import clock, data_centres


class Command(BaseCommand):
    help = (
        "Read files in which clouds publish their networks (JSON, CSV, or one a line), and count no clicks from there. "
        "Clouds that are not named stay as they are. Without files: say which list is in force, and where each part is from."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files", nargs="*", metavar="CLOUD=FILE", help="such as “Oracle Cloud=public_ip_ranges.json”"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        clouds = data_centres.clouds_in(data_centres.text_in_force())
        for each in options["files"]:
            name, _, file = each.partition("=")
            clouds[name] = _read(Path(file))
        if options["files"]:
            Path(settings.DATA_CENTRES).write_text(data_centres.list_of(clouds, day=clock.utc_day()))
        for name, (source, networks) in sorted(clouds.items()):
            self.stdout.write(f"{name}: {len(networks):,} networks, {source}")
        self.stdout.write(f"In force: the list of {data_centres.as_of()}.")


def _read(path: Path) -> tuple[str, list[str]]:
    """Where a cloud’s networks are from, and which they are."""
    try:
        networks = data_centres.networks_in(path.read_text())
        fetched = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None
    if not networks:
        raise CommandError(
            f"{path} names no network. Write CLOUD=FILE, where the file is one that the cloud publishes."
        )
    return f"{path.name}, {fetched}", networks
