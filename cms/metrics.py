"""Figures for Prometheus: what waits and since when, which every host reads from the database; what this one answered."""

import hmac
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Case, Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from articles.models import Article, Publication
from cms.models import Backup
from core import generation, replica
from core.lib import meters
from core.lib.forms import client_address
from core.models import Heartbeat, OutgoingMail, OutgoingRequest
from newsletter.models import Briefing, Delivery, SignUp
from surveys.ledger import BATCH_LEAST
from surveys.models import Ballot, PendingBallot, Season, TreeHead, UnsealedBallot

RECENT = timedelta(days=7)
IS_LIVE = Q(state__in=["sending", "paused"]) | Q(retrying__gt=0)
WAITING_LETTERS = (
    Q(automation__isnull=False) & IS_LIVE & Exists(Delivery.objects.unfinished().filter(briefing=OuterRef("pk")))
)
LOOPBACK = {"127.0.0.1", "::1"}


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever sends METRICS_TOKEN; where none is set, for this machine alone, and in production for nobody."""
    if not _may_read(request):
        return HttpResponse("Give the token of METRICS_TOKEN: Authorization: Bearer …\n", status=401)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Newsroom())
    figures = generate_latest(registry) + generate_latest(meters.registry())
    return HttpResponse(figures, content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
    direct = client_address(request) in LOOPBACK and "X-Forwarded-For" not in request.headers
    return direct and not settings.PRODUCTION  # there a proxy on this machine may stand in front of everyone


class Newsroom(Collector):
    """Every part's figures; nothing here counts a table that grows without end."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = timezone.now()
        yield _gauge("content_generation", "Grows with every change that readers see.", generation.current().of_all)
        yield _gauge("articles_published", "Articles that readers see.", Publication.objects.count())
        late = waiting(now)
        yield _gauge("articles_overdue_seconds", "Since when a scheduled article should be live.", late["articles"])
        mails = OutgoingMail.objects.filter(state__in=["queued", "failed"])
        yield _by_state("outgoing_mails", "Transactional mails that are not sent.", mails)
        yield _gauge("outgoing_mail_overdue_seconds", "Since when the oldest mail is due.", late["mail"])
        requests = OutgoingRequest.objects.filter(state__in=["queued", "failed"])
        yield _by_state("outgoing_requests", "Deliveries to webhooks and purges that were not taken.", requests)
        yield _by_state("briefings", "Briefings that are not finished.", _unfinished_briefings())
        yield _by_state("deliveries", "Deliveries of the briefings that are being sent.", _under_way())
        uncertain = _uncertain_since(now - RECENT)
        yield _gauge("letters_uncertain", "Letters of a week's briefings that may not have left.", uncertain)
        yield _gauge("ballots_pending", "Ballots whose voters have not confirmed.", PendingBallot.objects.count())
        yield _gauge("ballots_unsealed", "Ballots that wait to be sealed.", UnsealedBallot.objects.count())
        yield _by_name("waiting_seconds", "Since when what waits longest is due.", "queue", late)
        beats = Heartbeat.objects.values_list("name", "at")
        ages = {name: _age(at, now) for name, at in beats}
        yield _by_name("heartbeat_age_seconds", "Since when nothing was heard of a kind of process.", "process", ages)
        if (behind := replica.lag()) is not None:
            yield _gauge("replica_lag_seconds", "How far the replica for reports is behind.", behind.total_seconds())
        yield _gauge("page_view_rows", "Rows of views, by the database's estimate.", _view_rows())
        free = {name: shutil.disk_usage(folder).free for name, folder in _folders().items()}
        yield _by_name("disk_free_bytes", "Room on this host's disks.", "folder", free)
        if backup := Backup.latest():
            yield _gauge("backup_age_seconds", "How old the newest backup is.", _age(backup.made_at, now))
        if settings.BACKUP_BUCKET and (since := Backup.copied_at()):
            age = _age(since, now)
            yield _gauge("backup_copied_age_seconds", "How old the newest one in BACKUP_BUCKET is.", age)


def waiting(now: datetime) -> dict[str, float]:
    """For each queue, how many seconds ago what waits longest was due; 0 where nothing is late."""
    queues: dict[str, QuerySet[Any]] = {
        "mail": OutgoingMail.objects.filter(state="queued"),
        "calls": OutgoingRequest.objects.filter(state="queued"),
        "sign_ups": SignUp.objects.all(),
        "letters": _under_way().filter(state__in=["pending", "retry"], briefing__state="sending"),
    }
    oldest = {name: rows.order_by().aggregate(since=Min("due_at"))["since"] for name, rows in queues.items()}
    oldest["articles"] = Article.objects.filter(publish_at__lt=now).aggregate(since=Min("publish_at"))["since"]
    oldest["ballots"] = _ballots_since()
    return {name: _age(since, now) for name, since in oldest.items()}


def _ballots_since() -> datetime | None:
    """When a season whose ballots should be sealed last was, or its voting opened: a ballot has no time.

    Those of few voters wait for others on purpose.
    """
    heads = TreeHead.objects.filter(season=OuterRef("pk")).order_by("-size").values("signed_at")[:1]
    waiting = Ballot.objects.waiting().values("category__season").annotate(number=Count("voter_key", distinct=True))
    due = waiting.filter(number__gte=BATCH_LEAST).values("category__season")
    seasons = Season.objects.filter(state="voting", pk__in=due).annotate(since=Coalesce(Subquery(heads), "opens_at"))
    found: datetime | None = seasons.order_by().aggregate(oldest=Min("since"))["oldest"]
    return found


def _folders() -> dict[str, Path]:
    return {name: path for name, path in {"state": settings.VAR, "media": settings.MEDIA_ROOT}.items() if path.exists()}


def _view_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            r"SELECT sum(n_live_tup) FROM pg_stat_user_tables WHERE relname LIKE 'articles\_pageview\_%%'", []
        )
        return int(cursor.fetchone()[0] or 0)


def _unfinished_briefings() -> QuerySet[Briefing]:
    """With letters of automations, which are never done, while something of them waits."""
    return Briefing.every.filter(Q(automation=None) & ~Q(state__in=["sent", "cancelled"]) | WAITING_LETTERS)


def _under_way() -> QuerySet[Delivery]:
    """Of a letter of an automation, which has those of years, what waits alone."""
    briefings = Briefing.every.filter(Q(automation=None) & IS_LIVE | WAITING_LETTERS)
    in_question = Q(briefing__automation=None) | Q(state__in=["pending", "sending", "retry"])
    return Delivery.objects.filter(in_question, briefing__in=briefings.values("pk"))


def _uncertain_since(moment: datetime) -> int:
    own = Delivery.objects.filter(briefing=OuterRef("pk"), state="uncertain", due_at__gt=moment).order_by()
    of_a_letter = Subquery(own.values("briefing").annotate(number=Count("pk")).values("number"))
    rows = Briefing.every.filter(Q(sent_at__gt=moment) | Q(automation__isnull=False, uncertain__gt=0))
    rows = rows.annotate(number=Case(When(automation=None, then=F("uncertain")), default=of_a_letter))
    return rows.aggregate(all=Sum("number"))["all"] or 0


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"moonpress_{name}", about, value=value)


def _by_name(name: str, about: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"moonpress_{name}", about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _by_state(name: str, about: str, rows: object) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"moonpress_{name}", about, labels=["state"])
    for row in rows.order_by().values("state").annotate(number=Count("pk")):  # type: ignore[attr-defined]
        family.add_metric([row["state"]], row["number"])
    return family


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
