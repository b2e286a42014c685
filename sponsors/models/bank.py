"""What a bank's statements say came in, and which payment became of each line."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.lib.triggers import emptied_only, frozen, never_deleted
from sponsors.models.accounts import Payment
from sponsors.models.catalogue import money

AS_READ = "What a bank said is never changed or deleted."


class BankLine(models.Model):
    """One amount that came in. Lines that are on two statements are one."""

    class State(models.TextChoices):
        OPEN = "open"
        MATCHED = "matched"
        ASIDE = "aside", "Set aside"

    key = models.CharField(
        max_length=64, unique=True, help_text="What tells it from every other line of every statement."
    )
    account = models.CharField(max_length=40, blank=True)
    booked_on = models.DateField("day")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    payer = models.CharField(max_length=140, blank=True)
    text = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    payment = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="bank_line")
    why = models.CharField(max_length=200, blank=True, help_text="Why it is not matched.")
    file_name = models.CharField("statement", max_length=120, blank=True)
    read_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-booked_on", "-id"]
        verbose_name = "line of a bank statement"
        verbose_name_plural = "bank statements"
        triggers = [
            frozen("key", "account", "booked_on", "amount", "currency", "read_at", words=AS_READ),
            emptied_only("payer", "text", words=AS_READ),
            never_deleted(AS_READ),
        ]
        indexes = [models.Index(fields=["booked_on"], name="bank_line_open", condition=Q(state="open"))]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="bank_line_came_in"),
            models.CheckConstraint(
                condition=Q(state="matched", payment__isnull=False) | Q(state__in=["open", "aside"], payment=None),
                name="bank_line_matched_has_payment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_text} from {self.payer or 'somebody'}, {self.booked_on:%-d %b %Y}"

    @property
    def amount_text(self) -> str:
        return money(Decimal(self.amount), self.currency)
