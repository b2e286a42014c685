"""Check a season's ledger."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from surveys import ledger, verification
from surveys.models import Season


class Command(BaseCommand):
    help = "Check that a season's ledger, tree heads, ballots and tallies agree."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("season", help="the season's slug")

    def handle(self, *args: Any, season: str, **options: Any) -> None:
        found = Season.objects.filter(slug=season).first()
        if found is None:
            raise CommandError(f"There is no season “{season}”.")
        if problems := list(verification.problems(found)):
            for problem in problems[:100]:
                self.stderr.write(problem)
            raise CommandError(f"The ledger of “{found}” does not hold: {len(problems)} problems.")
        head = ledger.latest_head(found)
        waiting = sum(category.ballots.waiting().count() for category in found.categories.all())
        size, root = (head.size, bytes(head.root_hash).hex()) if head else (0, "none")
        self.stdout.write(f"The ledger holds: {size} entries, root {root}, {waiting} ballots waiting.")
