"""What happens to the embedded PostgreSQL when processes are killed, and when it is started by and beside other users."""

import ctypes
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from cms.ops import embedded
from cms.ops.embedded import programs
from tests.cms.test_embedded import postmaster_pid, query, stopped
from tests.smtp import wait_until

CLONE_NEWUSER = 0x10000000
START_AGAIN = "import sys; subprocess.run([sys.executable, '-c', ''], check=True)"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def var(tmp_path):
    return tmp_path / "var"


def kill_all(cluster):
    """As a power cut would: the supervisor and every process of the server at once."""
    pids = [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if belongs_to(entry, cluster)]
    assert len(pids) > 3, "found neither the supervisor nor the server"
    for number in (signal.SIGSTOP, signal.SIGKILL):  # none of them gets to tidy up after another
        for pid in pids:
            os.kill(pid, number)
    wait_until(lambda: stopped(cluster.var), what="their end")


def belongs_to(process, cluster):
    """Whether a process has the server's lock open: the supervisor, the postmaster and its children do."""
    try:
        held = {link.readlink() for link in (process / "fd").iterdir()}
    except OSError:
        return False
    return cluster.folder / "server.lock" in held


def test_what_was_committed_survives_a_power_cut(var):
    cluster = embedded.Cluster(var)
    cluster.start()
    query(var, "CREATE TABLE kept AS SELECT 42 AS number")
    kill_all(cluster)
    assert postmaster_pid(cluster), "a stale file stayed behind"
    cluster.stop()
    with embedded.running(var):
        assert query(var, "SELECT number FROM kept") == 42


def test_a_stale_process_number_that_is_another_programs_now_does_not_prevent_a_start(var):
    cluster = embedded.Cluster(var)
    cluster.start()
    kill_all(cluster)
    cluster.stop()
    stale = cluster.data / "postmaster.pid"
    stale.write_text(stale.read_text().replace(str(postmaster_pid(cluster)), str(os.getpid()), 1))
    with embedded.running(var):
        assert query(var, "SELECT 1") == 1


def test_it_comes_back_by_itself_when_only_the_server_was_killed(var):
    with embedded.running(var) as cluster:
        killed = postmaster_pid(cluster)
        assert killed
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: postmaster_pid(cluster) != killed and cluster.is_ready(), seconds=30, what="the server")
        assert query(var, "SELECT 1") == 1
    assert stopped(var)


def test_it_stops_when_its_supervisor_was_killed_and_can_be_started_again(var):
    cluster = embedded.Cluster(var)
    cluster.start()
    postmaster = postmaster_pid(cluster)
    with open(f"/proc/{postmaster}/stat") as file:
        supervisor = int(file.read().rpartition(")")[2].split()[1])
    os.kill(supervisor, signal.SIGKILL)
    wait_until(lambda: stopped(var), what="its end")
    cluster.stop()
    with embedded.running(var):
        assert query(var, "SELECT 1") == 1


def test_a_server_started_by_hand_is_not_disturbed(var):
    with embedded.running(var) as cluster:
        pass
    prefix = programs.wrapper(cluster.folder).prefix
    command = [*prefix, programs.program("postgres"), "-D", str(cluster.data), "-c", "listen_addresses="]
    command += ["-c", f"unix_socket_directories={embedded.socket_folder(var)}"]
    embedded.socket_folder(var).mkdir(mode=0o700)
    by_hand = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_until(cluster.is_ready, what="the server started by hand")
        with embedded.running(var):
            assert postmaster_pid(cluster) == by_hand.pid
        assert by_hand.poll() is None
        assert query(var, "SELECT 1") == 1
    finally:
        by_hand.send_signal(signal.SIGINT)
        by_hand.wait()


# Other users


@pytest.fixture
def common(tmp_path_factory):
    """A folder that other users can reach: pytest's own cannot."""
    folder = Path("/tmp") / f"moonpress-test-{os.getpid()}"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


def python_for_everyone():
    """A Python that other users may run; ours may be in somebody's home."""
    for candidate in (sys.executable, "/usr/bin/python3"):
        probe = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", candidate, "-P", "-c"]
        probe += [f"import runpy, subprocess; runpy.run_path({programs.__file__!r}); {START_AGAIN}"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return candidate
    pytest.skip("no Python, or not this clone, can be reached by another user")


def run_as_nobody(var, *program):
    packages = f"{embedded.ROOT}{os.pathsep}{Path(psycopg.__file__).parents[1]}"
    command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", python_for_everyone(), "-P"]
    return subprocess.run(
        [*command, "-m", "cms.ops.embedded", "run", *program],
        env={"PATH": os.environ["PATH"], "MOONPRESS_VAR": str(var), "PYTHONPATH": packages},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def psql(var, sql):
    where = embedded.connection(var)
    return [programs.program("psql"), "-h", where["HOST"], "-U", where["USER"], "-d", where["NAME"], "-Atc", sql]


@as_root
def test_two_users_have_one_each_at_the_same_time(var, common):
    theirs = common / "home" / "var"
    theirs.parent.mkdir(mode=0o700)
    shutil.chown(theirs.parent, "nobody")
    with embedded.running(var):
        done = run_as_nobody(theirs, *psql(theirs, "SELECT 'theirs'"))
        assert (done.stdout.strip(), done.stderr) == ("theirs", "")
        assert query(var, "SELECT 'ours'") == "ours"
    wait_until(lambda: stopped(theirs), what="the end of the other one")


@as_root
def test_a_state_folder_of_somebody_else_is_refused_in_one_line(common):
    refused = run_as_nobody(common / "var", "true")
    assert refused.returncode == 1
    assert refused.stderr.startswith("moonpress: ")
    assert "belongs to root" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@as_root
def test_root_runs_the_server_of_data_that_another_user_made(common):
    theirs = common / "home" / "var"
    theirs.parent.mkdir(mode=0o700)
    shutil.chown(theirs.parent, "nobody")
    assert run_as_nobody(theirs, "true").returncode == 0
    wait_until(lambda: stopped(theirs), what="the end of the other one")
    with embedded.running(theirs) as cluster:
        assert query(theirs, "SELECT 1") == 1
        assert cluster.data.owner() == "nobody"
    assert run_as_nobody(theirs, *psql(theirs, "SELECT 1")).stdout.strip() == "1", "it stayed theirs"
    wait_until(lambda: stopped(theirs), what="its end")


def in_a_system_without_user_namespaces(do):
    """Run it as root of a namespace in which no further one may be made, as containers have it; the exit status."""
    ready, mapped = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER)
            os.write(ready[1], b".")
            os.read(mapped[0], 1)
            os.setgid(0)
            os.setuid(0)
            Path("/proc/sys/user/max_user_namespaces").write_text("0")
            do()
            status = 0
        finally:
            os._exit(status)
    os.read(ready[0], 1)
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{child}/{name}").write_text("0 0 65536\n")
    os.write(mapped[1], b".")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@as_root
def test_root_without_user_namespaces_keeps_every_folder_closed(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)

    def use_it():
        assert subprocess.run(["unshare", "-U", "true"], capture_output=True, check=False).returncode != 0
        with embedded.running(home / "var") as cluster:
            assert query(home / "var", "SELECT 1") == 1
            assert cluster.data.owner() == "nobody"
            Path(f"/proc/{postmaster_pid(cluster)}/status").read_text().index("Uid:\t65534")

    assert in_a_system_without_user_namespaces(use_it) == 0
    assert stopped(home / "var")
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    with embedded.running(home / "var"):
        assert query(home / "var", "SELECT 1") == 1, "data made there are usable where there are namespaces"
