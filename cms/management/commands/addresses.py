"""Print the site's addresses and the demo newsroom's accounts."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from cms.demo.accounts import password_file
from core.models import User


class Command(BaseCommand):
    """Printed by bin/serve once the site answers."""

    help = "Print the site's addresses and, in the demo newsroom, the accounts."

    def handle(self, *args: Any, **options: Any) -> None:
        for label, name in (("Site", "home"), ("Desk", "admin:index"), ("API", "api-docs")):
            self.stdout.write(f"  {label:<8} {settings.SITE_URL}{reverse(name)}")
        if not settings.EMAIL_URL:
            self.stdout.write(f"  {'Mail':<8} {settings.EMAIL_OUTBOX}")
        if settings.EMBEDDED_DATABASE and password_file().exists():
            self.stdout.write(f"\nDemo accounts, all with the password {password_file().read_text().strip()}")
            demo = User.objects.filter(email__endswith="@example.com", is_active=True).prefetch_related("groups")
            for user in demo.order_by("pk"):
                self.stdout.write(f"  {user.email:<24} {', '.join(group.name for group in user.groups.all())}")
