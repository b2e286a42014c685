"""Ballots at a fixed rate while everything is killed: a process of the web server, all of it, the worker, PostgreSQL.

Voters press again where nothing answers, confirm what comes by mail twice at once, and remember the receipts they were shown.
At the end each of these has to be a ballot that counts once, and the ledger has to hold.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from benchmarks import measuring
from benchmarks.tally import NOMINEES, make_category
from core.models import OutgoingMail
from core.tasks import send_outgoing_mail
from surveys import release, seasons, verification
from surveys.models import BallotRules
from tests.processes import RealProcess
from tests.smtp import SmtpServer, free_port, wait_until
from tests.voters import Voters

READY = 120  # seconds that anything may take to be back


def main(arguments: list[str]) -> dict[str, Any]:
    """Options: ballots a second (200 unless told), and for how many seconds (20)."""
    rate, seconds = (int(given) for given in [*arguments, *("200", "20")[len(arguments) :]])
    category = make_category()
    # so many from one place are no attack here, and their mails wait for nothing
    BallotRules.objects.update_or_create(pk=1, defaults={"proof_when": "never"})
    inbox, port = SmtpServer(free_port()), free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.port)
    controller.start()
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "EMAIL_URL": inbox.url,
        "PORT": str(port),
        "WEB_WORKERS": "2",
        "PYTHONWARNINGS": "ignore",
    }
    web, worker = (
        RealProcess(name, environment, Path(settings.VAR) / f"{name}-faults.log") for name in ("web", "worker")
    )
    url = f"http://127.0.0.1:{port}"
    try:
        web.start()
        worker.start()
        wait_until(lambda: answers(url), seconds=READY, what="the site")
        voters = Voters(url, category, NOMINEES, inbox, number=rate * seconds, rate=rate)
        killed = [kill_one_of(web), lambda: again(web), lambda: again(worker), kill_database, lambda: again(worker)]
        with voters.coming():
            for kill in killed:
                time.sleep(seconds / (len(killed) + 1))
                kill()
        voters.wait(10 * READY, ring_as_beat_does)
    finally:
        web.stop()
        worker.stop()
        controller.stop()
    figures = {"rate_per_s": rate, "killed": len(killed), **voters.figures()}
    seasons.close(category.season)
    category.refresh_from_db()
    figures |= {
        "tallied": release.tally(category).ballots,
        "problems": len(list(verification.problems(category.season))),
    }
    measuring.table(figures)
    return figures


def again(process: RealProcess) -> None:
    process.kill()
    process.start()


def kill_one_of(web: RealProcess) -> Callable[[], None]:
    """Kill one of the processes that answer; the server starts another."""
    return lambda: os.kill(children(web.pid)[-1], signal.SIGKILL)


def kill_database() -> None:
    """Kill every process of PostgreSQL at once, as a power cut would; what supervises it starts it again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('data_directory')")
        (folder,) = cursor.fetchone()
    server = int(Path(folder, "postmaster.pid").read_text().split()[0])
    for pid in [server, *children(server)]:
        os.kill(pid, signal.SIGKILL)
    connection.close()
    wait_until(database_answers, seconds=READY, what="the database")


def database_answers() -> bool:
    try:
        connection.ensure_connection()
    except DatabaseError:
        return False
    return True


def children(pid: int) -> list[int]:
    told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(each) for each in told.split()]


def answers(url: str) -> bool:
    try:
        measuring.fetch(f"{url}/healthz")
    except OSError:
        return False
    return True


def ring_as_beat_does() -> None:
    """The leases of a dead worker are over in a minute here, not after five."""
    old = timezone.now() + OutgoingMail.LEASE - timedelta(minutes=1)
    waiting = OutgoingMail.objects.filter(state="queued", lease_expires_at__lt=old)
    waiting.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    OutgoingMail.objects.filter(state="queued", attempts__gt=0).update(due_at=timezone.now())
    send_outgoing_mail.delay()
