"""What is kept no longer than it must be. Each part names its own in `<app>/retention.py`."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.utils import timezone

from core import http_outbox, outbox
from core.models import RateCount

EXPIRING: dict[str, Callable[[], int]] = {
    "outgoing mail": outbox.delete_old,
    "outgoing calls": http_outbox.delete_old,
    "rate counts": lambda: RateCount.objects.filter(expires_at__lt=timezone.now()).delete()[0],
}


def purge_expired() -> dict[str, int]:
    """Delete what is past its keeping time in every part; return how many rows of each kind went."""
    kinds: dict[str, Callable[[], int]] = {}
    for config in apps.get_app_configs():
        module = f"{config.name}.retention"
        if find_spec(module):
            kinds |= import_module(module).EXPIRING
    return {kind: purge() for kind, purge in kinds.items()}
