"""Roles are groups; each app's migration says what they may do in it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import migrations

ROLES = ("writer", "editor", "awards steward", "newsletter manager", "sponsorship manager", "juror", "administrator")


def grant(permissions: Mapping[str, Iterable[str]]) -> migrations.RunPython:
    """A migration operation that gives roles their permissions, written "app_label.action_model".

    The rows are made here where Django has not made them yet; "administrator" should be named like any other role.
    """

    def forwards(apps: Any, schema_editor: Any) -> None:
        for role, names in permissions.items():
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
            group.permissions.add(*(_permission(apps, name) for name in names))

    def backwards(apps: Any, schema_editor: Any) -> None:
        for role, names in permissions.items():
            for group in apps.get_model("auth", "Group").objects.filter(name=role):
                group.permissions.remove(*(_permission(apps, name) for name in names))

    return migrations.RunPython(forwards, backwards)


def everything(*models: str) -> list[str]:
    """All four permissions of the models named "app_label.model"."""
    pairs = (name.split(".") for name in models)
    return [f"{app}.{action}_{model}" for app, model in pairs for action in ("view", "add", "change", "delete")]


def _permission(apps: Any, name: str) -> Any:
    app_label, codename = name.split(".")
    action, _, model = codename.rpartition("_")
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app_label, model=model
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        codename=codename, content_type=content_type, defaults={"name": f"Can {action.replace('_', ' ')} {model}"}
    )
    return permission
