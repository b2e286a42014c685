"""Lines in files of a folder, written as they come and taken out together: a process that is killed loses none of them.

What the kernel was given outlasts the process, though not the machine's power. A process holds a lock on its file for as long as
it lives; what a dead one left is taken by whichever process takes next. A line may come out twice, if a process dies between
settling lines and removing their file: whoever takes them has to know a repeated one.
"""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from errno import ENOSPC
from itertools import chain
from pathlib import Path

SUFFIX = ".lines"
MOST = 32 * 1024 * 1024  # bytes that wait in one file; more than that is refused
MOST_IN_ALL = 16 * MOST  # and in all files of a folder, looked at whenever one is begun


class Full(Exception):
    """More waits than the journal holds."""


class Journal:
    """What one process has written and not yet taken out."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._file, self._path, self._size = -1, Path(), 0

    def add(self, line: bytes) -> None:
        """Write a line that has no line break in it. Raises Full, or OSError where the disk is."""
        with self._lock:
            if self._file < 0:
                self._open()
            if self._size > MOST:
                raise Full
            self._write(line + b"\n")

    def _write(self, line: bytes) -> None:
        """Write a whole line. What follows a torn one would be lost with it, so that its file is closed and left to be taken."""
        written = -1
        try:
            written = os.write(self._file, line)
        finally:
            if written < len(line):
                os.close(self._file)
                self._file = -1
        if written < len(line):
            raise OSError(ENOSPC, "A line was written in part")
        self._size += written

    def _open(self) -> None:
        folder = self._folder()
        folder.mkdir(parents=True, exist_ok=True)
        if _size_of(folder) > MOST_IN_ALL:
            raise Full
        while self._file < 0:
            self._path, self._size = folder / f"{os.getpid()}.{time.time_ns()}{SUFFIX}", 0
            file = os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file).st_nlink:
                self._file = file
            else:  # another process took it for a dead one's before it was locked
                os.close(file)

    def settle(self, take: Callable[[list[bytes]], None]) -> int:
        """Have `take` settle what this and dead processes wrote; return how many lines.

        Each file by itself: where it fails, the lines stay for the next time, and what went wrong is raised at the end.
        """
        with self._lock:
            own, path = self._file, self._path
            self._file = -1
        files = [(own, path)] if own >= 0 else []
        settled, failures = 0, list[Exception]()
        for file, path in chain(files, self._left_by_the_dead()):
            try:
                settled += _settled(file, path, take)
            except Exception as error:  # noqa: BLE001 (it is raised below)
                failures.append(error)
        if failures:
            raise ExceptionGroup(f"{len(failures)} files could not be settled", failures)
        return settled

    def _left_by_the_dead(self) -> Iterator[tuple[int, Path]]:
        for path in sorted(self._folder().glob(f"*{SUFFIX}")):
            with suppress(OSError):
                file = os.open(path, os.O_RDONLY)
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:  # its process lives
                    os.close(file)
                else:
                    yield file, path


def _size_of(folder: Path) -> int:
    size = 0
    for path in folder.glob(f"*{SUFFIX}"):
        with suppress(OSError):  # taken meanwhile
            size += path.stat().st_size
    return size


def _settled(file: int, path: Path, take: Callable[[list[bytes]], None]) -> int:
    try:
        *lines, _torn = path.read_bytes().split(b"\n") if path.exists() else [b""]
        if lines:
            take(lines)
        path.unlink(missing_ok=True)
        return len(lines)
    finally:
        os.close(file)  # and with it the lock
