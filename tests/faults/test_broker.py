"""The broker refuses or hangs: readers, staff and tasks do not notice, and beat's next round finds the work."""

import re
import socket
import statistics
import time
import urllib.request
from urllib.parse import urlencode

import pytest
from django.conf import settings

from core import doorbell
from core.celery import app
from core.models import OutgoingMail
from newsletter.models import SignUp
from newsletter.subscribers import sign_ups
from tests.newsletter import factories
from tests.processes import ROOT, manage_command, own_site
from tests.smtp import free_port, wait_until


@pytest.fixture(params=["refused", "hanging"])
def broken_broker(request):
    """The address of a broker where nobody listens, or where nobody ever answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1] if request.param == "hanging" else free_port()
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture
def site(transactional_db, broken_broker, static_files, tmp_path):
    with own_site(tmp_path / "web.log", CELERY_BROKER_URL=broken_broker) as site:
        yield site


def sign_up(site, email):
    """The status of the answer, and the seconds until it came."""
    began = time.monotonic()
    with urllib.request.urlopen(
        f"{site.url}/newsletter/subscribe/", urlencode({"email": email}).encode(), timeout=30
    ) as answer:
        return answer.status, time.monotonic() - began


def test_sign_ups_are_stored_and_answered_at_once(site):
    factories.newsletter()
    sign_up(site, "first@example.com")  # the process's first page is slow for reasons of its own
    answers = [sign_up(site, f"reader{number}@example.com") for number in range(30)]
    assert {status for status, _ in answers} == {200}
    assert statistics.median(seconds for _, seconds in answers) < 1  # one may be slow on a busy machine
    assert SignUp.objects.count() == sign_ups.settle_due() == OutgoingMail.objects.count() == 31
    urllib.request.urlopen(f"{site.url}/", timeout=5)


@pytest.mark.django_db(transaction=True)
def test_a_task_that_rings_is_not_disturbed_and_its_process_ends(broken_broker):
    code = 'import newsletter.tasks as t\nfor n in range(2000): t.ring(n)\nprint("done")'
    began = time.monotonic()
    manage_command("shell", "--no-imports", "-c", "import newsletter.tasks", CELERY_BROKER_URL=broken_broker)
    to_start = time.monotonic() - began  # as long as the machine is busy
    began = time.monotonic()
    done = manage_command("shell", "--no-imports", "-c", code, CELERY_BROKER_URL=broken_broker)
    assert (done.returncode, done.stdout.strip()) == (0, "done")
    assert done.stderr.count("The broker takes no message") == 1, done.stderr
    assert time.monotonic() - began - to_start < 10


def test_bells_ring_again_once_the_broker_is_back():
    messages, aside = settings.VAR / "broker" / "messages", settings.VAR / "broker" / "aside"
    ringer = doorbell.Ringer()
    messages.rename(aside)
    messages.touch()  # what should be a folder is none
    try:
        ringer.put(doorbell.Bell("core.tasks.purge_expired"))
        wait_until(lambda: ringer.broker_is_down, what="the failure")
    finally:
        messages.unlink()
        aside.rename(messages)
    ringer.put(doorbell.Bell("core.tasks.purge_expired"))  # which another test's worker may take at once
    wait_until(lambda: not ringer.broker_is_down, what="a message that is taken")


def test_every_bell_has_a_task():
    sources = [
        path
        for part in ("core", "sponsors", "articles", "newsletter", "surveys", "cms")
        for path in (ROOT / part).rglob("*.py")
    ]
    named = {name for path in sources for name in re.findall(r'"(\w+\.tasks\.\w+)"', path.read_text())}
    app.loader.import_default_modules()
    assert named >= {"core.tasks.send_outgoing_mail", "newsletter.tasks.pump_briefing"}
    assert named <= set(app.tasks)
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= named
