"""Changes to the HTML of a post as a tree, before it is read as any HTML."""

import json
from collections.abc import Iterable
from html import escape
from typing import Any

from lxml import html as lxml_html
from lxml.etree import ParserError
from lxml.html import HtmlElement


def parsed(text: str) -> HtmlElement:
    """A page or fragment as one element that holds it all."""
    try:
        return lxml_html.fragment_fromstring(f"<div>{text}</div>", create_parent="div")
    except (ParserError, ValueError):
        return lxml_html.fragment_fromstring("<div></div>", create_parent="div")


def inner(element: HtmlElement) -> str:
    """The HTML within an element."""
    children = "".join(lxml_html.tostring(child, encoding="unicode") for child in element)
    return escape(element.text or "", quote=False) + children


def by_class(root: HtmlElement, *names: str) -> list[HtmlElement]:
    """The elements that have one of these classes, in their order."""
    wanted = set(names)
    return [
        each for each in root.iter() if isinstance(each.tag, str) and wanted & set((each.get("class") or "").split())
    ]


def replace(element: HtmlElement, text: str) -> None:
    """Put HTML in the place of an element; what follows it stays."""
    parent = element.getparent()
    if parent is None:
        return
    made = parsed(text)[0]
    tail, at = element.tail or "", parent.index(element)
    before = parent[at - 1] if at else None
    parent.remove(element)
    _add_text(parent, before, made.text or "")
    for offset, child in enumerate(list(made)):
        parent.insert(at + offset, child)
        before = child
    _add_text(parent, before, tail)


def _add_text(parent: HtmlElement, before: HtmlElement | None, text: str) -> None:
    if before is None:
        parent.text = (parent.text or "") + text
    else:
        before.tail = (before.tail or "") + text


def remove(elements: Iterable[HtmlElement]) -> int:
    """Take elements out, with what is in them; how many there were."""
    number = 0
    for element in elements:
        if element.getparent() is not None:
            element.drop_tree()
            number += 1
    return number


def link(address: str, label: str = "") -> str:
    """A paragraph with a link."""
    return f'<p><a href="{escape(address)}">{escape(label or address, quote=False)}</a></p>'


def said(element: HtmlElement, name: str = "data-attrs") -> dict[str, Any]:
    """What an attribute says as JSON; empty if it says nothing that can be read."""
    try:
        found = json.loads(element.get(name) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
