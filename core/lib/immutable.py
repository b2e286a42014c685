"""Rows that may never change: triggers that migrations put on tables, so that no code path can get around them."""

from django.db import migrations

_REFUSE = """
CREATE OR REPLACE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are never changed or deleted: %', TG_TABLE_NAME, TG_ARGV[0]
        USING ERRCODE = 'restrict_violation';
END $$
"""


def append_only(table: str, why: str) -> migrations.RunSQL:
    """A migration operation: rows of the table can be added, never changed or deleted (TRUNCATE in tests still works)."""
    return _trigger(table, "append_only", "UPDATE OR DELETE", "", why)


def frozen_once(table: str, condition: str, why: str, columns: tuple[str, ...] = ()) -> migrations.RunSQL:
    """A migration operation: once a row meets an SQL condition on OLD, these columns of it (or all) stay as they are."""
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns) or "TRUE"
    return _trigger(table, "frozen", "UPDATE", f"WHEN (({condition}) AND ({changed}))", why)


def _trigger(table: str, name: str, events: str, when: str, why: str) -> migrations.RunSQL:
    quoted = why.replace("'", "''")
    return migrations.RunSQL(
        sql=f"{_REFUSE}; CREATE TRIGGER {table}_{name} BEFORE {events} ON {table}"
        f" FOR EACH ROW {when} EXECUTE FUNCTION core_refuse_change('{quoted}')",
        reverse_sql=f"DROP TRIGGER {table}_{name} ON {table}",
    )
