"""Backups for whoever holds a private key (age, https://age-encryption.org/v1): this machine has the public half alone."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

SUFFIX = ".age"
HEAD = b"age-encryption.org/"


class SealError(Exception):
    """It cannot be encrypted or decrypted; the text says why."""


def recipient(text: str) -> Any:
    """A public key, age1… or that of an SSH key (ssh-ed25519 …, ssh-rsa …)."""
    import pyrage

    kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise SealError(f"“{text[:40]}” is no public key of age (age1…) and none of SSH.") from None


def identities(path: Path) -> list[Any]:
    """The private keys in a file of `age-keygen`, or the one of an SSH key."""
    import pyrage

    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SealError(f"The private key cannot be read from {path}: {getattr(error, 'strerror', error)}.") from error
    lines = [line.strip() for line in text.splitlines()]
    try:
        if lines and lines[0].startswith("-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(text.encode())]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError as error:
        raise SealError(f"{path} holds no private key of age: {error}.") from None
    if not found:
        raise SealError(f"{path} holds no private key of age.")
    return found


@contextmanager
def sealed(out: IO[bytes], recipients: Sequence[str]) -> Iterator[IO[bytes]]:
    """A file to write to, what comes out of which is encrypted on its way; `out` itself without recipients."""
    if not recipients:
        yield out
        return
    import pyrage

    keys = [recipient(text) for text in recipients]
    reading, writing = os.pipe()
    failures: list[Exception] = []

    def encrypt() -> None:
        with open(reading, "rb") as source:
            try:
                pyrage.encrypt_io(source, out, keys)
            except Exception as error:  # noqa: BLE001 (it is raised below)
                failures.append(error)

    thread = threading.Thread(target=encrypt, name="encryption", daemon=True)
    thread.start()
    try:
        with open(writing, "wb") as into:
            yield into
    except BrokenPipeError:
        pass  # what ended says why
    finally:
        thread.join()
    if failures:
        raise failures[0]


def is_sealed(path: Path) -> bool:
    """Whether a file is encrypted."""
    with open(path, "rb") as file:
        return file.read(len(HEAD)) == HEAD


@contextmanager
def opened(path: Path, identity: Path | None) -> Iterator[IO[bytes]]:
    """What a file holds, decrypted where it is encrypted: into a file without a name, which goes when it is closed."""
    if not is_sealed(path):
        with open(path, "rb") as file:
            yield file
        return
    if identity is None:
        raise SealError(f"{path} is encrypted: name the file of its private key with --identity.")
    try:
        import pyrage
    except ImportError:
        raise SealError(f"{path} is encrypted: `pip install -r requirements-operations.txt` first.") from None
    keys = identities(identity)
    with open(path, "rb") as file, TemporaryFile(dir=path.parent) as plain:
        try:
            pyrage.decrypt_io(file, plain, keys)
        except pyrage.DecryptError as error:
            raise SealError(f"{path} cannot be decrypted with {identity}: {error}.") from None
        plain.seek(0)
        yield plain
