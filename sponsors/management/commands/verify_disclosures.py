"""Check the public log of who paid us."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sponsors import disclosures


class Command(BaseCommand):
    help = "Compute every seal of the log of who paid us anew."

    def handle(self, *args: Any, **options: Any) -> None:
        found = disclosures.verify()
        if found.broken:
            raise CommandError(f"The log does not hold: entry {found.broken} is missing or was changed.")
        self.stdout.write(f"The log holds: {found.entries} entries, the last seal is {found.seal or 'none'}.")
