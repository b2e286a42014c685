"""Changes of state: a row moves on only from a state that allows it, however many processes are at it."""

from collections.abc import Collection
from typing import Any

from django.db.models import Model, Q


class TransitionRefused(Exception):
    """A row cannot change to the state that was asked for. The text says why, to whoever asked; nothing was changed."""


def change_if(row: Model, condition: Q, **changes: Any) -> bool:
    """Update a row if it meets a condition in the database; whether it did. Afterwards `row` holds what is stored.

    If another transaction is changing the row, this one waits for it and checks the condition again. The second check
    sees new values of the row's own columns only, not of other tables.
    """
    changed = type(row)._base_manager.filter(condition, pk=row.pk).update(**changes) == 1
    row.refresh_from_db()
    return changed


def move(row: Any, *, sources: Collection[str], to: str, action: str, name: str = "", **changes: Any) -> None:
    """Change the state of a row, and other fields with it, if it is in one of the `sources`.

    Raises TransitionRefused in the words "This article is draft, so it cannot be unpublished": `action` is the verb,
    `name` stands for the row.
    """
    if change_if(row, Q(state__in=sources), state=to, **changes):
        return
    name, state = name or f"This {row._meta.verbose_name}", row.get_state_display().lower()
    raise TransitionRefused(
        f"{name} is {state} already." if state == action else f"{name} is {state}, so it cannot be {action}."
    )


def lock(row: Model, *related: str) -> None:
    """Lock a row until the transaction ends and reload it, together with what the named foreign keys point to."""
    rows = type(row)._base_manager.select_for_update(of=("self",))
    row.refresh_from_db(from_queryset=rows.select_related(*related) if related else rows)
