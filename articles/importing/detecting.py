"""Detection of an export's format, by its name and its first bytes, and the reader for each format."""

import csv
from collections.abc import Callable
from pathlib import Path

from articles.importing.archives import ZipFiles, is_zip
from articles.importing.decoding import decode
from articles.importing.ghost.reader import read_ghost
from articles.importing.markdown.reader import ENDINGS, HTML_POST, read_markdown
from articles.importing.posts import Export, ImportRefused
from articles.importing.webflow.reader import looks_like_webflow, read_webflow
from articles.importing.wordpress.reader import read_wordpress

Reader = Callable[[Path, str | None], Export]
READERS: dict[str, Reader] = {
    "webflow": read_webflow,
    "wordpress": read_wordpress,
    "ghost": read_ghost,
    "markdown": read_markdown,
}
FORMATS = ("auto", *READERS)
SYSTEMS = {
    "webflow": "Webflow",
    "wordpress": "WordPress",
    "ghost": "Ghost",
    "markdown": "Markdown",
    "moonpress": "Moonpress",
}


def open_export(path: Path, format_name: str = "auto", encoding: str | None = None) -> Export:
    """Open an export with the reader for its format. Raises ImportRefused."""
    if not path.exists():
        raise ImportRefused(f"There is no file or folder “{path}”.")
    if path.is_file() and path.stat().st_size == 0:
        raise ImportRefused("The file is empty.")
    try:
        return READERS[detect(path) if format_name == "auto" else format_name](path, encoding)
    except OSError as error:
        raise ImportRefused(f"“{path}” cannot be read: {error.strerror or error}.") from None


def detect(path: Path) -> str:
    """The format of an export."""
    if path.is_dir() or path.suffix.lower() in (".md", ".markdown", ".mdx"):
        return "markdown"
    if is_zip(path):
        return _detect_zip(path)
    with path.open("rb") as file:
        head = file.read(4096)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        return "wordpress"
    if start.startswith((b"{", b"[")):
        return "ghost"
    if start.startswith((b"---", b"+++")):
        return "markdown"
    if path.suffix.lower() in (".csv", ".tsv", ".txt") or _is_csv(head):
        return "webflow"
    raise ImportRefused(
        "The file is neither a Webflow CSV, a WordPress export (XML), a Ghost export (JSON) nor Markdown. Say which with --format."
    )


def _detect_zip(path: Path) -> str:
    names = [name.lower() for name in ZipFiles(path).names()]
    if any(name.endswith(ENDINGS) or HTML_POST.search(name) for name in names):
        return "markdown"
    for ending, found in ((".xml", "wordpress"), (".json", "ghost"), (".csv", "webflow")):
        if any(name.endswith(ending) for name in names):
            return found
    raise ImportRefused("The zip holds no Markdown, no WordPress XML, no Ghost JSON and no Webflow CSV.")


def _is_csv(head: bytes) -> bool:
    try:
        text, _ = decode(head[: head.rfind(b"\n")] if b"\n" in head else head)
    except ImportRefused:
        return False
    return looks_like_webflow(next(csv.reader(text.splitlines()), []))
