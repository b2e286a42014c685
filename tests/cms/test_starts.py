"""What is loaded at a start stays, and is not looked through for garbage; what comes later is."""

import gc
import os
import subprocess
import sys

from core.celery import app
from tests.processes import ROOT, manage_command

SAY = "import gc; print(gc.isenabled(), gc.get_freeze_count() > 100_000)"


def test_a_command_collects_garbage_but_not_of_its_start():
    assert manage_command("shell", "-c", SAY).stdout.endswith("True True\n")


def test_the_web_server_does_likewise():
    command = [sys.executable, "-c", f"import cms.wsgi; {SAY}"]
    said = subprocess.run(command, env=os.environ, cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.stdout == "True True\n", said.stderr


def test_worker_and_beat_do_likewise():
    gc.unfreeze()
    app.loader.import_default_modules()
    assert (gc.isenabled(), gc.get_freeze_count() > 100_000) == (True, True)
    gc.unfreeze()
