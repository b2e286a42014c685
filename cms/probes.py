"""Probes: /healthz tells whether this process is alive, /readyz whether all that the site needs is there."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from articles.models import ImageAsset
from core import doorbell, heartbeats
from surveys import keys
from surveys.models import Season

PROBES = ("healthz", "readyz", "metrics")
OK = "ok"


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
    checks = {"broker": _broker, "static": _static}
    in_database = {"media": _media, "ballots": _ballots, "worker": _worker, "beat": _beat}
    state = {"database": _database()} | {name: check() for name, check in checks.items()}
    known = state["database"] == OK
    state |= {name: check() if known else "unknown" for name, check in in_database.items()}
    ready = all(value == OK for value in state.values())
    return JsonResponse({"status": "ready" if ready else "not ready", **state}, status=200 if ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "cannot be reached"
    return OK


def _broker() -> str:
    try:
        with doorbell.connected(seconds=1) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0)
    except Exception:  # noqa: BLE001 (each kind of broker raises its own)
        return "cannot be reached"
    return OK


def _static() -> str:
    manifest = getattr(staticfiles_storage, "hashed_files", True)
    return OK if manifest else "not collected: run `manage.py prepare --only-static`"


def _media() -> str:
    """Whether the newest picture is on this host."""
    newest = ImageAsset.objects.order_by("-pk").values_list("file", flat=True).first()
    if newest is None or default_storage.exists(newest):
        return OK
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
