"""take_report [--recipient ADDRESS] < MESSAGE"""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from newsletter import bounces

TRY_AGAIN = 75  # EX_TEMPFAIL: a mail server keeps the message and hands it over later
LARGEST = 1_000_000  # bytes: a report stands at the beginning, and may bring a large message along


class Command(BaseCommand):
    """Takes one message that a mail server hands over on standard input."""

    help = "Take a bounce or a complaint, one whole message on standard input, and say what it was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--recipient", default="", metavar="ADDRESS", help="The address it was delivered to.")

    def handle(self, *args: Any, **options: Any) -> None:
        message = sys.stdin.buffer.read(LARGEST)
        while sys.stdin.buffer.read(LARGEST):
            pass  # a mail server whose pipe breaks calls that a failure
        try:
            self.stdout.write(bounces.take(message, recipient=options["recipient"]))
        except DatabaseError as error:
            raise CommandError(f"The database does not take it now: {error}", returncode=TRY_AGAIN) from error
