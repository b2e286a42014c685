"""Markup as a reader gets it, whatever the indentation of its template."""

import lxml.html


def one_line(html: str | bytes) -> str:
    """The markup with every run of white space as a single space."""
    return " ".join((html.decode() if isinstance(html, bytes) else html).split())


def posted_by(page: str | bytes, form_id: str) -> dict[str, list[str]]:
    """What a browser posts of a form when nothing more is typed, but for its buttons and files."""
    form = lxml.html.fromstring(page).get_element_by_id(form_id)
    found: dict[str, list[str]] = {}
    for name, value in form.form_values():
        field = form.xpath(".//*[@name=$name]", name=name)[0]
        if field.get("type") not in ("submit", "file") and "__prefix__" not in name:
            found.setdefault(name, []).append(value.removeprefix("\n") if field.tag == "textarea" else value)
    return found
