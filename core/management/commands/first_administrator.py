"""Make the first account, which makes all others."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from core import accounts, audit
from core.models import User


class Command(BaseCommand):
    help = (
        "Make an account that may do everything, and print a link by which its owner chooses a password. Asks no question. "
        "Where there is such an account already, another one takes --another."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="The address to sign in with.")
        parser.add_argument("--name", default="", help="What to call them.")
        parser.add_argument("--another", action="store_true", help="Make one although there is one.")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"“{email}” is no e-mail address.") from None
        there = User.objects.people().filter(is_superuser=True)
        if there.exists() and not options["another"]:
            raise CommandError(f"There is one already: {there[0].email}. Another one takes --another.")
        if User.objects.filter(email=email).exists():
            raise CommandError(f"{email} has an account already; an administrator changes what it may.")
        account = User.objects.create_superuser(email, name=options["name"][:120])
        audit.record("made an account that may do everything", account, by="first_administrator", detail=email)
        self.stdout.write(f"{email} may do everything. Choose a password within {accounts.reset_hours()} hours at")
        self.stdout.write(accounts.reset_link(account))
