"""Rules for a model's `Meta.triggers`: rows that are only ever added, columns that are frozen.

The database refuses a breach with an IntegrityError (`restrict_violation`) in the words given, whichever code tries it.
Whoever may set `session_replication_role` passes by: a restored backup, and the tests when they empty the database.
"""

from functools import reduce
from operator import or_

import pgtrigger
from django.db import models
from pgtrigger import Delete, Statement, Truncate, Update


class Refusal(pgtrigger.Trigger):
    """Refuses operations; with `exists`, a query that may name OLD and NEW, only where that finds a row."""

    when = pgtrigger.Before

    def __init__(
        self,
        name: str,
        operation: pgtrigger.Operation,
        *,
        words: str,
        exists: str = "",
        condition: pgtrigger.Condition | None = None,
        level: pgtrigger.Level = pgtrigger.Row,
    ):
        self.words, self.exists = words, exists
        super().__init__(name=name, operation=operation, condition=condition, level=level)

    def get_func(self, model: models.Model) -> str:
        words = self.words.replace("%", "%%").replace("'", "''")
        refuse = f"RAISE EXCEPTION '{words}' USING ERRCODE = 'restrict_violation';"
        return f"IF EXISTS ({self.exists}) THEN {refuse} END IF; RETURN COALESCE(NEW, OLD);" if self.exists else refuse


def append_only(words: str) -> Refusal:
    """Rows can be added, never changed or deleted."""
    return Refusal("append_only", Update | Delete | Truncate, words=words, level=Statement)


def never_deleted(words: str) -> Refusal:
    return Refusal("never_deleted", Delete | Truncate, words=words, level=Statement)


def never_truncated(words: str) -> Refusal:
    """For a table with rules of its own for single rows, which TRUNCATE does not ask."""
    return Refusal("never_truncated", Truncate, words=words, level=Statement)


def frozen(
    *fields: str, words: str, once: pgtrigger.Q | None = None, exists: str = "", name: str = "frozen"
) -> Refusal:
    """These fields keep their values: always, once the old row meets a condition, or where a query finds a row."""
    changed = reduce(or_, (pgtrigger.Q(**{f"old__{field}__df": pgtrigger.F(f"new__{field}")}) for field in fields))
    return Refusal(name, Update, words=words, exists=exists, condition=once & changed if once else changed)


def emptied_only(*fields: str, words: str) -> Refusal:
    """These texts keep their values, or are emptied for good."""
    changed = (
        pgtrigger.Q(**{f"old__{field}__df": pgtrigger.F(f"new__{field}")}) & ~pgtrigger.Q(**{f"new__{field}": ""})
        for field in fields
    )
    return Refusal("emptied_only", Update, words=words, condition=reduce(or_, changed))
