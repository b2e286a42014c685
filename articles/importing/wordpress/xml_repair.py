"""Repair of XML that is not well-formed but obvious in its meaning: bare ampersands, HTML's entities, stray bytes."""

import codecs
import re
from collections.abc import Iterator
from html.entities import name2codepoint
from typing import IO

from articles.importing.posts import ImportRefused

MAX_LINE = 64 * 1024 * 1024
_MARK = re.compile(rb"<!\[CDATA\[|<!--")
_REFERENCE = re.compile(rb"&(?:#(x[0-9a-fA-F]{1,6}|\d{1,7});|([a-zA-Z][a-zA-Z0-9]{1,31});)?")
_KNOWN_TO_XML = {"amp", "lt", "gt", "quot", "apos"}
# U+FFFE and U+FFFF, which XML forbids as it does control characters.
_NO_CHARACTERS = re.compile(rb"\xef\xbf[\xbe\xbf]")


def mended_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file with ampersands escaped and HTML's entities, forbidden characters and stray bytes corrected.

    None of these spans a line end. Ampersands in CDATA sections and comments stay.
    """
    inside = b""
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise ImportRefused("The XML is broken, and its lines are too long to repair it. Nothing was imported.")
        line = _NO_CHARACTERS.sub(b"", line.decode("utf-8", "as-windows").encode())
        parts, at = [], 0
        while at < len(line):
            if inside:
                end = line.find(inside, at)
                stop = len(line) if end < 0 else end + len(inside)
                parts.append(line[at:stop])
                inside = inside if end < 0 else b""
            else:
                mark = _MARK.search(line, at)
                stop = mark.end() if mark else len(line)
                parts.append(_REFERENCE.sub(_reference, line[at:stop]))
                inside = (b"-->" if mark[0] == b"<!--" else b"]]>") if mark else b""
            at = stop
        yield b"".join(parts)


def _reference(match: re.Match[bytes]) -> bytes:
    number, name = match[1], (match[2] or b"").decode()
    if number:
        code = int(number[1:], 16) if number[:1] == b"x" else int(number)
        allowed = code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
        return match[0] if allowed else b""
    if name in _KNOWN_TO_XML:
        return match[0]
    if name in name2codepoint:
        return b"&#%d;" % name2codepoint[name]
    return b"&amp;" + match[0][1:]


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Decode bytes that are not UTF-8 as Windows-1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "ignore"), error.end


codecs.register_error("as-windows", _as_windows)
