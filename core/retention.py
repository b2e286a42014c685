"""What is kept no longer than it must be: each part registers its own kinds from AppConfig.ready()."""

from collections.abc import Callable

from django.utils import timezone

from core import http_outbox, outbox
from core.models import RateCount

_kinds: dict[str, Callable[[], int]] = {
    "outgoing mail": outbox.delete_old,
    "outgoing requests": http_outbox.delete_old,
    "rate counts": lambda: RateCount.objects.filter(expires_at__lt=timezone.now()).delete()[0],
}


def register(kind: str, purge: Callable[[], int]) -> None:
    """Have `purge` delete what is past its keeping time, every hour; it returns how many rows went."""
    _kinds[kind] = purge


def purge_expired() -> dict[str, int]:
    """Delete what is past its keeping time in every part; return how many rows of each kind went.

    A kind that cannot be deleted stops no other: what went wrong is raised at the end, as one group of exceptions.
    """
    went: dict[str, int] = {}
    failures: list[Exception] = []
    for kind, purge in _kinds.items():
        try:
            went[kind] = purge()
        except Exception as error:  # noqa: BLE001 (it is raised below)
            error.add_note(f"This stopped the deletion of {kind}.")
            failures.append(error)
    if failures:
        raise ExceptionGroup("Not everything that has expired could be deleted", failures)
    return went
