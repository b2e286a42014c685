"""Bring in the ballots of an election held elsewhere."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.lib.slugs import free_slug, slug_of
from surveys import ballot_files
from surveys.importing import ImportedCategory, ImportRefused, import_season
from surveys.models import AwardCategory, Season
from surveys.tallying import Rules


class Command(BaseCommand):
    help = "Import ballots (long CSV: ballot_id,rank,choice; or BLT) as an archived season, and print its slug."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--method", required=True, choices=AwardCategory.Method.values)
        parser.add_argument("--overvote", choices=AwardCategory.Overvote.values, default="exhaust")
        parser.add_argument(
            "--duplicate",
            choices=AwardCategory.Duplicate.values,
            default="skip",
            help="what the same name at a second rank does in an instant runoff",
        )
        parser.add_argument(
            "--write-ins",
            choices=AwardCategory.WriteIns.values,
            default="count",
            help="first: an instant runoff eliminates them in its first round",
        )
        parser.add_argument("--publish", action="store_true", help="show it to readers at once")
        parser.add_argument("--max-skips", type=_whole, help="empty ranks in a row before a ballot ends; any number")
        parser.add_argument("--max-ranks", type=_positive, help="ranks counted; all")
        parser.add_argument("--unranked", choices=AwardCategory.Unranked.values, default="last")

    def handle(self, *args: Any, file: Path, method: str, publish: bool, **options: Any) -> None:
        chosen = ("overvote", "max_skips", "max_ranks", "unranked", "duplicate", "write_ins")
        rules = Rules(**{name: options[name] for name in chosen})
        try:
            found = ballot_files.read(file, method=method)
            category = ImportedCategory(
                title=found.title[:120],
                slug="result",
                nominees=[{"name": name} for name in found.names],
                ballots=found.ballots.items(),
                method=method,
                rules=rules,
                withdrawn=found.withdrawn,
                weights=found.weights,
            )
            season = import_season(
                title=found.title[:120],
                slug=free_slug(slug_of(found.title) or "imported", _is_season, limit=60),
                source=file.name,
                categories=[category],
                archived=True,
                withheld=not publish,
            )
        except ImportRefused as problem:
            raise CommandError(f"{problem} Nothing was imported.") from None
        self.stderr.write(f"{len(found.ballots)} ballots for {len(found.names)} nominees imported, sealed and tallied.")
        if not publish:
            self.stderr.write("Readers do not see it yet: look at it, then show it to them in the newsroom.")
        self.stdout.write(season.slug)


def _whole(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 1000:
        raise ValueError
    return number


def _positive(text: str) -> int:
    number = _whole(text)
    if number < 1:
        raise ValueError
    return number


def _is_season(slug: str) -> bool:
    return Season.objects.filter(slug=slug).exists()
