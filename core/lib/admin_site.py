"""The admin's site, which knows the addresses of its desks by heart."""

from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse
from django.utils.text import capfirst


class DeskSite(AdminSite):
    """Django's. Each of its pages names what somebody may open: a hundred addresses and more, that never change."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """What somebody may open, by application and name, as Django has it."""
        found: dict[str, dict[str, Any]] = {}
        prefix = get_script_prefix()
        for model, desk in self._registry.items():
            label = model._meta.app_label
            if app_label not in (None, "", label) or not desk.has_module_permission(request):
                continue
            if any((perms := desk.get_model_perms(request)).values()):
                if label not in found:
                    found[label] = self._application(label, prefix)
                found[label]["models"].append(self._entry(model, perms, prefix))
        for application in found.values():
            application["models"].sort(key=lambda entry: entry["name"])
        return sorted(found.values(), key=lambda application: application["name"].lower())

    def _application(self, label: str, prefix: str) -> dict[str, Any]:
        return {
            "name": apps.get_app_config(label).verbose_name,
            "app_label": label,
            "app_url": address_of(self.name, prefix, "app_list", label),
            "has_module_perms": True,
            "models": [],
        }

    def _entry(self, model: type[Model], perms: dict[str, bool], prefix: str) -> dict[str, Any]:
        pages = f"{model._meta.app_label}_{model._meta.model_name}"
        shown = perms.get("change") or perms.get("view")
        entry = {
            "model": model,
            "name": _name_of(model),
            "object_name": model._meta.object_name,
            "perms": perms,
            "admin_url": address_of(self.name, prefix, f"{pages}_changelist") if shown else None,
            "add_url": address_of(self.name, prefix, f"{pages}_add") if perms.get("add") else None,
        }
        return entry | ({"view_only": not perms.get("change")} if shown else {})


@cache
def address_of(site: str, prefix: str, page: str, *of: str) -> str:
    """The address of a page, under the prefix that the site is served at."""
    return reverse(f"admin:{page}", args=of, current_app=site)


@cache
def _name_of(model: type[Model]) -> str:
    """What its rows are called, as a word that is compared at once: many names are put together where they are read."""
    return str(capfirst(model._meta.verbose_name_plural))
