"""While a release is rolled out, processes of the former one work on the new tables: migrations must let them."""

import pytest
from django.apps import apps
from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

# The last of each part that was there before this rule; older ones may have done anything.
BEFORE = {"core": 11, "sponsors": 26, "articles": 29, "newsletter": 50, "surveys": 30, "cms": 1}
# What goes against it for a reason, as "part.migration: what".
EXCUSED = set()

GONE = {
    migrations.RemoveField: "removes a column that the former release reads: stop using it in one release, remove it in the next",
    migrations.DeleteModel: "drops a table that the former release reads: stop using it in one release, drop it in the next",
    migrations.RenameField: "renames a column under the former release: add one, fill it, remove the other in the next",
    migrations.RenameModel: "renames a table under the former release",
    migrations.AlterModelTable: "renames a table under the former release",
}


def problem(operation):
    """Why processes of the former release would not survive an operation; "" if they do."""
    for kind, words in GONE.items():
        if isinstance(operation, kind):
            return words
    if isinstance(operation, migrations.AddField):
        field = operation.field
        filled = field.null or field.db_default is not NOT_PROVIDED or getattr(field, "many_to_many", False)
        return "" if filled else "adds a column that the former release does not fill: give it db_default or null"
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        return next(filter(None, map(problem, operation.database_operations)), "")
    return ""


def ours():
    names = {config.label for config in apps.get_app_configs() if config.name in BEFORE}
    for (part, name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        if part in names and int(name[:4]) > BEFORE[part]:
            yield f"{part}.{name}", migration


def test_processes_of_the_former_release_survive_each_migration():
    found = {
        f"{name}: {problem(operation)}" for name, each in ours() for operation in each.operations if problem(operation)
    }
    assert found - EXCUSED == set(), "see “A new release” in docs/operations.md"
    assert found >= EXCUSED, "an excuse that nobody needs"


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        (migrations.RemoveField("a", "b"), "removes"),
        (migrations.RenameField("a", "b", "c"), "renames"),
        (migrations.SeparateDatabaseAndState(database_operations=[migrations.DeleteModel("a")]), "drops"),
    ],
)
def test_what_they_would_not_survive_is_found(operation, word):
    assert word in problem(operation)


def test_a_column_is_filled_by_the_database_or_may_be_empty():
    from django.db import models

    field = models.CharField(max_length=5, default="x")
    assert "does not fill" in problem(migrations.AddField("a", "b", field))
    for filled in (models.CharField(max_length=5, null=True), models.CharField(max_length=5, db_default="x")):
        assert problem(migrations.AddField("a", "b", filled)) == ""


@pytest.mark.django_db
def test_each_table_has_the_columns_and_constraints_of_its_model():
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.managed or model._meta.proxy:
            continue
        table, fields = model._meta.db_table, model._meta.local_concrete_fields
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, table)
            named = connection.introspection.get_constraints(cursor, table)
        empty = {column.name for column in columns if column.null_ok}
        assert {column.name for column in columns} == {field.column for field in fields}
        assert empty == {field.column for field in fields if field.null or field.generated}
        declared = {each.name for each in (*model._meta.constraints, *model._meta.indexes)}
        assert declared - set(named) == set(), table
        linked = {field.column for field in fields if field.remote_field and field.db_constraint}
        keys = {each["columns"][0] for each in named.values() if each["foreign_key"]}
        assert linked - keys == set(), table
