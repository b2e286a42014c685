"""Locks on files: shared by many or held by one, and gone with the processes that hold them."""

import fcntl
from pathlib import Path
from typing import IO


def open_lock(path: Path) -> IO[bytes]:
    return open(path, "ab")


def try_lock(file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
