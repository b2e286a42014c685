"""Who may not book, and who waits for days to be free."""

import re

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}")


class BlockedDomainQuerySet(models.QuerySet["BlockedDomain"]):
    def covers(self, address: str) -> bool:
        """Whether an e-mail address lies at one of them, or at a part of one."""
        labels = address.lower().rpartition("@")[2].rstrip(".").split(".")
        return self.filter(domain__in=[".".join(labels[place:]) for place in range(len(labels))]).exists()


class BlockedDomain(models.Model):
    """A domain whose addresses can hold nothing."""

    domain = models.CharField(
        max_length=253, unique=True, help_text="Such as example.com; all below it are meant, too."
    )
    note = models.CharField("why", max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = BlockedDomainQuerySet.as_manager()

    class Meta:
        ordering = ["domain"]
        verbose_name = "blocked domain"

    def __str__(self) -> str:
        return self.domain

    def clean(self) -> None:
        self.domain = self.domain.lower().removeprefix("@").rstrip(".")
        if not DOMAIN.fullmatch(self.domain):
            raise ValidationError({"domain": "This is no domain such as example.com."})


class WaitingBuyer(models.Model):
    """Somebody who is to be told once when a package can start on days on which it could not when they asked."""

    tier = models.CharField(max_length=10)
    company = models.CharField(max_length=120)
    contact_email = models.EmailField("e-mail address")
    starts = ArrayField(models.DateField(), default=list, help_text="The days that were free then.")
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["asked_at", "id"]
        constraints = [models.UniqueConstraint(fields=["tier", "contact_email"], name="waiting_buyer_once")]

    def __str__(self) -> str:
        return f"{self.company}, {self.tier}"
