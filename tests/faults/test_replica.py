"""A real replica, made by pg_basebackup: what is read from it, also while it is held back, and when it is lost."""

import os
import subprocess

import pytest
from django.db import connection

from cms.ops.embedded import programs
from core import heartbeats
from tests.newsletter import factories
from tests.processes import manage_command
from tests.smtp import free_port, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
REPORT = """
from django.conf import settings
from django.test import Client
from core.models import User
client = Client(headers={"host": settings.ALLOWED_HOSTS[0]})
client.force_login(User.objects.get())
page = client.get("/admin/newsletter/newsletter/figures/growth.csv").headers["Content-Disposition"]
asked = client.post("/admin/newsletter/subscriberimport/export/", {"newsletter": NEWSLETTER, "form": "plain"})
print([name for name in ("weekly", "monthly", "daily") if name in page], b"".join(asked.streaming_content))
"""


class Server:
    """A PostgreSQL server of its own on a port of this machine."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.wrapper = programs.wrapper(folder.parent)
        folder.mkdir(mode=0o700)
        if self.wrapper.owner is not None:
            os.chown(folder, self.wrapper.owner, -1)

    @property
    def address(self):
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "moonpress"]

    @property
    def url(self):
        return f"postgres://moonpress@127.0.0.1:{self.port}/moonpress"

    def start(self):
        own = ["-D", self.folder, "-p", str(self.port), "-h", "127.0.0.1", "-k", "", "-c", "fsync=off"]
        command = [*self.wrapper.prefix, programs.program("postgres"), *own]
        self.process = subprocess.Popen(command, env=programs.environment(), stderr=subprocess.DEVNULL)
        wait_until(lambda: self.says("SELECT 1", database="postgres") == "1", seconds=30, what="the server")

    def says(self, sql, *, database="moonpress"):
        done = run("psql", *self.address, "-d", database, "-X", "-A", "-t", "-c", sql, check=False)
        return done.stdout.decode().strip()

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)


def run(name, *arguments, prefix=(), check=True, stdin=None):
    command = [*prefix, programs.program(name), *arguments]
    done = subprocess.run(command, env=programs.environment(), input=stdin, capture_output=True, check=False)
    assert not check or done.returncode == 0, done.stderr.decode()
    return done


@pytest.fixture
def primary(tmp_path):
    """A server that others may follow, with a copy of the test database; the embedded one lets nobody."""
    server = Server(tmp_path / "primary")
    run("initdb", "-D", server.folder, "-U", "moonpress", "-A", "trust", "-E", "UTF8", prefix=server.wrapper.prefix)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def replica(tmp_path):
    server = Server(tmp_path / "replica")
    yield server
    server.stop()


def copy_the_test_database(to):
    here = connection.settings_dict
    where = ["-h", here["HOST"], "-p", here["PORT"], "-U", here["USER"]]
    dump = run("pg_dump", *where, "--no-owner", here["NAME"]).stdout
    run("createdb", *to.address, "-T", "template0", "moonpress")
    run("psql", *to.address, "-d", "moonpress", "-q", "-v", "ON_ERROR_STOP=1", stdin=dump)


def test_reports_follow_a_real_replica_and_go_on_without_it(primary, replica):
    newsletter = factories.newsletter(slug="weekly")
    factories.subscription(newsletter, "bea@example.com")
    factories.user(role="administrator", is_superuser=True)
    heartbeats.record("beat")
    copy_the_test_database(primary)
    options = ["-D", replica.folder, "-R", "-X", "stream", "-c", "fast", "--no-sync"]
    run("pg_basebackup", *primary.address, *options, prefix=replica.wrapper.prefix)
    replica.start()

    def report():
        code = REPORT.replace("NEWSLETTER", str(newsletter.pk))
        done = manage_command(
            "shell", "--no-imports", "--command", code, DATABASE_URL=primary.url, REPLICA_URL=replica.url
        )
        assert done.returncode == 0, done.stderr
        assert "bea@example.com" in done.stdout
        return done.stdout.partition("]")[0] + "]", "Reports are read from the primary" in done.stderr

    assert replica.says("SELECT pg_is_in_recovery()") == "t"
    primary.says("UPDATE core_heartbeat SET at = now()")  # copying may have taken a minute
    wait_until(
        lambda: replica.says("SELECT at > now() - interval '50 seconds' FROM core_heartbeat") == "t", what="the beat"
    )
    assert report() == ("['weekly']", False)
    replica.says("SELECT pg_wal_replay_pause()")
    primary.says("UPDATE newsletter_newsletter SET slug = 'monthly'")
    assert report() == ("['weekly']", False), "the replica's, which does not know yet"
    primary.says("UPDATE core_heartbeat SET at = at + interval '2 minutes'")
    assert report() == ("['monthly']", True), "it is too far behind"
    replica.says("SELECT pg_wal_replay_resume()")
    wait_until(lambda: replica.says("SELECT slug FROM newsletter_newsletter") == "monthly", what="the replica")
    assert report() == ("['monthly']", False)
    replica.stop()
    primary.says("UPDATE newsletter_newsletter SET slug = 'daily'")
    assert report() == ("['daily']", True)
