"""Edit pages of the admin as a browser works with them: opened, saved, and put together after a conflict."""

import re
from typing import Any

import lxml.html
from django.db.models import Model
from django.test import Client

from tests.html import one_line, posted_by


def address(row: Model, page: str = "change") -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/{page}/"


def opened(client: Client, row: Model, **query: str) -> dict[str, list[str]]:
    """What the edit page of a row would post."""
    return posted_by(client.get(address(row), query).content, f"{row._meta.model_name}_form")


def rows(client: Client, address: str) -> Any:
    """The rows of a list, as elements: the cell that is ticked, then its columns."""
    page = lxml.html.fromstring(client.get(address).content.decode())
    return page.xpath("//table[@id='result_list']/tbody/tr")


def save(client: Client, row: Model, page: dict[str, Any], **changes: Any) -> Any:
    """Post what a page holds with changes, in whose names __ stands for a hyphen."""
    return client.post(address(row), page | {name.replace("__", "-"): value for name, value in changes.items()})


def chosen(client: Client, address: str, **sides: str) -> Any:
    """Press the button of a page of conflict; where sides are not named, what it has chosen already."""
    html = one_line(client.get(address).content)
    radios = dict(re.findall(r'<input type="radio" name="([^"]+)" value="([a-z]+)"(?: required)? checked', html))
    seen = re.findall(r'name="seen" value="([^"]*)"', html)[0]
    answer = client.post(
        address, {"seen": seen, **radios, **{name.replace("__", "-"): side for name, side in sides.items()}}
    )
    return {"kept": answer["Location"].split("kept=")[1]} if answer.status_code == 302 else answer


def press(client: Client, overview: str, *, step: str = "", **posted: Any) -> Any:
    """Press the one button of a page with a next step (core.admin.steps), or that of another step by its name."""
    found = client.get(overview).context
    offer = next((each for each in [found["next"], *found["others"]] if each and step in ("", each.step.name)), None)
    data = {"step": offer.step.name if offer else step, "seen": offer.seen if offer else "", "sure": "on"} | posted
    sent_from = {"referer": f"http://testserver{overview}"}  # as a browser says
    return client.post(overview.replace("/overview/", "/step/"), data, follow=True, headers=sent_from)
