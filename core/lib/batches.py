"""Many rows settled one by one or in batches, so that one that fails stops no other."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet

SIZE = 1000
Row = TypeVar("Row")
Result = TypeVar("Result")


def each(rows: Iterable[Row], act: Callable[[Row], Result]) -> list[Result]:
    """Have `act` settle each row by itself; return its answers.

    A row over which it fails stops no other: what went wrong is raised at the end, as one group of exceptions.
    """
    answers, failures = list[Result](), list[Exception]()
    for row in rows:
        try:
            answers.append(act(row))
        except Exception as error:  # noqa: BLE001 (it is raised below)
            error.add_note(f"This is about “{row}”.")
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(answers) + len(failures)} rows could not be settled", failures)
    return answers


def delete(rows: QuerySet[Any]) -> int:
    """Delete rows; return how many went."""
    return settle(rows, lambda some: some.delete()[1].get(rows.model._meta.label, 0))


def update(rows: QuerySet[Any], **values: Any) -> int:
    """Give rows values by which they are no longer among `rows`; return how many that were."""
    return settle(rows, lambda some: some.update(**values))


def settle(rows: QuerySet[Any], act: Callable[[QuerySet[Any]], int]) -> int:
    """Have `act` take rows out of the queryset `rows`, a batch and a transaction at a time; return the sum of its counts.

    A row over which it fails stops no other: what went wrong is raised at the end, as one group of exceptions.
    """
    settled, refused, failures = 0, list[Any](), list[Exception]()
    every = rows.model._base_manager
    while keys := list(rows.exclude(pk__in=refused).order_by().values_list("pk", flat=True)[:SIZE]):
        try:
            with transaction.atomic():
                settled += act(every.filter(pk__in=keys))
        except Exception:  # noqa: BLE001 (the rows show by themselves which it is)
            for key in keys:
                try:
                    with transaction.atomic():
                        settled += act(every.filter(pk=key))
                except Exception as error:  # noqa: BLE001 (it is raised below)
                    refused.append(key)
                    failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} rows of {rows.model._meta.label} could not be settled", failures)
    return settled
