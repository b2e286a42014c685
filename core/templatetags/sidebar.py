"""`{% load sidebar %}{% sidebar available_apps %}`: what somebody may open, beside the pages of the admin.

It is most of a short page's markup and the same on all of them, but for the mark on where one is.
"""

from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
SHOWN = ("object_name", "name", "admin_url", "add_url")


@register.simple_tag(takes_context=True)
def sidebar(context: template.Context, applications: list[dict[str, Any]]) -> SafeString:
    path = quote(context["request"].path)
    return mark_safe("".join(_application(path, application) for application in applications))


def _application(path: str, application: dict[str, Any]) -> SafeString:
    """One application's models; `here` is as much of the path as tells whether it, or one of them, is where one is."""
    opened, here = application["app_url"], ""
    if opened in path:
        addresses = [entry["admin_url"] or "" for entry in application["models"]]
        here = " ".join([opened, *(address for address in addresses if address in path)])
    models = tuple(tuple(entry[key] for key in SHOWN) for entry in application["models"])
    return _rendered(here, application["app_label"], str(application["name"]), opened, models)


@lru_cache(maxsize=512)
def _rendered(here: str, label: str, name: str, address: str, models: tuple[tuple[Any, ...], ...]) -> SafeString:
    """As Django has it."""
    entries = [dict(zip(SHOWN, model, strict=True)) for model in models]
    application = {"app_label": label, "name": name, "app_url": address, "models": entries}
    return render_to_string("admin/app_list.html", {"app_list": [application], "request": {"path": here}})
