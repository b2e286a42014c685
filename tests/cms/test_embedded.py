"""The embedded PostgreSQL: whoever needs it shares it, the last one out stops it, and nothing outside is touched."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from cms.ops import embedded
from cms.ops.embedded import programs
from tests.smtp import wait_until


def query(var, sql):
    """The first value of a query, on a connection of its own."""
    settings = embedded.connection(var)
    with psycopg.connect(
        host=settings["HOST"], port=settings["PORT"], user=settings["USER"], dbname=settings["NAME"]
    ) as connection:
        cursor = connection.execute(sql)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def stopped(var):
    return not embedded.Cluster(var).is_running()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A state folder whose data folder is made already, for the tests that are not about making it."""
    var = tmp_path_factory.mktemp("made") / "var"
    with embedded.running(var):
        pass
    return var


@pytest.fixture
def user_process(made):
    """Another process that uses the server, as bin/manage does."""
    command = [sys.executable, "-m", "cms.ops.embedded", "run", "sleep", "60"]
    process = subprocess.Popen(command, env=os.environ | {"MOONPRESS_VAR": str(made), "DATABASE_URL": ""})
    wait_until(lambda: embedded.Cluster(made).is_ready(), what="the server")
    yield process
    process.kill()
    process.wait()


def test_a_fresh_one_has_our_database_in_utf8(tmp_path):
    with embedded.running(tmp_path / "var") as cluster:
        assert query(cluster.var, "SELECT current_database() || ' ' || current_setting('server_encoding')") == (
            "moonpress UTF8"
        )
    assert stopped(cluster.var)


def test_naming_the_connection_starts_nothing(tmp_path):
    embedded.connection(tmp_path / "var")
    assert list(tmp_path.iterdir()) == []


def test_it_listens_on_no_network_and_in_a_private_folder(made):
    with embedded.running(made):
        assert query(made, "SELECT current_setting('listen_addresses')") == ""
        assert stat.S_IMODE(embedded.socket_folder(made).stat().st_mode) == 0o700


def test_a_commit_waits_for_the_disk(made):
    with embedded.running(made):
        assert query(made, "SELECT current_setting('fsync') || current_setting('synchronous_commit')") == "onon"


def postmaster_pid(cluster):
    """The server's process number as it wrote it down, also that of a server that was killed."""
    try:
        return int((cluster.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def test_it_runs_until_its_last_user_leaves(made):
    first, second = embedded.Cluster(made), embedded.Cluster(made)
    first.start()
    pid = postmaster_pid(first)
    second.start()
    first.stop()
    assert query(made, "SELECT 1") == 1
    assert postmaster_pid(second) == pid, "both used the same server"
    second.stop()
    assert stopped(made)


def test_starting_and_stopping_twice_is_once(made):
    cluster = embedded.Cluster(made)
    cluster.start()
    cluster.start()
    cluster.stop()
    assert stopped(made)
    cluster.stop()


def test_many_may_start_it_at_once(made):
    command = [sys.executable, "-m", "cms.ops.embedded", "run", "true"]
    environment = os.environ | {"MOONPRESS_VAR": str(made), "DATABASE_URL": ""}
    starters = [subprocess.Popen(command, env=environment) for _ in range(5)]
    assert [starter.wait(60) for starter in starters] == [0] * 5
    wait_until(lambda: stopped(made), what="the end of the last one")


def test_a_program_run_with_it_is_a_user_of_it(made, user_process):
    with embedded.running(made):
        pass
    assert query(made, "SELECT 1") == 1, "our leaving did not take it from the other"
    user_process.terminate()
    wait_until(lambda: stopped(made), what="its end with its last user")


def test_it_stops_when_its_last_user_was_killed(made, user_process):
    user_process.kill()
    wait_until(lambda: stopped(made), what="its end with its last user")


def test_another_database_named_in_the_environment_is_used_instead(tmp_path):
    command = [sys.executable, "-m", "cms.ops.embedded", "run", "true"]
    elsewhere = {"MOONPRESS_VAR": str(tmp_path / "var"), "DATABASE_URL": "postgres://localhost/other"}
    assert subprocess.run(command, env=os.environ | elsewhere, check=False).returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_path_too_long_for_a_socket_gets_a_short_folder_that_goes_again(tmp_path):
    var = tmp_path.joinpath(*["a rather deep folder"] * 8) / "var"
    with embedded.running(var):
        folder = embedded.socket_folder(var)
        assert len(str(folder)) < 60
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert query(var, "SELECT 1") == 1
    assert not folder.exists()


@pytest.mark.parametrize("prepare", [lambda path: path.mkdir(mode=0o755), lambda path: path.symlink_to("/tmp")])
def test_a_socket_folder_that_somebody_else_prepared_is_refused(made, tmp_path, prepare):
    var = tmp_path.joinpath(*["a rather deep folder"] * 8) / "var"
    folder = embedded.socket_folder(var)
    prepare(folder)
    try:
        with pytest.raises(embedded.EmbeddedError, match="is not a private folder"):
            embedded.Cluster(var).start()
    finally:
        folder.unlink() if folder.is_symlink() else folder.rmdir()


def test_no_folder_above_the_data_is_opened(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with embedded.running(home / "clone" / "var") as cluster:
        pass
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE(cluster.data.stat().st_mode) == 0o700


def test_half_made_data_are_made_again(tmp_path):
    unfinished = tmp_path / "var/postgres/data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with embedded.running(tmp_path / "var"):
        assert query(tmp_path / "var", "SELECT 1") == 1


def test_data_of_an_older_version_that_is_still_brought_along_keep_running_on_it(tmp_path):
    old = Path(programs.program("postgres", 16)).with_name("initdb")
    data = tmp_path / "var/postgres/data"
    data.parent.mkdir(parents=True)
    wrapper = programs.wrapper(data.parent)
    subprocess.run(
        [*wrapper.prefix, old, "-D", data, "-U", "moonpress", "--auth=trust"], check=True, capture_output=True
    )
    settings = embedded.connection(tmp_path / "var")
    with (
        embedded.running(tmp_path / "var"),
        psycopg.connect(host=settings["HOST"], user="moonpress", dbname="postgres") as connection,
    ):
        assert connection.info.server_version // 10_000 == 16


@pytest.mark.parametrize(
    ("content", "words"), [("12", "made by PostgreSQL 12"), (None, "not a PostgreSQL data folder")]
)
def test_data_that_cannot_be_used_are_left_alone_with_a_clear_word(tmp_path, content, words):
    data = tmp_path / "var/postgres/data"
    data.mkdir(parents=True)
    if content:
        (data / "PG_VERSION").write_text(content)
    with pytest.raises(embedded.EmbeddedError, match=words):
        embedded.Cluster(tmp_path / "var").start()
    assert [path.name for path in data.iterdir()] == (["PG_VERSION"] if content else [])


def test_it_starts_quickly(made):
    began = time.monotonic()
    with embedded.running(made):
        pass
    assert time.monotonic() - began < 5
