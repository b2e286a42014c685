"""The stops: a file outside the database of who left, was suppressed or erased, for after a backup was restored.

A backup holds the consents of its day. Whoever said no since then would be mailed again once it is restored, so each no,
and each return, is also a line of this file: a keyed digest and no address. Lines are only ever added.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

NAME = "stops.jsonl"


@dataclass(frozen=True, slots=True)
class Stop:
    """What happened, when (ISO 8601), to which address and, where it was about one list, on which; a pause: until when."""

    at: str
    act: str
    digest: str
    newsletter: str = ""
    until: str = ""


def append(stops: Iterable[Stop]) -> None:
    """Add lines, each wholly, and have them on the disk before this returns."""
    text = "".join(json.dumps(asdict(stop)) + "\n" for stop in stops)
    if not text:
        return
    place = path()
    place.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with open(file, "wb", buffering=0) as out:
        out.write(text.encode())
        os.fsync(out.fileno())


def read() -> Iterator[Stop]:
    """The stops in the order in which they were written. A line that was cut short is left out."""
    if not path().exists():
        return
    with path().open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                yield Stop(**json.loads(line))
            except (ValueError, TypeError):
                continue


def path() -> Path:
    return Path(settings.VAR) / NAME
