"""The Celery application. Tasks are doorbells: the work itself is always a row (see docs/decisions)."""

import gc
import os
import threading
from typing import Any

from celery import Celery
from celery.signals import import_modules, worker_init, worker_ready, worker_shutting_down

from core.lib import folder_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings")

folder_broker.use()


@import_modules.connect  # before Celery has Django load the applications
def _leave_garbage(**_signal: Any) -> None:
    gc.disable()


app = Celery("moonpress")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@import_modules.connect  # and after: what is loaded by now stays for good
def _look_for_garbage(**_signal: Any) -> None:
    gc.freeze()
    gc.enable()


_stopping = threading.Event()


@worker_init.connect
def _limit_statements(**_signal: Any) -> None:
    from django.conf import settings

    from core.lib import statement_limits

    statement_limits.keep_to(settings.WORKER_STATEMENT_SECONDS)


@worker_ready.connect
def _start_heartbeat(**_signal: Any) -> None:
    from core import heartbeats  # needs the applications

    heartbeats.keep_recording("worker", _stopping)


@worker_shutting_down.connect
def _stop_heartbeat(**_signal: Any) -> None:
    _stopping.set()
