"""The marks of the demo newsroom's pieces, the only rows that the roof itself stores."""

from django.db import models
from django.utils import timezone


class DemoMark(models.Model):
    """A piece of the demo newsroom that was loaded. It is never loaded again, even if it was deleted."""

    key = models.CharField(max_length=160, primary_key=True)
    loaded_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key
