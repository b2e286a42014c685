"""Load the demo newsroom, once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cms.demo import loader


class Command(BaseCommand):
    help = "Load the demo newsroom, once. What was changed or deleted since is left as it is. Refuses in production."
    requires_system_checks: list[str] = []  # done before it, where it matters; a second load should take no time

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loader.load(self.stdout.write)
        except loader.DemoRefused as reason:
            raise CommandError(str(reason)) from None
