"""The mark of what the demo newsroom loaded: the one thing that the roof itself stores."""

from django.db import models
from django.utils import timezone


class DemoMark(models.Model):
    """One piece of the demo newsroom that was loaded. What is marked is never loaded again, also when it was deleted."""

    key = models.CharField(max_length=160, primary_key=True)
    loaded_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key
