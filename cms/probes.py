"""Probes: /healthz tells whether this process is alive, /readyz whether all that the site needs is there."""

import pkgutil
import shutil
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from articles.models import ImageAsset
from core import doorbell, heartbeats, replica
from core.models import OutgoingMail
from surveys import keys
from surveys.models import Season

PROBES = ("healthz", "readyz", "metrics")
OK = "ok"
LEAST_FREE = 500 * 1024 * 1024  # bytes on a disk
LONGEST_WAIT = timedelta(minutes=10)  # for a mail that is due


def answer_by_address(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that comes first: probes ask by an IP address, which is not one of the site's hosts."""
    host = urlsplit(settings.SITE_URL).netloc
    paths = {reverse(name) for name in PROBES}

    def answered(request: HttpRequest) -> HttpResponse:
        if request.path_info in paths:
            request.META["HTTP_HOST"] = host
        return get_response(request)

    return answered


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that the process is alive, even if nothing else is: readers then still get the pages that it keeps."""
    return JsonResponse({"status": OK})


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> HttpResponse:
    """Name each thing that the site needs, with 503 while one is missing: for monitoring, not for a load balancer."""
    state = readiness()
    ready = all(value == OK for value in state.values())
    return JsonResponse({"status": "ready" if ready else "not ready", **state}, status=200 if ready else 503)


def readiness() -> dict[str, str]:
    """Each thing that the site needs, with "ok" or what is wrong with it."""
    checks = {"broker": _broker, "static": _static, "disk": _disk}
    in_database = {"migrations": _migrations, "media": _media, "ballots": _ballots}
    in_database |= {"worker": _worker, "beat": _beat, "mail": _mail}
    state = {"database": _database()} | {name: check() for name, check in checks.items()}
    if state["database"] != OK:
        return state | dict.fromkeys(in_database, "unknown")
    if replica.ALIAS in connections:
        in_database["replica"] = _replica
    for name, check in in_database.items():
        try:
            state[name] = check()
        except DatabaseError:  # such as a table that is yet to be made
            state[name] = "unknown"
    return state


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "cannot be reached"
    return OK


def _replica() -> str:
    """Whether reports are read from the replica."""
    behind = replica.lag()
    return OK if behind is not None and behind <= replica.LONGEST_LAG else replica.in_words(behind)


def _broker() -> str:
    try:
        with doorbell.connected(seconds=1) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0)
    except Exception:  # noqa: BLE001 (each kind of broker raises its own)
        return "cannot be reached"
    return OK


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """(application, name) of each migration that this code comes with, by its files."""
    found = set()
    for config in apps.get_app_configs():
        if find_spec(f"{config.name}.migrations"):
            folder = getattr(import_module(f"{config.name}.migrations"), "__path__", [])
            found |= {(config.label, each.name) for each in pkgutil.iter_modules(folder) if each.name[0] != "_"}
    return frozenset(found)


def _migrations() -> str:
    """Whether the tables are those that this code knows; newer ones are no harm."""
    lacking = sorted(_known_migrations() - set(MigrationRecorder(connection).applied_migrations()))
    if not lacking:
        return OK
    return f"{len(lacking)} to be applied, such as {'.'.join(lacking[0])}: run `manage.py prepare`"


def _disk() -> str:
    """Whether there is room where this host writes."""
    for folder in (settings.VAR, settings.MEDIA_ROOT):
        if folder.exists() and (free := shutil.disk_usage(folder).free) < LEAST_FREE:
            return f"{free // 1024 // 1024} MB are free where {folder} lies"
    return OK


def _mail() -> str:
    """Whether mail leaves: how long the one that waits longest has been due."""
    oldest = OutgoingMail.objects.filter(state="queued").aggregate(due=Min("due_at"))["due"]
    late = timezone.now() - oldest if oldest else timedelta()
    return OK if late < LONGEST_WAIT else f"the oldest was due {int(late.total_seconds())} s ago"


def _static() -> str:
    manifest = getattr(staticfiles_storage, "hashed_files", True)
    return OK if manifest else "not collected: run `manage.py prepare --only-static`"


def _media() -> str:
    """Whether the newest picture is on this host."""
    newest = ImageAsset.objects.order_by("-pk").values_list("file", flat=True).first()
    try:
        if newest is None or default_storage.exists(newest):
            return OK
    except Exception:  # noqa: BLE001 (a bucket may fail in many ways)
        return "MEDIA_BUCKET cannot be reached"
    if settings.MEDIA_BUCKET:
        return "the newest picture is not in MEDIA_BUCKET"
    return "the newest picture is not in MEDIA_ROOT: hosts share that folder"


def _ballots() -> str:
    """Whether votes can be taken on this host."""
    if all(keys.has_pepper(season) for season in Season.objects.filter(state=Season.State.VOTING)):
        return OK
    return "the pepper of a season is not in BALLOT_PEPPER_FOLDER: hosts that take votes share that folder"


def _worker() -> str:
    return _process("worker")


def _beat() -> str:
    return _process("beat")


def _process(name: str) -> str:
    age = heartbeats.age_of(name)
    if age is None:
        return "was never seen"
    return OK if age < heartbeats.SILENT_AFTER else f"silent for {int(age.total_seconds())} s"
