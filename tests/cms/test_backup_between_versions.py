"""A backup comes back on every PostgreSQL that docs/operations.md names, whatever made it."""

import subprocess
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from cms.ops.embedded import programs
from tests.articles import factories
from tests.processes import manage_command
from tests.smtp import wait_until

INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # where Debian and Ubuntu put theirs
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not INSTALLED, reason="no PostgreSQL besides the embedded one"),
]


@pytest.fixture(params=INSTALLED, ids=[folder.parent.name for folder in INSTALLED])
def other_server(request, tmp_path_factory):
    """The folder of the socket of a server of another version, with an empty database `other`."""
    folder = tmp_path_factory.mktemp("pg")
    wrapped = programs.wrapper(folder)
    prefix, data = wrapped.prefix, folder / "data"
    made = [*prefix, str(request.param / "initdb"), "-D", str(data), "-U", "moonpress", "-A", "trust", "-E", "UTF8"]
    subprocess.run([*made, "--locale=C.UTF-8"], check=True, capture_output=True)
    serving = [*prefix, str(request.param / "postgres"), "-D", str(data), "-k", str(folder), "-c", "listen_addresses="]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(serving, stdout=log, stderr=log)
    wait_until(lambda: answers(folder), seconds=30, what="the other server")
    with psycopg.connect(host=str(folder), user="moonpress", dbname="postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE other")
    yield str(folder)
    server.terminate()
    server.wait(20)


def answers(folder):
    try:
        psycopg.connect(host=str(folder), user="moonpress", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def test_it_comes_back_on_another_version(other_server, tmp_path):
    factories.publication(slug="fees", title="What fees are")
    made = manage_command("backup", str(tmp_path / "site.tar"))
    assert made.returncode == 0, made.stderr
    address = f"postgres://moonpress@/other?host={quote(other_server)}"
    done = manage_command(
        "restore", str(tmp_path / "site.tar"), DATABASE_URL=address, MOONPRESS_VAR=str(tmp_path / "elsewhere")
    )
    assert done.returncode == 0, done.stderr
    with psycopg.connect(host=other_server, user="moonpress", dbname="other") as connection:
        assert connection.execute("SELECT title FROM articles_publication").fetchone() == ("What fees are",)
        again = manage_command("backup", str(tmp_path / "again.tar"), DATABASE_URL=address)
    assert again.returncode == 0, again.stderr
