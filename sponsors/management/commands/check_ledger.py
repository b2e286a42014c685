"""Checks that the ledger of sponsors reconciles with every invoice and payment."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sponsors.money import ledger


class Command(BaseCommand):
    help = "Check that invoices, payments and the ledger of sponsors add up, and that no number is missing."

    def handle(self, *args: Any, **options: Any) -> None:
        if faults := ledger.faults():
            raise CommandError("\n".join(faults))
        self.stdout.write("The ledger reconciles.")
