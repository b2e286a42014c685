"""Detection of an export's format, by what it holds, and the reader for each format."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from articles.importing import unreadable
from articles.importing.archives import ZipFiles, is_zip
from articles.importing.beehiiv import COLUMNS as BEEHIIV
from articles.importing.beehiiv import read_beehiiv
from articles.importing.blogger import is_atom, read_blogger
from articles.importing.buttondown import is_buttondown, is_buttondown_zip, read_buttondown
from articles.importing.decoding import MAX_FILE, decode
from articles.importing.ghost.reader import read_ghost
from articles.importing.kit import is_kit, read_kit
from articles.importing.markdown.reader import ENDINGS, HTML_POST, read_markdown
from articles.importing.medium import is_medium, read_medium
from articles.importing.posts import Export, ImportRefused, SubscriberFile
from articles.importing.squarespace import is_squarespace, read_squarespace
from articles.importing.substack import is_substack, read_substack
from articles.importing.tables import columns_of
from articles.importing.webflow.reader import looks_like_webflow, read_webflow
from articles.importing.wix import COLUMNS as WIX
from articles.importing.wix import read_wix
from articles.importing.wordpress.reader import read_wordpress
from articles.importing.written_pages import is_google_docs, is_notion, read_google_docs, read_notion
from core.lib.text import without_addresses

Reader = Callable[[Path, str | None], Export]
READERS: dict[str, Reader] = {
    "webflow": read_webflow,
    "wordpress": read_wordpress,
    "ghost": read_ghost,
    "markdown": read_markdown,
    "substack": read_substack,
    "beehiiv": read_beehiiv,
    "medium": read_medium,
    "buttondown": read_buttondown,
    "kit": read_kit,
    "blogger": read_blogger,
    "squarespace": read_squarespace,
    "wix": read_wix,
    "notion": read_notion,
    "google_docs": read_google_docs,
}
FORMATS = ("auto", *READERS)
HEAD = 200_000


def open_export(path: Path, format_name: str = "auto", encoding: str | None = None) -> Export:
    """Open an export with the reader for its format. Raises ImportRefused."""
    if not path.exists():
        raise ImportRefused(f"There is no file or folder “{path}”.")
    if path.is_file() and path.stat().st_size == 0:
        raise ImportRefused("The file is empty.")
    try:
        export = READERS[detect(path) if format_name == "auto" else format_name](path, encoding)
        if isinstance(export.files, ZipFiles):
            _add_lists(export, export.files)
        export.subscribers = _told_apart(export.subscribers)
    except OSError as error:
        raise ImportRefused(f"“{path}” cannot be read: {error.strerror or error}.") from None
    return export


def _add_lists(export: Export, files: ZipFiles) -> None:
    """Add the lists of subscribers that came with the posts, recognised by their columns."""
    for name in files.names():
        if not name.lower().endswith(".csv"):
            continue
        if (head := files.head(name, HEAD)) is None:
            export.remarks.append(f"“{name}” in the zip is damaged, and was left out.")
        elif unreadable.is_list_of_subscribers(columns_of(head)):
            export.subscribers.append(SubscriberFile(name, partial(files.content, name)))


def _told_apart(lists: list[SubscriberFile]) -> list[SubscriberFile]:
    """The lists by the names under which they are shown and kept: without addresses, and numbered where two are the same."""
    found: dict[str, SubscriberFile] = {}
    for file in lists:
        plain = Path(without_addresses(file.name))
        names = (str(plain.with_stem(f"{plain.stem} {number}")) if number > 1 else str(plain) for number in count(1))
        name = next(name for name in names if name not in found)
        found[name] = replace(file, name=name)
    return list(found.values())


def detect(path: Path) -> str:
    """The format of an export. Raises ImportRefused, with what it is and how to get an export, for what is none."""
    if path.is_dir():
        return "markdown"
    if is_zip(path):
        return _detect_zip(path)
    with path.open("rb") as file:
        head = file.read(HEAD)
    unreadable.refuse(path.name, head)
    if path.suffix.lower() in (".md", ".markdown", ".mdx"):
        return "notion" if is_notion([path.name]) else "markdown"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        return _of_markup(path.name, start)
    if start.startswith((b"{", b"[")):
        return _of_json(path)
    if start.startswith((b"---", b"+++")):
        return "markdown"
    if found := _of_table(head):
        return found
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return "webflow"
    raise ImportRefused(unreadable.UNKNOWN)


def _of_markup(name: str, start: bytes) -> str:
    small = start[:4000].lower()
    if is_atom(start[:4000]):
        return "blogger"
    if b"<html" in small or small.startswith((b"<!doctype html", b"<article")):
        if is_notion([name]) or b'class="page sans"' in start or b"notion-" in small:
            return "notion"
        if is_google_docs(start):
            return "google_docs"
        raise ImportRefused(unreadable.WEB_PAGE)
    return "squarespace" if is_squarespace(start) else "wordpress"


def _of_json(path: Path) -> str:
    try:
        data: Any = json.loads(decode(path.read_bytes())[0]) if path.stat().st_size <= MAX_FILE else None
    except (ValueError, RecursionError, ImportRefused):
        return "ghost"  # which says what is wrong with it
    return _of_data(data)


def _of_data(data: Any) -> str:
    if is_kit(data):
        return "kit"
    if is_buttondown(data):
        return "buttondown"
    rows = data if isinstance(data, list) else None
    if rows is not None and not any(
        isinstance(row, dict) and row.keys() & {"html", "lexical", "mobiledoc", "markdown", "plaintext"} for row in rows
    ):
        raise ImportRefused(unreadable.LIST.format(_keys(rows)))
    return "ghost"


def _keys(rows: list[Any]) -> str:
    first = next((row for row in rows if isinstance(row, dict)), {})
    return ", ".join(f"“{str(key)[:30]}”" for key in list(first)[:8]) or "nothing that could be a post"


def _of_table(head: bytes) -> str:
    """The format of a CSV file, by its columns; empty if they tell none. Raises ImportRefused for other lists."""
    columns = columns_of(head)
    if columns >= BEEHIIV:
        return "beehiiv"
    if columns >= WIX:
        return "wix"
    if "subject" in columns and columns & {"publish_date", "email_type", "secondary_id"}:
        return "buttondown"
    unreadable.refuse_table(columns)
    return "webflow" if looks_like_webflow(sorted(columns)) else ""


def _detect_zip(path: Path) -> str:
    files = ZipFiles(path)
    exact = files.names()
    names = [name.lower() for name in exact]
    unreadable.refuse_zip(names)
    if is_substack(names):
        return "substack"
    if is_medium(files):
        return "medium"
    if is_buttondown_zip(names):
        return "buttondown"
    if is_notion(exact):
        return "notion"
    pages = [name for name in exact if name.lower().endswith((".html", ".htm"))]
    if (
        len(pages) == 1
        and not HTML_POST.search(pages[0].lower())
        and is_google_docs((files.read(pages[0]) or b"")[:HEAD])
    ):
        return "google_docs"
    if any(name.endswith(ENDINGS) or HTML_POST.search(name) for name in names):
        return "markdown"
    return _by_endings(files, exact)


def _by_endings(files: ZipFiles, names: list[str]) -> str:
    for name in names:
        content = (files.read(name) or b"")[:HEAD] if name.lower().endswith((".xml", ".atom", ".csv")) else b""
        if content and name.lower().endswith((".xml", ".atom")):
            return _of_markup(name, content.lstrip(b"\xef\xbb\xbf \t\r\n"))
        if content and columns_of(content) >= BEEHIIV:
            return "beehiiv"
        if content and columns_of(content) >= WIX:
            return "wix"
    if any(name.lower().endswith(".json") for name in names):
        return "ghost"
    tables = [name for name in names if name.lower().endswith(".csv")]
    if tables:
        unreadable.refuse_table(columns_of((files.read(tables[0]) or b"")[:HEAD]))
        return "webflow"
    raise ImportRefused(unreadable.UNKNOWN.replace("This is", "The zip holds"))
