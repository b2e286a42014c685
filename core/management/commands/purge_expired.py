"""Delete what is past its keeping time."""

from typing import Any

from django.core.management.base import BaseCommand

from core.retention import purge_expired


class Command(BaseCommand):
    help = "Delete what is past its keeping time, in every part of the newsroom. Beat does this every hour."

    def handle(self, *args: Any, **options: Any) -> None:
        for kind, count in purge_expired().items():
            self.stdout.write(f"{kind}: {count}")
