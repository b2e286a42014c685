"""The files beside an export, in a folder or a zip. Zips are never unpacked, and nothing outside is read."""

import lzma
import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

from articles.importing.posts import ImportRefused

MAX_MEMBERS = 200_000
MAX_TOTAL = 8 * 1024**3
MAX_MEMBER = 512 * 1024**2
MAX_RATIO = 250
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, NotImplementedError, RuntimeError)
_GHOST_SIZE = re.compile(r"(?<=/content/images)/size/w\d+(?:h\d+)?(?:/format/\w+)?/")
_DRIVE = re.compile(r"^[A-Za-z]:")


class FolderFiles:
    """The files of a folder. Links that lead out of it are ignored."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def names(self) -> list[str]:
        """The relative path of every file below the folder, except hidden ones."""
        found = (path for path in sorted(self.root.rglob("*")) if path.is_file() and self._is_inside(path))
        return [name for path in found if not _is_hidden(name := path.relative_to(self.root).as_posix())]

    def _is_inside(self, path: Path) -> bool:
        return not path.is_symlink() or path.resolve().is_relative_to(self.root)

    def read(self, name: str) -> bytes | None:
        for candidate in _candidates(name):
            path = (self.root / candidate).resolve()
            try:
                if path.is_relative_to(self.root) and path.is_file() and path.stat().st_size <= MAX_MEMBER:
                    return path.read_bytes()
            except (OSError, ValueError):
                continue
        return None


class ZipFiles:
    """The files of a zip. Raises ImportRefused if it is damaged, encrypted or malicious."""

    def __init__(self, path: Path) -> None:
        try:
            self.archive = zipfile.ZipFile(path)
            members = self.archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise ImportRefused(f"The zip cannot be read: {error}.") from None
        if len(members) > MAX_MEMBERS:
            raise ImportRefused(f"The zip holds {len(members)} files; at most {MAX_MEMBERS} are read.")
        for member in members:
            self._check(member)
        total = sum(member.file_size for member in members)
        if total > MAX_TOTAL:
            raise ImportRefused(
                f"Unpacked, the zip would hold {total >> 30} GB; at most {MAX_TOTAL >> 30} GB are read."
            )
        self._members = {_plain(member.filename): member for member in members if not member.is_dir()}
        self.prefix = _common_folder(self.names())

    def _check(self, member: zipfile.ZipInfo) -> None:
        name = member.filename.replace("\\", "/")
        if name.startswith("/") or _DRIVE.match(name) or ".." in PurePosixPath(name).parts:
            raise ImportRefused(
                f"The zip holds a file that points outside of it, “{member.filename[:200]}”. Nothing was imported."
            )
        if member.flag_bits & 1:
            raise ImportRefused("The zip is protected by a password.")
        if member.file_size > MAX_MEMBER or (
            member.file_size > 20 * 1024**2 and member.file_size > MAX_RATIO * max(member.compress_size, 1)
        ):
            raise ImportRefused(
                f"“{member.filename[:200]}” in the zip would unpack to {member.file_size >> 20} MB. Nothing was imported."
            )

    def names(self) -> list[str]:
        """Every file in the zip except hidden ones."""
        return sorted(name for name in self._members if not _is_hidden(name))

    def read(self, name: str) -> bytes | None:
        for candidate in _candidates(name):
            for member in (self._members.get(candidate), self._members.get(f"{self.prefix}{candidate}")):
                if member is not None:
                    return self._bytes(member)
        return None

    def content(self, name: str) -> bytes:
        """The bytes of a file that the zip has. Raises ImportRefused."""
        if (found := self._bytes(self._members[name])) is None:
            raise ImportRefused(f"“{name}” in the zip is damaged.")
        return found

    def head(self, name: str, size: int) -> bytes | None:
        """The first bytes of a file that the zip has; None if it is damaged."""
        return self._first(self._members[name], size)

    def open(self, name: str) -> IO[bytes]:
        """A file of the zip as a stream."""
        return self.archive.open(self._members[name])

    def _bytes(self, member: zipfile.ZipInfo) -> bytes | None:
        content = self._first(member, member.file_size + 1)
        return content if content is not None and len(content) == member.file_size else None

    def _first(self, member: zipfile.ZipInfo, size: int) -> bytes | None:
        try:
            with self.archive.open(member) as file:
                return file.read(size)
        except _DAMAGED:
            return None


def files_beside(path: Path) -> FolderFiles | ZipFiles:
    """The files that accompany an export: those in its zip, or in the folder that contains it."""
    return ZipFiles(path) if is_zip(path) else FolderFiles(path if path.is_dir() else path.parent)


def is_zip(path: Path) -> bool:
    """Whether a file is a zip, even a damaged one."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08") or zipfile.is_zipfile(path)


def main_file(path: Path, *endings: str) -> tuple[bytes, FolderFiles | ZipFiles]:
    """The bytes of an export and the files beside it. In a zip, the export is the first file with one of the endings."""
    files = files_beside(path)
    if not isinstance(files, ZipFiles):
        return path.read_bytes(), files
    names = [name for name in files.names() if name.lower().endswith(endings)]
    for name in sorted(names, key=lambda name: (name.count("/"), name)):
        if (content := files.read(name)) is not None:
            return content, files
    raise ImportRefused(f"The zip holds no file that ends in {' or '.join(endings)}.")


def _candidates(name: str) -> list[str]:
    """Where in an export a file may be that a page refers to: the path itself, then its end, folder by folder."""
    absolute = "//" in name[:12] or name.startswith("__GHOST_URL__")
    try:
        path = (
            urlsplit(name.replace("__GHOST_URL__", "https://ghost.invalid")).path
            if absolute
            else re.split(r"[?#]", name)[0]
        )
    except ValueError:
        return []
    path = _GHOST_SIZE.sub("/", path)
    found = []
    for spelled in dict.fromkeys([path, unquote(path)]):
        plain = _plain(spelled)
        if not plain or "\0" in plain or ".." in plain.split("/"):
            continue
        parts = plain.split("/")
        # At least the last folder and the name: a bare name on another site need not be this file.
        found += ["/".join(parts[at:]) for at in range(max(len(parts) - 2, 1) if absolute or len(parts) > 2 else 1)]
    return found


def _plain(name: str) -> str:
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _common_folder(names: list[str]) -> str:
    """The single folder that contains everything in a zip, with its slash; empty if there is none."""
    tops = {name.split("/", 1)[0] if "/" in name else "" for name in names}
    top = tops.pop() if len(tops) == 1 else ""
    return f"{top}/" if top else ""
