"""Markup as a reader gets it, whatever the indentation of its template."""


def one_line(html: str | bytes) -> str:
    """The markup with every run of white space as a single space."""
    return " ".join((html.decode() if isinstance(html, bytes) else html).split())
