"""WordPress's XML as a stream of elements: never expanded, never held whole."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from lxml import etree

from articles.importing.archives import FolderFiles, ZipFiles
from articles.importing.posts import ImportRefused


class Source:
    """Opens the XML of an export as often as it is read, without the control characters that XML forbids."""

    def __init__(self, path: Path, files: FolderFiles | ZipFiles) -> None:
        if isinstance(files, ZipFiles):
            names = [name for name in files.names() if name.lower().endswith(".xml")]
            if not names:
                raise ImportRefused("The zip holds no XML file.")
            name = min(names, key=lambda name: (name.count("/"), name))
            self.open: Callable[[], IO[bytes]] = lambda: files.open(name)
        else:
            self.open = lambda: path.open("rb")


_FORBIDDEN = bytes(set(range(32)) - {9, 10, 13})


class _Cleaned:
    """A file without control characters. UTF-16 is left as it is: there a zero is half of a letter."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.wide: bool | None = None
        self.started = False

    def read(self, size: int = -1) -> bytes:
        chunk = self.file.read(size)
        if self.wide is None:
            self.wide = chunk[:2] in (b"\xff\xfe", b"\xfe\xff") or chunk[:4].count(0) > 1
        if not self.started:
            self.started = True
            chunk = chunk if self.wide else chunk.lstrip(b"\xef\xbb\xbf \t\r\n\0")
        return chunk if self.wide else chunk.translate(None, _FORBIDDEN)


def elements(source: Source) -> Iterator[Any]:
    """The children of the channel, each whole, freed once it was seen. Raises ImportRefused."""
    with source.open() as file:
        reader = _Cleaned(file)
        try:
            # Entities are never expanded; a document that declares any is refused before the first element is read.
            events = etree.iterparse(
                reader, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
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
        except etree.XMLSyntaxError as error:
            line = error.lineno or 0
            cut = (
                " It looks cut off; export it again." if "Premature end" in str(error) or "EndTag" in str(error) else ""
            )
            raise ImportRefused(
                f"Line {line}: the XML is broken ({str(error.msg).split(', line')[0]}). Nothing was imported.{cut}"
            ) from None


def _check_root(element: Any) -> None:
    declared = element.getroottree().docinfo.internalDTD
    if declared is not None and next(iter(declared.iterentities()), None) is not None:
        raise ImportRefused(
            "The file declares entities of its own, which no export does and which can be made to fill the memory. It was not read."
        )
    if element.tag.rpartition("}")[2] not in ("rss", "channel"):
        raise ImportRefused(f"This XML is no WordPress export: it begins with <{element.tag}>.")


def tag_of(element: Any) -> str:
    """`wp:post_id` and the like, whatever version its namespace names."""
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


def text_of(element: Any) -> str:
    return "".join(element.itertext())


def fields_of(element: Any) -> dict[str, str]:
    """The simple children of an element by name, the first of each."""
    fields: dict[str, str] = {}
    for child in element:
        fields.setdefault(tag_of(child), text_of(child) if not len(child) else "")
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
