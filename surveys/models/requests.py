"""What is known of requests for ballots, apart from the ballots: counts by domain and network, mailboxes of several names.

Neither table leads to a ballot that was cast, and neither knows a choice.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from surveys.models.seasons import Season


class RequestCount(models.Model):
    """How many ballots were asked for on a day (of UTC) from a domain or a network.

    A network stands here as an HMAC under the season's pepper that is another every day. A count is spread over a few
    rows, its slots, so that the requests of a big domain do not wait for each other.
    """

    class Kind(models.TextChoices):
        DOMAIN = "domain"
        NETWORK = "network"

    season = models.ForeignKey(Season, on_delete=models.CASCADE, related_name="request_counts", db_index=False)
    day = models.DateField(db_index=True)
    kind = models.CharField(max_length=10, choices=Kind)
    value = models.CharField(max_length=255)
    slot = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["season", "day", "kind", "value", "slot"], name="request_count_once_a_slot"
            ),
            models.CheckConstraint(condition=Q(kind__in=["domain", "network"]), name="request_count_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.number} from {self.value} on {self.day}"


class MailboxName(models.Model):
    """A voter whose provider gives one mailbox addresses under several domains. Two of one mailbox are a signal."""

    season = models.ForeignKey(Season, on_delete=models.CASCADE, related_name="mailbox_names", db_index=False)
    provider = models.CharField(max_length=20)
    mailbox_key = models.BinaryField(help_text="An HMAC under the season's pepper.")
    voter_key = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["season", "mailbox_key", "voter_key"], name="mailbox_name_once"),
            models.CheckConstraint(condition=Exact(Length("mailbox_key"), 32), name="mailbox_key_is_32_bytes"),
            models.CheckConstraint(condition=Exact(Length("voter_key"), 32), name="mailbox_voter_key_is_32_bytes"),
        ]

    def __str__(self) -> str:
        return f"a mailbox at {self.provider}"
