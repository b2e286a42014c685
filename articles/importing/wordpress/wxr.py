"""WordPress's XML (WXR) as a stream of elements. Entities are never expanded, the file is never in memory as a whole."""

import html as html_entities
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from lxml import etree

from articles.importing.archives import FolderFiles, ZipFiles
from articles.importing.posts import ImportRefused
from articles.importing.wordpress.xml_repair import mended_lines
from core.lib.html import INLINE_TAGS
from core.lib.text import one_line


class MalformedXml(ImportRefused):
    """The file is not well-formed XML."""


class Source:
    """Opens the XML of an export, as often as needed, without the control characters that XML forbids.

    With `mend`, other common errors that keep it from being well-formed are repaired as well.
    """

    def __init__(self, path: Path, files: FolderFiles | ZipFiles, encoding: str | None = None) -> None:
        self.encoding = encoding
        self.mend = False
        self.parts: dict[str, Callable[[], IO[bytes]]] = {"": lambda: path.open("rb")}
        if isinstance(files, ZipFiles):
            # A large site comes as several files in one zip.
            names = [name for name in files.names() if name.lower().endswith(".xml")]
            if not names:
                raise ImportRefused("The zip holds no XML file.")
            depth = min(name.count("/") for name in names)
            names = [name for name in names if name.count("/") == depth]
            self.parts = {name if len(names) > 1 else "": partial(files.open, name) for name in names}


_FORBIDDEN = bytes(set(range(32)) - {9, 10, 13})


class _CleanedFile:
    """A file without control characters. UTF-16 is not touched: in it, a zero is half of a letter."""

    def __init__(self, file: IO[bytes], *, mend: bool) -> None:
        self.file = file
        self.lines = mended_lines(file) if mend else None
        self.wide: bool | None = None
        self.started = False

    def read(self, size: int = -1) -> bytes:
        while chunk := next(self.lines, b"") if self.lines else self.file.read(size):
            if self.wide is None:
                self.wide = chunk[:2] in (b"\xff\xfe", b"\xfe\xff") or chunk[:4].count(0) > 1
            if self.wide:
                return chunk
            cleaned = chunk.translate(None, _FORBIDDEN)
            if not self.started:
                cleaned = cleaned.lstrip(b"\xef\xbb\xbf \t\r\n")
            if cleaned:
                self.started = True
                return cleaned
        return b""


def elements(source: Source) -> Iterator[tuple[str, Any]]:
    """The children of the channels, with the name of their file if there are several. Each is freed after its turn.

    Raises ImportRefused.
    """
    for name, opened in source.parts.items():
        for element in _elements(source, opened, name):
            yield name, element


def _elements(source: Source, opened: Callable[[], IO[bytes]], name: str) -> Iterator[Any]:
    with opened() as file:
        reader = _CleanedFile(file, mend=source.mend)
        try:
            # Entities are never expanded; a document that declares any is refused before the first element is read.
            events = etree.iterparse(
                reader,
                events=("start", "end"),
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                huge_tree=True,
                remove_comments=True,
                remove_pis=True,
                encoding="utf-8" if source.mend else source.encoding,
            )
            depth = 0
            for event, element in events:
                if event == "start":
                    depth += 1
                    if depth == 1:
                        _check_root(element)
                    continue
                depth -= 1
                if depth == 2:
                    yield element
                    element.clear(keep_tail=False)
                    while element.getprevious() is not None:
                        del element.getparent()[0]
        except LookupError:
            raise ImportRefused(f"There is no encoding called “{source.encoding}”.") from None
        except etree.XMLSyntaxError as error:
            line = error.lineno or 0
            cut = (
                " It looks cut off; export it again." if "Premature end" in str(error) or "EndTag" in str(error) else ""
            )
            raise MalformedXml(
                f"{f'{name}, line' if name else 'Line'} {line}: the XML is broken ({str(error.msg).split(', line')[0]}). Nothing was imported.{cut}"
            ) from None


def _check_root(element: Any) -> None:
    declared = element.getroottree().docinfo.internalDTD
    if declared is not None and next(iter(declared.iterentities()), None) is not None:
        raise ImportRefused(
            "The file declares entities of its own. No export does, and they can be made to fill the memory. Nothing was imported."
        )
    if element.tag.rpartition("}")[2] not in ("rss", "channel"):
        raise ImportRefused(f"This XML is not a WordPress export: it begins with <{element.tag}>.")


def tag_of(element: Any) -> str:
    """The name of an element, such as `wp:post_id`, whatever the version in its namespace; empty for a comment."""
    if not isinstance(element.tag, str):
        return ""
    space, _, name = element.tag.rpartition("}")
    if "excerpt" in space:
        return f"excerpt:{name}"
    prefix = (
        "wp:"
        if "wordpress.org/export" in space
        else "content:"
        if "content" in space
        else "dc:"
        if "purl.org/dc" in space
        else ""
    )
    return prefix + name


def inner_text(element: Any) -> str:
    return "".join(element.itertext())


def plain(text: str) -> str:
    """A title or name, which may contain HTML and entities, as one line of plain text."""
    text = re.sub(rf"</?(?:{'|'.join(INLINE_TAGS - {'br'})}|span|font)\b[^<>]*>", "", text, flags=re.IGNORECASE)
    return one_line(html_entities.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", " ", text)))


def fields_of(element: Any) -> dict[str, str]:
    """The text of an element's children by name, the first of each name."""
    fields: dict[str, str] = {}
    for child in element:
        if name := tag_of(child):
            fields.setdefault(name, inner_text(child) if not len(child) else "")
    return fields


def meta_of(element: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in element:
        if tag_of(child) == "wp:postmeta":
            fields = fields_of(child)
            found.setdefault(fields.get("wp:meta_key", "").strip(), fields.get("wp:meta_value", ""))
    return found


def path_of(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
