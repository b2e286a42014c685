"""Tables as files: CSV that no spreadsheet takes for formulas, sent while it is read; several files as one archive."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

AT_ONCE = 2_000  # lines
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def disarmed(cells: Iterable[Any]) -> list[Any]:
    """A row for a spreadsheet, which would take a text that begins like this for a formula."""
    return [f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULAS) else cell for cell in cells]


def lines(rows: Iterable[Sequence[Any]], *, separator: str = ",") -> Iterator[bytes]:
    """Rows as lines of CSV, many at a time."""
    rows = iter(rows)
    while some := list(islice(rows, AT_ONCE)):
        text = io.StringIO()
        csv.writer(text, delimiter=separator).writerows(some)
        yield text.getvalue().encode()


def zipped(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """An archive of files, each a name and its pieces, piece by piece, to be sent while it is read."""
    out = _Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in files:
            with archive.open(name, "w", force_zip64=True) as part:
                for piece in pieces:
                    part.write(piece)
                    yield out.taken()
    yield out.taken()


class _Pipe(io.RawIOBase):
    """A file that is only written to, and gives what was written since the last time."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self.written += piece
        return len(piece)

    def taken(self) -> bytes:
        found = bytes(self.written)
        self.written.clear()
        return found
