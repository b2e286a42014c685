"""Menus: links in an order, as the site's profile keeps them. A link that leads nowhere is refused, and not shown.

What our own addresses lead to is known by the parts: they register how to look, and what to offer in the form.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any, TypedDict

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from core.lib.text import one_line, whole_number

MOST = 30
LABEL, HEADING, ADDRESS = 40, 40, 500
BLANK_ROWS = 3
Link = dict[str, str]  # label and url; in the footer, the heading of its column too


class Column(TypedDict):
    """A column of the footer."""

    heading: str
    links: list[Link]


_lookups: list[Callable[[str], bool]] = []
_pages: list[Callable[[], Iterable[tuple[str, str]]]] = []
_offers: list[Callable[[], Iterable[tuple[str, str]]]] = []


def register(*, leads_somewhere: Callable[[str], bool]) -> None:
    """Let it say of an address of our own, a path, whether readers find something there."""
    _lookups.append(leads_somewhere)


def offer(links: Callable[[], Iterable[tuple[str, str]]]) -> None:
    """Offer addresses, each with its name, to whoever makes a menu."""
    _offers.append(links)


def list_pages(pages: Callable[[], Iterable[tuple[str, str]]]) -> None:
    """Say which pages stand in a footer that nobody has made: their addresses with their names."""
    _pages.append(pages)


def pages() -> list[tuple[str, str]]:
    """Those pages."""
    return [page for found in _pages for page in found()]


def offered() -> list[tuple[str, str]]:
    """All addresses that are offered, with their names."""
    return [link for links in _offers for link in links()]


def is_alive(address: str) -> bool:
    """Whether readers find something at an address. Other sites are not visited."""
    if not address.startswith("/") or address.startswith("//"):
        return address.startswith(("https://", "http://"))
    path = address.partition("#")[0].partition("?")[0]
    return all(leads_somewhere(path) for leads_somewhere in _lookups)


def alive(links: Iterable[Link]) -> list[Link]:
    """The links that lead somewhere now."""
    return [link for link in links if is_alive(link["url"])]


def columns(links: Iterable[Link]) -> list[Column]:
    """The links of a footer in their columns."""
    grouped = groupby(alive(links), lambda link: link["heading"])
    return [{"heading": heading, "links": list(found)} for heading, found in grouped]


class MenuWidget(forms.Widget):
    """Links as rows. They are moved by hand or with buttons (static/js/desk/ordering.js); without scripts, by their numbers."""

    template = "admin/components/menu.html"

    def __init__(self, parts: dict[str, str]) -> None:
        super().__init__()
        self.parts = parts

    class Media:
        css = {"all": ["content_editor/material-icons.css", "css/desk.css"]}

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        links = [*_links(value), *[{}] * BLANK_ROWS]
        rows = [[(part, label, link.get(part, "")) for part, label in self.parts.items()] for link in links]
        context = {"name": name, "rows": rows, "offered": offered()}
        return SafeString(render_to_string(self.template, context))

    def posted(self, name: str, value: Any) -> dict[str, list[str]]:
        """What a browser posts of it, by name."""
        links = _links(value)
        return {f"{name}-{part}": [link.get(part, "") for link in links] for part in self.parts}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Link]:
        if f"{name}-url" not in data:
            return _links(data.get(name))
        listed = {part: [one_line(text) for text in data.getlist(f"{name}-{part}")] for part in self.parts}
        rows = [dict(zip(listed, values, strict=True)) for values in zip(*listed.values(), strict=False)]
        places = [whole_number(text, most=9999) or 9999 for text in data.getlist(f"{name}-place")]
        places += [9999] * len(rows)
        in_order = sorted(zip(places, rows, strict=False), key=lambda each: each[0])
        return [row for _, row in in_order if row["label"] or row["url"]]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}-url" not in data


class MenuField(forms.Field):
    """The links of a menu."""

    def __init__(self, *, has_columns: bool = False, **kwargs: Any) -> None:
        heading = {"heading": "Column"} if has_columns else {}
        super().__init__(widget=MenuWidget({**heading, "label": "Label", "url": "Address"}), required=False, **kwargs)
        self.has_columns = has_columns

    def clean(self, value: Any) -> list[Link]:
        links = _links(value)
        problems = [problem for link in links for problem in self._problems(link)]
        if len(links) > MOST:
            problems.append(f"A menu has at most {MOST} links; these are {len(links)}.")
        if problems:
            raise ValidationError(problems)
        return links

    def in_words(self, parts: Mapping[str, list[str]]) -> str:
        """What a page with two versions shows of it."""
        return "; ".join(" · ".join(filter(None, link)) for link in zip(*parts.values(), strict=False))

    def _problems(self, link: Link) -> Iterable[str]:
        label, address = link.get("label", ""), link.get("url", "")
        if not label or len(label) > LABEL:
            yield f"The link to {address or 'nowhere'} needs a label of at most {LABEL} characters."
        if self.has_columns and not 0 < len(link.get("heading", "")) <= HEADING:
            yield f"“{label}” needs the heading of its column, of at most {HEADING} characters."
        if len(address) > ADDRESS or " " in address or not address.startswith(("/", "https://", "http://")):
            yield f"The address of “{label}” begins with / or https:// and has no spaces."
        elif not is_alive(address):
            yield f"“{label}” leads to no page that readers can see: {address}"


def _links(value: Any) -> list[Link]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return [link for link in value if isinstance(link, dict)] if isinstance(value, list) else []
