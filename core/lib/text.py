"""Cleaning of plain text: what a database, a feed or a line of a mail cannot hold."""

import re

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def storable(text: str) -> str:
    """Text without what neither XML nor PostgreSQL can hold: control characters, as PDFs and old files are full of."""
    return _UNSTORABLE.sub("", text)
